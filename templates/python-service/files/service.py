#!/usr/bin/python3
"""{{name}}: answers HTTP requests."""

import argparse
import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def answer(path):
    """Return the status and the text that a path is answered with."""
    match path:
        case "/":
            return 200, "Hello from {{name}}\n"
        case "/healthz":
            return 200, "ok\n"
        case _:
            return 404, "not found\n"


class Handler(BaseHTTPRequestHandler):
    """Turns answers into HTTP."""

    protocol_version = "HTTP/1.1"
    server_version = "{{name}}"
    timeout = 10  # seconds that a silent client may hold a thread

    def do_GET(self):
        status, text = answer(self.path.partition("?")[0])
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, format, *args):
        print(self.client_address[0], format % args, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default={{port}})
    port = parser.parse_args().port

    with ThreadingHTTPServer(("0.0.0.0", port), Handler) as server:
        # shutdown() waits for the loop that the signal interrupted: it needs a thread of its own
        def stop(*_):
            threading.Thread(target=server.shutdown).start()

        signal.signal(signal.SIGTERM, stop)
        print(f"listening on port {port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
