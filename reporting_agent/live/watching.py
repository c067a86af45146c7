"""`watch`: sources into the spool, until it is told to end. What it knows is on the disk; a killed one begins again where it was."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np

from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase
from reporting_agent.config import Site
from reporting_agent.live import kinds, shifts
from reporting_agent.live.intake import Intake
from reporting_agent.live.mqtt import MqttSource
from reporting_agent.live.notifying import Journal, Teller, Told
from reporting_agent.live.running import Alert, Plant
from reporting_agent.live.serving import Server
from reporting_agent.live.settings import Live, load
from reporting_agent.live.spool import Spool, Taken, now_us
from reporting_agent.live.spool_source import KeptSource
from reporting_agent.live.view import Pages, Shown

STEP_S = 0.2  # how long one round waits for something to come
SHOW_EVERY_S = 1.0
LEARN_EVERY_S = 86_400.0


def settings_of(site: Site) -> Live:
    """What `[source]` says.

    Raises:
        InputError: the site's input is no spool, or no source fills it.
    """
    if site.inputs.source != "spool":
        raise InputError(
            "source-not-live",
            "The site reads no spool, so there is nothing to watch.",
            'Set source = "spool" under [inputs], and [source] as docs/live.md says.',
            place=Place(str(site.path), column="inputs.source"),
            found=site.inputs.source or "nothing",
            wanted='"spool"',
        )
    settings = load(site.source, site.folder)
    if not any(getattr(settings, kind) for kind in kinds.KINDS):
        raise InputError(
            "source-not-live",
            "No source fills the spool.",
            "Name where readings come from, as docs/live.md says.",
            place=Place(str(site.path), column="source"),
            found="no source",
            wanted="at least one of " + ", ".join(f"[[source.{kind}]]" for kind in kinds.KINDS),
        )
    return settings


class Watch:
    """One site's sources and spool."""

    def __init__(self, site: Site, tell: Callable[[str], None], kind: type[Intake] = Intake) -> None:
        self.site, self.settings, self.tell = site, settings_of(site), tell
        self.spool = Spool(self.settings.folder, most_bytes=self.settings.most_bytes, drop_oldest=self.settings.when_full == "drop-oldest")
        self.intake = kind(self.spool)
        self.sources = kinds.made(self.settings, site.folder, self.intake)
        self.kept = self.repeated = self.contradicted = self.late = 0
        self._told: dict[str, str] = {}
        self.room = Room(site, self.settings, tell, self._publish())

    def _publish(self) -> Callable[[str, str], None] | None:
        """By the first broker."""
        return next((one.publish for one in self.sources if isinstance(one, MqttSource)), None)

    def run(self, stop: threading.Event, each_round: Callable[[Watch], None] | None = None) -> None:
        """Receive until `stop` is set; what came by then is kept."""
        self.room.start()
        for source in self.sources:
            source.start()
        try:
            while not stop.is_set():
                self.round()
                if each_round is not None:
                    each_round(self)
        finally:
            for source in self.sources:
                source.stop()
            while self.intake.step(0.0) is not None:
                pass  # what was waiting
            self.spool.close()
            self.room.stop()

    def round(self) -> None:
        """Keep what came, ask for what is missing, say what changed."""
        taken = self.intake.step(STEP_S)
        if taken is not None:
            self.kept, self.repeated = self.kept + taken.new, self.repeated + taken.repeated
            self.contradicted, self.late = self.contradicted + taken.contradicted, self.late + len(taken.late)
            self.room.take(taken)
        self.spool.turn(now_us())
        missing = {name: one.gaps.ranges for name, one in self.spool.meters.items() if one.gaps.ranges}
        for source in self.sources:
            if missing:
                source.ask_again(missing)
            for word in source.words():
                self._say(f"{source.name} {word.about}", word.state, word.sentence)
        self.room.round(self)
        full = self.intake.full
        self._say("full", str(full or ""), _full(str(full or "")))
        for name in self.spool.dropped:
            self.tell(Phrase("The spool is full: %(file)s was deleted to make room, as site.toml says.", file=name))
        self.spool.dropped.clear()

    def _say(self, about: str, state: str, sentence: str) -> None:
        """Once, when it changes."""
        if self._told.get(about, "") != state:
            self._told[about] = state
            self.tell(sentence)


