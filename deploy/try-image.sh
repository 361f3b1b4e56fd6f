#!/usr/bin/env bash
# Runs the program in what its image is, without an engine for images: a root folder with the libraries that the base image
# has, certificates, time zones and the program; no shell, no other program. Read-only but for data and /tmp, as account
# 1654 without capabilities, with processes and a network of its own. It must serve, govern and verify. Nothing of it is left.
#   deploy/try-image.sh FOLDER    # the folder that eng/release.sh has made; as root
set -euo pipefail

die() {
    echo "$*" >&2
    exit 1
}

# root_folder PROGRAM ROOT: what the last stage of deploy/Dockerfile has.
root_folder() {
    local program=$1 root=$2 library
    mkdir -p "$root"/{app,tmp,proc,dev,etc/ssl,usr/share,var/lib/spendra}
    cp -r "$program/." "$root/app"
    # OpenSSL is loaded by name while the program runs: ldd does not tell.
    for library in $(ldd "$root/app/spendra" "$root/app/libe_sqlite3.so" | grep -o '/[^ )]*\.so[^ )]*' | grep -v '^/[^ ]*libe_sqlite3') \
        $(ldconfig -p | grep -oE '/[^ ]*/lib(ssl|crypto|z)\.so\.[0-9]+$'); do
        [ -e "$root$library" ] || install -D --mode 0755 "$(realpath "$library")" "$root$library"
    done
    cp -r /etc/ssl/certs "$root/etc/ssl/"
    cp -r /usr/share/zoneinfo "$root/usr/share/"
    printf 'root:x:0:0::/:\napp:x:1654:1654::/var/lib/spendra:\n' >"$root/etc/passwd"
    mknod -m 666 "$root/dev/null" c 1 3
    mknod -m 666 "$root/dev/urandom" c 1 9
}

inside() {
    local release=$1 root archive run url key answer
    ip link set lo up
    root=/mnt
    mount -t tmpfs -o mode=0755,size=2g tmpfs "$root"
    archive=("$release"/spendra-*-linux-x64.tar.gz)
    mkdir "$root/unpacked"
    tar --extract --file "${archive[0]}" --directory "$root/unpacked" --strip-components 1
    root_folder "$root/unpacked" "$root"
    rm -rf "$root/unpacked"
    mount -t proc proc "$root/proc"
    mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
    mount -t tmpfs -o mode=0700,uid=1654,gid=1654 tmpfs "$root/var/lib/spendra"
    mount -o remount,ro "$root"
    # The account has no capability to begin with, and chroot puts away root's.
    run=(setpriv --no-new-privs chroot --userspec=1654:1654 --groups= "$root" /app/spendra)
    export SPENDRA__URLS='http://*:8080' SPENDRA__DATA=/var/lib/spendra/spendra-data DOTNET_EnableDiagnostics=0

    "${run[@]}" serve >"$root/tmp/log" 2>&1 &
    url=http://127.0.0.1:8080
    curl --fail --silent --retry 60 --retry-delay 1 --retry-connrefused $url/readyz || die "$(cat "$root/tmp/log")"
    curl --fail --silent --show-error --output /dev/null --write-out '%{http_code} %{content_type}\n' \
        "$url/$(curl --fail --silent $url/sign-in | grep -o -m 1 'href="[^"]*spendra[^"]*\.css"' | cut -d'"' -f2)"
    printf '%s\n' 'organization: {slug: acme, name: Acme Corp, currency: USD, timeZone: Europe/Berlin}' 'employees: [{slug: ada}]' \
        'budgets: [{slug: all, scope: organization, amountUsd: "100", period: month}]' \
        'policies: [{slug: cap, kind: hard_cap, scope: organization, budget: all}]' >"$root/tmp/acme.yaml"
    "${run[@]}" apply -f /tmp/acme.yaml
    key=$("${run[@]}" keys create try --actor employee/ada --test --json | sed -n 's/.*"secret": *"\([^"]*\)".*/\1/p')
    answer=$(curl --fail --silent --show-error $url/v1/chat/completions --header "Authorization: Bearer $key" --header 'Content-Type: application/json' \
        --data '{"model": "gpt-4.1-mini", "max_completion_tokens": 32, "messages": [{"role": "user", "content": "Say hello."}]}')
    grep -q '"choices"' <<<"$answer" || die "$answer"
    "${run[@]}" verify | tail -n 1
    [ -z "$(find "$root" -xdev -newer "$root/etc/passwd" -type f)" ] || die "something was written outside of data and /tmp"
    kill -TERM %1
    wait %1 || die "it did not end well: $(cat "$root/tmp/log")"
    echo "the program serves, governs and verifies without a shell, on a read-only file system, as account 1654"
}

main() {
    local release=${1:-}
    [ "$(id -u)" -eq 0 ] || die "it takes root to make a root folder"
    [ -f "$release/SHA256SUMS" ] || die "usage: deploy/try-image.sh FOLDER, as eng/release.sh has made it"
    exec unshare --mount --net --pid --ipc --uts --fork --kill-child --mount-proc "$(realpath "$0")" --inside "$(realpath "$release")"
}

if [ "${1:-}" = --inside ]; then inside "$2"; else main "$@"; fi
