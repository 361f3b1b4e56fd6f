#!/usr/bin/env bash
# Builds everything and runs every test. The last line is `N passed, N failed`; the one before says how many were skipped, if any.
# Arguments go to `dotnet test`, for example: ./test.sh --filter-class '*LedgerTests'
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source=scripts/packages.sh
source scripts/packages.sh

export DOTNET_CLI_UI_LANGUAGE=en # the summary is read below
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1

require_dotnet() {
    if ! dotnet --list-sdks 2>/dev/null | grep -q '^10\.'; then
        echo "Missing: the .NET SDK 10. Install it from https://dotnet.microsoft.com/download/dotnet/10.0" >&2
        exit 1
    fi
}

require_packages() {
    need_postgresql
    need curl curl ca-certificates
    need_clients
    need chromium chromium
    install_missing
}

# count NAME LOG: a number of the runner's last summary; 0 when it is not there. What a failed test prints may look
# like a summary, so only what follows the last headline counts.
count() {
    awk -v name="$1:" '/^Test run summary:/ { n = 0 } $1 == name && $2 ~ /^[0-9]+$/ && NF == 2 { n = $2 } END { print n + 0 }' "$2"
}

# A test assembly that crashes is an `error` of the summary without a failed test: it counts as one. A runner that
# fails and names no reason, or runs nothing, has failed as well.
report() {
    local status=$1 log=$2 passed failed skipped
    passed=$(count succeeded "$log")
    skipped=$(count skipped "$log")
    failed=$(($(count failed "$log") + $(count error "$log")))
    if [ "$failed" -eq 0 ] && { [ "$status" -ne 0 ] || [ "$passed" -eq 0 ]; }; then
        echo "No test failed by itself, but the runner ended with $status and $passed tests passed."
        failed=1
    fi
    [ "$skipped" -eq 0 ] || echo "$skipped skipped: what they need is not on this machine"
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ]
}

main() {
    require_dotnet
    require_packages
    install_clients

    local log status=0
    log=$(mktemp)
    # shellcheck disable=SC2064 # now: the variable is local
    trap "rm -f '$log'" EXIT
    if ! dotnet build Spendra.slnx -c Release; then
        echo "0 passed, 1 failed"
        exit 1
    fi
    # 8: an assembly in which no test ran, because it has none or the filter takes none of its. A total of none fails.
    dotnet test --solution Spendra.slnx -c Release --no-build --no-ansi --ignore-exit-code 8 "$@" 2>&1 </dev/null |
        tee "$log" || status=$?
    report "$status" "$log"
}

main "$@"
