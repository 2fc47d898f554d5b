#!/bin/bash
# systemd as process 1 of a box of its own: this machine's files under an
# overlay, no unit of theirs, no network but its own loopback.
# Usage: systemd_box.sh FOLDER, in new mount, process, network, IPC, host name
# and cgroup namespaces. Units are looked for in FOLDER/units alone.
set -eu
at=$1
root=$at/root
mount --make-rprivate /
mkdir -p "$at/top" "$root"
mount -t tmpfs -o mode=755 none "$at/top"
mkdir "$at/top/upper" "$at/top/work"
mount -t overlay overlay \
	-o "lowerdir=/,upperdir=$at/top/upper,workdir=$at/top/work" "$root"
mount -t proc -o nosuid,noexec,nodev proc "$root/proc"
mount -t sysfs -o ro,nosuid,noexec,nodev sysfs "$root/sys"
mount -t cgroup2 -o nosuid,noexec,nodev cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755,nosuid none "$root/dev"
for d in null zero full random urandom tty; do
	touch "$root/dev/$d"
	mount --bind "/dev/$d" "$root/dev/$d"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
mount -t tmpfs -o mode=1777 none "$root/dev/shm"
mount -t tmpfs -o mode=1777 none "$root/tmp"
mount -t tmpfs -o mode=755 none "$root/run"
cp -r "$at/units" "$root/run/units"
: >"$root/etc/fstab"
ip link set lo up
mkdir "$root/run/outside"
cd "$root"
pivot_root . run/outside
cd /
umount -l /run/outside
exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin \
	SYSTEMD_UNIT_PATH=/run/units /lib/systemd/systemd --system \
	--unit=box.target --log-target=console --show-status=no </dev/null
