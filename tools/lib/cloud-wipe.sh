# shellcheck shell=bash
# Sourced by tools/cloud: removes what carries this cloud's id from the host, and nothing else.
# The marks are described in Sources/Drivers/NetworkDriver/HostMarks.swift and VirtLibvirt/DomainMark.swift.

# cloud_domains ID [HOST]: UUIDs of the libvirt domains with the cloud's mark, on host 1 or another.
cloud_domains() {
    local domain mark uri
    case $CLOUD_DRIVER in
    libvirt) uri=$(host_uri "${2:-1}") ;;
    lxc) uri=$(lxc_uri) ;;
    *) return 0 ;;
    esac
    timeout 20 virsh -c "$uri" version >/dev/null 2>&1 || return 0
    while read -r domain; do
        [[ -n $domain ]] || continue
        # No pipe to a grep that stops reading: virsh would fail, and a domain of ours be taken for another's.
        mark=$(virsh -c "$uri" metadata "$domain" urn:nova:swift:instance:1 2>/dev/null) || continue
        if [[ $mark == *"<cloud>$1</cloud>"* ]]; then printf '%s\n' "$domain"; fi
    done < <(virsh -c "$uri" list --all --uuid)
}

# cloud_links ID: names of the bridges and taps with the cloud's mark, taps ("nt…") first.
cloud_links() {
    ip -json link show 2>/dev/null |
        jq -r --arg mark "nova:$1:" '.[] | select((.ifalias // "") | startswith($mark)) | .ifname' | sort -r
}

# cloud_dhcp ID: process ids of the dnsmasq daemons of the cloud.
cloud_dhcp() {
    local process
    for process in /proc/[0-9]*; do
        [[ $(cat "$process/comm" 2>/dev/null) == dnsmasq ]] || continue
        if tr '\0' '\n' <"$process/cmdline" 2>/dev/null | grep -q -- "^--pid-file=.*/network/$1/"; then
            printf '%s\n' "${process#/proc/}"
        fi
    done
}

# cloud_table ID: the cloud's nft table, when it exists.
cloud_table() {
    local table=nova_${1%%-*}
    command -v nft >/dev/null || return 0
    nft list tables ip 2>/dev/null | awk -v name="$table" '$3 == name {print $3}'
}

# leftovers ID: one line for each thing of the cloud on this host.
leftovers() {
    cloud_domains "$1" | sed 's/^/domain /'
    cloud_links "$1" | sed 's/^/link /'
    cloud_dhcp "$1" | sed 's/^/dnsmasq /'
    cloud_table "$1" | sed 's/^/nft table /'
    host_leftovers
    lxc_leftovers
}

wipe_host() {
    local id=$1 item uri=qemu:///system
    [[ $id =~ ^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$ ]] || die "'$id' is no cloud id: nothing was removed"
    # Without it guests would be left, and nobody be told.
    case $CLOUD_DRIVER in
    libvirt) ensure_libvirtd ;;
    lxc)
        lxc_up
        uri=$(lxc_uri)
        ;;
    esac
    for item in $(more_hosts); do
        note "host $item"
        host_down "$item"
    done
    while read -r item; do
        note "domain $item"
        virsh -c "$uri" destroy "$item" >/dev/null 2>&1 || true
        virsh -c "$uri" undefine "$item" --managed-save --snapshots-metadata --nvram >/dev/null 2>&1 ||
            virsh -c "$uri" undefine "$item" >/dev/null
    done < <(cloud_domains "$id")
    while read -r item; do
        note "dnsmasq $item"
        kill "$item" 2>/dev/null || true
        wait_for 5 "dnsmasq $item ends" process_gone "$item" || kill -KILL "$item" 2>/dev/null || true
    done < <(cloud_dhcp "$id")
    while read -r item; do
        note "link $item"
        ip link delete dev "$item" 2>/dev/null || true
    done < <(cloud_links "$id")
    while read -r item; do
        note "nft table $item"
        nft delete table ip "$item"
    done < <(cloud_table "$id")
    item=$(leftovers "$id")
    [[ -z $item ]] || die "these could not be removed: $item"
}

process_gone() { [[ ! -d /proc/$1 ]]; }
