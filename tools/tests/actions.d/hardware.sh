# shellcheck shell=bash
# Sourced by actions.sh: one guest with much that flavors and images can ask for, and what this host cannot give.

# flavor NAME SPECS [MORE]: makes a flavor with extra specs and prints its id.
flavor() {
    local more=${3:-'{}'} id
    id=$(rest POST "$compute/flavors" -H 'Content-Type: application/json' -d "$(jq -n --arg name "$1" \
        --argjson more "$more" '{flavor: ({name: $name, ram: 128, vcpus: 1, disk: 1} + $more)}')" | jq -r .flavor.id)
    rest POST "$compute/flavors/$id/os-extra_specs" -H 'Content-Type: application/json' \
        -d "$(jq -n --argjson specs "$2" '{extra_specs: $specs}')" >/dev/null
    printf '%s\n' "$id"
}
# property add NAME VALUE, property remove NAME: of the tiny guest's image.
property() {
    rest PATCH "$image/v2/images/$tiny" -H 'Content-Type: application/openstack-images-v2.1-json-patch' \
        -d "[{\"op\": \"$1\", \"path\": \"/$2\"${3:+, \"value\": \"$3\"}}]" >/dev/null
}
fault() { rest GET "$compute/servers/$1" | jq -r '.server.fault.message // empty'; }
# refused NAME TEXT ID: the server goes ERROR, with a fault that says TEXT.
refused() {
    soon 60 "$1: the server is in ERROR" is_state "$3" ERROR
    check_has "and its fault names what to do" "$(fault "$3")" "$2"
    drop "$3"
}
# drop ID: deletes a server at once: no guest is asked, as some here have no system that would hear it.
drop() { act "$1" '{"forceDelete": null}' >/dev/null; }
xml() { virsh -c qemu:///system dumpxml "$1"; }

all=$(flavor hw.all '{"hw:cpu_policy": "dedicated", "hw:cpu_sockets": "1", "hw:cpu_cores": "2", "hw:numa_nodes": "1",
    "hw:watchdog_action": "pause", "hw_rng:rate_bytes": "4096", "hw:serial_port_count": "2",
    "hw:vif_multiqueue_enabled": "true", "hw_video:ram_max_mb": "16"}' \
    '{"vcpus": 2, "OS-FLV-EXT-DATA:ephemeral": 2, "swap": 16}')
property add hw_video_model vga
property add hw_video_ram 16
lan=$(rest GET "$network/v2.0/networks" | jq -r '.networks[0].id')
user_data=$(printf '#!/bin/sh\necho user-data-$((40 + 2))\n' | base64 -w 0)
equipped=$(boot equipped "{\"flavorRef\": \"$all\", \"config_drive\": true, \"user_data\": \"$user_data\",
    \"networks\": [{\"uuid\": \"$lan\", \"tag\": \"front\"}], \"block_device_mapping_v2\": [
        {\"source_type\": \"blank\", \"destination_type\": \"local\", \"volume_size\": 1, \"tag\": \"scratch\"},
        {\"source_type\": \"blank\", \"destination_type\": \"local\", \"volume_size\": 1, \"guest_format\": \"ext2\"},
        {\"source_type\": \"blank\", \"destination_type\": \"local\", \"volume_size\": 8, \"guest_format\": \"swap\"}]}")
property remove hw_video_model
property remove hw_video_ram
soon 120 "the server is ACTIVE" is_state "$equipped" ACTIVE
check_equal "placement counts its disks as its flavor says" \
    "$(rest GET "$placement/allocations/$equipped" | jq '[.allocations[].resources.DISK_GB] | add')" 4
described=$(xml "$equipped")
for part in "<topology sockets='1' .*cores='2' threads='1'/>" "<vcpupin vcpu='1' cpuset='1'/>" \
    "<cell id='0' cpus='0-1' memory='131072'" "<watchdog model='i6300esb' action='pause'" \
    "<rate bytes='4096' period='1000'/>" "<driver queues='2'/>" "<target type='isa-serial' port='1'>" \
    "<model type='vga' vram='16384'"; do
    check_has "its definition: $part" "$described" "$part"
done
check_equal "its disks" "$(virsh -c qemu:///system domblklist "$equipped" | awk '/disk/ {print $1, $2}' |
    sed 's|/.*/||' | tr '\n' ' ')" 'vda disk vdb disk.eph0 vdc disk.eph1 vdd disk.swap hda disk.config '
check_equal "the second with the file system that was asked for" \
    "$(blkid -p -o value -s TYPE "$NOVA_CLOUD_DIR"/instances*/"$equipped"/disk.eph1)" ext2

say "What this host cannot give"
wrong=$(flavor hw.wrong '{"hw:watchdog_action": "explode", "hw:numa_nodes": "many"}')
check_refused "values that no host can give" "hw:watchdog_action.*hw:numa_nodes\|hw:numa_nodes.*hw:watchdog_action" \
    boot wrong "{\"flavorRef\": \"$wrong\"}"
refused "a third dedicated CPU" 'dedicated' "$(boot crowded "{\"flavorRef\": \"$all\"}")"
pages=$(flavor hw.pages '{"hw:mem_page_size": "1GB"}' '{"ram": 1024}')
refused "memory pages that are not there" 'nr_hugepages' "$(boot pages "{\"flavorRef\": \"$pages\"}")"
# One more than the host has.
count=$(($(find /sys/devices/system/node -maxdepth 1 -name 'node[0-9]*' | wc -l) + 1))
nodes=$(flavor hw.nodes "{\"hw:numa_nodes\": \"$count\"}" "{\"ram\": $((count * 128)), \"vcpus\": $count}")
refused "NUMA nodes that are not there" 'NUMA nodes' "$(boot nodes "{\"flavorRef\": \"$nodes\"}")"
tpm=$(flavor hw.tpm '{"hw:tpm_version": "2.0", "hw:tpm_model": "tpm-crb"}')
with_tpm=$(boot tpm "{\"flavorRef\": \"$tpm\"}")
if command -v swtpm >/dev/null; then
    soon 120 "a server with a TPM is ACTIVE" is_state "$with_tpm" ACTIVE
    check_has "its definition has it" "$(xml "$with_tpm")" "<tpm model='tpm-crb'>"
    check_refused "it cannot be shelved" 409 act "$with_tpm" '{"shelve": null}'
    drop "$with_tpm"
else
    refused "a TPM without its emulator" 'swtpm' "$with_tpm"
fi
property add hw_firmware_type uefi
with_uefi=$(boot uefi)
property remove hw_firmware_type
if [[ -d /usr/share/OVMF ]]; then
    soon 120 "a server with UEFI is ACTIVE" is_state "$with_uefi" ACTIVE
    check_has "its definition has the firmware" "$(xml "$with_uefi")" 'OVMF_CODE'
    check_equal "whose variables are among its files" \
        "$(find "$NOVA_CLOUD_DIR"/instances*/"$with_uefi" -name firmware.vars | wc -l)" 1
    drop "$with_uefi"
    secure=$(flavor hw.secure '{"os:secure_boot": "required"}')
    property add hw_firmware_type uefi
    with_secure=$(boot secure "{\"flavorRef\": \"$secure\"}")
    property remove hw_firmware_type
    soon 120 "a server with secure boot is ACTIVE" is_state "$with_secure" ACTIVE
    check_has "its definition has the firmware for it" "$(xml "$with_secure")" "secure='yes'"
    check_has "and the machine for it" "$(xml "$with_secure")" "machine='pc-q35"
    drop "$with_secure"
else
    refused "UEFI without its firmware" 'ovmf' "$with_uefi"
fi

say "What the guest sees of it"
equipped_says() { console "$equipped" | grep -q -- "$1"; }
soon 120 "its guest has booted" has_prompt "$equipped"
soon 20 "it has read its config drive and run its user data" equipped_says 'user-data-42'
exec 7<>"$(virsh -c qemu:///system ttyconsole "$equipped")"
cat <&7 >/dev/null &
reader=$!
type_in root
soon 30 "it asks for a password" equipped_says 'Password:'
type_in nova
soon 30 "it has a shell" equipped_says '# '
# Typed in short lines; what is searched for stands in no line that is typed.
# shellcheck disable=SC2016
for line in 'swapon $(findfs LABEL=swap)' 'mount /dev/vdb /mnt && touch /mnt/x' \
    'echo cpus-$(nproc)-$(grep -m 1 "cpu cores" /proc/cpuinfo | grep -o "[0-9]*$")' \
    'echo swap-$(awk "NR > 1 {print \$3}" /proc/swaps)' 'echo eph-$(grep -c "vdb.*ext4" /proc/mounts)' \
    'mount -o ro $(findfs LABEL=config-2) /tmp' 'echo tag-$(grep -c "tags.*front" /tmp/openstack/latest/meta_data.json)' \
    'echo path-$(grep -c "vdb.*scratch" /tmp/openstack/latest/meta_data.json)' \
    'echo dog-$(cat /sys/bus/pci/devices/*/device | grep -c 0x25ab)' \
    'echo queues-$(ls -d /sys/class/net/eth0/queues/rx* | wc -l)'; do
    type_in "$line"
done
soon 30 "two CPUs, which are two cores of one" equipped_says 'cpus-2-2'
soon 10 "its swap disk, by its label, of the size asked for" equipped_says 'swap-8188'
soon 10 "its ephemeral disk, with a file system" equipped_says 'eph-1'
soon 10 "the tag of its network device, on its config drive" equipped_says 'tag-1'
soon 10 "where its disk with a tag is" equipped_says 'path-1'
soon 10 "its watchdog" equipped_says 'dog-1'
soon 10 "two queues of its network device" equipped_says 'queues-2'

say "A guest that prints without end"
# shellcheck disable=SC2016
type_in 'yes 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef & sleep 1000; kill $!'
folder=$(echo "$NOVA_CLOUD_DIR"/instances*/"$equipped")
soon 90 "its log was begun anew" test -s "$folder/console.log.0"
tail_of() { jq -r .output <<<"$(act "$equipped" '{"os-getConsoleOutput": {"length": 500}}')"; }
check_equal "and has its last 500 lines all the same" "$(printf '%s' "$(tail_of)" | grep -c '')" 500
check "it takes no more than virtlogd lets it" test "$(cat "$folder"/console.log* | wc -c)" -le $((9 << 20))
kill "$reader"
exec 7>&-

say "A rescue that leaves its disks in their places"
check "stop" act "$equipped" '{"os-stop": null}'
soon 90 "it is SHUTOFF" is_state "$equipped" SHUTOFF
property add hw_rescue_device disk
property add hw_rescue_bus usb
check_has "rescue" "$(act "$equipped" "{\"rescue\": {\"rescue_image_ref\": \"$tiny\"}}")" adminPass
property remove hw_rescue_device
property remove hw_rescue_bus
soon 120 "it is in RESCUE" is_state "$equipped" RESCUE
check_equal "its own disks are where they were" \
    "$(virsh -c qemu:///system domblklist "$equipped" | awk '/disk/ {print $1, $2}' | sed 's|/.*/||' | tr '\n' ' ')" \
    'vda disk vdb disk.eph0 vdc disk.eph1 vdd disk.swap hda disk.config sda disk.rescue '
check_equal "it boots from the rescue disk first" "$(xml "$equipped" | grep -o "<boot order='.'/>" | tr '\n' ' ')" \
    "<boot order='2'/> <boot order='1'/> "
drop "$equipped"
soon 60 "it is gone" is_state "$equipped" gone
