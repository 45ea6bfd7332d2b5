#!/usr/bin/env bash
# tools/tests/libvirt-kills.sh: six servers on real libvirt and QEMU; nova-compute and libvirtd are killed while they are
# built, stopped and deleted. All end steady, and no domain or disk is left without a server.
set -euo pipefail
# shellcheck source=tools/tests/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=tools/lib/libvirt.sh
source "$ROOT/tools/lib/libvirt.sh"
ensure_libvirtd
new_cloud --daemons --driver libvirt --debug

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
# A new libvirtd finds the guests of the old one one after the other.
domains_run() { [[ $(virsh -c qemu:///system list --name | grep -c .) == "$1" ]]; }
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
for id in "${ids[0]}" "${ids[1]}" "${ids[4]}"; do remove_server "$id"; done
none_left() { [[ $(details '.servers | length') == 0 ]]; }
soon 120 "all are deleted" none_left
check_no_leaks
completed=yes
