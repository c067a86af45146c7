"""The control room's page on the plant's own network: read-only, nothing fetched from elsewhere, asked for by known names only.

A name that the page is not known by is refused, or another site's page in the same browser could read it by a name of its own that
points here (DNS rebinding). Server-sent events carry the parts that changed.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from benchmarks.catalogue import languages
from reporting_agent.live.settings import Page
from reporting_agent.live.view import Pages, Shown, prefix

EVERY_S = 1.0
MOST_LISTENING = 50
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_FILES = {"/room.css": "text/css; charset=utf-8", "/room.js": "text/javascript; charset=utf-8"}
_LANGUAGES = {prefix(language): language for language in languages()}


class Server(ThreadingHTTPServer):
    """Serves `latest` until `stop`."""

    daemon_threads = True

    def __init__(self, settings: Page, pages: Pages, latest: Callable[[], Shown | None]) -> None:
        super().__init__((settings.listen, settings.port), _Handler)
        self.pages, self.latest = pages, latest
        self.names = {settings.listen, "localhost", "127.0.0.1", *settings.names}
        self.listening = threading.Semaphore(MOST_LISTENING)
        self.stopped = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self.serve_forever, daemon=True, name="page").start()

    def stop(self) -> None:
        self.stopped.set()
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: Server
    server_version = "Steplabel"
    sys_version = ""
    timeout = 30

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        if (urlsplit(f"//{self.headers.get('Host', '')}").hostname or "") not in self.server.names:
            self._answer(
                HTTPStatus.MISDIRECTED_REQUEST, "text/plain; charset=utf-8", b"Unknown host name: see names under [source.page].\n"
            )
        elif asked.path in _FILES:
            content = (files("reporting_agent.live") / "templates" / asked.path[1:]).read_bytes()
            self._answer(HTTPStatus.OK, _FILES[asked.path], content)
        elif (moment := self.server.latest()) is None:
            self._answer(HTTPStatus.SERVICE_UNAVAILABLE, "text/plain; charset=utf-8", b"Starting.\n")
        elif asked.path in _LANGUAGES:
            page = self.server.pages.room(moment, _LANGUAGES[asked.path], hold=asked.query == "hold")
            self._answer(HTTPStatus.OK, "text/html; charset=utf-8", page.encode())
        elif (there := asked.path.removesuffix("shift")) in _LANGUAGES and asked.path.endswith("shift"):
            self._answer(HTTPStatus.OK, "text/html; charset=utf-8", self.server.pages.shift(moment, _LANGUAGES[there]).encode())
        elif (there := asked.path.removeprefix("/events")) in _LANGUAGES and asked.path.startswith("/events"):
            self._events(_LANGUAGES[there])
        else:
            self._answer(HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", b"There is no such page.\n")

    def _events(self, lang: str) -> None:
        if not self.server.listening.acquire(blocking=False):
            self._answer(HTTPStatus.SERVICE_UNAVAILABLE, "text/plain; charset=utf-8", b"Too many pages are open.\n")
            return
        try:
            self._head(HTTPStatus.OK, "text/event-stream")
            sent: dict[str, str] = {}
            heard = time.monotonic()
            while not self.server.stopped.is_set():
                moment = self.server.latest()
                parts = self.server.pages.parts(moment, lang) if moment is not None else {}
                changed = {name: html for name, html in parts.items() if sent.get(name) != html}
                if changed:
                    self.wfile.write(f"data: {json.dumps(changed)}\n\n".encode())
                elif time.monotonic() - heard > 15:
                    self.wfile.write(b": here\n\n")  # or nobody notices who left
                if changed or time.monotonic() - heard > 15:
                    self.wfile.flush()
                    heard = time.monotonic()
                sent |= changed
                self.server.stopped.wait(EVERY_S)
        except OSError:
            pass  # the reader left
        finally:
            self.server.listening.release()

    def _answer(self, status: HTTPStatus, kind: str, content: bytes) -> None:
        self._head(status, kind, len(content))
        self.wfile.write(content)

    def _head(self, status: HTTPStatus, kind: str, length: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if length is not None:
            self.send_header("Content-Length", str(length))
        for name, value in (
            ("Content-Security-Policy", POLICY),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
            ("Cache-Control", "no-store"),
        ):
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
        """Requests are not logged."""
