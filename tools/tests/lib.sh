# shellcheck shell=bash
# Sourced by the functional tests: counted checks, a cloud of their own, its removal at the end.

# shellcheck source=tools/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib/common.sh"
# shellcheck source=tools/lib/openstack.sh
source "$ROOT/tools/lib/openstack.sh"
passed=0
failed=0
# Set by the script's last line: a test that was ended from outside, or by a mistake, has not passed.
completed=no

ok() {
    passed=$((passed + 1))
    printf 'ok      %s (%d s)\n' "$1" "$SECONDS"
}

not_ok() {
    failed=$((failed + 1))
    printf 'NOT OK  %s\n' "$1"
    local line
    [[ -n ${2:-} ]] || return 0
    while IFS= read -r line; do printf '        | %s\n' "$line"; done <<<"${2:0:2000}"
}

# check NAME COMMAND...: passes when the command succeeds; its output is shown when it does not. Kept in $output.
check() {
    local name=$1
    shift
    if output=$("$@" 2>&1); then ok "$name"; else not_ok "$name ($*)" "$output"; fi
}

# check_refused NAME TEXT COMMAND...: passes when the command fails and says TEXT.
check_refused() {
    local name=$1 text=$2
    shift 2
    if output=$("$@" 2>&1); then
        not_ok "$name: was accepted" "$output"
    elif grep -qi -- "$text" <<<"$output"; then
        ok "$name"
    else
        not_ok "$name: expected '$text'" "$output"
    fi
}

check_equal() {
    if [[ $2 == "$3" ]]; then ok "$1"; else not_ok "$1: expected '$3', got '$2'"; fi
}

check_has() {
    if grep -q -- "$3" <<<"$2"; then ok "$1"; else not_ok "$1: no '$3' in" "$2"; fi
}

# soon SECONDS NAME COMMAND...: a check that may become true.
soon() {
    local limit=$1 name=$2
    shift 2
    if wait_for "$limit" "$name" "$@"; then ok "$name"; else not_ok "$name: not within $limit s" "$("$@" 2>&1 || true)"; fi
}

# judged NAME PROGRAM OPTIONS...: runs a program of tools/tests/load.d, which prints its own checks; they are counted.
judged() {
    local name=$1 program=$2 result
    shift 2
    result=$(mktemp)
    python3 "$ROOT/tools/tests/load.d/$program" --root "$ROOT" --dir "$NOVA_CLOUD_DIR" "$@" | tee "$result" || true
    passed=$((passed + $(grep -c '^ok ' "$result" || true)))
    failed=$((failed + $(grep -c '^NOT OK' "$result" || true)))
    check "$name came to its end" grep -q ' passed, ' "$result"
    rm -f "$result"
}

# new_cloud OPTIONS...: a cloud of this test in a new folder, on ports of its own; removed when the script ends.
new_cloud() {
    cloud_dir=$(mktemp -d "${NOVA_TEST_DIR:-/var/tmp}/nova-test.XXXXXX")
    chmod 755 "$cloud_dir"
    export NOVA_CLOUD_DIR=$cloud_dir/cloud
    trap end_of_test EXIT
    # Ports from 20000 up, away from the usual ones and from other tests.
    "$ROOT/tools/cloud" up --port-base "$(free_port_base)" --database "${NOVA_TEST_DATABASE:-sqlite}" "$@"
    eval "$("$ROOT/tools/cloud" env)"
    # shellcheck source=/dev/null
    source "$NOVA_CLOUD_DIR/cloud.env"
    rest_login
    local address=${OS_AUTH_URL%%:*}://127.0.0.1
    compute=$address:$((CLOUD_PORT_BASE + 2))/v2.1
    image=$address:$((CLOUD_PORT_BASE + 1))
    network=$address:$((CLOUD_PORT_BASE + 4))
    placement=$address:$((CLOUD_PORT_BASE + 3))
    export compute image network placement
}

