#!/usr/bin/env bash
# tools/tests/services.sh: daemons say honestly whether they are ready (/readyz), the service list knows who lives, and
# two schedulers never oversubscribe a host (fake driver).
set -euo pipefail
# shellcheck source=tools/tests/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
DIR=''
# shellcheck source=tools/lib/cloud-config.sh
source "$ROOT/tools/lib/cloud-config.sh"
new_cloud --daemons --driver fake --debug --set DEFAULT.report_interval=1 --set DEFAULT.service_down_time=5
# shellcheck disable=SC2034
DIR=$NOVA_CLOUD_DIR
set_ports

readyz() { curl -s --max-time 5 "http://127.0.0.1:$(monitoring_port "$1")/readyz"; }
ready_status() { curl -s -o /dev/null -w '%{http_code}' --max-time 5 "http://127.0.0.1:$(monitoring_port "$1")/readyz"; }
is_ready() { [[ $(ready_status "$1") == 200 ]]; }
# is_missing DAEMON TEXT: it answers 503 and says TEXT of a part.
is_missing() { [[ $(ready_status "$1") == 503 ]] && readyz "$1" | grep -q -- "$2"; }

say "Readiness"
mapfile -t names < <(daemon_names)
for name in "${names[@]}"; do
    text=$(readyz "$name")
    if [[ $text == ready$'\n'* ]]; then ok "$name is ready"; else not_ok "$name is ready" "$text"; fi
    if [[ $name == nova-queue ]]; then continue; fi
    check_has "$name has its queue among its parts" "$text" "^$name/queue ready"
done
for name in nova-identity nova-image nova-api nova-placement-api nova-network; do
    check_has "$name has its listener among its parts" "$(readyz "$name")" "^$name/http ready"
done
for name in nova-identity nova-image nova-api nova-conductor nova-placement-api nova-network; do
    check_has "$name has its database among its parts" "$(readyz "$name")" "^$name/database ready"
done

# From the first moment it says ready its port answers.
"$ROOT/tools/cloud" stop nova-identity
"$ROOT/tools/cloud" start nova-identity &
end=$((SECONDS + 30))
until is_ready nova-identity || ((SECONDS >= end)); do :; done
check "identity answers from the moment it is ready" curl -fsS -o /dev/null --max-time 5 "http://127.0.0.1:$PORT_IDENTITY/v3"
wait

say "Readiness without a broker"
"$ROOT/tools/cloud" kill nova-queue
for name in nova-api nova-conductor nova-compute nova-scheduler; do
    soon 15 "$name is not ready without a broker" is_missing "$name" "^$name/queue failed since .*: no broker answers"
    check_has "which it sums up" "$(readyz "$name")" '^not ready: 1 of '
    check "but it lives" curl -fsS --max-time 5 "http://127.0.0.1:$(monitoring_port "$name")/healthz"
done
check_has "the log says so" "$(cat "$DIR/log/nova-api.log")" 'nova-api is not ready: nova-api/queue'
"$ROOT/tools/cloud" start nova-queue
for name in "${names[@]}"; do soon 10 "$name is ready again" is_ready "$name"; done

say "Readiness without a conductor"
"$ROOT/tools/cloud" stop nova-conductor nova-compute nova-scheduler
"$ROOT/tools/cloud" start nova-compute nova-scheduler &
soon 10 "a host is not ready before a conductor took its report" is_missing nova-compute '^nova-compute/report starting'
soon 10 "nor is a scheduler without hosts" is_missing nova-scheduler '^nova-scheduler/hosts starting'
"$ROOT/tools/cloud" start nova-conductor
wait
soon 10 "then the host is ready" is_ready nova-compute
soon 10 "then the scheduler is ready" is_ready nova-scheduler

say "The service list"
states() { rest GET "$compute/os-services" | jq -c '[.services[] | {(.binary): .state}] | add'; }
all_up='{"nova-compute":"up","nova-conductor":"up","nova-scheduler":"up"}'
are_up() { [[ $(states | jq -cS .) == "$all_up" ]]; }
soon 10 "it has the conductor, the scheduler and the host, all up" are_up
updated() { rest GET "$compute/os-services?binary=$1" | jq -r '.services[0].updated_at'; }
before=$(updated nova-scheduler)
is_newer() { [[ $(updated nova-scheduler) > $before ]]; }
soon 10 "the time of the last report goes on" is_newer
scheduler_is() { [[ $(rest GET "$compute/os-services?binary=nova-scheduler" | jq -r '.services[0].state') == "$1" ]]; }
"$ROOT/tools/cloud" kill nova-scheduler
soon 10 "a killed scheduler is down" scheduler_is down
"$ROOT/tools/cloud" start nova-scheduler
soon 10 "and up again after its start" scheduler_is up

