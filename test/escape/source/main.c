/*
 * Tries to get out of a jail, or to harm its host or neighbours, in every way it knows. Prints a line of JSON for each
 * attempt. Arguments NAME=VALUE tell what lies outside: the one who runs it watches from there.
 */

#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/msg.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attempt.h"
#include "program.h"
#include "runtime.h"

/* Far more than any attempt takes; a machine may be busy. */
#define PATIENCE_MS 60000

static char **arguments;

const struct series all_series[] = {
	{NULL, mounts},	     {NULL, devices},	  {NULL, kernel},      {NULL, namespaces}, {NULL, keyrings},
	{NULL, proc_files},  {NULL, secrets},	  {NULL, processes},   {NULL, identity},   {NULL, files},
	{NULL, cgroups},     {NULL, runtime},	  {NULL, outside},     {NULL, tables},	   {NULL, families},
	{NULL, links},	     {"volume", volumes}, {"volume", exhaustion}, {"neighbour", neighbours},
	{"router", egress}, {NULL, bombs},	  {NULL, NULL},
};

static const char *find_argument(const char *name)
{
	size_t length = strlen(name);

	for (char **each = arguments; *each != NULL; each++)
		if (strncmp(*each, name, length) == 0 && (*each)[length] == '=')
			return *each + length + 1;
	return NULL;
}

const char *argument(const char *name)
{
	const char *value = find_argument(name);

	if (value == NULL)
		errx(2, "the argument %s=... is missing", name);
	return value;
}

long number(const char *name)
{
	return strtol(argument(name), NULL, 10);
}

/* What an attempt has left running, or in the memory of queues, would be in the way of the next one. */
static void bury_all(void)
{
	struct msginfo all;
	struct msqid_ds queue;

	if (getpid() == 1)
		kill(-1, SIGKILL);
	while (wait(NULL) > 0 || errno == EINTR)
		;
	for (int index = msgctl(0, MSG_INFO, (struct msqid_ds *)&all); index >= 0; index--)
		msgctl(msgctl(index, MSG_STAT, &queue), IPC_RMID, NULL);
}

static struct outcome hear(pid_t child, int from)
{
	struct outcome outcome;
	struct pollfd end = {.fd = from, .events = POLLIN};
	int status;

	if (poll(&end, 1, PATIENCE_MS) != 1) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		return broken("it did not end");
	}
	if (read(from, &outcome, sizeof outcome) == sizeof outcome)
		return outcome;
	waitpid(child, &status, 0);
	if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGKILL || WTERMSIG(status) == SIGSYS))
		return prevented("killed by SIG%s", sigabbrev_np(WTERMSIG(status)));
	return broken("it ended with status %#x", status);
}

/* When memory is short, the one that tries shall die, and not the one that tells. */
static void die_first(void)
{
	of_write("/proc/self/oom_score_adj", "1000");
}

static struct outcome attempt(const struct attempt *attempt)
{
	int ends[2];
	pid_t child;
	struct outcome outcome;

	if (pipe(ends) != 0)
		return broken("pipe: %m");
	child = fork();
	if (child < 0)
		return broken("fork: %m");
	if (child == 0) {
		close(ends[0]);
		die_first();
		outcome = attempt->run();
		_exit(write(ends[1], &outcome, sizeof outcome) == sizeof outcome ? 0 : 1);
	}
	close(ends[1]);
	outcome = hear(child, ends[0]);
	close(ends[0]);
	bury_all();
	return outcome;
}

static void print(const struct attempt *attempt, const struct outcome *outcome)
{
	static const char *kinds[] = {"prevented", "succeeded", "broken", "unsupported"};

	/* no text of ours has a quote in it, but a file's might */
	printf("{\"id\":\"%s\",\"what\":\"%s\",\"outcome\":\"%s\",\"by\":\"", attempt->id, attempt->what,
	       kinds[outcome->kind]);
	for (const char *each = outcome->by; *each != '\0'; each++)
		putchar(*each < ' ' || *each == '"' || *each == '\\' ? '?' : *each);
	printf("\"}\n");
}

int main(int argc, char **argv)
{
	int planned = 0;

	arguments = argv + (argc > 0);
	if (find_argument("other-program") != NULL)
		return other_program(find_argument("other-program"));
	look_at_descriptors();
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	for (const struct series *group = all_series; group->attempts != NULL; group++) {
		if (group->needs != NULL && find_argument(group->needs) == NULL)
			continue;
		for (const struct attempt *each = group->attempts; each->id != NULL; each++) {
			struct outcome outcome = attempt(each);

			print(each, &outcome);
			planned++;
		}
	}
	printf("{\"attempts\":%d}\n", planned);
	return 0;
}
