/*
 * Does what it is told once each, and says how it went: the ground truth of what a record must have. It is linked
 * statically, so that its own start is a handful of calls. A Python twin does the same, see truth.py.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/acct.h>
#include <sys/fsuid.h>
#include <sys/io.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

static const char *folder = "/tmp";

static char *in(const char *name)
{
	static char path[4][128];
	static int next;
	char *to = path[next++ % 4];
	snprintf(to, 128, "%s/%s", folder, name);
	return to;
}

static int make(const char *name, int mode)
{
	int fd = open(in(name), O_CREAT | O_RDWR, 0600);
	if (fd >= 0 && mode != 0600)
		fchmod(fd, mode);
	return fd;
}

/* -1 and errno, or what is not negative */
static long chown_(void) { close(make("chown", 0600)); return chown(in("chown"), 1, 1); }
static long dac_override(void) { close(make("dac", 0)); return open(in("dac"), O_WRONLY); }
static long dac_read_search(void) { close(make("dac", 0)); return open(in("dac"), O_RDONLY); }
static long fowner(void) { return chmod(folder, 01777); }
static long fsetid(void) { int fd = make("suid", 04700); return write(fd, "x", 1); }
/* to a process of another user, if there may be one */
static long kill_(void)
{
	int ready[2];
	char byte;
	if (pipe(ready))
		return -1;
	pid_t other = fork();
	if (other == 0) {
		int failed = setuid(7);
		if (write(ready[1], "", 1) < 0 || failed)
			_exit(0);
		pause();
	}
	if (read(ready[0], &byte, 1) < 0)
		return -1;
	return kill(other, SIGKILL);
}
static long setgid_(void) { return setgid(7); }
static long setuid_(void) { return setuid(7); }
static long setpcap(void) { return prctl(PR_CAPBSET_DROP, CAP_SETPCAP); }
static long net_admin(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	return ioctl(socket(AF_INET, SOCK_DGRAM, 0), SIOCSIFFLAGS, &request);
}
static long net_raw(void) { return socket(AF_INET, SOCK_RAW, IPPROTO_ICMP); }
static long sys_chroot(void) { return chroot("/"); }
static long sys_admin(void) { return sethostname("truth", 5); }
static long sys_boot(void) { return reboot(RB_DISABLE_CAD); }
static long sys_nice(void) { return setpriority(PRIO_PROCESS, 0, -5); }
static long sys_resource(void)
{
	struct rlimit limit = { 1 << 29, 1 << 29 };
	return setrlimit(RLIMIT_NPROC, &limit);
}
static long sys_time(void) { struct timeval now; gettimeofday(&now, 0); return settimeofday(&now, 0); }
static long sys_tty_config(void) { return vhangup(); }
static long sys_rawio(void) { return iopl(3); }
static long sys_module(void) { return syscall(SYS_init_module, "", 0, ""); }
static long sys_pacct(void) { return acct(0); }
static long mknod_(void) { return mknod(in("node"), S_IFCHR | 0600, makedev(1, 3)); }
static long setfcap(void)
{
	struct vfs_cap_data data = { .magic_etc = VFS_CAP_REVISION_2 };
	close(make("setfcap", 0600));
	return setxattr(in("setfcap"), "security.capability", &data, sizeof(data), 0);
}
static long syslog_(void) { return klogctl(5, 0, 0); }
static long wake_alarm(void) { return timerfd_create(CLOCK_REALTIME_ALARM, 0); }
static long ipc_lock(void)
{
	struct rlimit none = { 0, 0 };
	setrlimit(RLIMIT_MEMLOCK, &none);
	return mlock(folder, 1);
}
static long linux_immutable(void)
{
	int flags = 0x10, fd = make("immutable", 0600);
	return ioctl(fd, _IOW('f', 2, long), &flags);
}
static long perfmon(void) { return syscall(SYS_perf_event_open, (char[128]){ 1, 0, 0, 0, 112 }, -1, 0, -1, 0); }
static long bpf(void) { return syscall(SYS_bpf, 0, (char[64]){ 1, 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0, 1 }, 64); }
static const struct { const char *name; long (*use)(void); } uses[] = {
	{ "CHOWN", chown_ }, { "DAC_OVERRIDE", dac_override }, { "DAC_READ_SEARCH", dac_read_search },
	{ "FOWNER", fowner }, { "FSETID", fsetid }, { "KILL", kill_ }, { "SETGID", setgid_ }, { "SETUID", setuid_ },
	{ "SETPCAP", setpcap }, { "NET_ADMIN", net_admin }, { "NET_RAW", net_raw }, { "SYS_CHROOT", sys_chroot },
	{ "SYS_ADMIN", sys_admin }, { "SYS_BOOT", sys_boot }, { "SYS_NICE", sys_nice },
	{ "SYS_RESOURCE", sys_resource }, { "SYS_TIME", sys_time }, { "SYS_TTY_CONFIG", sys_tty_config },
	{ "SYS_RAWIO", sys_rawio }, { "SYS_MODULE", sys_module }, { "SYS_PACCT", sys_pacct }, { "MKNOD", mknod_ },
	{ "SETFCAP", setfcap }, { "SYSLOG", syslog_ }, { "WAKE_ALARM", wake_alarm }, { "IPC_LOCK", ipc_lock },
	{ "LINUX_IMMUTABLE", linux_immutable }, { "PERFMON", perfmon }, { "BPF", bpf },
};

