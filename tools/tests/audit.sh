#!/usr/bin/env bash
# tools/tests/audit.sh: what operators see of workflows, and the reconcilers on a running cloud (fake driver): over
# twelve kinds of drift are injected, found within one period and healed where that is safe; creates and deletes at the
# same time give no finding.
set -euo pipefail
# shellcheck source=tools/tests/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=tools/lib/postgresql.sh
source "$ROOT/tools/lib/postgresql.sh"
# The first reconcilers run only when asked, so that drift stays until it has been looked at.
new_cloud --daemons --driver fake --debug --set conductor.audit_interval=0 --set conductor.audit_settle=2 \
    --set DEFAULT.report_interval=1 --set conductor.workflow_patience_ms=2000
novactl=$CLOUD_BUILD/novactl
ctl() { timeout 90 "$novactl" "$@"; }
state=$NOVA_CLOUD_DIR/state instances=$NOVA_CLOUD_DIR/instances
# sql DATABASE STATEMENTS...: as an operator with a slip of the hand.
sql() {
    local name=$1
    shift
    if [[ $CLOUD_DATABASE == postgresql ]]; then
        { printf 'SET search_path = "%s";\n' "$name" && printf '%s;\n' "$@"; } |
            psql -qAtX -v ON_ERROR_STOP=1 "$(postgresql_url "$NOVA_CLOUD_DIR/postgresql")"
        return
    fi
    # Without foreign keys.
    python3 - "$state/$name.sqlite" "$@" <<'PY'
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=20, isolation_level=None)
for statement in sys.argv[2:]:
    for row in connection.execute(statement):
        print("|".join("" if value is None else str(value) for value in row))
PY
}
uuid() { cat /proc/sys/kernel/random/uuid; }
boot_active() {
    local id
    id=$(boot "$@")
    wait_for 30 "$1 is ACTIVE" is_state "$id" ACTIVE
    printf '%s\n' "$id"
}

say "A server's actions, events and history"
one=$(boot_active one)
action() { rest POST "$compute/servers/$one/action" -H 'Content-Type: application/json' -d "$1"; }
action '{"os-stop": null}'
soon 30 "the server is SHUTOFF" is_state "$one" SHUTOFF
action '{"os-start": null}'
soon 30 "the server is ACTIVE" is_state "$one" ACTIVE
actions() { rest GET "$compute/servers/$one/os-instance-actions$1" -H "OpenStack-API-Version: compute $2"; }
check_equal "its actions, newest first" "$(actions '' 2.1 | jq -r '[.instanceActions[].action] | join(" ")')" 'start stop create'
create=$(actions '' 2.1 | jq -r '.instanceActions[2].request_id')
check_equal "no updated_at before 2.58" "$(actions '' 2.57 | jq '.instanceActions[0] | has("updated_at")')" false
check_equal "updated_at from 2.58" "$(actions '' 2.58 | jq '.instanceActions[0] | has("updated_at")')" true
page=$(actions '?limit=2' 2.58)
check_equal "a page of two" "$(jq -r '[.instanceActions[].action] | join(" ")' <<<"$page")" 'start stop'
check_has "links to the next page" "$(jq -r '.links[0].href' <<<"$page")" 'marker=req-'
marker=$(jq -r '.instanceActions[1].request_id' <<<"$page")
check_equal "which has the rest" "$(actions "?marker=$marker" 2.58 | jq -r '[.instanceActions[].action] | join(" ")')" create
check_refused "an unknown marker" 400 actions '?marker=req-none' 2.58
check_refused "an unknown parameter" 400 actions '?unknown=1' 2.58
check_refused "changes-before came with 2.66" 400 actions '?changes-before=2030-01-01T00:00:00Z' 2.65
check_equal "changes-before" "$(actions '?changes-before=2020-01-01T00:00:00Z' 2.66 | jq '.instanceActions | length')" 0
check_refused "since after before" 400 actions '?changes-since=2030-01-01T00:00:00Z&changes-before=2020-01-01T00:00:00Z' 2.66
check_equal "changes-since" "$(actions '?changes-since=2020-01-01T00:00:00Z' 2.66 | jq '.instanceActions | length')" 3
shown=$(actions "/$create" 2.84)
check_equal "the events of its creation" \
    "$(jq -r '[.instanceAction.events[].event] | join(" ")' <<<"$shown")" \
    'schedule_instances network compute__do_build_and_run_instance'
