#!/usr/bin/env bash
# tools/tests/schemas.sh: the documents of proto-spec/api are OpenAPI 3.1, and what their schemas accept is what the
# services accept: made-up bodies (valid, nearly valid, random) are judged by NovaSchema and by python's jsonschema.
# NOVA_SCHEMA_SEED=N plays the same bodies again. Both validators come from PyPI into .build/venv-schemas.
set -euo pipefail
# shellcheck source=tools/tests/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=tools/lib/schemas.sh
source "$ROOT/tools/lib/schemas.sh"
trap end_of_test EXIT
ensure_validators
work=$(mktemp -d)
trap 'rm -rf "$work"; end_of_test' EXIT
cd "$ROOT"
seed=${NOVA_SCHEMA_SEED:-20261}
count=$([[ ${NOVA_TEST_FULL:-no} == yes ]] && echo 500 || echo 120)
note "seed $seed, $count bodies for each schema"

for document in proto-spec/api/*.json; do
    check "$document is OpenAPI 3.1" "$validators/openapi-spec-validator" --errors all "$document"
done
bodies=("$validators/python" tools/tests/schemas.d/bodies.py)
check "bodies are made" "${bodies[@]}" make --seed "$seed" --count "$count" --cases "$work/cases"
NOVA_SCHEMA_CASES=$work/cases NOVA_SCHEMA_VERDICTS=$work/verdicts \
    check "NovaSchema judges them" timeout 300 swift test --skip-build --filter SchemaCaseTests
check "jsonschema agrees" "${bodies[@]}" compare --cases "$work/cases" --verdicts "$work/verdicts"
note "$output"
completed=yes
