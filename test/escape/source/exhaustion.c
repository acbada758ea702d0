/* More of a volume or tmpfs than was declared. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "attempt.h"

#define MANY_FILES 4000

static int scratch(const char *folder)
{
	char path[300];
	int fd;

	snprintf(path, sizeof path, "%s/filling", folder);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	unlink(path);
	return fd;
}

/* Twice what was declared is an escape. */
static struct outcome fill(const char *folder, long size)
{
	static char block[1 << 16];
	int fd = scratch(folder);
	long written = 0;

	if (fd < 0)
		return broken("open: %m");
	memset(block, 'x', sizeof block);
	while (written <= 2 * size) {
		ssize_t put = write(fd, block, sizeof block);

		if (put <= 0)
			break;
		written += put;
	}
	if (written <= size)
		return prevented("%s after %ld KiB", strerrorname_np(errno), written >> 10);
	return written <= 2 * size ? broken("%ld of %ld bytes", written, size) : escaped("%ld KiB were written", written >> 10);
}

static struct outcome reserve(const char *folder, long size)
{
	int fd = scratch(folder);

	if (fd < 0)
		return broken("open: %m");
	return of(fallocate(fd, 0, 0, 2 * size));
}

static struct outcome many(const char *folder)
{
	char path[300];
	int made = 0;
	struct outcome outcome = {0};

	for (; made < MANY_FILES; made++) {
		int fd;

		snprintf(path, sizeof path, "%s/many-%d", folder, made);
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		if (fd < 0)
			break;
		close(fd);
	}
	outcome = made < MANY_FILES ? prevented("%s after %d files", strerrorname_np(errno), made)
				    : escaped("%d files were made", made);
	while (made-- > 0) {
		snprintf(path, sizeof path, "%s/many-%d", folder, made);
		unlink(path);
	}
	return outcome;
}

static struct outcome fill_volume(void)
{
	return fill(argument("volume"), number("volume-size"));
}

static struct outcome reserve_volume(void)
{
	return reserve(argument("volume"), number("volume-size"));
}

static struct outcome many_in_volume(void)
{
	return many(argument("volume"));
}

static struct outcome fill_tmpfs(void)
{
	return fill("/tmp", number("tmp-size"));
}

static struct outcome many_in_tmpfs(void)
{
	return many("/tmp");
}

static struct outcome fill_dev(void)
{
	int fd = open("/dev/filling", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return refused();
	close(fd);
	unlink("/dev/filling");
	return fill("/dev", 1 << 20);
}

static struct outcome fill_shm(void)
{
	int fd = shm_open("/hostile", O_RDWR | O_CREAT, 0600);

	return of(fd);
}

const struct attempt exhaustion[] = {
	{"fill-volume", "fill a volume beyond its size", fill_volume},
	{"reserve-volume", "reserve more than a volume has", reserve_volume},
	{"inodes-volume", "make 4,000 files on a volume", many_in_volume},
	{"fill-tmpfs", "fill a tmpfs beyond its size", fill_tmpfs},
	{"inodes-tmpfs", "make 4,000 files on a tmpfs", many_in_tmpfs},
	{"fill-dev", "fill /dev", fill_dev},
	{"fill-shm", "fill /dev/shm", fill_shm},
	{0},
};
