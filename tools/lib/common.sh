# shellcheck shell=bash
# Sourced by the scripts of tools/: messages, deadlines, the repository's root.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export ROOT

say() { printf '==> %s\n' "$*" >&2; }
note() { printf '    %s\n' "$*" >&2; }
warn() { printf 'warning: %s\n' "$*" >&2; }
die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# usage_of FILE: prints the comment block at the top of a script (its help).
usage_of() {
    sed -n '2,/^[^#]/{/^#/{s/^# \{0,1\}//;p;}}' "$1"
}

# wait_for SECONDS WHAT COMMAND...: runs COMMAND until it succeeds; false after SECONDS.
wait_for() {
    local limit=$1 what=$2 end
    shift 2
    end=$((SECONDS + limit))
    until "$@" >/dev/null 2>&1; do
        if ((SECONDS >= end)); then
            warn "$what: not so after $limit s"
            return 1
        fi
        sleep 0.1
    done
}

# close_inherited: for a subshell whose program outlives us: it must not keep what our caller has open, such as locks
# and pipes.
close_inherited() {
    local descriptor
    for descriptor in /proc/"$BASHPID"/fd/*; do
        descriptor=${descriptor##*/}
        if ((descriptor > 2)); then eval "exec $descriptor>&-"; fi
    done
}

need_root() {
    [[ $(id -u) == 0 ]] || die "$1 needs root: it uses libvirt, bridges and packages"
}

# random_hex BYTES
random_hex() {
    od -An -tx1 -N "$1" /dev/urandom | tr -d ' \n'
}
