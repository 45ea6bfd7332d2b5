#!/usr/bin/env bash
# tools/tests/novactl.sh: every command of novactl against a cloud of daemons (fake driver): tables, JSON, exit codes,
# one-line errors, help, completion, OS_* variables and clouds.yaml.
set -euo pipefail
# shellcheck source=tools/tests/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# A spawn takes a second, so that the queue has something to show while ten boots are under way.
policy_file=$(mktemp "${NOVA_TEST_DIR:-/var/tmp}/nova-policy.XXXXXX")
new_cloud --daemons --driver fake --debug --set fake.spawn_delay_ms=1000 --set "oslo_policy.policy_file=$policy_file"
# shellcheck disable=SC2153
novactl=$CLOUD_BUILD/novactl
work=$cloud_dir/work
mkdir -p "$work/home/.config/openstack"

ctl() { timeout 90 "$novactl" "$@"; }

# shows NAME PATTERN COMMAND...: succeeds, says nothing on standard error, and the output has the pattern.
shows() {
    local name=$1 pattern=$2
    shift 2
    if ! output=$(ctl "$@" 2>"$work/complaint"); then
        not_ok "$name (novactl $*)" "$output$(cat "$work/complaint")"
    elif [[ -s $work/complaint ]]; then
        not_ok "$name: novactl $* complained" "$(cat "$work/complaint")"
    elif grep -qE -- "$pattern" <<<"$output"; then
        ok "$name"
    else
        not_ok "$name: no '$pattern' in novactl $*" "$output"
    fi
}

# json NAME FILTER COMMAND...: with --json, the output is one JSON document for which the filter is true.
json() {
    local name=$1 filter=$2
    shift 2
    if ! output=$(ctl "$@" --json 2>&1); then
        not_ok "$name (novactl $* --json)" "$output"
    elif [[ $(jq -s length <<<"$output" 2>/dev/null) == 1 ]] && jq -e "$filter" <<<"$output" >/dev/null; then
        ok "$name, as JSON"
    else
        not_ok "$name: not so: $filter" "$output"
    fi
}

# fails NAME CODE TEXT COMMAND...: the exit code, nothing on standard output, and one line on standard error with TEXT.
fails() {
    local name=$1 code=$2 text=$3 status=0
    shift 3
    timeout 90 "$@" >"$work/output" 2>"$work/complaint" || status=$?
    if ((status != code)); then
        not_ok "$name: exit code $status, not $code ($*)" "$(cat "$work/output" "$work/complaint")"
    elif [[ -s $work/output || $(wc -l <"$work/complaint") != 1 ]]; then
        not_ok "$name: not one line on standard error alone ($*)" "$(cat "$work/output" "$work/complaint")"
    elif ! grep -q '^novactl: ' "$work/complaint" || ! grep -qE -- "$text" "$work/complaint"; then
        not_ok "$name: no '$text'" "$(cat "$work/complaint")"
    else
        ok "$name (exit code $code)"
    fi
}

has_status() { [[ $(ctl server show "$1" --json | jq -r .status) == "$2" ]]; }

say "Help, version, completion"
check "--help" ctl --help
check_has "--help tells the exit codes" "$output" 'Exit codes'
for command in server flavor keypair image network hypervisor host service queue workflow cleanup db \
    server\ {create,list,show,delete,start,stop,reboot,console-log,why} flavor\ {list,show,create,delete} \
    keypair\ {list,show,create,delete} image\ {list,show,create,delete} network\ {list,show} 'hypervisor list' host\ {list,drain,undrain,evacuate} \
    'service list' queue\ {list,show,peers,bindings,dead,ping,trace,purge,drain,keygen,authorize,revoke} workflow\ {list,show,retry,abandon} \
    'cleanup list' 'server history' audit doctor host host\ {fence,fences} notifications 'notifications listen' policy\ {list,sample,check} identity\ {bootstrap,rotate-keys} db\ {version,migrate,check,backup,restore,archive}; do
    # shellcheck disable=SC2086
    if output=$(ctl $command --help 2>&1) && grep -q "USAGE: novactl $command" <<<"$output" &&
        grep -q '^OVERVIEW: ' <<<"$output"; then ok "$command --help"; else not_ok "$command --help" "$output"; fi
