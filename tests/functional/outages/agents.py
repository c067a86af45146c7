"""Real agents that report all the time: each has its state directory, draws, seals, sends, and asks
again until it holds the receipt.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path

import httpx

from benchmarks.errors import SteplabelError, Unreachable
from benchmarks.wire import envelope
from benchmarks.wire.directory import EnrolmentSecret
from reporting_agent.sending import enrolment
from reporting_agent.sending.submission import ReportMaterial, SubmissionProcess
from reporting_agent.sending.transport import Portal
from reporting_agent.state import StateDirectory
from tests.unit.agent_send.cast import SOFTWARE, heats, material

YEARS = tuple(str(year) for year in range(2011, 2026))
HEATS = 60


@cache
def data_of(year: str) -> ReportMaterial:
    """A year of an arc furnace, the same at every site: what differs is what each draws."""
    return material(heats(HEATS, year=int(year)), year)


class Counted(httpx.BaseTransport):
    """The way to the portal, which counts what it answers and times reports handed in. The
    certificate is the trial's own.
    """

    def __init__(self, statuses: Counter[int], handed_in: list[float]) -> None:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self._under, self._statuses, self._handed_in = (
            httpx.HTTPTransport(verify=context),
            statuses,
            handed_in,
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        begun = time.monotonic()
        answer = self._under.handle_request(request)
        self._statuses[answer.status_code] += 1
        if (request.method, request.url.path) == ("POST", "/api/v1/submissions/"):
            self._handed_in.append(time.monotonic() - begun)
        return answer

    def close(self) -> None:
        self._under.close()


@dataclass
class Reporting:
    """So many agents at once, each report by the year, until told to stop; what they hold receipts
    for.

    Args:
        tokens: one a site; when all years of a site are reported the next token is taken.
        pause_s: after each report, of each agent.
        every_s: reports begin so far apart, whoever is free, and wait from that moment on; else
            each agent's as soon as it has a receipt.
        a_site: how many reports each site makes.
    """

    address: str
    folder: Path
    tokens: Iterator[str]
    at_once: int = 2
    pause_s: float = 0.0
    every_s: float = 0.0
    a_site: int = len(YEARS)
    statuses: Counter[int] = field(default_factory=Counter)
    receipts: dict[str, float] = field(
        default_factory=dict
    )  # digest of the envelope: when its receipt was verified, by time.monotonic
    debits: dict[str, int] = field(
        default_factory=dict
    )  # how many times a site paid, by its folder
    refusals: list[str] = field(default_factory=list)
    seconds: list[float] = field(
        default_factory=list
    )  # of each report, from its beginning to its receipt
    handed_in: list[float] = field(
        default_factory=list
    )  # seconds of the request alone that hands one in
    _next: float = 0.0  # when the next report begins, by time.monotonic, where they begin at a rate
    _abandoned: bool = False
    _over: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        for year in YEARS[: self.a_site]:
            data_of(year)
        self._begin()

    def _begin(self) -> None:
        self._next = time.monotonic()
        self._threads = [
            threading.Thread(target=self._report, daemon=True) for _ in range(self.at_once)
        ]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Each finishes the report that it has begun."""
        self._over.set()
        for thread in self._threads:
            thread.join(180)
            assert not thread.is_alive(), "an agent did not come to its end"

    def abandon(self) -> None:
        """Each stops where it is: what it has begun is not finished."""
        self._abandoned = True
        self.end()

    def _report(self) -> None:
        while not self._over.is_set():
            with self._lock:
                token = next(self.tokens, None)
            if token is None:
                self.refusals.append(
                    "no site is left that has not reported all its years: there was no load in "
                    "the end"
                )
                return
            folder = self.folder / sha256(token.encode()).hexdigest()[:12]
            agent = Agent(self.address, folder, self.statuses, self.handed_in)
            if self._until_done(lambda: agent.enrol(token)) is None:  # noqa: B023  # called before the next round
                return
            for year in YEARS[: self.a_site]:
                if (begun := self._turn()) is None:
                    break
                if digest := self._until_done(lambda: agent.submit(year)):  # noqa: B023
                    self.receipts[digest] = time.monotonic()
                    self.seconds.append(time.monotonic() - begun)
                if self._over.wait(self.pause_s):
                    break
            self.debits[folder.name] = agent.debited()

    def _turn(self) -> float | None:
        """When this report was due, once that is past; None where it is over."""
        if not self.every_s:
            return time.monotonic()
        with self._lock:
            due = self._next
            self._next += self.every_s
        return None if self._over.wait(max(0.0, due - time.monotonic())) else due

    def _until_done(self, do: Callable[[], str]) -> str | None:
        """Once more a second later while the portal is away, as people and timers do; a refusal
        ends it and is kept.
        """
        while not self._abandoned:
            try:
                return do()
            except Unreachable:
                time.sleep(1.0)
            except SteplabelError as refusal:
                self.refusals.append(f"{refusal.code}: {refusal.sentence}")
                return None
        return None


class Agent:
    """One site's agent with its state directory."""

    def __init__(
        self, address: str, folder: Path, statuses: Counter[int], handed_in: list[float]
    ) -> None:
        self._address, self._state, self._counts = (
            address,
            StateDirectory(folder),
            (statuses, handed_in),
        )

    def _road(self) -> Portal:
        return Portal(
            self._address,
            sleep=time.sleep,
            software=SOFTWARE,
            transport=Counted(*self._counts),
            pauses=(0.5, 1.0),
        )

    def enrol(self, token: str) -> str:
        with self._road() as road, self._state.exclusive(), self._state.connect() as connection:
            parsed, now = EnrolmentSecret.parse(token), datetime.now(UTC)
            enrolment.enrol(self._state, connection, road, parsed, software=SOFTWARE, now=now)
        return ""

    def submit(self, year: str) -> str:
        """As the command does: look at directory and log, commit, draw, seal, send; the digest of
        what there is a receipt for.
        """
        with self._road() as road, self._state.exclusive(), self._state.connect() as connection:
            site = enrolment.current(connection)
            assert site is not None
            assert site.site is not None
            identity = enrolment.identity(self._state, connection, site.site)
            submission = SubmissionProcess(
                connection, identity, software=SOFTWARE, clock=lambda: datetime.now(UTC)
            )
            submission.consult(road)
            parcel = submission.prepare(data_of(year), year, road, correct=False)
            submission.send(parcel, road)
            assert parcel.envelope is not None
            return envelope.digest(parcel.envelope)

    def debited(self) -> int:
        with self._state.connect() as connection:
            return int(connection.execute("SELECT COUNT(*) FROM ledger").fetchone()[0])
