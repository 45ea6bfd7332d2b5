#!/usr/bin/env bash
# tools/tests/tempest.sh [LIST...]: Tempest, unmodified, on clouds of its own.
#
# Without LIST: the whole classes of Tests/Conformance/quick.txt, none of which may fail. LIST is one of
# shared/conformance/lists (compute-open, identity-open, image-open), on the fake driver; or `libvirt`: the classes
# of compute-open about images and rescue, with guests in QEMU. Prints passed, failed and skipped for each list and each
# of its classes, and the reason for each failure and skip. What is in Tests/Conformance/later.txt must fail, as the cloud has no such action yet.
set -euo pipefail
# shellcheck source=tools/tests/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=tools/lib/clients.sh
source "$ROOT/tools/lib/clients.sh"
ensure_clients
lists=("$@")
((${#lists[@]})) || lists=("$ROOT/Tests/Conformance/quick.txt")
later=$ROOT/Tests/Conformance/later.txt
# Tempest registers the folder of each cloud there by its last part.
rm -f "$CONF_DIR/workspaces.yaml"

# moving yes|no: whether guests go live from host to host: not where there is one.
moving() {
    local feature value=false
    [[ $1 == no ]] || value=true
    for feature in live_migration live_migrate_back_and_forth block_migration_for_live_migration; do
        printf 'compute-feature-enabled.%s=%s\n' "$feature" "$value"
    done
}

# run_list NAME LIST [SETTING...]: runs it and judges each test.
run_list() {
    local name=$1 list=$2 results=$CONF_DIR/results/$1 log
    shift 2
    local settings=("$@")
    log=$(mktemp)
    rm -rf "$results"
    TEMPEST_RESULTS=$results TEMPEST_SET=$(IFS=';' && echo "${settings[*]}") TEMPEST_CONCURRENCY=2 \
        TEMPEST_WS=$cloud_dir/${cloud_dir##*/} "$suites/tempest.sh" "$list" >"$log" 2>&1 || true
    if [[ ! -s $results/results.tsv ]]; then
        not_ok "$name ran" "$(tail -n 20 "$log")"
    else
        judge "$name" "$results"
    fi
    rm -f "$log"
}

# by_class RESULTS: how many tests of each class passed, failed and were skipped.
by_class() {
    awk -F '\t' '
        { sub(/\[.*/, "", $3); sub(/\.[^.]*$/, "", $3); sub(/^tempest\.(api\.)?/, "", $3) }
        $1 == "passed" { good[$3]++ }
        $1 == "skipped" { skipped[$3]++ }
        $1 != "passed" && $1 != "skipped" { bad[$3]++ }
        { seen[$3] = 1 }
        END { for (class in seen) printf "    %3d passed %3d failed %3d skipped  %s\n", good[class], bad[class], skipped[class], class }
    ' "$1/results.tsv" | sort -k 7
}

# judge NAME RESULTS: counts the tests; a failure that is expected until later is told, not counted.
judge() {
    local name=$1 results=$2 status seconds test reason lack
    local good=0 bad=0 skips=0 expected=0
    while IFS=$'\t' read -r status seconds test reason; do
        test=${test%%\[*}
        lack=$(awk -v test="$test" '$1 == test { print $2 }' "$later")
        case $status in
        passed)
            good=$((good + 1))
            if [[ -n $lack ]]; then not_ok "$test passes: take it out of later.txt"; else passed=$((passed + 1)); fi
            ;;
        skipped)
            skips=$((skips + 1))
            note "skipped $test: $reason"
            ;;
        *)
            if [[ -n $lack ]]; then
                expected=$((expected + 1))
                note "not yet ($lack): $test"
            else
                bad=$((bad + 1))
                not_ok "$test ($seconds s)" "$reason"
            fi
            ;;
        esac
    done <"$results/results.tsv"
    by_class "$results"
    printf '%s: %d passed, %d failed, %d failed as there is no such action yet, %d skipped\n' \
        "$name" $good $bad $expected $skips
    if ((bad)); then
        mkdir -p "$ROOT/.build/test-logs"
        cp -r "$results" "$ROOT/.build/test-logs/tempest-$name.$$"
        note "tracebacks: $ROOT/.build/test-logs/tempest-$name.$$"
    fi
}

# away: ends the cloud that there is, so that the next may come.
away() {
    [[ -n ${cloud_dir:-} ]] || return 0
    "$ROOT/tools/cloud" down --wipe
    rm -rf "$cloud_dir"
    cloud_dir=
}

driver=
for list in "${lists[@]}"; do
    if [[ $list == libvirt ]]; then
        away
        driver=libvirt
        new_cloud --standalone --driver libvirt --debug
        classes=$cloud_dir/classes
        grep -E '\.images\.|_rescue' "$suites/lists/compute-open.txt" >"$classes"
        mapfile -t settings < <(moving no)
        TEMPEST_RAM=128 run_list libvirt "$classes" "${settings[@]}"
    else
        if [[ $driver != fake ]]; then
            away
            driver=fake
            new_cloud --standalone --driver fake --hosts 2 --debug
        fi
        # Our fake driver can take snapshots and set passwords, too.
        mapfile -t settings < <(moving yes)
        run_list "$(basename "$list" .txt)" "$list" "${settings[@]}" compute-feature-enabled.{snapshot,change_password}=true
    fi
done
completed=yes
