"""Serves the control room's page on the plant's own network by known names only, takes answers to
alerts, sends what changed.

All that can be sent is an answer to an alert, by a form of this page: the browser must say that it
comes from here (`Origin`), and the form carries a token that no other page can read. A name that
the page is not known by is refused, or another site's page in the same browser could read it by a
name of its own that points here (DNS rebinding). Server-sent events carry the parts that changed.
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
from urllib.parse import SplitResult, parse_qs, urlsplit

from benchmarks.catalogue import in_language, languages
from benchmarks.phrases import Phrase
from extras.live.control_room.answers import KINDS, LONGEST_WORD
from extras.live.control_room.moment import PlantMoment
from extras.live.control_room.pages import SitePages
from extras.live.control_room.rendering import prefix
from extras.live.sources.settings import PageAddress

EVERY_S = 0.25  # a picture is made twice a second, and waits no longer than this
MOST_LISTENING = 50
MOST_BYTES_SENT = 4_096
_UNKNOWN_HOST = Phrase("Unknown host name: see names under [source.page].")
_STALE = Phrase(
    "This form is of before the agent started again. Load the page again, and answer once more."
)
_ANSWERS = Phrase(
    "An answer is %(kinds)s, with at most %(length)s characters.",
    kinds=", ".join(KINDS),
    length=LONGEST_WORD,
)
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
_EVENTS = "text/event-stream"
_FILES = {"/room.css": "text/css; charset=utf-8", "/room.js": "text/javascript; charset=utf-8"}
_LANGUAGES = {prefix(language): language for language in languages()}


class Server(ThreadingHTTPServer):
    """Serves `latest` until `stop`."""

    daemon_threads = True

    def __init__(
        self,
        settings: PageAddress,
        pages: SitePages,
        latest: Callable[[], PlantMoment | None],
        answer: Callable[[str, str, str], bool],
    ) -> None:
        super().__init__((settings.listen, settings.port), _Handler)
        self.pages, self.latest, self.answer = pages, latest, answer
        self.names = _names(settings)
        self.listening = threading.Semaphore(MOST_LISTENING)
        self.stopped = threading.Event()

    def show(
        self,
        settings: PageAddress,
        pages: SitePages,
        latest: Callable[[], PlantMoment | None],
        answer: Callable[[str, str, str], bool],
    ) -> None:
        """Serve another room from now on, at the same address."""
        self.names = _names(settings)
        self.pages, self.latest, self.answer = pages, latest, answer

    def start(self) -> None:
        threading.Thread(target=self.serve_forever, daemon=True, name="page").start()

    def stop(self) -> None:
        self.stopped.set()
        self.shutdown()
        self.server_close()


def _names(settings: PageAddress) -> set[str]:
    return {name.lower() for name in (settings.listen, "localhost", "127.0.0.1", *settings.names)}


def _parts(address: str) -> SplitResult:
    """Of what a browser sent; none of an address that is none, as with half a pair of brackets."""
    try:
        return urlsplit(address)
    except ValueError:
        return urlsplit("")


class _Handler(BaseHTTPRequestHandler):
    server: Server
    server_version = "Steplabel"
    sys_version = ""
    timeout = 30

    def do_GET(self) -> None:
        asked = _parts(self.path)
        if not self._is_known():
            self._say(HTTPStatus.MISDIRECTED_REQUEST, _UNKNOWN_HOST)
        elif asked.path in _FILES:
            content = (
                files("extras.live.control_room") / "templates" / asked.path[1:]
            ).read_bytes()
            self._answer(HTTPStatus.OK, _FILES[asked.path], content)
        elif (moment := self.server.latest()) is None:
            self._say(HTTPStatus.SERVICE_UNAVAILABLE, Phrase("Starting."))
        elif asked.path in _LANGUAGES:
            page = self.server.pages.room(
                moment, _LANGUAGES[asked.path], hold=asked.query == "hold"
            )
            self._answer(HTTPStatus.OK, "text/html; charset=utf-8", page.encode())
        elif (base := asked.path.removesuffix("shift")) in _LANGUAGES and asked.path.endswith(
            "shift"
        ):
            self._answer(
                HTTPStatus.OK,
                "text/html; charset=utf-8",
                self.server.pages.shift(moment, _LANGUAGES[base]).encode(),
            )
        elif (base := asked.path.removesuffix("unreadable")) in _LANGUAGES and asked.path.endswith(
            "unreadable"
        ):
            self._answer(
                HTTPStatus.OK,
                "text/html; charset=utf-8",
                self.server.pages.unreadable(moment, _LANGUAGES[base]).encode(),
            )
        elif (base := asked.path.removesuffix("answer")) in _LANGUAGES and asked.path.endswith(
            "answer"
        ):
            self._form(moment, parse_qs(asked.query).get("alert", [""])[0], _LANGUAGES[base])
        elif (base := asked.path.removeprefix("/events")) in _LANGUAGES and asked.path.startswith(
            "/events"
        ):
            self._events(_LANGUAGES[base])
        else:
            self._say(HTTPStatus.NOT_FOUND, Phrase("There is no such page."))

    def do_HEAD(self) -> None:
        """As GET, without its content (RFC 9110, 9.3.2)."""
        self.do_GET()

    def do_POST(self) -> None:
        """An answer to an alert."""
        base = _parts(self.path).path.removesuffix("answer")
        host, origin = self.headers.get("Host", ""), self.headers.get("Origin", "")
        length = self.headers.get("Content-Length", "")
        if not self._is_known():
            self._say(HTTPStatus.MISDIRECTED_REQUEST, _UNKNOWN_HOST)
        elif base not in _LANGUAGES or not self.path.endswith("answer"):
            self._say(HTTPStatus.NOT_FOUND, Phrase("There is no such page."))
        elif _parts(origin).netloc != host:
            self._say(HTTPStatus.FORBIDDEN, Phrase("An answer is sent from this page only."))
        elif not length.isdecimal() or int(length) > MOST_BYTES_SENT:
            self._say(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, Phrase("No answer is so long."))
        else:
            sent = {
                name: values[0].strip()
                for name, values in parse_qs(
                    self.rfile.read(int(length)).decode("utf-8", "replace")
                ).items()
            }
            self._take_answer(sent, base)

    def _take_answer(self, sent: dict[str, str], location: str) -> None:
        alert, kind, word = (
            sent.get("alert", ""),
            sent.get("answer", ""),
            " ".join(sent.get("word", "").split()),
        )
        if not self.server.pages.tokens.holds(alert, sent.get("token", "")):
            self._say(HTTPStatus.FORBIDDEN, _STALE)
        elif kind not in KINDS or len(word) > LONGEST_WORD:
            self._say(HTTPStatus.BAD_REQUEST, _ANSWERS)
        elif not self.server.answer(alert, kind, word):
            self._say(HTTPStatus.NOT_FOUND, Phrase("There is no such alert."))
        else:
            self.send_response(HTTPStatus.SEE_OTHER)
            self.send_header("Location", location)
            self.send_header("Content-Length", "0")
            self.end_headers()

    def _form(self, moment: PlantMoment, alert: str, lang: str) -> None:
        page = self.server.pages.answer(moment, alert, lang)
        if page is None:
            self._say(HTTPStatus.NOT_FOUND, Phrase("There is no such alert in this shift."))
        else:
            self._answer(HTTPStatus.OK, "text/html; charset=utf-8", page.encode())

    def _is_known(self) -> bool:
        """Whether the page is asked for by a name of its own."""
        host = _parts(f"//{self.headers.get('Host', '')}").hostname
        return host is not None and host in self.server.names

    def _say(self, status: HTTPStatus, text: Phrase) -> None:
        """A sentence in the language of the pages under which the address stands."""
        path = _parts(self.path).path.removeprefix("/events")
        language = next(
            (lang for start, lang in _LANGUAGES.items() if start != "/" and path.startswith(start)),
            "en",
        )
        self._answer(
            status, "text/plain; charset=utf-8", f"{in_language(text, language)}\n".encode()
        )

    def _events(self, lang: str) -> None:
        if self.command == "HEAD":
            self._head(HTTPStatus.OK, _EVENTS)
            return
        if not self.server.listening.acquire(blocking=False):
            self._say(HTTPStatus.SERVICE_UNAVAILABLE, Phrase("Too many pages are open."))
            return
        try:
            self._head(HTTPStatus.OK, _EVENTS)
            sent: dict[str, str] = {}
            before: PlantMoment | None = None
            heard = time.monotonic()
            while not self.server.stopped.is_set():
                moment = self.server.latest()
                parts = (
                    self.server.pages.parts(moment, lang)
                    if moment is not None and moment is not before
                    else {}
                )
                before = moment
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
        if self.command != "HEAD":
            self.wfile.write(content)

    def _head(self, status: HTTPStatus, kind: str, length: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if length is not None:
            self.send_header("Content-Length", str(length))
        for name, value in (
            ("Content-Security-Policy", POLICY),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "same-origin"),  # with no-referrer a form's Origin is null
            ("Cache-Control", "no-store"),
        ):
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
        """Requests are not logged."""
