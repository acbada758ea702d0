/* Run with: make check */

#undef NDEBUG
#include <assert.h>
#include <string.h>

#include "answer.h"

static void expect(const char *path, int status, const char *text)
{
	struct answer answer = answer_to(path);

	assert(answer.status == status);
	assert(strcmp(answer.text, text) == 0);
}

int main(void)
{
	expect("/", 200, "Hello from {{name}}\n");
	expect("/healthz", 200, "ok\n");
	expect("/other", 404, "not found\n");
	return 0;
}
