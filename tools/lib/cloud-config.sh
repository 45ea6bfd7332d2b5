# shellcheck shell=bash
# Sourced by tools/cloud: a cloud's settings, ports and nova.conf. Uses DIR.

services=(nova-queue nova-identity nova-placement-api nova-network nova-image nova-conductor nova-scheduler nova-api)

# default_folder: where the cloud lives when nobody says.
default_folder() {
    if [[ $(id -u) == 0 ]]; then
        printf '/var/lib/nova-cloud\n'
    else
        printf '%s\n' "${XDG_DATA_HOME:-$HOME/.local/share}/nova-cloud"
    fi
}

# load_settings: what `up` has chosen for this folder; false when there is no cloud in it.
load_settings() {
    [[ -f $DIR/cloud.env ]] || return 1
    [[ -O $DIR/cloud.env ]] || die "$DIR/cloud.env belongs to another user"
    # shellcheck source=/dev/null
    source "$DIR/cloud.env"
    CLOUD_BROKERS=${CLOUD_BROKERS:-1} CLOUD_CONTROLLERS=${CLOUD_CONTROLLERS:-1}
    CLOUD_DATABASE=${CLOUD_DATABASE:-sqlite} CLOUD_TLS=${CLOUD_TLS:-no} CLOUD_FABRIC=${CLOUD_FABRIC:-}
    set_ports
}

save_settings() {
    (
        umask 077
        {
            printf '# Settings of this cloud, written by tools/cloud up.\n'
            local name
            for name in CLOUD_ID CLOUD_MODE CLOUD_DRIVER CLOUD_HOSTS CLOUD_PORT_BASE CLOUD_CIDR CLOUD_PASSWORD \
                CLOUD_BUILD CLOUD_HOST CLOUD_SETS CLOUD_BROKERS CLOUD_CONTROLLERS CLOUD_DATABASE CLOUD_TLS \
                CLOUD_FABRIC; do
                printf '%s=%q\n' "$name" "${!name}"
            done
        } >"$DIR/cloud.env.part"
        mv "$DIR/cloud.env.part" "$DIR/cloud.env"
    )
}

# set_ports: without a base the usual ports of OpenStack, with a base P the ports P to P+9, and P+10 on for monitoring.
# Also how the APIs are spoken to, with curl as well.
set_ports() {
    SCHEME=http
    if [[ $CLOUD_TLS == yes ]]; then
        SCHEME=https
        export CURL_CA_BUNDLE=$DIR/tls/ca.pem
    fi
    if [[ -z $CLOUD_PORT_BASE ]]; then
        PORT_IDENTITY=5000 PORT_IMAGE=9292 PORT_API=8774 PORT_PLACEMENT=8778 PORT_NETWORK=9696 PORT_QUEUE=5550
        PORT_MONITORING=18800
    else
        PORT_IDENTITY=$CLOUD_PORT_BASE
        PORT_IMAGE=$((CLOUD_PORT_BASE + 1))
        PORT_API=$((CLOUD_PORT_BASE + 2))
        PORT_PLACEMENT=$((CLOUD_PORT_BASE + 3))
        PORT_NETWORK=$((CLOUD_PORT_BASE + 4))
        PORT_QUEUE=$((CLOUD_PORT_BASE + 5))
        PORT_MONITORING=$((CLOUD_PORT_BASE + 10))
    fi
}

# daemon_names: the daemons of this cloud in the order of their start.
daemon_names() {
    local number
    if [[ $CLOUD_MODE == standalone ]]; then
        printf 'nova-standalone\n'
    else
        broker_names
        printf '%s\n' "${services[@]:1}"
        for ((number = 2; number <= CLOUD_CONTROLLERS; number++)); do
            printf 'nova-conductor.%d\nnova-scheduler.%d\n' "$number" "$number"
        done
        printf 'nova-compute\n'
    fi
    for ((number = 2; number <= CLOUD_HOSTS; number++)); do printf 'nova-compute.%d\n' "$number"; done
}

