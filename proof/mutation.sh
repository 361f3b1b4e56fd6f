#!/usr/bin/env bash
# Mutates Spendra.Core, runs its tests against every mutant, and prints the scores: Core, its folders, what is alive.
# Fails when the goals of docs/mutation.md are not met. About six minutes of processor time.
# Arguments go to Stryker, for example: proof/mutation.sh --mutate '**/Ledger/**/*.cs'
# The goals are then judged by what was mutated.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/packages.sh
source scripts/packages.sh
need node nodejs
install_missing

export DOTNET_CLI_UI_LANGUAGE=en DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
output=$PWD/artifacts/mutation
rm -rf "$output"
dotnet tool restore
(cd tests/Spendra.Core.Tests && dotnet stryker --output "$output" "$@")
node proof/mutation-scores.mjs "$output/reports/mutation-report.json" docs/mutation.md
