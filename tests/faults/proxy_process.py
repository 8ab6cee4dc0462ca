"""A reverse proxy in a process of its own: `python proxy_process.py TARGET PREFIX` prints its port.

It takes the prefix off the path, passes the query as it came, and calls the product by its inner name, as proxies do.
"""

import sys
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


def serve(target: str, prefix: str) -> None:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            wire = HTTPConnection(urlsplit(target).netloc, timeout=20)
            dropped = ("host", "connection", "content-length")
            headers = {name: value for name, value in self.headers.items() if name.lower() not in dropped}
            more = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9", "X-Forwarded-Prefix": prefix}
            wire.request("POST", self.path.removeprefix(prefix), body, headers | more)
            answer = wire.getresponse()
            told = answer.read()
            wire.close()
            self.send_response_only(answer.status)
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, format: str, *args: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    serve(*sys.argv[1:])
