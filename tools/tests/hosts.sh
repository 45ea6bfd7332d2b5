#!/usr/bin/env bash
# tools/tests/hosts.sh: three libvirt hosts on this machine, a guest on each: DHCP from host 1, guests of different hosts
# reach each other, one goes live from host to host through a transfer channel, a host that goes off and comes back, and nothing that is left at the end.
set -euo pipefail
# shellcheck source=tools/tests/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=tools/lib/cloud-hosts.sh
source "$ROOT/tools/lib/cloud-hosts.sh"
new_cloud --standalone --driver libvirt --hosts 3 --debug
export DIR=$NOVA_CLOUD_DIR

host_named() { if [[ $1 == 1 ]]; then echo "$CLOUD_HOST"; else echo "$CLOUD_HOST-$1"; fi; }
domains() { virsh -c "$(host_uri "$1")" list --name | grep -c . || true; }
console() { rest POST "$compute/servers/$1/action" -H 'Content-Type: application/json' -d '{"os-getConsoleOutput": {}}' | jq -r .output; }
console_has() { console "$1" | grep -q -- "$2"; }
address() { rest GET "$compute/servers/$1" | jq -r '[.server.addresses[][].addr][0]'; }
state_of_host() { rest GET "$compute/os-services?host=$1&binary=nova-compute" | jq -r '.services[0].state'; }
host_has_state() { [[ $(state_of_host "$(host_named "$1")") == "$2" ]]; }

check_equal "three hypervisors" "$(rest GET "$compute/os-hypervisors" | jq '.hypervisors | length')" 3
check_equal "each libvirtd is one of its own" \
    "$(for number in 1 2 3; do virsh -c "$(host_uri "$number")" capabilities | sed -n 's/.*<uuid>//p'; done | sort -u | wc -l)" 3
check_equal "none of them listens on the network" "$(for number in 2 3; do in_host "$number" ss -Hltnp; done | grep -c libvirtd || true)" 0

# For later: the two ends of a transfer channel, which take their time to start.
homes=$DIR/hosts
mkdir -p "$homes"/{2,3}/run/nova
NOVA_STREAM_DOORS=$homes/2/run/nova \
    NOVA_STREAM_TARGETS="libvirt=$homes/3/run/libvirt/libvirt-sock memory=$homes/3/run/nova/memory disk=$homes/3/run/nova/disk" \
    swift test --package-path "$ROOT" --skip-build --filter HypervisorStreamTests >"$DIR/log/streams.log" 2>&1 &
streams=$!

