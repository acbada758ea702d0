/* {{name}}: answers HTTP requests. */

#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>

#include "answer.h"

static void respond(struct evhttp_request *request, void *unused)
{
	(void)unused;
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
	const char *path = evhttp_uri_get_path(uri);
	struct answer answer = answer_to(path == NULL ? "" : path);
	struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
	struct evbuffer *body = evbuffer_new();

	if (body == NULL) {
		evhttp_send_error(request, HTTP_INTERNAL, NULL);
		return;
	}
	evhttp_add_header(headers, "Content-Type", "text/plain; charset=utf-8");
	evbuffer_add_printf(body, "%s", answer.text);
	evhttp_send_reply(request, answer.status, NULL, body);
	evbuffer_free(body);
	printf("%s %d\n", evhttp_request_get_uri(request), answer.status);
}

static void stop(evutil_socket_t signal, short what, void *base)
{
	(void)signal;
	(void)what;
	event_base_loopexit(base, NULL);
}

static unsigned short port_from(const char *text)
{
	char *end;
	long port = strtol(text, &end, 10);

	if (end == text || *end != '\0' || port < 1 || port > 65535)
		errx(2, "%s: not a port", text);
	return (unsigned short)port;
}

int main(int argc, char **argv)
{
	unsigned short port;
	struct event_base *base;
	struct event *terminated;
	struct evhttp *http;

	if (argc != 2)
		errx(2, "usage: %s PORT", argv[0]);
	port = port_from(argv[1]);
	setvbuf(stdout, NULL, _IOLBF, 0);

	base = event_base_new();
	http = base == NULL ? NULL : evhttp_new(base);
	terminated = base == NULL ? NULL : evsignal_new(base, SIGTERM, stop, base);
	if (http == NULL || terminated == NULL || event_add(terminated, NULL) != 0)
		errx(1, "cannot start");
	if (evhttp_bind_socket(http, "0.0.0.0", port) != 0)
		err(1, "port %u", port);
	evhttp_set_allowed_methods(http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD);
	evhttp_set_timeout(http, 10);
	evhttp_set_gencb(http, respond, NULL);

	printf("listening on port %u\n", port);
	event_base_dispatch(base);

	event_free(terminated);
	evhttp_free(http);
	event_base_free(base);
	return 0;
}
