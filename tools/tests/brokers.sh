#!/usr/bin/env bash
# tools/tests/brokers.sh: three brokers; two of them are killed and brought back in turn while servers are booted (fake
# driver): every server becomes ACTIVE.
set -euo pipefail
# shellcheck source=tools/tests/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
new_cloud --daemons --driver fake --brokers 3 --debug
novactl() { "$CLOUD_BUILD/novactl" "$@"; }
brokers=(nova-queue nova-queue.2 nova-queue.3)
slowest=0 booted=()

# boots NAME COUNT: asks for servers one after the other, and sees each ACTIVE.
boots() {
    local number id start took
    for ((number = 1; number <= $2; number++)); do
        start=$(date +%s%N)
        if ! id=$(boot "$1-$number" 2>&1); then
            not_ok "boot $1-$number is accepted" "$id"
            continue
        fi
        booted+=("$id")
        wait_for 60 "$1-$number is ACTIVE" is_state "$id" ACTIVE ||
            not_ok "boot $1-$number" "$(rest GET "$compute/servers/$id" | jq -c '.server | {status, fault}')"
        took=$((($(date +%s%N) - start) / 1000000))
        ((took <= slowest)) || slowest=$took
    done
    ok "$2 boots: $1"
}


boots "all three" 3
for ((turn = 0; turn < 3; turn++)); do
    first=${brokers[turn]} second=${brokers[(turn + 1) % 3]}
    say "Without $first and $second"
    "$ROOT/tools/cloud" kill "$first"
    boots "one-gone-$turn" 2
    "$ROOT/tools/cloud" kill "$second"
    boots "two-gone-$turn" 4
    "$ROOT/tools/cloud" start "$first"
    boots "one-back-$turn" 2
    "$ROOT/tools/cloud" start "$second"
    boots "all-back-$turn" 2
done
note "the slowest boot took $slowest ms"
say "A rolling restart"
for broker in "${brokers[@]}"; do
    "$ROOT/tools/cloud" stop "$broker"
    boots "without-$broker" 2
    "$ROOT/tools/cloud" start "$broker"
done
check "the brokers' queues are shown" novactl queue list --by-broker
for id in "${booted[@]}"; do remove_server "$id" || not_ok "server $id is deleted"; done
none_left() { [[ $(rest GET "$compute/servers" | jq '.servers | length') == 0 ]]; }
soon 60 "all are deleted" none_left
check_no_leaks
completed=yes
