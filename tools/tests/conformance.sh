#!/usr/bin/env bash
# tools/tests/conformance.sh: the unmodified openstack client against all daemons with libvirt and QEMU.
# Six guest boots, two clouds on one libvirtd.
set -euo pipefail
# shellcheck source=tools/tests/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=tools/lib/libvirt.sh
source "$ROOT/tools/lib/libvirt.sh"
# shellcheck source=tools/lib/clients.sh
source "$ROOT/tools/lib/clients.sh"
ensure_libvirtd

ensure_clients
openstack() { timeout 600 "$clients/bin/openstack" "$@"; }
value() { openstack "${@:2}" -f value -c "$1"; }

# A domain of somebody else: no sweep and no wipe may touch it.
foreign=nova-test-foreign-$$
virsh -c qemu:///system define /dev/stdin >/dev/null <<XML
<domain type='qemu'><name>$foreign</name><memory unit='MiB'>32</memory><os><type>hvm</type></os></domain>
XML
ip link add name "fgn$$" type bridge
foreign_away() {
    virsh -c qemu:///system undefine "$foreign" >/dev/null || true
    ip link delete "fgn$$" || true
}
trap foreign_away EXIT

new_cloud --daemons --driver libvirt --debug
# shellcheck disable=SC2153 # read from cloud.env by new_cloud
cloud_id=$CLOUD_ID
finish() {
    local status=$? left
    trap - EXIT
    [[ $completed == yes ]] || not_ok "the test script went to its end (status $status)"
    completed=yes
    if ((failed)); then
        mkdir -p "$ROOT/.build/test-logs"
        cp -r "$NOVA_CLOUD_DIR/log" "$ROOT/.build/test-logs/conformance.$$"
        note "logs: $ROOT/.build/test-logs/conformance.$$"
    fi
    # Wipe here, then look at the host: the foreign things must have survived and ours be gone.
    check "down --wipe" "$ROOT/tools/cloud" down --wipe
    left=$(ip -o link | grep -F "nova:$cloud_id" || true)$(pgrep -af "dnsmasq.*$cloud_id" || true)
    left+=$(nft list tables ip | grep -F "nova_${cloud_id%%-*}" || true)
    check_equal "nothing is left on the host" "$left" ''
    if [[ -n ${other_id:-} ]]; then
        check_equal "the other cloud's server runs on" "$(virsh -c qemu:///system domstate "$other_id" | head -n 1)" running
        check_has "the other cloud's network is there" "$("$ROOT/tools/cloud" leftovers --dir "$other")" 'dnsmasq'
    fi
    if [[ -d ${other:-/nowhere} ]]; then
        check "down --wipe of the other cloud" "$ROOT/tools/cloud" down --wipe --dir "$other"
        check_equal "its domain is gone" "$(virsh -c qemu:///system list --all --uuid | grep -F "${other_id:-none}" || true)" ''
    fi
    check "a foreign domain survives" virsh -c qemu:///system dominfo "$foreign"
    check "a foreign bridge survives" ip link show "fgn$$"
    foreign_away
    rm -rf "$cloud_dir"
    end_of_test
}
trap finish EXIT

guest=$NOVA_CLOUD_DIR/guest/guest.qcow2
check "token issue" openstack token issue
check "catalog list" openstack catalog list
check_has "the catalog has all services" "$(value Type catalog list | sort | tr '\n' ' ')" 'compute.*identity.*image.*network.*placement'

check "flavor create" openstack flavor create --ram 128 --disk 1 --vcpus 1 test.guest
check_has "flavor list" "$(openstack flavor list -f value)" test.guest
check_equal "flavor show" "$(value ram flavor show test.guest)" 128
check "flavor create a second one" openstack flavor create --ram 64 --disk 1 --vcpus 1 test.other
check "flavor delete" openstack flavor delete test.other
check_refused "flavor show of a deleted one" 'no flavor' openstack flavor show test.other

check "image create --file" openstack image create --disk-format qcow2 --container-format bare --file "$guest" test-guest
check_equal "the image is active" "$(value status image show test-guest)" active
check_has "image list" "$(openstack image list -f value)" test-guest

ssh-keygen -q -t ed25519 -N '' -f "$cloud_dir/key"
check "keypair create" openstack keypair create --public-key "$cloud_dir/key.pub" test-key
check_has "keypair list" "$(openstack keypair list -f value)" test-key

check_has "network list" "$(openstack network list -f value)" default
net=$(value ID network list --name default)

check "server create --wait" openstack server create --image test-guest --flavor test.guest --key-name test-key \
    --network "$net" --wait first
