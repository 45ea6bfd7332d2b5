#!/usr/bin/env bash
# tools/tests/external-glance.sh: a real Glance from PyPI keeps the images in place of nova-image ([glance]): servers boot
# from its images, snapshots and backups go to it, what its users may not see stays hidden, Glance down and back.
# The identity service is ours: Glance checks our tokens with its own middleware. With libvirt; NOVA_TEST_DRIVER=fake is
# quicker, but fetches no image.
set -euo pipefail
# shellcheck source=tools/tests/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=tools/lib/external.sh
source "$ROOT/tools/lib/external.sh"
external glance
url=http://127.0.0.1:$port
driver=${NOVA_TEST_DRIVER:-libvirt}
external_cloud --daemons --driver "$driver" --debug
own() { timeout 120 "$cache/bin/openstack" "$@"; }
mkdir -p "$work"/{images,staging,tasks}
cat >"$work/glance-api.conf" <<CONF
[DEFAULT]
log_file = $work/glance.log
enabled_backends = files:file
[glance_store]
default_backend = files
[files]
filesystem_store_datadir = $work/images
[os_glance_staging_store]
filesystem_store_datadir = $work/staging
[os_glance_tasks_store]
filesystem_store_datadir = $work/tasks
[database]
connection = sqlite:///$work/glance.db
[paste_deploy]
flavor = keystone
config_file = $cache/etc/glance/glance-api-paste.ini
[keystone_authtoken]
www_authenticate_uri = $OS_AUTH_URL
auth_url = $OS_AUTH_URL
auth_type = password
username = glance
password = glance-secret
project_name = service
user_domain_name = Default
project_domain_name = Default
CONF
start_glance() {
    start_external "$url/versions" 'from glance.common import wsgi_app' 'wsgi_app.init_app()' \
        OS_GLANCE_CONFIG_DIR="$work" OS_GLANCE_CONFIG_FILES=glance-api.conf
}
for user in glance nova; do
    own user create --password "$user-secret" "$user" >/dev/null
    own role add --user "$user" --project service admin
done
"$cache/bin/glance-manage" --config-file "$work/glance-api.conf" db_sync >"$work/manage.log" 2>&1 || {
    cat "$work/manage.log"
    die "glance-manage db_sync failed"
}
start_glance
cat >>"$NOVA_CLOUD_DIR/nova.conf" <<CONF
[glance]
endpoint_override = $url
auth_url = $OS_AUTH_URL
username = nova
password = nova-secret
CONF
"$ROOT/tools/cloud" stop nova-image nova-api
"$ROOT/tools/cloud" start nova-image nova-api
# Users find Glance in the catalog where nova-image was.
for id in $(own endpoint list --service image -f value -c ID); do own endpoint set --url "$url" "$id"; done
check_equal "the catalog names Glance" "$(own endpoint list --service image --interface public -f value -c URL)" "$url"

if [[ $driver == libvirt ]]; then
    file=$NOVA_CLOUD_DIR/guest/guest.qcow2 format=qcow2
else
    file=$work/disk.raw format=raw
    head -c 3000000 /dev/urandom >"$file"
fi
own image create --disk-format "$format" --container-format bare --file "$file" --private theirs >"$work/image"
check_equal "Glance has the image" "$(own image show theirs -f value -c status)" active
image_id=$(own image show theirs -f value -c id)
check_has "the Compute API's old proxy shows it" "$(rest GET "$compute/images/detail")" '"theirs"'
flavor=$(rest GET "$compute/flavors" | jq -r '.flavors[] | select(.name == "m1.tiny") | .id')
net=$(own network list -f value -c ID | head -n 1)
own server create --image "$image_id" --flavor "$flavor" --network "$net" first >/dev/null
server=$(own server show first -f value -c id)
soon 120 "a server boots from it" is_state "$server" ACTIVE
own server image create --name snapshot first >/dev/null
image_is() { [[ $(own image show "$1" -f value -c status) == "$2" ]]; }
soon 120 "its snapshot is in Glance" image_is snapshot active
snapshot=$(own image show snapshot -f json)
check_equal "the snapshot is its owner's" "$(jq -r .owner <<<"$snapshot")" "$(own project show admin -f value -c id)"
check_equal "the snapshot names its server" "$(jq -r .properties.instance_uuid <<<"$snapshot")" "$server"
stored=$work/images/$(jq -r .id <<<"$snapshot")
check_equal "Glance's sum is that of the file" "$(jq -r .properties.os_hash_value <<<"$snapshot")" \
    "$(sha512sum "$stored" | cut -d ' ' -f 1)"
own server create --image snapshot --flavor "$flavor" --network "$net" second >/dev/null
second=$(own server show second -f value -c id)
soon 120 "a server boots from the snapshot" is_state "$second" ACTIVE
if [[ $driver == libvirt ]]; then
    console_has() { own console log show "$1" | grep -q -- login:; }
    soon 300 "the guest of Glance's image comes up" console_has first
    soon 300 "the guest of the snapshot comes up" console_has second
fi
backups() { own image list --property backup_type=daily -f value -c Name | sort | tr '\n' ' '; }
backed_up() { own image list --name "$1" -f value -c Status | grep -qx active && is_state "$server" ACTIVE; }
for number in 1 2 3; do
    own server backup create --name "backup$number" --type daily --rotate 2 first >/dev/null
    soon 120 "backup $number is there" backed_up "backup$number"
done
two_are_left() { [[ $(backups) == "backup2 backup3 " ]]; }
soon 60 "the oldest backup is gone" two_are_left

say "What a project may not see"
own project create others >/dev/null
own user create --password pw other >/dev/null
own role add --user other --project others member
as_other() { OS_USERNAME=other OS_PASSWORD=pw OS_PROJECT_NAME=others own "$@"; }
check_refused "no server boots from another project's image" "$image_id" as_other --os-compute-api-version 2.37 \
    server create --image "$image_id" --flavor "$flavor" --nic auto stranger
own image set --shared "$image_id"
others=$(own project show others -f value -c id)
own image add project "$image_id" "$others" >/dev/null
check "but one does when it is shared" as_other --os-compute-api-version 2.37 server create --image "$image_id" \
    --flavor "$flavor" --nic auto --wait member
as_other server delete --wait member >/dev/null

say "Glance is down, and comes back"
stop_external
gateway=$("$ROOT/tools/cloud" status | awk '$1 == "nova-image" {print $3}')
degraded() { curl -fsS "http://127.0.0.1:$gateway/readyz" | grep -q degraded; }
soon 60 "nova-image says so" degraded
status=$(curl -s -o "$work/answer" -w '%{http_code}' -X POST -H "@$rest_header" -H 'Content-Type: application/json' \
    -d "{\"server\": {\"name\": \"late\", \"imageRef\": \"$image_id\", \"flavorRef\": \"$flavor\"}}" "$compute/servers")
check_equal "503 for a server from its images" "$status" 503
start_glance
check "and as before when it is back" own server create --image snapshot --flavor "$flavor" --network "$net" --wait third
for name in first second third; do own server delete --wait "$name" >/dev/null; done
check_no_leaks
grep -E ' ERROR | CRITICAL ' "$work/glance.log" | grep -v 'Could not load .*cinder' >"$work/errors" || true
check_equal "Glance logged no error" "$(head -n 5 "$work/errors")" ''
completed=yes