free_port_base() {
    local base port taken
    taken=$(ss -Hltn | awk '{sub(/.*:/, "", $4); print $4}')
    for ((try = 0; try < 100; try++)); do
        base=$((20000 + RANDOM % 100 * 100))
        taken_here=no
        for ((port = base; port < base + 60; port++)); do
            if grep -qx "$port" <<<"$taken"; then taken_here=yes; fi
        done
        [[ $taken_here == yes ]] || break
    done
    printf '%d\n' "$base"
}

# server_state ID: its status, or "gone".
server_state() {
    local answer
    if answer=$(rest GET "$compute/servers/$1" 2>&1); then
        jq -r .server.status <<<"$answer"
    elif grep -q ': 404' <<<"$answer"; then
        printf 'gone\n'
    else
        printf 'unknown\n'
    fi
}

# is_state ID STATE: says the state it is in where it is another.
is_state() {
    local state
    state=$(server_state "$1")
    [[ $state == "$2" ]] || { echo "it is $state"; return 1; }
}

# boot NAME [JSON of more members]: asks for a server of the tiny guest and prints its id.
boot() {
    local more=${2:-'{}'} image_id flavor_id
    image_id=$(rest GET "$image/v2/images?name=tiny-guest" | jq -r '.images[0].id')
    flavor_id=$(rest GET "$compute/flavors" | jq -r '.flavors[] | select(.name == "m1.tiny") | .id')
    rest POST "$compute/servers" -H 'Content-Type: application/json' -H 'OpenStack-API-Version: compute 2.42' \
        -d "$(jq -n --arg name "$1" --arg image "$image_id" --arg flavor "$flavor_id" --argjson more "$more" \
            '{server: ({name: $name, imageRef: $image, flavorRef: $flavor, networks: "auto"} + $more)}')" |
        jq -r .server.id
}

remove_server() { rest DELETE "$compute/servers/$1" >/dev/null; }

# allocations_left: how many consumers hold an allocation on any provider.
allocations_left() {
    local provider sum=0 count
    for provider in $(rest GET "$placement/resource_providers" | jq -r '.resource_providers[].uuid'); do
        count=$(rest GET "$placement/resource_providers/$provider/allocations" | jq '.allocations | length')
        sum=$((sum + count))
    done
    printf '%d\n' "$sum"
}

# ports_left: how many ports belong to a server.
ports_left() {
    rest GET "$network/v2.0/ports" | jq '[.ports[] | select((.device_owner // "") | startswith("compute:"))] | length'
}

# check_no_leaks: nothing of any server is left in the services or on this host.
check_no_leaks() {
    check_equal "no allocation is left" "$(allocations_left)" 0
    check_equal "no port is left" "$(ports_left)" 0
    check_equal "no disk is left" "$(find "$NOVA_CLOUD_DIR"/instances* -mindepth 1 -maxdepth 1 -type d \
        -regextype posix-extended -regex '.*/[0-9a-f]{8}-[0-9a-f-]{27}' 2>/dev/null | wc -l)" 0
    check_equal "no domain or tap is left" "$("$ROOT/tools/cloud" leftovers | grep -E '^domain|^link nt' || true)" ''
}

end_of_test() {
    local status=$?
    trap - EXIT
    [[ $completed == yes ]] || not_ok "the test script went to its end (status $status)"
    if [[ -n ${cloud_dir:-} && -f $NOVA_CLOUD_DIR/cloud.env ]]; then
        if ((failed)); then
            mkdir -p "$ROOT/.build/test-logs"
            cp -r "$NOVA_CLOUD_DIR/log" "$ROOT/.build/test-logs/$(basename "$0" .sh).$$"
            note "logs: $ROOT/.build/test-logs/$(basename "$0" .sh).$$"
        fi
        check "down --wipe" "$ROOT/tools/cloud" down --wipe
        rm -rf "$cloud_dir"
    fi
    rm -f "${rest_header:-}"
    printf '%d passed, %d failed\n' "$passed" "$failed"
    ((failed == 0)) || exit 1
}
