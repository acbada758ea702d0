/* Another jail on the same host. */

#define _GNU_SOURCE
#include <fcntl.h>
#include <mqueue.h>
#include <signal.h>
#include <stdio.h>
#include <sys/msg.h>
#include <sys/shm.h>
#include <unistd.h>

#include "attempt.h"
#include "outside.h"

static struct outcome of_neighbour(const char *file)
{
	char path[300];

	snprintf(path, sizeof path, "/proc/%ld/%s", number("neighbour"), file);
	return of_open(path, O_RDONLY);
}

static struct outcome root(void)
{
	return of_neighbour("root");
}

static struct outcome memory(void)
{
	return of_neighbour("mem");
}

static struct outcome descriptors(void)
{
	return of_neighbour("fd/1");
}

static struct outcome name_space(void)
{
	return of_neighbour("ns/net");
}

static struct outcome abstract(void)
{
	return connect_unix("hostile-neighbour", 1);
}

static struct outcome volume_socket(void)
{
	char path[300];

	snprintf(path, sizeof path, "%s/socket", argument("neighbour-volume"));
	return of_open(path, O_PATH);
}

TRY(end, kill((pid_t)number("neighbour"), SIGKILL))
TRY(shared_memory, shmget((key_t)number("neighbour-key"), 0, 0))
TRY(messages, msgget((key_t)number("neighbour-key"), 0))
TRY(queue, mq_open("/hostile-neighbour", O_RDONLY))
TRY_OPEN(volume, argument("neighbour-volume"), O_RDONLY)

const struct attempt neighbours[] = {
	{"neighbour-root", "reach a neighbour's files through /proc/PID/root", root},
	{"neighbour-memory", "read a neighbour's memory", memory},
	{"neighbour-descriptors", "open what a neighbour has open", descriptors},
	{"neighbour-namespace", "enter a neighbour's network", name_space},
	{"neighbour-volume", "open a neighbour's volume on the host", volume},
	{"neighbour-socket", "open a socket on a neighbour's volume", volume_socket},
	{"neighbour-abstract", "connect to a neighbour's abstract socket", abstract},
	{"neighbour-kill", "end a neighbour", end},
	{"neighbour-shared-memory", "attach a neighbour's shared memory", shared_memory},
	{"neighbour-messages", "open a neighbour's System V message queue", messages},
	{"neighbour-queue", "open a neighbour's POSIX message queue", queue},
	{0},
};
