#!/usr/bin/env bash
# Swaps a tenant's policies while a host judges payments, and shows who judged what.
# Needs no server: the registry is a SQLite file below target/live-swap.
set -euo pipefail
cd "$(dirname "$0")/../.."
sandgate=${SANDGATE:-target/release/sandgate}
config=examples/live-swap/sandgate.toml
folder=target/live-swap

say() { printf '\n== %s\n' "$*"; }
sandgate() { "$sandgate" "$@"; }

rm -rf "$folder"
mkdir -p "$folder"
sandgate tags --config "$config" set account nobody risk_level 1 > "$folder/tags.log"
mkfifo "$folder/payments"

say "a host that judges what comes"
sandgate run --config "$config" --from "$folder/payments" --to "$folder/decisions.jsonl" 2> "$folder/host.log" &
host=$!
# payments of 0 to 9999, some thousands a second, until this script has done its changes
(
    number=0
    while [ ! -e "$folder/enough" ]; do
        for _ in $(seq 50); do
            printf '{"transaction_id":"t%d","account_id":"a%d","timestamp":%d,"amount":"%d.00"}\n' \
                "$number" $((number % 100)) $((1774735200 + number / 100)) $((number * 7919 % 10000))
            number=$((number + 1))
        done
        sleep 0.02
    done
) > "$folder/payments" &
feeder=$!
trap 'kill $host $feeder 2> /dev/null || true' EXIT

# judged by a generation: how many decisions name it
judged() { cat "$folder/decisions.jsonl" 2> /dev/null | grep -c "\"generation\":$1," || true; }
until_judged() {
    for _ in $(seq 300); do
        [ "$(judged "$1")" -lt 100 ] || return 0
        sleep 0.1
    done
    echo "nobody judges by generation $1" >&2
    cat "$folder/host.log" >&2
    exit 1
}
until_judged 1
sandgate status --config "$config"

say "a policy goes into the registry, with its cases"
sandgate push --config "$config" target/policies/account_risk.wasm --cases policies/account-risk/cases --why "with its cases"
sandgate policies --config "$config"

say "a slip of the finger is refused, and changes nothing"
sandgate activate --config "$config" payments --set account-risk.parameters.medum=500 2>&1 || true

say "a stricter limit, beside what decides: what would it do?"
sandgate shadow start --config "$config" payments --set account-risk.parameters.medium=500 --why "a spree"
for _ in $(seq 300); do
    ! sandgate shadow show --config "$config" | grep -q -- '-> block: [0-9][0-9]' || break
    sleep 0.1
done
sandgate shadow show --config "$config"

say "noon: it decides, while the host judges"
sandgate promote --config "$config" payments --why "as wanted"
until_judged 2
sandgate status --config "$config"

say "it blocks too much: back, at once"
before=$(judged 1)
sandgate rollback --config "$config" payments --why "blocks too much"
for _ in $(seq 300); do
    [ "$(judged 1)" -le "$before" ] || break
    sleep 0.1
done
sandgate freeze --config "$config" payments --why "the sale"

say "the end of the payments"
touch "$folder/enough"
wait "$feeder"
wait "$host"
trap - EXIT
sandgate history --config "$config"
sandgate history --config "$config" --verify
total=$(wc -l < "$folder/decisions.jsonl")
distinct=$(cut -d'"' -f4 "$folder/decisions.jsonl" | sort -u | wc -l)
say "$total decisions about $distinct payments: $(judged 1) by generation 1, $(judged 2) by generation 2"
[ "$total" -eq "$distinct" ]
