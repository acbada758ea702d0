/* Parts of the kernel that belong to the whole machine. Where one would let us in, nothing is changed. */

#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include <linux/reboot.h>
#include <linux/userfaultfd.h>
#include <sys/fanotify.h>
#include <sys/klog.h>
#include <sys/personality.h>
#include <sys/quota.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "attempt.h"

static struct outcome load_program(void)
{
	struct bpf_insn instructions[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K}, {.code = BPF_JMP | BPF_EXIT}};
	union bpf_attr attributes = {
		.prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
		.insns = (unsigned long)instructions,
		.insn_cnt = 2,
		.license = (unsigned long)"GPL",
	};

	return of(syscall(SYS_bpf, BPF_PROG_LOAD, &attributes, sizeof attributes));
}

static struct outcome make_map(void)
{
	union bpf_attr attributes = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 8, .max_entries = 1};

	return of(syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof attributes));
}

static struct outcome count_own_events(void)
{
	struct perf_event_attr attributes = {.type = PERF_TYPE_SOFTWARE,
					     .size = sizeof attributes,
					     .config = PERF_COUNT_SW_TASK_CLOCK,
					     .exclude_kernel = 1};

	return of(syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0));
}

static struct outcome count_all_events(void)
{
	struct perf_event_attr attributes = {
		.type = PERF_TYPE_SOFTWARE, .size = sizeof attributes, .config = PERF_COUNT_SW_CPU_CLOCK};

	return of(syscall(SYS_perf_event_open, &attributes, -1, 0, -1, 0));
}

static struct outcome ring(void)
{
	struct io_uring_params params = {0};

	return of(syscall(SYS_io_uring_setup, 4, &params));
}

static struct outcome set_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return of(clock_settime(CLOCK_REALTIME, &now));
}

static struct outcome set_day(void)
{
	struct timeval now;

	gettimeofday(&now, NULL);
	return of(settimeofday(&now, NULL));
}

static struct outcome slew(void)
{
	struct timex same = {.modes = 0};

	if (adjtimex(&same) < 0)
		return refused();
	same.modes = ADJ_FREQUENCY;
	return of(adjtimex(&same));
}

static struct outcome read_log(void)
{
	char text[64];

	return of(klogctl(3, text, sizeof text));
}

static struct outcome other_system(void)
{
	return of(personality(PER_BSD));
}

static struct outcome read_implies_exec(void)
{
	return of(personality(READ_IMPLIES_EXEC));
}

static struct outcome map_null_page(void)
{
	return of(personality(MMAP_PAGE_ZERO));
}

static struct outcome by_handle(void)
{
	struct {
		struct file_handle handle;
		unsigned char inode[8];
	} root = {{.handle_bytes = 8, .handle_type = 1}, {2}};
	int mount = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return of(open_by_handle_at(mount, &root.handle, O_RDONLY));
}

static struct outcome make_handle(void)
{
	struct {
		struct file_handle handle;
		unsigned char inode[64];
	} root = {{.handle_bytes = 64}, {0}};
	int mount;

	return of(name_to_handle_at(AT_FDCWD, "/etc/passwd", &root.handle, &mount, 0));
}

TRY(load_module, syscall(SYS_init_module, "no module", 9, ""))
TRY(load_module_file, syscall(SYS_finit_module, 0, "", 0))
TRY(unload_module, syscall(SYS_delete_module, "no_such_module", O_NONBLOCK))
TRY(kexec, syscall(SYS_kexec_load, 0, 0, NULL, 0))
TRY(kexec_file, syscall(SYS_kexec_file_load, -1, -1, 0, NULL, 4))
/* of all its commands the one that does least */
TRY(restart, syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_CAD_OFF, NULL))
TRY(swap_on, swapon("/no-such-file", 0))
TRY(swap_off, swapoff("/no-such-file"))
TRY(account, syscall(SYS_acct, "/no-such-file"))
TRY(quota, quotactl(QCMD(Q_SETQUOTA, USRQUOTA), argument("disk"), 0, NULL))
TRY(fault_descriptor, syscall(SYS_userfaultfd, UFFD_USER_MODE_ONLY | O_CLOEXEC))
TRY(watch_files, fanotify_init(FAN_CLASS_CONTENT, O_RDONLY))
TRY(watch_files_unprivileged, fanotify_init(FAN_CLASS_NOTIF | FAN_REPORT_FID, O_RDONLY))
TRY(hang_up, syscall(SYS_vhangup))
TRY(descriptor_table, syscall(SYS_modify_ldt, 0, NULL, 0))
TRY(cookie, syscall(SYS_lookup_dcookie, 0L, NULL, 0))
TRY(old_library, syscall(SYS_uselib, "/etc/passwd"))
TRY(nfs, syscall(SYS_nfsservctl, 0, NULL, NULL))
TRY(host_name, sethostname("hostile", 7))
TRY(domain_name, setdomainname("hostile", 7))

const struct attempt kernel[] = {
	{"bpf-program", "load a BPF program", load_program},
	{"bpf-map", "make a BPF map", make_map},
	{"perf-own", "count our own events with perf_event_open", count_own_events},
	{"perf-machine", "sample a whole processor with perf_event_open", count_all_events},
	{"io-uring", "make an io_uring", ring},
	{"userfaultfd", "handle our own page faults", fault_descriptor},
	{"fanotify-content", "decide who may open files, with fanotify", watch_files},
	{"fanotify-report", "watch files with fanotify", watch_files_unprivileged},
	{"open-by-handle", "open the root of a file system by its handle", by_handle},
	{"name-to-handle", "get the handle of a file", make_handle},
	{"init-module", "load a kernel module from memory", load_module},
	{"finit-module", "load a kernel module from a file", load_module_file},
	{"delete-module", "unload a kernel module", unload_module},
	{"kexec-load", "load another kernel", kexec},
	{"kexec-file-load", "load another kernel from a file", kexec_file},
	{"reboot", "call reboot", restart},
	{"clock-settime", "set the clock", set_clock},
	{"settimeofday", "set the time of day", set_day},
	{"adjtimex", "change the speed of the clock", slew},
	{"swapon", "add swap", swap_on},
	{"swapoff", "take swap away", swap_off},
	{"acct", "have all processes accounted to a file", account},
	{"quotactl", "set quotas on the host's disk", quota},
	{"syslog", "read the kernel's log", read_log},
	{"personality-bsd", "run as another system, whose code is little looked after", other_system},
	{"personality-exec", "make all memory executable", read_implies_exec},
	{"personality-null", "map the page at address 0", map_null_page},
	{"modify-ldt", "use the local descriptor table", descriptor_table},
	{"lookup-dcookie", "look up profiler cookies", cookie},
	{"uselib", "load a library the old way", old_library},
	{"nfsservctl", "control the kernel's NFS server", nfs},
	{"vhangup", "hang up the terminal", hang_up},
	{"sethostname", "change the host name", host_name},
	{"setdomainname", "change the domain name", domain_name},
	{0},
};