# monitoring_port NAME: where it serves /readyz and /metrics.
monitoring_port() {
    local index
    case $1 in
    nova-standalone) printf '%d\n' "$PORT_MONITORING" ;;
    nova-compute) printf '%d\n' $((PORT_MONITORING + 20)) ;;
    nova-queue.*) printf '%d\n' $((PORT_MONITORING + 9 + ${1#nova-queue.})) ;;
    nova-conductor.*) printf '%d\n' $((PORT_MONITORING + 1100 + ${1#nova-conductor.})) ;;
    nova-scheduler.*) printf '%d\n' $((PORT_MONITORING + 1200 + ${1#nova-scheduler.})) ;;
    nova-compute.*) printf '%d\n' $((PORT_MONITORING + 19 + ${1#nova-compute.})) ;;
    *)
        for index in "${!services[@]}"; do
            [[ ${services[index]} == "$1" ]] && printf '%d\n' $((PORT_MONITORING + 1 + index))
        done
        ;;
    esac
}

# monitoring_address NAME: the same with the address, which on another host is that host's.
monitoring_address() {
    local address=127.0.0.1
    if [[ $1 == nova-compute.* ]] && has_more_hosts; then address=$(fabric_address "${1#nova-compute.}"); fi
    printf '%s:%d\n' "$address" "$(monitoring_port "$1")"
}

# free_cidr: a /16 that no route of this host has, so that clouds side by side have different networks.
free_cidr() {
    local second taken
    # The last route tables and interfaces of the host, as "10.N".
    taken=$(ip -4 route show table all 2>/dev/null | grep -oE '\b10\.[0-9]+' | sort -u || true)
    for ((try = 0; try < 200; try++)); do
        second=$((16 + RANDOM % 224))
        grep -qx "10\.$second" <<<"$taken" || break
    done
    printf '10.%d.0.0/16\n' "$second"
}

# find_build [release|debug]: the folder of the programs; without a word the one that was built last.
find_build() {
    local wanted=${1:-} newest='' kind program
    for kind in release debug; do
        [[ -z $wanted || $wanted == "$kind" ]] || continue
        for program in "$ROOT/.build/$kind"/nova-{standalone,api}; do
            [[ -x $program ]] || continue
            if [[ -z $newest || $program -nt $newest ]]; then newest=$program; fi
        done
    done
    [[ -n $newest ]] || die "nothing is built${wanted:+ as $wanted}: run tools/build-release nova-standalone novactl," \
        "or for a debug build swift build --explicit-target-dependency-import-check error"
    printf '%s\n' "${newest%/*}"
}

# broker_names: the daemons that are brokers, or the one that has it.
broker_names() {
    local number
    if [[ $CLOUD_MODE == standalone ]]; then
        echo nova-standalone
        return
    fi
    echo nova-queue
    for ((number = 2; number <= CLOUD_BROKERS; number++)); do echo "nova-queue.$number"; done
}

is_broker() { grep -qxF -- "$1" < <(broker_names); }

# key_file NAME: the keys of a daemon on the queue.
key_file() {
    case $1 in
    nova-standalone | nova-queue) echo "$DIR/keys/broker.key" ;;
    *) echo "$DIR/keys/$1.key" ;;
    esac
}

# broker_endpoint NAME: where it listens.
broker_endpoint() {
    local number=1 address=127.0.0.1
    if [[ $1 == nova-queue.* ]]; then number=${1##*.}; fi
    # Other hosts of the machine reach it as well.
    if has_more_hosts; then address=$(fabric_address 1); fi
    echo "tcp://$address:$((PORT_QUEUE + number - 1))"
}

# broker_list: all brokers with their keys, as [queue] brokers wants them.
broker_list() {
    local name list=''
    for name in $(broker_names); do
        list+="${list:+,}$(broker_endpoint "$name")=$(public_key "$(key_file "$name")")"
    done
    echo "$list"
}

public_key() { sed -n 's/^public = //p' "$1"; }

# make_keys: the broker's keys, and those of each daemon and of the operator, known to the broker. What is there stays.
make_keys() {
    local name file role host
    [[ -x $CLOUD_BUILD/novactl ]] || die "$CLOUD_BUILD/novactl is not built"
    (
        umask 077
        mkdir -p "$DIR/keys"
        touch "$DIR/keys/authorized_keys"
        for name in admin $(daemon_names); do
            file=$(key_file "$name")
            if is_broker "$name"; then
                [[ -s $file ]] || "$CLOUD_BUILD/novactl" queue keygen "$file" >/dev/null
                continue
            fi
            role=${name#nova-} role=${role%%.*} role=${role%-api} host=$CLOUD_HOST
            if [[ $name == *.* ]]; then host=$CLOUD_HOST-${name##*.}; fi
            [[ -s $file ]] || "$CLOUD_BUILD/novactl" queue keygen --role "$role" --host "$host" "$file" >/dev/null
            grep -qF -- "$(public_key "$file") $role $host" "$DIR/keys/authorized_keys" ||
                "$CLOUD_BUILD/novactl" queue authorize "$file" --remark "$name" --file "$DIR/keys/authorized_keys" \
                    >/dev/null
        done
    )
}

# make_certificate: a test authority of this cloud's own, and a certificate of the APIs signed by it. What is there stays.
make_certificate() {
    local folder=$DIR/tls
    [[ ! -s $folder/server.pem ]] || return 0
    command -v openssl >/dev/null || install_packages test
    (
        umask 077
        mkdir -p "$folder"
        cd "$folder"
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -keyout ca.key -out ca.pem \
            -subj "/CN=Test authority of cloud $CLOUD_ID" -addext basicConstraints=critical,CA:TRUE \
            -addext keyUsage=critical,keyCertSign 2>/dev/null
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout server.key -out server.csr \
            -subj "/CN=$CLOUD_HOST" 2>/dev/null
        openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 825 -out server.part -extfile \
            <(printf 'subjectAltName=IP:127.0.0.1,%sDNS:localhost,DNS:%s\nextendedKeyUsage=serverAuth\n' \
            "$(if has_more_hosts; then echo "IP:$(fabric_address 1),"; fi)" "$CLOUD_HOST") \
            2>/dev/null
        mv server.part server.pem
        rm -f server.csr
    ) || die "openssl could not make a certificate in $folder"
    chmod 755 "$folder"
    chmod 644 "$folder/ca.pem"
}

write_config() {
    local compute network virt=qemu uri='' connection='' ssl='' inner=127.0.0.1 image=127.0.0.1 fabric=''
    if [[ $CLOUD_TLS == yes ]]; then
        printf -v ssl '\n[ssl]\ncert_file = %s\nkey_file = %s\nca_file = %s\n' "$DIR"/tls/{server.pem,server.key,ca.pem}
    fi
    if [[ $CLOUD_DATABASE == postgresql ]]; then connection=$(postgresql_url "$DIR/postgresql"); fi
    case $CLOUD_DRIVER in
    libvirt) compute=libvirt.LibvirtDriver network=linux ;;
    lxc) compute=libvirt.LibvirtDriver network=linux virt=lxc uri=$(lxc_uri) ;;
    fake) compute=fake.FakeDriver network=fake ;;
    esac
    # Other hosts of the machine reach the queue and the images over the fabric, users still over the loopback.
    if has_more_hosts; then inner=$(fabric_address 1) image=0.0.0.0 fabric=$(fabric_bridge); fi
    (
        umask 077
        cat >"$DIR/nova.conf.part" <<CONF
# Written by tools/cloud up; every daemon of this cloud reads it.
[DEFAULT]
cloud_id = $CLOUD_ID
host = $CLOUD_HOST
my_ip = $inner
state_path = $DIR/state
instances_path = $DIR/instances
compute_driver = $compute
osapi_compute_listen = 127.0.0.1
osapi_compute_listen_port = $PORT_API

[database]
connection = $connection
$ssl
[queue]
brokers = $(broker_list)
authorized_keys = $DIR/keys/authorized_keys

[libvirt]
virt_type = $virt
connection_uri = $uri

[identity]
listen = 127.0.0.1
port = $PORT_IDENTITY
admin_password = $CLOUD_PASSWORD
identity_endpoint = $SCHEME://127.0.0.1:$PORT_IDENTITY/v3
image_endpoint = $SCHEME://127.0.0.1:$PORT_IMAGE
compute_endpoint = $SCHEME://127.0.0.1:$PORT_API/v2.1
placement_endpoint = $SCHEME://127.0.0.1:$PORT_PLACEMENT
network_endpoint = $SCHEME://127.0.0.1:$PORT_NETWORK

[image]
listen = $image
port = $PORT_IMAGE
auth_uri = $SCHEME://127.0.0.1:$PORT_IDENTITY/v3

[network]
listen = 127.0.0.1
port = $PORT_NETWORK
driver = $network
fabric = $fabric
default_cidr = $CLOUD_CIDR

[placement]
listen = 127.0.0.1
port = $PORT_PLACEMENT

[glance]
api_servers = $SCHEME://$inner:$PORT_IMAGE

[neutron]
endpoint_override = http://127.0.0.1:$PORT_NETWORK

[compute]
host_plug = $network
fabric = $fabric

[quota]
unlimited_projects = admin
CONF
        mv "$DIR/nova.conf.part" "$DIR/nova.conf"
    )
}
