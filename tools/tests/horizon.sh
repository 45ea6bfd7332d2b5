#!/usr/bin/env bash
# tools/tests/horizon.sh: a person's work in Horizon (PyPI), done in a headless Chromium (Debian): log in, look at the
# panels, launch a server, see it Active, delete it. A picture of each step goes to .build/horizon/pictures.
set -euo pipefail
# shellcheck source=tools/tests/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=tools/lib/packages.sh
source "$ROOT/tools/lib/packages.sh"
install_packages browser
folder=$ROOT/.build/horizon
pictures=$folder/pictures
python=$folder/venv/bin/python
if [[ ! -f $folder/complete ]]; then
    say "Installing Horizon in $folder"
    rm -rf "$folder"
    mkdir -p "$folder/settings/local"
    # Its Python must be one that Horizon's dependencies have wheels for: Debian's own.
    /usr/bin/python3 -m venv "$folder/venv"
    "$folder/venv/bin/pip" install -q --disable-pip-version-check horizon
fi
# Horizon imports its settings as local.local_settings.
mkdir -p "$folder/settings/local"
touch "$folder/settings/local/__init__.py"
cp "$ROOT/tools/tests/horizon.d/local_settings.py" "$folder/settings/local/"
export PYTHONPATH=$folder/settings DJANGO_SETTINGS_MODULE=openstack_dashboard.settings PYTHONWARNINGS=ignore
export HORIZON_STATIC=$folder/static HORIZON_KEYSTONE='' HORIZON_SECRET
HORIZON_SECRET=$(random_hex 32)
if [[ ! -f $folder/complete ]]; then
    "$python" -m django collectstatic --noinput >"$folder/static.log" 2>&1
    "$python" -m django compress --force >>"$folder/static.log" 2>&1
    touch "$folder/complete"
fi
note "Horizon $("$folder/venv/bin/pip" list --disable-pip-version-check 2>/dev/null | awk '$1 == "horizon" {print $2}')," \
    "$(chromium --version 2>/dev/null)"
rm -rf "$pictures"
mkdir -p "$pictures"

horizon_pid=
stop_horizon() {
    [[ -n $horizon_pid ]] || return 0
    kill "$horizon_pid" 2>/dev/null || true
    wait "$horizon_pid" 2>/dev/null || true
    horizon_pid=
}
new_cloud --standalone --driver fake --debug
trap 'stop_horizon; end_of_test' EXIT
export HORIZON_KEYSTONE=$OS_AUTH_URL
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$python" -m django runserver --insecure --noreload "127.0.0.1:$port" >"$folder/horizon.log" 2>&1 &
horizon_pid=$!
login_page() { curl -fsS -o /dev/null "http://127.0.0.1:$port/auth/login/"; }
soon 60 "Horizon serves its login page" login_page

result=$(mktemp)
/usr/bin/python3 "$ROOT/tools/tests/horizon.d/browse.py" "http://127.0.0.1:$port" "$pictures" | tee "$result" || true
passed=$((passed + $(grep -c '^ok ' "$result" || true)))
failed=$((failed + $(grep -c '^NOT OK' "$result" || true)))
check "the last step was reached" grep -q '^ok .*deletes it' "$result"
rm -f "$result"
stop_horizon
# These two are Horizon's own: see KNOWN in browse.py, and ports without the extension port-security.
no_faults() {
    ! grep -E 'Internal Server Error|^[A-Za-z_.]+(Error|Exception|NotFound|Conflict|Forbidden)(:|$)' "$folder/horizon.log" |
        grep -vE 'metadefs/namespaces|^ValueError: max_workers must be|has no attribute .port_security_enabled'
}
check "Horizon met no error" no_faults
check_equal "no server is left" "$(rest GET "$compute/servers?all_tenants=1" | jq '.servers | length')" 0
check_no_leaks
note "pictures: $pictures ($(find "$pictures" -name '*.png' | wc -l)), Horizon's log: $folder/horizon.log"
completed=yes
