# Owns one private PostgreSQL from initdb to rm. Read by `sh -c`; arguments: bindir, name.
#
# It obeys lines on stdin and answers each on stdout with what the tools said, then "#ok" or "#failed":
#   start PORT | immediate
# Its stdin is a pipe from the test process. When that process ends, however it ends, the pipe reaches end of file
# and the server and its folder go. Since initdb and the server are started from here, in turn, nothing is left
# behind even when the test process dies in the middle of initdb.
bin=$1
folder=$(mktemp -d "${TMPDIR:-/tmp}/$2-XXXXXX") || { echo "#failed"; exit 1; }
data=$folder/data

# The data is thrown away: no reason to wait for a shutdown checkpoint.
finish() {
    if [ -f "$data/postmaster.pid" ]; then
        "$bin/pg_ctl" stop -D "$data" -m immediate -t 30 >/dev/null 2>&1 \
            || kill -9 "$(head -n 1 "$data/postmaster.pid")" 2>/dev/null
    fi
    rm -rf "$folder"
}

create() {
    # --no-sync spares the fsync of a cluster that does not outlive a crash of the machine anyway. The server itself
    # keeps fsync and synchronous_commit on: durability is what the tests are about.
    "$bin/initdb" -D "$data" -U postgres --auth=trust --no-sync --encoding=UTF8 --locale=C.UTF-8 2>&1 || return 1
    cat >>"$data/postgresql.conf" <<CONF
listen_addresses = '127.0.0.1'
unix_socket_directories = '$folder'
max_connections = 200
shared_buffers = 128MB
fsync = on
synchronous_commit = on
full_page_writes = on
CONF
}

# Ends with the server's own log when it did not start: pg_ctl only says to look there.
start() {
    "$bin/pg_ctl" start -D "$data" -w -t 60 -l "$folder/server.log" -o "-p $1" 2>&1 && return 0
    tail -n 20 "$folder/server.log" 2>/dev/null
    return 1
}

answer() {
    if "$@"; then echo "#ok"; else echo "#failed"; fi
}

trap finish EXIT
trap 'exit 0' INT TERM HUP
trap '' PIPE # the test process may be gone when an answer is due

echo "$folder"
answer create
while read -r verb argument; do
    case $verb in
        start) answer start "$argument" ;;
        immediate) answer "$bin/pg_ctl" stop -D "$data" -m immediate -w -t 60 2>&1 ;;
        *) echo "unknown: $verb"; echo "#failed" ;;
    esac
done
