# shellcheck shell=bash
# Sourced by tools/cloud: the daemons of a cloud as processes. Uses DIR and the settings.

pid_of() { cat "$DIR/run/$1.pid" 2>/dev/null; }

# alive NAME: its process runs and is really ours: the number of a dead one may belong to a stranger by now.
alive() {
    local pid
    pid=$(pid_of "$1") || return 1
    [[ -n $pid && -r /proc/$pid/cmdline ]] || return 1
    tr '\0' '\n' <"/proc/$pid/cmdline" 2>/dev/null | grep -qxF -- "$DIR/nova.conf"
}

dead() { ! alive "$1"; }

# ready NAME: it says that it is ready, and each of its REST services answers (whatever it answers).
ready() {
    local port
    curl -fs -o /dev/null --max-time 5 "http://$(monitoring_address "$1")/readyz" || return 1
    for port in $(service_ports "$1"); do
        curl -s -o /dev/null --max-time 5 "$SCHEME://127.0.0.1:$port/" || return 1
    done
}

known_name() {
    grep -qxF -- "$1" < <(daemon_names && more_hosts | sed 's/^/host./') || die "no daemon $1 in this cloud; there are: $(daemon_names | tr '\n' ' ')"
}

# start_daemon NAME: starts it in a session of its own; quiet when it runs.
start_daemon() {
    local name=$1 program=${1%%.*} number setting entry=()
    alive "$name" && return 0
    local arguments=(
        --config-file "$DIR/nova.conf" --set "monitoring.port=$(monitoring_port "$name")"
        --set "queue.key_file=$(key_file "$name")"
    )
    if [[ $program == nova-queue ]]; then arguments+=(--set "queue.listen=$(broker_endpoint "$name")"); fi
    number=${name##*.}
    # Other names of the same host stand for other hosts.
    case $name in
    nova-conductor.* | nova-scheduler.*) arguments+=(--set "DEFAULT.host=$CLOUD_HOST-$number") ;;
    nova-compute.*)
        arguments+=(--set "DEFAULT.host=$CLOUD_HOST-$number" --set "DEFAULT.state_path=$DIR/state.$number")
        mkdir -p "$DIR/state.$number" "$DIR/instances.$number"
        if has_more_hosts; then
            host_up "$number"
            mapfile -t entry < <(host_entry "$number")
            arguments+=(
                --set "DEFAULT.my_ip=$(fabric_address "$number")" --set "monitoring.listen=$(fabric_address "$number")"
                --set compute.fabric=eth0
            )
        else
            arguments+=(--set "DEFAULT.instances_path=$DIR/instances.$number")
        fi
        ;;
    esac
    for setting in ${CLOUD_SETS:-}; do arguments+=(--set "$setting"); done
    [[ -x $CLOUD_BUILD/$program ]] || die "$CLOUD_BUILD/$program is not built"
    (close_inherited && exec setsid "${entry[@]}" "$CLOUD_BUILD/$program" "${arguments[@]}") </dev/null >>"$DIR/log/$name.log" 2>&1 &
    local pid=$! end=$((SECONDS + 10))
    printf '%d\n' "$pid" >"$DIR/run/$name.pid"
    # Not a job of this shell any more: it must outlive it.
    disown
    # Until it has become the program it is still a copy of this shell, and not known as ours.
    until alive "$name" || [[ ! -d /proc/$pid ]] || ((SECONDS >= end)); do sleep 0.01; done
}

# wait_ready SECONDS NAME...: until each answers /readyz; ends early when one has died.
wait_ready() {
    local end=$((SECONDS + $1)) name
    shift
    for name in "$@"; do
        until ready "$name"; do
            if ! alive "$name"; then
                show_log "$name"
                die "$name has ended"
            fi
            if ((SECONDS >= end)); then
                show_log "$name"
                curl -s --max-time 5 "http://$(monitoring_address "$name")/readyz" >&2 || true
                die "$name is not ready in time"
            fi
            sleep 0.05
        done
    done
}

# service_ports NAME: the ports of the REST services in it.
service_ports() {
    case $1 in
    nova-standalone) printf '%s\n' "$PORT_IDENTITY" "$PORT_IMAGE" "$PORT_API" "$PORT_PLACEMENT" "$PORT_NETWORK" ;;
    nova-identity) printf '%s\n' "$PORT_IDENTITY" ;;
    nova-image) printf '%s\n' "$PORT_IMAGE" ;;
    nova-api) printf '%s\n' "$PORT_API" ;;
    nova-placement-api) printf '%s\n' "$PORT_PLACEMENT" ;;
    nova-network) printf '%s\n' "$PORT_NETWORK" ;;
    esac
}

show_log() {
    printf -- '--- end of %s ---\n' "$DIR/log/$1.log" >&2
    tail -n 20 "$DIR/log/$1.log" >&2 || true
}

# stop_daemons NAME...: SIGTERM to all, SIGKILL to those that still run after 20 s.
stop_daemons() {
    local name end
    for name in "$@"; do
        if alive "$name"; then kill -TERM "$(pid_of "$name")" 2>/dev/null || true; fi
    done
    end=$((SECONDS + 20))
    for name in "$@"; do
        while alive "$name" && ((SECONDS < end)); do sleep 0.05; done
        if alive "$name"; then
            warn "$name does not stop: killing it"
            kill_daemon "$name"
        fi
        rm -f "$DIR/run/$name.pid"
    done
}

kill_daemon() {
    local pid
    alive "$1" || return 0
    pid=$(pid_of "$1")
    kill -KILL "$pid" 2>/dev/null || true
    wait_for 10 "$1 is gone" dead "$1" || die "$1 (process $pid) does not die"
}
