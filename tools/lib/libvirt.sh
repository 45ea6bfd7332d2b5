# shellcheck shell=bash
# Sourced: a running libvirtd, with or without systemd.

libvirt_answers() {
    timeout 20 virsh -c qemu:///system version
}

# libvirtd probes QEMU as the user libvirt-qemu, and again before each domain when it may not open /dev/kvm: seconds to
# minutes each time. Where no udev set Debian's own mode for the device (root:kvm 0660), we do.
ensure_kvm_mode() {
    [[ -c /dev/kvm && $(stat -c %U:%G:%a /dev/kvm) == root:root:600 && $(id -u) == 0 ]] || return 0
    getent group kvm >/dev/null || return 0
    say "Giving /dev/kvm its usual mode (root:kvm 0660), so that libvirt need not probe QEMU again and again"
    chgrp kvm /dev/kvm
    chmod 660 /dev/kvm
}

# ensure_libvirtd: starts virtlogd and libvirtd when none runs, and waits until libvirt answers.
ensure_libvirtd() {
    ensure_kvm_mode
    if libvirt_answers >/dev/null 2>&1; then return 0; fi
    need_root "starting libvirtd"
    say "Starting virtlogd and libvirtd"
    if [[ -d /run/systemd/system ]]; then
        systemctl start virtlogd.socket libvirtd.service
    else
        mkdir -p /run/libvirt /var/log/libvirt
        # One that runs keeps its pid file locked, and a second one ends at once.
        (close_inherited && unset TMPDIR && setsid virtlogd -d </dev/null >/dev/null 2>&1) || true
        (close_inherited && unset TMPDIR && setsid libvirtd -d </dev/null >/dev/null 2>&1) || true
    fi
    wait_for 60 "libvirtd answers" libvirt_answers || {
        tail -n 20 /var/log/libvirt/libvirtd.log 2>/dev/null >&2 || true
        die "libvirtd does not answer on qemu:///system"
    }
}
