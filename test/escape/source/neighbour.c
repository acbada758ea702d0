/* The peaceful jail next door, with all that a hostile one would like to have. */

#define _GNU_SOURCE
#include "neighbour.h"

#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/msg.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int listen_unix(const char *name, size_t length)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	memcpy(address.sun_path, name, length);
	if (fd < 0 ||
	    bind(fd, (struct sockaddr *)&address, (socklen_t)(sizeof address.sun_family + length)) != 0 ||
	    listen(fd, 8) != 0)
		err(1, "a socket");
	return fd;
}

static int listen_tcp(unsigned short port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
	int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 8) != 0)
		err(1, "port %u", port);
	return fd;
}

int be_neighbour(const char *volume, int key)
{
	static const char abstract[] = "\0hostile-neighbour";
	char path[100];
	int file;

	snprintf(path, sizeof path, "%s/socket", volume);
	unlink(path);
	listen_unix(path, strlen(path));
	listen_unix(abstract, sizeof abstract - 1);
	listen_tcp(80);
	listen_tcp(81);
	snprintf(path, sizeof path, "%s/secret", volume);
	file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (file < 0 || write(file, "secret\n", 7) != 7)
		err(1, "%s", path);
	if (shmget(key, 4096, IPC_CREAT | 0666) < 0 || msgget(key, IPC_CREAT | 0666) < 0)
		err(1, "System V IPC");
	if (mq_open("/hostile-neighbour", O_RDWR | O_CREAT, 0666, NULL) < 0)
		err(1, "a message queue");
	puts("ready");
	fflush(stdout);
	/* for ever, or a signal */
	return poll(NULL, 0, -1);
}
