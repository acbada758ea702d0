/* Other processes: signals, debugging, scheduling, limits. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attempt.h"

#define IOPRIO_REALTIME ((1 << 13) | 0)

static pid_t sleeper(void)
{
	pid_t child = fork();

	if (child == 0) {
		pause();
		_exit(0);
	}
	return child;
}

static struct outcome trace_own_child(void)
{
	pid_t child = sleeper();

	return child < 0 ? broken("fork") : of(ptrace(PTRACE_SEIZE, child, NULL, NULL));
}

static struct outcome be_traced(void)
{
	return of(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static struct outcome read_child(void)
{
	pid_t child = sleeper();
	char byte = 1, copy = 0;
	struct iovec here = {&copy, 1}, there = {&byte, 1};

	return child < 0 ? broken("fork") : of(process_vm_readv(child, &here, 1, &there, 1, 0));
}

static struct outcome write_child(void)
{
	pid_t child = sleeper();
	char byte = 1;
	struct iovec here = {&byte, 1}, there = {&byte, 1};

	return child < 0 ? broken("fork") : of(process_vm_writev(child, &here, 1, &there, 1, 0));
}

static struct outcome take_descriptor(void)
{
	int child = (int)syscall(SYS_pidfd_open, sleeper(), 0);

	return child < 0 ? refused() : of(syscall(SYS_pidfd_getfd, child, 1, 0));
}

static struct outcome compare(void)
{
	return of(syscall(SYS_kcmp, getpid(), getppid(), KCMP_FILE, 1, 1));
}

TRY(kill_host, kill((pid_t)number("host-pid"), SIGTERM))
TRY(queue_host, sigqueue((pid_t)number("host-pid"), SIGTERM, (union sigval){0}))
TRY(thread_host, syscall(SYS_tgkill, number("host-pid"), number("host-pid"), SIGTERM))
TRY(pidfd_host, syscall(SYS_pidfd_open, number("host-pid"), 0))
TRY(trace_host, ptrace(PTRACE_SEIZE, (pid_t)number("host-pid"), NULL, NULL))
TRY(limit_host, syscall(SYS_prlimit64, number("host-pid"), RLIMIT_NOFILE, NULL, &(struct rlimit){0}))
TRY(nice_host, setpriority(PRIO_PROCESS, (id_t)number("host-pid"), 19))

static struct outcome kill_parent(void)
{
	/* of the first process of a pid namespace the parent is outside */
	char line[256];
	FILE *file = fopen("/proc/1/stat", "re");
	int parent = -1;

	if (file == NULL || fgets(line, sizeof line, file) == NULL)
		return refused();
	if (sscanf(line, "%*d (%*[^)]) %*c %d", &parent) != 1)
		return broken("no parent in %s", line);
	return parent == 0 ? prevented("a parent without a number") : of(kill(parent, SIGTERM));
}

static struct outcome file_of_host(const char *file)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%ld/%s", number("host-pid"), file);
	return of_open(path, O_RDONLY);
}

static struct outcome root_of_host(void)
{
	return file_of_host("root");
}

static struct outcome environment_of_host(void)
{
	return file_of_host("environ");
}

static struct outcome memory_of_host(void)
{
	return file_of_host("mem");
}

static struct outcome dump_core(void)
{
	pid_t child = fork();
	int status;

	if (child == 0)
		abort();
	if (child < 0 || waitpid(child, &status, 0) != child)
		return broken("fork: %m");
	return WCOREDUMP(status) ? escaped("a core was dumped") : prevented("RLIMIT_CORE");
}

static struct outcome raised(int resource)
{
	struct rlimit limit;

	if (getrlimit(resource, &limit) != 0)
		return refused();
	if (limit.rlim_max == RLIM_INFINITY)
		return escaped("it has no limit");
	limit.rlim_max++;
	return of(setrlimit(resource, &limit));
}

static struct outcome raise_files(void)
{
	return raised(RLIMIT_NOFILE);
}

static struct outcome raise_core(void)
{
	return raised(RLIMIT_CORE);
}

static struct outcome real_time(void)
{
	struct sched_param first = {.sched_priority = 99};

	return of(sched_setscheduler(0, SCHED_FIFO, &first));
}

static struct outcome less_nice(void)
{
	errno = 0;
	return of(setpriority(PRIO_PROCESS, 0, -20));
}

static struct outcome first_at_disk(void)
{
	return of(syscall(SYS_ioprio_set, 1, 0, IOPRIO_REALTIME));
}

const struct attempt processes[] = {
	{"ptrace-child", "debug a child, which is a large piece of kernel", trace_own_child},
	{"ptrace-me", "have ourselves debugged", be_traced},
	{"process-vm-readv", "read another process's memory", read_child},
	{"process-vm-writev", "write another process's memory", write_child},
	{"pidfd-getfd", "take a descriptor from another process", take_descriptor},
	{"kcmp", "learn the kernel's order of addresses", compare},
	{"kill-host", "end a process of the host", kill_host},
	{"sigqueue-host", "send a signal with a value to a process of the host", queue_host},
	{"tgkill-host", "send a signal to a thread of the host", thread_host},
	{"pidfd-host", "get a handle of a process of the host", pidfd_host},
	{"ptrace-host", "debug a process of the host", trace_host},
	{"prlimit-host", "limit a process of the host", limit_host},
	{"nice-host", "slow a process of the host down", nice_host},
	{"kill-parent", "end whoever started the jail", kill_parent},
	{"host-process-root", "reach the host's files through /proc/PID/root", root_of_host},
	{"host-process-environment", "read the environment of a process of the host", environment_of_host},
	{"host-process-memory", "read the memory of a process of the host", memory_of_host},
	{"core-dump", "have a core dumped by the host's handler", dump_core},
	{"rlimit-files", "raise the limit of open files", raise_files},
	{"rlimit-core", "raise the limit of core dumps", raise_core},
	{"realtime", "run before all others on the host", real_time},
	{"nice-minus", "run more than others on the host", less_nice},
	{"ioprio-realtime", "use the disk before all others", first_at_disk},
	{0},
};
