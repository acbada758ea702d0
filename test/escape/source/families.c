/* Kinds of sockets. */

#define _GNU_SOURCE
#include <errno.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "attempt.h"
#include "netlink.h"

TRY(raw4, socket(AF_INET, SOCK_RAW, IPPROTO_RAW))
TRY(raw6, socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6))
TRY(packet, socket(AF_PACKET, SOCK_RAW, 0))
TRY(packet_datagram, socket(AF_PACKET, SOCK_DGRAM, 0))
TRY(vsock, socket(AF_VSOCK, SOCK_STREAM, 0))
TRY(alg, socket(AF_ALG, SOCK_SEQPACKET, 0))
TRY(bluetooth, socket(AF_BLUETOOTH, SOCK_RAW, 1))
TRY(xdp, socket(AF_XDP, SOCK_RAW, 0))
TRY(key, socket(AF_KEY, SOCK_RAW, 2))
TRY(tipc, socket(AF_TIPC, SOCK_SEQPACKET, 0))
TRY(can, socket(AF_CAN, SOCK_RAW, 1))
TRY(smc, socket(AF_SMC, SOCK_STREAM, 0))
TRY(rds, socket(AF_RDS, SOCK_SEQPACKET, 0))

/* As the kernel does, to have the host's udev act. */
static struct outcome fake_uevent(void)
{
	struct sockaddr_nl all = {.nl_family = AF_NETLINK, .nl_groups = 1};
	static const char message[] = "add@/hostile\0ACTION=add\0DEVPATH=/hostile\0SUBSYSTEM=hostile";
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);

	if (fd < 0)
		return refused();
	return of(sendto(fd, message, sizeof message, 0, (struct sockaddr *)&all, sizeof all));
}

/* A line in the host's audit log that says what we like: AUDIT_USER_AVC. */
static struct outcome audit_message(void)
{
	return of_netlink(NETLINK_AUDIT, 1107, 0, "op=login", 9);
}

/* Switches the audit of the host off: AUDIT_SET. */
static struct outcome audit_off(void)
{
	return of_netlink(NETLINK_AUDIT, 1001, 0, (unsigned int[]){1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 44);
}

static struct outcome forced_buffer(void)
{
	int size = 1 << 28, fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return of(setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size));
}

static struct outcome mark(void)
{
	int value = 1, fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return of(setsockopt(fd, SOL_SOCKET, SO_MARK, &value, sizeof value));
}

static struct outcome transparent(void)
{
	int value = 1, fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return of(setsockopt(fd, IPPROTO_IP, IP_TRANSPARENT, &value, sizeof value));
}

/* A message that names another process as its sender. */
static struct outcome false_sender(void)
{
	int ends[2];
	struct {
		struct cmsghdr header;
		struct ucred sender;
	} control = {{CMSG_LEN(sizeof(struct ucred)), SOL_SOCKET, SCM_CREDENTIALS}, {getpid(), geteuid() + 1, getegid()}};
	struct iovec data = {"x", 1};
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) != 0)
		return refused();
	return of(sendmsg(ends[0], &message, 0));
}

const struct attempt families[] = {
	{"socket-raw", "make a raw IPv4 socket", raw4},
	{"socket-raw-ipv6", "make a raw IPv6 socket", raw6},
	{"socket-packet", "make a packet socket, which sees and sends frames", packet},
	{"socket-packet-datagram", "make a packet socket without headers", packet_datagram},
	{"socket-vsock", "make a socket to the hypervisor", vsock},
	{"socket-alg", "make a socket of the kernel's cryptography", alg},
	{"socket-bluetooth", "make a Bluetooth socket", bluetooth},
	{"socket-xdp", "make an XDP socket", xdp},
	{"socket-key", "make a socket to manage IPsec keys", key},
	{"socket-tipc", "make a TIPC socket", tipc},
	{"socket-can", "make a CAN socket", can},
	{"socket-smc", "make an SMC socket", smc},
	{"socket-rds", "make an RDS socket", rds},
	{"uevent-fake", "send device events as the kernel does", fake_uevent},
	{"audit-message", "write to the host's audit log", audit_message},
	{"audit-off", "change the host's audit", audit_off},
	{"socket-buffer-force", "take a buffer beyond the limit", forced_buffer},
	{"socket-mark", "mark packets, to be routed otherwise", mark},
	{"socket-transparent", "use addresses that are not ours", transparent},
	{"socket-false-sender", "name another user as sender of a message", false_sender},
	{0},
};
