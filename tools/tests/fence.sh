#!/usr/bin/env bash
# tools/tests/fence.sh: a host is switched off by its fence agent (novactl host fence, fake driver): what the agent says is
# told, its success alone makes the host count as down, the death of the conductor in between changes nothing, and only
# then its servers may be evacuated.
set -euo pipefail
# shellcheck source=tools/tests/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
fencing=$(mktemp -d "${NOVA_TEST_DIR:-/var/tmp}/nova-fence.XXXXXX")
chmod 755 "$fencing"
new_cloud --daemons --driver fake --debug --set "fencing.agent=$fencing/agent" --set "fencing.arguments_path=$fencing" \
    --set conductor.workflow_lease_ms=1000
novactl=$CLOUD_BUILD/novactl
ctl() { timeout 90 "$novactl" "$@"; }
# agent SCRIPT: what switches hosts off from now on; its options go to a file.
agent() {
    printf '#!/bin/bash\ncat >>%q/calls\n%s\n' "$fencing" "$1" >"$fencing/agent.new"
    chmod 755 "$fencing/agent.new"
    mv "$fencing/agent.new" "$fencing/agent"
}
calls() { grep -c '^action=off$' "$fencing/calls" 2>/dev/null || true; }
is_down() { [[ $(rest GET "$compute/os-services?binary=nova-compute" -H 'OpenStack-API-Version: compute 2.53' | jq '.services[0].forced_down') == "$1" ]]; }
evacuate() {
    rest POST "$compute/servers/$id/action" -H 'Content-Type: application/json' \
        -H 'OpenStack-API-Version: compute 2.95' -d '{"evacuate": {}}'
}
printf 'ip={host}.ipmi.example.org\nusername=admin\n' >"$fencing/default"

id=$(boot victim)
soon 60 "the server is ACTIVE" is_state "$id" ACTIVE
check_refused "an evacuation is refused, and says what to do" "novactl host fence $CLOUD_HOST" evacuate
check_refused "nobody is asked without a terminal" yes ctl host fence "$CLOUD_HOST"
check_refused "an unknown host" 'could not be found' ctl host fence nowhere --yes

say "An agent that fails"
agent 'echo "Failed: Unable to obtain correct plug status" >&2; exit 1'
check_refused "what it prints is told" 'status 1.: Failed: Unable to obtain correct plug status' ctl host fence "$CLOUD_HOST" --yes
check_equal "it read its options" "$(tr '\n' ' ' <"$fencing/calls")" "action=off ip=$CLOUD_HOST.ipmi.example.org username=admin "
agent 'echo "Success: Powered OFF"'
check_refused "nor is the host down when it answers all the same" 'still answers' ctl host fence "$CLOUD_HOST" --yes
check "nothing has changed" is_down false
check_refused "nor may its servers go" 'still in use' evacuate

say "An agent whose conductor dies"
agent "if [[ ! -e $fencing/first ]]; then touch $fencing/first; exec sleep 30; fi
NOVA_CLOUD_DIR=$NOVA_CLOUD_DIR PATH=\$PATH $ROOT/tools/cloud kill nova-compute </dev/null >/dev/null
echo 'Success: Powered OFF'"
before=$(calls)
ctl host fence "$CLOUD_HOST" --yes --reason 'smoke in rack 7' >"$cloud_dir/fence.out" 2>&1 &
fence=$!
wait_for 30 "the agent runs" test -e "$fencing/first"
"$ROOT/tools/cloud" kill nova-conductor
"$ROOT/tools/cloud" start nova-conductor
if wait "$fence"; then ok "novactl host fence"; else not_ok "novactl host fence" "$(cat "$cloud_dir/fence.out")"; fi
check_has "which says what follows" "$(cat "$cloud_dir/fence.out")" 'can be evacuated'
check_equal "the agent was run again" $(($(calls) - before)) 2
check "the host counts as down" is_down true
check_has "with the reason" "$(rest GET "$compute/os-services?binary=nova-compute" | jq -r '.services[0].disabled_reason')" \
    'fenced: smoke in rack 7'
fences=$(ctl host fences "$CLOUD_HOST" --json)
check_equal "the list has all three" "$(jq -r '[.[].state] | join(" ")' <<<"$fences")" 'succeeded failed failed'
check_equal "with the reason" "$(jq -r '.[0].reason' <<<"$fences")" 'smoke in rack 7'
check_has "as a table" "$(ctl host fences)" 'still answers'
check_equal "the server's history says why" "$(ctl server history "$id" --json | jq -r '.[0].what')" 'host fenced'
check "then the server may go" evacuate
is_idle() { [[ $(rest GET "$compute/servers/$id" | jq -r '.server["OS-EXT-STS:task_state"]') == null ]]; }
soon 30 "there is no other host for it" is_idle
check_refused "a host that is down is not switched off again" 'down already' ctl host fence "$CLOUD_HOST" --yes
check "novactl audit is content" ctl audit

"$ROOT/tools/cloud" start nova-compute
service=$(rest GET "$compute/os-services?binary=nova-compute" -H 'OpenStack-API-Version: compute 2.53' | jq -r '.services[0].id')
check "an operator says that it is back" rest PUT "$compute/os-services/$service" -H 'Content-Type: application/json' \
    -H 'OpenStack-API-Version: compute 2.53' -d '{"forced_down": false}'
remove_server "$id"
soon 60 "the server is gone" is_state "$id" gone
check_no_leaks
rm -rf "$fencing"
completed=yes
