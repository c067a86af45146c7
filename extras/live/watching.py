"""`watch`: sources into the spool, until it is told to end. What it knows is on the disk; a killed
one begins again where it was.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.errors import SteplabelError
from benchmarks.phrases import Phrase
from extras.live import reloading
from extras.live.closing import PeriodClosing
from extras.live.control_room.notifying import Notifier
from extras.live.control_room.room import Room
from extras.live.reloading import (
    Reloading,
    SourcesWanted,
    meters_changed,
    settings_of,
    topics_left,
)
from extras.live.sources import kinds, named_meters
from extras.live.sources.asking_again import Pauses, Range, RepeatedQuestions, in_all
from extras.live.sources.mqtt import MqttSource
from extras.live.sources.settings import LiveSettings
from extras.live.sources.source import LiveSource
from extras.live.spool import between_moments
from extras.live.spool.acknowledging import Intake, MessageArrival
from extras.live.spool.lost_numbers import row_given_up
from extras.live.spool.writer import Spool, SpoolFull, now_us
from reporting_agent.config import SiteSettings
from reporting_agent.console import LANGUAGE

STEP_S = 0.2  # how long one round waits for something to come
LOOK_EVERY_S = 1.0
_NOBODY = ""  # no broker that takes requests
AGAIN_FIRST_S, AGAIN_LONGEST_S = 1.0, 300.0  # before a source whose thread ended is started again


class SiteWatch:
    """One site's sources and spool."""

    def __init__(
        self, site: SiteSettings, tell: Callable[[str], None], kind: type[Intake] = Intake
    ) -> None:
        self.site, self.settings, self.tell = site, settings_of(site), tell
        self.spool = Spool(
            self.settings.folder,
            most_bytes=self.settings.most_bytes,
            drop_oldest=self.settings.when_full == "drop-oldest",
        )
        self.intake = kind(self.spool)
        self.sources = kinds.sources_of(self.settings, site.folder, self.intake)
        self.stored = self.repeated = self.contradicted = self.late = self.corrected = 0
        self.reloading = Reloading(site.path)
        self.asking: defaultdict[str, RepeatedQuestions] = defaultdict(
            RepeatedQuestions
        )  # by broker: who is not connected was not asked
        self._begun_again: dict[str, Pauses] = {}  # sources whose thread ended
        self._told: dict[str, str] = {}
        self._looked_s = float("-inf")
        self.teller = Notifier(self.settings.folder, tell, self._publish)
        self.room = Room(site, self.settings, tell, self.teller)
        self.closing = PeriodClosing(site, self.settings, self._tell_of_report)

    def _publish(self, topic: str, content: str) -> None:
        """By the first broker, which has it once this returns.

        Raises:
            OSError: there is no connection, or no answer.
        """
        broker = next((source for _, source in self._brokers()), None)
        if broker is None:
            raise ConnectionError("no [[source.mqtt]]")
        broker.publish(topic, content)

    def run(
        self, stop: threading.Event, each_round: Callable[[SiteWatch], None] | None = None
    ) -> None:
        """Receive until `stop` is set; what came by then is kept."""
        between_moments.make_ready()
        self.room.start()
        self._tell_of_meters()
        for source in self.sources:
            source.start()
        self.teller.use(self.settings.alerts, self.site.folder)
        try:
            while not stop.is_set():
                self.round()
                if each_round is not None:
                    each_round(self)
        finally:
            for source in self.sources:
                source.stop()
            self._drain()
            self.spool.close()
            self.room.stop()
            self.teller.stop()
            self.closing.stop()

    def round(self) -> None:
        """Keep what came, say what changed; a round takes as little as one message."""
        self._keep(STEP_S)
        self.spool.turn(now_us())
        self._begin_again()
        for name, source in zip(self._names(), self.sources, strict=True):
            for word in source.words():
                self._say(f"{name} {word.about}", word.state, word.sentence)
        self.room.round(self)
        self._tell_of_room()
        self._say("compaction", self.spool.compaction.trouble, self._not_written())
        for name in self.spool.dropped:
            self.tell(
                Phrase(
                    "The spool is full: %(file)s was deleted to make room, as site.toml says.",
                    file=name,
                )
            )
        self.spool.dropped.clear()
        self._look()

    @property
    def notices(self) -> Sequence[tuple[str, Phrase, bool]]:
        """What the page says of the spool and of reports."""
        full = self.intake.full
        spool = (
            [] if full is None else [(Phrase("Spool"), _full(self.settings.folder, full), False)]
        )
        if self.spool.compaction.trouble:
            spool.append((Phrase("Spool"), self._not_written(), False))
        return [*spool, *self.closing.notices()]

    def reload(self) -> None:
        """Read site.toml again; what is wrong with it is told, and nothing changes."""
        try:
            wanted = reloading.wanted(self.site.path, self.settings, self.intake)
            self._apply(wanted)
        except SteplabelError as wrong:
            self.tell(
                Phrase(
                    "site.toml was read again and refused; the earlier settings remain in force. "
                    "%(why)s",
                    why=wrong.in_words(LANGUAGE.get()),
                )
            )

    def _apply(self, wanted: SourcesWanted) -> None:
        """A new room first, for it may refuse; then sources that are gone or changed end before
        those in their place begin.
        """
        room = self._room_for(wanted)
        same_page = room is not None and _address(room.settings) == _address(self.settings)
        if room is not None and not same_page:
            room.listen()  # refused while all is as it was
        names, remaining, sources = reloading.named(self.settings), self.sources, []
        for index, entry in enumerate(reloading.named(wanted.settings)):
            if index in wanted.fresh:
                sources.append(wanted.fresh[index])
            else:
                same = names.index(entry)
                sources.append(remaining[same])
                names, remaining = (
                    names[:same] + names[same + 1 :],
                    remaining[:same] + remaining[same + 1 :],
                )
        for source in remaining:
            source.stop()
        self._drain()  # so that a source in its place goes on where it was
        self.sources = sources
        changes = (
            *topics_left(self.settings, wanted.settings),
            *meters_changed(self.site, wanted.site, self.spool.meters),
        )
        self.site, self.settings = wanted.site, wanted.settings
        self.spool.bound(
            self.settings.most_bytes, drop_oldest=self.settings.when_full == "drop-oldest"
        )
        if room is not None:
            self.room.stop(leave_server=same_page)
            room.goes_on(self.room)
            room.start(self.room if same_page else None)
            self.room = room
        for source in wanted.fresh.values():
            source.start()
        self.teller.use(self.settings.alerts, self.site.folder)
        self.closing.stop()
        self.closing = PeriodClosing(self.site, self.settings, self._tell_of_report)
        self._tell_of_meters()
        for sentence in changes:
            self.tell(sentence)
        self.tell(
            Phrase(
                "site.toml was read again and is in force. Sources that stay connected: %(kept)s; "
                "ended: %(ended)s; started: %(begun)s.",
                kept=len(self.sources) - len(wanted.fresh),
                ended=len(remaining),
                begun=len(wanted.fresh),
            )
        )

    def _tell_of_meters(self) -> None:
        """Those that sources name and site.toml does not declare."""
        for word in named_meters.words(self.site, self.settings):
            self._say(word.about, word.state, word.sentence)

    def _room_for(self, wanted: SourcesWanted) -> Room | None:
        """None where nothing of what it shows and tells changed."""
        same = wanted.site.model_copy(update={"source": {}}) == self.site.model_copy(
            update={"source": {}}
        )
        if same and (wanted.settings.alerts, wanted.settings.page) == (
            self.settings.alerts,
            self.settings.page,
        ):
            return None
        return Room(wanted.site, wanted.settings, self.tell, self.teller)

    def _ask(self) -> None:
        """Every broker for what is missing, for nobody knows whose it is; what each was asked for
        often enough is given up, and told.
        """
        now_s = time.monotonic()
        missing = {
            name: meter.gaps.ranges
            for name, meter in self.spool.meters.items()
            if meter.gaps.ranges
        }
        brokers = {
            name: source for name, source in self._brokers() if source.settings.ask is not None
        }
        due = {name: self.asking[name].due(missing, now_s) for name in brokers or (_NOBODY,)}
        for name, wanted in due.items():
            broker = brokers.get(name)
            was_asked = (
                broker.ask_again(wanted.ask)
                if broker
                else not any(source.trouble() for source in self.sources)
            )
            if was_asked:
                self.asking[name].asked(wanted.ask, now_s)
        give_up = in_all([wanted.give_up for wanted in due.values()])
        if give_up and self.intake.full is None:
            self._give_up(give_up)
            for name in due:
                self.asking[name].asked(give_up, now_s)

    def _brokers(self) -> Iterator[tuple[str, MqttSource]]:
        return (
            (name, source)
            for name, source in zip(self._names(), self.sources, strict=True)
            if isinstance(source, MqttSource)
        )

    def _tell_of_room(self) -> None:
        full = self.intake.full
        sentence = (
            Phrase("The spool accepts readings again.")
            if full is None
            else _full(self.settings.folder, full)
        )
        self._say("full", "" if full is None else str(full.strerror), sentence)

    def _give_up(self, ranges: Mapping[str, Sequence[Range]]) -> None:
        at_us = now_us()
        rows = [
            row_given_up(meter, first, last, at_us)
            for meter, gaps in ranges.items()
            for first, last in gaps
        ]
        if not self.intake.offer(MessageArrival((), rows), 0.0):
            return
        self._keep(0.0)
        for row in rows:
            self.tell(
                Phrase(
                    "%(meter)s: the readings numbered %(first)s to %(last)s did not come after "
                    "%(times)s requests. The agent requests "
                    "them no more; should they come, they count.",
                    meter=row["meter"],
                    first=row["first"],
                    last=row["last"],
                    times=max(questions.most for questions in self.asking.values()),
                )
            )

    def _begin_again(self) -> None:
        """Sources whose thread ended by itself: told why, and another started in their place after
        a pause that grows.
        """
        now_s = time.monotonic()
        for index, (name, source) in enumerate(zip(self._names(), self.sources, strict=True)):
            pauses = self._begun_again.setdefault(name, Pauses(AGAIN_FIRST_S, AGAIN_LONGEST_S))
            if not source.lifeline.ended:
                if now_s > pauses.next_s + AGAIN_LONGEST_S:  # it has run for long
                    pauses.tried = 0
                continue
            sentence = Phrase(
                "%(source)s ended by a fault in the agent (%(why)s). It is started again; what "
                "came meanwhile is with its source. Report "
                "this fault.",
                source=source.name,
                why=source.lifeline.why,
            )
            self._say(f"{name} ended", f"{pauses.tried} {source.lifeline.why}", sentence)
            if pauses.is_due(now_s):
                pauses.try_at(now_s)
                self._start_again(index, source)

    def _names(self) -> list[str]:
        """Of each source one of its own: of two tables of one address what the first says is not
        what the second says.
        """
        names = [source.name for source in self.sources]
        return [f"{name} {names[:index].count(name)}" for index, name in enumerate(names)]

    def _start_again(self, index: int, source: LiveSource) -> None:
        kind, settings = reloading.named(self.settings)[index]
        source.stop()
        self._drain()
        try:
            fresh = kinds.KINDS[kind](settings, self.site.folder, self.intake)
        except SteplabelError as wrong:
            self.tell(wrong.in_words(LANGUAGE.get()))
            return
        self.sources[index] = fresh
        fresh.start()

    def _look(self) -> None:
        """Once a second: what is missing of a thousand meters, whether settings changed, whether a
        report is due.
        """
        now_s = time.monotonic()
        if now_s - self._looked_s < LOOK_EVERY_S:
            return
        self._looked_s = now_s
        self._ask()
        if self.reloading.is_due(by_change=self.settings.reload == "on-change"):
            self.reload()
        self.closing.round(self.spool, self.sources)

    def _keep(self, timeout_s: float) -> bool:
        outcome = self.intake.step(timeout_s)
        if outcome is None:
            return False
        self.stored, self.repeated = self.stored + outcome.new, self.repeated + outcome.repeated
        self.contradicted, self.late = (
            self.contradicted + outcome.contradicted,
            self.late + len(outcome.late),
        )
        self.corrected += len(outcome.corrected)
        self.room.take(outcome)
        return True

    def _drain(self) -> None:
        """What was waiting."""
        while self._keep(0.0):
            pass

    def _not_written(self) -> Phrase:
        """A segment whose Parquet is not larger than itself, and what writing it takes."""
        compaction = self.spool.compaction
        if not compaction.trouble:
            return Phrase("The spool writes its days as Parquet again.")
        return Phrase(
            "A segment of the spool in %(folder)s could not be written as Parquet (%(why)s). Its "
            "readings are saved and count as before; "
            "the agent tries again each minute. That needs %(disk)s MB of free disk and about 500 "
            "MB of free memory: free them.",
            folder=self.settings.folder,
            why=compaction.trouble,
            disk=max(1, -(-compaction.oldest_bytes // 1_000_000)),
        )

    def _tell_of_report(self, sentence: Phrase) -> None:
        self.room.tell_of_report(sentence)

    def _say(self, about: str, state: str, sentence: str) -> None:
        """Once, when it changes."""
        if self._told.get(about, "") != state:
            self._told[about] = state
            self.tell(sentence)


def _address(settings: LiveSettings) -> tuple[str, int] | None:
    return None if settings.page is None else (settings.page.listen, settings.page.port)


def _full(folder: Path, full: SpoolFull) -> Phrase:
    return Phrase(
        "The spool in %(folder)s accepts no more data: %(why)s. Nothing is acknowledged, and "
        "sources that can do so store what they send. "
        "Free space on its disk, or raise most_gb in site.toml.",
        folder=folder,
        why=full.strerror or "",
    )
