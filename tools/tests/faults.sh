#!/usr/bin/env bash
# tools/tests/faults.sh: kills a daemon in the middle of ten boots (fake driver); all ten servers become ACTIVE.
set -euo pipefail
# shellcheck source=tools/tests/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# A spawn takes two seconds, so that boots are under way when the daemon dies.
new_cloud --daemons --driver fake --debug --set fake.spawn_delay_ms=2000

count_state() {
    rest GET "$compute/servers/detail?name=$1" | jq --arg state "$2" '[.servers[] | select(.status == $state)] | length'
}
all_active() { [[ $(count_state "$1" ACTIVE) == 10 ]]; }
none_left() { [[ $(count_state "$1" ACTIVE) == 0 && $(rest GET "$compute/servers?name=$1" | jq '.servers | length') == 0 ]]; }

storm() {
    local victim=$1 round=$2 name="storm-$2" number id under_way=0 ids=()
    for number in 1 2 3 4 5 6 7 8 9 10; do
        id=$(boot "$name-$number") || id=''
        ids+=("$id")
        # In the middle: some are under way, some not asked for yet.
        if ((number == 5)); then
            under_way=$(count_state "$name" BUILD)
            "$ROOT/tools/cloud" kill "$victim"
            "$ROOT/tools/cloud" start "$victim" &
        fi
    done
    wait
    if ((under_way > 0)); then ok "$under_way boots were under way"; else not_ok "no boot was under way"; fi
    if [[ " ${ids[*]} " == *"  "* ]]; then not_ok "every boot is accepted while $victim is away"; else
        ok "every boot is accepted while $victim is away"
    fi
    soon 60 "all ten are ACTIVE after a kill of $victim" all_active "$name"
    check_equal "none is in ERROR" "$(count_state "$name" ERROR)" 0
    check_equal "ten allocations" "$(allocations_left)" 10
    check_equal "ten ports" "$(ports_left)" 10
    for id in "${ids[@]}"; do [[ -z $id ]] || remove_server "$id" || true; done
    soon 60 "all ten are deleted" none_left "$name"
    check_no_leaks
}

round=0
for victim in nova-compute nova-conductor nova-queue; do
    round=$((round + 1))
    say "SIGKILL to $victim in the middle of ten boots"
    storm "$victim" "$round"
done
completed=yes
