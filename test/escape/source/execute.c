#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attempt.h"
#include "program.h"

struct outcome executed(const char *path, int fd)
{
	char *argv[] = {"hostile", "other-program=run", NULL}, *none[] = {NULL};
	pid_t child = fork();
	int status;

	if (child == 0) {
		if (fd >= 0)
			fexecve(fd, argv, none);
		else
			execve(path, argv, none);
		/* no errno is that large */
		_exit(128 + (errno & 127));
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		return broken("fork: %m");
	if (WIFEXITED(status) && WEXITSTATUS(status) == GAINED)
		return escaped("a program ran that no package brought");
	if (!WIFEXITED(status) || WEXITSTATUS(status) < 128)
		return broken("it ended with status %#x", (unsigned int)status);
	errno = WEXITSTATUS(status) - 128;
	return refused();
}

void copy_program(int to)
{
	char block[65536];
	int from = open(OWN_PROGRAM, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	while ((got = read(from, block, sizeof block)) > 0)
		if (write(to, block, (size_t)got) != got)
			break;
	close(from);
}
