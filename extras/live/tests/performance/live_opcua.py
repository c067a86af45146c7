"""OPC UA into the spool beside asyncua's own subscription that only counts: the same changes of one
server, each in turn.

The server is asyncua's, a process of its own. Before each turn it takes in all changes while it
publishes nothing; what is timed is from when it publishes until the last change is counted, or kept
and acknowledged. A notification holds at most a thousand changes, as a client asks for by
MaxNotificationsPerPublish (OPC 10000-4, 5.14.2), which asyncua's server passes over. Server and
client take turns, so the server's time is in both; seconds of the client's processor are without
it.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

from extras.live.tests.performance.watched import line, until, watching
from tests.performance.measurement import Measurement
from tests.servers import free_port

if TYPE_CHECKING:
    from extras.live.sources.opcua.source import OpcUaSource
    from extras.live.watching import SiteWatch

NODES = 1_000
NAMES = [f"ns=2;i={number}" for number in range(1, NODES + 1)]
ROUNDS = 20  # changes of each node
CHANGES = NODES * ROUNDS
MOST_TOGETHER = 1_000  # changes of a notification
PUBLISHING_MS = 50
RUNS = 3
_SITE = """[site]
id = "live-works"
timezone = "UTC"
pack = "steel"
pack_version = "1"

[inputs]
source = "spool"

[source]
folder = "spool"

[[source.opcua]]
url = "{url}"
security = "none"
history = false
sampling_ms = 0
publishing_ms = {publishing_ms}

[source.opcua.nodes]
{nodes}
"""
_METER = """
[[meters]]
id = "m-{number}"
step = "eaf"
equipment = "eaf-{line}"
carrier = "electricity"
reading = "register"
unit = "kWh"
"""


class Seconds(NamedTuple):
    """Of a clock on the wall, and of the processor of this process."""

    wall: float
    processor: float

    @classmethod
    def now(cls) -> Seconds:
        return cls(time.perf_counter(), time.process_time())

    def until_now(self) -> Seconds:
        return Seconds(*(now - then for now, then in zip(self.now(), self, strict=True)))


def measure() -> Measurement:
    """Medians of both; seconds, and seconds of the processor of the client's process."""
    ours, bare = list[Seconds](), list[Seconds]()
    port = free_port()
    nodes = "\n".join(f'"m-{number}" = "{name}"' for number, name in enumerate(NAMES, start=1))
    meters = "".join(
        _METER.format(number=number, line=number % 10) for number in range(1, NODES + 1)
    )
    text = _SITE.format(url=_url(port), publishing_ms=PUBLISHING_MS, nodes=nodes) + meters
    with (
        tempfile.TemporaryDirectory(prefix="steplabel-live-") as directory,
        _server(port) as server,
        watching(Path(directory), text) as watch,
    ):
        until(lambda: _is_connected(watch) and watch.stored >= NODES)
        for _ in range(RUNS):
            watch.sources.pop().stop()  # taken out first, as in `live`
            bare.append(asyncio.run(_counted(port, server)))
            before = watch.stored + watch.repeated
            watch.sources.append(_again(watch))
            watch.sources[0].start()
            until(
                lambda before=before: (  # type: ignore[misc]
                    _is_connected(watch) and watch.stored + watch.repeated >= before + NODES
                )
            )
            earlier, began = watch.stored, _published(server)
            until(lambda base=earlier: watch.stored >= base + CHANGES)  # type: ignore[misc]
            ours.append(began.until_now())
            assert watch.stored == earlier + CHANGES
    (wall, processor), (bare_wall, bare_processor) = (
        Seconds(*map(median, zip(*runs, strict=True))) for runs in (ours, bare)
    )
    size = (
        f"{CHANGES:,} changes of {NODES:,} nodes, synced: {CHANGES / wall:,.0f}/s, bare "
        f"{CHANGES / bare_wall:,.0f}/s, "
        f"{bare_wall / wall:.2f} x; of the client's processor {bare_processor / processor:.2f} x"
    )
    return line("live, OPC UA", size, wall, "asyncua's subscription that only counts", bare_wall)


