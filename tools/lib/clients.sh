# shellcheck shell=bash
# Sourced: the unmodified clients and Tempest, from PyPI in one virtual environment for all tests.

clients=$ROOT/.build/venv
suites=$ROOT/Tests/Conformance/suites

# ensure_clients: installs what is missing; the suites then find it, and leave their results, below CONF_DIR.
ensure_clients() {
    export CONF_DIR=$ROOT/.build/conformance
    mkdir -p "$CONF_DIR/tmp"
    [[ -e $clients ]] || mkdir -p "$clients"
    ln -sfn ../venv "$CONF_DIR/venv"
    [[ -x $clients/bin/tempest ]] || say "Installing clients and Tempest in $clients"
    "$suites/setup.sh" >/dev/null
}
