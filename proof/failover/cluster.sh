# shellcheck shell=bash
# A three-node Patroni cluster with etcd and haproxy, all on loopback and in $work. Sourced by failover.sh.

nodes=(n1 n2 n3)

# PostgreSQL refuses to run as root, and Patroni runs it. Replaces the process, so that $! is the program's own pid. In a
# session of its own: the kernel hangs up on a group of processes of which one is stopped when its shell goes.
as_postgres() {
    if [ "$(id -u)" -eq 0 ]; then
        cd / && exec setsid setpriv --reuid postgres --regid postgres --init-groups -- "$@"
    else
        cd / && exec setsid "$@"
    fi
}

postgres_bin() {
    local bin
    for bin in "$(pg_config --bindir 2>/dev/null || true)" /usr/lib/postgresql/*/bin; do
        [ -x "$bin/initdb" ] && [ -x "$bin/postgres" ] && echo "$bin" && return
    done
    return 1
}

is_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Ports below the ephemeral range: from there, any outgoing connection may take one before its owner listens on it.
choose_ports() {
    local name candidate
    local -A taken=()
    declare -gA port=()
    for name in etcd etcd_peer haproxy haproxy_status sandbox gateway1 gateway2 worker {n1,n2,n3}_{postgres,rest}; do
        candidate=0
        until [ "$candidate" -gt 0 ] && [ -z "${taken[$candidate]-}" ] && is_free "$candidate"; do
            candidate=$((15000 + RANDOM % 17000))
        done
        taken[$candidate]=1
        port[$name]=$candidate
    done
}

# until_true SECONDS WHAT COMMAND...: asks again and again until the command succeeds.
until_true() {
    local end=$((SECONDS + $1)) what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || fail "$what: not within its time"
        sleep 0.1
    done
}

# remember FILE: the pid of what was just started. Bash itself forgets it, and says nothing when it is killed.
remember() {
    echo $! >"$work/$1"
    disown
}

own_folder() {
    mkdir -p "$1"
    [ "$(id -u)" -ne 0 ] || chown postgres: "$1"
}

start_etcd() {
    own_folder "$work/etcd"
    local client=http://127.0.0.1:${port[etcd]} peer=http://127.0.0.1:${port[etcd_peer]}
    (as_postgres etcd --name proof --data-dir "$work/etcd/data" --log-level warn --enable-v2 \
        --listen-client-urls "$client" --advertise-client-urls "$client" \
        --listen-peer-urls "$peer" --initial-advertise-peer-urls "$peer" --initial-cluster "proof=$peer") >"$work/etcd.log" 2>&1 &
    remember etcd.pid
    until_true 30 "etcd answers" curl -fs "$client/health"
}

# etcd, not etcd3: with etcd's newer interface, Patroni before 3.0.3 lets a leader that was paused take the lock back from
# its successor (https://github.com/patroni/patroni/pull/2689), and what the successor has committed is lost.
# ttl: how long a leader that has vanished keeps its lock; 20 s is the least that Patroni takes.
patroni_configuration() {
    local node=$1 folder=$work/$1
    cat <<YAML
scope: proof
name: $node
restapi: { listen: "127.0.0.1:${port[${node}_rest]}", connect_address: "127.0.0.1:${port[${node}_rest]}" }
${FAILOVER_DCS:-etcd}: { host: "127.0.0.1:${port[etcd]}" }
bootstrap:
  dcs:
    ttl: 20
    loop_wait: 1
    retry_timeout: 3
    primary_start_timeout: 0
    synchronous_mode: true
    synchronous_mode_strict: true
    maximum_lag_on_failover: 1048576
    postgresql:
      use_pg_rewind: true
      use_slots: true
      parameters:
        max_connections: 60
        shared_buffers: 64MB
        synchronous_commit: "on"
        wal_log_hints: "on"
        wal_receiver_timeout: 10s
        wal_retrieve_retry_interval: 500ms
        wal_sender_timeout: 10s
  initdb: [{ encoding: UTF8 }, { locale: C.UTF-8 }, data-checksums]
postgresql:
  listen: 127.0.0.1:${port[${node}_postgres]}
  connect_address: 127.0.0.1:${port[${node}_postgres]}
  data_dir: $folder/data
  bin_dir: $(postgres_bin)
  pgpass: $folder/pgpass
  authentication:
    superuser: { username: postgres, password: proof }
    replication: { username: replicator, password: proof }
    rewind: { username: rewinder, password: proof }
  parameters: { unix_socket_directories: $folder }
  pg_hba: ["local all all trust", "host all all 127.0.0.1/32 trust", "host replication all 127.0.0.1/32 trust"]
  remove_data_directory_on_rewind_failure: true
  remove_data_directory_on_diverged_timelines: true
watchdog: { mode: "off" }
YAML
}

start_nodes() {
    local node
    for node in "${nodes[@]}"; do
        own_folder "$work/$node"
        patroni_configuration "$node" >"$work/$node/patroni.yml"
        start_patroni "$node"
        # The first makes the cluster, the others copy it.
        until_true 90 "$node takes part in the cluster" takes_part "$node"
    done
    until_true 60 "a standby is synchronous" has_synchronous_standby
}

start_patroni() {
    (as_postgres patroni "$work/$1/patroni.yml") >>"$work/$1/patroni.log" 2>&1 &
    remember "$1/patroni.pid"
}

takes_part() { curl -fs "http://127.0.0.1:${port[$1_rest]}/health"; }

# Before that an acknowledged commit is on one node alone.
has_synchronous_standby() {
    [ "$(curl -fs "http://127.0.0.1:${port[${nodes[0]}_rest]}/cluster" | jq '[.members[] | select(.role == "sync_standby")] | length')" -ge 1 ]
}

start_haproxy() {
    {
        cat <<CONF
global
    maxconn 500
defaults
    mode tcp
    timeout connect 1s
    timeout client 30m
    timeout server 30m
    timeout check 1s
listen status
    mode http
    bind 127.0.0.1:${port[haproxy_status]}
    stats enable
    stats uri /
listen postgres
    bind 127.0.0.1:${port[haproxy]}
    option httpchk OPTIONS /primary
    http-check expect status 200
    default-server inter 500ms fall 2 rise 1 on-marked-down shutdown-sessions
CONF
        local node
        for node in "${nodes[@]}"; do
            echo "    server $node 127.0.0.1:${port[${node}_postgres]} check port ${port[${node}_rest]}"
        done
    } >"$work/haproxy.cfg"
    haproxy -db -f "$work/haproxy.cfg" >"$work/haproxy.log" 2>&1 &
    remember haproxy.pid
    until_true 30 "haproxy leads to the primary alone" leads_to_one
}

# At its start haproxy takes every node for a primary, until it has asked.
leads_to_one() {
    [ "$(curl -fs "http://127.0.0.1:${port[haproxy_status]}/;csv" | awk -F, '$1 == "postgres" && $2 ~ /^n/ && $18 == "UP"' | wc -l)" -eq 1 ]
}

# The pids of a node: Patroni, the postmaster and what it has forked.
node_pids() {
    local postmaster
    cat "$work/$1/patroni.pid" 2>/dev/null || true
    postmaster=$(head -n 1 "$work/$1/data/postmaster.pid" 2>/dev/null || true)
    [ -n "$postmaster" ] || return 0
    echo "$postmaster"
    pgrep -P "$postmaster" || true
}

stop_cluster() {
    local node file
    for node in "${nodes[@]}"; do
        # Patroni first: it would start the server again.
        kill -KILL $(cat "$work/$node/patroni.pid" 2>/dev/null) 2>/dev/null || true
        # shellcheck disable=SC2046 # one pid a word
        kill -KILL $(node_pids "$node") 2>/dev/null || true
    done
    for file in "$work"/{haproxy,etcd}.pid; do
        [ ! -e "$file" ] || kill -KILL "$(cat "$file")" 2>/dev/null || true
    done
}
