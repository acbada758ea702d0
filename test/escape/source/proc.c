/* What proc and sysfs let one change, and tell. Where one lets us in, nothing is written, or what was there. */

#define _GNU_SOURCE
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "attempt.h"

TRY_OPEN(core_pattern, "/proc/sys/kernel/core_pattern", O_WRONLY)
TRY_OPEN(modprobe, "/proc/sys/kernel/modprobe", O_WRONLY)
TRY_OPEN(modules_disabled, "/proc/sys/kernel/modules_disabled", O_WRONLY)
TRY_OPEN(panic_on_oops, "/proc/sys/kernel/panic_on_oops", O_WRONLY)
TRY_OPEN(ptrace_scope, "/proc/sys/kernel/randomize_va_space", O_WRONLY)
TRY_OPEN(host_name, "/proc/sys/kernel/hostname", O_WRONLY)
TRY_OPEN(overcommit, "/proc/sys/vm/overcommit_memory", O_WRONLY)
TRY_OPEN(drop_caches, "/proc/sys/vm/drop_caches", O_WRONLY)
TRY_OPEN(file_max, "/proc/sys/fs/file-max", O_WRONLY)
TRY_OPEN(protected_links, "/proc/sys/fs/protected_symlinks", O_WRONLY)
TRY_OPEN(dumpable, "/proc/sys/fs/suid_dumpable", O_WRONLY)
TRY_OPEN(forwarding, "/proc/sys/net/ipv4/ip_forward", O_WRONLY)
TRY_OPEN(namespaces_limit, "/proc/sys/user/max_user_namespaces", O_WRONLY)
TRY_OPEN(sysrq, "/proc/sysrq-trigger", O_WRONLY)
TRY_OPEN(binfmt, "/proc/sys/fs/binfmt_misc/register", O_WRONLY)
TRY_OPEN(irq, "/proc/irq/default_smp_affinity", O_WRONLY)
TRY_OPEN(mtrr, "/proc/mtrr", O_WRONLY)
TRY_OPEN(uevent_helper, "/sys/kernel/uevent_helper", O_WRONLY)
TRY_OPEN(power, "/sys/power/state", O_WRONLY)
TRY_OPEN(firmware, "/sys/firmware/efi/efivars", O_RDONLY)
TRY_OPEN(hugepages, "/sys/kernel/mm/transparent_hugepage/enabled", O_WRONLY)
TRY_WRITE(uid_map, "/proc/self/uid_map", "0 0 4294967295\n")
TRY_WRITE(gid_map, "/proc/self/gid_map", "0 0 4294967295\n")
TRY_WRITE(allow_setgroups, "/proc/self/setgroups", "deny")
TRY_WRITE(oom_score, "/proc/self/oom_score_adj", "-1000")
TRY_WRITE(time_offsets, "/proc/self/timens_offsets", "1 1 0")

/* One that is not set yet can be set by anybody, to an id of his user namespace. */
static struct outcome login_uid(void)
{
	FILE *map = fopen("/proc/self/uid_map", "re");
	unsigned int root = 0;
	struct outcome outcome = of_write("/proc/self/loginuid", "0");

	if (map == NULL || fscanf(map, "%*u %u", &root) != 1)
		return broken("no uid_map");
	return outcome.kind == SUCCEEDED && root != 0 ? prevented("ids of our own range") : outcome;
}

const struct attempt proc_files[] = {
	{"core-pattern", "have the host run a program at a core dump", core_pattern},
	{"modprobe-path", "have the host run a program to load a module", modprobe},
	{"modules-disabled", "forbid the host to load modules", modules_disabled},
	{"panic-on-oops", "make the host panic", panic_on_oops},
	{"randomize-va-space", "switch address randomisation off", ptrace_scope},
	{"proc-hostname", "change the host name through proc", host_name},
	{"overcommit", "change how the host gives memory", overcommit},
	{"drop-caches", "drop the host's caches", drop_caches},
	{"file-max", "limit the files of the whole host", file_max},
	{"protected-symlinks", "switch the protection of links off", protected_links},
	{"suid-dumpable", "have set-uid programs dump core", dumpable},
	{"ip-forward", "forward packets", forwarding},
	{"namespace-limit", "allow ourselves namespaces again", namespaces_limit},
	{"sysrq-trigger", "press the magic keys", sysrq},
	{"binfmt-register", "register an interpreter with the host", binfmt},
	{"irq-affinity", "move the host's interrupts", irq},
	{"mtrr", "change the caching of physical memory", mtrr},
	{"uevent-helper", "have the host run a program at a device event", uevent_helper},
	{"power-state", "put the host to sleep", power},
	{"efivars", "see the firmware's variables", firmware},
	{"hugepages", "change the host's memory management", hugepages},
	{"uid-map", "map the host's user ids", uid_map},
	{"gid-map", "map the host's group ids", gid_map},
	{"setgroups-file", "change whether groups can be dropped", allow_setgroups},
	{"oom-score", "have others killed in our place when memory is short", oom_score},
	{"loginuid", "claim to be a login of root", login_uid},
	{"timens-offsets", "shift our clocks", time_offsets},
	{0},
};

/* A masked file is empty, or not there, or cannot be opened. */
static struct outcome tells(const char *path)
{
	char text[256];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t got;

	if (fd < 0)
		return refused();
	got = read(fd, text, sizeof text);
	close(fd);
	if (got < 0)
		return refused();
	return got == 0 ? prevented("an empty file") : escaped("%s has content", path);
}

static struct outcome addresses(void)
{
	FILE *file = fopen("/proc/kallsyms", "re");
	unsigned long address;

	if (file == NULL)
		return refused();
	while (fscanf(file, "%lx %*[^\n]", &address) == 1)
		if (address != 0)
			return escaped("%lx", address);
	return prevented("no addresses");
}

#define TELLS(name, path)                                                                                      \
	static struct outcome name(void)                                                                       \
	{                                                                                                      \
		return tells(path);                                                                            \
	}

TELLS(kcore, "/proc/kcore")
TELLS(kmsg, "/proc/kmsg")
TELLS(keys, "/proc/keys")
TELLS(timers, "/proc/timer_list")
TELLS(modules, "/proc/modules")
TELLS(interrupts, "/proc/interrupts")
TELLS(vmalloc, "/proc/vmallocinfo")
TELLS(slabs, "/proc/slabinfo")
TELLS(page_flags, "/proc/kpageflags")
TELLS(swaps, "/proc/swaps")
TELLS(pressure, "/proc/pressure/cpu")
TELLS(notes, "/sys/kernel/notes")

const struct attempt secrets[] = {
	{"read-kallsyms", "read addresses of the kernel", addresses},
	{"read-kcore", "read the kernel's memory", kcore},
	{"read-kmsg", "read the kernel's log through proc", kmsg},
	{"read-keys", "read the list of keys", keys},
	{"read-timers", "read the list of timers, with addresses and processes", timers},
	{"read-modules", "read the list of kernel modules", modules},
	{"read-interrupts", "read the interrupts of the host, which tell keystrokes", interrupts},
	{"read-vmallocinfo", "read the layout of the kernel's memory", vmalloc},
	{"read-slabinfo", "read the kernel's allocations", slabs},
	{"read-page-flags", "read the flags of all pages", page_flags},
	{"read-swaps", "read the names of swap files", swaps},
	{"read-pressure", "read the pressure of the whole host", pressure},
	{"read-kernel-notes", "read addresses in the kernel's notes", notes},
	{0},
};
