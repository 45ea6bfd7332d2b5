# shellcheck shell=bash
# Sourced by tests with a service of OpenStack from PyPI beside the cloud.

# external NAME: sets $cache, a virtual environment with the service and the openstack client that is kept
# (NOVA_<NAME>_VENV says where), $work, a folder for this test, and $port, a free one.
external() {
    external_name=$1
    local place=NOVA_${1^^}_VENV
    cache=${!place:-${XDG_CACHE_HOME:-$HOME/.cache}/nova-$1}
    if [[ ! -x $cache/bin/$1-manage || ! -x $cache/bin/openstack ]]; then
        python3 -m venv "$cache"
        "$cache/bin/pip" install --quiet "$1" werkzeug python-openstackclient
    fi
    work=$(mktemp -d "${NOVA_TEST_DIR:-/var/tmp}/nova-$1.XXXXXX")
    external_pid=
    trap external_end EXIT
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
}

# external_cloud OPTIONS...: as new_cloud; the service ends before the cloud.
external_cloud() {
    new_cloud "$@"
    trap 'external_end; end_of_test' EXIT
}

# start_external URL IMPORT APPLICATION VARIABLE=VALUE...: serves the application on $port until stop_external, and waits
# until the URL answers.
start_external() {
    local url=$1 import=$2 application=$3
    shift 3
    cat >"$work/serve.py" <<PY
import sys
from werkzeug.serving import run_simple
sys.argv = sys.argv[:1]
$import
run_simple("127.0.0.1", $port, $application, threaded=True)
PY
    env "$@" "$cache/bin/python" -W ignore "$work/serve.py" >>"$work/serve.log" 2>&1 &
    external_pid=$!
    for _ in $(seq 300); do
        curl -fsS -o /dev/null "$url" 2>/dev/null && return 0
        kill -0 "$external_pid" 2>/dev/null || break
        sleep 0.1
    done
    tail -20 "$work/serve.log" >&2
    die "$external_name did not start"
}

stop_external() {
    [[ -n $external_pid ]] || return 0
    kill "$external_pid" 2>/dev/null || true
    wait "$external_pid" 2>/dev/null || true
    external_pid=
}

external_end() {
    stop_external
    rm -rf "$work"
}
