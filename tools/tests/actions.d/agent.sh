# shellcheck shell=bash
# Sourced by actions.sh: guests whose image has QEMU's agent, and what is asked of it.

# mark add|remove NAME [VALUE]: a property of the tiny guest's image, which servers take over when they are made.
mark() {
    rest PATCH "$image/v2/images/$tiny" -H 'Content-Type: application/openstack-images-v2.1-json-patch' \
        -d "[{\"op\": \"$1\", \"path\": \"/$2\"${3:+, \"value\": \"$3\"}}]" >/dev/null
}
tiny=$(rest GET "$image/v2/images?name=tiny-guest" | jq -r '.images[0].id')
mark add os_require_quiesce yes
agentless=$(boot agentless)
mark add hw_qemu_guest_agent yes
asked=$(boot asked)
mark remove os_require_quiesce
mark remove hw_qemu_guest_agent
soon 120 "the server with an agent is ACTIVE" is_state "$asked" ACTIVE
answers() { virsh -c qemu:///system qemu-agent-command "$asked" '{"execute": "guest-ping"}'; }
soon 120 "its agent answers" answers

say "A password by the agent"
soon 60 "its guest has booted" has_prompt "$asked"
check "changePassword" act "$asked" '{"changePassword": {"adminPass": "changed-2"}}'
exec 7<>"$(virsh -c qemu:///system ttyconsole "$asked")"
cat <&7 >/dev/null &
reader=$!
says() { grep -qF "$2" <<<"$(console "$1")"; }
type_in root
soon 30 "the guest asks for the password" says "$asked" 'Password:'
type_in changed-2
soon 30 "it takes the new one" says "$asked" '~ #'

say "A snapshot of file systems that stand still"
act "$asked" '{"createImage": {"name": "whole"}}' >/dev/null
is_whole() { [[ $(rest GET "$image/v2/images?name=whole" | jq -r '.images[0].status') == active ]]; }
soon 120 "the image is active" is_whole
type_in 'echo frozen-$(grep -c "fsfreeze called" /run/messages)-thawed-$(grep -c unfreeze /run/qemu-ga.log)'
soon 30 "the guest was frozen once, and thawed" says "$asked" frozen-1-thawed-1
kill $reader
wait $reader 2>/dev/null || true
exec 7>&-

say "A snapshot that must not be made"
soon 120 "the server without an agent is ACTIVE" is_state "$agentless" ACTIVE
act "$agentless" '{"createImage": {"name": "torn"}}' >/dev/null
has_no_torn() { [[ $(rest GET "$image/v2/images?name=torn" | jq '.images | length') == 0 ]]; }
soon 60 "its image is gone" has_no_torn
soon 30 "the server is ACTIVE" is_state "$agentless" ACTIVE
request=$(rest GET "$compute/servers/$agentless/os-instance-actions" | jq -r '.instanceActions[0].request_id')
check_has "its history names the property" "$(rest GET "$compute/servers/$agentless/os-instance-actions/$request" |
    jq -c .)" 'hw_qemu_guest_agent=yes'
for server in "$asked" "$agentless"; do remove_server "$server"; act "$server" '{"forceDelete": null}' >/dev/null || true; done
for server in "$asked" "$agentless"; do soon 60 "the server is gone" is_state "$server" gone; done
