# shellcheck shell=bash
# Sourced by tools/cloud: the hosts 2, 3, … of a cloud with libvirt. Each is as much of a machine of its own as one machine
# allows: a network, mount and UTS namespace with its own /run, /etc/libvirt, /var/lib/libvirt, virtlogd, libvirtd and disks
# (the folder of the instances has the same path on all hosts). Host 1 is this machine itself. A bridge, the fabric, joins
# them; guests of one network on several hosts meet by VXLAN over it. Uses DIR and the settings.

# has_more_hosts: whether the cloud has hosts of this kind.
has_more_hosts() { [[ $CLOUD_DRIVER == libvirt && $CLOUD_HOSTS -gt 1 ]]; }

# more_hosts: their numbers.
more_hosts() { if has_more_hosts; then seq 2 "$CLOUD_HOSTS"; fi; }

fabric_bridge() { printf 'nf%s\n' "${CLOUD_ID:0:8}"; }

# fabric_address N: the address of a host on the fabric.
fabric_address() { printf '%s.%d\n' "$CLOUD_FABRIC" "$1"; }

# host_name N: what its processes are known by: their environment has it.
host_name() { printf 'nova-host-%s-%d\n' "$CLOUD_ID" "$1"; }

# host_uri N: how its libvirtd is reached, from here as well.
host_uri() {
    if [[ $1 == 1 ]]; then
        printf 'qemu:///system\n'
    else
        printf 'qemu+unix:///system?socket=%s\n' "$DIR/hosts/$1/run/libvirt/libvirt-sock"
    fi
}

# host_pid N: the process that keeps the host's namespaces; false when there is none.
host_pid() {
    local pid
    pid=$(cat "$DIR/hosts/$1/holder.pid" 2>/dev/null) || return 1
    [[ $(head -z -n 1 "/proc/$pid/cmdline" 2>/dev/null | tr -d '\0') == "$(host_name "$1")" ]] || return 1
    printf '%d\n' "$pid"
}

# host_entry N: the words before a command that make it run on a host.
host_entry() {
    printf '%s\n' nsenter --target "$(host_pid "$1")" --mount --uts --net --wd=/ -- env "NOVA_CLOUD_HOST=$(host_name "$1")"
}

# in_host N COMMAND...: runs a command on a host.
in_host() {
    local entry
    mapfile -t entry < <(host_entry "$1")
    shift
    "${entry[@]}" "$@"
}

# fabric_up: the bridge that joins the hosts, with the address of host 1. Larger frames than 1,500 bytes, so that guests
# have that much within VXLAN.
fabric_up() {
    local bridge
    bridge=$(fabric_bridge)
    [[ ! -e /sys/class/net/$bridge ]] || return 0
    ip link add name "$bridge" mtu 1550 type bridge stp_state 0 mcast_snooping 0
    ip link set dev "$bridge" alias "nova:$CLOUD_ID:fabric" up
    ip address add "$(fabric_address 1)/24" dev "$bridge"
}

# host_up N: makes the host when it is not there, and waits until its libvirt answers.
host_up() {
    local number=$1 home=$DIR/hosts/$1 pid
    if ! host_pid "$number" >/dev/null; then
        # What an earlier life of the host has left would be in the way.
        host_down "$number"
        rm -rf "$home/run"
        mkdir -p "$home"/{etc,lib,cache,log,run/lock} "$DIR/instances" "$DIR/instances.$number"
        host_config "$number"
        (
            close_inherited
            # shellcheck disable=SC2016 # for the inner shell
            NOVA_CLOUD_HOST=$(host_name "$number") exec setsid unshare --mount --uts --net --propagation private \
                bash -c 'exec -a "$0" sleep infinity' "$(host_name "$number")"
        ) </dev/null >/dev/null 2>&1 &
        pid=$!
        disown
        printf '%d\n' "$pid" >"$home/holder.pid"
        wait_for 10 "host $number has its namespaces" host_pid "$number" || die "host $number could not be made"
        host_link "$number" "$pid"
        in_host "$number" bash -euc '
            # The one of this network namespace, without the control groups: hosts of one machine would share them.
            umount --lazy /sys
            mount -t sysfs sysfs /sys
            mount --bind "$1/etc" /etc/libvirt
            mount --bind "$1/cache" /var/cache/libvirt
            mount --bind "$1/log" /var/log/libvirt
            mount --bind "$2.$3" "$2"
            mount --bind "$1/hosts" /etc/hosts
            mount --bind "$1/lib" /var/lib/libvirt
            mount --bind "$1/run" /run
            hostname "$4"' bash "$home" "$DIR/instances" "$number" "$CLOUD_HOST-$number" ||
            die "host $number: its folders could not be mounted"
    fi
    host_daemon "$number" virtlogd
    host_daemon "$number" libvirtd
    wait_for 90 "libvirtd of host $number answers" timeout 20 virsh -c "$(host_uri "$number")" version || {
        tail -n 20 "$home/log/libvirtd.log" "$home/libvirtd.out" 2>/dev/null >&2 || true
        die "libvirtd of host $number does not answer"
    }
}