check_equal "each with its result" "$(jq -r '[.instanceAction.events[].result] | unique | join(" ")' <<<"$shown")" Success
check_equal "and its host" "$(jq -r '.instanceAction.events[2].host' <<<"$shown")" "$CLOUD_HOST"
check_equal "and its hostId" "$(jq -r '.instanceAction.events[2].hostId | length' <<<"$shown")" 56
check_refused "an action that was never" 404 actions /req-none 2.84
check_equal "novactl server history" "$(ctl server history one --json | jq -r '[.[] | "\(.what):\(.before.status // "-")>\(.after.status)"] | join(" ")')" \
    'start:SHUTOFF>ACTIVE stop:ACTIVE>SHUTOFF create:->ACTIVE'
remove_server "$one"
soon 30 "the server is gone" is_state "$one" gone
check_equal "a deleted server's actions, from 2.21 on" "$(actions '' 2.21 | jq -r '.instanceActions[0].action')" delete
check_refused "not before" 404 actions '' 2.20
check_equal "its history by its id" "$(ctl server history "$one" --json | jq -r '.[0] | "\(.what) \(.after.status)"')" 'delete DELETED'
workflow=$(ctl workflow list --server "$one" --json | jq -r '.[0].id')
check_has "novactl workflow show has each step with its time" "$(ctl workflow show "$workflow")" 'Lease s'
check_equal "in milliseconds" "$(ctl workflow show "$workflow" --json | jq '[.steps[].duration_ms | numbers] | length > 1')" true

say "A clean cloud"
check "novactl audit finds nothing" ctl audit
check_has "and says so" "$output" 'as it should be'
check "novactl doctor" ctl doctor
check_has "which shows the reconcilers" "$output" 'allocations'

say "Twenty kinds of drift"
declare -A servers
for name in dead ghost power unclaimed network hostless task lost moved; do servers[$name]=$(boot_active "$name"); done
now=$(date +%s)000000 old=$((now - 10 * 86400 * 1000000))
compute_provider=$(sql placement 'SELECT provider_id FROM resource_providers LIMIT 1')
stray_consumer=$(uuid) empty_consumer=$(uuid) stray_port=$(uuid) stray_provider=$(uuid) stray_disk=$(uuid)
# A deleted server whose instance, allocation and port are still there.
sql nova "UPDATE servers SET is_deleted = 1, vm_state = 'deleted', deleted_at = $old, updated_at = $old
    WHERE id = '${servers[dead]}'"
# An instance that no server stands for.
sql nova "DELETE FROM servers WHERE id = '${servers[ghost]}'"
sql placement "DELETE FROM allocations WHERE consumer_id = '${servers[unclaimed]}'" \
    "DELETE FROM consumers WHERE consumer_id = '${servers[unclaimed]}'"
sql network "UPDATE ports SET address = address + 100 WHERE device_id = '${servers[network]}'"
sql nova "UPDATE servers SET host = NULL, node = NULL, provider_id = NULL, vm_state = 'error', updated_at = $old
    WHERE id = '${servers[hostless]}'"
sql nova "UPDATE servers SET task_state = 'powering-off', updated_at = $old WHERE id = '${servers[task]}'"
# A workflow that will be tried again tomorrow, its server in the middle of it.
sleeping=$(uuid)
sql nova \
    "CREATE TEMP TABLE copy AS SELECT * FROM workflows WHERE server_id = '${servers[moved]}' LIMIT 1" \
    "UPDATE copy SET id = '$sleeping', kind = 'power', state = 'running', finished_at = NULL, step = 0,
        retry_at = $((now + 86400 * 1000000)), owner = NULL,
        data = (SELECT data FROM workflows WHERE kind = 'power' LIMIT 1)" \
    "INSERT INTO workflows SELECT * FROM copy"
sql placement "INSERT INTO consumers VALUES ('$stray_consumer', 'p', 'u', 1)" \
    "INSERT INTO allocations VALUES ('$stray_consumer', '$compute_provider', 'VCPU', 1)" \
    "INSERT INTO consumers VALUES ('$empty_consumer', 'p', 'u', 1)" \
    "INSERT INTO resource_providers VALUES ('$stray_provider', 'stray', 0, 0)" \
    "UPDATE usages SET used = used + 5 WHERE resource_class = 'MEMORY_MB'"
sql network "CREATE TEMP TABLE copy AS SELECT * FROM ports WHERE device_id = '${servers[task]}'" \
    "UPDATE copy SET id = '$stray_port', device_id = '$(uuid)', mac = 'fa:16:3e:ff:ff:01', address = address + 200" \
    "INSERT INTO ports SELECT * FROM copy"
sql nova "INSERT INTO services VALUES ('$(uuid)', 999, 'nova-scheduler', 'gone', 'scheduler', 'internal', 0, NULL, 0, $old, $old)"
# A folder of ours with a disk, an image that nobody uses, and an instance that its host lost.
mkdir -p "$instances/$stray_disk"
printf '%s %s\n' "$CLOUD_ID" "$(cat "$state/compute_id_$CLOUD_HOST")" >"$instances/$stray_disk/owner"
echo disk >"$instances/$stray_disk/disk"
echo image >"$instances/_base/unused-image.raw"
touch -d '3 days ago' "$instances/_base/unused-image.raw"
"$ROOT/tools/cloud" stop nova-compute
rm "$instances/_fake/${servers[lost]}"
"$ROOT/tools/cloud" start nova-compute
# After the start, as a host reports all power states then.
sql nova "UPDATE servers SET power_state = 'shutdown', vm_state = 'stopped', updated_at = $old WHERE id = '${servers[power]}'"

status=0
found=$(ctl audit --json) || status=$?
check_equal "findings give exit code 1" "$status" 1
kinds=$(jq -r '[.[] | select(.state == "found") | .kind] | unique | join(" ")' <<<"$found")
expected='allocation-of-deleted-server allocation-of-unknown-server claim-without-instance consumer-without-allocation'
expected+=' disk-without-server image-unused instance-of-deleted-server instance-without-server network-info-stale'
expected+=' port-of-deleted-server port-of-unknown-server power-state-differs provider-without-host'
expected+=' server-without-allocation service-silent task-without-workflow usage-differs workflow-asleep'
note "$(wc -w <<<"$kinds") kinds: $kinds"
for kind in $expected; do check_has "$kind is found" " $kinds " " $kind "; done
check_equal "each is explained" "$(jq '[.[] | select(.explanation == "" or .remedy == "")] | length' <<<"$found")" 0
check_has "as a table" "$(ctl audit || true)" 'What heals it'
check_refused "novactl doctor points there" 'novactl audit' ctl doctor
metrics() { curl -fsS --max-time 5 "http://127.0.0.1:$(monitoring_port nova-conductor)/metrics"; }
DIR=$NOVA_CLOUD_DIR
# shellcheck source=tools/lib/cloud-config.sh
source "$ROOT/tools/lib/cloud-config.sh"
# shellcheck disable=SC2034
DIR=$NOVA_CLOUD_DIR
set_ports
check_has "/metrics has the findings" "$(metrics)" 'nova_reconciler_findings{reconciler="ports"} [1-9]'

say "Healing"
ctl audit --fix >/dev/null || true
left=$(ctl audit --json || true)
left_kinds=$(jq -r '[.[] | select(.state == "found") | .kind] | unique | join(" ")' <<<"$left")
note "left: $left_kinds"
check_equal "what is safe is healed, nothing else" "$(jq '[.[] | select(.state == "found" and .safe)] | length' <<<"$left")" 0
for kind in instance-without-server disk-without-server provider-without-host; do
    check_has "$kind is left to the operator" " $left_kinds " " $kind "
done
check "the deleted server's instance is gone" test ! -e "$instances/_fake/${servers[dead]}"
check "the unknown one is not" test -e "$instances/_fake/${servers[ghost]}"
check "nor its disk" test -e "$instances/$stray_disk/disk"
check "the unused image is gone" test ! -e "$instances/_base/unused-image.raw"
check_equal "the power state is the host's" "$(server_state "${servers[power]}")" ACTIVE
check_equal "the task has ended" "$(rest GET "$compute/servers/${servers[task]}" | jq -r '.server."OS-EXT-STS:task_state"')" null
check_equal "the allocation is back" "$(sql placement "SELECT count(*) FROM allocations WHERE consumer_id = '${servers[unclaimed]}'")" 3
check_equal "the stray port is gone" "$(sql network "SELECT count(*) FROM ports WHERE id = '$stray_port'")" 0
check_equal "the address is the network service's" \
    "$(sql network "SELECT address FROM ports WHERE device_id = '${servers[network]}'")" \
    "$(rest GET "$compute/servers/${servers[network]}" | jq -r '.server.addresses[][0].addr' |
        awk -F. '{print (($1 * 256 + $2) * 256 + $3) * 256 + $4}')"
