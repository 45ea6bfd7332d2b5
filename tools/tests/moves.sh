#!/usr/bin/env bash
# tools/tests/moves.sh: servers that change their host, with the unmodified openstack client and real guests on three
# libvirt hosts: resize and its way back, a cold migration, shelving, a snapshot that boots elsewhere, the evacuation of
# a host that is killed and its return, a host that is drained and filled again. What a guest has written to its disk is
# there after each of them; nothing is left.
set -euo pipefail
# shellcheck source=tools/tests/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=tools/lib/cloud-hosts.sh
source "$ROOT/tools/lib/cloud-hosts.sh"
# shellcheck source=tools/lib/clients.sh
source "$ROOT/tools/lib/clients.sh"
ensure_clients
new_cloud --standalone --driver libvirt --hosts 3 --debug
export DIR=$NOVA_CLOUD_DIR
openstack() { timeout 300 "$clients/bin/openstack" --os-compute-api-version 2.91 "$@"; }
ctl() { timeout 300 "$CLOUD_BUILD/novactl" "$@"; }

host_named() { if [[ $1 == 1 ]]; then echo "$CLOUD_HOST"; else echo "$CLOUD_HOST-$1"; fi; }
# number_of HOST: which of the three it is.
number_of() {
    local number
    for number in 1 2 3; do if [[ $(host_named "$number") == "$1" ]]; then echo "$number"; fi; done
}
instances() { if [[ $1 == 1 ]]; then echo "$DIR/instances"; else echo "$DIR/instances.$1"; fi; }
host_of() { rest GET "$compute/servers/$1" | jq -r '.server["OS-EXT-SRV-ATTR:host"]'; }
moved_from() { [[ $(host_of "$id") != "$(host_named "$1")" ]]; }
console() { rest POST "$compute/servers/$1/action" -H 'Content-Type: application/json' -d '{"os-getConsoleOutput": {}}' | jq -r .output; }
console_has() { console "$1" | grep -q -- "$2"; }
host_has_state() { [[ $(rest GET "$compute/os-services?host=$(host_named "$1")&binary=nova-compute" | jq -r '.services[0].state') == "$2" ]]; }
# folders N: the folders of instances on a host, also what is kept aside.
folders() { find "$(instances "$1")" -mindepth 1 -maxdepth 1 -name '*-*-*-*-*' | wc -l; }
# is_empty N ID: nothing of the server is on a host.
is_empty() { [[ $(folders "$1") == 0 ]] && ! virsh -c "$(host_uri "$1")" list --all --uuid | grep -q "$2"; }
last_migration() { rest GET "$compute/os-migrations" -H 'OpenStack-API-Version: compute 2.23' | jq -r '[.migrations[]] | max_by(.id) | .status'; }
migration_is() { [[ $(last_migration) == "$1" ]]; }
# goes_well ID: it runs, and its guest shows what was written to its disk.
goes_well() {
    soon 120 "it is ACTIVE" is_state "$1" ACTIVE
    soon 120 "its guest shows what it had written" console_has "$1" 'written-by-the-guest'
}

check "two flavors" openstack flavor create --ram 128 --disk 1 --vcpus 1 test.guest
check "another one" openstack flavor create --ram 192 --disk 2 --vcpus 2 test.bigger
check "boots on host 2" openstack server create --image tiny-guest --flavor test.guest --network default \
    --availability-zone "nova:$(host_named 2)" --wait mover
id=$(openstack server show mover -f value -c id)
check_equal "it is on host 2" "$(host_of "$id")" "$(host_named 2)"
soon 120 "its guest asks who is there" console_has "$id" 'login:'
address=$(rest GET "$compute/servers/$id" | jq -r '[.server.addresses[][].addr][0]')
exec 7<>"$(virsh -c "$(host_uri 2)" ttyconsole "$id")"
stty raw -echo <&7
cat <&7 >/dev/null 2>&1 &
reader=$!
type_in() { printf '%s\n' "$1" >&7; }
type_in root
soon 30 "it asks for the password" console_has "$id" 'Password:'
type_in nova
soon 30 "it takes commands" console_has "$id" '~ #'
# What a guest shows above its prompt it reads from its disk.
# shellcheck disable=SC2016
type_in 'echo written-by-the-guest >/etc/issue; sync; echo done-$((40 + 2))'
soon 30 "it has written to its disk" console_has "$id" 'done-42'
kill "$reader" 2>/dev/null || true
exec 7>&-

