# Processes that outlive the script which starts them, and the ports they listen
# on. A process is known by its id and by when it started, so that a stale file
# never ends somebody else's process.

# born PID: when it started, in ticks since the machine did; nothing if it is gone
born() {
    local stat
    { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 0
    # the name in parentheses may hold anything; after it: state, and 18 more up to the start
    set -- ${stat##*) }
    case $1 in Z | X) ;; *) echo "${20}" ;; esac
}

pid() { cut -d ' ' -f 1 "$1/pid" 2>/dev/null; }

# alive FOLDER: whether the process that was started for it still runs
alive() {
    local pid born
    read -r pid born 2>/dev/null <"$1/pid" || return 1
    [ -n "$born" ] && [ "$(born "$pid")" = "$born" ]
}

# spawn FOLDER COMMAND…: in a session of its own, out of reach of a terminal's
# Ctrl-C, without our locks; it writes its id itself, before it becomes the server.
# Its log is new: an earlier one would answer for it.
spawn() {
    local here=$1
    shift
    rm -f "$here/pid"
    setsid bash -c '
        . "$0"
        here=$1 && shift
        echo "$$ $(born $$)" >"$here/pid.new" && mv "$here/pid.new" "$here/pid"
        exec "$@"
    ' "$scripts/services.d/process.sh" "$here" "$@" </dev/null >"$here/log" 2>&1 9>&- 8>&- &
    local starting=$!
    until [ -e "$here/pid" ]; do
        [ -n "$(born $starting)" ] || return 1
        sleep 0.01
    done
}

# what a process has started itself
children() { grep -lsE "^PPid:[[:space:]]+$1\$" /proc/[0-9]*/status | tr -dc '0-9\n' || true; }

# end FOLDER SIGNAL: within 15 s, and where that is not enough by force; also a
# process that somebody has stopped with SIGSTOP
end() {
    local here=$1 signal=$2 pid children=()
    if alive "$here"; then
        pid=$(pid "$here")
        mapfile -t children < <(children "$pid")
        kill -"$signal" "$pid" 2>/dev/null || true
        kill -CONT "$pid" 2>/dev/null || true
        local tries=300
        while alive "$here"; do
            tries=$((tries - 1))
            [ $tries -ne 0 ] || kill -KILL "$pid" 2>/dev/null || true
            sleep 0.05
        done
        # PostgreSQL's leave by themselves, a moment later
        [ ${#children[@]} -eq 0 ] || kill -KILL "${children[@]}" 2>/dev/null || true
    fi
    rm -f "$here/pid"
}

# wait_until SECONDS FOLDER CONDITION…: false when the time is over or the process ended
wait_until() {
    local until=$((SECONDS + $1)) here=$2
    shift 2
    until "$@"; do
        alive "$here" && [ $SECONDS -lt "$until" ] || return 1
        sleep 0.05
    done
}

# whether somebody listens there
answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# free_ports N: ports that nobody listens on, below those that the system gives
# to connections. Chosen by chance, because other builds choose at the same time.
free_ports() {
    local found=() port
    while [ ${#found[@]} -lt "$1" ]; do
        port=$((15000 + (RANDOM * 32768 + RANDOM) % 17000))
        case " ${found[*]:-} " in *" $port "*) continue ;; esac
        answers "$port" || found+=("$port")
    done
    echo "${found[@]}"
}

# a password of 24 letters and digits
password() { head -c 512 /dev/urandom | LC_ALL=C tr -dc 'A-Za-z0-9' | head -c 24; }
