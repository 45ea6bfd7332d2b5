#!/usr/bin/env bash
# tools/tests/malformed.sh: requests over all routes of proto-spec/api that are wrong in many ways, as a user of another
# project and as an administrator: no 5xx, no hang, nothing of another project (standalone, fake driver).
# NOVA_SCHEMA_SEED=N plays the same requests again.
set -euo pipefail
# shellcheck source=tools/tests/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=tools/lib/schemas.sh
source "$ROOT/tools/lib/schemas.sh"
ensure_validators
new_cloud --standalone --driver fake --debug
seed=${NOVA_SCHEMA_SEED:-20262}
count=$([[ ${NOVA_TEST_FULL:-no} == yes ]] && echo 20000 || echo 3000)
note "seed $seed, $count requests"

result=$cloud_dir/result
"$validators/python" "$ROOT/tools/tests/schemas.d/malformed.py" --seed "$seed" --count "$count" \
    --identity "${OS_AUTH_URL%/v3*}" --compute "${compute%/v2.1}" --image "$image" --network "$network" \
    --placement "$placement" | tee "$result" || true
passed=$((passed + $(grep -c '^ok ' "$result" || true)))
failed=$((failed + $(grep -c '^NOT OK' "$result" || true)))
check "the requests came to their end" grep -q '^requests: ' "$result"
check "the cloud is unharmed" "$ROOT/tools/cloud" status
after=$(boot after)
soon 30 "it boots servers" is_state "$after" ACTIVE
completed=yes
