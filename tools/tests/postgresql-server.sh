#!/usr/bin/env bash
# tools/tests/postgresql-server.sh start|stop|crash FOLDER: a PostgreSQL server in a folder, for tests.
# start prints its URL.
set -euo pipefail
# shellcheck source=tools/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/common.sh"
# shellcheck source=tools/lib/packages.sh
source "$ROOT/tools/lib/packages.sh"
# shellcheck source=tools/lib/postgresql.sh
source "$ROOT/tools/lib/postgresql.sh"
export POSTGRESQL_FSYNC=off
(($# == 2)) || die "usage: $0 start|stop|crash FOLDER"
case $1 in
start)
    postgresql_start "$2"
    postgresql_url "$2"
    ;;
stop) postgresql_stop "$2" ;;
crash) postgresql_stop "$2" immediate ;;
*) die "no action $1" ;;
esac
