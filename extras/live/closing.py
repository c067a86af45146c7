"""The report of a period once it closed, where the owner said so: made by `label`, sealed by
`submit --offline`, or sent by `submit`.

It begins only when every source is read without trouble, no reading is missing that is still
requested, and every meter told of a time after the period's end and the grace that is declared;
`submit` itself refuses where a question is open or the policy says no, and then nothing is sent and
it is told. Each command runs as a process of its own: receiving goes on meanwhile, and a kill
leaves what `submit` leaves, which is durable at every step. `reports.json` beside the spool knows
what came of it, so that a restart neither forgets nor tells twice.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.errors import ExitCode
from benchmarks.measurements import Period
from benchmarks.phrases import Phrase
from extras.live.sources.report_settings import Reports
from extras.live.sources.settings import LiveSettings
from extras.live.sources.source import LiveSource, not_saved, reason
from extras.live.spool.writer import Spool
from reporting_agent.config import SiteSettings
from reporting_agent.state import write_whole

A_MOMENT = timedelta(microseconds=1)
AGAIN_S = 900.0  # where the portal is not reached
BUSY_AGAIN_S = 60.0  # where another process, of an agent that was killed, is at it
# where it is refused: a question may be answered; asked at once where site.toml is read again
REFUSED_AGAIN_S = 86_400.0
DONE, REFUSED, UNREACHED = "done", "refused", "unreached"
_STATES: Mapping[int, str] = {
    ExitCode.DONE: DONE,
    ExitCode.UNREACHABLE: UNREACHED,
}  # any other code is a refusal
_LONGEST = 2_000  # characters of an answer that are kept


class PeriodClosing:
    """Asked once a second; runs one report at a time."""

    def __init__(
        self,
        site: SiteSettings,
        settings: LiveSettings,
        tell: Callable[[Phrase], None],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._site, self._settings, self._tell, self._clock = site, settings.reports, tell, clock
        self._file = settings.folder / "reports.json"
        attempts = json.loads(self._file.read_text("utf-8")) if self._file.exists() else {}
        self.made: dict[str, dict[str, Any]] = {
            period: attempt for period, attempt in attempts.items() if self._is_of_its_step(attempt)
        }
        self._open: set[str] = set()  # periods that closed and have no report
        self._waits: Phrase | None = None
        self._not_before_s: dict[str, float] = {}
        self._running: tuple[str, subprocess.Popen[str]] | None = None
        self._answer: list[tuple[int, str]] = []
        self._thread: threading.Thread | None = None
        self._lacking = ""  # readings of the running report's time that were given up

    def round(self, spool: Spool, sources: Sequence[LiveSource]) -> None:
        """Begin what is due, tell what ended."""
        if self._settings is None:
            return
        if self._running is not None:
            if self._thread is not None and not self._thread.is_alive():
                self._ended()
            return
        period = self._due(self._settings)
        if period is None:
            self._waits = None
            return
        self._waits = self._waiting_for(period, spool, sources)
        if self._waits is None:
            self._lacking = self._given_up(period, spool)
            self._begin(self._settings, period)

    def stop(self) -> None:
        """End what runs; `submit` goes on where it was when it is run again."""
        if self._running is not None:
            self._running[1].terminate()
            if self._thread is not None:
                self._thread.join()
            self._running = None

    def notices(self) -> list[tuple[str, Phrase, bool]]:
        """For the page: what runs or waits, what came of the last, and what is not done yet of
        those before.
        """
        rows: list[tuple[str, Phrase, bool]] = []
        name = Phrase("Report")
        if self._running is not None:
            rows.append((name, Phrase("%(period)s is being made", period=self._running[0]), True))
        elif self._waits is not None:
            rows.append((name, self._waits, False))
        for period, attempt in sorted(self.made.items()):
            if period in self._open or period == max(self.made):
                rows.append((name, _state(period, attempt), attempt["state"] == DONE))
                if lacking := attempt.get("lacking"):
                    rows.append((name, _lacks(period, lacking), False))
        return rows

    def _is_of_its_step(self, attempt: Mapping[str, Any]) -> bool:
        """A local report is no sealed one, and neither was sent."""
        return self._settings is None or attempt["step"] == self._settings.step

    def _due(self, settings: Reports) -> Period | None:
        """The first period that closed with its grace over and has no report, once it may be tried;
        one that is refused keeps none after it, and a portal that is not reached is for none."""
        now = self._clock()
        closed = [
            period
            for period in settings.periods(self._site.zone, now)
            if period.end + timedelta(hours=settings.grace_h) <= now
        ]
        lacking = {
            period: state
            for period in closed
            if (state := self.made.get(period.name, {}).get("state")) != DONE
        }
        self._open = {period.name for period in lacking}
        for period, state in lacking.items():
            if time.monotonic() >= self._not_before_s.get(period.name, 0.0):
                return period
            if state != REFUSED:
                return None
        return None

    def _waiting_for(
        self, period: Period, spool: Spool, sources: Sequence[LiveSource]
    ) -> Phrase | None:
        for source in sources:
            if trouble := source.trouble():
                return Phrase(
                    "%(period)s waits: %(source)s is not read (%(why)s)",
                    period=period.name,
                    source=source.name,
                    why=trouble,
                )
        end_us = round(period.end.timestamp() * 1e6)
        first, last = (
            moment.astimezone(self._site.zone).date()
            for moment in (period.start, period.end - A_MOMENT)
        )
        for meter in self._site.meters:
            if meter.computed or not meter.counts_within(first, last):
                continue
            meter_state = spool.meters.get(meter.id)
            stays = meter.counts_for(
                period.end, self._site.zone
            )  # one that was replaced has nothing to send after that
            if stays and (meter_state is None or meter_state.highest[0] < end_us):
                return Phrase(
                    "%(period)s waits: %(meter)s has sent no reading since its end",
                    period=period.name,
                    meter=meter.id,
                )
            if meter_state is not None and meter_state.gaps.missing:
                return Phrase(
                    "%(period)s waits: readings of %(meter)s are missing",
                    period=period.name,
                    meter=meter.id,
                )
        return None

    def _given_up(self, period: Period, spool: Spool) -> str:
        """Meters and numbers of the readings that were given up since the period began: it waited
        for them, and they did not come.
        """
        begin_us = round(period.start.timestamp() * 1e6)
        return "; ".join(
            f"{meter.id} {first}–{last}"
            for meter in self._site.meters
            if (meter_state := spool.meters.get(meter.id)) is not None
            for first, last, at_us in meter_state.gaps.given_up
            if at_us >= begin_us
        )

    def _begin(self, settings: Reports, period: Period) -> None:
        try:
            command = [
                sys.executable,
                "-m",
                "reporting_agent",
                *settings.command(self._site.path, period.name),
            ]
            process = subprocess.Popen(  # noqa: S603 - ours
                command,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
            )
        except OSError as refused:
            self._take(period.name, REFUSED, reason(refused))
            return
        self._running = (period.name, process)
        self._answer = []
        self._thread = threading.Thread(
            target=self._listen, args=(process,), daemon=True, name="report"
        )
        self._thread.start()

    def _listen(self, process: subprocess.Popen[str]) -> None:
        output, _ = process.communicate()
        self._answer.append((process.returncode, last_lines(output.strip())))

    def _ended(self) -> None:
        """Take what came of it; one that was killed is begun again after a minute."""
        period, _ = self._running or ("", None)
        self._running = None
        code, answer = self._answer[0]
        if code < 0 or "[state-busy]" in answer:
            self._not_before_s[period] = time.monotonic() + BUSY_AGAIN_S
            return
        self._take(period, _STATES.get(code, REFUSED), answer)

    def _take(self, period: str, state: str, answer: str) -> None:
        """Keep what came of it before it is told."""
        self._not_before_s[period] = time.monotonic() + (
            REFUSED_AGAIN_S if state == REFUSED else AGAIN_S
        )
        before = self.made.get(period, {})
        step = None if self._settings is None else self._settings.step
        at = self._clock().isoformat(timespec="seconds")
        now = {"state": state, "step": step, "at": at, "told": answer, "lacking": self._lacking}
        self.made = {**self.made, period: now}
        try:
            write_whole(self._file, json.dumps(self.made, ensure_ascii=False, indent=1).encode())
        except OSError as refused:
            self._tell(not_saved(self._file.name, refused))
        if (before.get("state"), before.get("told")) != (state, answer):
            self._tell(Phrase("%(heading)s: %(text)s", heading=_state(period, now), text=answer))
            if self._lacking:
                self._tell(_lacks(period, self._lacking))


def last_lines(text: str) -> str:
    """Its end, from the beginning of a line on."""
    if len(text) <= _LONGEST:
        return text
    _, _, lines = text[-_LONGEST:].partition("\n")
    return f"…\n{lines or text[-_LONGEST:]}"


def _lacks(period: str, lacking: str) -> Phrase:
    return Phrase(
        "Report of %(period)s: without readings that did not come although they were requested: "
        "%(meters)s",
        period=period,
        meters=lacking,
    )


def _state(period: str, attempt: dict[str, Any]) -> Phrase:
    at = attempt["at"]
    if attempt["state"] == DONE:
        return Phrase("Report of %(period)s: done at %(at)s", period=period, at=at)
    if attempt["state"] == UNREACHED:
        return Phrase(
            "Report of %(period)s: portal not reached at %(at)s, tried again", period=period, at=at
        )
    return Phrase("Report of %(period)s: refused at %(at)s, nothing was sent", period=period, at=at)
