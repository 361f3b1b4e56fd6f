#!/usr/bin/env bash
# What is done to a node of the cluster. Called by the driver: strike.sh FOLDER NODE REST_PORT WHAT
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=proof/failover/cluster.sh
source "$root/proof/failover/cluster.sh"

work=$1 node=$2 rest=$3 what=$4

postmaster() { head -n 1 "$work/$node/data/postmaster.pid"; }

case $what in
    # The machine is gone: the server and its Patroni at once.
    node) kill -KILL "$(cat "$work/$node/patroni.pid")" "$(postmaster)" ;;
    # The server alone; its Patroni sees it and gives the lock away.
    postgres) kill -KILL "$(postmaster)" ;;
    immediate) (as_postgres "$(postgres_bin)/pg_ctl" stop -s -m immediate -D "$work/$node/data") ;;
    # The server goes on by itself, and nobody renews its lock: a new primary appears beside it.
    patroni) kill -STOP "$(cat "$work/$node/patroni.pid")" ;;
    # Alive and out of reach, as after a cut network or a paused machine: connections stand and nothing answers.
    freeze)
        for pid in $(node_pids "$node"); do kill -STOP "$pid" 2>/dev/null || true; done
        # What was forked meanwhile.
        for pid in $(node_pids "$node"); do kill -STOP "$pid" 2>/dev/null || true; done
        ;;
    switchover) curl -fsS -o /dev/null -X POST -d "{\"leader\":\"$node\"}" "http://127.0.0.1:$rest/switchover" ;;
    # Back again. A server whose history has gone another way is rewound by Patroni, or copied anew.
    repair)
        for pid in $(node_pids "$node"); do kill -CONT "$pid" 2>/dev/null || true; done
        kill -0 "$(cat "$work/$node/patroni.pid")" 2>/dev/null || start_patroni "$node"
        ;;
    *)
        echo "strike.sh: '$what' is not one of node, postgres, immediate, patroni, freeze, switchover, repair" >&2
        exit 2
        ;;
esac
