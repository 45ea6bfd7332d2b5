#!/usr/bin/env bash
# tools/tests/lxc.sh: containers by the same API as virtual machines: boot, address, console, pause, stop, start, reboot,
# a nova-compute that is killed and goes on with the console where it was, deletion that leaves nothing.
set -euo pipefail
# shellcheck source=tools/tests/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
new_cloud --daemons --driver lxc --debug --set DEFAULT.shutdown_timeout=20
uri="lxc+unix:///system?socket=$NOVA_CLOUD_DIR/lxc/run/libvirt/libvirt-sock"

act() {
    rest POST "$compute/servers/$1/action" -H 'Content-Type: application/json' -H 'OpenStack-API-Version: compute 2.90' -d "$2"
}
domain() { virsh -c "$uri" domstate "$1" 2>&1 | head -n 1; }
console() { jq -r .output <<<"$(act "$1" '{"os-getConsoleOutput": {}}')"; }
has_text() { console "$1" | grep -q -- "$2"; }
# numbers ID: those that the container has printed, in the order of its log.
numbers() { console "$1" | sed -n 's/^number \([0-9]*\)\r*$/\1/p'; }
last_number() { numbers "$1" | tail -n 1; }
beyond() { (($(last_number "$1") > $2)); }
# in_order ID: whether they are 1, 2, 3, ... with none missing and none twice.
in_order() { [[ -n $(numbers "$1") && $(numbers "$1") == $(seq 1 "$(last_number "$1")") ]]; }
loops() { losetup --noheadings --list --output BACK-FILE | grep -c "$NOVA_CLOUD_DIR" || true; }
links() { ip -json link show | jq -r '.[].ifname' | grep -c "^nt$1" || true; }
# readers: the processes that read consoles of this cloud.
readers() {
    local process
    for process in /proc/[0-9]*; do
        [[ $(cat "$process/comm" 2>/dev/null) == nova-console-lo* ]] || continue
        if tr '\0' '\n' <"$process/cmdline" 2>/dev/null | grep -qF "$NOVA_CLOUD_DIR/instances"; then echo "${process#/proc/}"; fi
    done
}
reader_count() { readers | wc -l; }

say "Boot"
check_equal "the hypervisor's type" "$(rest GET "$compute/os-hypervisors/detail" | jq -r '.hypervisors[0].hypervisor_type')" LXC
id=$(boot box)
soon 60 "the container is ACTIVE" is_state "$id" ACTIVE
check_equal "it runs" "$(domain "$id")" running
soon 20 "its console has what its init says" has_text "$id" 'tiny-container: started'
address=$(rest GET "$compute/servers/$id" | jq -r '[.server.addresses[][].addr] | join(" ")')
soon 20 "it has its address by DHCP" has_text "$id" "eth0 address $address/"
soon 20 "its file system has grown to the flavor's disk" has_text "$id" 'root of 9[0-9][0-9] MiB'
check_equal "its disk is on one loop device" "$(loops)" 1
check_equal "the host has no mount of it" "$(grep -c "$NOVA_CLOUD_DIR/instances" /proc/self/mounts || true)" 0
port=$(rest GET "$compute/servers/$id/os-interface" | jq -r '.interfaceAttachments[0].port_id' | tr -d - | cut -c1-11)
check_equal "its device is in the network's bridge" "$(links "$port")" 1
check_equal "it answers from there" "$(busybox ping -c 1 -W 5 "$address" | grep -c 'bytes from' || true)" 1

say "A compute service that is killed"
soon 20 "the container counts" beyond "$id" 3
"$ROOT/tools/cloud" kill nova-compute
one_reader() { [[ $(reader_count) == 1 ]]; }
soon 5 "its console is still read, by one process" one_reader
before=$(grep -c '^number' "$NOVA_CLOUD_DIR/instances/$id/console.log")
more_lines() { (($(grep -c '^number' "$NOVA_CLOUD_DIR/instances/$id/console.log") > before)); }
soon 20 "while nobody is there, it is taken down" more_lines
# Its reader dies as well: what is printed meanwhile waits.
kill -KILL "$(readers)"
"$ROOT/tools/cloud" start nova-compute
count=$(grep -c '^number' "$NOVA_CLOUD_DIR/instances/$id/console.log")
soon 40 "the console goes on after it" beyond "$id" $((count + 5))
check "each line is there once" in_order "$id"
soon 5 "one process reads it" one_reader

