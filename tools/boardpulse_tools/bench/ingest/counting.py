"""What the empty subscribers have in common: they count what comes, do nothing else, and show the count on a page."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import count

from boardpulse_tools.network import LOOPBACK

COUNTER = "floor_messages_total"
TOPIC = "boardpulse/v1/+/+/up"


class Taken:
    """How many messages came."""

    def __init__(self) -> None:
        self._numbers = count()
        self._asked = 0

    def callback(self, *_message: object) -> None:
        """A message came, in whatever form a library hands it over."""
        next(self._numbers)

    def number(self) -> int:
        """Messages so far."""
        n = next(self._numbers) - self._asked  # asking counts, too
        self._asked += 1
        return n


def serve(taken: Taken, http_port: int) -> None:
    """Answer with the count until a signal ends the program."""
    HTTPServer((LOOPBACK, http_port), _page(taken)).serve_forever()


def _page(taken: Taken) -> type[BaseHTTPRequestHandler]:
    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = f"{COUNTER} {taken.number()}\n".encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Page
