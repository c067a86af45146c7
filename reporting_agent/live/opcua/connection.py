"""One connection to a server, from its first request to its end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from asyncua import Client, ua

from reporting_agent.live import payloads
from reporting_agent.live.opcua import history, security, values
from reporting_agent.live.opcua.subscribing import Change, Subscription
from reporting_agent.live.reading import Reading
from reporting_agent.live.segments import Row
from reporting_agent.live.spool import now_us

if TYPE_CHECKING:
    from reporting_agent.live.opcua.source import OpcUaSource

LOOK_EVERY_S = 1.0
BEYOND = timedelta(days=1)  # until when history is read: a source's clock may be ahead of ours


class Connection:
    """What `source` holds while it is connected; `run` returns by an error alone."""

    def __init__(self, source: OpcUaSource) -> None:
        self.source, self.settings = source, source.settings
        self._meters = {node: meter for meter, node in self.settings.nodes.items()}
        self._nodes: dict[str, ua.NodeId] = {}
        self._starts: dict[str, datetime] = {}  # from when history was read when this connection began
        self._caught_up = asyncio.Event()
        self._met: set[str] = set()  # nodes whose value as it was when this connection began has come
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
        self._nodes = {written: await _resolved(client, written) for written in self._meters}
        self._client = client
        subscription = Subscription(client, self._take, self._caught_up, self._end)
        await subscription.create(self.settings.publishing_ms)
        await subscription.watch(self._nodes, self.settings.sampling_ms, self.settings.queue)
        self.source.refused = dict(subscription.refused)
        await self._find_histories([name for name in self._nodes if name not in subscription.refused])
        self._starts = {name: start for name in self._nodes if (start := self._start_of(name)) is not None}
        await self._heal(self._starts)
        self._caught_up.set()
        self.source.connected, self.source.refusal = True, ""
        await self._stay(subscription)

    async def _stay(self, subscription: Subscription) -> None:
        """Until it is over; once more read what the server's history was late to hold."""
        again_s = time.monotonic() + self.settings.late_s
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._over), LOOK_EVERY_S)
            if subscription.silent:
                raise ConnectionError("no notification")
            if self._starts and time.monotonic() >= again_s:
                await self._heal(self._starts)
                self._starts = {}

    async def _lost(self, why: Exception) -> None:
        """asyncua asks now and then whether the server still answers."""
        self._end(why)

    def _end(self, why: BaseException) -> None:
        if not self._over.done():
            self._over.set_exception(ConnectionError(str(why) or type(why).__name__))

    async def _find_histories(self, names: list[str]) -> None:
        there = await history.kept(self._client, [self._nodes[name] for name in names]) if names else []
        self.source.without_history = {self._meters[name]: "AccessLevel" for name, kept in zip(names, there, strict=True) if not kept}

    def _start_of(self, name: str) -> datetime | None:
        """From when history is to be read: the latest reading that arrived, less what a history may be late by."""
        meter = self.source.intake.spool.meters.get(self._meters[name])
        if meter is None:
            return self.settings.since
        return payloads.EPOCH + timedelta(microseconds=meter.reached_us) - timedelta(seconds=self.settings.late_s)

    async def _heal(self, starts: dict[str, datetime]) -> None:
        """Keep what history holds of these nodes from then on."""
        end = datetime.now(UTC) + BEYOND
        for name, start in starts.items():
            meter = self._meters[name]
            if meter in self.source.without_history or name in self.source.refused:
                continue
            try:
                async for page in history.values(self._client, self._nodes[name], start, end):
                    await self.source.keep(*self._read((name, value) for value in page))
            except history.NoHistory as none:
                self.source.without_history = {**self.source.without_history, meter: str(none)}

    async def _take(self, changes: Sequence[Change], events: Sequence[tuple[int, list[ua.Variant]]], let_go: frozenset[str]) -> None:
        await self._heal({name: start for name in let_go if (start := self._start_of(name)) is not None})
        self._watch_clock(changes)
        await self.source.keep(*self._read(changes))

    def _watch_clock(self, changes: Sequence[Change]) -> None:
        """By the latest value of each node, which is as fresh as the notification; but for the first, which may have stood for long."""
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
            if values.not_yet(value):
                continue
            try:
                readings.append(values.reading(self._meters[name], value, received_us))
            except payloads.Unreadable as wrong:
                rows.append(payloads.unreadable(name, str(value.Value).encode(), str(wrong)))
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
        raise ConnectionError(f"no namespace {uri}") from unknown
