# shellcheck shell=bash
# A private PostgreSQL, as it comes and so fully durable (fsync and synchronous_commit on). Sourced by run.sh.

postgres_bin() {
    local bin
    for bin in "$(pg_config --bindir 2>/dev/null || true)" /usr/lib/postgresql/*/bin; do
        [ -x "$bin/initdb" ] && [ -x "$bin/postgres" ] && echo "$bin" && return
    done
    return 1
}

# PostgreSQL refuses to run as root.
as_postgres() {
    if [ "$(id -u)" -eq 0 ]; then
        (cd / && exec runuser -u postgres -- "$@")
    else
        "$@"
    fi
}

start_postgres() {
    local bin
    bin=$(postgres_bin)
    postgres_folder=$work/postgres-data
    mkdir "$postgres_folder"
    [ "$(id -u)" -ne 0 ] || chown postgres "$postgres_folder"
    as_postgres "$bin/initdb" -D "$postgres_folder/data" -U postgres --auth=trust --encoding=UTF8 --locale=C.UTF-8 >/dev/null
    as_postgres "$bin/pg_ctl" start -s -w -D "$postgres_folder/data" -l "$postgres_folder/server.log" \
        -o "-p $postgres_port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$postgres_folder -c max_connections=200"
}

stop_postgres() {
    [ -n "$postgres_folder" ] || return 0
    as_postgres "$(postgres_bin)/pg_ctl" stop -s -m immediate -D "$postgres_folder/data" || true
    postgres_folder=
}
