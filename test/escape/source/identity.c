/* Who one is: users, groups, capabilities. */

#define _GNU_SOURCE
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attempt.h"
#include "program.h"

/* Somebody else than we are: root, or for root a system account. */
static unsigned int other(void)
{
	return geteuid() == 0 ? 33 : 0;
}

TRY(be_other, setuid(other()))
TRY(be_other_effective, setresuid((uid_t)-1, other(), (uid_t)-1))
TRY(be_other_group, setgid(getegid() == 0 ? 33 : 0))
TRY(be_unmapped, setuid(70000))
TRY(be_last, setresuid(0xfffffffe, 0xfffffffe, 0xfffffffe))
TRY(join_group, setgroups(1, (gid_t[]){other()}))
TRY(join_shadow, setgroups(2, (gid_t[]){0, 42}))

static struct outcome file_user(void)
{
	setfsuid(other());
	return (unsigned int)setfsuid((uid_t)-1) == other() ? escaped("we are that on file systems")
							     : prevented("EPERM, which it cannot say");
}

static struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};

/* Is a capability more than we began with: all that we do not have are asked for. */
static struct outcome all_capabilities(void)
{
	struct __user_cap_data_struct sets[2] = {{0xffffffff, 0xffffffff, 0xffffffff}, {0x1ff, 0x1ff, 0x1ff}};

	return of(syscall(SYS_capset, &header, sets));
}

static struct outcome inherit_all(void)
{
	struct __user_cap_data_struct sets[2];

	if (syscall(SYS_capget, &header, sets) != 0)
		return refused();
	sets[0].inheritable = 0xffffffff;
	return of(syscall(SYS_capset, &header, sets));
}

TRY(ambient, prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_ADMIN, 0, 0))
TRY(secure_bits, prctl(PR_SET_SECUREBITS, SECBIT_KEEP_CAPS | SECBIT_NO_SETUID_FIXUP, 0, 0, 0))
TRY(new_privileges, prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0))
TRY(no_seccomp, prctl(PR_SET_SECCOMP, 0, NULL, 0, 0))
TRY(executable, prctl(PR_SET_MM, PR_SET_MM_EXE_FILE, 0, 0, 0))

static struct outcome bounding(void)
{
	int held = 0;

	for (int capability = 0; capability <= CAP_LAST_CAP; capability++)
		held += prctl(PR_CAPBSET_READ, capability, 0, 0, 0) == 1;
	return held > number("capabilities") ? escaped("%d of them", held) : prevented("%d, as declared", held);
}

static struct outcome set_uid_program(void)
{
	pid_t child = fork();
	char said[64];
	int status;

	snprintf(said, sizeof said, "other-program=who:%u:%u", geteuid(), getegid());
	if (child == 0) {
		execl(SETUID_PROGRAM, SETUID_PROGRAM, said, NULL);
		_exit(1);
	}
	waitpid(child, &status, 0);
	if (WEXITSTATUS(status) == GAINED)
		return escaped("it has rights that we do not have");
	if (WEXITSTATUS(status) != AS_BEFORE)
		return broken("it could not be run: status %d", status);
	return prevented("no new privileges, nosuid");
}

/* A program of the host's root could be tricked into running what we make set-uid. */
static struct outcome make_set_uid(void)
{
	struct stat now;

	if (chmod(OWN_PROGRAM, 04755) != 0)
		return refused();
	stat(OWN_PROGRAM, &now);
	return now.st_mode & S_ISUID ? escaped("the program is set-uid") : prevented("the bit was dropped");
}

TRY(give_away, chown(OWN_PROGRAM, other() == 0 ? 33 : 0, 0))

const struct attempt identity[] = {
	{"setuid", "become another user", be_other},
	{"seteuid", "become another user, for now", be_other_effective},
	{"setgid", "become another group", be_other_group},
	{"setuid-unmapped", "become a user that the jail does not have", be_unmapped},
	{"setuid-nobody", "become the last user there is", be_last},
	{"setgroups", "join a group", join_group},
	{"setgroups-shadow", "join the groups root and shadow", join_shadow},
	{"setfsuid", "become another user on file systems", file_user},
	{"capset-all", "take all capabilities", all_capabilities},
	{"capset-inheritable", "have programs inherit capabilities", inherit_all},
	{"ambient", "raise an ambient capability", ambient},
	{"securebits", "keep capabilities over a change of user", secure_bits},
	{"no-new-privs-off", "allow ourselves new privileges", new_privileges},
	{"seccomp-off", "switch the filter of system calls off", no_seccomp},
	{"prctl-exe", "pretend to be another program", executable},
	{"bounding-set", "find capabilities beyond the declared ones", bounding},
	{"setuid-program", "run a set-uid program of the package", set_uid_program},
	{"chmod-setuid", "make a program set-uid", make_set_uid},
	{"chown", "give a file to another user", give_away},
	{0},
};