class Room:
    """What runs, told: alerts to those who are to know, and each second a picture for the page."""

    def __init__(self, site: Site, settings: Live, tell: Callable[[str], None], publish: Callable[[str, str], None] | None) -> None:
        self.site, self.settings, self.tell = site, settings, tell
        self.plant = Plant(site, datetime.now(UTC).date(), settings.alerts.false_alarms_a_week)
        self.pages = Pages(site)
        self.journal = Journal(settings.folder)
        self.alerts: list[Alert] = []
        self.latest: Shown | None = None
        self.teller = Teller(settings.alerts, site.folder, tell, publish)
        self.server: Server | None = None
        self._shown_s = self._learned_s = float("-inf")
        self._shift: shifts.Shift | None = None

    def start(self) -> None:
        """Learn from what the spool holds, remember what was told, and serve the page."""
        source = KeptSource(self.settings)
        parts: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}
        for block in source.readings(frozenset(self.plant.totals)):
            parts.setdefault(block.meter, []).append((block.time_us, block.value))
        readings = {
            name: (np.concatenate([one for one, _ in some]), np.concatenate([one for _, one in some])) for name, some in parts.items()
        }
        self.plant.fill(
            readings,
            [row for row in source.rows() if row["table"] == "batches"],
            max((int(t.max()) for t, _ in readings.values()), default=0),
        )
        self._learned_s = time.monotonic()
        self.alerts = self.journal.load()
        for one in self.alerts:
            if (batch := self.plant.batches.get((one.step, one.batch))) is not None:
                batch.sure_us = one.at_us
        if self.settings.page is not None:
            self.server = Server(self.settings.page, self.pages, lambda: self.latest)
            self.server.start()
            self.tell(
                Phrase("The page is at http://%(address)s:%(port)s/", address=self.settings.page.listen, port=self.settings.page.port)
            )

    def stop(self) -> None:
        self.teller.stop()
        if self.server is not None:
            self.server.stop()

    def take(self, taken: Taken) -> None:
        self.plant.take(taken.readings, taken.rows)

    def round(self, watch: Watch) -> None:
        """Once a second: look at what runs, raise what is sure, picture it."""
        now_s = time.monotonic()
        if now_s - self._shown_s < SHOW_EVERY_S:
            return
        self._shown_s = now_s
        if now_s - self._learned_s >= LEARN_EVERY_S:
            self._learned_s = now_s
            self.plant.learn()
        for alert in self.plant.look():
            self._raise(alert)
        self.latest = self._picture(watch)
        self._end_of_shift(self.latest.shift)

    def _raise(self, alert: Alert) -> None:
        self.journal.add(alert)
        self.alerts.append(alert)
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
            "above_kgce": alert.kgce,
            "cause": str(alert.cause),
            "money": alert.money,
            "currency": self.pages.currency or None,
        }
        self.teller.tell(Told(f"{self.pages.name}: {alert.equipment or alert.step} {alert.batch}", str(sentence), data))

    def _picture(self, watch: Watch) -> Shown:
        plant, wall = self.plant, now_us()
        at = plant.now_us
        start, end = shifts.bounds(self.site.runs.shift_starts, datetime.fromtimestamp((at or wall) / 1e6, UTC), self.site.zone)
        running = {(one.step, one.id) for one in plant.running()}
        return Shown(
            at_us=at,
            wall_us=wall,
            open=plant.open_batches(wall),
            idle=plant.idle(),
            silent=plant.silent(wall),
            unreadable=list(plant.unreadable),
            sources=[(one.name, one.trouble()) for one in watch.sources],
            alerts=[one for one in self.alerts if (one.step, one.batch) in running],
            shift=shifts.done(plant, self.alerts, start, end),
            kept=watch.kept,
            repeated=watch.repeated,
            missing=sum(one.gaps.missing for one in watch.spool.meters.values()),
            weeks=plant.weeks,
            rate=plant.rate_a_week,
            vouched=plant.limits.one is not None,
            untold=plant.untold,
        )

    def _end_of_shift(self, shift: shifts.Shift) -> None:
        """Told once a shift ended, with what it did."""
        before, self._shift = self._shift, shift
        if before is None or before.start == shift.start:
            return
        ended = shifts.done(self.plant, self.alerts, before.start, before.end)
        view = self.pages.shift_view(ended, "en")
        lines = [f"{one['equipment']}: {one['batches']}, {one['output']} t, {one['above']} kgce/t" for one in view["lines"]]
        self.tell(Phrase("%(shift)s ended: %(lines)s", shift=view["heading"], lines="; ".join(lines) or "–"))
        self.teller.tell(
            Told(
                f"{self.pages.name}: {view['heading']}",
                "\n".join([*lines, *view["alerts"]]),
                {"site": self.site.id, "kind": "shift", **view},
            )
        )


def _full(why: str) -> str:
    if not why:
        return Phrase("The spool takes readings again.")
    return Phrase("The spool takes nothing more (%(why)s); nothing is acknowledged, and sources keep what comes.", why=why)