say "Two schedulers"
second_port=$((CLOUD_PORT_BASE + 50))
second_pid=''
stop_second() {
    [[ -z $second_pid ]] || kill -TERM "$second_pid" 2>/dev/null || true
    second_pid=''
}
trap 'stop_second; end_of_test' EXIT
"$CLOUD_BUILD/novactl" queue keygen --role scheduler --host second "$DIR/keys/second.key" >/dev/null
"$CLOUD_BUILD/novactl" queue authorize "$DIR/keys/second.key" >/dev/null
"$CLOUD_BUILD/nova-scheduler" --config-file "$DIR/nova.conf" --set DEFAULT.host=second \
    --set "queue.key_file=$DIR/keys/second.key" \
    --set monitoring.port=$second_port --set DEFAULT.report_interval=1 </dev/null >"$DIR/log/nova-scheduler.second.log" 2>&1 &
second_pid=$!
second_ready() { curl -fs -o /dev/null --max-time 5 "http://127.0.0.1:$second_port/readyz"; }
soon 20 "the second scheduler is ready" second_ready
two_up() { [[ $(rest GET "$compute/os-services?binary=nova-scheduler" | jq '[.services[] | select(.state == "up")] | length') == 2 ]]; }
soon 10 "the service list has both" two_up

# A fake host offers 8 TiB of memory less 512 MiB: five of these fit.
flavor=$(rest_json POST "$compute/flavors" \
    '{"flavor": {"name": "fifth", "ram": 1600000, "vcpus": 1, "disk": 0}}' | jq -r .flavor.id)
provider=$(rest GET "$placement/resource_providers" | jq -r '.resource_providers[0].uuid')
capacity=$(rest GET "$placement/resource_providers/$provider/inventories" |
    jq '.inventories.MEMORY_MB | (.total - .reserved) * .allocation_ratio | floor')
memory_used() { rest GET "$placement/resource_providers/$provider/usages" | jq .usages.MEMORY_MB; }
count_fifths() {
    rest GET "$compute/servers/detail?name=fifth" | jq --arg state "$1" '[.servers[] | select(.status == $state)] | length'
}
settled() { [[ $(($(count_fifths ACTIVE) + $(count_fifths ERROR))) == 12 ]]; }
no_fifths() { [[ $(rest GET "$compute/servers?name=fifth" | jq '.servers | length') == 0 ]]; }
decisions() {
    curl -s "http://127.0.0.1:$1/metrics" | sed -n 's/^nova_scheduler_decision_seconds_count[^ ]* \([0-9]*\).*/\1/p'
}

rounds=3
if [[ ${NOVA_TEST_FULL:-no} == yes ]]; then rounds=20; fi
for ((round = 1; round <= rounds; round++)); do
    for number in 1 2 3 4 5 6 7 8 9 10 11 12; do
        boot "fifth-$round-$number" "{\"flavorRef\": \"$flavor\"}" >/dev/null &
        booting[number]=$!
    done
    highest=0 end=$((SECONDS + 60))
    until settled || ((SECONDS >= end)); do
        used=$(memory_used)
        if ((used > highest)); then highest=$used; fi
    done
    wait "${booting[@]}"
    used=$(memory_used)
    if ((used > highest)); then highest=$used; fi
    check_equal "round $round: five of twelve are ACTIVE" "$(count_fifths ACTIVE)" 5
    check_equal "round $round: seven are in ERROR" "$(count_fifths ERROR)" 7
    faults=$(rest GET "$compute/servers/detail?name=fifth&status=ERROR" |
        jq '[.servers[] | select(.fault.message | startswith("No valid host"))] | length')
    check_equal "round $round: each of them for want of a host" "$faults" 7
    check_equal "round $round: five allocations" "$(allocations_left)" 5
    if ((highest <= capacity && highest == 5 * 1600000)); then
        ok "round $round: at most $highest of $capacity MiB were ever used"
    else
        not_ok "round $round: $highest of $capacity MiB were used"
    fi
    while read -r id; do remove_server "$id"; done < <(rest GET "$compute/servers?name=fifth" | jq -r '.servers[].id')
    soon 30 "round $round: all are deleted" no_fifths
done
first=$(decisions "$(monitoring_port nova-scheduler)") second=$(decisions "$second_port")
if ((${first:-0} > 0 && ${second:-0} > 0)); then ok "both schedulers decided ($first and $second times)"; else
    not_ok "both schedulers decided (${first:-0} and ${second:-0} times)"
fi
check_no_leaks
stop_second
second_down() { [[ $(rest GET "$compute/os-services?host=second" | jq -r '.services[0].state') == down ]]; }
soon 15 "the second scheduler is down in the list" second_down
completed=yes
