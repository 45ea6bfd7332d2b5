# shellcheck shell=bash
# Sourced: Debian's PostgreSQL as a server in a folder of its own, on a unix socket there and nowhere else.

# postgresql_bin: the folder of the newest server's programs.
postgresql_bin() {
    local newest
    newest=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
    [[ -x $newest/postgres ]] || return 1
    printf '%s\n' "$newest"
}

# as_postgres COMMAND...: the server refuses to run as root.
as_postgres() {
    if [[ $(id -u) == 0 ]]; then (cd / && runuser -u postgres -- "$@"); else "$@"; fi
}

# postgresql_url FOLDER [DATABASE]: how programs reach the server.
postgresql_url() { printf 'postgresql://nova@/%s?host=%s\n' "${2:-nova}" "$1"; }

# postgresql_runs FOLDER: its server runs. The number in the pid file may belong to a stranger by now; a server works in
# its data folder.
postgresql_runs() {
    local pid
    pid=$(postgresql_pid "$1")
    [[ $pid =~ ^[0-9]+$ && $(as_postgres readlink "/proc/$pid/cwd" 2>/dev/null) == "$(realpath "$1/data")" ]]
}

postgresql_pid() { as_postgres head -n 1 "$1/data/postmaster.pid" 2>/dev/null || echo -; }

# POSTGRESQL_FSYNC=off is for tests: what is in the kernel's hands survives a crash of the server.
# postgresql_start FOLDER: starts the server of the folder, makes it with an empty database nova when there is none.
postgresql_start() {
    local folder=$1 bin
    bin=$(postgresql_bin) || {
        install_packages test
        bin=$(postgresql_bin) || die "no PostgreSQL server in /usr/lib/postgresql: install the package postgresql"
    }
    ((${#folder} < 80)) || die "the path $folder is too long for a socket: choose a shorter one"
    if [[ ! -d $folder/data ]]; then
        mkdir -p "$folder"
        chmod 700 "$folder"
        if [[ $(id -u) == 0 ]]; then chown postgres: "$folder"; fi
        as_postgres test -x "$folder" || die "the user postgres cannot enter $folder: chmod o+x its parents"
        # Only who may enter the folder reaches the socket, so nobody is asked for a password.
        as_postgres "$bin/initdb" -D "$folder/data.part" -U nova -A trust -E UTF8 --locale=C --no-instructions \
            >"$folder.log" 2>&1 || {
            cat "$folder.log" >&2
            die "initdb failed"
        }
        rm -f "$folder.log"
        as_postgres tee -a "$folder/data.part/postgresql.conf" >/dev/null <<CONF
listen_addresses = ''
unix_socket_directories = '$folder'
max_connections = 200
log_min_messages = warning
fsync = ${POSTGRESQL_FSYNC:-on}
CONF
        as_postgres mv "$folder/data.part" "$folder/data"
    fi
    postgresql_runs "$folder" || (
        close_inherited
        as_postgres "$bin/pg_ctl" -D "$folder/data" -l "$folder/server.log" -w -t 60 start >/dev/null
    ) || {
        tail -n 20 "$folder/server.log" >&2
        die "PostgreSQL does not start in $folder"
    }
    as_postgres "$bin/psql" -h "$folder" -U nova -d postgres -Atqc \
        "SELECT 1 FROM pg_database WHERE datname = 'nova'" | grep -q 1 ||
        as_postgres "$bin/createdb" -h "$folder" -U nova nova
}

# postgresql_stop FOLDER [MODE]: MODE is fast or immediate (as if it had crashed).
postgresql_stop() {
    [[ -d $1/data ]] && postgresql_runs "$1" || return 0
    as_postgres "$(postgresql_bin)/pg_ctl" -D "$1/data" -m "${2:-fast}" -w -t 60 stop >/dev/null
}
