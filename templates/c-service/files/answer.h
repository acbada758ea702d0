#ifndef ANSWER_H
#define ANSWER_H

struct answer {
	int status;
	const char *text;
};

/* What a path is answered with. */
struct answer answer_to(const char *path);

#endif
