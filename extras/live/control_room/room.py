"""What runs, told: alerts to those who are to know, answers to them, and twice a second a picture
for the page.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol, cast

import numpy as np

from benchmarks.declared import Words
from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase
from extras.live.control_room import shift_words, shifts
from extras.live.control_room.answers import AlertAnswer, Kind, key_of
from extras.live.control_room.faults import Faults
from extras.live.control_room.moment import PlantMoment
from extras.live.control_room.notifying import Journal, Notifier
from extras.live.control_room.pages import SitePages
from extras.live.control_room.serving import Server
from extras.live.control_room.shift_ends import ShiftEnds
from extras.live.control_room.unsent import Notification
from extras.live.running.explaining import practices_against
from extras.live.running.history import PlantLearning
from extras.live.running.plant import Alert, Plant
from extras.live.running.reopening import LateRecount
from extras.live.sources.settings import LiveSettings
from extras.live.sources.source import LiveSource, not_saved, reason
from extras.live.spool.acknowledging import Intake
from extras.live.spool.lost_numbers import UNREADABLE
from extras.live.spool.reading import AHEAD_US
from extras.live.spool.repeats import ArrivalOutcome
from extras.live.spool.writer import Spool, now_us
from extras.live.spool_source import KeptSource
from extras.live.unreadable import Message, UnreadableMessages
from reporting_agent.config import SiteSettings

SHOW_EVERY_S = 0.5


class WatchedSite(Protocol):
    """What a picture is made of, beside the plant."""

    stored: int
    repeated: int
    contradicted: int
    corrected: int
    spool: Spool
    intake: Intake

    @property
    def sources(self) -> Sequence[LiveSource]:
        """Those that run."""

    @property
    def notices(self) -> Sequence[tuple[str, Phrase, bool]]:
        """Further rows of the page's table of sources."""


