# shellcheck shell=bash
# Sourced: the few REST calls that tools need, with curl and jq. Uses the OS_* variables.

rest_header=''

# rest_login: asks for a token and keeps it in a file that only this user reads (never on a command line).
rest_login() {
    local endpoint=${OS_AUTH_URL%/} body
    [[ -n $rest_header ]] || rest_header=$(mktemp)
    if [[ -n ${OS_CACERT:-} ]]; then export CURL_CA_BUNDLE=$OS_CACERT; fi
    body=$(jq -n --arg user "$OS_USERNAME" --arg project "$OS_PROJECT_NAME" '{auth: {
        identity: {methods: ["password"], password: {user: {
            name: $user, domain: {name: env.OS_USER_DOMAIN_NAME}, password: env.OS_PASSWORD}}},
        scope: {project: {name: $project, domain: {name: env.OS_PROJECT_DOMAIN_NAME}}}}}')
    curl -fsS --max-time 30 -D - -o /dev/null -H 'Content-Type: application/json' -d @- \
        "$endpoint/auth/tokens" <<<"$body" |
        tr -d '\r' | sed -n 's/^[Xx]-[Ss]ubject-[Tt]oken: */X-Auth-Token: /p' >"$rest_header"
    [[ -s $rest_header ]] || die "no token from $endpoint for $OS_USERNAME"
}

# rest VERB URL [curl arguments]: the body on standard output; an error status fails with its body on standard error.
rest() {
    local verb=$1 url=$2 answer status
    shift 2
    answer=$(mktemp)
    status=$(curl -sS --max-time 120 -X "$verb" -H "@$rest_header" -o "$answer" -w '%{http_code}' "$@" "$url") || {
        rm -f "$answer"
        return 1
    }
    if [[ $status != 2* ]]; then
        warn "$verb $url: $status $(head -c 500 "$answer")"
        rm -f "$answer"
        return 1
    fi
    cat "$answer"
    rm -f "$answer"
}

rest_json() {
    rest "$1" "$2" -H 'Content-Type: application/json' -d "$3"
}

# ensure_image BASE NAME FORMAT FILE: prints the id of the active image of that name; uploads it when there is none.
ensure_image() {
    local base=$1 name=$2 format=$3 file=$4 id
    id=$(rest GET "$base/v2/images?name=$name" | jq -r '[.images[] | select(.status == "active")][0].id // empty')
    if [[ -z $id ]]; then
        id=$(rest_json POST "$base/v2/images" "$(jq -n --arg name "$name" --arg format "$format" \
            '{name: $name, disk_format: $format, container_format: "bare", visibility: "public"}')" | jq -r .id)
        rest PUT "$base/v2/images/$id/file" -H 'Content-Type: application/octet-stream' -T "$file" >/dev/null
    fi
    printf '%s\n' "$id"
}

# ensure_network BASE NAME CIDR: prints the id of the shared network of that name; creates it when there is none.
ensure_network() {
    local base=$1 name=$2 cidr=$3 id
    id=$(rest GET "$base/v2.0/networks?name=$name" | jq -r '.networks[0].id // empty')
    if [[ -z $id ]]; then
        id=$(rest_json POST "$base/v2.0/networks" "$(jq -n --arg name "$name" \
            '{network: {name: $name, shared: true, admin_state_up: true}}')" | jq -r .network.id)
    fi
    if [[ -z $(rest GET "$base/v2.0/subnets?network_id=$id" | jq -r '.subnets[0].id // empty') ]]; then
        rest_json POST "$base/v2.0/subnets" "$(jq -n --arg id "$id" --arg cidr "$cidr" --arg name "$name" \
            '{subnet: {network_id: $id, name: $name, ip_version: 4, cidr: $cidr, enable_dhcp: true}}')" >/dev/null
    fi
    printf '%s\n' "$id"
}
