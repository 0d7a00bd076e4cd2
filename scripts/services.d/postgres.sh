# PostgreSQL: one server with one user, whose password is checked (SCRAM). It
# syncs nothing to disk: what it stores lives as long as the tests.

postgres_folder() {
    local folder
    for folder in /usr/lib/postgresql/15/bin /usr/lib/postgresql/*/bin \
        "$(unpacked)"/usr/lib/postgresql/*/bin "$(dirname "$(command -v postgres || echo /nowhere/x)")"; do
        if [ -x "$folder/postgres" ] && [ -x "$folder/initdb" ]; then echo "$folder" && return; fi
    done
    return 1
}

postgres_fetch() { provide "PostgreSQL" postgres_folder postgresql-15; }

# it refuses to run as root: what root puts before its commands
as_other=()
if [ "$(id -u)" -eq 0 ]; then
    IFS=: read -r _ _ other_user other_group _ < <(getent passwd postgres || getent passwd nobody)
    as_other=(setpriv --reuid "$other_user" --regid "$other_group" --clear-groups --)
fi

postgres_prepare() {
    local here=$1 home=$1/home bin secret
    bin=$(postgres_folder)
    secret=$(password)
    mkdir -p "$home"
    if ! "${as_other[@]}" test -x "$home"; then
        # below a folder that only root may enter
        home=$(mktemp -d "${TMPDIR:-/tmp}/sandgate-postgres.XXXXXXXX") || return 1
    fi
    echo "$home" >"$here/place" || { rm -rf "$home"; return 1; }
    (umask 077 && mkdir "$home/data" && echo "$secret" >"$home/password")
    [ ${#as_other[@]} -eq 0 ] || chown -R "$other_user:$other_group" "$home"
    cd "$home"
    LD_LIBRARY_PATH=$(library_path) "${as_other[@]}" "$bin/initdb" --pgdata "$home/data" --username sandgate \
        --pwfile "$home/password" --auth scram-sha-256 --encoding UTF8 --locale C --no-sync >"$here/log" 2>&1 || {
        tail -n 20 "$here/log" >&2
        return 1
    }
    cat >>"$home/data/postgresql.conf" <<END
listen_addresses = '127.0.0.1'
port = $(free_ports 1)
unix_socket_directories = ''
max_connections = 200
fsync = off
full_page_writes = off
timezone = 'GMT'
END
}

postgres_run() {
    local here=$1 home bin
    home=$(<"$here/place")
    bin=$(postgres_folder)
    cd "$home"
    # a crash leaves it behind, and its process may be somebody else's by now
    rm -f "$home/data/postmaster.pid"
    LD_LIBRARY_PATH=$(library_path) spawn "$here" "${as_other[@]}" "$bin/postgres" -D "$home/data"
}

postgres_port() { sed -n 's/^port = //p' "$(<"$1/place")/data/postgresql.conf"; }
postgres_answers() { grep -q "database system is ready to accept connections" "$1/log" && answers "$(postgres_port "$1")"; }
# TERM would wait for its clients
postgres_signal() { echo INT; }

postgres_remove() {
    local home=''
    [ ! -e "$1/place" ] || home=$(<"$1/place")
    case $home in */sandgate-postgres.*) rm -rf "$home" ;; esac
    rm -rf "$1"
}

postgres_env() {
    echo "POSTGRES=postgres://sandgate:$(<"$(<"$1/place")/password")@127.0.0.1:$(postgres_port "$1")/postgres"
    echo "POSTGRES_PID=$(pid "$1")"
}