check_equal "the server is ACTIVE" "$(value status server show first)" ACTIVE
check_has "server list" "$(openstack server list -f value)" first
check_has "server show has an address" "$(value addresses server show first)" '[0-9]\.[0-9]'
address=$(value addresses server show first | grep -oE '([0-9]+\.){3}[0-9]+' | head -n 1 || true)
console_has() { openstack console log show first | grep -q -- "$1"; }
soon 300 "the console has the login prompt" console_has 'login:'
check "the console has the address by DHCP" console_has "address $address/"
check "keypair delete" openstack keypair delete test-key

is_status() { [[ $(value status server show first) == "$1" ]]; }
check "server stop" openstack server stop first
soon 180 "the server is SHUTOFF" is_status SHUTOFF
check "server start" openstack server start first
soon 180 "the server is ACTIVE again" is_status ACTIVE
soon 300 "the login prompt comes again" console_has 'login:'
check "server reboot" openstack server reboot --wait first
soon 180 "the server is ACTIVE after the reboot" is_status ACTIVE

soon 120 "the login prompt comes after the reboot" console_has 'login:'

say "What was done to the server"
check_equal "server event list" "$(value Action server event list first | tr '\n' ' ')" 'reboot start stop create '
create=$(openstack server event list first -f json | jq -r '.[-1]."Request ID"')
check_equal "server event show" "$(value action server event show first "$create")" create
check_has "with its events" "$(value events server event show first "$create")" 'compute__do_build_and_run_instance'
check_has "server event list --long" "$(openstack server event list --long first -f value)" "$create"

say "What happens behind the cloud's back"
check "a guest is destroyed by hand" virsh -c qemu:///system destroy "$(value id server show first)"
soon 30 "the server is SHUTOFF" is_status SHUTOFF
check "server start brings it back" openstack server start first
soon 60 "the server is ACTIVE once more" is_status ACTIVE

check "hypervisor list" openstack hypervisor list
check_has "compute service list" "$(openstack compute service list -f value)" 'nova-compute.*up'
if [[ -x $CLOUD_BUILD/novactl ]]; then
    check "novactl queue list" "$CLOUD_BUILD/novactl" queue list
    check "novactl server why" "$CLOUD_BUILD/novactl" server why "$(value id server show first)"
fi
check "server delete --wait" openstack server delete --wait first
soon 60 "the port is gone" test "$(ports_left)" == 0
check_no_leaks
check_equal "no lease is left" "$(cat "$NOVA_CLOUD_DIR"/state/network/*/*/leases 2>/dev/null | grep -cF "$address " || true)" 0

say "Another cloud on the same libvirtd, its only server through novactl"
other=$cloud_dir/other
check "a second cloud comes up" "$ROOT/tools/cloud" up --standalone --driver libvirt --debug --dir "$other" \
    --port-base "$(free_port_base)"
other_server() (
    eval "$("$ROOT/tools/cloud" env --dir "$other")"
    "$CLOUD_BUILD/novactl" server "$@"
)
check "its server is there" other_server create --image tiny-guest --flavor m1.tiny --wait second
other_id=$(other_server show second --json | jq -r .id)

say "A corrupt image"
# Noise from the start is not taken, nor is a disk over a file of this host.
{ printf 'QFI\xfb\0\0\0\3'; head -c 99992 /dev/urandom; } >"$cloud_dir/noise.qcow2"
qemu-img create -q -f qcow2 -b "$guest" -F qcow2 "$cloud_dir/over.qcow2"
check_refused "noise is no image" 'cannot be taken' openstack image create --disk-format qcow2 --container-format bare \
    --file "$cloud_dir/noise.qcow2" noise
check_refused "an image over another file" 'backing file' openstack image create --disk-format qcow2 \
    --container-format bare --file "$cloud_dir/over.qcow2" over
# A good header, then the same wrong entry all over the tables: the image service takes it, QEMU cannot. Random
# entries would not do: one of 128 is aligned to a cluster, which QEMU then reads as zeros behind the end of the file.
python3 - "$guest" >"$cloud_dir/broken.qcow2" <<'END'
import sys
image = open(sys.argv[1], "rb").read()
sys.stdout.buffer.write(image[:65536] + b"\x6e\x6f" * ((len(image) - 65536) // 2))
END
openstack image create --disk-format qcow2 --container-format bare --file "$cloud_dir/broken.qcow2" broken >/dev/null
openstack server create --image broken --flavor test.guest --network "$net" broken >/dev/null
broken=$(value id server show broken)
soon 120 "its server is in ERROR" is_state "$broken" ERROR
check_has "the fault says why" "$(rest GET "$compute/servers/$broken" | jq -r '.server.fault.message // ""')" '[a-z]'
check "it can be deleted" openstack server delete --wait broken
check_no_leaks
completed=yes
