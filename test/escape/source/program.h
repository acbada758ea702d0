/* What this program does when an attempt executes it anew. */

#ifndef PROGRAM_H
#define PROGRAM_H

#define OWN_PROGRAM "/usr/libexec/hostile/hostile"
/* The same with the set-uid and set-gid bits, owned by root. */
#define SETUID_PROGRAM "/usr/libexec/hostile/setuid"

/* Its exit status tells what is left to say. */
enum { AS_BEFORE = 40, GAINED = 41 };

int other_program(const char *what);

#endif
