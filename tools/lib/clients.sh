# shellcheck shell=bash
# Sourced: the unmodified clients and Tempest, from PyPI in one virtual environment for all tests.

# The project's own scripts for them lie beside the repository.
suites=${NOVA_CONFORMANCE:-$ROOT/../shared/conformance}
# Where the suites look for clients, and leave their results.
export CONF_DIR=$ROOT/.build/conformance
clients=$CONF_DIR/venv

# ensure_clients: installs what is missing.
ensure_clients() {
    [[ -x $suites/setup.sh ]] || die "no scripts of the clients in $suites: NOVA_CONFORMANCE says where they are"
    mkdir -p "$CONF_DIR/tmp"
    [[ -x $clients/bin/tempest ]] || say "Installing clients and Tempest in $clients"
    "$suites/setup.sh" >/dev/null
}
