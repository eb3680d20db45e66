"""A site on loopback for the browser's tests."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

_FORM = """<title>Form</title><h1>Hello</h1>
<label>Name <input></label><button onclick="h.textContent = 'Hello ' + i.value">Greet</button>
<a href="/second">next</a> <a href="/second" target="_blank">in a new tab</a>
<script>h = document.querySelector("h1"); i = document.querySelector("input")</script>
<p hidden>not seen</p><div style="height: 3000px"></div>"""

_PAGES = {
    "/form": _FORM,
    "/second": "<title>Second</title>the second page",
    "/hung": "<title>Hung</title><p>before</p><script>while (true) {}</script>",
    "/half": "<title>Half</title><p>there</p><img src=/never>",
}


class Site(NamedTuple):
    url: str
    asked: list[str]
    """The paths, as they come."""


@contextmanager
def site() -> Iterator[Site]:
    """``/cookie`` says which it was sent and gives one; ``/never`` does not answer."""
    is_over = threading.Event()
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            if self.path == "/never":
                is_over.wait()
            body = _PAGES.get(self.path)
            status = 404 if body is None and self.path != "/cookie" else 200
            self.send_response(status)
            if self.path == "/cookie":
                body = self.headers.get("cookie", "none")
                self.send_header("set-cookie", f"visitor={len(body)}")
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write((body or "nothing here").encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        yield Site(f"http://127.0.0.1:{server.server_port}", asked)
    finally:
        is_over.set()
        server.shutdown()
        serving.join()
        server.server_close()