/* A message for each: what it did is known to have been done, or refused. */
static void say(const char *what, long result)
{
	printf("%s %s\n", what, result >= 0 ? "ok" : strerrorname_np(errno));
	fflush(stdout);
}

static void in_child(const char *what, long (*act)(void))
{
	pid_t child = fork();
	if (child == 0) {
		say(what, act());
		_exit(0);
	}
	waitpid(child, 0, 0);
}

static void capabilities(char **names)
{
	for (; *names; names++)
		for (size_t index = 0; index < sizeof(uses) / sizeof(*uses); index++)
			if (!strcmp(uses[index].name, *names))
				in_child(*names, uses[index].use);
}

static long number;
static long numbered(void) { return syscall(number, 0, 0, 0, 0, 0, 0); }

static void refuse(char **numbers)
{
	for (; *numbers; numbers++) {
		number = atol(*numbers);
		in_child(*numbers, numbered);
	}
	say("clone NEWUSER", syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0));
	say("clone3", syscall(SYS_clone3, 0, 0));
	say("socket VSOCK", socket(AF_VSOCK, SOCK_STREAM, 0));
	say("personality", syscall(SYS_personality, 0x0080000));
}

static void files(void)
{
	int fd = make("made", 0600), at = open(folder, O_RDONLY | O_DIRECTORY);
	say("write", write(fd, "x", 1));
	say("fchmod", fchmod(fd, 0640));
	say("fchown", fchown(fd, -1, -1));
	say("ftruncate", ftruncate(fd, 0));
	say("read", open(in("made"), O_RDONLY));
	say("written", open(in("made"), O_WRONLY));
	say("openat", openat(at, "made", O_RDONLY));
	say("chmod", chmod(in("made"), 0600));
	say("fchmodat", fchmodat(at, "made", 0600, 0));
	say("chown", chown(in("made"), -1, -1));
	say("truncate", truncate(in("made"), 0));
	say("link", link(in("made"), in("linked")));
	say("symlinkat", symlinkat("made", at, "symlinked"));
	say("rename", rename(in("linked"), in("renamed")));
	say("unlinkat", unlinkat(at, "renamed", 0));
	say("mkdir", mkdir(in("sub"), 0700));
	say("chdir", chdir(in("sub")));
	say("relative", open("inner", O_CREAT | O_WRONLY, 0600));
	say("unlink", unlink("inner"));
	say("rmdir", rmdir(in("sub")));
	say("fifo", mknod(in("fifo"), S_IFIFO | 0600, 0));
	say("O_PATH", open(in("made"), O_PATH));
	say("missing", open(in("missing"), O_RDONLY));
	say("refused", open("/etc/passwd", O_WRONLY));
	say("refused mkdir", mkdir("/etc/new", 0700));
}