done
shows "--version" '^[0-9]+\.[0-9]+' --version
for shell in bash zsh fish; do
    shows "the completion script for $shell" 'console-log' --generate-completion-script "$shell"
    if command -v "$shell" >/dev/null; then
        printf '%s\n' "$output" >"$work/completion.$shell"
        check "$shell can read it" "$shell" -n "$work/completion.$shell"
    fi
done
# shellcheck disable=SC2016
check "bash completes a command" bash -c \
    'source "$1"; PATH=$2:$PATH; COMP_WORDS=(novactl server rebo); COMP_CWORD=2; COMP_LINE="novactl server rebo"
     COMP_POINT=19; COMP_TYPE=9; COMPREPLY=(); $(complete -p novactl | sed "s/.*-F \([^ ]*\).*/\1/") novactl rebo server
     [[ ${COMPREPLY[*]} == *reboot* ]] || { printf "%s\n" "${COMPREPLY[@]}"; false; }' \
    - "$work/completion.bash" "$CLOUD_BUILD"

say "Empty lists"
shows "no servers" '^\(none\)$' server list
json "no servers" '. == []' server list
shows "no keypairs" '^\(none\)$' keypair list

say "Flavors, key pairs, images, networks"
shows "flavor list" '^ *1 +m1.tiny +512 +1 +1 +yes' flavor list
json "flavor list" 'any(.name == "m1.small" and .ram == 2048)' flavor list
shows "flavor show" '^vcpus +1' flavor show m1.tiny
json "flavor show" '.name == "m1.tiny" and .disk == 1' flavor show 1
shows "flavor create" '^name +ctl.one' flavor create ctl.one --ram 64 --vcpus 1
json "flavor create" '.id == "ctl2" and ."os-flavor-access:is_public" == false' \
    flavor create ctl.two --id ctl2 --ram 64 --vcpus 1 --private
json "flavor list --all" 'any(.id == "ctl2")' flavor list --all
check "flavor delete" ctl flavor delete ctl.two
fails "a deleted flavor" 3 'no flavor "ctl2".*novactl flavor list' "$novactl" flavor show ctl2
shows "keypair create makes a pair" 'PRIVATE KEY' keypair create ctl-key
shows "keypair list" '^ctl-key +ssh' keypair list
json "keypair list" 'length == 1 and (.[0].fingerprint | length) > 10' keypair list
shows "keypair show" '^name +ctl-key' keypair show ctl-key
json "keypair show" '.public_key | startswith("ssh-")' keypair show ctl-key
ctl keypair show ctl-key --json | jq -r .public_key >"$work/key.pub"
json "keypair create --public-key" '.name == "ctl-own" and (has("private_key") | not)' \
    keypair create ctl-own --public-key "$work/key.pub"
check "keypair delete" ctl keypair delete ctl-own
fails "a deleted keypair" 3 'no keypair "ctl-own".*novactl keypair list' "$novactl" keypair delete ctl-own
head -c 70000 /dev/zero >"$work/disk.raw"
json "image create" '.status == "active" and .size == 70000' \
    image create ctl-image --file "$work/disk.raw" --disk-format raw --public
shows "image list" 'ctl-image +active +raw +68\.4 KiB +public' image list
json "image list" 'map(.name) | contains(["ctl-image", "tiny-guest"])' image list
shows "image show" '^disk_format +raw' image show ctl-image
json "image show" '.name == "ctl-image" and .checksum != null' image show ctl-image
check "image delete" ctl image delete ctl-image
fails "a deleted image" 3 'no image "ctl-image".*novactl image list' "$novactl" image show ctl-image
fails "an image from no file" 2 'no-such-file' "$novactl" image create x --file "$work/no-such-file"
shows "network list" 'default +ACTIVE +yes' network list
json "network list" 'any(.name == "default" and (.subnets | length) == 1)' network list
json "network show" '.shared == true' network show default

say "Hosts, services, databases"
shows "hypervisor list" 'fake.*up +enabled +0 +0 of 10000 +' hypervisor list
json "hypervisor list" 'length == 1 and .[0].state == "up" and .[0].memory_mb == 8388608' hypervisor list
shows "host list" "$CLOUD_HOST +up +enabled +- +0 " host list
json "host list" 'length == 1 and .[0].status == "enabled" and .[0].maintenance == null' host list
fails "a host that is none" 3 'no host "nothing".*novactl host list' "$novactl" host drain nothing --dry-run
fails "the status of no drain" 3 'host drain .* --dry-run' "$novactl" host drain nothing --status
json "service list" 'map(select(.state == "up") | .binary) | sort ==
    ["nova-compute", "nova-conductor", "nova-scheduler"]' service list
