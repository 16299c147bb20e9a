# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # $work is lib.sh's
# Sourced after lib.sh: a minimal Debian 12 for arm64 with Debian's kernel in qemu-system-aarch64, as a Cortex-A53, without a network.
# The folder $work/share is its /packages. It runs /packages/start after booting, and then it is switched off. TRAGUS_ROOT names a tar
# file of such a system: it is used instead of making one, or written if it does not exist.

emulator=''
trap '[ -z "$emulator" ] || kill "$emulator"; rm -rf "$work"' EXIT

# arm64_apt FOLDER COMMAND...: runs apt-get for arm64 with lists and cache in FOLDER, as if no package were installed.
arm64_apt() {
    local own=$1
    shift
    mkdir -p "$own/lists/partial" "$own/cache/archives/partial"
    apt-get -qq -o Dir::State::Lists="$own/lists" -o Dir::Cache="$own/cache" -o Dir::State::Status=/dev/null -o Debug::NoLocking=1 \
        -o APT::Architecture=arm64 -o APT::Architectures::=arm64 -o APT::Sandbox::User=root "$@"
}

# The first stage of debootstrap runs here and the second stage in the emulator, so that no foreign program has to run on this machine.
emulator_make() {
    local kernel root=$work/root initrd=$work/initrd module
    need debootstrap:debootstrap mke2fs:e2fsprogs cpio:cpio depmod:kmod
    debootstrap --foreign --arch=arm64 --variant=minbase --include=systemd,systemd-sysv,dbus,udev,kmod,alsa-utils bookworm "$root" \
        >"$work/output" 2>&1 || { cat "$work/output" >&2; skip "cannot make a Debian 12: is there a network?"; }
    arm64_apt "$work/apt" update >/dev/null 2>&1
    (
        mkdir -p "$work/kernel" && cd "$work/kernel" || exit
        kernel=$(arm64_apt "$work/apt" -s install linux-image-arm64 | sed -n 's/^Inst \(linux-image-[0-9][^ ]*\) .*/\1/p')
        arm64_apt "$work/apt" download "$kernel" busybox-static && for deb in *.deb; do dpkg-deb -x "$deb" . || exit; done
    ) || skip "cannot download a kernel: is there a network?"
    kernel=$(ls "$work/kernel/lib/modules")
    depmod -b "$work/kernel" "$kernel" && cp -a "$work/kernel/lib/modules" "$root/lib/" && mkdir "$work/machine" || exit
    cp "$work/kernel/boot/vmlinuz-$kernel" "$work/machine/kernel"

    # The initrd has what the kernel needs to reach its disk. ${start} comes from the kernel command line.
    mkdir -p "$initrd"/{bin,dev,proc,root,modules}
    cp "$work/kernel/bin/busybox" "$initrd/bin"
    for module in virtio_pci virtio_blk ext4; do modprobe -d "$work/kernel" -S "$kernel" --show-depends "$module"; done |
        awk '!seen[$2]++ { print $2 }' | while read -r module; do
        cp "$module" "$initrd/modules" && echo "/bin/busybox insmod /modules/${module##*/}"
    done >"$initrd/modules/load"
    cat >"$initrd/init" <<'END'
#!/bin/busybox sh
/bin/busybox mount -t devtmpfs dev /dev
. /modules/load
/bin/busybox mount -t ext4 /dev/vda /root || /bin/busybox poweroff -f
/bin/busybox umount /dev
exec /bin/busybox switch_root /root "${start:-/sbin/init}"
END
    chmod +x "$initrd/init"
    (cd "$initrd" && find . | cpio -o -H newc --quiet) >"$work/machine/initrd"

    rm -f "$root/proc" && mkdir -p "$root/proc" "$root/packages" # debootstrap --foreign leaves a link to itself
    cat >"$root/second-stage" <<'END'
#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc && mount -t sysfs sys /sys && mount -t devtmpfs dev /dev && mount -o remount,rw /
exec </dev/null >/dev/console 2>&1
/debootstrap/debootstrap --second-stage || cat /debootstrap/debootstrap.log
rm -f /second-stage /var/cache/apt/archives/*.deb
echo tragus >/etc/hostname
echo "packages /packages 9p trans=virtio,version=9p2000.L 0 0" >>/etc/fstab
echo "deb [trusted=yes] file:/packages/archive ./" >/etc/apt/sources.list
cat >/etc/systemd/system/start.service <<UNIT
[Unit]
After=multi-user.target
RequiresMountsFor=/packages
[Service]
ExecStart=/bin/bash /packages/start
ExecStopPost=/bin/systemctl --no-block poweroff
StandardOutput=append:/packages/report
StandardError=inherit
[Install]
WantedBy=multi-user.target
UNIT
systemctl enable start.service
dpkg --audit && [ -z "$(dpkg --audit)" ] && echo "second stage done"
sync
systemctl -ff poweroff
END
    chmod +x "$root/second-stage"
    mke2fs -q -t ext4 -d "$root" "$work/machine/disk" 2G || exit
    rm -rf "$root" "$work/kernel" "$initrd"
    emulator_run 3600 start=/second-stage
    grep -q '^second stage done' "$work/console" || { tail -n 40 "$work/console" >&2; fail "the second stage of debootstrap failed"; }
    [ -z "${TRAGUS_ROOT:-}" ] || tar -C "$work/machine" -Scf "$TRAGUS_ROOT" .
}

# emulator_run SECONDS [KERNEL ARGUMENT]: runs until it is switched off, and prints the output of /packages/start.
emulator_run() {
    touch "$work/share/report"
    timeout "$1" qemu-system-aarch64 -M virt -cpu cortex-a53 -smp "$(nproc)" -m 1024 -nographic -no-reboot -nic none \
        -kernel "$work/machine/kernel" -initrd "$work/machine/initrd" -append "console=ttyAMA0 panic=-1 quiet ${2:-}" \
        -drive "if=none,id=disk,file=$work/machine/disk,format=raw,cache=unsafe" -device virtio-blk-pci,drive=disk \
        -virtfs "local,path=$work/share,mount_tag=packages,security_model=none" </dev/null >"$work/console" 2>&1 &
    emulator=$!
    tail -f -s 1 --pid="$emulator" "$work/share/report"
    wait "$emulator" || { tail -n 20 "$work/console" >&2; fail "the emulator failed"; }
    emulator=''
}

# emulator_prepare: makes the system, or uses the one in TRAGUS_ROOT.
emulator_prepare() {
    [ "$(id -u)" = 0 ] || skip "making a system needs root"
    need qemu-system-aarch64:qemu-system-arm
    mkdir -p "$work/share"
    if [ -n "${TRAGUS_ROOT:-}" ] && [ -e "$TRAGUS_ROOT" ]; then
        mkdir "$work/machine" && tar -C "$work/machine" -xf "$TRAGUS_ROOT" || exit
    else
        emulator_make
    fi
}
