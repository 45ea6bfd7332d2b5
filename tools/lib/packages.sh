# shellcheck shell=bash
# Sourced: the Debian packages, by what they are for; installing those that are missing.

packages_build=(libzmq3-dev libvirt-dev libsqlite3-dev libpq-dev pkg-config)
packages_host=(
    libvirt-daemon-system libvirt-daemon-driver-qemu libvirt-clients qemu-system-x86 qemu-utils dnsmasq-base
    nftables iproute2 procps util-linux genisoimage
)
packages_guest=(
    busybox-static dropbear-bin e2fsprogs cpio gzip kmod syslinux syslinux-common mtools dosfstools fdisk
)
packages_test=(python3 python3-venv jq curl openssl openssh-client postgresql)
# For tools/cloud up --driver lxc alone.
packages_lxc=(libvirt-daemon-system libvirt-daemon-driver-lxc libvirt-clients dnsmasq-base nftables iproute2 util-linux
    qemu-utils busybox-static e2fsprogs)
# What guests with UEFI and TPMs need of their host; without them such guests are refused.
packages_firmware=(ovmf swtpm swtpm-tools)
# For tools/test --horizon alone.
packages_browser=(chromium chromium-driver python3-selenium)

# missing_packages NAME...: those of the names that are not installed.
missing_packages() {
    local name
    for name in "$@"; do
        [[ $(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null) == installed ]] || printf '%s\n' "$name"
    done
}

# install_packages GROUP...: GROUP is build, host, guest, lxc, firmware, test or browser.
install_packages() {
    local group missing=() wanted=()
    for group in "$@"; do
        case $group in
        build) wanted+=("${packages_build[@]}") ;;
        host) wanted+=("${packages_host[@]}") ;;
        guest) wanted+=("${packages_guest[@]}") ;;
        lxc) wanted+=("${packages_lxc[@]}") ;;
        test) wanted+=("${packages_test[@]}") ;;
        firmware) wanted+=("${packages_firmware[@]}") ;;
        browser) wanted+=("${packages_browser[@]}") ;;
        *) die "no package group '$group'" ;;
        esac
    done
    mapfile -t missing < <(missing_packages "${wanted[@]}")
    ((${#missing[@]})) || return 0
    command -v apt-get >/dev/null || die "missing packages, and this is no Debian: ${missing[*]}"
    need_root "installing packages"
    say "Installing ${#missing[@]} Debian packages: ${missing[*]}"
    local log
    log=$(mktemp)
    # The lists may be old or absent: refresh them once when the first try fails.
    if ! apt_install "${missing[@]}" >"$log" 2>&1; then
        apt-get update -qq >>"$log" 2>&1 || true
        if ! apt_install "${missing[@]}" >>"$log" 2>&1; then
            tail -n 20 "$log" >&2
            die "apt-get could not install the packages (whole log: $log)"
        fi
    fi
    rm -f "$log"
}

apt_install() {
    # No service starts here: without systemd maintainer scripts could not do it, with systemd ensure_libvirtd does.
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
}
