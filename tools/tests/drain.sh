#!/usr/bin/env bash
# tools/tests/drain.sh: a host of 50 servers is emptied with novactl host drain, with a cloud of daemons and four fake
# hosts: what is in the way comes first, the moves made are those that were printed, Ctrl-C and the death of the conductor
# change nothing, the servers come back, and those of a host that is off are made anew.
set -euo pipefail
# shellcheck source=tools/tests/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
new_cloud --daemons --driver fake --hosts 4 --debug --set fake.migration_ms=250 --set conductor.workflow_lease_ms=2000
work=$cloud_dir/work
mkdir -p "$work"
home=$CLOUD_HOST-2

ctl() { timeout 240 "$CLOUD_BUILD/novactl" "$@"; }
# create COUNT NAME JSON: servers of the tiny guest.
create() {
    local image_id flavor_id
    image_id=$(rest GET "$image/v2/images?name=tiny-guest" | jq -r '.images[0].id')
    flavor_id=$(rest GET "$compute/flavors" | jq -r '.flavors[] | select(.name == "m1.tiny") | .id')
    rest POST "$compute/servers" -H 'Content-Type: application/json' -H 'OpenStack-API-Version: compute 2.74' -d "$(
        jq -n --arg name "$2" --arg image "$image_id" --arg flavor "$flavor_id" --argjson count "$1" --argjson more "$3" \
            '{server: ({name: $name, imageRef: $image, flavorRef: $flavor, networks: "auto", min_count: $count,
                max_count: $count} + $more)}')" >/dev/null
}
servers() { rest GET "$compute/servers/detail?all_tenants=1&limit=1000${1:-}"; }
# on_host HOST STATUS: how many servers of that status live there.
on_host() { servers "&host=$1" | jq --arg status "$2" '[.servers[] | select(.status == $status)] | length'; }
are_on() { [[ $(on_host "$1" "$2") == "$3" ]]; }
id_of() { servers "&name=^$1\$" | jq -r '.servers[0].id'; }
act() { rest POST "$compute/servers/$1/action" -H 'Content-Type: application/json' -d "$2"; }
status() { ctl host drain "$home" --status --json; }
moved() { status | jq .moved; }
have_moved() { status | jq -e --argjson count "$1" '.state == "running" and .moved >= $count'; }
# rows FILE: the servers that a printed plan wants to move: id, way, host.
rows() { awk '$3 == "waiting" {print $2, $4, $6}' "$1" | sort; }
# made: what migrations were completed since the last one that was known: id, way, host.
made() {
    rest GET "$compute/os-migrations?limit=1000" -H 'OpenStack-API-Version: compute 2.59' | jq -r --argjson since "$1" '
        .migrations[] | select(.id > $since and (.status == "completed" or .status == "confirmed")) |
        [.instance_uuid, (if .migration_type == "live-migration" then "live" else "cold" end), .dest_compute] | join(" ")' |
        sort
}
last_migration() {
    rest GET "$compute/os-migrations?limit=1000" -H 'OpenStack-API-Version: compute 2.59' | jq '[.migrations[].id] | max // 0'
}

say "Fifty servers on one host, two of which cannot leave it"
zone=$(rest POST "$compute/os-aggregates" -H 'Content-Type: application/json' \
    -d '{"aggregate": {"name": "only", "availability_zone": "only"}}' | jq -r .aggregate.id)
check "the host is the only one of its zone" rest POST "$compute/os-aggregates/$zone/action" \
    -H 'Content-Type: application/json' -d "{\"add_host\": {\"host\": \"$home\"}}"
create 48 many "{\"host\": \"$home\"}"
create 1 sleeper "{\"host\": \"$home\"}"
create 1 bound '{"availability_zone": "only"}'
soon 120 "50 servers run there" are_on "$home" ACTIVE 50
sleeper=$(id_of sleeper) bound=$(id_of bound)
act "$sleeper" '{"suspend": null}' >/dev/null
for number in 1 2 3 4; do act "$(id_of "many-$number")" '{"os-stop": null}' >/dev/null; done
soon 30 "one is suspended" are_on "$home" SUSPENDED 1
soon 30 "four are stopped" are_on "$home" SHUTOFF 4

say "The plan"
check "host drain --dry-run" ctl host drain "$home" --dry-run
check_equal "what is in the way comes first" "$(sed -n '3,4p' <<<"$output" | awk '{print $2}' | sort)" \
    "$(printf '%s\n' "$sleeper" "$bound" | sort)"
check_has "with the next step" "$output" "$sleeper .* suspended. Next: openstack server resume"
check_has "and with what no other host has" "$output" "$bound .*AvailabilityZoneFilter"
check_has "and the rest has hosts" "$output" '48 server(s) to be moved, 2 cannot be moved as they are.'
check_equal "four of them go cold" "$(grep -c ' waiting  *cold ' <<<"$output")" 4
check_refused "nobody can be asked" 'repeat it with --yes' ctl host drain "$home"
check_equal "plans that nobody starts are not kept" "$(rest GET "$compute/os-nova-drains" | jq '.drains | length')" 0
check_equal "and nothing was moved" "$(last_migration)" 0
check_refused "a host that is none" 'no host "nothing"' ctl host drain nothing --yes
check_refused "a host that is not off is not evacuated" 'service set --down' ctl host evacuate "$home" --yes

