/* The kernel's other tables of system calls, which a filter may forget. Refused calls tell which filter looked. */

#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attempt.h"

#ifdef __x86_64__

static long call32(long number, long first)
{
	long result;

	__asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(first), "c"(0), "d"(0) : "memory", "r8", "r9", "r10", "r11");
	if (result < 0 && result > -4096) {
		errno = (int)-result;
		return -1;
	}
	return result;
}

static sigjmp_buf no_table;

static void leave(int signal)
{
	siglongjmp(no_table, signal);
}

/* Where the kernel has no 32-bit table (CONFIG_IA32_EMULATION, ia32_emulation=0), or a virtual machine does not pass the
 * interrupt on, int $0x80 faults with SIGSEGV. A filter answers with an errno, or kills with SIGSYS. */
static struct outcome by_table32(long number, long first)
{
	signal(SIGSEGV, leave);
	if (sigsetjmp(no_table, 1) != 0)
		return unsupported("int 0x80 faults");
	return of(call32(number, first));
}

static struct outcome pid32(void)
{
	return by_table32(20, 0);
}

static struct outcome unshare32(void)
{
	return by_table32(310, 0x10000000);
}

TRY(pid_x32, syscall(0x40000000 + SYS_getpid))
TRY(ptrace_x32, syscall(0x40000000 + 521, 0, 0, 0, 0))

const struct attempt tables[] = {
	{"syscall-32-bit", "call the kernel by its 32-bit table", pid32},
	{"syscall-32-bit-unshare", "make a user namespace by the 32-bit table", unshare32},
	{"syscall-x32", "call the kernel by its x32 table", pid_x32},
	{"syscall-x32-ptrace", "have ourselves debugged by the x32 table", ptrace_x32},
	{0},
};

#else

const struct attempt tables[] = {{0}};

#endif
