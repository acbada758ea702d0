"""Run with: python3 -m unittest"""

import threading
import unittest
from http.client import HTTPConnection
from http.server import ThreadingHTTPServer

from service import Handler, answer


class AnswerTest(unittest.TestCase):
    def test_known_paths(self):
        self.assertEqual(answer("/"), (200, "Hello from {{name}}\n"))
        self.assertEqual(answer("/healthz"), (200, "ok\n"))

    def test_other_paths_are_not_found(self):
        self.assertEqual(answer("/other"), (404, "not found\n"))


class HandlerTest(unittest.TestCase):
    def test_answers_over_http(self):
        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            threading.Thread(target=server.serve_forever).start()
            try:
                client = HTTPConnection(*server.server_address, timeout=10)
                client.request("GET", "/healthz?from=test")
                response = client.getresponse()
                self.assertEqual((response.status, response.read()), (200, b"ok\n"))
                client.close()
            finally:
                server.shutdown()


if __name__ == "__main__":
    unittest.main()