shows "service list" '^nova-scheduler +.* internal +enabled +up ' service list
json "db version" '(map(select(.version == .newest or .newest == null)) | length) == 5' \
    db version --config-file "$NOVA_CLOUD_DIR/nova.conf"
shows "db version --path" '^nova +[0-9]+ +[0-9]+ ' db version --path "$NOVA_CLOUD_DIR/state"
mkdir "$work/databases"
shows "db migrate makes new databases" '^nova: made version' db migrate --path "$work/databases"
shows "db migrate leaves what is there" '^placement: is at version' db migrate --path "$work/databases"
json "db check of them" 'length == 5 and all(.ok)' db check --path "$work/databases"
json "db version of them" 'map(select(.name == "nova"))[0].version >= 1' db version --path "$work/databases"

say "Servers"
output=$(ctl server create one --image tiny-guest --flavor m1.tiny --key-name ctl-key --property a=b --wait \
    2>"$work/complaint") || true
check_has "server create --wait shows the server" "$output" '^status *ACTIVE'
check_has "and its progress on standard error" "$(cat "$work/complaint")" 'ACTIVE'
id=$(ctl server show one --json | jq -r .id)
json "server create" '.name == "two" and (.id | length) == 36 and .adminPass != null' \
    server create two --image tiny-guest --flavor m1.tiny --network default
soon 30 "the second is ACTIVE" has_status two ACTIVE
shows "server list" "^$id +one +ACTIVE +- +default=10\.[0-9.]+ +m1.tiny" server list
json "server list" 'length == 2 and all(.status == "ACTIVE")' server list
json "server list --name" 'map(.name) == ["two"]' server list --name two
json "server list --status" '. == []' server list --status SHUTOFF
shows "server show by id" '^name +one' server show "$id"
json "server show" '.metadata == {"a": "b"} and .key_name == "ctl-key"' server show one
check "server stop" ctl server stop one
soon 20 "it is SHUTOFF" has_status one SHUTOFF
fails "stopping it again" 1 'Cannot .stop. instance' "$novactl" server stop one
check "server start" ctl server start one
soon 20 "it is ACTIVE" has_status one ACTIVE
check "server reboot" ctl server reboot one
soon 20 "it is ACTIVE after the reboot" has_status one ACTIVE
check "server reboot --hard" ctl server reboot one --hard
soon 20 "it is ACTIVE after the hard reboot" has_status one ACTIVE
shows "server console-log" '.' server console-log one
shows "server console-log --lines" '.' server console-log one --lines 1
shows "server why" '^hosts_considered +1' server why one
check_has "which names the filters" "$output" '^RamFilter  *1  *1  -'
check_has "and the weights" "$output" '^Host *Weight *Made of'
json "server why" '.chosen != null and (.filters | length) > 0 and (.weights | length) == 1' server why one
shows "workflow list" ' build +one +' workflow list
json "workflow list" 'any(.name == "build" and .state == "succeeded")' workflow list
json "workflow list --server" "length >= 4 and all(.server_id == \"$id\")" workflow list --server one
json "workflow list --open" '. == []' workflow list --open
workflow=$(ctl workflow list --server one --json | jq -r 'map(select(.name == "build"))[0].id')
shows "workflow show" '^state +' workflow show "$workflow"
check_has "with its steps" "$output" '^Step *State *Started'
json "workflow show" '(.steps | length) > 2' workflow show "$workflow"
json "workflow show has times, epochs and leases" '.steps | all(has("duration_ms") and has("epoch") and has("lease_seconds"))' \
    workflow show "$workflow"
json "server history" 'any(.what == "create" and .after.status == "ACTIVE" and (.request_id | startswith("req-")))' \
    server history one
