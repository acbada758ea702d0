#define _GNU_SOURCE
#include "netlink.h"

#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

struct outcome of_netlink(int protocol, int type, int flags, const void *data, size_t size)
{
	struct {
		struct nlmsghdr header;
		char data[512];
	} message = {{.nlmsg_len = (unsigned int)(NLMSG_HDRLEN + size),
		      .nlmsg_type = (unsigned short)type,
		      .nlmsg_flags = (unsigned short)(NLM_F_REQUEST | NLM_F_ACK | flags)},
		     {0}};
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
		char rest[1024];
	} answer;
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	struct timeval patience = {.tv_sec = 2};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);

	memcpy(message.data, data, size);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0 ||
	    sendto(fd, &message, message.header.nlmsg_len, 0, (struct sockaddr *)&kernel, sizeof kernel) < 0 ||
	    recv(fd, &answer, sizeof answer, 0) < 0)
		return refused();
	if (answer.header.nlmsg_type == NLMSG_ERROR && answer.error.error != 0) {
		errno = -answer.error.error;
		return refused();
	}
	return escaped("the kernel acknowledged it");
}
