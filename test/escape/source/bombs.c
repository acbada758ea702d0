/* More than the declared share of the machine. Without a limit each stops where the escape is certain. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "attempt.h"

#define MIB (1L << 20)

static struct outcome fork_bomb(void)
{
	long limit = number("pids"), made = 0;

	for (; made <= 4 * limit; made++) {
		pid_t child = fork();

		if (child < 0)
			return prevented("%s after %ld", strerrorname_np(errno), made);
		if (child == 0) {
			pause();
			_exit(0);
		}
	}
	return escaped("%ld processes", made);
}

static void *wait_for_ever(void *nothing)
{
	pause();
	return nothing;
}

static struct outcome thread_bomb(void)
{
	long limit = number("pids");

	for (long made = 0; made <= 4 * limit; made++) {
		pthread_t thread;
		int error = pthread_create(&thread, NULL, wait_for_ever, NULL);

		if (error != 0)
			return prevented("%s after %ld", strerrorname_np(error), made);
	}
	return escaped("%ld threads", 4 * limit);
}

/* The dead keep their numbers until somebody asks for them. */
static struct outcome zombie_storm(void)
{
	long limit = number("pids");

	for (long made = 0; made <= 4 * limit; made++) {
		pid_t child = fork();

		if (child < 0)
			return prevented("%s after %ld", strerrorname_np(errno), made);
		if (child == 0)
			_exit(0);
	}
	return escaped("%ld dead processes", 4 * limit);
}

static struct outcome memory_bomb(void)
{
	long limit = number("memory"), got = 0;

	for (; got <= 2 * limit; got += MIB) {
		char *more = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (more == MAP_FAILED)
			return refused();
		memset(more, 1, MIB);
	}
	return escaped("%ld MiB", got / MIB);
}

static struct outcome locked_memory(void)
{
	long size = number("memory") * 2;
	void *all = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return all == MAP_FAILED ? refused() : of(mlock(all, (size_t)size));
}

static struct outcome filled(int fd)
{
	static char block[1 << 20];
	long limit = number("memory"), got = 0;

	memset(block, 1, sizeof block);
	for (; got <= 2 * limit; got += MIB)
		if (write(fd, block, sizeof block) != sizeof block)
			return refused();
	return escaped("%ld MiB", got / MIB);
}

static struct outcome memfd_bomb(void)
{
	int fd = memfd_create("hostile", MFD_CLOEXEC);

	return fd < 0 ? refused() : filled(fd);
}

static struct outcome shm_bomb(void)
{
	long size = number("memory") * 2;
	int id = shmget(IPC_PRIVATE, (size_t)size, IPC_CREAT | 0600);
	char *all = id < 0 ? (void *)-1 : shmat(id, NULL, 0);

	if (all == (void *)-1)
		return refused();
	shmctl(id, IPC_RMID, NULL);
	memset(all, 1, (size_t)size);
	return escaped("%ld MiB", size / MIB);
}

static struct outcome pipe_bomb(void)
{
	static char block[1 << 16];
	long limit = number("memory"), got = 0;

	while (got <= 2 * limit) {
		int ends[2];

		if (pipe2(ends, O_NONBLOCK) != 0)
			return prevented("%s after %ld MiB", strerrorname_np(errno), got / MIB);
		fcntl(ends[1], F_SETPIPE_SZ, MIB);
		for (ssize_t put; (put = write(ends[1], block, sizeof block)) > 0;)
			got += put;
	}
	return escaped("%ld MiB", got / MIB);
}

static struct outcome message_bomb(void)
{
	static struct {
		long type;
		char text[8000];
	} message = {1, ""};
	long limit = number("memory"), got = 0;

	while (got <= 2 * limit) {
		int queue = msgget(IPC_PRIVATE, IPC_CREAT | 0600);

		if (queue < 0)
			return prevented("%s after %ld MiB", strerrorname_np(errno), got / MIB);
		while (msgsnd(queue, &message, sizeof message.text, IPC_NOWAIT) == 0)
			got += (long)sizeof message.text;
	}
	return escaped("%ld MiB", got / MIB);
}

static struct outcome file_bomb(void)
{
	for (int opened = 0; opened < 20000; opened++)
		if (open("/", O_RDONLY) < 0)
			return prevented("%s after %d", strerrorname_np(errno), opened);
	return escaped("20000 descriptors");
}

static double seconds(const struct timespec *from, const struct timespec *to)
{
	return (double)(to->tv_sec - from->tv_sec) + (double)(to->tv_nsec - from->tv_nsec) / 1e9;
}

/* Four that are always busy, for a second. */
static struct outcome busy(void)
{
	struct timespec start, now;
	struct rusage used;
	pid_t others[] = {fork(), fork()};
	double share;

	clock_gettime(CLOCK_MONOTONIC, &start);
	do
		clock_gettime(CLOCK_MONOTONIC, &now);
	while (seconds(&start, &now) < 1);
	while (waitpid(-1, NULL, 0) > 0)
		;
	if (others[0] == 0 || others[1] == 0)
		_exit(0);
	clock_gettime(CLOCK_MONOTONIC, &now);
	share = 0;
	for (int who = RUSAGE_CHILDREN; who <= RUSAGE_SELF; who++) {
		getrusage(who, &used);
		share += (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
			 (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
	}
	share = 100 * share / seconds(&start, &now);
	/* the first period of the quota may come on top */
	return share > (double)number("cpu") * 1.4 ? escaped("%.0f %% of a processor", share)
						   : prevented("%.0f %% of a processor", share);
}

const struct attempt bombs[] = {
	{"fork-bomb", "start processes without end", fork_bomb},
	{"thread-bomb", "start threads without end", thread_bomb},
	{"zombie-storm", "leave dead processes without end", zombie_storm},
	{"memory-bomb", "take memory without end", memory_bomb},
	{"memory-lock", "lock more memory than there is for us", locked_memory},
	{"memfd-bomb", "take memory in files without a place", memfd_bomb},
	{"shm-bomb", "take System V shared memory", shm_bomb},
	{"pipe-bomb", "take memory in pipes", pipe_bomb},
	{"message-bomb", "take memory in message queues", message_bomb},
	{"file-bomb", "open files without end", file_bomb},
	{"busy", "be busy on all processors", busy},
	{0},
};
