#!/usr/bin/env bash
# tools/tests/actions.sh: what users do to a running server acts on a real guest: pause, suspend, rescue, rebuild, a
# snapshot and a server that boots from it, a deletion that is taken back. Two guests on libvirt and QEMU, REST only.
set -euo pipefail
# shellcheck source=tools/tests/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=tools/lib/libvirt.sh
source "$ROOT/tools/lib/libvirt.sh"
ensure_libvirtd
# Deleted servers are kept for a while; the second one is deleted for good when that is over.
new_cloud --standalone --driver libvirt --debug --set DEFAULT.reclaim_instance_interval=5 \
    --set notifications.file=notifications.json --set compute.cpu_dedicated_set=0-1

# act ID JSON [MICROVERSION]: asks for a server action and prints the answer.
act() {
    rest POST "$compute/servers/$1/action" -H 'Content-Type: application/json' \
        -H "OpenStack-API-Version: compute ${3:-2.90}" -d "$2"
}
domain() { virsh -c qemu:///system domstate "$1" 2>&1 | head -n 1; }
is_domain() { [[ $(domain "$1") == "$2" ]]; }
disks() { virsh -c qemu:///system domblklist "$1" | grep -c '/disk'; }
console() { jq -r .output <<<"$(act "$1" '{"os-getConsoleOutput": {}}')"; }
prompts() { console "$1" | grep -c 'login:' || true; }
has_prompt() { (($(prompts "$1") > 0)); }
image_status() { rest GET "$image/v2/images/$1" | jq -r .status; }
is_image() { [[ $(image_status "$1") == "$2" ]]; }
power_state() { rest GET "$compute/servers/$1" | jq '.server["OS-EXT-STS:power_state"]'; }
boot_id() { virsh -c qemu:///system dumpxml "$1" | grep -oE "domain type='qemu' id='[0-9]+'" | grep -oE '[0-9]+'; }

id=$(boot first '{"metadata": {"color": "red"}}')
soon 120 "the server is ACTIVE" is_state "$id" ACTIVE
soon 120 "its guest has booted" has_prompt "$id"

say "Pause and suspend"
first_start=$(boot_id "$id")
check "pause" act "$id" '{"pause": null}'
soon 30 "it is PAUSED" is_state "$id" PAUSED
check_equal "its guest stands still" "$(domain "$id")" paused
check_equal "its power state says so" "$(power_state "$id")" 3
check_refused "a second pause" 409 act "$id" '{"pause": null}'
check "unpause" act "$id" '{"unpause": null}'
soon 30 "it is ACTIVE again" is_state "$id" ACTIVE
check_equal "its guest goes on" "$(domain "$id")" running
check_equal "and was not started anew" "$(boot_id "$id")" "$first_start"
check "suspend" act "$id" '{"suspend": null}'
soon 60 "it is SUSPENDED" is_state "$id" SUSPENDED
check_equal "its guest is off" "$(domain "$id")" 'shut off'
check_has "its memory is kept" "$(virsh -c qemu:///system dominfo "$id")" 'Managed save: *yes'
check "resume" act "$id" '{"resume": null}'
soon 60 "it is ACTIVE after the resume" is_state "$id" ACTIVE
check_equal "its guest runs" "$(domain "$id")" running
# The console's log began anew with the process, and no system has written to it since.
check_equal "the guest did not boot again" "$(prompts "$id")" 0

say "A line on the guest's disk"
# The guest writes a line of its own to its disk. Its console is kept open: QEMU listens while somebody is there.
exec 7<>"$(virsh -c qemu:///system ttyconsole "$id")"
cat <&7 >/dev/null &
reader=$!
type_in() { printf '%s\r' "$1" >&7; }
has_text() { console "$id" | grep -q "$1"; }
type_in root
soon 30 "the guest asks for a password" has_text 'Password:'
type_in nova
soon 30 "the guest has a shell" has_text '# '
# shellcheck disable=SC2016
type_in 'echo kept-by-snapshot >/etc/issue; sync; echo written-$((40 + 2))'
soon 30 "the guest has written" has_text 'written-42'

say "A network device that comes and goes while the guest runs"
interfaces() { rest GET "$compute/servers/$1/os-interface" | jq '.interfaceAttachments | length'; }
# Modules of devices are loaded at boot; the kernel names a new one by itself.
count_devices() { type_in "echo devices-\$(ls /sys/class/net | grep -c eth)-$1"; }
sees() { count_devices "$2"; sleep 0.5; has_text "devices-$1-$2"; }
soon 30 "the guest has one network device" sees 1 a
attached=$(rest POST "$compute/servers/$id/os-interface" -H 'Content-Type: application/json' \
    -H 'OpenStack-API-Version: compute 2.70' -d '{"interfaceAttachment": {"tag": "second"}}')
check_has "the answer has its tag" "$(jq -r .interfaceAttachment.tag <<<"$attached")" second
check_equal "the server has two ports" "$(interfaces "$id")" 2
soon 60 "the guest has two network devices" sees 2 b
check "it goes again" rest DELETE "$compute/servers/$id/os-interface/$(jq -r .interfaceAttachment.port_id <<<"$attached")"
one_interface() { [[ $(interfaces "$id") == 1 ]]; }
soon 90 "the server has one port again" one_interface
soon 30 "the guest has one network device again" sees 1 c
check_equal "and so has its definition" "$(virsh -c qemu:///system domiflist --inactive "$id" | grep -c ethernet)" 1
check_equal "the port is gone" "$(ports_left)" 1
kill "$reader"
exec 7>&-

say "A snapshot of that guest"
snapshot=$(act "$id" '{"createImage": {"name": "snap", "metadata": {"mine": "yes"}}}' | jq -r .image_id)
check_has "the image is there at once" "$(image_status "$snapshot")" 'queued\|saving\|active'
soon 120 "the image is active" is_image "$snapshot" active
properties=$(rest GET "$image/v2/images/$snapshot")
check_equal "it is a snapshot of the server" "$(jq -r '.image_type + .instance_uuid + .mine + .visibility + .disk_format' \
    <<<"$properties")" "snapshot${id}yesprivateqcow2"
check_equal "the guest still runs" "$(domain "$id")" running
check_equal "on its own disk" "$(disks "$id")" 1
soon 30 "no task is left" test "$(rest GET "$compute/servers/$id" | jq -r '.server["OS-EXT-STS:task_state"]')" == null
check_equal "no file is left on the host" "$(find "$NOVA_CLOUD_DIR"/instances*/_snapshots -type f | wc -l)" 0
check_has "diagnostics" "$(rest GET "$compute/servers/$id/diagnostics" -H 'OpenStack-API-Version: compute 2.48')" \
    '"state":"running"'
check_refused "changePassword without an agent in the guest" 409 act "$id" '{"changePassword": {"adminPass": "x"}}'
check "trigger_crash_dump" act "$id" '{"trigger_crash_dump": null}'

say "A server that boots from it, while the first one is rescued"
second=$(boot second "{\"imageRef\": \"$snapshot\"}")
soon 120 "it is ACTIVE" is_state "$second" ACTIVE
issue_is_kept() { console "$second" | grep -q 'kept-by-snapshot'; }
soon 120 "its guest has what the first one wrote" issue_is_kept
rest DELETE "$compute/servers/$second" >/dev/null
soon 120 "it is gone when it was kept for 5 s" is_state "$second" gone
check_has "rescue answers with a password" "$(act "$id" '{"rescue": {}}')" adminPass
soon 120 "the first one is in RESCUE" is_state "$id" RESCUE
check_equal "with a second disk before its own" "$(disks "$id")" 2
check_has "the first one is that of the rescue" "$(virsh -c qemu:///system domblklist "$id" | grep vda)" disk.rescue
soon 120 "the rescue system has booted" has_prompt "$id"
check "unrescue" act "$id" '{"unrescue": null}'
soon 60 "it is ACTIVE after the rescue" is_state "$id" ACTIVE
check_equal "with its own disk only" "$(disks "$id")" 1
issue_of_first() { console "$id" | grep -q 'kept-by-snapshot'; }
soon 120 "with what it had on it" issue_of_first

say "Rebuild"
address=$(rest GET "$compute/servers/$id" | jq -r '[.server.addresses[][].addr] | join(" ")')
tiny=$(rest GET "$image/v2/images?name=tiny-guest" | jq -r '.images[0].id')
answer=$(act "$id" "{\"rebuild\": {\"imageRef\": \"$tiny\", \"name\": \"renewed\", \"metadata\": {\"color\": \"blue\"}}}")
check_equal "the answer has the new name, metadata and password" \
    "$(jq -r '.server | .name + .metadata.color + (.adminPass | length | tostring)' <<<"$answer")" renewedblue12
soon 120 "it is ACTIVE after the rebuild" is_state "$id" ACTIVE
check_equal "at its old address" \
    "$(rest GET "$compute/servers/$id" | jq -r '[.server.addresses[][].addr] | join(" ")')" "$address"
soon 120 "its new guest has booted" has_prompt "$id"
check_equal "what was on the disk is gone" "$(console "$id" | grep -c 'kept-by-snapshot' || true)" 0

# shellcheck source=tools/tests/actions.d/agent.sh
source "$ROOT/tools/tests/actions.d/agent.sh"

say "Hardware by extra specs and image properties"
# shellcheck source=tools/tests/actions.d/hardware.sh
source "$ROOT/tools/tests/actions.d/hardware.sh"

say "Soft delete"
remove_server "$id"
soon 90 "it is SOFT_DELETED" is_state "$id" SOFT_DELETED
check_equal "its guest is off" "$(domain "$id")" 'shut off'
check_equal "it is in no list" "$(rest GET "$compute/servers" | jq --arg id "$id" '[.servers[] | select(.id == $id)] | length')" 0
check "restore" act "$id" '{"restore": null}'
soon 60 "it is ACTIVE after the restore" is_state "$id" ACTIVE
check_equal "its guest runs again" "$(domain "$id")" running

say "What was done"
actions=$(rest GET "$compute/servers/$id/os-instance-actions" | jq -r '[.instanceActions[].action] | join(" ")')
check_equal "each action is listed" "$actions" \
    'restore softDelete rebuild unrescue rescue trigger_crash_dump changePassword createImage detach_interface attach_interface resume suspend unpause pause create'
check "forceDelete" act "$id" '{"forceDelete": null}'
soon 60 "the server is gone" is_state "$id" gone
# told ID: what notifications said of a server, in order.
told() {
    jq -r --arg id "$1" '.payload["nova_object.data"] as $data | select($data.uuid == $id) | .event_type' \
        "$NOVA_CLOUD_DIR/state/notifications.json"
}
is_told() { [[ $(told "$1" | tail -n 1) == instance.delete.end ]]; }
soon 10 "the end of its deletion was told" is_told "$id"
check_equal "its creation was told, in order" "$(told "$id" | head -n 2 | tr '\n' ' ')" \
    'instance.create.start instance.create.end '
check_equal "so was the device that came and went" "$(told "$id" | grep interface | tr '\n' ' ')" \
    'instance.interface_attach.start instance.interface_attach.end instance.interface_detach.start instance.interface_detach.end '
check_equal "no notification was lost" "$(curl -fs "http://127.0.0.1:$((CLOUD_PORT_BASE + 10))/metrics" |
    awk '/^nova_notifications_lost_total/ {sum += $2} END {print sum + 0}')" 0
check_no_leaks
completed=yes
