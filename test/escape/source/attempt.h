/* What every attempt is made of. Each runs in a process of its own and says how it ended. */

#ifndef ATTEMPT_H
#define ATTEMPT_H

#include <stddef.h>

struct outcome {
	enum { PREVENTED, SUCCEEDED, BROKEN, UNSUPPORTED } kind;
	/* The errno or limit that stood in the way, or the evidence of a success. */
	char by[200];
};

struct attempt {
	const char *id;
	/* What is tried, for people. */
	const char *what;
	struct outcome (*run)(void);
};

struct series {
	/* The argument without which these make no sense; NULL when they always do. */
	const char *needs;
	/* Ends with one that has no id. */
	const struct attempt *attempts;
};

extern const struct series all_series[];

extern const struct attempt mounts[], devices[], kernel[], namespaces[], keyrings[], proc_files[], secrets[],
	processes[], identity[], files[], cgroups[], runtime[], outside[], tables[], bombs[], families[], links[],
	volumes[], exhaustion[], neighbours[], egress[];

/* An argument NAME=VALUE of the program; ends it when the argument is missing. */
const char *argument(const char *name);
long number(const char *name);

/* By errno. */
struct outcome refused(void);
struct outcome prevented(const char *format, ...) __attribute__((format(printf, 1, 2)));
struct outcome escaped(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* It could not be tried: that is a failure too. */
struct outcome broken(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The kernel or processor of this host does not offer it, in a jail or outside of one. */
struct outcome unsupported(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Of a system call: negative is refused, by errno. */
struct outcome of(long result);

/* Opens and closes again: to be let in is the escape. */
struct outcome of_open(const char *path, int flags);
/* Opens a file and writes a text to it. */
struct outcome of_write(const char *path, const char *text);

/* Executes a copy of this program, by its descriptor or else its path: an escape when it runs. */
struct outcome executed(const char *path, int fd);
/* Copies this program there. */
void copy_program(int to);

/* An attempt that is one expression. */
#define TRY(name, expression)                                                                                  \
	static struct outcome name(void)                                                                       \
	{                                                                                                      \
		return of((long)(expression));                                                                 \
	}
#define TRY_OPEN(name, path, flags)                                                                            \
	static struct outcome name(void)                                                                       \
	{                                                                                                      \
		return of_open(path, flags);                                                                   \
	}
#define TRY_WRITE(name, path, text)                                                                            \
	static struct outcome name(void)                                                                       \
	{                                                                                                      \
		return of_write(path, text);                                                                   \
	}

#endif
