#!/usr/bin/env bash
# Loses the primary of a three-node PostgreSQL cluster again and again under governed load, and checks that nothing that
# a client was told is lost. One line for each failover, then the figures and the checks; ends with 1 when a promise was
# broken. See docs/failover.md.
#
#   proof/failover.sh [failovers]    default: 20
#
#   FAILOVER_STRIKES   node postgres freeze patroni immediate switchover    how the primary is lost, in turn
#   FAILOVER_MINUTES   go on for so long; the number of failovers is then what must be reached (3 when it was not)
#   FAILOVER_DCS       etcd       etcd3 shows what a lock that can be stolen does (Patroni before 3.0.3, strike `freeze`)
#   FAILOVER_KEEP      when set: a folder into which the logs and the client's journal are copied
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
failovers=${1:-20}
read -r -a strikes <<<"${FAILOVER_STRIKES:-node postgres freeze patroni immediate switchover}"

# shellcheck source=scripts/packages.sh
source "$root/scripts/packages.sh"
# shellcheck source=proof/failover/cluster.sh
source "$root/proof/failover/cluster.sh"
# shellcheck source=proof/failover/spendra.sh
source "$root/proof/failover/spendra.sh"

fail() {
    echo "failover: $*" >&2
    # 1 is for a broken promise.
    exit 4
}

require_packages() {
    need patroni patroni python3-etcd
    need etcd etcd-server
    need haproxy haproxy
    need jq jq
    need curl curl ca-certificates
    need setpriv util-linux
    need pgrep procps
    need_postgresql
    install_missing
}

# Everything that was started is a child of this shell or has a pid file in the folder.
clean_up() {
    local status=$?
    trap - EXIT
    trap '' HUP INT TERM
    [ -z "$work" ] || {
        stop_spendra
        stop_cluster
        [ -z "${FAILOVER_KEEP-}" ] || keep_logs
        rm -rf "$work"
    }
    exit "$status"
}

keep_logs() {
    mkdir -p "$FAILOVER_KEEP"
    cp "$work"/*.log "$work"/*.jsonl "$FAILOVER_KEEP" 2>/dev/null || true
    local node
    for node in "${nodes[@]}"; do
        cp "$work/$node/patroni.log" "$FAILOVER_KEEP/$node.patroni.log" 2>/dev/null || true
        cp "$work/$node/postgres.log" "$FAILOVER_KEEP/$node.postgres.log" 2>/dev/null || true
    done
}

work=
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

[[ "$failovers" =~ ^[0-9]+$ ]] || fail "'$failovers' is not a number of failovers"
require_packages
build_spendra
work=$(mktemp -d "${TMPDIR:-/tmp}/spendra-failover-XXXXXX")
chmod 755 "$work"
choose_ports

start_etcd
start_nodes
start_haproxy
prepare_spendra
start_spendra

status=0
drive "$failovers" || status=$?
# A broken promise weighs more than a ledger that could not be verified, and that more than a floor that was not reached.
verified=0
verify || verified=$?
if [ "$verified" -eq 1 ] || [ "$status" -eq 1 ]; then exit 1; fi
[ "$verified" -eq 0 ] || exit 4
exit "$status"