shows "cleanup list" 'none' cleanup list
shows "doctor" 'healthy' doctor
ctl flavor create ctl.huge --ram 9000000 --vcpus 1 >/dev/null
fails_wait() { ctl server create huge --image tiny-guest --flavor ctl.huge --wait; }
check_refused "server create --wait tells why there is no host" 'No valid host' fails_wait
check_has "and how to see more" "$output" 'novactl server why'
shows "server why tells the fault" '^fault +No valid host' server why huge
check_has "and what each filter took out" "$output" '^RamFilter  *1  *0  .*: '
json "server why of a server without a host" '.chosen == null and any(.filters[]; .hosts_after == 0)' server why huge
check "server delete of several" ctl server delete one two huge --wait
shows "they are gone" '^\(none\)$' server list

say "The queue during ten boots"
shows "queue list" '^Queue +Kind +Home +Ready +In flight .*In/s +Out/s' queue list
json "queue list" 'all(has("ready") and has("consumers") and has("rate_in") and has("rate_out"))' queue list
for number in 1 2 3 4 5 6 7 8 9 10; do boot "storm-$number" >/dev/null & done
wait
busy() { ctl queue list --json | jq -e 'any(.[]; .kind == "host" and .in_flight > 0)' >/dev/null; }
soon 10 "a host's queue has boots in flight" busy
all_kinds='([.[] | select(.consumers > 0) | .kind] | unique) == ["fanout", "host", "topic"]'
json "topic, host and fanout queues" "$all_kinds" queue list
rated() { ctl queue list --json | jq -e 'any(.[]; .kind == "topic" and .rate_in > 0 and .rate_out > 0)' >/dev/null; }
soon 15 "rates are shown" rated
check "queue list --watch for two rounds" ctl queue list --watch --count 2
check_equal "it shows the table twice" "$(grep -c '^Queue ' <<<"$output")" 2
check "queue list --watch --json" ctl queue list --watch --count 2 --json
check_equal "a document each" "$(jq -s length <<<"$output")" 2
shows "queue peers" 'compute' queue peers
json "queue peers" 'map(.role) | contains(["api", "compute", "conductor", "scheduler"])' queue peers
all_active() { ctl server list --json | jq -e 'length == 10 and all(.[]; .status == "ACTIVE")' >/dev/null; }
soon 60 "all ten are ACTIVE" all_active
mapfile -t ids < <(ctl server list --json | jq -r '.[].id')
check "all ten are deleted" ctl server delete "${ids[@]}" --wait
check_no_leaks

say "Wrong use"
fails "no image" 2 "Missing expected argument '--image.*See: novactl server create --help" \
    "$novactl" server create x --flavor m1.tiny
fails "an unknown option" 2 "Unknown option '--bogus'.*See: novactl server list --help" "$novactl" server list --bogus
fails "an unknown command" 2 "bogus.*See: novactl server --help" "$novactl" server bogus
fails "no number" 2 "'abc' is invalid.*--help" "$novactl" flavor create x --ram abc --vcpus 1
fails "--count without --watch" 2 'count needs --watch' "$novactl" queue list --count 2
fails "a property without a value" 2 'key=value' \
    "$novactl" server create x --image tiny-guest --flavor m1.tiny --property oops
fails "a number out of range" 2 'ram' "$novactl" flavor create ctl.bad --ram=-5 --vcpus 1
fails "a configuration file that is not there" 2 'no-such.conf' "$novactl" db version --config-file "$work/no-such.conf"

say "Not found"
fails "server" 3 'no server "nobody".*novactl server list' "$novactl" server show nobody
fails "server delete" 3 'no server "nobody"' "$novactl" server delete nobody
fails "flavor" 3 'no flavor "nobody".*novactl flavor list' "$novactl" server create x --image tiny-guest --flavor nobody
fails "image" 3 'no image "nobody".*novactl image list' "$novactl" server create x --image nobody --flavor m1.tiny
fails "network" 3 'no network "nobody".*novactl network list' "$novactl" network show nobody
fails "workflow" 3 'no workflow ".*novactl workflow list' "$novactl" workflow show 00000000-0000-4000-8000-000000000000
fails "workflow retry" 3 'no workflow "' "$novactl" workflow retry 00000000-0000-4000-8000-000000000000
fails "workflow abandon" 2 'repeat it with --yes' "$novactl" workflow abandon 00000000-0000-4000-8000-000000000000 --reason x
fails "server history" 3 'no server "' "$novactl" server history nothing