class Room:
    """What runs, told: alerts to those who are to know, and twice a second a picture for the
    page.
    """

    def __init__(
        self,
        site: SiteSettings,
        settings: LiveSettings,
        tell: Callable[[str], None],
        teller: Notifier,
    ) -> None:
        self.site, self.settings, self.tell = site, settings, tell
        self.plant = Plant(
            site, datetime.now(site.zone).date(), settings.alerts.false_alarms_a_week
        )
        self.pages = SitePages(site)
        self.journal = Journal(settings.folder, tell)
        self.alerts: list[Alert] = []
        self.answers: dict[str, AlertAnswer] = {}
        self.reopening = LateRecount(site, settings.folder)
        self.faults = Faults(self.plant, site.zone)
        self._practices: dict[str, tuple[Words, ...]] = {}
        self._answering = threading.Lock()
        self.latest: PlantMoment | None = None
        self.teller = teller
        self.server: Server | None = None
        self._shown_s = float("-inf")
        self._learning = PlantLearning(self.plant, time.monotonic())
        self._shift_ends = ShiftEnds(site.runs.shift_starts, site.zone, settings.folder)
        self.unreadable = UnreadableMessages()

    def start(self, before: Room | None = None) -> None:
        """Learn from what the spool holds, remember what was told, and serve the page, by the
        server of the room before if any.
        """
        source = KeptSource(self.settings, self.site.zone)
        until_us = now_us() + AHEAD_US
        parts: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}
        for block in source.readings(frozenset(self.plant.totals.by_meter)):
            sane = block.time_us <= until_us
            if not sane.all():
                self.plant.totals.ahead[block.meter] = int(block.time_us.max())
            parts.setdefault(block.meter, []).append((block.time_us[sane], block.value[sane]))
        readings = {
            name: (
                np.concatenate([times for times, _ in blocks]),
                np.concatenate([values for _, values in blocks]),
            )
            for name, blocks in parts.items()
        }
        self._remember(readings)
        self.plant.fill(
            readings,
            [row for row in source.rows if row["table"] == "batches"],
            max((int(t.max()) for t, _ in readings.values() if len(t)), default=0),
        )
        self._shift_ends.start(self.plant.totals)
        self.alerts, self.answers = self.journal.load(), self.journal.answers()
        for alert in self.alerts:
            self._practices[key_of(alert)] = tuple(
                practice.words for practice in practices_against(self.site, alert)
            )
            if (batch := self.plant.log.batches.get((alert.step, alert.batch))) is not None:
                batch.sure_us = alert.at_us
        if before is not None and before.server is not None and self.settings.page is not None:
            self.latest, self.server = before.latest, before.server
            self.server.show(self.settings.page, self.pages, self.shown, self.answer)
        elif self.settings.page is not None:
            self.listen()
            self.tell(
                Phrase(
                    "The page is at http://%(address)s:%(port)s/",
                    address=self.settings.page.listen,
                    port=self.settings.page.port,
                )
            )

    def goes_on(self, before: Room) -> None:
        """In place of another, before it starts: what that counted since the agent started, and the
        shift that it has not told.
        """
        self.unreadable = before.unreadable
        self._shift_ends.goes_on(before._shift_ends)

    def _remember(self, readings: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> None:
        """When each meter was heard of last: at its last time, or now where its clock is ahead;
        when that came the spool does not say.
        """
        wall_us = now_us()
        for name, (time_us, _) in readings.items():
            if len(time_us):
                total = self.plant.totals.by_meter[name]
                total.received_us = min(int(time_us.max()) + total.late_us, wall_us)

    def listen(self) -> None:
        """Take the page's address, where that is not done.

        Raises:
            InputError: `page-address`, it cannot be had.
        """
        page = self.settings.page
        if page is None or self.server is not None:
            return
        try:
            self.server = Server(page, self.pages, self.shown, self.answer)
        except OSError as refused:
            raise InputError(
                "page-address",
                "The control room's page cannot be served at this address.",
                "Name an address of this machine under listen, and a port that no other program "
                "uses.",
                place=Place(str(self.site.path), column="source.page"),
                found=reason(refused),
                wanted=f"{page.listen}:{page.port}",
            ) from refused
        self.server.start()

    def stop(self, *, leave_server: bool = False) -> None:
        if self.server is not None and not leave_server:
            self.server.stop()

    def take(self, outcome: ArrivalOutcome) -> None:
        self.plant.take(outcome.readings, outcome.rows)
        for row in outcome.rows:
            if row["table"] == UNREADABLE:
                self._tell_unreadable(self.unreadable.take(row, now_us()))
        self.reopening.take(outcome)

    def _tell_unreadable(self, message: Message) -> None:
        """The first of each topic, and then the tenth, the hundredth and so on."""
        count = self.unreadable.of(message.topic)
        if str(count).strip("0") == "1":
            self.tell(
                Phrase(
                    "%(topic)s: a message could not be read (%(why)s); %(count)s of it since the "
                    "agent started. It begins: %(text)s",
                    topic=message.topic,
                    why=message.why,
                    count=f"{count:,}",
                    text=repr(message.text),
                )
            )

    def answer(self, key: str, kind: str, word: str) -> bool:
        """Take an answer from the page, in a thread of its server; False where no alert has that
        key.
        """
        alert = next(
            (candidate for candidate in list(self.alerts) if key_of(candidate) == key), None
        )
        if alert is None:
            return False
        alert_answer = AlertAnswer(key, cast(Kind, kind), word, now_us())
        with self._answering:
            self.journal.answer(alert_answer)
            self.answers = {**self.answers, key: alert_answer}
        sentences = {
            "seen": Phrase("The alert of batch %(batch)s was seen.", batch=alert.batch),
            "not-so": Phrase(
                "The alert of batch %(batch)s was answered: false alarm. %(word)s",
                batch=alert.batch,
                word=word,
            ),
            "taken-back": Phrase(
                "The answer to the alert of batch %(batch)s was withdrawn.", batch=alert.batch
            ),
        }
        self.tell(sentences[kind])
        self._shown_s = float("-inf")  # the next picture is not a second away
        return True

    def shown(self) -> PlantMoment | None:
        """The last picture, with the answers of this moment: the page after a form holds what was
        answered. In a thread of the server.
        """
        moment, answers = self.latest, self.answers
        return (
            moment
            if moment is None or moment.answers is answers
            else replace(moment, answers=answers)
        )

    def round(self, watch: WatchedSite) -> None:
        """Twice a second: look at what runs, raise what is sure, picture it."""
        now_s = time.monotonic()
        if now_s - self._shown_s < SHOW_EVERY_S:
            return
        self._shown_s = now_s
        self._learning.round(now_s)
        for alert in self.plant.look():
            self._raise(alert)
        for sentence in (
            *self.faults.fresh(watch.spool.meters),
            *self.reopening.round(self.plant, now_s),
        ):
            self.tell(sentence)
        self.latest = self._picture(watch)
        if (
            ended := self._shift_ends.due(
                self.plant.totals, datetime.now(UTC), now_s, is_settled=self._is_settled
            )
        ) is not None:
            self.reopening.settle(self.plant)
            self._tell_shift(shifts.done(self.plant, self.alerts, *ended))
            try:
                self._shift_ends.mark_told(ended)
            except OSError as refused:
                self.tell(not_saved("shift.json", refused))

    def _is_settled(self) -> bool:
        return not self.plant.unlearned and not self.reopening.gathers

    def _raise(self, alert: Alert) -> None:
        """To be sent first: a kill before the journal knows it raises it once more, with the same
        id, and none is lost.
        """
        self._practices[key_of(alert)] = helping = tuple(
            practice.words for practice in practices_against(self.site, alert)
        )
        sentence = self.pages.alert(alert)
        self.tell(sentence)
        data = {
            "site": self.site.id,
            "kind": "waste",
            "batch": alert.batch,
            "step": alert.step,
            "equipment": alert.equipment,
            "at": datetime.fromtimestamp(alert.at_us / 1e6, UTC).isoformat(),
            "above_kgce_per_t": alert.kgce_per_t,
            "output_unit": alert.unit,
            "above_kgce": alert.kgce,
            "cause": str(alert.cause),
            "practices": [words.en for words in helping],
            "money": alert.money,
            "currency": self.pages.currency or None,
        }
        subject = f"{self.pages.name}: {alert.equipment or alert.step} {alert.batch}"
        self.teller.tell(
            Notification(
                f"{self.site.id} waste {alert.step}/{alert.batch}", subject, str(sentence), data
            )
        )
        self.journal.add(alert)
        self.alerts.append(alert)

    def tell_of_report(self, sentence: Phrase) -> None:
        """By the ways of alerts."""
        self.tell(sentence)
        subject, data = (
            f"{self.pages.name}: {Phrase('Report')}",
            {"site": self.site.id, "kind": "report"},
        )
        self.teller.tell(
            Notification(f"{self.site.id} report {sentence}", subject, str(sentence), data)
        )

    def _picture(self, watch: WatchedSite) -> PlantMoment:
        plant, wall = self.plant, now_us()
        at = plant.totals.now_us
        start, end = shifts.bounds(
            self.site.runs.shift_starts,
            datetime.fromtimestamp((at or wall) / 1e6, UTC),
            self.site.zone,
        )
        running = {(batch.step, batch.id) for batch in plant.log.running()}
        return PlantMoment(
            at_us=at,
            wall_us=wall,
            open=plant.open_batches(wall),
            idle=plant.idle(),
            silent=plant.totals.silent(wall)
            if watch.intake.full is None
            else (),  # what is refused is not silent
            unreadable=self.unreadable.listed(),
            unread=self.unreadable.count,
            sources=[(source.name, source.trouble()) for source in watch.sources],
            alerts=[alert for alert in self.alerts if (alert.step, alert.batch) in running],
            shift=shifts.done(plant, self.alerts, start, end),
            stored=watch.stored,
            repeated=watch.repeated,
            contradicted=watch.contradicted,
            corrected=watch.corrected,
            missing=sum(meter.gaps.missing for meter in watch.spool.meters.values()),
            weeks=plant.history.weeks,
            rate=plant.history.rate_a_week,
            vouched=plant.history.limits.single is not None,
            untold=plant.totals.untold,
            answers=self.answers,
            practices=self._practices,
            notices=[
                *self.faults.notices(watch.spool.meters),
                *self.reopening.notices(),
                *watch.notices,
            ],
        )

    def _tell_shift(self, shift: shifts.Shift) -> None:
        """What it did, once it ended."""
        view = self.pages.shift_view(shift, "en", self.answers)
        self.tell(shift_words.ended(shift, self.site.zone))
        lines = map(shift_words.line_words, shift.lines)
        self.teller.tell(
            Notification(
                f"{self.site.id} shift {shift.start.isoformat()}",
                f"{self.pages.name}: {view['heading']}",
                "\n".join(
                    [
                        *lines,
                        *view["not_compared"],
                        *filter(None, [view["again"], view["so_far"]]),
                        *view["alerts"],
                        view["counted"],
                    ]
                ),
                {"site": self.site.id, "kind": "shift", **view},
            )
        )
