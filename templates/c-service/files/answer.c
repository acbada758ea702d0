#include "answer.h"

#include <string.h>

struct answer answer_to(const char *path)
{
	if (strcmp(path, "/") == 0)
		return (struct answer){200, "Hello from {{name}}\n"};
	if (strcmp(path, "/healthz") == 0)
		return (struct answer){200, "ok\n"};
	return (struct answer){404, "not found\n"};
}
