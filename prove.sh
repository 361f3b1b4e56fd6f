#!/usr/bin/env bash
# Tries to break what Spendra promises, for as long as it is given, and writes what it saw into docs/proof.md.
# Usage: ./prove.sh [minutes] [--together] [--only PART]...
# Sixty minutes unless told otherwise. Together: all parts run at the same time, each for all of the minutes, where one after
# the other each has its share of them. Only: these parts of simulation, engines, crashes, network and failover; of the others
# the report keeps what was seen when they last ran here, and of which commit. Ends with 1 when a promise was broken, with 3 when none was and a part did less than
# its floor, with 4 when a part could not be run to its end.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source=scripts/packages.sh
source scripts/packages.sh

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
minutes=60
together=
only=()
while [ $# -gt 0 ]; do
    case $1 in
        --together) together=--together ;;
        --only) only+=("${2:?--only needs the name of a part}") && shift ;;
        *) minutes=$1 ;;
    esac
    shift
done
[[ "$minutes" =~ ^[1-9][0-9]*$ ]] || { echo "prove.sh: '$minutes' is neither a number of minutes nor --together" >&2 && exit 2; }
for name in "${only[@]}"; do
    [[ " simulation engines crashes network failover " == *" $name "* ]] || { echo "prove.sh: there is no part '$name'" >&2 && exit 2; }
done
logs=artifacts/proof
report=docs/proof.md
proof=artifacts/bin/Spendra.Proof/release/Spendra.Proof
broken=() short=() failed=()
declare -A verdicts=()
parts=(simulation engines crashes network failover)
# Of the time, in per cent.
declare -A shares=([simulation]=20 [engines]=7 [crashes]=32 [network]=24 [failover]=17)

# time_of NAME: the minutes of a part, as a decimal number.
time_of() {
    awk -v m="$minutes" -v p="${shares[$1]}" -v together="$together" 'BEGIN { printf "%.2f", together ? m : m * p / 100 }'
}

# of_an_hour NAME COUNT: as many as a part's minutes have room for, COUNT being what its share of an hour has room for; at
# least one, at most COUNT.
of_an_hour() {
    awk -v m="$(time_of "$1")" -v p="${shares[$1]}" -v n="$2" \
        'BEGIN { c = int(n * m / (60 * p / 100) + 0.001); if (c < 1) c = 1; if (c > n) c = n; print c }'
}

has_an_hour() { [ "$(of_an_hour "$1" 1000)" -eq 1000 ]; }

# part NAME COMMAND...: runs one part, shows its progress, keeps what it printed and how it ended. A part ends by itself when
# its minutes are over; one that does not is ended ten minutes later.
part() {
    local name=$1 most
    [ ${#only[@]} -eq 0 ] || [[ " ${only[*]} " == *" $name "* ]] || return 0
    rm -f "$logs/$name.status"
    echo "$(commit), $minutes minutes" >"$logs/$name.commit"
    most=$(awk -v m="$(time_of "$1")" 'BEGIN { printf "%d", m * 60 + 600 }')
    shift
    echo "== $name"
    run_part "$name" "$most" "$@" &
    [ -n "$together" ] || wait $!
}

run_part() {
    local name=$1 most=$2 status=0
    shift 2
    timeout --kill-after=60 "$most" "$@" 2>&1 | tee "$logs/$name.log" || status=$?
    echo "$status" >"$logs/$name.status"
}

commit() { echo "$(git rev-parse --short HEAD 2>/dev/null || echo unknown)$(git diff --quiet HEAD -- . ":!$report" 2>/dev/null || echo ' with changes')"; }

judge() {
    local name
    for name in "$@"; do
        case $(cat "$logs/$name.status" 2>/dev/null || echo none) in
            0) verdicts[$name]="no promise broken, floor reached" ;;
            1) verdicts[$name]="A PROMISE WAS BROKEN" broken+=("$name") ;;
            3) verdicts[$name]="no promise broken, floor not reached" short+=("$name") ;;
            *) verdicts[$name]="not run to its end (status $(cat "$logs/$name.status"))" failed+=("$name") ;;
        esac
    done
}

# Whatever a part printed after the line `== summary`.
summary() { sed '1,/^== summary$/d' "$logs/$1.log"; }

write_report() {
    {
        echo "# What was seen"
        echo
        echo "Written by \`./prove.sh $minutes${together:+ $together}\`. How each part works, and what none of them shows, is in [proving.md](proving.md)."
        echo
        echo "- Commit: $(commit)"
        echo "- Ended: $(date -u +%Y-%m-%dT%H:%MZ)"
        echo "- Machine: $(nproc) cores, $(awk -F': ' '/model name/ { print $2; exit }' /proc/cpuinfo)"
        echo "- Seconds: $SECONDS"
        echo "- Broken promises: ${broken[*]:-none}"
        echo "- Floors that were not reached: ${short[*]:-none}"
        [ ${#failed[@]} -eq 0 ] || echo "- Not run to the end: ${failed[*]}"
        for name in "$@"; do
            printf '\n## %s\n\nCommit %s, of which this part has %s %% at most: %s.\n\n```\n' \
                "${name^}" "$(cat "$logs/$name.commit")" "$([ -n "$together" ] && echo 100 || echo "${shares[$name]}")" "${verdicts[$name]}"
            summary "$name"
            echo '```'
        done
    } >"$report"
}

main() {
    need_postgresql
    install_missing
    mkdir -p "$logs"
    dotnet build proof/Spendra.Proof -c Release -v q
    # Fresh seeds every time; the first one is printed, so that a run can be had again.
    local seed=$((RANDOM * 32768 * 32768 + RANDOM * 32768 + RANDOM))
    # Waits more than it computes: first, so that it does not wait for the others when all run together.
    FAILOVER_KEEP="$logs/failover" FAILOVER_MINUTES=$(time_of failover) part failover proof/failover.sh "$(of_an_hour failover 20)"
    part simulation nice -n 5 "$proof" simulate --minutes "$(time_of simulation)" --seed "$seed" --floor "$(of_an_hour simulation 100000)" --twice-share 10
    part engines "$proof" engines --minutes "$(time_of engines)" --seed "$seed" --floor "$(of_an_hour engines 20)"
    # Each kill is a process that starts, works and dies. In an hour every point is somebody's last.
    local every=()
    if has_an_hour crashes; then every=(--every-point); fi
    part crashes "$proof" kills --minutes "$(time_of crashes)" "${every[@]}" \
        --count "$(of_an_hour crashes 500)" --stops "$(of_an_hour crashes 50)" --power-cuts "$(of_an_hour crashes 60)"
    # In an hour every byte with every fault; in less, evenly fewer bytes.
    part network "$proof" cuts --minutes "$(time_of network)" --every-fault --stalls 32 --sites 16 \
        --stride "$(awk -v n="$(of_an_hour network 1000)" 'BEGIN { print int(1000 / n + 0.5) }')"
    wait
    judge "${parts[@]}"
    write_report "${parts[@]}"
    echo "Written to $report."
    echo "Broken: ${broken[*]:-none}; floors not reached: ${short[*]:-none}; not run to the end: ${failed[*]:-none}."
    [ ${#broken[@]} -eq 0 ] || exit 1
    [ ${#failed[@]} -eq 0 ] || exit 4
    [ ${#short[@]} -eq 0 ] || exit 3
}

main "$@"