check_has "the history tells of it" "$(ctl server history power)" 'audit'
asleep() { [[ $(sql nova "SELECT count(*) FROM workflows WHERE id = '$sleeping' AND finished_at IS NULL") == 0 ]]; }
soon 30 "the sleeping workflow was done" asleep
check_equal "the sums are right" "$(sql placement "SELECT count(*) FROM usages AS u WHERE used <> (SELECT coalesce(sum(used), 0)
    FROM allocations AS a WHERE a.provider_id = u.provider_id AND a.resource_class = u.resource_class)")" 0

say "What only an operator may ask for"
ctl audit --fix --also instance-without-server --also disk-without-server >/dev/null || true
check "then the unknown instance goes" test ! -e "$instances/_fake/${servers[ghost]}"
check "and the unknown disk" test ! -e "$instances/$stray_disk"
sql placement "DELETE FROM resource_providers WHERE provider_id = '$stray_provider'"
for name in power unclaimed network hostless task lost moved; do remove_server "${servers[$name]}"; done
none_left() { [[ $(rest GET "$compute/servers" | jq '.servers | length') == 0 ]]; }
soon 30 "all servers are deleted" none_left
# What was deleted just now is left alone at first.
soon 30 "the cloud is clean again" ctl audit --fix
check_no_leaks