say "A guest on each host"
ids=()
for number in 1 2 3; do ids+=("$(boot "guest-$number" "{\"availability_zone\": \"nova:$(host_named "$number")\"}")"); done
for number in 1 2 3; do
    id=${ids[number - 1]}
    soon 120 "guest-$number is ACTIVE" is_state "$id" ACTIVE
    check_equal "it is on host $number" \
        "$(rest GET "$compute/servers/$id" | jq -r '.server["OS-EXT-SRV-ATTR:host"]')" "$(host_named "$number")"
done
for number in 2 3; do check_equal "libvirt of host $number has one domain" "$(domains "$number")" 1; done
for number in 1 2 3; do
    id=${ids[number - 1]}
    soon 120 "guest-$number got its address by DHCP" console_has "$id" "eth0 address $(address "$id")/"
done

say "guest-2 asks for the guests of the two other hosts"
soon 60 "it asks who is there" console_has "${ids[1]}" 'login:'
# The serial console of guest-2, as somebody has it who sits there: open for as long, what it shows taken away, and the
# guest does not hear its own words.
terminal=$(virsh -c "$(host_uri 2)" ttyconsole "${ids[1]}")
exec 7<>"$terminal"
stty raw -echo <&7
cat <&7 >/dev/null 2>&1 &
reader=$!
type_in() { printf '%s\n' "$1" >&7; }
type_in root
soon 30 "it asks for the password" console_has "${ids[1]}" 'Password:'
type_in nova
soon 30 "it takes commands" console_has "${ids[1]}" '~ #'
for number in 1 3; do
    type_in "ping -c 3 -W 10 $(address "${ids[number - 1]}"); echo guest-$number: status=\$?"
    soon 60 "it reaches guest-$number" console_has "${ids[1]}" "guest-$number: status=0"
done

say "guest-2 goes to host 3 while it counts: libvirt's three streams through a transfer channel"
# shellcheck disable=SC2016 # for the guest
type_in 'i=0; while true; do i=$((i + 1)); echo "count $i"; sleep 0.2; done'
soon 30 "it counts" console_has "${ids[1]}" 'count 5'
guest=${ids[1]}
# What the compute services will do: a disk over the image, which guest-3 has brought there, and the tap.
mkdir -p "$DIR/instances.3/$guest"
base=$(in_host 2 qemu-img info -U --output json "$DIR/instances/$guest/disk" | jq -r '."full-backing-filename"')
size=$(in_host 2 qemu-img info -U --output json "$DIR/instances/$guest/disk" | jq '."virtual-size"')
in_host 3 qemu-img create -q -f qcow2 -F raw -b "$base" "$DIR/instances/$guest/disk" "$size"
tap=$(virsh -c "$(host_uri 2)" dumpxml "$guest" | grep -oE "nt[0-9a-f]{11}")
in_host 3 ip tuntap add dev "$tap" mode tap
in_host 3 ip link set dev "$tap" up
for name in libvirt memory disk; do soon 120 "the way of the stream $name is open" test -S "$homes/2/run/nova/$name"; done
check "libvirt migrates it with its disk" timeout 120 virsh -c "$(host_uri 2)" migrate "$guest" --live --p2p --persistent \
    --undefinesource --copy-storage-inc 'qemu+unix:///system?socket=/run/nova/libvirt' \
    --migrateuri unix:///run/nova/memory --disks-uri unix:///run/nova/disk
touch "$homes/2/run/nova/done"
if wait "$streams"; then ok "the channel has carried it"; else not_ok "the channel has not carried it" "$(tail -n 20 "$DIR/log/streams.log")"; fi
check_equal "it runs on host 3" "$(virsh -c "$(host_uri 3)" domstate "$guest" | head -n 1)" running
counts() { tr -d '\r' <"$DIR/instances.$1/$guest/console.log" | sed -nE 's/^count ([0-9]+)$/\1/p'; }
counts_there() { [[ -n $(counts 3) ]]; }
soon 30 "it counts there" counts_there
last=$(counts 2 | tail -n 1)
check_equal "no number is left out or said twice" "$(counts 3 | head -n 1)" $((last + 1))
note "$(virsh -c "$(host_uri 3)" domjobinfo "$guest" --completed | grep -E 'Time elapsed:|Total downtime:' | tr -s ' ' | tr '\n' ' ')"
# Nova does not know that it is there: it goes as it came.
virsh -c "$(host_uri 3)" destroy "$guest" >/dev/null
virsh -c "$(host_uri 3)" undefine "$guest" >/dev/null
in_host 3 ip link delete dev "$tap"
rm -rf "$DIR/instances.3/$guest"
kill "$reader" 2>/dev/null || true
exec 7>&-

say "Host 3 goes off and comes back"
"$ROOT/tools/cloud" kill host.3
check "nothing runs on it" host_is_down 3
"$ROOT/tools/cloud" start host.3
check_equal "its disks are there" "$(find "$DIR/instances.3/${ids[2]}" -name disk | wc -l)" 1
check_equal "its guest is off" "$(virsh -c "$(host_uri 3)" domstate "${ids[2]}" | head -n 1)" 'shut off'
soon 60 "its compute service is up" host_has_state 3 up

say "The guests are deleted"
for id in "${ids[@]}"; do remove_server "$id"; done
for id in "${ids[@]}"; do soon 60 "it is gone" is_state "$id" gone; done
check_no_leaks
if ((failed)); then
    completed=yes
    exit
fi
check "down --wipe" "$ROOT/tools/cloud" down --wipe
check_equal "no device is left" "$(ip -o link | grep -F "nova:$CLOUD_ID" || true)" ''
check_equal "no process is left" "$(for number in 2 3; do host_processes "$number"; done)" ''
check "the folder is gone" test ! -e "$DIR"
rmdir "$cloud_dir"
completed=yes
