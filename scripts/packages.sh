# shellcheck shell=bash
# Debian packages that a script needs, and npm packages of the tests; sourced by test.sh, prove.sh, bench/run.sh and the
# scripts in proof/.

# need COMMAND PACKAGE...: remembers the packages when the command is missing.
missing_packages=()
need() {
    local command=$1
    shift
    command -v "$command" >/dev/null || missing_packages+=("$@")
}

need_postgresql() {
    local bin
    for bin in "$(pg_config --bindir 2>/dev/null || true)" /usr/lib/postgresql/*/bin; do
        [ -x "$bin/initdb" ] && [ -x "$bin/postgres" ] && return
    done
    missing_packages+=(postgresql)
}

need_clients() {
    need node nodejs
    need npm npm
}

# install_clients [ROOT]: the clients and mocks that tests start with Node.js. npm writes node_modules/.package-lock.json
# last: it tells whether an install of this lock file has finished.
install_clients() {
    local clients=${1:-.}/tests/clients
    [ "$clients/node_modules/.package-lock.json" -nt "$clients/package-lock.json" ] || npm ci --prefix "$clients" --no-audit --no-fund
}

# Installs what `need` remembered, or says in one line what to install.
install_missing() {
    [ ${#missing_packages[@]} -gt 0 ] || return 0
    local list="${missing_packages[*]}" as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        as_root=(sudo -n)
    fi
    if ! command -v apt-get >/dev/null || ! "${as_root[@]}" true 2>/dev/null; then
        echo "Missing: $list. Install them, on Debian or Ubuntu with: sudo apt-get install $list" >&2
        exit 1
    fi
    echo "Installing: $list"
    without_services "${as_root[@]}"
}

# Packages such as postgresql and nginx-light start a server of their own as soon as they are installed. Nobody asked
# for it, and it takes ports 5432 and 80. Both switches below stand only while apt-get runs:
# - a postgresql package with create_main_cluster off creates no cluster, so nothing starts at the next boot either;
# - a service whose start policy-rc.d forbids (exit code 101) is installed, but not started. A policy that the
#   machine has already is left alone.
without_services() {
    # shellcheck disable=SC2016 # for the inner shell
    "$@" env DEBIAN_FRONTEND=noninteractive bash -c '
        set -euo pipefail
        cluster=/etc/postgresql-common/createcluster.d/spendra.conf policy=/usr/sbin/policy-rc.d mine=
        undo() {
            rm -f "$cluster"
            [ -z "$mine" ] || rm -f "$policy"
        }
        trap undo EXIT
        mkdir -p "${cluster%/*}"
        echo "create_main_cluster = false" >"$cluster"
        if [ ! -e "$policy" ]; then
            mine=yes
            printf "#!/bin/sh\nexit 101\n" >"$policy"
            chmod 755 "$policy"
        fi
        apt-get update -qq
        apt-get install -y -qq --no-install-recommends "$@" >/dev/null' install "${missing_packages[@]}" </dev/null
}
