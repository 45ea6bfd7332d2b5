#!/usr/bin/env bash
# tools/tests/no-faults.sh: fault points are in debug builds, and a release build has nothing of them.
set -euo pipefail
# shellcheck source=tools/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/common.sh"
passed=0 failed=0
texts=('A fault was injected' 'workflow.release')

# has FILE TEXT
has() { grep -aqF -- "$2" "$1"; }
tell() {
    if [[ $1 == yes ]]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
    printf '%s %s\n' "$([[ $1 == yes ]] && echo ok || echo 'NOT OK')" "$2"
}

for text in "${texts[@]}"; do
    debug=$ROOT/.build/debug/nova-standalone release=$ROOT/.build/release/nova-standalone
    tell "$(has "$debug" "$text" && echo yes || echo no)" "the debug build has \"$text\""
    if [[ -x $release ]]; then
        tell "$(has "$release" "$text" && echo no || echo yes)" "the release build does not have \"$text\""
    else
        note "there is no release build to look at"
    fi
done
printf '%d passed, %d failed\n' "$passed" "$failed"
((failed == 0))
