#!/usr/bin/env bash
# tools/tests/storm.sh [--mixed] [--seconds N] [--seed N]
#
# A cloud of daemons (5 fake hosts, 2 conductors, 2 schedulers, 2 brokers) in which 16 clients create, stop, start and
# delete servers while a seeded killer ends a daemon each second. Then everything must be steady, accounted for and,
# after the deletion of all, gone. With --mixed the clients also move their servers from host to host, and do to them
# what else the API offers. With NOVA_TEST_DATABASE=postgresql the server is restarted twice meanwhile.
set -euo pipefail
# shellcheck source=tools/tests/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
seconds=30 seed=7 mixed=0
if [[ ${NOVA_TEST_FULL:-} == yes ]]; then seconds=120 seed=$((RANDOM * 32768 + RANDOM)); fi
while (($#)); do
    case $1 in
    --mixed) mixed=1 ;;
    --seconds | --seed)
        (($# > 1)) || die "$1 needs a value"
        case $1 in
        --seconds) seconds=$2 ;;
        --seed) seed=$2 ;;
        esac
        shift
        ;;
    *) die "no option $1" ;;
    esac
    shift
done
export PYTHONDONTWRITEBYTECODE=1
new_cloud --daemons --driver fake --hosts 5 --brokers 2 --controllers 2 --debug
judged "the storm" storm.py --seconds "$seconds" --seed "$seed" --mixed $mixed
check_no_leaks
completed=yes
