/* Kernel keyrings. */

#define _GNU_SOURCE
#include <linux/keyctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attempt.h"

TRY(add, syscall(SYS_add_key, "user", "hostile", "x", 1, KEY_SPEC_PROCESS_KEYRING))
TRY(request, syscall(SYS_request_key, "user", "hostile", NULL, KEY_SPEC_PROCESS_KEYRING))
TRY(join, syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, "hostile"))
TRY(read_session, syscall(SYS_keyctl, KEYCTL_READ, KEY_SPEC_SESSION_KEYRING, NULL, 0))
TRY(user_keyring, syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_USER_KEYRING, 1))

const struct attempt keyrings[] = {
	{"key-add", "add a key", add},
	{"key-request", "have the host's helper make a key", request},
	{"keyring-join", "join a session keyring by its name", join},
	{"keyring-read-session", "read the session keyring we were started with", read_session},
	{"keyring-user", "get the keyring of our user, shared by all who have its uid", user_keyring},
	{0},
};
