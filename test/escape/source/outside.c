/* The host's own files and sockets. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <mqueue.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "attempt.h"
#include "outside.h"

struct outcome connect_unix(const char *name, int abstract)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = strlen(name);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return refused();
	if (length + 2 > sizeof address.sun_path)
		return broken("too long: %s", name);
	memcpy(address.sun_path + (abstract != 0), name, length);
	return of(connect(fd, (struct sockaddr *)&address,
			  (socklen_t)(sizeof address.sun_family + (abstract != 0) + length)));
}

struct outcome connect_tcp(const char *to, long port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct timeval patience = {.tv_sec = 2};

	if (fd < 0)
		return refused();
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	inet_pton(AF_INET, to, &address.sin_addr);
	if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
		return escaped("connected to %s", to);
	return errno == EINPROGRESS ? prevented("no answer") : refused();
}

static struct outcome by_proc_root(void)
{
	char path[300];

	snprintf(path, sizeof path, "/proc/1/root%s", argument("canary"));
	return of_open(path, O_RDONLY);
}

static struct outcome by_cwd(void)
{
	char path[300];

	snprintf(path, sizeof path, "/proc/1/cwd/../../../../../..%s", argument("canary"));
	return of_open(path, O_RDONLY);
}

static struct outcome shared_memory(void)
{
	return of(shmget((key_t)number("ipc-key"), 0, 0));
}

static struct outcome message_queue(void)
{
	return of(mq_open("/hostile-canary", O_RDONLY));
}

static struct outcome loopback(void)
{
	return connect_tcp("127.0.0.1", number("port"));
}

static struct outcome host_abstract(void)
{
	return connect_unix(argument("abstract"), 1);
}

static struct outcome host_socket(void)
{
	return connect_unix(argument("socket"), 0);
}

/* The host opens its /dev/null all the time. */
static struct outcome watch_device(void)
{
	int watch = inotify_init1(IN_CLOEXEC);
	struct pollfd event = {.fd = watch, .events = POLLIN};

	if (watch < 0 || inotify_add_watch(watch, "/dev/null", IN_OPEN) < 0)
		return refused();
	return poll(&event, 1, 500) == 0 ? prevented("a device of its own") : escaped("the host has opened it");
}

/* The host has it locked. */
static struct outcome lock_device(void)
{
	int fd = open("/dev/full", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return refused();
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return prevented("a device of its own");
	return errno == EWOULDBLOCK ? escaped("the host's lock is in the way") : refused();
}

TRY_OPEN(canary, argument("canary"), O_RDONLY)
TRY_OPEN(docker, "/run/docker.sock", O_RDONLY)
TRY_OPEN(systemd, "/run/systemd/private", O_RDONLY)
TRY_OPEN(shadow, "/etc/shadow", O_RDONLY)
TRY_OPEN(machine, "/etc/machine-id", O_RDONLY)
TRY_OPEN(own_folders, argument("run-folder"), O_RDONLY)
TRY_OPEN(staging, "/media/rootfs", O_RDONLY)

const struct attempt outside[] = {
	{"host-file", "open a file of the host that all may read", canary},
	{"host-file-proc-root", "open it through /proc/1/root", by_proc_root},
	{"host-file-proc-cwd", "open it through the working folder of the first process", by_cwd},
	{"host-shadow", "open /etc/shadow", shadow},
	{"host-machine-id", "learn the host's machine id", machine},
	{"host-run-folder", "open the folder of prodng's runs", own_folders},
	{"host-staging", "open the folder that the tree was mounted in", staging},
	{"host-abstract-socket", "connect to an abstract socket of the host", host_abstract},
	{"host-socket", "connect to a socket file of the host", host_socket},
	{"host-loopback", "connect to a port of the host's loopback", loopback},
	{"host-device-watch", "hear when the host uses /dev/null", watch_device},
	{"host-device-lock", "lock /dev/full for the host", lock_device},
	{"host-docker", "find the socket of another engine", docker},
	{"host-systemd", "find the socket of the host's systemd", systemd},
	{"host-shared-memory", "attach System V shared memory of the host", shared_memory},
	{"host-message-queue", "open a POSIX message queue of the host", message_queue},
	{0},
};
