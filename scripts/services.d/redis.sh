# Redis: one server with a password, which stores nothing on disk and gives
# nothing up; or an empty node that somebody joins to a cluster.

# In Debian the program is in redis-tools, under the name of one of its tools;
# redis-server only adds a service of the system, which nobody asked for.
redis_program() {
    command -v redis-server || command -v redis-check-rdb ||
        compgen -G "$(unpacked)/usr/bin/redis-check-rdb"
}

redis_fetch() { provide "Redis" redis_program redis-tools; }

redis_prepare() {
    local here=$1 secret ports
    secret=${cluster:-$(password)}
    read -r -a ports < <(free_ports 2)
    (umask 077 && cat >"$here/redis.conf") <<END
bind 127.0.0.1
port ${ports[0]}
dir "$here"
requirepass $secret
save ""
appendonly no
maxmemory 512mb
maxmemory-policy noeviction
END
    [ -z "$cluster" ] || cat >>"$here/redis.conf" <<END
cluster-enabled yes
cluster-port ${ports[1]}
cluster-node-timeout 2000
END
}

redis_run() {
    LD_LIBRARY_PATH=$(library_path) spawn "$1" bash -c 'exec -a redis-server "$@"' - "$(redis_program)" "$1/redis.conf"
}

redis_setting() { sed -n "s/^$2 //p" "$1/redis.conf"; }
redis_answers() { answers "$(redis_setting "$1" port)"; }
redis_signal() { echo TERM; }
redis_remove() { rm -rf "$1"; }

redis_env() {
    echo "REDIS=redis://:$(redis_setting "$1" requirepass)@127.0.0.1:$(redis_setting "$1" port)/"
    echo "REDIS_PID=$(pid "$1")"
}
