/* What the runtime and the starter may have left within reach. */

#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attempt.h"
#include "runtime.h"

static char inherited[150];

void look_at_descriptors(void)
{
	char path[64];

	for (int fd = 3; fd < 1024; fd++) {
		snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
		if (readlink(path, inherited, sizeof inherited - 1) > 0)
			return;
	}
}

/* CVE-2024-21626: a descriptor of a host's folder stayed open. */
static struct outcome left_open(void)
{
	return inherited[0] == '\0' ? prevented("none is open") : escaped("a descriptor is %s", inherited);
}

/* The same by way of the working folder. */
static struct outcome working_folder(void)
{
	char here[1024];

	if (getcwd(here, sizeof here) == NULL)
		return refused();
	return here[0] == '/' ? prevented("it lies in the root") : escaped("it is %s", here);
}

static struct outcome stream(int flags)
{
	struct outcome outcome;

	/* standard error is a file of the host's root, and open for writing only */
	outcome = of_open("/proc/self/fd/2", flags);
	return outcome;
}

static struct outcome read_log(void)
{
	return stream(O_RDONLY);
}

static struct outcome reopen_log(void)
{
	return stream(O_RDWR);
}

TRY(mode_of_log, fchmod(2, 0666))
TRY(owner_of_log, fchown(2, getuid() + 1, (gid_t)-1))
TRY(folder_of_log, openat(2, "..", O_RDONLY | O_DIRECTORY))
TRY(link_log, linkat(AT_FDCWD, "/proc/self/fd/2", AT_FDCWD, "/tmp/log", AT_SYMLINK_FOLLOW))

static struct outcome environment(void)
{
	return getenv("HOST_SECRET") == NULL ? prevented("an environment of its own") : escaped("the secret");
}

static struct outcome environment_of_first(void)
{
	static char text[65536];
	FILE *file = fopen("/proc/1/environ", "re");
	size_t got;

	if (file == NULL)
		return refused();
	got = fread(text, 1, sizeof text, file);
	return memmem(text, got, "HOST_SECRET", 11) == NULL ? prevented("an environment of its own")
							     : escaped("the secret");
}

/* CVE-2019-5736: overwrite the runtime through /proc/PID/exe of one of its processes. */
static struct outcome overwrite_runtime(void)
{
	DIR *processes = opendir("/proc");
	char path[300], target[200];

	if (processes == NULL)
		return refused();
	for (struct dirent *each; (each = readdir(processes)) != NULL;) {
		ssize_t length;

		snprintf(path, sizeof path, "/proc/%s/exe", each->d_name);
		length = readlink(path, target, sizeof target - 1);
		if (length < 0)
			continue;
		target[length] = '\0';
		if (strncmp(target, "/usr/libexec/hostile/", 21) != 0)
			return escaped("%s is %s", path, target);
	}
	return prevented("no process is the runtime's");
}

static struct outcome foreign_processes(void)
{
	DIR *processes = opendir("/proc");
	int seen = 0;

	if (processes == NULL)
		return refused();
	for (struct dirent *each; (each = readdir(processes)) != NULL;)
		seen += atoi(each->d_name) > 0;
	/* the first, and the one that tries */
	return seen > 2 ? escaped("%d processes", seen) : prevented("a pid namespace of its own");
}

static struct outcome mount_paths(void)
{
	char line[4096];
	FILE *file = fopen("/proc/self/mountinfo", "re");

	if (file == NULL)
		return refused();
	while (fgets(line, sizeof line, file) != NULL)
		if (strstr(line, " shared:") != NULL || strstr(line, " master:") != NULL)
			return escaped("a mount propagates: %.100s", line);
	return prevented("all mounts are private");
}

const struct attempt runtime[] = {
	{"leaked-descriptor", "use a descriptor that the runtime left open, CVE-2024-21626", left_open},
	{"working-folder", "start in a folder outside of the root, CVE-2024-21626", working_folder},
	{"log-read", "read the host's log that we only write", read_log},
	{"log-reopen", "open the host's log anew for reading and writing", reopen_log},
	{"log-chmod", "open the host's log to all", mode_of_log},
	{"log-chown", "give the host's log to another", owner_of_log},
	{"log-folder", "reach the folder that the host's log lies in", folder_of_log},
	{"log-link", "link the host's log to a place of ours", link_log},
	{"environment", "read the starter's environment", environment},
	{"environment-first", "read the environment of the first process", environment_of_first},
	{"runtime-overwrite", "find the runtime in /proc/PID/exe, CVE-2019-5736", overwrite_runtime},
	{"foreign-processes", "see processes that are not ours", foreign_processes},
	{"mount-peers", "find a mount that is shared with the host", mount_paths},
	{0},
};
