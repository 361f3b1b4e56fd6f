# shellcheck shell=bash
# Spendra on the cluster: two gateways and a worker, a company that is governed, and the driver. Sourced by failover.sh.

spendra() {
    (cd "$work" && exec dotnet "$root/artifacts/bin/Spendra.Proof/release/spendra.dll" "$@" --database "$database")
}

# The proof's folder holds the executable as well: what is driven is what is run.
build_spendra() {
    export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
    [ -n "${FAILOVER_NO_BUILD-}" ] || dotnet build "$root/proof/Spendra.Proof" -m:1 -c Release -v quiet -nologo
}

prepare_spendra() {
    database=postgres://postgres@127.0.0.1:${port[haproxy]}/spendra
    psql -qX "postgres://postgres@127.0.0.1:${port[haproxy]}/postgres" -c 'CREATE DATABASE spendra'
    until_true 30 "the database is there" psql -qX "postgres://postgres@127.0.0.1:${port[haproxy]}/spendra" -c 'SELECT 1'
    SPENDRA__MASTERKEY=$(head -c 32 /dev/urandom | base64)
    export SPENDRA__MASTERKEY SPENDRA__ALLOWPRIVATEUPSTREAMS=true
    spendra migrate
    dotnet "$root/artifacts/bin/Spendra.Proof/release/Spendra.Proof.dll" company \
        --provider "http://127.0.0.1:${port[sandbox]}/v1" --carls-cap "$(small_cap)" >"$work/company.yaml"
    spendra apply -f "$work/company.yaml" --json >"$work/applied.json"
}

# Carl's cap: about 60 calls for each failover, so that it is reached within the run and again at its end.
small_cap() { awk -v n="$failovers" 'BEGIN { printf "%.6f", (n + 1) * 60 * 0.00003 }'; }

# serve NAME ROLE: ready when its database answers.
serve() {
    (cd "$work" && exec dotnet "$root/artifacts/bin/Spendra.Proof/release/spendra.dll" serve --role "$2" \
        --urls "http://127.0.0.1:${port[$1]}" --database "$database") >"$work/$1.log" 2>&1 &
    remember "$1.pid"
    until_true 60 "$1 is ready" curl -fs "http://127.0.0.1:${port[$1]}/readyz"
}

start_spendra() {
    serve gateway1 gateway
    serve gateway2 gateway
    serve worker worker
}

# One line when the ledger agrees with itself, everything when it does not. Ends with 1 when it does not, and with 4 when that
# could not be found out.
verify() {
    local report
    report=$(spendra verify) || {
        echo "$report"
        ! grep -Eq '^[0-9.,]+ violations \(' <<<"$report" || return 1
        echo "failover: the ledger could not be verified" >&2
        return 4
    }
    tail -n 1 <<<"$report"
}

stop_spendra() {
    local name
    for name in driver gateway1 gateway2 worker; do
        [ ! -e "$work/$name.pid" ] || kill -KILL "$(cat "$work/$name.pid")" 2>/dev/null || true
    done
}

# In the background, so that a signal to this script is acted on at once.
drive() {
    local node members=() limit=()
    # What the start took is part of the time.
    [ -z "${FAILOVER_MINUTES-}" ] || limit=(--minutes "$(awk -v m="$FAILOVER_MINUTES" -v s="$SECONDS" 'BEGIN { r = m - s / 60; printf "%.2f", r < 0 ? 0 : r }')")
    for node in "${nodes[@]}"; do members+=(--node "$node=http://127.0.0.1:${port[${node}_rest]}"); done
    dotnet "$root/artifacts/bin/Spendra.Proof/release/Spendra.Proof.dll" failover --failovers "$1" "${limit[@]}" \
        --folder "$work" --database "$database" --sandbox-port "${port[sandbox]}" --carls-cap "$(small_cap)" "${members[@]}" \
        --gateway "http://127.0.0.1:${port[gateway1]}" --gateway "http://127.0.0.1:${port[gateway2]}" \
        --strike-script "$root/proof/failover/strike.sh" "${strikes[@]/#/--strike=}" &
    echo $! >"$work/driver.pid"
    wait $!
}
