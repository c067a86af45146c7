"""What site.toml says of sources, also read again while `watch` runs: checked whole, and applied to
what changed alone.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import packs
from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase, enumerated
from extras.live.sources import kinds
from extras.live.sources.mqtt import topics
from extras.live.sources.settings import LiveSettings, Mqtt, load
from extras.live.sources.source import LiveSource
from extras.live.spool.acknowledging import Intake
from reporting_agent.config import SiteSettings, load_site

Named = tuple[str, Any]
"""A kind of source and the settings of one of it."""


def settings_of(site: SiteSettings) -> LiveSettings:
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
            found=site.inputs.source or Phrase("nothing"),
            wanted='"spool"',
        )
    settings = load(site.source, site.folder, str(site.path))
    if not any(getattr(settings, kind) for kind in kinds.KINDS):
        raise InputError(
            "source-not-live",
            "No source writes to the spool.",
            "Name where readings come from, as docs/live.md says.",
            place=Place(str(site.path), column="source"),
            found=Phrase("no source"),
            wanted=Phrase(
                "at least one of %(tables)s",
                tables=", ".join(f"[[source.{kind}]]" for kind in kinds.KINDS),
            ),
        )
    return settings


def topics_left(before: LiveSettings, after: LiveSettings) -> Iterator[Phrase]:
    """Topics of MQTT that nobody reads any more."""
    read = {_at(broker, topic) for broker in after.mqtt for topic in topics(broker)}
    if left := [
        at
        for broker in before.mqtt
        for topic in topics(broker)
        if (at := _at(broker, topic)) not in read
    ]:
        yield Phrase(
            "No longer read: %(topics)s. What is sent there from now on is saved nowhere, and "
            "does not come later.",
            topics=enumerated(left),
        )


def _at(broker: Mqtt, topic: str) -> str:
    return f"{topic} ({broker.host}:{broker.port})"


def meters_changed(
    before: SiteSettings, after: SiteSettings, in_spool: Collection[str]
) -> Iterator[Phrase]:
    """Meters of the spool whose saved readings count otherwise than before."""
    was, now = (
        {meter.id: meter for meter in site.meters if meter.id in in_spool}
        for site in (before, after)
    )
    if gone := [name for name in was if name not in now]:
        yield Phrase(
            "site.toml no longer declares %(meters)s. Their saved readings count nowhere until it "
            "does again.",
            meters=enumerated(gone),
        )
    if changed := [name for name, meter in was.items() if name in now and now[name] != meter]:
        yield Phrase(
            "Declared otherwise than before: %(meters)s. Their saved readings count by the new "
            "declaration, those of earlier batches too: "
            "run `label` again, and `submit --correct` where the period was reported.",
            meters=enumerated(changed),
        )


class Reloading:
    """Whether site.toml is to be read again: once it was asked for, or once the file changed where
    `reload = "on-change"`.
    """

    def __init__(self, path: Path) -> None:
        self.asked = threading.Event()
        self._path = path
        self._stamp = self._changed = self._file_stamp()

    def is_due(self, *, by_change: bool) -> bool:
        """Asked once a second: a file that is still being written has another stamp a second later,
        and waits.
        """
        stamp, before = self._file_stamp(), self._changed
        self._changed = stamp
        if not self.asked.is_set() and not (
            by_change and stamp is not None and stamp == before and stamp != self._stamp
        ):
            return False
        self.asked.clear()
        self._stamp = stamp
        return True

    def _file_stamp(self) -> tuple[int, int] | None:
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size


@dataclass(frozen=True, slots=True)
class SourcesWanted:
    """What site.toml says now, and the sources of it that are new, not yet started."""

    site: SiteSettings
    settings: LiveSettings
    fresh: dict[int, LiveSource]  # by their index among `named`


def named(settings: LiveSettings) -> list[Named]:
    """Every source that site.toml names, in the order in which sources are made of it."""
    return [(kind, setting) for kind in kinds.KINDS for setting in getattr(settings, kind)]


def wanted(path: Path, now: LiveSettings, intake: Intake) -> SourcesWanted:
    """Read site.toml, and check all of it.

    Raises:
        InputError: what it says cannot be applied; nothing was changed.
    """
    site = load_site(path)
    packs.load(site.pack, site.pack_version, site.folder)
    settings = settings_of(site)
    if settings.folder != now.folder:
        raise InputError(
            "spool-moved",
            "The spool cannot be moved while the agent runs.",
            "End the agent, move the folder, and start it again.",
            place=Place(str(path), column="source.folder"),
            found=str(settings.folder),
            wanted=str(now.folder),
        )
    remaining = named(now)
    fresh = {}
    for index, entry in enumerate(named(settings)):
        if entry in remaining:
            remaining.remove(entry)
        else:
            fresh[index] = kinds.KINDS[entry[0]](entry[1], site.folder, intake)
    return SourcesWanted(site, settings, fresh)
