#!/usr/bin/env bash
# Carries out what docs/deployment.md says of systemd, every command as it stands there, on a copy of this machine that is
# thrown away: a file system over this one, with processes and a network of its own (loopback alone). Nothing of it is left.
# systemd does not run in it. A stand-in for systemctl reads the units and starts their programs as they say: account,
# folder, variables, no capability, no new privileges, the file system read-only but for the state, a /tmp of its own.
#   deploy/try-on-debian.sh FOLDER    # the folder that eng/release.sh has made; as root, on Debian with PostgreSQL
set -euo pipefail
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

die() {
    echo "$*" >&2
    exit 1
}

# commands HEADING: what stands in the blocks marked `sh` below a heading of the docs.
commands() {
    awk -v heading="## $1" '
        /^## / { inside = $0 == heading }
        inside && /^```sh$/ { code = 1; next }
        /^```$/ { code = 0 }
        inside && code { print }' "$repository/docs/deployment.md"
}

# What the copy has instead of systemd, and of a way to Debian's packages.
stand_ins() {
    cat >/usr/local/sbin/systemctl <<'END'
#!/usr/bin/env bash
set -euo pipefail
state=/run/stand-in
mkdir -p "$state"

# file UNIT: where it is, and what it is an instance of.
file() {
    local unit=$1
    [ -e "/etc/systemd/system/$unit" ] || unit="${unit%%@*}@.service"
    echo "/etc/systemd/system/$unit"
}

# values UNIT NAME: each value of an option, with the instance filled in.
values() {
    local instance=${1#*@}
    sed -n "s/^$2=//p" "$(file "$1")" | sed "s/%i/${instance%.service}/g"
}

start() {
    local unit=$1 user folder home variables=() from name
    ! running "$unit" || return 0
    systemd-analyze verify --man=no --recursive-errors=no "$(file "$unit")" || exit 1
    user=$(values "$unit" User)
    folder=$(values "$unit" WorkingDirectory)
    home=/var/lib/$(values "$unit" StateDirectory)
    install --directory --owner "$user" --group "$user" --mode "$(values "$unit" StateDirectoryMode)" "$home"
    for from in $(values "$unit" EnvironmentFile); do
        [ ! -e "${from#-}" ] || while read -r name; do variables+=("$name"); done <"${from#-}"
    done
    for name in $(values "$unit" Environment); do variables+=("$name"); done
    : >>"$state/$unit.log"
    # shellcheck disable=SC2016,SC2046 # for the inner shell; the words of a command
    setsid unshare --mount bash -c '
        set -euo pipefail
        home=$1 umask=$2
        shift 2
        mount --bind "$home" "$home"
        mount -o remount,bind,ro /
        mount -t tmpfs -o mode=1777 tmpfs /tmp
        umask "$umask"
        echo $$ >&3
        exec 3>&-
        exec "$@"' stand-in "$home" "$(values "$unit" UMask)" \
        setpriv --reuid "$user" --regid "$(values "$unit" Group)" --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all \
        env --ignore-environment --chdir="$folder" HOME="$home" USER="$user" LOGNAME="$user" PATH=/usr/local/bin:/usr/bin:/bin "${variables[@]}" \
        $(values "$unit" ExecStart) \
        </dev/null >>"$state/$unit.log" 2>&1 3>"$state/$unit.pid" &
    until [ -s "$state/$unit.pid" ]; do sleep 0.05; done
}

running() {
    [ -s "$state/$1.pid" ] && [ -d "/proc/$(cat "$state/$1.pid")" ]
}

stop() {
    local unit=$1
    running "$unit" || return 0
    kill -s "$(values "$unit" KillSignal)" "$(cat "$state/$unit.pid")"
    timeout "$(values "$unit" TimeoutStopSec)" tail --pid="$(cat "$state/$unit.pid")" --follow /dev/null ||
        { echo "$unit did not end in its time" >&2; exit 1; }
    rm -f "$state/$unit.pid"
}

action=$1
shift
for unit in "$@"; do
    case $action:$unit in
        enable:--now) action=start ;;
        disable:--now) action=stop ;;
        start:*) start "$unit" ;;
        stop:*) stop "$unit" ;;
        restart:*) stop "$unit" && start "$unit" ;;
        *) echo "the stand-in does not know systemctl $action $unit" >&2 && exit 1 ;;
    esac