say "Sign-in: OS_* variables and clouds.yaml"
clean=(env -u OS_AUTH_URL -u OS_USERNAME -u OS_PASSWORD -u OS_PROJECT_NAME -u OS_USER_DOMAIN_NAME
    -u OS_PROJECT_DOMAIN_NAME -u OS_IDENTITY_API_VERSION "HOME=$work/home")
fails "no variables at all" 2 'OS_AUTH_URL is not set.*clouds.yaml' "${clean[@]}" "$novactl" server list
fails "no password" 2 'OS_PASSWORD is not set' env -u OS_PASSWORD "$novactl" server list
fails "a wrong password" 4 'OS_PASSWORD.*identity HTTP 401' env OS_PASSWORD=wrong "$novactl" server list
fails "a forged token" 4 'identity HTTP 40[14]' env OS_TOKEN=forged "$novactl" server list
fails "no clouds.yaml" 2 'No clouds.yaml found; looked for' "${clean[@]}" OS_CLOUD=mine "$novactl" server list
write_clouds() {
    cat <<YAML
# Two clouds.
clouds:
  mine:
    auth:
      auth_url: $OS_AUTH_URL
      username: "$OS_USERNAME"
      password: '$OS_PASSWORD'   # quoted
      project_name: $OS_PROJECT_NAME
      user_domain_name: Default
      project_domain_name: Default
    region_name: RegionOne
    interface: public
    identity_api_version: 3
  broken:
    auth:
      auth_url: $OS_AUTH_URL
      username: nobody
      password: wrong
      project_name: admin
YAML
}
write_clouds >"$work/home/.config/openstack/clouds.yaml"
write_clouds >"$work/elsewhere.yaml"
check "clouds.yaml of the home folder, with OS_CLOUD" "${clean[@]}" OS_CLOUD=mine "$novactl" flavor list
check "clouds.yaml of the home folder, with --os-cloud" "${clean[@]}" "$novactl" flavor list --os-cloud mine
check "OS_CLIENT_CONFIG_FILE" "${clean[@]}" HOME=/nonexistent OS_CLIENT_CONFIG_FILE="$work/elsewhere.yaml" \
    OS_CLOUD=mine "$novactl" flavor list
check "a variable wins over the file" "${clean[@]}" OS_CLOUD=broken OS_USERNAME="$OS_USERNAME" \
    OS_PASSWORD="$OS_PASSWORD" "$novactl" flavor list
fails "a cloud with wrong credentials" 4 'OS_PASSWORD' "${clean[@]}" OS_CLOUD=broken "$novactl" flavor list
fails "a cloud that is not in the file" 2 'no cloud "other".*broken, mine' \
    "${clean[@]}" OS_CLOUD=other "$novactl" flavor list
printf 'clouds:\n\tmine: x\n' >"$work/bad.yaml"
fails "a file that is no YAML" 2 'bad.yaml:2: tabs' \
    "${clean[@]}" OS_CLIENT_CONFIG_FILE="$work/bad.yaml" OS_CLOUD=mine "$novactl" flavor list

