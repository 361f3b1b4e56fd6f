#!/usr/bin/env bash
# Tries to break what Spendra promises, for as long as it is given, and writes what it saw into docs/proof.md.
# Usage: ./prove.sh [minutes]      60 without a number; ends with 1 when a promise was broken.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source=scripts/packages.sh
source scripts/packages.sh

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
minutes=${1:-60}
logs=artifacts/proof
report=docs/proof.md
proof=artifacts/bin/Spendra.Proof/release/Spendra.Proof
broken=()

# share PER_CENT: that share of the minutes, as a decimal number.
share() { awk -v m="$minutes" -v p="$1" 'BEGIN { printf "%.2f", m * p / 100 }'; }

# of_an_hour COUNT: as many of what an hour has room for; at least one.
of_an_hour() { awk -v m="$minutes" -v n="$1" 'BEGIN { c = int(n * m / 60); print c < 1 ? 1 : c }'; }

# part NAME COMMAND...: runs one part, shows its progress, keeps what it printed.
part() {
    local name=$1 status=0
    shift
    echo "== $name"
    "$@" 2>&1 | tee "$logs/$name.log" || status=$?
    [ "$status" -eq 0 ] || broken+=("$name")
}

# Whatever a part printed after the line `== summary`.
summary() { sed '1,/^== summary$/d' "$logs/$1.log"; }

write_report() {
    {
        echo "# What was seen"
        echo
        echo "Written by \`./prove.sh $minutes\`. How each part works is in [proving.md](proving.md)."
        echo
        echo "- Commit: $(git rev-parse --short HEAD 2>/dev/null || echo unknown)$(git diff --quiet HEAD 2>/dev/null || echo ', with changes')"
        echo "- Ended: $(date -u +%Y-%m-%dT%H:%MZ)"
        echo "- Machine: $(nproc) cores, $(awk -F': ' '/model name/ { print $2; exit }' /proc/cpuinfo)"
        if [ ${#broken[@]} -eq 0 ]; then echo "- Broken promises: none"; else echo "- Broken: ${broken[*]}"; fi
        for name in "$@"; do
            printf '\n## %s\n\n```\n' "${name^}"
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
    part simulation "$proof" simulate --minutes "$(share 25)" --seed "$seed"
    part engines "$proof" engines --minutes "$(share 5)" --seed "$seed"
    # Each kill is a process that starts, works and dies; every point is one's last at least once.
    part crashes "$proof" kills --count "$(of_an_hour 520)" --stops "$(of_an_hour 55)" --power-cuts "$(of_an_hour 60)"
    # In an hour every byte; in less, evenly fewer.
    part network "$proof" cuts --stride "$(awk -v m="$minutes" 'BEGIN { s = int(60 / m + 0.5); print s < 1 ? 1 : s }')"
    part failover proof/failover.sh "$(of_an_hour 20)"
    write_report simulation engines crashes network failover
    echo "Written to $report."
    if [ ${#broken[@]} -gt 0 ]; then
        echo "Broken: ${broken[*]}"
        exit 1
    fi
}

main "$@"