say "Ctrl-C, and a stop"
"$CLOUD_BUILD/novactl" host drain "$home" --yes >"$work/first" 2>"$work/first.err" &
pid=$!
soon 30 "some have moved" have_moved 3
soon 30 "it tells how long it will take" grep -q 'of 48 moved .*about' "$work/first.err"
kill -INT "$pid"
result=0
wait "$pid" || result=$?
check_equal "Ctrl-C ends the command" "$result" 130
check_has "which says that the drain goes on" "$(cat "$work/first.err")" 'goes on without this command'
check "host list" ctl host list
check_has "the host is in maintenance" "$output" "$home .*disabled .*draining: "
check_refused "a second drain" 'are being moved already' ctl host drain "$home" --yes
check "host drain --stop" ctl host drain "$home" --stop
check_equal "it is stopped" "$(status | jq -r .state)" stopped
left=$(status | jq .waiting)
if ((left > 0 && left < 48)); then ok "$left servers were left"; else not_ok "$left servers were left"; fi
check_equal "their way is as it was printed" "$(made 0)" "$(comm -12 <(made 0) <(rows "$work/first"))"
before=$(last_migration)

say "The conductor dies"
"$CLOUD_BUILD/novactl" host drain "$home" --yes >"$work/second" 2>"$work/second.err" &
pid=$!
soon 30 "some have moved" have_moved 3
"$ROOT/tools/cloud" kill nova-conductor
if (($(moved) < left)); then ok "in the middle: $(moved) of $left have moved"; else not_ok "$(moved) of $left have moved"; fi
"$ROOT/tools/cloud" start nova-conductor
result=0
wait "$pid" || result=$?
check_equal "the drain goes on to its end; two servers are left" "$result" 1
check_equal "it has moved all others" "$(status | jq -c '[.state, .moved, .blocked, .failed, .waiting]')" "[\"done\",$left,2,0,0]"
check_has "the end names those that are left" "$(cat "$work/second")" '2 server(s) were not moved'
check_equal "the moves made are those that were printed" "$(made "$before")" "$(rows "$work/second")"
check_equal "only they are on the host" "$(servers "&host=$home" | jq -c '[.servers[].id] | sort')" \
    "$(jq -nc --arg a "$sleeper" --arg b "$bound" '[$a, $b] | sort')"
check "host list" ctl host list
check_has "the host is drained" "$output" "$home .*disabled .*drained"
check_has "doctor knows" "$(ctl doctor || true)" "Host $home is in maintenance (drained)"
create 6 other '{}'
others_run() { [[ $(servers '&name=^other' | jq '[.servers[] | select(.status == "ACTIVE")] | length') == 6 ]]; }
soon 60 "new servers boot" others_run
check_equal "on other hosts" "$(servers '&name=^other' | jq --arg host "$home" '[.servers[] | select(.["OS-EXT-SRV-ATTR:host"] == $host)] | length')" 0

say "Undrain"
check "host undrain --return" ctl host undrain "$home" --return --yes --json
check_equal "48 servers came back" "$(tail -n 1 <<<"$output" | jq -c '[.state, .moved, .failed]')" '["done",48,0]'
check_equal "50 are there again" "$(servers "&host=$home" | jq '.servers | length')" 50
check_equal "four of them are stopped" "$(on_host "$home" SHUTOFF)" 4
create 1 fresh "{\"host\": \"$home\"}"
fresh_runs() { is_state "$(id_of fresh)" ACTIVE; }
soon 30 "and a new one boots there" fresh_runs

say "A host that is off"
"$ROOT/tools/cloud" kill nova-compute.2
host_is() { [[ $(rest GET "$compute/os-services?host=$home&binary=nova-compute" | jq -r '.services[0].state') == "$1" ]]; }
soon 30 "it is down" host_is down
check_refused "it cannot be drained" 'novactl host evacuate' ctl host drain "$home" --yes
check "somebody says that it is off" rest PUT "$compute/os-services/force-down" -H 'Content-Type: application/json' \
    -H 'OpenStack-API-Version: compute 2.11' -d "{\"host\": \"$home\", \"binary\": \"nova-compute\", \"forced_down\": true}"
result=0
ctl host evacuate "$home" --yes --json >"$work/evacuation" 2>"$work/evacuation.err" || result=$?
check_equal "host evacuate leaves two servers" "$result $(jq -c '[.state, .moved, .blocked, .failed]' "$work/evacuation")" \
    '1 ["done",49,2,0]'
check_equal "what ran runs elsewhere" "$(servers | jq --arg host "$home" '[.servers[] | select(.["OS-EXT-SRV-ATTR:host"] != $host
    and .status == "ACTIVE" and (.name | startswith("many")))] | length')" 44
"$ROOT/tools/cloud" start nova-compute.2
nothing_is_owed() { [[ $(ctl cleanup list --json) == '[]' ]]; }
soon 60 "the host cleans up when it is back" nothing_is_owed
check "and is taken into use" rest PUT "$compute/os-services/force-down" -H 'Content-Type: application/json' \
    -H 'OpenStack-API-Version: compute 2.11' -d "{\"host\": \"$home\", \"binary\": \"nova-compute\", \"forced_down\": false}"

say "Nothing is left"
for id in $(servers | jq -r '.servers[].id'); do remove_server "$id"; done
all_gone() { [[ $(servers | jq '.servers | length') == 0 ]]; }
soon 60 "all servers are gone" all_gone
check_no_leaks
completed=yes