say "Resize, and back"
check "resize" openstack server resize --flavor test.bigger --wait mover
check_equal "it waits for its user's word" "$(server_state "$id")" VERIFY_RESIZE
target=$(number_of "$(host_of "$id")")
if [[ $target == 2 ]]; then not_ok "it is on another host"; else ok "it is on another host ($target)"; fi
soon 120 "its guest shows what it had written" console_has "$id" 'written-by-the-guest'
check_equal "its disk has grown" "$(qemu-img info -U --output json "$(instances "$target")/$id/disk" | jq '."virtual-size"')" $((2 << 30))
check_equal "it has two processors" "$(virsh -c "$(host_uri "$target")" vcpucount "$id" --maximum --config)" 2
check_equal "it keeps its address" "$(rest GET "$compute/servers/$id" | jq -r '[.server.addresses[][].addr][0]')" "$address"
soon 60 "and has got it by DHCP" console_has "$id" "eth0 address $address/"
check_equal "its first host keeps the old disk" "$(folders 2)" 1
check "revert" openstack server resize revert mover
goes_well "$id"
check_equal "it is on host 2 again" "$(host_of "$id")" "$(host_named 2)"
check_equal "with the old flavor" "$(openstack server show mover -f json | jq -r '.flavor.name // .flavor' | grep -o 'test.guest')" test.guest
soon 30 "nothing is left on host $target" is_empty "$target" "$id"

say "Cold migration"
check "migrate" openstack server migrate --wait mover
check_equal "it waits for its user's word" "$(server_state "$id")" VERIFY_RESIZE
target=$(number_of "$(host_of "$id")")
check "confirm" openstack server resize confirm mover
goes_well "$id"
soon 60 "nothing is left on host 2" is_empty 2 "$id"
soon 30 "the migration is confirmed" migration_is confirmed

say "Shelve, and unshelve on host 2"
check "shelve" openstack server shelve --offload --wait mover
soon 120 "it is offloaded" is_state "$id" SHELVED_OFFLOADED
soon 60 "nothing is left on host $target" is_empty "$target" "$id"
check "unshelve" openstack server unshelve --host "$(host_named 2)" mover
goes_well "$id"
check_equal "it is on host 2" "$(host_of "$id")" "$(host_named 2)"

say "A snapshot of the running guest boots on host 3"
check "server image create" openstack server image create --name kept --wait mover
check "boots from it" openstack server create --image kept --flavor test.guest --network default \
    --availability-zone "nova:$(host_named 3)" --wait twin
twin=$(openstack server show twin -f value -c id)
goes_well "$twin"
check "server delete" openstack server delete --wait twin
check "image delete" openstack image delete kept
soon 60 "nothing is left on host 3" is_empty 3 "$twin"

say "Host 2 dies"
"$ROOT/tools/cloud" kill host.2
check "nothing runs on it" host_is_down 2
soon 90 "its compute service is down" host_has_state 2 down
# Nova refuses it while the host is up; we do so until somebody has declared that it is down.
check_refused "evacuation without the word of an operator" 'still in use' openstack server evacuate mover
check "compute service set --down" openstack compute service set --down "$(host_named 2)" nova-compute
# Its --wait looks for a state in capitals among small letters, and never ends.
check "evacuate" openstack server evacuate mover
soon 120 "it is on another host" moved_from 2
soon 120 "it is ACTIVE" is_state "$id" ACTIVE
target=$(number_of "$(host_of "$id")")
soon 120 "its guest has booted from its image" console_has "$id" 'login:'
check_equal "its old disk lies on the dead host" "$(folders 2)" 1

say "Host 2 comes back"
"$ROOT/tools/cloud" start host.2
check "compute service set --up" openstack compute service set --up "$(host_named 2)" nova-compute
soon 90 "its compute service is up" host_has_state 2 up
soon 90 "it has cleaned up by itself" is_empty 2 "$id"
soon 60 "the evacuation is completed" migration_is completed
check_equal "its guest runs where it went" "$(virsh -c "$(host_uri "$target")" domstate "$id" | head -n 1)" running

say "A host is drained of a guest that runs and of a server that is stopped"
home=$(host_named "$target")
check "boots beside it" openstack server create --image tiny-guest --flavor test.guest --network default \
    --availability-zone "nova:$home" --wait sleeper
sleeper=$(openstack server show sleeper -f value -c id)
soon 120 "its guest asks who is there" console_has "$sleeper" 'login:'
check "stop" openstack server stop sleeper
soon 120 "it is stopped" is_state "$sleeper" SHUTOFF
boots=$(console "$id" | grep -c 'login:')
check "host drain" ctl host drain "$home" --yes
check_has "one goes live" "$output" "$id .* live "
check_has "the other cold" "$output" "$sleeper .* cold "
soon 60 "nothing is left on host $target" is_empty "$target" "$id"
new=$(number_of "$(host_of "$id")")
check_equal "the guest runs on host $new" "$(virsh -c "$(host_uri "$new")" domstate "$id" | head -n 1)" running
check_equal "and has not booted again" "$(console "$id" | grep -c 'login:')" "$boots"
check_equal "the other is stopped" "$(server_state "$sleeper")" SHUTOFF
check "host undrain --return" ctl host undrain "$home" --return --yes
check_equal "both are back" "$(host_of "$id") $(host_of "$sleeper")" "$home $home"
check_equal "the guest runs there" "$(virsh -c "$(host_uri "$target")" domstate "$id" | head -n 1)" running
check_equal "and has not booted again" "$(console "$id" | grep -c 'login:')" "$boots"
soon 60 "nothing is left on host $new" is_empty "$new" "$id"

check "servers delete" openstack server delete --wait mover sleeper
check_no_leaks
completed=yes
