#!/usr/bin/env bash
# Governed chat completions against nginx that passes the same traffic through, measured in turns in one run.
# Upstream, load generator, database and subjects share this machine: read the ratios, not the absolute numbers.
#
#   BENCH_ENGINES   sqlite postgres   stores to measure
#   BENCH_SECONDS   8                 per measurement
#   BENCH_ROUNDS    3                 measurements of each subject; the medians are printed
#   BENCH_KEYS      100               employees, each with one key
#   BENCH_LEDGER    1000000           governed requests after which all is measured again, as "grown"; 0: do not
#   BENCH_SPENDRA                     a command to use instead of building this source
#
# The column "ledger requests" is what the ledger held after a "new" and before a "grown" measurement.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

seconds=${BENCH_SECONDS:-8}
rounds=${BENCH_ROUNDS:-3}
keys=${BENCH_KEYS:-100}
ledger=${BENCH_LEDGER:-1000000}
read -r -a engines <<<"${BENCH_ENGINES:-sqlite postgres}"
model=bench-1
warmup_seconds=3

work=
pids=()
postgres_folder=
spendra_pid=

# shellcheck source=scripts/packages.sh
source scripts/packages.sh
# shellcheck source=bench/nginx.sh
source bench/nginx.sh
# shellcheck source=bench/postgres.sh
source bench/postgres.sh
# shellcheck source=bench/spendra.sh
source bench/spendra.sh

fail() {
    echo "bench: $*" >&2
    exit 1
}

require_packages() {
    need nginx nginx-light
    need wrk wrk
    need jq jq
    need curl curl ca-certificates
    [[ " ${engines[*]} " != *" postgres "* ]] || need_postgresql
    install_missing
}

# remember PID NAME: to be stopped at the end.
remember() {
    pids+=("$1")
    names[$1]=$2
}
declare -A names=()

stop() {
    local pid=$1
    kill -TERM "$pid" 2>/dev/null || true
    # A graceful stop drains settlements; one that hangs must not keep the bench from ending.
    timeout 30 tail --pid="$pid" -f /dev/null || { echo "bench: ${names[$pid]} ignores SIGTERM" >&2; kill -KILL "$pid" || true; }
    wait "$pid" 2>/dev/null || true
}

