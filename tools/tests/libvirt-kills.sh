#!/usr/bin/env bash
# tools/tests/libvirt-kills.sh: six servers on real libvirt and QEMU; nova-compute and libvirtd are killed while they are
# built, stopped and deleted. All end steady, and no domain or disk is left without a server. Then the host boots: what
# ran is started again, and what was suspended wakes where it was.
set -euo pipefail
# shellcheck source=tools/tests/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=tools/lib/libvirt.sh
source "$ROOT/tools/lib/libvirt.sh"
ensure_libvirtd
new_cloud --daemons --driver libvirt --debug --set DEFAULT.resume_guests_state_on_host_boot=false

# kill_libvirtd: SIGKILL to the libvirtd that this machine's tests started, and a new one. Its guests go on.
kill_libvirtd() {
    local pid
    pid=$(cat /run/libvirtd.pid)
    kill -KILL "$pid"
    wait_for 10 "libvirtd is gone" test ! -d "/proc/$pid"
    ensure_libvirtd
}

details() { rest GET "$compute/servers/detail" | jq -c "$1"; }
unsteady() {
    details '[.servers[] | select((.status | IN("ACTIVE", "SHUTOFF", "ERROR") | not) or .["OS-EXT-STS:task_state"] != null)] | length'
}
all_steady() { [[ $(unsteady) == 0 ]]; }
count() { details "[.servers[] | select(.status == \"$1\")] | length"; }
is_spawning() { [[ $(details '[.servers[] | select(.["OS-EXT-STS:task_state"] == "spawning")] | length') -gt 0 ]]; }
act() { rest POST "$compute/servers/$1/action" -H 'Content-Type: application/json' -d "$2" >/dev/null; }

say "SIGKILL to nova-compute, then to libvirtd, while six servers are built"
ids=()
for number in 1 2 3 4 5 6; do ids+=("$(boot "victim-$number")"); done
soon 60 "a build is under way on the host" is_spawning
"$ROOT/tools/cloud" kill nova-compute
"$ROOT/tools/cloud" start nova-compute
if is_spawning; then ok "builds go on after the kill of nova-compute"; else note "all builds were quicker"; fi
kill_libvirtd
soon 240 "all six are steady" all_steady
check_equal "all six are ACTIVE" "$(count ACTIVE)" 6
# A new libvirtd finds the guests of the old one one after the other; others may have guests here, too.
domains() { virsh -c qemu:///system list --uuid | grep -cFf <(printf '%s\n' "${ids[@]}") || true; }
domains_run() { [[ $(domains) == "$1" ]]; }
soon 30 "six domains run" domains_run 6
check_equal "all six are still ACTIVE" "$(count ACTIVE)" 6

say "SIGKILL to both while servers are stopped, restarted and deleted"
act "${ids[0]}" '{"os-stop": null}'
act "${ids[1]}" '{"reboot": {"type": "HARD"}}'
remove_server "${ids[2]}"
remove_server "${ids[3]}"
kill_libvirtd
"$ROOT/tools/cloud" kill nova-compute
act "${ids[4]}" '{"os-stop": null}'
remove_server "${ids[5]}"
"$ROOT/tools/cloud" start nova-compute
three_left() { [[ $(details '.servers | length') == 3 ]] && all_steady; }
soon 240 "three are deleted, the others steady" three_left
check_equal "two are SHUTOFF" "$(count SHUTOFF)" 2
check_equal "one is ACTIVE" "$(count ACTIVE)" 1
check_equal "three allocations" "$(allocations_left)" 3
check_equal "three ports" "$(ports_left)" 3

say "The host loses its power, and boots"
stopped=${ids[0]} active=${ids[1]} suspended=${ids[4]}
console() { rest POST "$compute/servers/$1/action" -H 'Content-Type: application/json' -d '{"os-getConsoleOutput": {}}' | jq -r .output; }
has_prompt() { console "$1" | grep -q 'login:'; }
act "$suspended" '{"os-start": null}'
soon 120 "one more is ACTIVE" is_state "$suspended" ACTIVE
soon 120 "its guest has booted" has_prompt "$suspended"
act "$suspended" '{"suspend": null}'
soon 60 "it is SUSPENDED" is_state "$suspended" SUSPENDED
soon 120 "another guest has booted" has_prompt "$active"
first_start=$(virsh -c qemu:///system domid "$active")
"$ROOT/tools/cloud" stop nova-compute
sed -i 's/resume_guests_state_on_host_boot=false/resume_guests_state_on_host_boot=true/' "$NOVA_CLOUD_DIR/cloud.env"
# Nothing of a guest outlives its host but what is on its disks: no process, no tap.
for process in $(grep -lzxFf <(printf '%s\n' "$active") /proc/[0-9]*/cmdline 2>/dev/null | cut -d / -f 3); do kill -KILL "$process"; done
is_off() { [[ $(virsh -c qemu:///system domstate "$1" | head -n 1) == 'shut off' ]]; }
soon 30 "the guest is off" is_off "$active"
for tap in $("$ROOT/tools/cloud" leftovers | sed -n 's/^link \(nt.*\)/\1/p'); do ip link delete "$tap"; done
kill_libvirtd
"$ROOT/tools/cloud" start nova-compute
actions_of() { rest GET "$compute/servers/$1/os-instance-actions" | jq -r '[.instanceActions[].action] | join(" ")'; }
is_started_again() { [[ $(actions_of "$active") == 'start reboot create' ]] && is_state "$active" ACTIVE; }
soon 120 "what ran is started again" is_started_again
check_equal "by a process of its own" "$([[ $(virsh -c qemu:///system domid "$active") != "$first_start" ]] && echo yes)" yes
soon 120 "its guest boots" has_prompt "$active"
check_has "with its network" "$(console "$active")" "eth0 address $(rest GET "$compute/servers/$active" | jq -r '[.server.addresses[][].addr][0]')"
check_equal "what was stopped stays so" "$(server_state "$stopped")" SHUTOFF
check_equal "what was suspended, too" "$(server_state "$suspended")" SUSPENDED
act "$suspended" '{"resume": null}'
soon 60 "it wakes when it is asked to" is_state "$suspended" ACTIVE
check_equal "its guest runs" "$(virsh -c qemu:///system domstate "$suspended" | head -n 1)" running
# The console's log began anew with the process, and no system has booted on it since.
check_equal "where it was, without booting" "$(console "$suspended" | grep -c 'login:' || true)" 0

for id in "${ids[0]}" "${ids[1]}" "${ids[4]}"; do remove_server "$id"; done
none_left() { [[ $(details '.servers | length') == 0 ]]; }
soon 120 "all are deleted" none_left
check_no_leaks
completed=yes