say "Pause, stop, start, reboot"
check "pause" act "$id" '{"pause": null}'
soon 20 "it is PAUSED" is_state "$id" PAUSED
check "unpause" act "$id" '{"unpause": null}'
soon 20 "it is ACTIVE again" is_state "$id" ACTIVE
check "stop" act "$id" '{"os-stop": null}'
soon 30 "it is SHUTOFF" is_state "$id" SHUTOFF
check_has "its init was asked, and said so" "$(console "$id")" 'tiny-container: goes down'
check_equal "its loop device is gone" "$(loops)" 0
check_equal "its network device is gone" "$(links "$port")" 0
check "start" act "$id" '{"os-start": null}'
soon 30 "it is ACTIVE after the start" is_state "$id" ACTIVE
soon 20 "its console has begun anew" has_text "$id" 'tiny-container: started'
check_equal "with one start only" "$(console "$id" | grep -c 'tiny-container: started')" 1
soon 20 "at its old address" has_text "$id" "eth0 address $address/"
check "a hard reboot" act "$id" '{"reboot": {"type": "HARD"}}'
soon 30 "it is ACTIVE after the reboot" is_state "$id" ACTIVE
soon 20 "it counts from the beginning" beyond "$id" 1
check "and each line is there once" in_order "$id"
check "a suspension is accepted" act "$id" '{"suspend": null}'
suspend_error() { rest GET "$compute/servers/$id/os-instance-actions" | jq -e '.instanceActions[0] | .action == "suspend" and .message == "Error"'; }
soon 20 "and fails on the host: containers cannot be saved" suspend_error
soon 20 "it is ACTIVE still" is_state "$id" ACTIVE

say "A container that restarts itself"
# Not by libvirt, which at times knows the init of an earlier life (decision 0023).
kill -TERM "$(pgrep --parent "$(virsh -c "$uri" domid "$id" | head -n 1)")"
restarted() { (($(console "$id" | grep -c 'tiny-container: started') == 2)); }
soon 40 "its new terminal is read too" restarted
soon 20 "it is ACTIVE" is_state "$id" ACTIVE

say "An image that is no root file system"
head -c 1M /dev/urandom >"$cloud_dir/noise"
noise=$(rest POST "$image/v2/images" -H 'Content-Type: application/json' \
    -d '{"name": "noise", "disk_format": "raw", "container_format": "bare"}' | jq -r .id)
rest PUT "$image/v2/images/$noise/file" -H 'Content-Type: application/octet-stream' --data-binary @"$cloud_dir/noise" >/dev/null
bad=$(boot bad "{\"imageRef\": \"$noise\"}")
soon 60 "a server of it is in ERROR" is_state "$bad" ERROR
check_has "and says why" "$(rest GET "$compute/servers/$bad" | jq -r .server.fault.message)" 'file system'
remove_server "$bad"

say "Deletion"
remove_server "$id"
soon 30 "the server is gone" is_state "$id" gone
soon 30 "the other one is gone" is_state "$bad" gone
check_no_leaks
check_equal "no loop device is left" "$(loops)" 0
check_equal "no network device is left" "$(links "$port")" 0
no_reader() { [[ $(reader_count) == 0 ]]; }
soon 10 "no reader is left" no_reader
check_equal "no link is left" "$(find "$NOVA_CLOUD_DIR"/instances/_lxc -type l | wc -l)" 0
check_equal "no mount is left" "$(grep -c "$NOVA_CLOUD_DIR/instances" /proc/self/mounts || true)" 0
completed=yes
