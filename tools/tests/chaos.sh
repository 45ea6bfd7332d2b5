#!/usr/bin/env bash
# tools/tests/chaos.sh [--seed N] [--seconds N] [--skip-quiet] [--keep]
#
# The queue under faults, for real: 3 brokers, 4 workers, 8 senders, each in a network namespace of its own. First single
# faults (a killed and a cut off worker, a killed and a drained broker), then a minute with a random one each second.
# The seed is printed: it gives the same faults again. Logs are kept when a rule was broken.
set -euo pipefail
# shellcheck source=tools/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/common.sh"
need_root "the chaos test"
for program in nova-queue nova-queue-peer novactl; do
    [[ -x $ROOT/.build/debug/$program ]] || die "$program is not built: swift build --product $program"
done
# What an earlier run left that was killed itself.
for name in $(ip netns list | awk '{print $1}' | grep -E '^nvx[0-9]+-' || true); do
    owner=${name#nvx}
    [[ -d /proc/${owner%%-*} ]] || ip netns del "$name"
done
export PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$ROOT/tools/tests/load.d
# One storm for every ordinary run of tools/test, another one each time with --full and by hand.
if [[ ${NOVA_TEST_FULL:-} == no ]]; then set -- --seed 41 "$@"; fi
exec python3 "$ROOT/tools/tests/chaos.d/chaos.py" "$@"
