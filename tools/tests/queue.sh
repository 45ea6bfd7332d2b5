#!/usr/bin/env bash
# tools/tests/queue.sh: what operators see of the queue and do to it, in a cloud of daemons and in a standalone one (fake
# driver): every command for people and as JSON, the trace of a boot, ping, purge, drain, a listener, and /metrics.
set -euo pipefail
# shellcheck source=tools/tests/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# A spawn takes half a second, so that the trace has something to show.
new_cloud --daemons --driver fake --debug --set fake.spawn_delay_ms=500 --set notifications.queue_fanout=true
novactl=$CLOUD_BUILD/novactl
host=$CLOUD_HOST

queue() { timeout 60 "$novactl" queue "$@"; }

# shows NAME PATTERN COMMAND...: succeeds, and its output has the pattern.
shows() {
    local name=$1 pattern=$2
    shift 2
    if ! output=$(queue "$@" 2>&1); then
        not_ok "$name (queue $*)" "$output"
    elif grep -qE -- "$pattern" <<<"$output"; then
        ok "$name"
    else
        not_ok "$name: no '$pattern' in queue $*" "$output"
    fi
}

# json NAME FILTER COMMAND...: with --json, the output is one JSON document for which the filter is true.
json() {
    local name=$1 filter=$2
    shift 2
    if output=$(queue "$@" --json 2>&1) && [[ $(jq -s length <<<"$output" 2>/dev/null) == 1 ]] &&
        jq -e "$filter" <<<"$output" >/dev/null; then ok "$name, as JSON"; else not_ok "$name: not so: $filter" "$output"; fi
}

# fails NAME CODE TEXT COMMAND...: the exit code, and one line on standard error with TEXT.
fails() {
    local name=$1 code=$2 text=$3 status=0
    shift 3
    output=$(queue "$@" 2>&1 >/dev/null </dev/null) || status=$?
    if ((status == code)) && [[ $(wc -l <<<"$output") == 1 ]] && grep -qE -- "$text" <<<"$output"; then
        ok "$name (exit code $code)"
    else
        not_ok "$name: exit code $status, wanted $code and '$text'" "$output"
    fi
}

# booted NAME: asks for a server; its id in $server, the id of the request in $request; waits until it is active.
booted() {
    local headers image_id flavor_id
    headers=$(mktemp)
    image_id=$(rest GET "$image/v2/images?name=tiny-guest" | jq -r '.images[0].id')
    flavor_id=$(rest GET "$compute/flavors" | jq -r '.flavors[] | select(.name == "m1.tiny") | .id')
    server=$(rest POST "$compute/servers" -H 'Content-Type: application/json' -H 'OpenStack-API-Version: compute 2.37' \
        -D "$headers" -d "$(jq -n --arg name "$1" --arg image "$image_id" --arg flavor "$flavor_id" \
            '{server: {name: $name, imageRef: $image, flavorRef: $flavor, networks: "auto"}}')" | jq -r .server.id)
    request=$(sed -n 's/^x-openstack-request-id: *\(req-[0-9a-f-]*\).*/\1/Ip' "$headers")
    rm -f "$headers"
    soon 30 "$1 is ACTIVE" is_state "$server" ACTIVE
}

# check_trace CLOUD: all hops of the last boot are in its trace.
check_trace() {
    local method
    soon 10 "the trace of a boot has ended ($1)" queue_is_traced
    for method in conductor.workflow_ready scheduler.select_host placement.claim network.allocate compute.build; do
        check_has "$method is in the trace of a boot ($1)" "$traced" "\"$method\""
    done
}

queue_is_traced() {
    traced=$(queue trace "$request" --json | tee "$cloud_dir/trace") &&
        jq -e '.messages | any(.method == "compute.build" and .outcome == "reply" and .served >= 400)' \
            <<<"$traced" >/dev/null
}

say "A boot and its trace"
booted one
traced=''
check_trace daemons
traced=$(cat "$cloud_dir/trace")
json "the trace" '(.messages | length) >= 5 and .total >= 500 and all(.messages[]; .offset >= 0 and (.worker != "" or .kind == "fanout"))' \
    trace "$request"
json "the request is its first line" \
    '.messages[0] | .kind == "http" and .method == "POST os_compute_api:servers:create" and .outcome == "202"' \
    trace "$request"
shows "the trace for people" '\|[ =.]{40}\| +call +compute.build +conductor@[^ ]+ +compute@' trace "$request"
shows "by the UUID alone" "^$request: [0-9]+ messages within [0-9]+ ms" trace "${request#req-}"
fails "a request that nobody made" 3 'No broker remembers' trace req-00000000-0000-4000-8000-000000000001
fails "what is no id" 2 'no request.s id' trace yesterday