say "What a host owes"
owing=$(boot_active owing)
"$ROOT/tools/cloud" kill nova-compute
remove_server "$owing"
soon 30 "users see the server's end" is_state "$owing" gone
cleanups() { ctl cleanup list --json; }
is_owed() { [[ $(cleanups | jq --arg id "$owing" '[.[] | select(.server_id == $id)] | length') == 1 ]]; }
soon 30 "novactl cleanup list has what its host owes" is_owed
check_equal "with the host" "$(cleanups | jq -r '.[0].host')" "$CLOUD_HOST"
check_has "and the reason, as a table" "$(ctl cleanup list)" 'delete .*owing'
check_equal "the allocation is kept" "$(allocations_left)" 1
check_equal "its history has its end" "$(ctl server history "$owing" --json | jq -r '.[0].after.status')" DELETED
check "the reconcilers leave it alone" ctl audit
owed_workflow=$(cleanups | jq -r '.[0].workflow_id')
check "novactl workflow retry" ctl workflow retry "$owed_workflow"
check_refused "abandon needs a reason" reason ctl workflow abandon "$owed_workflow" --yes
check "novactl workflow abandon" ctl workflow abandon "$owed_workflow" --reason 'the host burned' --yes
none_owed() { [[ $(cleanups) == '[]' ]]; }
soon 30 "nothing is owed any more" none_owed
check_equal "the allocation is released" "$(allocations_left)" 0
check_has "the reason is kept" "$(ctl workflow show "$owed_workflow")" 'the host burned'
check_refused "a workflow that has ended is not tried again" '.' ctl workflow retry "$owed_workflow"
"$ROOT/tools/cloud" start nova-compute
rid_of() { ctl audit --fix >/dev/null && [[ ! -e $instances/_fake/$owing ]]; }
soon 30 "the host is rid of it when it comes back" rid_of

say "No false alarm under load"
sed -i 's/audit_interval=0/audit_interval=1/; s/audit_settle=2/audit_settle=1/' "$NOVA_CLOUD_DIR/cloud.env"
"$ROOT/tools/cloud" stop nova-conductor
"$ROOT/tools/cloud" start nova-conductor
check "clean before" ctl audit
healed_before=$(ctl audit --healed --json | jq length || true)
runs() { metrics | sed -n 's/^nova_reconciler_last_run_timestamp_seconds{reconciler="usage"} //p'; }
# As long as it takes for enough of both, on a busy machine too.
end=$((SECONDS + ${NOVA_CHURN_SECONDS:-30})) latest=$((SECONDS + 180)) churned=0 alarms='' looks=0 last=''
rm -f "$cloud_dir/enough"
churn() {
    local id
    until [[ -e $cloud_dir/enough ]]; do
        id=$(boot "churn-$1") || continue
        wait_for 30 "churn-$1 is ACTIVE" is_state "$id" ACTIVE
        if ((RANDOM % 2)); then
            rest POST "$compute/servers/$id/action" -H 'Content-Type: application/json' -d '{"os-stop": null}' || true
        fi
        remove_server "$id" || true
        echo "$id"
    done
}
pids=()
for number in 1 2 3 4; do
    churn "$number" >"$cloud_dir/churn.$number" 2>&1 &
    pids+=($!)
done
count_churned() { cat "$cloud_dir"/churn.[1-4] | grep -cE '^[0-9a-f-]{36}$' || true; }
until ((SECONDS >= latest || SECONDS >= end && looks >= 10 && $(count_churned) >= 10)); do
    seen=$(runs || true)
    if [[ $seen != "$last" ]]; then
        looks=$((looks + 1)) last=$seen
        alarms+=$(sql nova "SELECT kind, object, explanation FROM findings WHERE is_confirmed = 1 AND healed_at IS NULL")
    fi
done
touch "$cloud_dir/enough"
for pid in "${pids[@]}"; do wait "$pid" || true; done
churned=$(count_churned)
check_equal "no finding within $looks looks at $churned creates and deletes" "$alarms" ''
if ((looks >= 10 && churned >= 10)); then ok "which were enough"; else not_ok "only $looks looks and $churned servers"; fi
soon 30 "all are deleted" none_left
check_equal "nothing was healed either" "$(ctl audit --healed --json | jq length || true)" "$healed_before"
check "clean at the end" ctl audit
check_no_leaks
completed=yes
