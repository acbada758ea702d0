#ifndef NETLINK_H
#define NETLINK_H

#include "attempt.h"

/* Sends one message to the kernel, to be acknowledged, and tells its answer. */
struct outcome of_netlink(int protocol, int type, int flags, const void *data, size_t size);

#endif