done
END
    cat >/usr/local/sbin/journalctl <<'END'
#!/usr/bin/env bash
cat "/run/stand-in/$2.log"
END
    # There is no network: what the docs install must be there. Debian starts a new PostgreSQL by itself.
    cat >/usr/local/sbin/apt-get <<'END'
#!/usr/bin/env bash
set -euo pipefail
for package in "$@"; do
    case $package in
        install | --*) continue ;;
    esac
    dpkg-query --show --showformat='${Package} ${Version} is there\n' "$package"
    if [ "$package" = postgresql ]; then
        version=$(ls /usr/lib/postgresql | sort --numeric-sort | tail -n 1)
        pg_lsclusters --no-header | grep -q "^$version main" || pg_createcluster "$version" main >/dev/null
        pg_ctlcluster "$version" main start
    fi
done
END
    chmod 755 /usr/local/sbin/{systemctl,journalctl,apt-get}
}

# What the docs do not say: a file of the dashboard comes, nobody else can read settings and state, the program may do little.
more_checks() {
    local path status
    status=/proc/$(cat /run/stand-in/spendra*.service.pid | head -n 1)/status
    path=$(curl --fail --silent http://127.0.0.1:8080/sign-in | grep -o -m 1 'href="[^"]*spendra[^"]*\.css"' | cut -d'"' -f2)
    curl --fail --silent --show-error --output /tmp/file.css --write-out '%{http_code} %{content_type} %{size_download} bytes of %{url_effective}\n' "http://127.0.0.1:8080/$path"
    ! runuser --user nobody -- cat /etc/spendra/spendra.json 2>/dev/null || die "the settings can be read by anybody"
    ! runuser --user nobody -- ls /var/lib/spendra 2>/dev/null || die "the state can be read by anybody"
    [ "$(awk '/^Cap(Eff|Bnd|Prm|Inh|Amb)/ { print $2 }' "$status" | sort -u)" = 0000000000000000 ] || die "the program has capabilities"
    [ "$(awk '/^NoNewPrivs/ { print $2 }' "$status")" = 1 ] || die "the program may gain privileges"
}

# section HEADING: its commands, in one shell, each shown before it runs.
section() {
    local script=/tmp/section.sh
    commands "$1" >"$script"
    [ -s "$script" ] || die "docs/deployment.md has no commands below '$1'"
    echo "== $1"
    (cd /release && bash -e -u -o pipefail -x "$script") || die "the commands of '$1' do not work as they stand there"
    more_checks
}

inside() {
    export LC_ALL=C TZ=UTC
    ip link set lo up
    stand_ins
    section 'systemd, one process'
    section 'systemd, several processes on PostgreSQL'
    systemctl stop spendra@gateway.service spendra@all.service
    echo "every command of docs/deployment.md on systemd works as it stands there"
}

main() {
    local release=${1:-}
    [ "$(id -u)" -eq 0 ] || die "it takes root to make a copy of the machine"
    [ -f "$release/SHA256SUMS" ] || die "usage: deploy/try-on-debian.sh FOLDER, as eng/release.sh has made it"
    release=$(realpath "$release")
    # shellcheck disable=SC2016 # for the inner shell
    exec unshare --mount --net --pid --ipc --uts --fork --kill-child --mount-proc bash -c '
        set -euo pipefail
        copy=/mnt
        mount -t tmpfs -o mode=0755,size=4g tmpfs "$copy"
        mkdir "$copy/upper" "$copy/work" "$copy/root"
        mount -t overlay -o "lowerdir=/,upperdir=$copy/upper,workdir=$copy/work" overlay "$copy/root"
        mount --rbind /dev "$copy/root/dev"
        mount -t proc proc "$copy/root/proc"
        mount -t tmpfs -o mode=1777 tmpfs "$copy/root/tmp"
        mount -t tmpfs -o mode=0755 tmpfs "$copy/root/run"
        mkdir "$copy/root/release" "$copy/root/repository" "$copy/root/run/postgresql"
        chown postgres:postgres "$copy/root/run/postgresql"
        # Wherever they are: the copy has a /tmp of its own.
        mount --bind "$1" "$copy/root/release"
        mount --bind "$2" "$copy/root/repository"
        chroot "$copy/root" /repository/deploy/try-on-debian.sh --inside' try "$release" "$repository"
}

if [ "${1:-}" = --inside ]; then inside; else main "$@"; fi
