#!/usr/bin/env bash
# tools/tests/scenarios.sh [NAME...]: the scenario files of Tests/Conformance/scenarios (all, or those named) with
# openstacksdk's session and python-novaclient, at five microversions, on two fake hosts.
set -euo pipefail
# shellcheck source=tools/tests/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=tools/lib/clients.sh
source "$ROOT/tools/lib/clients.sh"
ensure_clients
new_cloud --standalone --driver fake --hosts 2 --debug

result=$cloud_dir/scenarios
PYTHONWARNINGS=ignore "$clients/bin/python" "$ROOT/Tests/Conformance/scenarios.py" "$@" | tee "$result" || true
passed=$((passed + $(grep -c '^ok ' "$result" || true)))
failed=$((failed + $(grep -c '^NOT OK' "$result" || true)))
check "the scenarios came to their end" grep -qE '^[0-9]+ passed, ' "$result"
completed=yes