say "Keys of the queue"
# A path of 40 characters looks like a key.
key=$(printf '%s/%*s' "$work" $((39 - ${#work})) '' | tr ' ' k)
check_equal "the path is as long as a key" "${#key}" 40
shows "queue keygen" "^authorize with: novactl queue authorize --role admin --host ops '" \
    queue keygen --role admin --host ops "$key"
check_equal "the file is its owner's alone" "$(stat -c %a "$key")" 600
fails "a file of keys is never replaced" 1 'exists already' "$novactl" queue keygen "$key"
fails "a role that is none" 2 "There is no role 'boss'" "$novactl" queue keygen --role boss --host h "$key.2"
fails "a key that nobody has authorized" 5 'does it know your key' "$novactl" queue list --key "$key"
shows "queue authorize of a file" ' is authorized as admin@ops in ' queue authorize "$key"
shows "queue authorize again" ' was already authorized as admin@ops in ' queue authorize "$key"
check "an authorized key comes in" ctl queue list --key "$key"
shows "queue revoke of a name" ' of admin@ops is revoked in ' queue revoke admin@ops
fails "a name that has no key" 3 'has no key for admin@ops' "$novactl" queue revoke admin@ops
fails "a revoked key" 5 'does it know your key' "$novactl" queue list --key "$key"
check "an authorized key comes back" ctl queue authorize "$key"
shows "queue revoke of a file" ' of admin@ops is revoked in ' queue revoke "$key"
public=$(sed -n 's/^public = //p' "$key")
shows "queue authorize of a public key" ' is authorized as compute@h7 in ' \
    queue authorize --role compute --host h7 "$public"
fails "keys of another role" 5 'does it know your key' "$novactl" queue list --key "$key"
shows "queue revoke of a public key" ' of compute@h7 is revoked in ' queue revoke "$public"
fails "no role for a public key" 2 'Give --role and --host' "$novactl" queue authorize "$public"
chmod 644 "$key"
fails "keys that others can read" 2 'can be read by others. Run: chmod 600' "$novactl" queue list --key "$key"

say "Policy and identity"
port_of() { "$ROOT/tools/cloud" status | awk -v name="$1" '$1 == name {print $3}'; }
api=(--monitoring "http://127.0.0.1:$(port_of nova-api)")
shows "policy list" 'nova-api +os_compute_api:servers:index' policy list "${api[@]}"
json "policy list" 'any(.rule == "os_compute_api:servers:index" and (.overridden | not))' policy list "${api[@]}"
shows "policy sample" '^#"os_compute_api:servers:index": "' policy sample "${api[@]}"
list=(--monitoring "http://127.0.0.1:$(port_of nova-identity)" --rule identity:list_users --user admin)
shows "policy check of an administrator" 'allowed +yes' policy check "${list[@]}" --project admin
without_scope() { ! ctl policy check "${list[@]}"; }
check "policy check without a scope" without_scope
fails "policy check of a rule that there is not" 3 'no rule x:y' \
    "$novactl" policy check "${api[@]}" --user admin --rule x:y
printf '"os_compute_api:servers:index": "role:\n' >"$policy_file"
not_in_force() { (ctl doctor || true) | grep -q 'nova-api/policy is degraded: the changed policy file is not in force'; }
soon 10 "doctor shows a policy file that cannot be parsed" not_in_force
check_refused "and is not content" 'nova-identity/policy is degraded' ctl doctor
: >"$policy_file"
soon 10 "and is content once it is mended" ctl doctor
rm -f "$policy_file"
check_refused "doctor names a daemon that does not answer" 'http://127.0.0.1:1 does not answer' \
    ctl doctor --monitoring http://127.0.0.1:1
fails "policy of nobody" 5 'Cannot reach|cannot be reached|connect' "$novactl" policy list --monitoring http://127.0.0.1:1
conf=(--config-file "$NOVA_CLOUD_DIR/nova.conf")
shows "a token from before a rotation is good" '' flavor list
json "identity rotate-keys" '.keys == 2' identity rotate-keys "${conf[@]}"
shows "and after it" '' flavor list
OS_BOOTSTRAP_PASSWORD=other check "identity bootstrap" ctl identity bootstrap "${conf[@]}" --username operator
OS_USERNAME=operator OS_PASSWORD=other check "whom it made signs in" ctl flavor list

say "Unreachable services"
fails "identity" 5 'Cannot reach the identity service at 127.0.0.1:1\b.*Is it running' \
    env OS_AUTH_URL=http://127.0.0.1:1/v3 "$novactl" server list
fails "the queue" 5 'No broker answers at tcp://127.0.0.1:1\. Is nova-queue running' \
    "$novactl" queue list --queue tcp://127.0.0.1:1 --insecure
fails "a broker without a key" 2 'tcp://127.0.0.1:1 has no key, and plain connections are refused' \
    "$novactl" queue list --queue tcp://127.0.0.1:1
fails "a broker elsewhere without a key" 2 'tcp://192.0.2.1:1 has no key, and plain connections between hosts' \
    "$novactl" queue list --queue tcp://192.0.2.1:1 --insecure
"$ROOT/tools/cloud" stop nova-image
fails "image" 5 'Cannot reach the image service at 127.0.0.1:' "$novactl" image list
"$ROOT/tools/cloud" stop nova-scheduler
down='any(.binary == "nova-scheduler" and .state == "down")'
scheduler_down() { ctl service list --json | jq -e "$down" >/dev/null; }
soon 10 "a scheduler that is gone is down in the service list" scheduler_down
completed=yes
