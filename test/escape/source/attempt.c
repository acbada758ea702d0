#define _GNU_SOURCE
#include "attempt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct outcome told(int kind, const char *format, va_list values)
{
	struct outcome outcome = {.kind = kind};

	vsnprintf(outcome.by, sizeof outcome.by, format, values);
	return outcome;
}

#define TELLER(name, kind)                                                                                     \
	struct outcome name(const char *format, ...)                                                           \
	{                                                                                                      \
		struct outcome outcome;                                                                        \
		va_list values;                                                                                \
                                                                                                               \
		va_start(values, format);                                                                      \
		outcome = told(kind, format, values);                                                          \
		va_end(values);                                                                                \
		return outcome;                                                                                \
	}

TELLER(prevented, PREVENTED)
TELLER(escaped, SUCCEEDED)
TELLER(broken, BROKEN)
TELLER(unsupported, UNSUPPORTED)

struct outcome refused(void)
{
	const char *name = strerrorname_np(errno);

	return prevented("%s", name == NULL ? "an unknown errno" : name);
}

struct outcome of(long result)
{
	return result < 0 ? refused() : escaped("it answered %ld", result);
}

struct outcome of_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);

	if (fd < 0)
		return refused();
	close(fd);
	return escaped("%s was opened", path);
}

struct outcome of_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		return refused();
	close(fd);
	return escaped("%s was written", path);
}
