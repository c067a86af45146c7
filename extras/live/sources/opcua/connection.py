"""One connection to a server, from its first request to its end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from asyncua import Client, ua

from benchmarks.phrases import Phrase
from extras.live.sources import payloads
from extras.live.sources.opcua import history, security, values
from extras.live.sources.opcua.batches import EventBatches, KnownBatches, TaggedBatches
from extras.live.sources.opcua.subscribing import Change, Subscription
from extras.live.sources.source import reason
from extras.live.spool.reading import Reading
from extras.live.spool.segments import Row
from extras.live.spool.writer import now_us

if TYPE_CHECKING:
    from extras.live.sources.opcua.source import OpcUaSource

LOOK_EVERY_S = 1.0
BEYOND = timedelta(days=1)  # until when history is read: a source's clock may be ahead of ours


class Connection:
    """What `source` holds while it is connected; `run` returns by an error alone."""

    def __init__(self, source: OpcUaSource) -> None:
        self.source, self.settings = source, source.settings
        self._late = timedelta(seconds=self.settings.late_s)
        self._meters = {node: meter for meter, node in self.settings.nodes.items()}
        self._tagged = {node: unit for unit in source.tagged for node in unit.nodes}
        self._nodes: dict[str, ua.NodeId] = {}
        self._caught_up = asyncio.Event()
        self._met: set[str] = (
            set()
        )  # nodes whose value as it was when this connection began has come
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self) -> None:
        """Connect, subscribe, read history, take what comes.

        Raises:
            OSError, UaError: the connection is over, in the words of server or network.
        """
        client = await security.client(self.settings, self.source.folder)
        client.connection_lost_callback = self._lost
        await client.connect()
        try:
            await self._receive(client)
        finally:
            with suppress(OSError, ua.UaError):
                await client.disconnect()

    async def _receive(self, client: Client) -> None:
        self._client = client
        self._nodes = {
            written: await _resolved(client, written)
            for written in {**self._meters, **self._tagged}
        }
        subscription = Subscription(client, self._take, self._caught_up, self._end)
        await subscription.create(self.settings.publishing_ms)
        await subscription.watch(self._nodes, self.settings.sampling_ms, self.settings.queue)
        self.source.refused = dict(subscription.refused)
        await self._watch_events(subscription)
        await self._find_histories(
            [name for name in self._nodes if name not in self.source.refused]
        )
        await self._heal(self._starts(self._meters), self._unit_starts(self.source.batches))
        starts, units = self._starts(self._meters), self._unit_starts(self.source.batches)
        self._caught_up.set()
        self.source.connected, self.source.refusal = True, ""
        await self._stay(subscription, starts, units)

    async def _watch_events(self, subscription: Subscription) -> None:
        for index, unit in enumerate(self.source.events):
            event, notifier = await self._event(unit)
            if why := await subscription.watch_events(
                index, notifier, unit.filter(event), self.settings.queue
            ):
                self.source.refused = {**self.source.refused, unit.settings.notifier: why}

    async def _event(self, unit: EventBatches) -> tuple[ua.NodeId, ua.NodeId]:
        """Its type, and who sends it."""
        return await _resolved(self._client, str(unit.settings.event)), await _resolved(
            self._client, unit.settings.notifier
        )

    async def _stay(
        self,
        subscription: Subscription,
        starts: Mapping[str, datetime],
        units: Mapping[KnownBatches, datetime],
    ) -> None:
        """Until it is over; once more read what the server's history was late to hold."""
        again_s: float | None = time.monotonic() + self.settings.late_s
        unread = self.source.unread
        unread_s = time.monotonic() + unread.pause_s()
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._over), LOOK_EVERY_S)
            if subscription.silent:
                raise ConnectionError(Phrase("the server sends no notification"))
            if again_s is not None and time.monotonic() >= again_s:
                await self._heal(starts, units)
                again_s = None
            if unread.since and time.monotonic() >= unread_s:
                meters = [name for name, meter in self._meters.items() if meter in unread.since]
                await self._heal(
                    self._starts(meters),
                    self._unit_starts(
                        unit for unit in self.source.batches if unit.name in unread.since
                    ),
                )
                unread_s = time.monotonic() + unread.pause_s()

    async def _lost(self, why: Exception) -> None:
        """asyncua asks now and then whether the server still answers."""
        self._end(why)

    def _end(self, why: BaseException) -> None:
        if not self._over.done():
            self._over.set_exception(ConnectionError(reason(why)))

    async def _find_histories(self, names: list[str]) -> None:
        archived = (
            await history.has_history(self._client, [self._nodes[name] for name in names])
            if names and self.settings.history
            else [False] * len(names)
        )
        self.source.without_history = {
            self._meter_of(name): "AccessLevel"
            for name, has_history in zip(names, archived, strict=True)
            if not has_history
        }

    def _meter_of(self, name: str) -> str:
        """A node as people know it: by its meter."""
        return self._meters.get(name, name)

    def _starts(self, names: Iterable[str]) -> dict[str, datetime]:
        """From when history is to be read: the latest reading that arrived, less what a history may
        be late by.
        """
        starts: dict[str, datetime] = {}
        for name in names:
            meter = self.source.intake.spool.meters.get(self._meters[name])
            reached = (
                None
                if meter is None
                else payloads.EPOCH + timedelta(microseconds=meter.reached_us) - self._late
            )
            if (
                start := self.source.unread.start(
                    self._meters[name], reached or self.settings.since
                )
            ) is not None:
                starts[name] = start
        return starts

    def _unit_starts(self, units: Iterable[KnownBatches]) -> dict[KnownBatches, datetime]:
        starts = {
            unit: self.source.unread.start(unit.name, unit.since(self._late) or self.settings.since)
            for unit in units
        }
        return {unit: start for unit, start in starts.items() if start is not None}

    async def _heal(
        self, starts: Mapping[str, datetime], units: Mapping[KnownBatches, datetime]
    ) -> None:
        """Keep what history holds of these nodes and units from then on."""
        end = datetime.now(UTC) + BEYOND
        unread = self.source.unread
        for name, start in starts.items():
            await unread.read(self._meters[name], start, self._keep_history(name, start, end))
        for unit, start in units.items():
            await unread.read(unit.name, start, self._keep_rows(unit, start, end))

    async def _keep_history(self, name: str, start: datetime, end: datetime) -> None:
        async for page in self._history(name, start, end):
            await self.source.keep(*self._read((name, value) for value in page))

    async def _keep_rows(self, unit: KnownBatches, start: datetime, end: datetime) -> None:
        rows = await (
            self._rows_of_tags(unit, start, end)
            if isinstance(unit, TaggedBatches)
            else self._rows_of_events(unit, start, end)
        )
        if rows:
            await self.source.keep([], rows)

    async def _rows_of_tags(self, unit: TaggedBatches, start: datetime, end: datetime) -> list[Row]:
        """What its tags were since then, after what they had been before."""
        names = [name for name in sorted(unit.nodes) if name not in self.source.refused]
        now = await self._client.uaclient.session.read_attributes(
            [self._nodes[name] for name in names], ua.AttributeIds.Value
        )
        changes = [
            (name, value)
            for name, value in zip(names, now, strict=True)
            if value.SourceTimestamp is not None and value.SourceTimestamp < start
        ]
        for name in names:
            async for page in self._history(name, start, end):
                changes += [(name, value) for value in page]
        return unit.rows(changes, now_us())

    async def _rows_of_events(
        self, unit: KnownBatches, start: datetime, end: datetime
    ) -> list[Row]:
        if not isinstance(unit, EventBatches):
            return []
        event, notifier = await self._event(unit)
        rows: list[Row] = []
        if not self.settings.history or not await history.kept_of_events(self._client, notifier):
            self.source.without_history = {
                **self.source.without_history,
                unit.settings.notifier: "EventNotifier",
            }
            return []
        try:
            async for page in history.events(
                self._client, notifier, unit.filter(event), start, end
            ):
                rows += unit.rows(page)
        except history.NoHistory as none:
            self.source.without_history = {
                **self.source.without_history,
                unit.settings.notifier: str(none),
            }
        return rows

    async def _history(
        self, name: str, start: datetime, end: datetime
    ) -> AsyncIterator[list[ua.DataValue]]:
        if self._meter_of(name) in self.source.without_history or name in self.source.refused:
            return
        try:
            async for page in history.values(self._client, self._nodes[name], start, end):
                yield page
        except history.NoHistory as none:
            self.source.without_history = {
                **self.source.without_history,
                self._meter_of(name): str(none),
            }

    async def _take(
        self,
        changes: Sequence[Change],
        events: Sequence[tuple[int, list[ua.Variant]]],
        let_go: frozenset[str],
    ) -> None:
        if let_go:
            touched = {self._tagged[name] for name in let_go & set(self._tagged)}
            await self._heal(self._starts(let_go & set(self._meters)), self._unit_starts(touched))
        self._watch_clock(changes)
        readings, rows = self._read(changes)
        for unit in self.source.tagged:
            rows += unit.rows(
                [(name, value) for name, value in changes if name in unit.nodes], now_us()
            )
        for index, unit_of_events in enumerate(self.source.events):
            rows += unit_of_events.rows(fields for at, fields in events if at == index)
        await self.source.keep(readings, rows)

    def _watch_clock(self, changes: Sequence[Change]) -> None:
        """By the latest value of each node, which is as fresh as the notification; but for the
        first, which may have stood for long.
        """
        received_us = now_us()
        for name, value in dict(changes).items():
            if name in self._met and value.SourceTimestamp is not None:
                self.source.clock.take(values.microseconds(value.SourceTimestamp), received_us)
            self._met.add(name)

    def _read(self, changes: Iterable[Change]) -> tuple[list[Reading], list[Row]]:
        received_us = now_us()
        readings: list[Reading] = []
        rows: list[Row] = []
        for name, value in changes:
            if name not in self._meters or values.not_yet(value):
                continue
            try:
                readings.append(values.reading(self._meters[name], value, received_us))
            except payloads.UnreadablePayload as wrong:
                rows.append(payloads.unreadable(name, str(value.Value).encode(), wrong))
        return readings, rows


async def _resolved(client: Client, written: str) -> ua.NodeId:
    """A node's id, its namespace's URI replaced by the index that the server has for it now.

    Raises:
        ConnectionError: the server has no such namespace.
    """
    if not written.startswith("nsu="):
        return ua.NodeId.from_string(written)
    uri, _, rest = written.removeprefix("nsu=").partition(";")
    try:
        return ua.NodeId.from_string(f"ns={await client.get_namespace_index(uri)};{rest}")
    except ValueError as unknown:
        raise ConnectionError(Phrase("the server has no namespace %(uri)s", uri=uri)) from unknown