say "Queues, peers, bindings"
shows "queue list" '^Queue +Kind +Home +Ready +In flight +Bytes +Oldest ms +Consumers +Credit +In/s +Out/s +Redelivered' \
    list
check_has "it names the home" "$output" "^compute.$host *host *127.0.0.1:$((CLOUD_PORT_BASE + 5)) "
json "queue list" 'all(has("ready") and has("home") and has("received") and has("held") and (has("broker") | not))' list
json "queue list --by-broker" 'length > 10 and all(.broker == .home)' list --by-broker
shows "queue list --watch" "^compute.$host " list --watch --count 1
shows "queue show" '^Worker +In flight +Stuck' show conductor
check_has "with the times of its methods" "$output" '^conductor.workflow_ready  *1  *<= '
json "queue show of a host" '(.queues | length) == 1 and (.workers | length) == 1 and .workers[0].role == "compute"
    and (.methods[] | select(.method == "compute.build") | .messages == 1 and .service_mean >= 400)' show "compute.$host"
fails "a queue that is none" 3 'no queue "nothing".*queue list' show nothing
shows "queue peers" "^compute@$host/[0-9]+ +compute +1 +[0-9]+ +0 +no +fanout compute, host compute.$host +127" peers
json "queue peers" 'map(.role) | contains(["api", "compute", "conductor", "identity", "scheduler"])' peers
shows "queue bindings" "^compute.$host +host +compute@$host/[0-9]+ +compute [0-9]+" bindings
json "queue bindings" 'any(.queue == "conductor" and .kind == "topic" and (.worker | startswith("conductor@")))' bindings
json "queue bindings --by-broker" 'all(has("broker"))' bindings --by-broker
shows "no dead letters" '^\(none\)$' dead
json "no dead letters" '. == []' dead

say "Ping"
shows "queue ping" "^compute.$host: [0-9.]+ ms$" ping "$host"
shows "several times" '^5 answers: least [0-9.]+ ms, mean' ping "$host" --count 5
json "queue ping of a topic" '.queue == "scheduler" and (.times_ms | length) == 2 and .max_ms < 2000' \
    ping --topic scheduler --count 2
shows "the host queue of another topic" "^network.$host: " ping "$host" --topic network
fails "an unknown host" 3 "No compute service of a host \"nohost\".*Connected: $host" ping nohost
fails "an unknown topic" 3 'No service answers the queue "nothing"' ping --topic nothing
fails "no host" 2 'HOST, or --topic' ping

say "Purge, dead letters"
fails "nobody can be asked" 2 'repeat it with --yes' purge conductor
fails "a queue that is none" 3 'no queue "nothing"' purge nothing --yes
json "an empty queue" '.queue == "conductor" and .dropped == 0' purge conductor --yes
# A cast waits for a service that is away.
"$ROOT/tools/cloud" stop nova-conductor
json "nobody serves the conductors' queue" 'all(.[] | select(.name == "conductor"); .consumers == 0)' list
boot two >/dev/null
woken() { queue list --json | jq -e 'any(.[]; .name == "conductor" and .kind == "topic" and .ready == 1)' >/dev/null; }
soon 10 "the wake-up of a conductor waits" woken
json "purge" '.dropped == 1' purge conductor --yes
shows "it is a dead letter" "^conductor +conductor.workflow_ready +api@$host/[0-9]+ +purged +req-[0-9a-f-]{36} " dead
json "dead letters" 'length == 1 and .[0].method == "conductor.workflow_ready" and .[0].reason == "purged"' dead
dead_request=$(jq -r '.[0].request_id' <<<"$output")
json "which leads to its request" '.messages | length >= 1' trace "$dead_request"
"$ROOT/tools/cloud" start nova-conductor
all_active() { rest GET "$compute/servers/detail" | jq -e '.servers | length == 2 and all(.[]; .status == "ACTIVE")' >/dev/null; }
soon 60 "the server is booted all the same: the workflow is in the database" all_active

