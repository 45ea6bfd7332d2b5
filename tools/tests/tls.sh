#!/usr/bin/env bash
# tools/tests/tls.sh: every API over HTTPS, with certificates that are renewed while the cloud runs.
set -euo pipefail
# shellcheck source=tools/tests/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

new_cloud --standalone --driver fake --debug --tls
identity=https://127.0.0.1:$CLOUD_PORT_BASE
tls=$NOVA_CLOUD_DIR/tls

say "Who is trusted, and how it is spoken to"
for api in "$identity/v3" "$compute/" "$image/v2/" "$network/v2.0/networks" "$placement/"; do
    check "$api answers" curl -sS -o /dev/null --max-time 10 "$api"
    check_refused "$api shows a certificate that others do not trust" 'certificate' \
        env -u CURL_CA_BUNDLE curl -sS -o /dev/null --max-time 10 "$api"
    check_refused "$api does not speak plain HTTP" '' curl -sS -o /dev/null --max-time 10 "http${api#https}"
    address=${api#https://} address=${address%%/*}
    # The client must be willing, or the refusal would say nothing of the server.
    for version in tls1_2 tls1_1; do
        answer=$(openssl s_client -connect "$address" -CAfile "$tls/ca.pem" -verify_return_error "-$version" \
            -cipher 'ALL:@SECLEVEL=0' </dev/null 2>&1 || true)
        case $version in
        tls1_2) check_has "$address speaks $version" "$answer" 'Verify return code: 0' ;;
        tls1_1) check_has "$address refuses $version" "$answer" 'alert protocol version' ;;
        esac
    done
done

say "The catalog and the clients"
catalog=$(rest GET "$identity/v3/auth/catalog" | jq -r '.catalog[].endpoints[].url')
check_has "the catalog has https addresses" "$catalog" '^https://'
check_equal "and no others" "$(grep -cv '^https://' <<<"$catalog" || true)" 0
check_has "links of the API too" "$(rest GET "$compute/servers?limit=1")$(rest GET "$compute/flavors")" 'https://'
check "novactl boots a server" "$CLOUD_BUILD/novactl" server create --image tiny-guest --flavor m1.tiny --wait first
check_refused "novactl without the authority's certificate" 'cannot reach' env -u OS_CACERT "$CLOUD_BUILD/novactl" server list
check "novactl deletes it" "$CLOUD_BUILD/novactl" server delete first

say "A renewed certificate"
serial() { openssl s_client -connect "${identity#https://}" </dev/null 2>/dev/null | openssl x509 -noout -serial; }
before=$(serial)
openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$tls/new.key" -out "$tls/new.csr" \
    -subj /CN=renewed 2>/dev/null
openssl x509 -req -in "$tls/new.csr" -CA "$tls/ca.pem" -CAkey "$tls/ca.key" -CAcreateserial -days 2 -out "$tls/new.pem" \
    -extfile <(printf 'subjectAltName=IP:127.0.0.1\n') 2>/dev/null
# A download that is slower than the renewal.
head -c 20000000 /dev/zero >"$cloud_dir/big"
id=$(rest_json POST "$image/v2/images" '{"name": "big", "disk_format": "raw", "container_format": "bare"}' | jq -r .id)
rest PUT "$image/v2/images/$id/file" -H 'Content-Type: application/octet-stream' -T "$cloud_dir/big"
curl -sS --limit-rate 4M --max-time 60 -H "@$rest_header" -o "$cloud_dir/got" "$image/v2/images/$id/file" &
download=$!
soon 10 "the download runs" test -s "$cloud_dir/got"
mv "$tls/new.pem" "$tls/server.pem"
mv "$tls/new.key" "$tls/server.key"
renewed() { [[ $(serial) != "$before" ]]; }
soon 10 "new connections see the new certificate" renewed
if wait "$download"; then ok "the old connection goes on to its end"; else not_ok "the old connection broke"; fi
check "with all its bytes" cmp "$cloud_dir/big" "$cloud_dir/got"
printf 'nonsense' >"$tls/server.pem"
sleep 1.5
check "a damaged certificate changes nothing" curl -sS -o /dev/null --max-time 10 "$identity/v3"
check_has "and is in the log" "$(cat "$NOVA_CLOUD_DIR/log/nova-standalone.log")" 'the old one stays'
completed=yes
