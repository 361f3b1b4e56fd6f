#!/usr/bin/env bash
# Proves that the checks can fail: seeds one bug at a time (proof/mutants/NN-name.patch) and runs the checks until one
# notices. Prints one line per mutant and, at the end, `N of N caught`. Ends with 1 when a mutant survives, does not
# apply or does not build, or when a check fails without a mutant.
#
#   proof/mutants.sh            all of them
#   proof/mutants.sh 07 23      these
#   proof/mutants.sh --quick 07 without running every check on the unchanged source first
#   proof/mutants.sh --machinery the proof machinery alone (simulation, engines, kills), every part of it over every
#                               mutant; prints a matrix in Markdown, also left in SPENDRA_MATRIX. May follow --quick.
#
# What is caught is confirmed: the class that failed, or the check that hung, must do so again.
#
# Works on the last commit, in a worktree of its own that is removed at the end: the working tree is never touched.
# Logs of what failed stay in the folder that is named at the start.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
readonly patches=$PWD/proof/mutants
# shellcheck source=scripts/packages.sh
source scripts/packages.sh

export DOTNET_CLI_UI_LANGUAGE=en DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1

# The checks in the order in which they are tried: cheap ones first, real processes last. A check is a test project
# and, after it, the classes that are run of it (all when none is named). One whose project is not there is left out.
readonly checks=(
    "Simulation"
    "Core"
    "Gateway"
    "Storage"
    "Control"
    "EndToEnd *ContentionTests *CrashTests *ImmediateEffectTests *StopTests"
)

# The machinery: name and check. `proof` are the tests of kills, cuts, failover and what inspects them.
readonly machinery=(
    "simulation=Simulation *HistoryTests"
    "engines=Simulation *EngineTests"
    "proof=Proof"
)

# A check that takes longer than this hangs. Generous: the slowest takes two minutes on an idle machine of two cores.
readonly check_seconds=${SPENDRA_CHECK_SECONDS:-600}

work=$(mktemp -d "${TMPDIR:-/tmp}/spendra-mutants.XXXXXX")
tree=$work/tree
logs=$work/logs
mkdir "$logs"
running=

clean_up() {
    if [ -n "$running" ]; then
        kill -TERM "$running" 2>/dev/null || true
        wait "$running" 2>/dev/null || true
    fi
    git worktree remove --force "$tree" 2>/dev/null || rm -rf "$tree"
    git worktree prune
    rmdir "$logs" "$work" 2>/dev/null || true
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# patiently COMMAND...: in a process of its own, so that a signal is acted upon at once and ends it too. The command may
# change the folder and `exec`.
patiently() {
    local status=0
    "$@" &
    running=$!
    wait "$running" || status=$?
    running=
    return "$status"
}

project_of() {
    case $1 in
        EndToEnd) echo Spendra.Tests ;;
        *) echo "Spendra.$1.Tests" ;;
    esac
}

exists() {
    [ -f "$tree/tests/$(project_of "$1")/$(project_of "$1").csproj" ]
}

# A mutant may leave something unused: that is no reason not to try it, so warnings do not stop it.
build() {
    local project=$1 log=$2
    cd "$tree"
    exec nice -n 15 dotnet build "tests/$project" -m:1 -v q \
        -p:TreatWarningsAsErrors=false -p:RunAnalyzers=false -p:GenerateDocumentationFile=false >"$log" 2>&1
}

# run CHECK CLASSES... LOG: builds its project and runs it until the first failure. 0: nothing noticed. 1: noticed, and
# $noticed says by what. 2: the run itself is no use, and $noticed says why.
run() {
    local check=$1 log=${*: -1} project status=0 filters=() class
    project=$(project_of "$check")
    for class in "${@:2:$#-2}"; do filters+=(--filter-class "$class"); done
    if ! patiently build "$project" "$log"; then
        noticed="does not build (see $log)"
        return 2
    fi
    patiently run_tests "$project" "$log" "${filters[@]}" || status=$?
    case $status in
        0) return 0 ;;
        2)
            noticed=$(first_failure "$project" "$log")
            class=${noticed##* }
            confirm "$project" "$log.again" 2 --filter-class "*.$class" && return 1
            unconfirmed+=" $class"
            return 0 ;;
        124 | 137)
            confirm "$project" "$log.again" hang "${filters[@]}" && noticed="$project (hangs)" && return 1
            unconfirmed+=" $project(hang)"
            return 0 ;;
        # Every test has passed and the process did not end by itself: a thread was left behind, which proves nothing.
        1) ! grep -q '^Test run summary: Passed!' "$log" || return 0 ;;&
        8) noticed="no test of $project is called ${*:2:$#-2}" ;;
        # Whatever it is, no test has said what is wrong.
        *) noticed="$project ended with $status and no test failed (see $log)" ;;
    esac
    return 2
}

# confirm PROJECT LOG STATUS FILTERS...: the tests end with that status once more. What fails once and then passes was
# noticed by chance, and is no catch.
confirm() {
    local project=$1 log=$2 wanted=$3 status=0
    : >"$log"
    patiently run_tests "$project" "$log" "${@:4}" || status=$?
    rm -f "$log"
    case $wanted,$status in
        2,2 | hang,124 | hang,137) return 0 ;;
    esac
    return 1
}

run_tests() {
    local project=$1 log=$2
    shift 2
    cd "$tree"
    exec timeout --kill-after=20 "$check_seconds" nice -n 15 \
        "artifacts/bin/$project/debug/$project" --no-ansi --no-progress --stop-on-fail on "$@" >>"$log" 2>&1 </dev/null
}

