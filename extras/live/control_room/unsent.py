"""What people are to be told and not every way has taken yet: `unsent.json` in the spool's folder,
so that a restart goes on with it.

A message is saved before it is sent, and taken out once a server took it. Between the two a kill
leaves a message that is sent a second time: each comes at least once, with the same id.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.phrases import Phrase
from extras.live.running.meter_total import HOUR_US
from extras.live.sources.source import reason
from reporting_agent.state import write_whole

OLDEST_H = 24  # hours: who is told of a waste later than that can do nothing about it
MOST_WAITING = 1_000


@dataclass(frozen=True, slots=True)
class Notification:
    """One message: what it is about among all of its site, its subject, its text, and further facts
    as data.
    """

    about: str
    subject: str
    text: str
    data: dict[str, Any]

    @property
    def id(self) -> str:
        """By which a receiver knows a message that comes again: the same whenever, and by whatever
        way, it is sent.
        """
        return hashlib.sha256(self.about.encode()).hexdigest()[:32]

    def as_json(self) -> str:
        """As webhook and MQTT carry it."""
        return json.dumps({"id": self.id, "text": self.text, **self.data}, ensure_ascii=False)


@dataclass(slots=True)
class WaitingMessage:
    """A message, when it was given (UTC, microseconds), and the ways that have not taken it."""

    notification: Notification
    at_us: int
    ways: list[str] = field(default_factory=list)


class UnsentMessages:
    """In the order in which they came; asked from any thread."""

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        """`folder`: the spool's."""
        self._file, self._say, self._lock = folder / "unsent.json", say, threading.Lock()
        saved = json.loads(self._file.read_text("utf-8")) if self._file.exists() else []
        self._waiting = [
            WaitingMessage(Notification(**entry["told"]), entry["at_us"], entry["ways"])
            for entry in saved
        ]
        self._is_saved = True

    def add(self, notification: Notification, ways: Collection[str], at_us: int) -> None:
        """Save it; of one with the same id this is the latest. Beyond `MOST_WAITING` the oldest is
        given up, and that is said.
        """
        if not ways:
            return
        with self._lock:
            self._waiting = [
                entry for entry in self._waiting if entry.notification.id != notification.id
            ] + [WaitingMessage(notification, at_us, list(ways))]
            dropped, self._waiting = self._waiting[:-MOST_WAITING], self._waiting[-MOST_WAITING:]
            self._save()
        for entry in dropped:
            self._say(
                Phrase(
                    "Not sent, because more than %(most)s messages wait: %(text)s",
                    most=MOST_WAITING,
                    text=entry.notification.text,
                )
            )

    def first(self, way: str) -> WaitingMessage | None:
        """The oldest that this way has not taken."""
        with self._lock:
            return next((entry for entry in self._waiting if way in entry.ways), None)

    def taken(self, entry: WaitingMessage, way: str) -> bool:
        """By a server, or given up; False where it was before, by another thread."""
        with self._lock:
            if way not in entry.ways:
                return False
            entry.ways.remove(way)
            self._waiting = [each for each in self._waiting if each.ways]
            self._save()
        return True

    def give_up(self, ways: Collection[str], now_us: int) -> None:
        """What is too old, and what waits for a way that is not among these: not sent, and said."""
        with self._lock:
            old = [
                (entry, way)
                for entry in self._waiting
                for way in entry.ways
                if now_us - entry.at_us > OLDEST_H * HOUR_US
            ]
            gone = [
                (entry, way)
                for entry in self._waiting
                for way in entry.ways
                if way not in ways and (entry, way) not in old
            ]
        for entry, way in old:
            if self.taken(entry, way):
                self._say(
                    Phrase(
                        "Not sent by %(way)s, because it has waited more than %(hours)s hours: "
                        "%(text)s",
                        way=way,
                        hours=OLDEST_H,
                        text=entry.notification.text,
                    )
                )
        for entry, way in gone:
            if self.taken(entry, way):
                self._say(
                    Phrase(
                        "Not sent by %(way)s, because site.toml no longer names it: %(text)s",
                        way=way,
                        text=entry.notification.text,
                    )
                )

    def _save(self) -> None:
        """On the disk once it returns. Where the disk takes nothing, they are still sent, and it is
        said once what a restart would do.
        """
        entries = [
            {"told": asdict(entry.notification), "at_us": entry.at_us, "ways": entry.ways}
            for entry in self._waiting
        ]
        try:
            write_whole(self._file, json.dumps(entries, ensure_ascii=False, indent=1).encode())
        except OSError as refused:
            if self._is_saved:
                self._say(
                    Phrase(
                        "Which alerts were sent cannot be saved (%(why)s). After a restart some "
                        "may be missing or come twice. Free space "
                        "on the spool's disk.",
                        why=reason(refused),
                    )
                )
            self._is_saved = False
        else:
            self._is_saved = True
