#!/usr/bin/env bash
# tools/tests/journey.sh: a user's and an operator's day with the unmodified openstack client, on two fake hosts: all
# sections of shared/conformance/journey.sh but those about what this cloud does not have yet.
set -euo pipefail
# shellcheck source=tools/tests/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=tools/lib/clients.sh
source "$ROOT/tools/lib/clients.sh"
ensure_clients
new_cloud --standalone --driver fake --hosts 2 --debug

# The servers are in the cloud's own network: in its own one the journey ends with the router of the section floating.
# Not yet: volume boot-from-volume security floating interface console resize shelve migrate.
sections='identity|flavor|keypair|image|network|server|lock|pause|metadata|snapshot|rebuild|rescue|group|quota|operator'
log=$cloud_dir/journey
JOURNEY_NET=default JOURNEY_COLD=1 JOURNEY_ONLY="^($sections|placement)\$" "$suites/journey.sh" | tee "$log" || true
passed=$((passed + $(grep -c '^PASS ' "$log" || true)))
while IFS= read -r step; do
    not_ok "$step" "$(grep -F -A 1 "FAIL $step" "$log" | tail -n 1)"
done < <(sed -n 's/^FAIL //p' "$log")
check "the journey came to its end" grep -qE '^[0-9]+ passed, ' "$log"
completed=yes