static int tcp(void) { return socket(AF_INET, SOCK_STREAM, 0); }

static struct sockaddr_in at_port(const char *address, int port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };
	inet_pton(AF_INET, address, &at.sin_addr);
	return at;
}

static void network(void)
{
	struct sockaddr_in here = at_port("127.0.0.1", 4000), closed = at_port("127.0.0.2", 4001);
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(4006), .sin6_addr = in6addr_loopback };
	int server = tcp(), server6 = socket(AF_INET6, SOCK_STREAM, 0), on = 1;
	setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	bind(server, (void *)&here, sizeof(here));
	say("listen", listen(server, 8));
	for (int round = 0; round < 3; round++) {
		say("connect", connect(tcp(), (void *)&here, sizeof(here)));
		say("accept", accept(server, 0, 0));
	}
	bind(server6, (void *)&six, sizeof(six));
	say("listen6", listen(server6, 8));
	say("connect6", connect(socket(AF_INET6, SOCK_STREAM, 0), (void *)&six, sizeof(six)));
	say("accept6", accept(server6, 0, 0));
	say("closed", connect(tcp(), (void *)&closed, sizeof(closed)));
}

static long each;
static void *calls(void *unused)
{
	for (long round = 0; round < each; round++)
		syscall(SYS_getppid);
	return unused;
}

static void threads(int count, long rounds)
{
	pthread_t made[64];
	each = rounds;
	for (int index = 0; index < count; index++)
		pthread_create(&made[index], 0, calls, 0);
	for (int index = 0; index < count; index++)
		pthread_join(made[index], 0);
}

/* As many files as asked for, each opened once. */
static void many(long count)
{
	char name[32];
	for (long index = 0; index < count; index++) {
		snprintf(name, sizeof(name), "many-%ld", index);
		close(make(name, 0600));
	}
}

/* What comes after a violation is counted in a file: by the first process, a child or a thread. */
static volatile long *after;
static const char *violation;
static void *violate(void *unused)
{
	for (long round = 0; round < 1000000; round++) {
		if (!strcmp(violation, "call"))
			syscall(SYS_swapoff, "x");
		else if (!strcmp(violation, "capability"))
			chmod("/tmp", 01777);
		else if (!strcmp(violation, "host"))
			setpriority(PRIO_PROCESS, 0, -5);
		++*after;
	}
	return unused;
}

static int violating(const char *what, const char *who)
{
	pthread_t thread;
	int status, fd = make("after", 0600);
	if (ftruncate(fd, sizeof(long)))
		return 2;
	after = mmap(0, sizeof(long), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	violation = what;
	if (!strcmp(who, "first")) {
		violate(0);
	} else if (!strcmp(who, "thread")) {
		pthread_create(&thread, 0, violate, 0);
		pthread_join(thread, 0);
	} else {
		pid_t child = fork();
		if (child == 0) {
			violate(0);
			_exit(0);
		}
		waitpid(child, &status, 0);
		printf("child %s\n", WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "ended");
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	if (getenv("TRUTH_FOLDER"))
		folder = getenv("TRUTH_FOLDER");
	if (!strcmp(argv[1], "capabilities"))
		capabilities(argv + 2);
	else if (!strcmp(argv[1], "refuse"))
		refuse(argv + 2);
	else if (!strcmp(argv[1], "files"))
		files();
	else if (!strcmp(argv[1], "network"))
		network();
	else if (!strcmp(argv[1], "threads") && argc > 3)
		threads(atoi(argv[2]), atol(argv[3]));
	else if (!strcmp(argv[1], "many") && argc > 2)
		many(atol(argv[2]));
	else if (!strcmp(argv[1], "violate") && argc > 3)
		return violating(argv[2], argv[3]);
	else
		return 2;
	return 0;
}