# The class of the first test that failed.
first_failure() {
    local project=$1 log=$2 test class
    test=$(sed -nE 's/^failed ([^ (]+).*/\1/p' "$log" | head -1)
    class=${test%.*}
    echo "$project ${class##*.}"
}

header() {
    sed -n "s/^$2: //p" "$1" | head -1
}

# try_mutant PATCH: sets $noticed and returns like `run`.
try_mutant() {
    local patch=$1 name log hint check parts
    name=$(basename "$patch" .patch)
    log=$logs/$name.log
    if ! git -C "$tree" apply "$patch" 2>"$log"; then
        noticed="does not apply (see $log)"
        return 2
    fi
    read -ra hint <<<"$(header "$patch" Check)"
    local tried=("${hint[*]}")
    for check in "${checks[@]}"; do
        [ "$check" = "${hint[*]}" ] || tried+=("$check")
    done
    for check in "${tried[@]}"; do
        read -ra parts <<<"$check"
        exists "${parts[0]}" || continue
        run "${parts[@]}" "$log" || return $?
    done
    noticed="SURVIVED${unconfirmed:+ (failed once, then passed:$unconfirmed)}"
    return 0
}

# try_machinery PATCH: every part of the machinery, whatever the others say; $row says what each of them noticed.
try_machinery() {
    local patch=$1 name log part parts status result=0
    name=$(basename "$patch" .patch)
    row="| ${name%%-*} | ${name#*-} |"
    if ! git -C "$tree" apply "$patch" 2>"$logs/$name.log"; then
        noticed="does not apply (see $logs/$name.log)"
        return 2
    fi
    local found=()
    for part in "${machinery[@]}"; do
        read -ra parts <<<"${part#*=}"
        log=$logs/$name-${part%%=*}.log
        exists "${parts[0]}" || continue
        status=0 noticed= unconfirmed=
        run "${parts[@]}" "$log" || status=$?
        case $status in
            0) row+=" ${unconfirmed:+once:$unconfirmed} |"; rm -f "$log" ;;
            1) row+=" \`${noticed##* }\` |"; found+=("${part%%=*}"); rm -f "$log" ;;
            *) row+=" ? |"; result=2 ;;
        esac
    done
    if [ "$result" -eq 2 ]; then noticed="a part could not be run (see $logs)"; return 2; fi
    if [ ${#found[@]} -eq 0 ]; then noticed="not seen"; return 0; fi
    noticed=${found[*]}
    return 1
}

# Without a mutant nothing may fail: otherwise a failure with one would say nothing.
check_unchanged() {
    local check parts started status log
    for check in "$@"; do
        check=${check#*=}
        read -ra parts <<<"$check"
        exists "${parts[0]}" || continue
        started=$SECONDS status=0 noticed= unconfirmed=
        log=$logs/unchanged-${parts[0]}.log
        run "${parts[@]}" "$log" || status=$?
        if [ "$status" -ne 0 ] || [ -n "$unconfirmed" ]; then
            noticed=${noticed:-$unconfirmed}
            echo "Without a mutant $noticed fails already: see $log" >&2
            exit 1
        fi
        printf -- '--  %-40s %-45s %4d s\n' "unchanged" "$(project_of "${parts[0]}") passes" $((SECONDS - started))
        rm -f "$log"
    done
}

select_patches() {
    local number
    if [ $# -eq 0 ]; then
        ls "$patches"/*.patch
        return
    fi
    for number in "$@"; do
        ls "$patches/$number"-*.patch
    done
}

main() {
    local is_quick=false is_machinery=false selected patch name started status caught=0 count=0 part
    while true; do
        case ${1:-} in
            --quick) is_quick=true ;;
            --machinery) is_machinery=true ;;
            *) break ;;
        esac
        shift
    done
    selected=$(select_patches "$@")
    need_postgresql
    need_clients
    install_missing
    echo "Logs: $logs"
    git worktree add --quiet --detach "$tree" HEAD
    install_clients "$tree" >/dev/null
    if $is_machinery; then
        matrix=${SPENDRA_MATRIX:-$(mktemp "${TMPDIR:-/tmp}/spendra-matrix.XXXXXX")}
        { printf '| | mutant |'; for part in "${machinery[@]}"; do printf ' %s |' "${part%%=*}"; done; echo
          printf '|---|---|'; for part in "${machinery[@]}"; do printf -- '---|'; done; echo; } >"$matrix"
    fi
    if ! $is_quick; then
        if $is_machinery; then check_unchanged "${machinery[@]}"; else check_unchanged "${checks[@]}"; fi
    fi
    for patch in $selected; do
        name=$(basename "$patch" .patch)
        count=$((count + 1)) started=$SECONDS status=0 noticed= unconfirmed= row=
        if $is_machinery; then
            try_machinery "$patch" || status=$?
            echo "$row" >>"$matrix"
        else
            try_mutant "$patch" || status=$?
        fi
        printf '%s  %-40s %-45s %4d s\n' "${name%%-*}" "${name#*-}" "$noticed" $((SECONDS - started))
        if [ "$status" -eq 1 ]; then
            caught=$((caught + 1))
            rm -f "$logs/$name.log"
        fi
        git -C "$tree" checkout --quiet -- .
    done
    if $is_machinery; then
        cat "$matrix"
        echo "$caught of $count seen by the machinery (matrix in $matrix)"
        return
    fi
    echo "$caught of $count caught"
    [ "$caught" -eq "$count" ]
}

main "$@"
exit
