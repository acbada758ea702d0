/* From a macvlan to places that were not declared, or under another name. ROUTER:5432 is declared, tcp and udp. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "attempt.h"
#include "outside.h"

#define DECLARED 5432
#define UNDECLARED 5433
#define FALSE_ADDRESS "192.0.2.66"

static struct sockaddr_in ipv4(const char *address, unsigned short port)
{
	struct sockaddr_in found = {.sin_family = AF_INET, .sin_port = htons(port)};

	inet_pton(AF_INET, address, &found.sin_addr);
	return found;
}

static struct sockaddr_in6 ipv6(const char *address, unsigned short port)
{
	struct sockaddr_in6 found = {
		.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_scope_id = if_nametoindex("eth0")};

	inet_pton(AF_INET6, address, &found.sin6_addr);
	return found;
}

static struct outcome told(const char *address, unsigned short port)
{
	struct sockaddr_in to = ipv4(address, port);
	int on = 1, fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return refused();
	setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof on);
	return of(sendto(fd, "undeclared", 10, 0, (struct sockaddr *)&to, sizeof to));
}

static struct outcome other_port(void)
{
	return connect_tcp(argument("router"), UNDECLARED);
}

static struct outcome other_udp(void)
{
	return told(argument("router"), UNDECLARED);
}

static struct outcome declared(void)
{
	return told(argument("router"), DECLARED);
}

/* The search whether our own address is free takes a second or two. */
static struct outcome declared6(void)
{
	struct sockaddr_in6 to = ipv6(argument("router6"), DECLARED);
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ssize_t sent = -1;

	for (int tries = 0; sent < 0 && tries < 100; tries++) {
		sent = sendto(fd, "declared", 8, 0, (struct sockaddr *)&to, sizeof to);
		usleep(100000);
	}
	return of(sent);
}

static struct outcome neighbour_port(void)
{
	return connect_tcp(argument("neighbour-address"), 81);
}

static struct outcome host_port(void)
{
	return connect_tcp("192.0.2.2", number("port"));
}

static struct outcome broadcast(void)
{
	return told("192.0.2.255", DECLARED);
}

static struct outcome multicast(void)
{
	return told("224.0.0.1", DECLARED);
}

static struct outcome multicast6(void)
{
	struct sockaddr_in6 to = ipv6("ff02::1", UNDECLARED);
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return of(sendto(fd, "undeclared", 10, 0, (struct sockaddr *)&to, sizeof to));
}

static struct outcome ping(void)
{
	return of(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_ICMP));
}

static struct outcome bound(void)
{
	struct sockaddr_in from = ipv4(FALSE_ADDRESS, 5000);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return of(bind(fd, (struct sockaddr *)&from, sizeof from));
}

/* IP_FREEBIND needs no right. */
static struct outcome free_bound(void)
{
	struct sockaddr_in from = ipv4(FALSE_ADDRESS, 5000), to = ipv4(argument("router"), DECLARED);
	int on = 1, fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof on) != 0 ||
	    bind(fd, (struct sockaddr *)&from, sizeof from) != 0)
		return refused();
	return of(sendto(fd, "spoofed-4", 9, 0, (struct sockaddr *)&to, sizeof to));
}

static struct outcome spoofed6(const char *address)
{
	struct sockaddr_in6 from = ipv6(address, 5000), to = ipv6(argument("router6"), DECLARED);
	int on = 1, fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (setsockopt(fd, IPPROTO_IPV6, IPV6_FREEBIND, &on, sizeof on) != 0 ||
	    bind(fd, (struct sockaddr *)&from, sizeof from) != 0)
		return refused();
	return of(sendto(fd, "spoofed-6", 9, 0, (struct sockaddr *)&to, sizeof to));
}

static struct outcome free_bound6(void)
{
	return spoofed6("2001:db8::66");
}

static struct outcome free_bound_local6(void)
{
	return spoofed6("fe80::66");
}

/* With the right to any address, as CAP_NET_RAW gives it. */
static struct outcome transparent(void)
{
	struct sockaddr_in from = ipv4(FALSE_ADDRESS, 5000), to = ipv4(argument("router"), DECLARED);
	int on = 1, fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (setsockopt(fd, IPPROTO_IP, IP_TRANSPARENT, &on, sizeof on) != 0 ||
	    bind(fd, (struct sockaddr *)&from, sizeof from) != 0)
		return refused();
	return of(sendto(fd, "spoofed-t", 9, 0, (struct sockaddr *)&to, sizeof to));
}

