#!/usr/bin/env bash
# tools/tests/bad-input.sh: wrong requests, big requests, foreign requests (standalone, fake driver).
set -euo pipefail
# shellcheck source=tools/tests/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
new_cloud --standalone --driver fake --debug

# status VERB URL [curl arguments]: the HTTP status only.
status() {
    curl -s --max-time 60 -o "$cloud_dir/body" -w '%{http_code}' -X "$1" "${@:3}" "$2" || true
}
json=(-H 'Content-Type: application/json')
token=(-H "@$rest_header")
flavor=$(rest GET "$compute/flavors" | jq -r '.flavors[] | select(.name == "m1.tiny") | .id')
guest=$(rest GET "$image/v2/images?name=tiny-guest" | jq -r '.images[0].id')

check_equal "malformed JSON" "$(status POST "$compute/servers" "${token[@]}" "${json[@]}" -d '{"server": ')" 400
check_equal "a duplicate key" "$(status POST "$compute/servers" "${token[@]}" "${json[@]}" -d '{"server":{},"server":{}}')" 400
check_equal "a wrong type" "$(status POST "$compute/servers" "${token[@]}" "${json[@]}" \
    -d "{\"server\": {\"name\": 7, \"imageRef\": \"$guest\", \"flavorRef\": \"$flavor\"}}")" 400
check_has "the fault names the field" "$(cat "$cloud_dir/body")" name
check_equal "an unknown field" "$(status POST "$compute/servers" "${token[@]}" "${json[@]}" \
    -d "{\"server\": {\"name\": \"x\", \"imageRef\": \"$guest\", \"flavorRef\": \"$flavor\", \"colour\": 1}}")" 400
check_equal "deep nesting" "$(status POST "$compute/servers" "${token[@]}" "${json[@]}" \
    -d "$(printf '[%.0s' $(seq 2000))")" 400
check_equal "no body" "$(status POST "$compute/servers" "${token[@]}" "${json[@]}")" 400
head -c 2000000 /dev/zero | tr '\0' ' ' >"$cloud_dir/huge"
check_equal "a huge body" "$(status POST "$compute/servers" "${token[@]}" "${json[@]}" --data-binary "@$cloud_dir/huge")" 413
check_equal "no token" "$(status GET "$compute/servers")" 401
check_equal "a bad token" "$(status GET "$compute/servers" -H 'X-Auth-Token: nonsense')" 401
tampered=$(sed 's/\(.\{60\}\)./\1A/' "$rest_header")
check_equal "a tampered token" "$(status GET "$compute/servers" -H "${tampered}x")" 401
check_equal "a wrong password" "$(status POST "$OS_AUTH_URL/auth/tokens" "${json[@]}" -d '{"auth": {"identity": {
    "methods": ["password"], "password": {"user": {"name": "admin", "domain": {"id": "default"}, "password": "no"}}}}}')" 401
check_equal "an unknown microversion" "$(status GET "$compute/servers" "${token[@]}" \
    -H 'OpenStack-API-Version: compute 2.9999')" 406
check_equal "a malformed microversion" "$(status GET "$compute/servers" "${token[@]}" \
    -H 'OpenStack-API-Version: compute two')" 400
check_equal "an unknown path" "$(status GET "$compute/nonsense" "${token[@]}")" 404
check_equal "a wrong method" "$(status PUT "$compute/servers" "${token[@]}" "${json[@]}" -d '{}')" 404
check_equal "no such server" "$(status GET "$compute/servers/$(cat /proc/sys/kernel/random/uuid)" "${token[@]}")" 404

say "Another project"
server=$(boot mine)
soon 30 "the server is ACTIVE" is_state "$server" ACTIVE
project=$(rest_json POST "$OS_AUTH_URL/projects" '{"project": {"name": "other", "domain_id": "default"}}' | jq -r .project.id)
user=$(rest_json POST "$OS_AUTH_URL/users" \
    '{"user": {"name": "other", "domain_id": "default", "password": "other-password"}}' | jq -r .user.id)
role=$(rest GET "$OS_AUTH_URL/roles?name=member" | jq -r '.roles[0].id')
rest PUT "$OS_AUTH_URL/projects/$project/users/$user/roles/$role" >/dev/null
mine=$rest_header
rest_header=$(mktemp)
OS_USERNAME=other OS_PASSWORD=other-password OS_PROJECT_NAME=other rest_login
other=(-H "@$rest_header")
check_equal "another project's server is not seen" "$(status GET "$compute/servers/$server" "${other[@]}")" 404
check_equal "nor deleted" "$(status DELETE "$compute/servers/$server" "${other[@]}")" 404
check_equal "nor listed" "$(rest GET "$compute/servers" | jq '.servers | length')" 0
check_equal "a member makes no flavors" "$(status POST "$compute/flavors" "${other[@]}" "${json[@]}" \
    -d '{"flavor": {"name": "x", "ram": 1, "vcpus": 1, "disk": 0}}')" 403
rm -f "$rest_header"
rest_header=$mine

say "No room"
rest_json POST "$compute/flavors" \
    '{"flavor": {"name": "huge", "id": "huge", "ram": 64, "vcpus": 1000000, "disk": 1}}' >/dev/null
huge=$(boot huge '{"flavorRef": "huge"}')
soon 60 "a server without a host is in ERROR" is_state "$huge" ERROR
check_has "its fault says so" "$(rest GET "$compute/servers/$huge" | jq -r .server.fault.message)" 'No valid host'
remove_server "$huge"

say "Garbage for the queue"
garbage() {
    head -c "$1" /dev/urandom | timeout 5 bash -c "cat >/dev/tcp/127.0.0.1/$((CLOUD_PORT_BASE + 5))" || true
}
for size in 1 64 5000 200000; do garbage "$size"; done
# A correct ZeroMQ greeting, then nonsense frames.
timeout 5 bash -c "printf '\xff\0\0\0\0\0\0\0\x01\x7f\x03\0NULL%052d' 0 | tr '0' '\0' >/dev/tcp/127.0.0.1/$((CLOUD_PORT_BASE + 5))" || true
check "the cloud is unharmed" "$ROOT/tools/cloud" status
after=$(boot after)
soon 30 "it boots servers" is_state "$after" ACTIVE
for id in "$server" "$after"; do remove_server "$id"; done
for id in "$server" "$huge" "$after"; do soon 60 "server $id is gone" is_state "$id" gone; done
check_no_leaks
completed=yes
