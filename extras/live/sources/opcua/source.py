"""One OPC UA server: what it tells is kept before it is acknowledged, and what it told while nobody
listened is read from its history.

Exactly once is made of: a subscription whose notifications are acknowledged after the spool has
them; after every connection, and wherever values may have been let go of, a reading of history from
the latest reading that the spool holds of each meter; and a spool that drops what comes again. What
the server tells meanwhile waits until history is kept, so that a meter's latest reading never
stands beyond a gap.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.phrases import Phrase
from extras.live.sources.clients import client_of
from extras.live.sources.clock import SourceClock
from extras.live.sources.lifeline import Lifeline
from extras.live.sources.opcua.settings import OpcUa
from extras.live.sources.source import NOT_YET, Word, reason, troubles
from extras.live.spool.acknowledging import Intake, MessageArrival
from extras.live.spool.kept_rows import kept_rows
from extras.live.spool.reading import Reading
from extras.live.spool.segments import Row

if TYPE_CHECKING:
    from extras.live.sources.opcua.batches import EventBatches, KnownBatches, TaggedBatches


AGAIN_FIRST_S = 1.0
AGAIN_LAST_S = 10.0
LEAVING_S = 10.0


class OpcUaSource:
    """One server, connected and connected again by a thread of its own."""

    def __init__(self, settings: OpcUa, folder: Path, intake: Intake) -> None:
        with client_of("OPC UA", "asyncua", "source.opcua"):
            from extras.live.sources.opcua import security
            from extras.live.sources.opcua.unread_histories import UnreadHistories
        security.check(settings, folder)
        self.settings, self.folder, self.intake = settings, folder, intake
        self.batches: list[KnownBatches] = []
        self.clock = SourceClock()
        self.lifeline = Lifeline()
        self.connected = False
        self.refusal = ""  # the server's or the network's last word
        self.refused: Mapping[str, str] = {}  # nodes that cannot be read, with the server's word
        self.without_history: Mapping[str, str] = {}  # meters, with the server's word
        self.made_certificate: Path | None = None
        self.unread = UnreadHistories(
            self.name, settings.url, intake.spool.positions, lambda rows: self.keep([], rows)
        )
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)

    @property
    def name(self) -> str:
        return self.settings.url.removeprefix("opc.tcp://")

    def start(self) -> None:
        """Connect, and go on connecting until `stop`."""
        self._thread.start()

    def stop(self) -> None:
        """Leave the server, and take nothing more."""
        self._ended.set()
        loop, task = self._loop, self._task
        if loop is not None and task is not None:
            with suppress(RuntimeError):  # it ended by itself
                loop.call_soon_threadsafe(task.cancel)
        self._thread.join(LEAVING_S)

    def trouble(self) -> str:
        """What keeps readings from coming, in the words of server or network; empty for nothing."""
        if self.lifeline.trouble is not None:
            return self.lifeline.trouble
        if self.connected:
            return troubles(self.refused)
        return self.refusal or NOT_YET

    def words(self) -> Iterator[Word]:
        """Its connection, nodes that cannot be read, meters without a history, and its clock."""
        if self.connected or self.refusal:
            yield Word("", f"{self.connected} {self.refusal}", self._connection_told())
        if self.made_certificate is not None:
            sentence = Phrase(
                "%(source)s: the agent created its own certificate %(file)s, valid for a year. "
                "Make the server trust it.",
                source=self.name,
                file=str(self.made_certificate),
            )
            yield Word("certificate", "made", sentence)
        for name, why in self.refused.items():
            sentence = Phrase(
                "%(source)s has no node %(node)s for this agent (%(why)s). Correct it in "
                "site.toml, or let the agent's user read it.",
                source=self.name,
                node=name,
                why=why,
            )
            yield Word(f"node {name}", why, sentence)
        if self.without_history and self.settings.history:
            sentence = Phrase(
                "%(source)s stores no history of %(meters)s (%(why)s): what these measure while "
                "the agent is not connected is lost. "
                "The energy from a register is still complete.",
                source=self.name,
                meters=", ".join(sorted(self.without_history)),
                why=next(iter(self.without_history.values())),
            )
            yield Word("history", ", ".join(sorted(self.without_history)), sentence)
        yield from self.unread.words()
        yield from self.clock.words(self.name)

    def _connection_told(self) -> str:
        if self.connected:
            return Phrase("%(source)s is connected.", source=self.name)
        return Phrase(
            "%(source)s is not connected (%(why)s). The agent tries again and will then read its "
            "history.",
            source=self.name,
            why=self.refusal,
        )

    @property
    def tagged(self) -> list[TaggedBatches]:
        from extras.live.sources.opcua.batches import TaggedBatches

        return [log for log in self.batches if isinstance(log, TaggedBatches)]

    @property
    def events(self) -> list[EventBatches]:
        from extras.live.sources.opcua.batches import EventBatches

        return [log for log in self.batches if isinstance(log, EventBatches)]

    async def keep(self, readings: list[Reading], rows: list[Row]) -> None:
        """Returns once the spool has them."""
        loop = asyncio.get_running_loop()
        saved = loop.create_future()

        def acknowledge() -> None:
            with suppress(RuntimeError):  # the loop is closed: nobody waits
                loop.call_soon_threadsafe(done)

        def done() -> None:
            if not saved.done():
                saved.set_result(None)

        await asyncio.to_thread(self.intake.put, MessageArrival(readings, rows, acknowledge))
        await saved

    def _run(self) -> None:
        with self.lifeline.guard(), suppress(asyncio.CancelledError):
            asyncio.run(self._connecting())

    async def _connecting(self) -> None:
        from extras.live.sources.opcua import security
        from extras.live.sources.opcua.batches import EventBatches, TaggedBatches
        from extras.live.sources.opcua.connection import Connection

        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        rows = kept_rows(self.intake.spool.folder) if self.settings.batches else []
        self.batches = [
            EventBatches(setting, rows)
            if setting.event is not None
            else TaggedBatches(setting, rows)
            for setting in self.settings.batches
        ]
        again_s = AGAIN_FIRST_S
        while not self._ended.is_set():
            connection = Connection(self)
            try:
                self.made_certificate = (
                    await security.make_certificate(self.settings, self.folder)
                    or self.made_certificate
                )
                await connection.run()
            except security.REFUSALS as refused:
                again_s = AGAIN_FIRST_S if self.connected else min(2 * again_s, AGAIN_LAST_S)
                self.connected, self.refusal = False, _status_name(refused)
            await asyncio.sleep(again_s)


def _status_name(refused: BaseException) -> str:
    """A server's refusal by the name of its status code, which its manual explains."""
    return type(refused).__name__ if type(refused).__name__.startswith("Bad") else reason(refused)
