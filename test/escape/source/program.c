#define _GNU_SOURCE
#include "program.h"

#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attempt.h"
#include "neighbour.h"

/* Says whether a set-uid program is more than who ran it, who:UID:GID. */
static int who(const char *before)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[2] = {0};
	unsigned int uid, gid;

	if (sscanf(before, "who:%u:%u", &uid, &gid) != 2 || syscall(SYS_capget, &header, sets) != 0)
		return 1;
	if (geteuid() != uid || getegid() != gid || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return GAINED;
	for (int capability = 0; capability <= CAP_LAST_CAP; capability++)
		if ((sets[capability / 32].permitted >> (capability % 32) & 1) &&
		    prctl(PR_CAPBSET_READ, capability, 0, 0, 0) != 1)
			return GAINED;
	return AS_BEFORE;
}

int other_program(const char *what)
{
	if (strncmp(what, "who:", 4) == 0)
		return who(what);
	if (strcmp(what, "neighbour") == 0)
		return be_neighbour(argument("volume"), (int)number("neighbour-key"));
	return strcmp(what, "run") == 0 ? GAINED : 1;
}
