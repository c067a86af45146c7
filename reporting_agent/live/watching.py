"""`watch`: sources into the spool, until it is told to end. What it knows is on the disk; a killed one begins again where it was."""

from __future__ import annotations

import threading
from collections.abc import Callable

from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase
from reporting_agent.config import Site
from reporting_agent.live.intake import Intake
from reporting_agent.live.mqtt import MqttSource
from reporting_agent.live.settings import Live, load
from reporting_agent.live.spool import Spool, now_us

STEP_S = 0.2  # how long one round waits for something to come


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
    if not settings.mqtt:
        raise InputError(
            "source-not-live",
            "No source fills the spool.",
            "Name a broker by [[source.mqtt]], as docs/live.md says.",
            place=Place(str(site.path), column="source"),
            found="no [[source.mqtt]]",
            wanted="at least one",
        )
    return settings


class Watch:
    """One site's sources and spool."""

    def __init__(self, site: Site, tell: Callable[[str], None], kind: type[Intake] = Intake) -> None:
        self.site, self.settings, self.tell = site, settings_of(site), tell
        self.spool = Spool(self.settings.folder, most_bytes=self.settings.most_bytes, drop_oldest=self.settings.when_full == "drop-oldest")
        self.intake = kind(self.spool)
        self.sources = [MqttSource(one, site.folder, self.intake) for one in self.settings.mqtt]
        self.kept = self.repeated = self.contradicted = self.late = 0
        self._told: dict[str, str] = {}

    def run(self, stop: threading.Event, each_round: Callable[[Watch], None] | None = None) -> None:
        """Receive until `stop` is set; what came by then is kept."""
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

    def round(self) -> None:
        """Keep what came, ask for what is missing, say what changed."""
        taken = self.intake.step(STEP_S)
        if taken is not None:
            self.kept, self.repeated = self.kept + taken.new, self.repeated + taken.repeated
            self.contradicted, self.late = self.contradicted + taken.contradicted, self.late + len(taken.late)
        self.spool.turn(now_us())
        missing = {name: one.gaps.ranges for name, one in self.spool.meters.items() if one.gaps.ranges}
        for source in self.sources:
            if missing:
                source.ask_again(missing)
            self._say(source.name, "connected" if source.connected else source.refusal, _source(source))
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


def _source(source: MqttSource) -> str:
    if source.connected:
        return Phrase("%(source)s is connected.", source=source.name)
    return Phrase("%(source)s is not connected (%(why)s); it keeps what comes, and is tried again.", source=source.name, why=source.refusal)


def _full(why: str) -> str:
    if not why:
        return Phrase("The spool takes readings again.")
    return Phrase("The spool takes nothing more (%(why)s); nothing is acknowledged, and sources keep what comes.", why=why)
