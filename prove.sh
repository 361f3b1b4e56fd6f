#!/usr/bin/env bash
# Tries to break what Spendra promises, for as long as it is given, and writes what it saw into docs/proof.md.
# Usage: ./prove.sh [minutes]      60 without a number. Ends with 1 when a promise was broken, with 3 when none was and a part
# did less than its floor, with 4 when a part could not be run to its end.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source=scripts/packages.sh
source scripts/packages.sh

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
minutes=${1:-60}
[[ "$minutes" =~ ^[1-9][0-9]*$ ]] || { echo "prove.sh: '$minutes' is not a number of minutes" >&2 && exit 2; }
logs=artifacts/proof
report=docs/proof.md
proof=artifacts/bin/Spendra.Proof/release/Spendra.Proof
broken=() short=() failed=()
declare -A verdicts=()
# Of the time, in per cent.
declare -A shares=([simulation]=33 [engines]=7 [crashes]=20 [network]=16 [failover]=24)

# share PER_CENT: that share of the minutes, as a decimal number.
share() { awk -v m="$minutes" -v p="$1" 'BEGIN { printf "%.2f", m * p / 100 }'; }

# of_an_hour COUNT: as many of what an hour has room for; at least one.
of_an_hour() { awk -v m="$minutes" -v n="$1" 'BEGIN { c = int(n * m / 60); print c < 1 ? 1 : c }'; }

# part NAME MINUTES COMMAND...: runs one part, shows its progress, keeps what it printed. A part ends by itself when its
# minutes are over; one that does not is ended ten minutes later.
part() {
    local name=$1 status=0 most
    most=$(awk -v m="$2" 'BEGIN { printf "%d", m * 60 + 600 }')
    shift 2
    echo "== $name"
    timeout --kill-after=60 "$most" "$@" 2>&1 | tee "$logs/$name.log" || status=$?
    case $status in
        0) verdicts[$name]="no promise broken, floor reached" ;;
        1) verdicts[$name]="A PROMISE WAS BROKEN" broken+=("$name") ;;
        3) verdicts[$name]="no promise broken, floor not reached" short+=("$name") ;;
        *) verdicts[$name]="not run to its end (status $status)" failed+=("$name") ;;
    esac
}

# Whatever a part printed after the line `== summary`.
summary() { sed '1,/^== summary$/d' "$logs/$1.log"; }

write_report() {
    {
        echo "# What was seen"
        echo
        echo "Written by \`./prove.sh $minutes\`. How each part works, and what none of them shows, is in [proving.md](proving.md)."
        echo
        echo "- Commit: $(git rev-parse --short HEAD 2>/dev/null || echo unknown)$(git diff --quiet HEAD -- . ":!$report" 2>/dev/null || echo ', with changes')"
        echo "- Ended: $(date -u +%Y-%m-%dT%H:%MZ)"
        echo "- Machine: $(nproc) cores, $(awk -F': ' '/model name/ { print $2; exit }' /proc/cpuinfo)"
        echo "- Seconds: $SECONDS"
        echo "- Broken promises: ${broken[*]:-none}"
        echo "- Floors that were not reached: ${short[*]:-none}"
        [ ${#failed[@]} -eq 0 ] || echo "- Not run to the end: ${failed[*]}"
        for name in "$@"; do
            printf '\n## %s\n\nIn %s of %s minutes: %s.\n\n```\n' "${name^}" "$(share "${shares[$name]}")" "$minutes" "${verdicts[$name]}"
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
    part simulation "$(share "${shares[simulation]}")" "$proof" simulate --minutes "$(share "${shares[simulation]}")" --seed "$seed" --floor "$(of_an_hour 100000)" --twice-share 10
    part engines "$(share "${shares[engines]}")" "$proof" engines --minutes "$(share "${shares[engines]}")" --seed "$seed" --floor "$(of_an_hour 20)"
    # Each kill is a process that starts, works and dies. In an hour every point is somebody's last.
    local every=()
    [ "$minutes" -lt 60 ] || every=(--every-point)
    part crashes "$(share "${shares[crashes]}")" "$proof" kills --minutes "$(share "${shares[crashes]}")" "${every[@]}" \
        --count "$(of_an_hour 500)" --stops "$(of_an_hour 50)" --power-cuts "$(of_an_hour 60)"
    # In an hour every byte with every fault; in less, evenly fewer bytes.
    part network "$(share "${shares[network]}")" "$proof" cuts --minutes "$(share "${shares[network]}")" --every-fault --stalls 32 --sites 16 \
        --stride "$(awk -v m="$minutes" 'BEGIN { s = int(60 / m + 0.5); print s < 1 ? 1 : s }')"
    FAILOVER_MINUTES=$(share "${shares[failover]}") part failover "$(share "${shares[failover]}")" proof/failover.sh "$(of_an_hour 20)"
    write_report simulation engines crashes network failover
    echo "Written to $report."
    echo "Broken: ${broken[*]:-none}; floors not reached: ${short[*]:-none}; not run to the end: ${failed[*]:-none}."
    [ ${#broken[@]} -eq 0 ] || exit 1
    [ ${#failed[@]} -eq 0 ] || exit 4
    [ ${#short[@]} -eq 0 ] || exit 3
}

main "$@"
