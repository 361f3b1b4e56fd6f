#!/usr/bin/env bash
# Makes all that a release consists of from the last commit, in artifacts/release (or the folder that is named): the program
# for two processors, what it is made of, the chart, the files for Kubernetes, and SHA256SUMS. The same commit and SDK give
# the same bytes: --prove makes it twice, in two places, and compares.
#   eng/release.sh --fetch     # once, and when packages change: everything that comes from a registry
#   eng/release.sh [--prove] [FOLDER]    # without network
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
repository=$PWD

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_CLI_UI_LANGUAGE=en LC_ALL=C TZ=UTC CI=true
processors=(linux-x64 linux-arm64)

die() {
    echo "$*" >&2
    exit 1
}

fetch() {
    dotnet restore src/Spendra --locked-mode
    dotnet tool restore
}

# compile PROCESSOR TO: publishes, and takes away what only tells when it was done.
compile() {
    local to=$2 when
    dotnet publish src/Spendra -c Release -r "$1" --no-restore -o "$to" -v quiet \
        -p:SourceRevisionId="$revision" -p:EnableSourceLink=false
    # The list of the dashboard's files says when each was compressed.
    when=$(date -u -d "@$SOURCE_DATE_EPOCH" '+%a, %d %b %Y %H:%M:%S GMT')
    sed -i -E 's/("Name":"Last-Modified","Value":")[^"]*"/\1'"$when"'"/g' "$to/spendra.staticwebassets.endpoints.json"
    grep -q "\"$when\"" "$to/spendra.staticwebassets.endpoints.json" || die "the list of the dashboard's files has no dates any more: look at what it has now"
    [ "$(find "$to" -maxdepth 1 -type f | wc -l)" -eq 3 ] || die "beside the program there are files that nobody expected: $(ls "$to")"
}

# pack FOLDER ARCHIVE: what is in it with its own name on top, without a trace of who did it and when.
pack() {
    find "$1" -type d -exec chmod 755 {} + -o -type f -perm /111 -exec chmod 755 {} + -o -type f -exec chmod 644 {} +
    tar --create --sort=name --format=gnu --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" \
        --directory "$(dirname "$1")" "$(basename "$1")" | gzip -9 --no-name >"$2"
}

# What the program is made of: every package of the lock file, and the runtime, which is no package of it but in its file.
bill_of_materials() {
    local file=$1/spendra-$version.cdx.json name found runtime
    dotnet tool run dotnet-CycloneDX src/Spendra/Spendra.csproj --output "$1" --filename "$(basename "$file")" --output-format Json \
        --disable-package-restore --base-intermediate-output-path "$PWD/artifacts" --no-serial-number \
        --set-name spendra --set-version "$version" >"$1/bill.log" || die "$(cat "$1/bill.log")"
    rm "$1/bill.log"
    runtime=$(awk -F'"' '/"name": "Microsoft.(NETCore|AspNetCore).App.Runtime.linux-/ { name = $4; getline
        split($4, v, /[][, ]+/)
        printf "{\"type\":\"framework\",\"bom-ref\":\"pkg:nuget/%s@%s\",\"name\":\"%s\",\"version\":\"%s\",\"scope\":\"required\",\"licenses\":[{\"license\":{\"id\":\"MIT\"}}],\"purl\":\"pkg:nuget/%s@%s\"},", name, v[2], name, v[2], name, v[2] }' \
        artifacts/obj/Spendra/project.assets.json)
    sed -i -E "s|(\"timestamp\": \")[^\"]*|\1$(date -u -d "@$SOURCE_DATE_EPOCH" +%FT%TZ)|; s|^  \"components\": \[|&$runtime|" "$file"
    for name in $(sed -n -E 's/^      "([^"]+)": \{$/\1/p' src/Spendra/packages.lock.json | grep -vi '^spendra\.' | sort -u) Microsoft.{NETCore,AspNetCore}.App.Runtime.linux-{x64,arm64}; do
        found=$(grep -ci "\"purl\": *\"pkg:nuget/$name@[0-9]" "$file" || true)
        [ "$found" -gt 0 ] || die "the bill of materials lacks $name"
    done
}

# make FOLDER TO: all of it, from a copy of the commit in FOLDER.
make_all() {
    local source=$1 to=$2 processor name
    mkdir -p "$source" "$to"
    git -C "$repository" archive "$revision" | tar --extract --directory "$source"
    cd "$source"
    find . -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
    mkdir nothing
    dotnet restore src/Spendra --locked-mode --source "$source/nothing" -v quiet ||
        die "something is not in the cache of packages: run eng/release.sh --fetch where there is a network"
    bill_of_materials "$to"
    for processor in "${processors[@]}"; do
        name=spendra-$version-$processor
        compile "$processor" "$source/out/$name"
        cp -r LICENSE deploy/systemd deploy/postgres "$source/out/$name/"
        pack "$source/out/$name" "$to/$name.tar.gz"
    done
    cp -r deploy/helm/spendra "$source/out/spendra"
    pack "$source/out/spendra" "$to/spendra-chart-$version.tgz"
    cp -r deploy/kubernetes "$source/out/spendra-$version-kubernetes"
    pack "$source/out/spendra-$version-kubernetes" "$to/spendra-$version-kubernetes.tar.gz"
    (cd "$to" && sha256sum spendra-* >SHA256SUMS)
    cd "$repository"
}

main() {
    local proves='' folder work
    if [ "${1:-}" = --fetch ]; then
        fetch
        return
    fi
    if [ "${1:-}" = --prove ]; then
        proves=yes
        shift
    fi
    folder=$(realpath -m "${1:-artifacts/release}")
    [ -z "$(git status --porcelain)" ] || echo "What is not committed is not in it."
    revision=$(git rev-parse HEAD)
    SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
    export SOURCE_DATE_EPOCH
    version=$(sed -n 's|.*<Version>\(.*\)</Version>.*|\1|p' Directory.Build.props)
    grep -qx "appVersion: $version" deploy/helm/spendra/Chart.yaml || die "the chart is of another version than $version"
    work=$(mktemp -d)
    # shellcheck disable=SC2064 # now: the variable is local
    trap "rm -rf '$work'" EXIT
    make_all "$work/first" "$work/made"
    if [ -n "$proves" ]; then
        make_all "$work/second/time/elsewhere" "$work/again"
        diff "$work/made/SHA256SUMS" "$work/again/SHA256SUMS" || die "the same commit gave other bytes"
        echo "made twice, in two places: the same bytes"
    fi
    rm -rf "$folder"
    mkdir -p "$(dirname "$folder")"
    mv "$work/made" "$folder"
    echo "spendra $version of $revision, with $(dotnet --version):"
    (cd "$folder" && sha256sum --check --quiet SHA256SUMS && cat SHA256SUMS)
}

main "$@"