say "Metrics"
monitoring=http://127.0.0.1:$((CLOUD_PORT_BASE + 11))/metrics
figures() { curl -fsS --max-time 5 "$monitoring"; }
has_figure() { figures | grep -qE -- "$1"; }
for line in 'nova_queue_consumers\{kind="topic",queue="scheduler"\} 1' \
    "nova_queue_delivered_total\{kind=\"host\",queue=\"compute.$host\"\} [1-9]" \
    'nova_queue_dead_letters_total\{kind="topic",queue="conductor"\} 1' 'nova_queue_peers\{role="compute"\} 1' \
    'nova_queue_peers_stuck\{role="compute"\} 0' 'nova_queue_messages_ready\{kind="topic",queue="conductor"\} 0' \
    'nova_queue_waiting_seconds_bucket\{interface="scheduler",method="select_host",le="\+Inf"\} [1-9]' \
    'nova_queue_service_seconds_bucket\{interface="compute",method="build",le="0.2"\} 0' \
    'nova_queue_service_seconds_count\{interface="compute",method="build"\} 2' \
    'nova_queue_handshakes_total\{result="admitted"\} [1-9]'; do
    soon 5 "$line" has_figure "^$line"
done
check_equal "each name is described once" "$(figures | grep '^# TYPE' | sort | uniq -d)" ''

say "Drain"
fails "an unknown broker" 3 'no broker tcp://127.0.0.1:1' drain 127.0.0.1:1
fails "the only broker, without being asked" 2 'No other broker answers.*--yes' drain "127.0.0.1:$((CLOUD_PORT_BASE + 5))"
shows "drain" 'drains and ends' drain "tcp://127.0.0.1:$((CLOUD_PORT_BASE + 5))" --yes
queue_ended() { ! kill -0 "$(cat "$NOVA_CLOUD_DIR/run/nova-queue.pid")" 2>/dev/null; }
soon 10 "nova-queue has ended" queue_ended
"$ROOT/tools/cloud" start nova-queue
served() { queue ping "$host" >/dev/null 2>&1 && queue ping --topic conductor >/dev/null 2>&1; }
soon 15 "all are back" served
say "A listener with keys of its own"
ear=$cloud_dir/ear.key
check "keys of the role listener" queue keygen --role listener --host ear "$ear"
check "they are let in" queue authorize "$ear"
listen() { exec timeout -s INT 60 "$novactl" notifications listen --key "$ear" "$@"; }
listen --json --event instance.create >"$cloud_dir/heard.json" 2>"$cloud_dir/listening" &
listener=$!
listen >"$cloud_dir/heard" 2>"$cloud_dir/listening.too" &
other=$!
are_listening() { grep -q listening "$cloud_dir/listening" && grep -q listening "$cloud_dir/listening.too"; }
soon 10 "two programs listen" are_listening
booted heard
has_heard() { grep -q '"instance.create.end"' "$cloud_dir/heard.json" && grep -q 'instance.create.end' "$cloud_dir/heard"; }
soon 10 "both hear of it" has_heard
check_equal "as Nova tells it, one notification a line" \
    "$(jq -r '[.event_type, .payload["nova_object.name"], .payload["nova_object.version"], .payload["nova_object.data"].uuid] | join(" ")' \
        "$cloud_dir/heard.json")" "instance.create.start InstanceCreatePayload 1.12 $server
instance.create.end InstanceCreatePayload 1.12 $server"
check_has "as a table" "$(cat "$cloud_dir/heard")" "instance.create.end  *$server  active  *$host"
# Ctrl-C: timeout passes it on.
kill -INT "$listener" "$other"
status=0
wait "$listener" && wait "$other" || status=$?
check_equal "Ctrl-C ends them in good order" "$status" 0
has_left() { ! queue peers --json | jq -e 'any(.[]; .role == "listener")' >/dev/null; }
soon 5 "the broker was told" has_left
fails "its keys are no operator's" 5 'does it know your key' list --key "$ear"

for id in $(rest GET "$compute/servers" | jq -r '.servers[].id'); do remove_server "$id"; done
no_servers() { [[ $(rest GET "$compute/servers" | jq '.servers | length') == 0 ]]; }
soon 30 "the servers are deleted" no_servers
check_no_leaks
check "down --wipe" "$ROOT/tools/cloud" down --wipe
rm -rf "$cloud_dir" "$rest_header"
rest_header=''

say "Standalone"
new_cloud --standalone --driver fake --debug --set fake.spawn_delay_ms=500
booted alone
traced=''
check_trace standalone
shows "ping" "^compute.$host: " ping "$host"
monitoring=http://127.0.0.1:$((CLOUD_PORT_BASE + 10))/metrics
soon 5 "metrics of the queue" has_figure '^nova_queue_service_seconds_count\{interface="compute",method="build"\} 1'
remove_server "$server"
soon 30 "the server is deleted" no_servers
completed=yes
