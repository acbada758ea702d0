#ifndef OUTSIDE_H
#define OUTSIDE_H

#include "attempt.h"

struct outcome connect_unix(const char *name, int abstract);
struct outcome connect_tcp(const char *to, long port);

#endif
