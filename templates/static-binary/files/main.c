/* {{name}}: answers HTTP requests, one at a time. */

#include <err.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Reads up to the empty line that ends a request's head. False when it does not come. */
static int read_head(int client, char *head, size_t size)
{
	size_t length = 0;

	while (length < size - 1) {
		ssize_t got = read(client, head + length, size - 1 - length);
		if (got <= 0)
			return 0;
		length += (size_t)got;
		head[length] = '\0';
		if (strstr(head, "\r\n\r\n") != NULL)
			return 1;
	}
	return 0;
}

static void respond(int client, const char *status, const char *text)
{
	dprintf(client,
		"HTTP/1.1 %s\r\n"
		"Content-Type: text/plain; charset=utf-8\r\n"
		"Content-Length: %zu\r\n"
		"Connection: close\r\n\r\n%s",
		status, strlen(text), text);
	printf("%s\n", status);
}

static void serve(int client)
{
	char head[8192];

	if (!read_head(client, head, sizeof head))
		return;
	if (strncmp(head, "GET / ", 6) == 0)
		respond(client, "200 OK", "Hello from {{name}}\n");
	else if (strncmp(head, "GET /healthz ", 13) == 0)
		respond(client, "200 OK", "ok\n");
	else
		respond(client, "404 Not Found", "not found\n");
}

/* The first process of a jail ignores the signals that it has no handler for: pid_namespaces(7). */
static void stop(int signal)
{
	(void)signal;
	_exit(0);
}

static int listen_on(unsigned short port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	int on = 1;

	if (listener < 0 ||
	    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
	    bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
	    listen(listener, 64) != 0)
		err(1, "port %u", port);
	return listener;
}

int main(int argc, char **argv)
{
	const struct timeval patience = {.tv_sec = 5};
	int port = argc == 2 ? atoi(argv[1]) : 0;
	int listener;

	if (port < 1 || port > 65535)
		errx(2, "usage: %s PORT", argv[0]);
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGTERM, stop);
	signal(SIGPIPE, SIG_IGN);
	listener = listen_on((unsigned short)port);
	printf("listening on port %d\n", port);

	for (;;) {
		int client = accept(listener, NULL, NULL);

		if (client < 0)
			continue;
		setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
		setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
		serve(client);
		close(client);
	}
}
