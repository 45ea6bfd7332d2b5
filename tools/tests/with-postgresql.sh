#!/usr/bin/env bash
# tools/tests/with-postgresql.sh COMMAND...: runs it with NOVA_TEST_POSTGRESQL, the URL of a fresh PostgreSQL server
#
# Where there is no server and the package cannot be installed the command runs without it, on SQLite alone; in CI
# (the variable CI is set) that is an error.
set -euo pipefail
# shellcheck source=tools/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/common.sh"
server=$ROOT/tools/tests/postgresql-server.sh
folder=$(mktemp -d /tmp/nova-postgresql-XXXXXX)
chmod 755 "$folder"
cleanup() {
    "$server" stop "$folder/pg" || true
    rm -rf "$folder"
}
trap cleanup EXIT
if url=$("$server" start "$folder/pg"); then
    export NOVA_TEST_POSTGRESQL=$url
else
    [[ -z ${CI:-} ]] || die "no PostgreSQL, and this is CI"
    warn "NO POSTGRESQL: the tests run on SQLite alone"
fi
status=0
"$@" || status=$?
exit $status
