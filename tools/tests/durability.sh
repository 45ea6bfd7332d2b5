#!/usr/bin/env bash
# tools/tests/durability.sh: a boot costs few durable transactions; nova-standalone is killed under load (10 times, 50
# with --full), and its disk fills up: nothing that was accepted is lost, the databases stay sound (fake driver).
set -euo pipefail
# shellcheck source=tools/tests/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
export PYTHONDONTWRITEBYTECODE=1
rounds=10
if [[ ${NOVA_TEST_FULL:-} == yes ]]; then rounds=50; fi

small=$(mktemp -d /var/tmp/nova-small.XXXXXX)
mount -t tmpfs -o size=160m,mode=755 nova-small "$small"
unmount_small() { umount -l "$small" && rmdir "$small"; }
NOVA_TEST_DIR=$small new_cloud --standalone --driver fake --debug
trap 'end_of_test; unmount_small' EXIT
commits() {
    curl -s "http://127.0.0.1:$((CLOUD_PORT_BASE + 10))/metrics" |
        awk '/^nova_database_commits_total/ { sum += $2 } END { print sum + 0 }'
}
before=$(commits) servers=()
for number in {1..20}; do
    servers+=("$(boot "counted-$number")")
    wait_for 30 "counted-$number is ACTIVE" is_state "${servers[-1]}" ACTIVE || not_ok "counted-$number is ACTIVE"
done
per_boot=$((($(commits) - before + 19) / 20))
if ((before > 0 && per_boot <= 10)); then ok "a boot takes at most 10 durable transactions: $per_boot"; else
    not_ok "a boot takes at most 10 durable transactions: $per_boot, $before before"
fi
for server in "${servers[@]}"; do remove_server "$server"; done
judged "killing under load" kills.py --rounds "$rounds"
judged "a full disk" full_disk.py
check_no_leaks
completed=yes