# host_config N: the names of the hosts; and once, its libvirt: like this machine's, but for its name, on no network, and
# with QEMU as root.
host_config() {
    local number=$1 home=$DIR/hosts/$1 other
    {
        printf '127.0.0.1 localhost\n%s %s\n' "$(fabric_address 1)" "$CLOUD_HOST"
        for other in $(more_hosts); do printf '%s %s\n' "$(fabric_address "$other")" "$CLOUD_HOST-$other"; done
    } >"$home/hosts"
    [[ ! -e $home/etc/libvirtd.conf ]] || return 0
    # What libvirt has learnt of this QEMU: else it asks it again for seconds.
    mkdir -p "$home/cache/qemu"
    cp -r /var/cache/libvirt/qemu/capabilities "$home/cache/qemu/" 2>/dev/null || true
    # The settings alone: definitions of domains and networks are this machine's own.
    cp /etc/libvirt/*.conf "$home/etc/"
    cat >>"$home/etc/qemu.conf" <<CONF
user = "root"
group = "root"
security_driver = "none"
namespaces = []
CONF
    cat >>"$home/etc/libvirtd.conf" <<CONF
host_uuid = "$(printf '%s%02x' "${CLOUD_ID:0:34}" "$number")"
listen_tls = 0
listen_tcp = 0
auth_unix_rw = "none"
log_outputs = "3:file:/var/log/libvirt/libvirtd.log"
CONF
}

# host_link N PID: joins the host's network namespace to the fabric.
host_link() {
    local number=$1 pid=$2 link
    link=$(fabric_bridge)h$number
    ip link delete dev "$link" 2>/dev/null || true
    ip link add name "$link" mtu 1550 type veth peer name eth0 mtu 1550 netns "$pid"
    ip link set dev "$link" alias "nova:$CLOUD_ID:fabric" master "$(fabric_bridge)" up
    in_host "$number" ip link set dev lo up
    in_host "$number" ip link set dev eth0 up
    in_host "$number" ip address add "$(fabric_address "$number")/24" dev eth0
    in_host "$number" ip route add default via "$(fabric_address 1)"
}

# host_daemon N NAME: starts virtlogd or libvirtd when it does not run.
host_daemon() {
    local number=$1 name=$2 home=$DIR/hosts/$1 pid entry
    pid=$(cat "$home/$name.pid" 2>/dev/null || true)
    if [[ -n $pid && $(cat "/proc/$pid/comm" 2>/dev/null) == "$name" ]] && host_processes "$number" | grep -qx "$pid"; then
        return 0
    fi
    mapfile -t entry < <(host_entry "$number")
    (close_inherited && exec setsid "${entry[@]}" "$name" --pid-file "/run/$name.pid") </dev/null >>"$home/$name.out" 2>&1 &
    printf '%d\n' $! >"$home/$name.pid"
    disown
}

# host_processes N: all that runs on a host: what has its name, and what is in a network namespace with that.
host_processes() {
    local process spaces=()
    for process in $(grep -lszxF "NOVA_CLOUD_HOST=$(host_name "$1")" /proc/[0-9]*/environ 2>/dev/null || true); do
        spaces+=("$(readlink "${process%/environ}/ns/net" 2>/dev/null || true)")
    done
    while read -r process; do
        # Never this machine's own.
        [[ -n $process && $process != "$(readlink /proc/self/ns/net)" ]] || continue
        # The brackets in the name of a namespace are no pattern. A process that ends meanwhile is none.
        process=${process/[/\\[}
        { find /proc/[0-9]*/ns/net -maxdepth 0 -lname "${process/]/\\]}" 2>/dev/null || true; } | cut -d / -f 3
    done < <(printf '%s\n' "${spaces[@]}" | sort -u)
}

host_is_down() { [[ -z $(host_processes "$1") ]]; }

# host_down N: the power goes off: all its processes end, guests as well. Its disks and its domains' definitions stay.
host_down() {
    local process
    for process in $(host_processes "$1"); do kill -KILL "$process" 2>/dev/null || true; done
    wait_for 10 "host $1 is down" host_is_down "$1" || die "processes of host $1 do not die: $(host_processes "$1" | tr '\n' ' ')"
    ip link delete dev "$(fabric_bridge)h$1" 2>/dev/null || true
}

# host_leftovers: one line for each thing of this cloud on its other hosts.
host_leftovers() {
    local number
    for number in $(more_hosts); do
        host_processes "$number" | sed "s/^/process of host $number /"
        host_pid "$number" >/dev/null || continue
        cloud_domains "$CLOUD_ID" "$number" | sed 's/^/domain /'
        in_host "$number" ip -json link show 2>/dev/null |
            jq -r --arg mark "nova:$CLOUD_ID:" '.[] | select((.ifalias // "") | startswith($mark)) | .ifname' | sort -r |
            sed 's/^/link /'
    done
}
