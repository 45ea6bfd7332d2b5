# shellcheck shell=bash
# Sourced: the unmodified clients and Tempest, from PyPI in one virtual environment for all tests.

suites=$ROOT/Tests/Conformance/suites
# Where the suites look for clients, and leave their results.
export CONF_DIR=$ROOT/.build/conformance
clients=$CONF_DIR/venv

# ensure_clients: installs what is missing.
ensure_clients() {
    mkdir -p "$CONF_DIR/tmp"
    [[ -x $clients/bin/tempest ]] || say "Installing clients and Tempest in $clients"
    "$suites/setup.sh" >/dev/null
}
