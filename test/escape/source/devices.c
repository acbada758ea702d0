/* Devices: made, opened, changed, and terminals. */

#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/io.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "attempt.h"

/* In the first folder that can be written, or /dev. */
static struct outcome made(mode_t type, unsigned int major, unsigned int minor)
{
	const char *folders[] = {"/tmp/made", "/var/lib/hostile/made", "/dev/made", NULL};
	struct outcome outcome = broken("no folder");

	for (const char **place = folders; *place != NULL; place++) {
		if (mknod(*place, type | 0666, makedev(major, minor)) == 0) {
			outcome = of_open(*place, type == S_IFBLK ? O_RDONLY : O_RDWR);
			unlink(*place);
			return outcome;
		}
		outcome = refused();
	}
	return outcome;
}

static struct outcome make_mem(void)
{
	return made(S_IFCHR, 1, 1);
}

static struct outcome make_null(void)
{
	return made(S_IFCHR, 1, 3);
}

static struct outcome make_kmsg(void)
{
	return made(S_IFCHR, 1, 11);
}

static struct outcome make_tun(void)
{
	return made(S_IFCHR, 10, 200);
}

static struct outcome make_fuse(void)
{
	return made(S_IFCHR, 10, 229);
}

static struct outcome make_disk(void)
{
	return made(S_IFBLK, (unsigned int)number("disk-major"), (unsigned int)number("disk-minor"));
}

TRY_OPEN(open_mem, "/dev/mem", O_RDONLY)
TRY_OPEN(open_kmsg, "/dev/kmsg", O_RDONLY)
TRY_OPEN(open_fuse, "/dev/fuse", O_RDWR)
TRY_OPEN(open_tun, "/dev/net/tun", O_RDWR)
TRY_OPEN(open_kvm, "/dev/kvm", O_RDWR)
TRY_OPEN(open_loop, "/dev/loop-control", O_RDWR)
TRY_OPEN(open_console, "/dev/console", O_RDWR)
TRY_OPEN(open_tty0, "/dev/tty0", O_RDWR)
TRY_OPEN(open_port, "/dev/port", O_RDWR)
TRY_OPEN(open_uinput, "/dev/uinput", O_RDWR)
TRY_OPEN(open_watchdog, "/dev/watchdog", O_RDWR)
TRY_OPEN(open_disk, argument("disk"), O_RDONLY)
/* the mode that it has: nothing changes when it works */
TRY(chmod_null, chmod("/dev/null", 0666))
TRY(xattr_null, setxattr("/dev/zero", "trusted.hostile", "x", 1, 0))
TRY(unlink_null, unlink("/dev/null"))
TRY(privilege_level, iopl(3))
TRY(ports, ioperm(0x80, 1, 1))

static struct outcome type_into(const char *path)
{
	int fd = open(path, O_RDWR | O_NOCTTY);

	return fd < 0 ? refused() : of(ioctl(fd, TIOCSTI, "x"));
}

static struct outcome type_into_terminal(void)
{
	return type_into("/dev/tty");
}

static struct outcome type_into_streams(void)
{
	for (int fd = 0; fd < 3; fd++)
		if (ioctl(fd, TIOCSTI, "x") == 0)
			return escaped("a key was pressed on descriptor %d", fd);
	return refused();
}

static struct outcome take_terminal(void)
{
	setsid();
	for (int fd = 0; fd < 3; fd++)
		if (ioctl(fd, TIOCSCTTY, 1) == 0)
			return escaped("descriptor %d is our terminal", fd);
	return refused();
}

const struct attempt devices[] = {
	{"mknod-mem", "make a device for the machine's memory", make_mem},
	{"mknod-null", "make a harmless device", make_null},
	{"mknod-kmsg", "make a device for the kernel's log", make_kmsg},
	{"mknod-tun", "make a device for network tunnels", make_tun},
	{"mknod-fuse", "make a device for FUSE", make_fuse},
	{"mknod-disk", "make a device for the host's disk", make_disk},
	{"open-mem", "open /dev/mem", open_mem},
	{"open-kmsg", "open /dev/kmsg", open_kmsg},
	{"open-fuse", "open /dev/fuse", open_fuse},
	{"open-tun", "open /dev/net/tun", open_tun},
	{"open-kvm", "open /dev/kvm", open_kvm},
	{"open-loop-control", "open /dev/loop-control", open_loop},
	{"open-console", "open /dev/console", open_console},
	{"open-tty0", "open /dev/tty0", open_tty0},
	{"open-port", "open /dev/port", open_port},
	{"open-uinput", "open /dev/uinput", open_uinput},
	{"open-watchdog", "open /dev/watchdog", open_watchdog},
	{"open-disk", "open the host's disk by its name", open_disk},
	{"chmod-dev-null", "change the mode of /dev/null, which may be the host's", chmod_null},
	{"setxattr-dev-zero", "set an attribute of /dev/zero, which may be the host's", xattr_null},
	{"unlink-dev-null", "remove /dev/null", unlink_null},
	{"iopl", "get all I/O ports with iopl", privilege_level},
	{"ioperm", "get an I/O port with ioperm", ports},
	{"tiocsti-tty", "type into the starter's terminal", type_into_terminal},
	{"tiocsti-streams", "type into the starter's terminal through our streams", type_into_streams},
	{"tiocsctty", "steal the starter's terminal", take_terminal},
	{0},
};