clean_up() {
    local status=$?
    trap - EXIT
    trap '' INT TERM
    local i
    for ((i = ${#pids[@]} - 1; i >= 0; i--)); do
        stop "${pids[i]}"
    done
    stop_postgres
    [ -z "$work" ] || rm -rf "$work"
    exit "$status"
}

# Ports that nobody listens on, below the range from which outgoing connections take theirs.
free_port() {
    local port
    while :; do
        port=$((15000 + RANDOM % 17000))
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
    done
}

wait_for() {
    local attempt
    for ((attempt = 0; attempt < 100; attempt++)); do
        curl -s -o /dev/null "$1" && return
        sleep 0.1
    done
    fail "nothing answers at $1: $(cat "$work"/*/error.log 2>/dev/null)"
}

# load PORT CONNECTIONS SECONDS: prints "rps p50_us p99_us answers errors".
load() {
    local threads=$(($2 > 1 ? 2 : 1))
    wrk --latency -t "$threads" -c "$2" -d "$3s" --timeout 10s -s bench/chat.lua "http://127.0.0.1:$1" -- "$keys_file" "$model" |
        tee -a "$work/wrk.log" | sed -n 's/^RESULT //p'
}

# measure STAGE SUBJECT PORT CONNECTIONS: adds a line to the results and the governed requests to the count.
measure() {
    local result answers errors
    result=$(load "$3" "$4" "$seconds")
    [ -n "$result" ] || fail "wrk gave no result: $(tail -n 5 "$work/wrk.log")"
    echo "$1 $2 $4 $result" >>"$results"
    read -r _ _ _ answers errors <<<"$result"
    [ "$2" != spendra ] || governed=$((governed + answers - errors))
    echo "  $1, $2, $4 connections: $result" >&2
}

# In turns, so that a slow minute of the machine hits both.
measure_stage() {
    local stage=$1 connections round
    for connections in 64 1; do
        for ((round = 0; round < rounds; round++)); do
            measure "$stage" nginx "$nginx_port" "$connections"
            measure "$stage" spendra "$spendra_port" "$connections"
        done
    done
}

grow_ledger() {
    local result answers errors
    echo "  growing the ledger from $governed to $ledger requests" >&2
    while [ "$governed" -lt "$ledger" ]; do
        result=$(load "$spendra_port" 64 10)
        read -r _ _ _ answers errors <<<"$result"
        [ "$errors" -eq 0 ] || fail "$errors of $answers requests failed while the ledger grew"
        [ "$answers" -gt 0 ] || fail "nothing was answered while the ledger grew"
        governed=$((governed + answers))
    done
}

# One row per stage and number of connections: medians of both subjects, their ratio, the sum of errors.
print_stage() {
    local stage=$1 requests=$2
    awk -v stage="$stage" -v requests="$requests" '
        function median(list, values, n, i, j, t) {
            n = split(list, values, " ")
            for (i = 2; i <= n; i++)
                for (j = i; j > 1 && values[j] + 0 < values[j-1] + 0; j--) { t = values[j]; values[j] = values[j-1]; values[j-1] = t }
            return n % 2 ? values[(n + 1) / 2] : (values[n/2] + values[n/2 + 1]) / 2
        }
        $1 == stage { k = $2 $3; rps[k] = rps[k] " " $4; p50[k] = p50[k] " " $5; p99[k] = p99[k] " " $6; errors[$3] += $8 }
        END {
            for (c = 64; c >= 1; c -= 63) {
                n = "nginx" c; s = "spendra" c
                printf "%-18s %10d %5d %10.0f %10.0f %6.1f%% %8.3f %8.3f %8.3f %8.3f %8.3f %7d\n", stage, requests, c,
                    median(rps[n]), median(rps[s]), 100 * median(rps[s]) / median(rps[n]),
                    median(p50[n]) / 1000, median(p50[s]) / 1000, (median(p50[s]) - median(p50[n])) / 1000,
                    median(p99[n]) / 1000, median(p99[s]) / 1000, errors[c]
            }
        }' "$results"
}

print_head() {
    printf '\n%-18s %10s %5s %10s %10s %7s %8s %8s %8s %8s %8s %7s\n' \
        '' ledger conns 'nginx' 'spendra' ratio 'nginx' 'spendra' added 'nginx' 'spendra' errors
    printf '%-18s %10s %5s %10s %10s %7s %8s %8s %8s %8s %8s %7s\n' \
        stage requests '' rps rps '' 'p50 ms' 'p50 ms' 'p50 ms' 'p99 ms' 'p99 ms' ''
}

# The same subject on a small and on a large ledger, each relative to nginx at that time.
print_growth() {
    awk -v new="$1-new" -v grown="$1-grown" '
        $3 == 64 { sum[$1, $2] += $4 }
        END { printf "%s: governed requests per second, relative to nginx, on the grown ledger: %.1f%% of the new one\n", ENVIRON["engine"],
              100 * (sum[grown, "spendra"] / sum[grown, "nginx"]) / (sum[new, "spendra"] / sum[new, "nginx"]) }' "$results"
}

bench_engine() {
    export engine=$1
    local before
    governed=0
    echo "$engine: starting, $keys keys" >&2
    start_spendra "$engine"
    load "$spendra_port" 64 "$warmup_seconds" >/dev/null
    load "$nginx_port" 64 1 >/dev/null
    measure_stage "$engine-new"
    print_stage "$engine-new" "$governed" >>"$report"
    local memory
    memory=$(resident_mib)
    if [ "$ledger" -gt 0 ]; then
        grow_ledger
        before=$governed
        measure_stage "$engine-grown"
        print_stage "$engine-grown" "$before" >>"$report"
        print_growth "$engine" >>"$notes"
    fi
    echo "$engine: resident memory of spendra after load: $memory MiB, at the end $(resident_mib) MiB; governed requests in all: $governed" >>"$notes"
    stop "$spendra_pid"
    [ "$engine" != postgres ] || stop_postgres
}

print_machine() {
    echo "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(nproc) cores, $(awk '/^MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo), Linux $(uname -r)"
    echo "$(nginx -v 2>&1 | sed 's/.*: //'), $({ wrk -v || true; } 2>&1 | awk 'NR == 1 { print $1, $2 }'), .NET $(dotnet --version)$(
        [[ " ${engines[*]} " != *" postgres "* ]] || "$(postgres_bin)/postgres" --version | sed 's/.*) /, PostgreSQL /; s/ (.*//')"
    echo "$rounds rounds of $seconds s, $keys keys, temp folder on $(stat -f -c %T "$work")"
}

main() {
    require_packages
    trap clean_up EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    work=$(mktemp -d)
    chmod 755 "$work" # nginx's workers and PostgreSQL run as other users
    results=$work/results report=$work/report notes=$work/notes
    touch "$results" "$report" "$notes"
    upstream_port=$(free_port) nginx_port=$(free_port) spendra_port=$(free_port) postgres_port=$(free_port)
    spendra_command
    start_upstream
    start_pass_through
    local engine
    for engine in "${engines[@]}"; do
        [[ $engine == sqlite || $engine == postgres ]] || fail "BENCH_ENGINES knows sqlite and postgres, not '$engine'"
        bench_engine "$engine"
    done
    print_machine
    print_head
    cat "$report"
    echo
    cat "$notes"
    local errors
    errors=$(awk '{ sum += $8 } END { print sum + 0 }' "$results")
    [ "$errors" -eq 0 ] || fail "$errors requests were not answered with success"
}

main "$@"
