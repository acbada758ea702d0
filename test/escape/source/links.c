/* The network's configuration. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "attempt.h"
#include "netlink.h"

/* eth0, or lo in a jail that has no other. */
static const char *link_name(void)
{
	return if_nametoindex("eth0") == 0 ? "lo" : "eth0";
}

static struct outcome controlled(unsigned long request, void (*fill)(struct ifreq *))
{
	struct ifreq wish = {0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return refused();
	strcpy(wish.ifr_name, link_name());
	fill(&wish);
	return of(ioctl(fd, request, &wish));
}

static void fill_mac(struct ifreq *wish)
{
	memcpy(wish->ifr_hwaddr.sa_data, "\x02\x66\x66\x66\x66\x66", 6);
	wish->ifr_hwaddr.sa_family = 1;
}

static void fill_address(struct ifreq *wish)
{
	struct sockaddr_in *address = (struct sockaddr_in *)&wish->ifr_addr;

	address->sin_family = AF_INET;
	inet_pton(AF_INET, "192.0.2.66", &address->sin_addr);
}

static void fill_up(struct ifreq *wish)
{
	wish->ifr_flags = IFF_UP | IFF_RUNNING | IFF_PROMISC;
}

static void fill_name(struct ifreq *wish)
{
	strcpy(wish->ifr_newname, "hostile0");
}

static struct outcome mac_ioctl(void)
{
	return controlled(SIOCSIFHWADDR, fill_mac);
}

static struct outcome address_ioctl(void)
{
	return controlled(SIOCSIFADDR, fill_address);
}

static struct outcome promiscuous(void)
{
	return controlled(SIOCSIFFLAGS, fill_up);
}

static struct outcome renamed(void)
{
	return controlled(SIOCSIFNAME, fill_name);
}

static struct outcome address_netlink(void)
{
	struct {
		struct ifaddrmsg address;
		struct rtattr attribute;
		unsigned char value[4];
	} wish = {{AF_INET, 24, 0, 0, if_nametoindex(link_name())}, {8, IFA_LOCAL}, {192, 0, 2, 66}};

	return of_netlink(NETLINK_ROUTE, RTM_NEWADDR, NLM_F_CREATE, &wish, sizeof wish);
}

static struct outcome mac_netlink(void)
{
	struct {
		struct ifinfomsg link;
		struct rtattr attribute;
		unsigned char value[8];
	} wish = {{.ifi_index = (int)if_nametoindex(link_name())}, {10, IFLA_ADDRESS}, {2, 0x66, 0x66, 0x66, 0x66, 0x66}};

	return of_netlink(NETLINK_ROUTE, RTM_NEWLINK, 0, &wish, sizeof wish);
}

static struct outcome route(void)
{
	struct {
		struct rtmsg route;
		struct rtattr attribute;
		int value;
	} wish = {{AF_INET, 0, 0, 0, RT_TABLE_MAIN, RTPROT_STATIC, RT_SCOPE_LINK, RTN_UNICAST, 0},
		  {8, RTA_OIF},
		  (int)if_nametoindex(link_name())};

	return of_netlink(NETLINK_ROUTE, RTM_NEWROUTE, NLM_F_CREATE, &wish, sizeof wish);
}

static struct outcome neighbour(void)
{
	struct {
		struct ndmsg neighbour;
		struct rtattr attribute;
		unsigned char value[4];
		struct rtattr second;
		unsigned char mac[8];
	} wish = {{.ndm_family = AF_INET, .ndm_ifindex = (int)if_nametoindex(link_name()), .ndm_state = NUD_PERMANENT},
		  {8, NDA_DST},
		  {192, 0, 2, 1},
		  {10, NDA_LLADDR},
		  {2, 0x66, 0x66, 0x66, 0x66, 0x66}};

	return of_netlink(NETLINK_ROUTE, RTM_NEWNEIGH, NLM_F_CREATE, &wish, sizeof wish);
}

/* A netlink batch that removes every table of the packet filter. */
static struct outcome flush_filter(void)
{
	struct nfgenmsg all = {.nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0};

	return of_netlink(NETLINK_NETFILTER, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN, 0, &all, sizeof all);
}

TRY_OPEN(namespace_sysctl, "/proc/sys/net/ipv4/conf/all/rp_filter", O_WRONLY)

const struct attempt links[] = {
	{"link-mac", "change our hardware address by ioctl", mac_ioctl},
	{"link-mac-netlink", "change our hardware address by netlink", mac_netlink},
	{"link-address", "take another address by ioctl", address_ioctl},
	{"link-address-netlink", "take another address by netlink", address_netlink},
	{"link-promiscuous", "hear what is not for us", promiscuous},
	{"link-rename", "rename our interface", renamed},
	{"link-route", "add a route", route},
	{"link-neighbour", "give the router another hardware address", neighbour},
	{"packet-filter", "talk to the packet filter", flush_filter},
	{"network-sysctl", "switch off the check of source addresses", namespace_sysctl},
	{0},
};
