/* File systems: new ones, changed ones, and roots. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attempt.h"


static long mount_at(const char *source, const char *place, const char *type, unsigned long flags, const char *data)
{
	return syscall(SYS_mount, source, place, type, flags, data);
}

TRY(tmpfs, mount_at("none", "/dev", "tmpfs", 0, NULL))
TRY(proc, mount_at("none", "/proc", "proc", 0, NULL))
TRY(sysfs, mount_at("none", "/dev", "sysfs", 0, NULL))
TRY(devtmpfs, mount_at("none", "/dev", "devtmpfs", 0, NULL))
TRY(devpts, mount_at("none", "/dev", "devpts", 0, NULL))
TRY(mqueue, mount_at("none", "/dev", "mqueue", 0, NULL))
TRY(cgroup1, mount_at("none", "/dev", "cgroup", 0, "memory"))
TRY(cgroup2, mount_at("none", "/dev", "cgroup2", 0, NULL))
TRY(overlay, mount_at("none", "/dev", "overlay", 0, "lowerdir=/etc:/usr"))
TRY(bpf, mount_at("none", "/dev", "bpf", 0, NULL))
TRY(debugfs, mount_at("none", "/dev", "debugfs", 0, NULL))
TRY(tracefs, mount_at("none", "/dev", "tracefs", 0, NULL))
TRY(securityfs, mount_at("none", "/dev", "securityfs", 0, NULL))
TRY(binfmt, mount_at("none", "/dev", "binfmt_misc", 0, NULL))
TRY(fuse, mount_at("none", "/dev", "fuse", 0, "fd=0,rootmode=40000,user_id=0,group_id=0"))
TRY(block, mount_at(argument("disk"), "/dev", "ext4", MS_RDONLY, NULL))
TRY(bind, mount_at("/", "/dev", NULL, MS_BIND | MS_REC, NULL))
TRY(move, mount_at("/proc", "/dev", NULL, MS_MOVE, NULL))
TRY(remount_root, mount_at(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL))
TRY(remount_proc_sys, mount_at(NULL, "/proc/sys", NULL, MS_REMOUNT | MS_BIND, NULL))
TRY(share, mount_at(NULL, "/", NULL, MS_SHARED | MS_REC, NULL))
TRY(unmask, syscall(SYS_umount2, "/proc/kcore", 2))
TRY(unroot, syscall(SYS_umount2, "/", 2))
TRY(new_api, syscall(SYS_fsopen, "tmpfs", 0))
TRY(pick, syscall(SYS_fspick, AT_FDCWD, "/", 0))
TRY(clone_tree, syscall(SYS_open_tree, AT_FDCWD, "/", OPEN_TREE_CLONE))
TRY(pivot, syscall(SYS_pivot_root, "/", "/dev"))

static struct outcome set_attributes(void)
{
	struct mount_attr attributes = {.attr_clr = MOUNT_ATTR_RDONLY};

	return of(syscall(SYS_mount_setattr, AT_FDCWD, "/", 0, &attributes, sizeof attributes));
}

/* The classic: a second root below leaves the working folder outside of it. */
static struct outcome leave_chroot(void)
{
	struct stat before, after;

	stat("/", &before);
	if (chroot("/etc") != 0)
		return refused();
	for (int i = 0; i < 64; i++)
		if (chdir("..") != 0)
			return refused();
	if (chroot(".") != 0)
		return refused();
	stat("/", &after);
	if (after.st_ino == before.st_ino && after.st_dev == before.st_dev)
		return prevented("the root of the mount namespace");
	return escaped("another root");
}

static struct outcome above_root(void)
{
	struct stat root, above;

	stat("/", &root);
	if (stat("/../../../../..", &above) != 0)
		return refused();
	if (above.st_ino == root.st_ino && above.st_dev == root.st_dev)
		return prevented("the root of the mount namespace");
	return escaped("another root");
}

const struct attempt mounts[] = {
	{"mount-tmpfs", "mount a tmpfs", tmpfs},
	{"mount-proc", "mount a new proc, without masks", proc},
	{"mount-sysfs", "mount sysfs", sysfs},
	{"mount-devtmpfs", "mount devtmpfs with the host's devices", devtmpfs},
	{"mount-devpts", "mount the host's devpts", devpts},
	{"mount-mqueue", "mount mqueue", mqueue},
	{"mount-cgroup-v1", "mount the memory control groups, for their release_agent", cgroup1},
	{"mount-cgroup-v2", "mount the unified control groups", cgroup2},
	{"mount-overlay", "mount an overlay of system folders", overlay},
	{"mount-bpf", "mount the file system of pinned BPF objects", bpf},
	{"mount-debugfs", "mount debugfs", debugfs},
	{"mount-tracefs", "mount tracefs", tracefs},
	{"mount-securityfs", "mount securityfs", securityfs},
	{"mount-binfmt", "mount binfmt_misc, to have the host execute our interpreter", binfmt},
	{"mount-fuse", "mount a FUSE", fuse},
	{"mount-disk", "mount the host's disk", block},
	{"mount-bind", "bind / to a writable place", bind},
	{"mount-move", "move /proc away from under its masks", move},
	{"remount-root-rw", "make the root writable with remount", remount_root},
	{"remount-proc-sys-rw", "make /proc/sys writable with remount", remount_proc_sys},
	{"mount-propagate", "share our mounts with the host", share},
	{"umount-mask", "unmount the mask of /proc/kcore", unmask},
	{"umount-root", "unmount the root, to see what lies below", unroot},
	{"fsopen", "make a file system with the new mount calls", new_api},
	{"fspick", "reconfigure the root's superblock", pick},
	{"open-tree-clone", "clone the mount tree to a descriptor", clone_tree},
	{"mount-setattr", "make the root writable with mount_setattr", set_attributes},
	{"pivot-root", "change the root with pivot_root", pivot},
	{"chroot-leave", "leave the root by a second chroot", leave_chroot},
	{"dot-dot", "leave the root by ..", above_root},
	{0},
};
