#!/usr/bin/env bash
# tools/tests/database.sh: a cloud of daemons on PostgreSQL (fake driver): boots while the database server is stopped,
# crashes and comes back, and what operators do with novactl db, on both databases.
set -euo pipefail
# shellcheck source=tools/tests/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
new_cloud --daemons --driver fake --debug --database postgresql
db() { local verb=$1 && shift && "$CLOUD_BUILD/novactl" db "$verb" --config-file "$NOVA_CLOUD_DIR/nova.conf" "$@"; }
booted=()
work=$(mktemp -d)

say "Boots while the server comes and goes"
image_id=$(rest GET "$image/v2/images?name=tiny-guest" | jq -r '.images[0].id')
# boots COUNT: asks for servers one after the other; a refusal must be a 503.
boots() {
    local number id
    for ((number = 1; number <= $1; number++)); do
        if id=$(rest_json POST "$compute/servers" "$(jq -n --arg name "database-$number" --arg image "$image_id" \
            '{server: {name: $name, imageRef: $image, flavorRef: "1"}}')" 2>"$work/refusal" | jq -er .server.id); then
            booted+=("$id")
        elif ! grep -q ': 503 ' "$work/refusal"; then
            not_ok "a create is accepted, or refused by 503" "$(cat "$work/refusal")"
        fi
    done
}
all_active() {
    local id
    for id in "${booted[@]}"; do is_state "$id" ACTIVE || return 1; done
}
boots 4
for how in stop kill; do
    (
        sleep 0.3
        "$ROOT/tools/cloud" "$how" postgresql
        sleep 1
        "$ROOT/tools/cloud" start postgresql
    ) >&2 &
    boots 12
    wait $!
    boots 4
    soon 60 "all that were accepted are ACTIVE after $how of the database" all_active
done
note "${#booted[@]} of 36 creates were accepted"
if ((${#booted[@]} >= 30)); then ok "most creates were accepted"; else not_ok "only ${#booted[@]} of 36 were accepted"; fi
check "all daemons are ready" "$ROOT/tools/cloud" status

say "What operators do, on PostgreSQL"
check "db check" db check
check "db backup while services run" db backup "$work/backup"
check_equal "a file for each database" "$(find "$work/backup" -name '*.dump' | wc -l)" 5
check_refused "db restore while services run" "has the database nova open" db restore --yes "$work/backup"
first=${booted[0]}
for id in "${booted[@]}"; do remove_server "$id" || not_ok "server $id is deleted"; done
none_left() { [[ $(rest GET "$compute/servers" | jq '.servers | length') == 0 ]]; }
soon 60 "all are deleted" none_left
check "db archive" db archive --before 0 --to "$work/archive.jsonl" --json
check_equal "all deleted servers are in the file" \
    "$(jq -r 'select(.table == "servers") | .row.id' "$work/archive.jsonl" | sort | tr '\n' ' ')" \
    "$(printf '%s\n' "${booted[@]}" | sort | tr '\n' ' ')"
check_equal "none is in the database" "$(db archive --before 0 --discard --json | jq .servers)" 0
check_no_leaks
"$ROOT/tools/cloud" down
"$ROOT/tools/cloud" start postgresql
check "db restore with the services stopped" db restore --yes "$work/backup"
check "db check after it" db check
check_equal "no deleted server is in the database" "$(db archive --before 0 --discard --json | jq .servers)" 0
"$ROOT/tools/cloud" up
check_has "the restored server is shown" "$(rest GET "$compute/servers")" "$first"
"$ROOT/tools/cloud" down --wipe
rm -rf "$cloud_dir"

say "The same on SQLite"
new_cloud --standalone --driver fake --debug
check "db check" db check
check "db backup while services run" db backup "$work/sqlite"
check_refused "db restore while services run" "has the database nova open" db restore --yes "$work/sqlite"
"$ROOT/tools/cloud" down
check "db restore with the services stopped" db restore --yes "$work/sqlite"
check "db check after it" db check
check_refused "a folder without a backup" "no backup" db restore --yes "$work"
rm -rf "$work"
completed=yes
