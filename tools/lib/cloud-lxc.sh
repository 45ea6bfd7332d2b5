# shellcheck shell=bash
# Sourced by tools/cloud: the libvirtd of a cloud with containers. It is the cloud's own, in a mount namespace with its own
# /run, /etc/libvirt and /var/lib/libvirt, and has no driver but that of LXC; so it needs no restart of this machine's, and
# takes nothing from it. Uses DIR.

lxc_drivers=/usr/lib/x86_64-linux-gnu/libvirt/connection-driver

# lxc_uri: how it is reached.
lxc_uri() { printf 'lxc+unix:///system?socket=%s\n' "$DIR/lxc/run/libvirt/libvirt-sock"; }

lxc_answers() { timeout 20 virsh -c "$(lxc_uri)" version; }

# lxc_pid: its process; false when it does not run.
lxc_pid() {
    local pid
    pid=$(cat "$DIR/lxc/libvirtd.pid" 2>/dev/null) || return 1
    # Its command line names this cloud's folder.
    tr '\0' '\n' <"/proc/$pid/cmdline" 2>/dev/null | grep -qxF -- "$DIR/lxc/etc/libvirtd.conf" || return 1
    printf '%d\n' "$pid"
}

# lxc_up: starts it when it does not run, and waits until it answers.
lxc_up() {
    local home=$DIR/lxc
    lxc_pid >/dev/null || {
        mkdir -p "$home"/{etc,lib,cache,log,run/lock,drivers}
        cp "$lxc_drivers/libvirt_driver_lxc.so" "$home/drivers/"
        cat >"$home/etc/libvirtd.conf" <<CONF
listen_tls = 0
listen_tcp = 0
auth_unix_rw = "none"
log_outputs = "3:file:/var/log/libvirt/libvirtd.log"
CONF
        # shellcheck disable=SC2016 # for the inner shell
        (close_inherited && exec setsid unshare --mount --propagation private bash -euc '
            # Where both kinds of control groups are mounted libvirt 9 can start no container.
            if mountpoint -q /sys/fs/cgroup/unified; then umount /sys/fs/cgroup/unified; fi
            mount --bind "$1/etc" /etc/libvirt
            mount --bind "$1/cache" /var/cache/libvirt
            mount --bind "$1/log" /var/log/libvirt
            mount --bind "$1/lib" /var/lib/libvirt
            mount --bind "$1/drivers" "$2"
            mount --bind "$1/run" /run
            exec libvirtd --config "$1/etc/libvirtd.conf" --pid-file /run/libvirtd.pid' bash "$home" "$lxc_drivers") \
            </dev/null >>"$home/libvirtd.out" 2>&1 &
        printf '%d\n' $! >"$home/libvirtd.pid"
        disown
    }
    wait_for 60 "the libvirtd of the containers answers" lxc_answers || {
        tail -n 20 "$home/log/libvirtd.log" "$home/libvirtd.out" 2>/dev/null >&2 || true
        die "libvirtd does not answer on $(lxc_uri)"
    }
}

# lxc_down: ends it; containers go on.
lxc_down() {
    local pid
    pid=$(lxc_pid) || return 0
    kill "$pid" 2>/dev/null || true
    wait_for 20 "libvirtd ends" lxc_is_down || kill -KILL "$pid" 2>/dev/null || true
}

lxc_is_down() { ! lxc_pid >/dev/null; }

# lxc_leftovers: what a container of this cloud would leave: loop devices of its disks, readers of its console.
lxc_leftovers() {
    [[ $CLOUD_DRIVER == lxc ]] || return 0
    losetup --noheadings --list --output NAME,BACK-FILE | awk -v folder="$DIR/" 'index($2, folder) == 1 {print "loop device " $1}'
    # A process that ends while it is looked at is no failure.
    { grep -lszF "$DIR/instances" /proc/[0-9]*/cmdline 2>/dev/null || true; } | cut -d / -f 3 |
        while read -r process; do
            if [[ $(cat "/proc/$process/comm" 2>/dev/null) == nova-console-lo* ]]; then echo "console reader $process"; fi
        done
}
