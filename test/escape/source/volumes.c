/* A volume is writable and lies on the host's disk: what can be planted there, or asked of its file system. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "attempt.h"
#include "program.h"

static const char *in_volume(const char *name)
{
	static char path[300];

	snprintf(path, sizeof path, "%s/%s", argument("volume"), name);
	return path;
}

static int planted(const char *name, mode_t mode)
{
	int fd = open(in_volume(name), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd >= 0) {
		if (mode & 0111)
			copy_program(fd);
		fchmod(fd, mode);
	}
	return fd;
}

static struct outcome execute(void)
{
	close(planted("program", 0755));
	return executed(in_volume("program"), -1);
}

/* Left there for the host: it looks at it, and at who can reach it. */
static struct outcome execute_set_uid(void)
{
	close(planted("set-uid", 06755));
	return executed(in_volume("set-uid"), -1);
}

static struct outcome map_executable(void)
{
	int fd = planted("library", 0755);

	if (fd < 0)
		return broken("open: %m");
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED
		       ? refused()
		       : escaped("code from a volume is mapped");
}

TRY(device, mknod(in_volume("device"), S_IFCHR | 0666, makedev(1, 3)))
TRY(hard_link, link(OWN_PROGRAM, in_volume("link")))
TRY(rename_in, rename(OWN_PROGRAM, in_volume("moved")))

static struct outcome symbolic(const char *name, const char *target)
{
	unlink(in_volume(name));
	if (symlink(target, in_volume(name)) != 0)
		return broken("symlink: %m");
	return of_open(in_volume(name), O_RDONLY);
}

static struct outcome link_to_host(void)
{
	return symbolic("canary", argument("canary"));
}

static struct outcome link_to_run_folder(void)
{
	return symbolic("run", argument("run-folder"));
}

static struct outcome upwards(void)
{
	char path[600];

	snprintf(path, sizeof path, "%s/../../../../../../../../../..%s", argument("volume"), argument("canary"));
	return of_open(path, O_RDONLY);
}

static struct outcome give_away(void)
{
	close(planted("given", 0644));
	return of(chown(in_volume("given"), geteuid() == 0 ? 33 : 0, (gid_t)-1));
}

static struct outcome give_to_unmapped(void)
{
	close(planted("unmapped", 0644));
	return of(chown(in_volume("unmapped"), 70000, (gid_t)-1));
}

static struct outcome file_capabilities(void)
{
	/* cap_sys_admin+ep, of revision 2 */
	static const unsigned char value[20] = {1, 0, 0, 2, 0, 0, 0x20};

	close(planted("capable", 0755));
	return of(setxattr(in_volume("capable"), "security.capability", value, sizeof value, 0));
}

static struct outcome trusted_attribute(void)
{
	close(planted("trusted", 0644));
	return of(setxattr(in_volume("trusted"), "trusted.hostile", "x", 1, 0));
}

static struct outcome asked(unsigned long request, void *value)
{
	int fd = planted("asked", 0644);

	return fd < 0 ? broken("open: %m") : of(ioctl(fd, request, value));
}

static struct outcome immutable(void)
{
	int flags = FS_IMMUTABLE_FL;

	return asked(FS_IOC_SETFLAGS, &flags);
}

static struct outcome project(void)
{
	struct fsxattr attributes = {.fsx_projid = 1};

	return asked(FS_IOC_FSSETXATTR, &attributes);
}

/* Thawing needs what freezing the host's disk would. */
static struct outcome thaw(void)
{
	return asked(FITHAW, NULL);
}

static struct outcome trim(void)
{
	struct fstrim_range nothing = {.start = 0, .len = 0, .minlen = 0};

	return asked(FITRIM, &nothing);
}

const struct attempt volumes[] = {
	{"volume-execute", "execute a program from a volume", execute},
	{"volume-set-uid", "execute a set-uid program from a volume", execute_set_uid},
	{"volume-map-executable", "map code from a volume", map_executable},
	{"volume-device", "make a device on a volume", device},
	{"volume-hard-link", "link a file of the package into a volume", hard_link},
	{"volume-rename", "move a file of the package to a volume", rename_in},
	{"volume-symlink-host", "follow a link on a volume to a file of the host", link_to_host},
	{"volume-symlink-run", "follow a link on a volume to prodng's folder", link_to_run_folder},
	{"volume-dot-dot", "leave a volume upwards", upwards},
	{"volume-chown", "give a file on a volume to another user", give_away},
	{"volume-chown-unmapped", "give a file on a volume to a user that the jail does not have", give_to_unmapped},
	{"volume-capabilities", "give a program on a volume capabilities", file_capabilities},
	{"volume-trusted", "set a trusted attribute on a volume, as overlays heed", trusted_attribute},
	{"volume-immutable", "make a file on a volume immutable, even for the host", immutable},
	{"volume-project", "move a file on a volume to another quota", project},
	{"volume-freeze", "freeze or thaw the file system of a volume", thaw},
	{"volume-trim", "trim the disk below a volume", trim},
	{0},
};