static unsigned short checksum(const void *data, size_t size)
{
	const unsigned short *words = data;
	unsigned long sum = 0;

	for (size_t i = 0; i < size / 2; i++)
		sum += words[i];
	sum = (sum >> 16) + (sum & 0xffff);
	return (unsigned short)~(sum + (sum >> 16));
}

struct packet {
	struct iphdr ip;
	struct udphdr udp;
	char text[10];
} __attribute__((packed));

static struct packet forged(const char *from, unsigned short port, const char *text)
{
	struct packet packet = {
		.ip = {.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP, .tot_len = htons(sizeof packet)},
		.udp = {.source = htons(5000), .dest = htons(port), .len = htons(sizeof packet - sizeof packet.ip)},
	};

	packet.ip.saddr = ipv4(from, 0).sin_addr.s_addr;
	packet.ip.daddr = ipv4(argument("router"), 0).sin_addr.s_addr;
	packet.ip.check = checksum(&packet.ip, sizeof packet.ip);
	memcpy(packet.text, text, strnlen(text, sizeof packet.text));
	return packet;
}

static struct outcome raw_packet(void)
{
	struct packet packet = forged(FALSE_ADDRESS, DECLARED, "forged-raw");
	struct sockaddr_in to = ipv4(argument("router"), 0);
	int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);

	if (fd < 0)
		return refused();
	return of(sendto(fd, &packet, sizeof packet, 0, (struct sockaddr *)&to, sizeof to));
}

static struct outcome frame(unsigned short type, const void *data, size_t size, const unsigned char *mac)
{
	struct {
		unsigned char to[6], from[6];
		unsigned short type;
		char data[100];
	} __attribute__((packed)) frame = {{255, 255, 255, 255, 255, 255}, {0}, htons(type), {0}};
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex("eth0"), .sll_halen = 6};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return refused();
	memcpy(frame.from, mac, 6);
	memcpy(frame.data, data, size);
	return of(sendto(fd, &frame, 14 + size, 0, (struct sockaddr *)&to, sizeof to));
}

static const unsigned char false_mac[6] = {2, 0x66, 0x66, 0x66, 0x66, 0x66};

/* Frames pass below the packet filter of the IP layer. */
static struct outcome undeclared_frame(void)
{
	struct packet packet = forged(argument("address"), UNDECLARED, "frame-port");

	return frame(ETH_P_IP, &packet, sizeof packet, false_mac);
}

static struct outcome false_arp(void)
{
	/* the router's address is at our hardware address */
	static const unsigned char answer[28] = {0, 1, 8, 0, 6, 4, 0, 2, 2, 0x66, 0x66, 0x66, 0x66, 0x66, 192, 0, 2, 1,
						 255, 255, 255, 255, 255, 255, 192, 0, 2, 12};

	return frame(ETH_P_ARP, answer, sizeof answer, false_mac);
}

const struct attempt egress[] = {
	{"declared", "send to the declared port, which must work", declared},
	{"declared-ipv6", "send to the declared port by IPv6, which must work", declared6},
	{"egress-port", "connect to an undeclared port of a declared host", other_port},
	{"egress-udp", "send to an undeclared port of a declared host", other_udp},
	{"egress-neighbour", "connect to a port that a neighbour does not declare", neighbour_port},
	{"egress-own-host", "connect to our own host by its address", host_port},
	{"egress-broadcast", "send to everybody on the link", broadcast},
	{"egress-multicast", "send to a multicast group", multicast},
	{"egress-multicast-ipv6", "send to all IPv6 nodes on the link", multicast6},
	{"egress-ping", "make a ping socket", ping},
	{"spoof-bind", "bind to an address that is not ours", bound},
	{"spoof-freebind", "send from an address that is not ours", free_bound},
	{"spoof-freebind-ipv6", "send from an IPv6 address that is not ours", free_bound6},
	{"spoof-freebind-link-local", "send from a link-local address that is not ours", free_bound_local6},
	{"spoof-transparent", "send from an address that is not ours, as a proxy may", transparent},
	{"spoof-raw", "send a forged packet by a raw socket", raw_packet},
	{"spoof-frame", "send a frame with a false hardware address to an undeclared port", undeclared_frame},
	{"spoof-arp", "claim the router's address by ARP", false_arp},
	{0},
};