def _url(port: int) -> str:
    return f"opc.tcp://127.0.0.1:{port}/works"


def _is_connected(watch: SiteWatch) -> bool:
    from extras.live.sources.opcua.source import OpcUaSource

    return all(isinstance(source, OpcUaSource) and source.connected for source in watch.sources)


def _again(watch: SiteWatch) -> OpcUaSource:
    from extras.live.sources.opcua.source import OpcUaSource

    return OpcUaSource(watch.settings.opcua[0], watch.site.folder, watch.intake)


def _published(server: Connection) -> Seconds:
    """Let the server take in the changes, and publish them; when it began to."""
    server.send("take in")
    assert server.recv() == "there"
    began = Seconds.now()
    server.send("publish")
    return began


class _Counting:
    """What asyncua's subscription tells, counted."""

    def __init__(self) -> None:
        self.seen, self.wanted, self.reached = 0, NODES, threading.Event()

    def datachange_notification(self, node: Any, value: Any, data: Any) -> None:
        self.seen += 1
        if self.seen == self.wanted:
            self.reached.set()


async def _counted(port: int, server: Connection) -> Seconds:
    from asyncua import Client

    counting = _Counting()
    async with Client(_url(port)) as client:
        subscription = await client.create_subscription(PUBLISHING_MS, counting)
        await subscription.subscribe_data_change([client.get_node(name) for name in NAMES])
        await asyncio.to_thread(counting.reached.wait)  # each node's value as it stands
        counting.wanted, counting.reached = NODES + CHANGES, threading.Event()
        began = await asyncio.to_thread(_published, server)
        await asyncio.to_thread(counting.reached.wait)
        took = began.until_now()
        assert counting.seen == NODES + CHANGES
        await subscription.delete()
    return took


@contextmanager
def _server(port: int) -> Iterator[Connection]:
    """A server as a process of its own, and what it is told by."""
    ours, its = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=_serve, args=(port, its), daemon=True
    )
    process.start()
    assert ours.recv() == "serving"
    try:
        yield ours
    finally:
        ours.send("end")
        process.join()


def _serve(port: int, pipe: Connection) -> None:
    asyncio.run(_serving(port, pipe))


async def _serving(port: int, pipe: Connection) -> None:
    from asyncua import Server, ua
    from asyncua.server.internal_subscription import InternalSubscription

    InternalSubscription._pop_triggered_datachanges = _at_most  # type: ignore[method-assign,assignment]
    server = Server()
    await server.init()
    server.set_endpoint(_url(port))
    await server.register_namespace("urn:steplabel:works")
    ids = [ua.NodeId.from_string(name) for name in NAMES]
    for node, name in zip(ids, NAMES, strict=True):
        await server.nodes.objects.add_variable(node, name, 0.0)
    stamp: Any = datetime.now(UTC)  # no ua.DateTime: asyncua takes either
    async with server:
        pipe.send("serving")
        while (word := await asyncio.to_thread(pipe.recv)) != "end":
            while (
                len(
                    subscriptions := list(
                        server.iserver.subscription_service.subscriptions.values()
                    )
                )
                > 1
            ):
                await asyncio.sleep(0.01)  # that of the turn before ends
            await subscriptions[0].set_publishing_mode(word == "publish")
            if word == "take in":
                for _ in range(ROUNDS):
                    stamp += timedelta(seconds=1)
                    for node in ids:
                        value = ua.DataValue(ua.Variant(stamp.timestamp()), SourceTimestamp=stamp)
                        await server.write_attribute_value(node, value)
                    await asyncio.sleep(
                        0.01
                        # it answers in between: a client leaves a server that is silent for two
                        # seconds
                    )
                pipe.send("there")


def _at_most(subscription: Any, result: Any) -> None:
    """Of the changes that wait, those of one notification."""
    from asyncua import ua

    if not (waiting := subscription._triggered_datachanges):
        return
    notified: list[Any] = []
    while waiting and len(notified) < MOST_TOGETHER:
        name, changes = next(iter(waiting.items()))
        notified += changes
        del waiting[name]
    result.NotificationMessage.NotificationData.append(
        ua.DataChangeNotification(MonitoredItems=notified)
    )
