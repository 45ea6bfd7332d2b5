#!/usr/bin/env bash
# tools/tests/external-keystone.sh: every service trusts a real Keystone from PyPI in place of nova-identity
# ([keystone_authtoken]): the openstack client with Keystone's tokens, a revoked token, Keystone down and back.
set -euo pipefail
# shellcheck source=tools/tests/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=tools/lib/external.sh
source "$ROOT/tools/lib/external.sh"
external keystone
url=http://127.0.0.1:$port/v3
mkdir -p "$work/fernet" "$work/credential"
cat >"$work/keystone.conf" <<CONF
[DEFAULT]
log_dir = $work
[database]
connection = sqlite:///$work/keystone.db
[fernet_tokens]
key_repository = $work/fernet
[credential]
key_repository = $work/credential
[cache]
enabled = false
CONF
manage() { "$cache/bin/keystone-manage" --config-file "$work/keystone.conf" "$@" >>"$work/manage.log" 2>&1; }
start_keystone() {
    start_external "$url" 'from keystone.server import wsgi' 'wsgi.initialize_public_application()' \
        OS_KEYSTONE_CONFIG_DIR="$work" OS_KEYSTONE_CONFIG_FILES=keystone.conf
}
who=$(id -un) group=$(id -gn)
manage db_sync || { cat "$work/manage.log"; die "keystone-manage db_sync failed"; }
manage fernet_setup --keystone-user "$who" --keystone-group "$group"
manage credential_setup --keystone-user "$who" --keystone-group "$group"
manage bootstrap --bootstrap-password secret --bootstrap-region-id RegionOne --bootstrap-public-url "$url"
start_keystone
external_cloud --daemons --driver fake --debug
own() { "$cache/bin/openstack" "$@"; }
# The addresses in the cloud's own catalog go into Keystone's.
declare -A endpoint
for type in compute image network placement; do
    endpoint[$type]=$(own endpoint list --service "$type" --interface public -f value -c URL)
done
cat >>"$NOVA_CLOUD_DIR/nova.conf" <<CONF
[keystone_authtoken]
auth_url = $url
username = admin
password = secret
project_name = admin
token_cache_time = 5
# A busy machine makes Keystone slow.
http_request_timeout = 60
CONF
daemons=(nova-api nova-image nova-network nova-placement-api)
"$ROOT/tools/cloud" stop "${daemons[@]}"
"$ROOT/tools/cloud" start "${daemons[@]}"
export OS_AUTH_URL=$url OS_USERNAME=admin OS_PASSWORD=secret OS_PROJECT_NAME=admin \
    OS_USER_DOMAIN_NAME=Default OS_PROJECT_DOMAIN_NAME=Default OS_IDENTITY_API_VERSION=3
unset OS_CLOUD
for type in compute image network placement; do
    own service create --name "$type" "$type" >/dev/null
    own endpoint create --region RegionOne "$type" public "${endpoint[$type]}" >/dev/null
done
token=$(own token issue -f value -c id)
check_equal "the token is a real Keystone's" "${token:0:5}" gAAAA
status() { curl -s -o "$work/answer" -w '%{http_code}' -H "X-Auth-Token: $1" "$2"; }
servers=${endpoint[compute]}/servers
for address in "$servers" "${endpoint[image]}/v2/images" "${endpoint[network]}/v2.0/networks"; do
    check_equal "GET $address" "$(status "$token" "$address")" 200
done
check "an administrator creates a flavor" own flavor create --ram 64 --disk 1 --vcpus 1 tiny-keystone
own user create --password pw reader >/dev/null
own role add --user reader --project admin reader
as_reader() { OS_USERNAME=reader OS_PASSWORD=pw own "$@"; }
check "a reader lists flavors" as_reader flavor list
check_refused "a reader deletes no flavor" 403 as_reader flavor delete tiny-keystone
check_equal "an unknown token is refused" "$(status none "$servers")" 401
fresh=$(own token issue -f value -c id)
stop_external
check_equal "503 while Keystone is down" "$(status "$fresh" "$servers")" 503
start_keystone
check_equal "and as before when it is back" "$(status "$fresh" "$servers")" 200
own token revoke "$fresh"
is_refused() { [[ $(status "$fresh" "$servers") == 401 ]]; }
soon 10 "a revoked token ends with the cache" is_refused
completed=yes
