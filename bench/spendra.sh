# shellcheck shell=bash
# Spendra as a subject: its configuration, its store and its process. Sourced by run.sh.

teams=5

# Three hard caps apply to each request: the organization's, which all traffic shares, the team's and the employee's.
# The amounts are out of reach: what is measured is the holding of money, not the refusal.
configuration() {
    local i scope
    cat <<YAML
organization: { slug: bench, name: Bench, currency: USD, timeZone: UTC }
branches:
  - { slug: main, name: Main }
providerAccounts:
  - { slug: upstream, provider: openai, baseUrl: "http://127.0.0.1:$upstream_port/v1", credential: { value: sk-bench } }
prices:
  - slug: bench-price
    provider: openai
    model: $model
    inputUsdPerMillion: 0.4
    cachedInputUsdPerMillion: 0.1
    cacheWriteUsdPerMillion: 0.4
    outputUsdPerMillion: 1.6
    effectiveFrom: "2020-01-01T00:00:00Z"
teams:
YAML
    for ((i = 0; i < teams; i++)); do
        echo "  - { slug: t$i, name: Team $i, branch: main }"
    done
    echo "employees:"
    for ((i = 0; i < keys; i++)); do
        echo "  - { slug: e$i, email: e$i@bench.example, team: t$((i % teams)) }"
    done
    echo "budgets:"
    for scope in $(scopes); do
        echo "  - { slug: budget-${scope/\//-}, scope: $scope, amountUsd: 1000000, period: month, timeZone: UTC }"
    done
    echo "policies:"
    for scope in $(scopes); do
        echo "  - { slug: cap-${scope/\//-}, kind: hard_cap, scope: $scope, budget: budget-${scope/\//-} }"
    done
    echo "keys:"
    for ((i = 0; i < keys; i++)); do
        echo "  - { slug: k$i, actor: employee/e$i, models: [$model], environment: production }"
    done
}

scopes() {
    echo organization
    seq -f 'team/t%.0f' 0 $((teams - 1))
    seq -f 'employee/e%.0f' 0 $((keys - 1))
}

# The command line of Spendra: this source, or another build or a stand-in named by BENCH_SPENDRA.
spendra_command() {
    if [ -n "${BENCH_SPENDRA-}" ]; then
        read -r -a spendra <<<"$BENCH_SPENDRA"
    else
        dotnet build "$root/src/Spendra" -c Release -v quiet -nologo
        spendra=(dotnet "$root/artifacts/bin/Spendra/release/spendra.dll")
    fi
}

# start_spendra ENGINE: a new store, the keys in $keys_file, the process in $spendra_pid.
start_spendra() {
    local engine=$1 store folder=$work/$1
    mkdir -p "$folder"
    case $engine in
        sqlite) store=(--data "$folder/data") ;;
        postgres)
            start_postgres
            store=(--database "postgres://postgres@127.0.0.1:$postgres_port/postgres")
            ;;
    esac
    export SPENDRA__ALLOWPRIVATEUPSTREAMS=true
    # Into the folder: whatever is written beside the store belongs to this run.
    cd "$folder"
    configuration >bench.yaml
    "${spendra[@]}" apply -f bench.yaml --json "${store[@]}" >applied.json 2>apply.log || {
        fail "spendra apply failed: $(cat apply.log applied.json)"
    }
    keys_file=$folder/keys
    jq -r '.keys[].secret' applied.json >"$keys_file"
    [ "$(wc -l <"$keys_file")" -eq "$keys" ] || fail "spendra apply returned $(wc -l <"$keys_file") keys, not $keys"
    "${spendra[@]}" serve --urls "http://127.0.0.1:$spendra_port" "${store[@]}" >serve.log 2>&1 &
    spendra_pid=$!
    remember $spendra_pid spendra
    cd "$root"
    wait_for_completion "$folder/serve.log"
}

# The first governed answer tells more than a health check: keys, prices, caps and the upstream work.
wait_for_completion() {
    local attempt answer=
    for ((attempt = 0; attempt < 300; attempt++)); do
        kill -0 "$spendra_pid" 2>/dev/null || fail "spendra serve ended: $(tail -n 20 "$1")"
        answer=$(chat_once) && return
        sleep 0.1
    done
    fail "no governed answer within 30 s: $answer $(tail -n 20 "$1")"
}

chat_once() {
    curl -sS --fail-with-body "http://127.0.0.1:$spendra_port/v1/chat/completions" 2>&1 \
        -H "Authorization: Bearer $(head -n 1 "$keys_file")" -H 'Content-Type: application/json' \
        -d "{\"model\":\"$model\",\"max_tokens\":64,\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}"
}

resident_mib() {
    awk '/^VmRSS/ { printf "%d", $2 / 1024 }' "/proc/$spendra_pid/status"
}
