/* Namespaces: in a new user namespace a nobody is root again and reaches much more of the kernel. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attempt.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

TRY(unshare_user, unshare(CLONE_NEWUSER))
TRY(unshare_mount, unshare(CLONE_NEWNS))
TRY(unshare_pid, unshare(CLONE_NEWPID))
TRY(unshare_net, unshare(CLONE_NEWNET))
TRY(unshare_ipc, unshare(CLONE_NEWIPC))
TRY(unshare_uts, unshare(CLONE_NEWUTS))
TRY(unshare_cgroup, unshare(CLONE_NEWCGROUP))
TRY(unshare_time, unshare(CLONE_NEWTIME))

static struct outcome cloned(unsigned long flags)
{
	long pid = syscall(SYS_clone, flags | SIGCHLD, 0, NULL, NULL, 0);

	if (pid == 0)
		_exit(0);
	return of(pid);
}

#define CLONED(name, flags)                                                                                    \
	static struct outcome name(void)                                                                       \
	{                                                                                                      \
		return cloned(flags);                                                                          \
	}

CLONED(clone_user, CLONE_NEWUSER)
CLONED(clone_user_net, CLONE_NEWUSER | CLONE_NEWNET)
CLONED(clone_mount, CLONE_NEWNS)
CLONED(clone_pid, CLONE_NEWPID)
CLONED(clone_net, CLONE_NEWNET)
CLONED(clone_cgroup, CLONE_NEWCGROUP)

static struct outcome cloned3(unsigned long flags)
{
	struct clone_args arguments = {.flags = flags, .exit_signal = SIGCHLD};
	long pid = syscall(SYS_clone3, &arguments, sizeof arguments);

	if (pid == 0)
		_exit(0);
	return of(pid);
}

static struct outcome clone3_user(void)
{
	return cloned3(CLONE_NEWUSER);
}

static struct outcome clone3_time(void)
{
	return cloned3(CLONE_NEWUSER | CLONE_NEWTIME);
}

/* Into a control group of our choice. */
static struct outcome clone3_cgroup(void)
{
	int group = open("/sys/fs/cgroup", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct clone_args arguments = {
		.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = group < 0 ? 0 : (unsigned long)group};
	long pid = syscall(SYS_clone3, &arguments, sizeof arguments);

	if (pid == 0)
		_exit(0);
	return of(pid);
}

static struct outcome joined(const char *name, int type)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? refused() : of(setns(fd, type));
}

static struct outcome join_own_uts(void)
{
	return joined("/proc/self/ns/uts", CLONE_NEWUTS);
}

static struct outcome join_host(void)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%ld/ns/mnt", number("host-pid"));
	return joined(path, CLONE_NEWNS);
}

static struct outcome join_process(void)
{
	int first = (int)syscall(SYS_pidfd_open, 1, 0);

	return first < 0 ? refused() : of(setns(first, CLONE_NEWNS | CLONE_NEWNET));
}

/* The whole way: root of a namespace of our own, then a file system. */
static struct outcome nested_mount(void)
{
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
		return refused();
	return of(mount("none", "/proc", "tmpfs", 0, NULL));
}

const struct attempt namespaces[] = {
	{"unshare-user", "make a user namespace", unshare_user},
	{"unshare-mount", "make a mount namespace", unshare_mount},
	{"unshare-pid", "make a pid namespace", unshare_pid},
	{"unshare-net", "make a network namespace", unshare_net},
	{"unshare-ipc", "make an IPC namespace", unshare_ipc},
	{"unshare-uts", "make a UTS namespace", unshare_uts},
	{"unshare-cgroup", "make a cgroup namespace", unshare_cgroup},
	{"unshare-time", "make a time namespace", unshare_time},
	{"clone-user", "make a user namespace with clone", clone_user},
	{"clone-user-net", "make a user and a network namespace with clone", clone_user_net},
	{"clone-mount", "make a mount namespace with clone", clone_mount},
	{"clone-pid", "make a pid namespace with clone", clone_pid},
	{"clone-net", "make a network namespace with clone", clone_net},
	{"clone-cgroup", "make a cgroup namespace with clone", clone_cgroup},
	{"clone3-user", "make a user namespace with clone3, whose flags no filter sees", clone3_user},
	{"clone3-time", "make a time namespace with clone3", clone3_time},
	{"clone3-cgroup", "start a process in another control group with clone3", clone3_cgroup},
	{"setns-own", "enter a namespace by its file", join_own_uts},
	{"setns-host", "enter the host's mount namespace", join_host},
	{"setns-process", "enter the namespaces of a process", join_process},
	{"nested-mount", "mount a tmpfs in a user namespace of our own", nested_mount},
	{0},
};
