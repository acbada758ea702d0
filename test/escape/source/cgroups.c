/* Control groups, as far as they can be seen. */

#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attempt.h"

TRY_WRITE(release_agent, "/sys/fs/cgroup/memory/release_agent", "/hostile")
TRY_WRITE(notify, "/sys/fs/cgroup/memory/notify_on_release", "1")
TRY_WRITE(limit_v1, "/sys/fs/cgroup/memory/memory.limit_in_bytes", "-1")
TRY_WRITE(limit_v2, "/sys/fs/cgroup/memory.max", "max")
TRY_WRITE(pids_v1, "/sys/fs/cgroup/pids/pids.max", "max")
TRY_WRITE(allow_device, "/sys/fs/cgroup/devices/devices.allow", "a")
TRY_WRITE(leave_v1, "/sys/fs/cgroup/memory/cgroup.procs", "0")
TRY_WRITE(leave_v2, "/sys/fs/cgroup/cgroup.procs", "0")
TRY(own_group, mkdir("/sys/fs/cgroup/memory/hostile", 0755) == 0 ? 0 : mkdir("/sys/fs/cgroup/hostile", 0755))
TRY(remount, mount(NULL, "/sys/fs/cgroup/memory", NULL, MS_REMOUNT | MS_BIND, NULL))

const struct attempt cgroups[] = {
	{"cgroup-release-agent", "have the host run a release_agent", release_agent},
	{"cgroup-notify", "ask for that when our control group is empty", notify},
	{"cgroup-v1-memory-limit", "raise our own memory limit (v1)", limit_v1},
	{"cgroup-v2-memory-limit", "raise our own memory limit (v2)", limit_v2},
	{"cgroup-v1-pids-limit", "raise our own limit of processes", pids_v1},
	{"cgroup-devices-allow", "allow ourselves all devices", allow_device},
	{"cgroup-v1-leave", "move to the parent control group (v1)", leave_v1},
	{"cgroup-v2-leave", "move to the parent control group (v2)", leave_v2},
	{"cgroup-make", "make a control group", own_group},
	{"cgroup-remount-rw", "make the control groups writable", remount},
	{0},
};
