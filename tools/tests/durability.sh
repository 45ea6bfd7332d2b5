#!/usr/bin/env bash
# tools/tests/durability.sh: nova-standalone is killed under load (10 times, 50 with --full), and its disk fills up:
# nothing that was accepted is lost, the databases stay sound (fake driver).
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
judged "killing under load" kills.py --rounds "$rounds"
judged "a full disk" full_disk.py
check_no_leaks
completed=yes
