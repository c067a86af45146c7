"""A plant that runs: sources into the spool beside the bare clients, a reading's way to the page,
memory, the spool into the engine.

*MQTT.* A broker holds so many messages for each of two sessions; each side takes its own until the
last. The bare client only counts and acknowledges; ours reads JSON, drops repeats, syncs to the
disk and acknowledges then. OPC UA stands in `live_opcua`.

*To the page.* A thousand meters send each second; the time from a second's stamp until the page's
events tell of all its readings.
"""

from __future__ import annotations

import json
import multiprocessing
import re
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from extras.live.tests.performance import live_opcua, spool
from extras.live.tests.performance.watched import line, resident_mb, until, watching
from tests.performance.measurement import Measurement
from tests.servers import free_port

if TYPE_CHECKING:
    from extras.live.sources.mqtt import MqttSource
    from extras.live.watching import SiteWatch

MESSAGES = 20_000
METERS = 1_000
SECONDS = 180
SECONDS_LONG = 3_600
BATCH_S = 60
RUNS = 5
_SITE = """[site]
id = "live-works"
timezone = "UTC"
pack = "steel"
pack_version = "1"

[inputs]
source = "spool"

[source]
folder = "spool"

[source.page]
port = {page}

[[source.mqtt]]
host = "127.0.0.1"
port = {port}
client_id = "ours"

[[source.mqtt.readings]]
topic = "works/meters/+"
meter_level = 3
fields = {{ time = "t", value = "v", sequence = "n" }}
time = "us"
consecutive = true

[[source.mqtt.batches]]
topic = "works/batches"
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


def measure(long: bool = False) -> Iterator[Measurement]:
    for source in SOURCES:
        yield source()
    yield _to_the_page(SECONDS_LONG if long else SECONDS)
    yield from spool.measure()


def _mqtt() -> Measurement:
    seconds: dict[str, list[float]] = {"ours": [], "bare": []}
    with tempfile.TemporaryDirectory(prefix="steplabel-live-") as directory:
        folder = Path(directory)
        with (
            broker(folder) as port,
            watching(folder, site_text(port, free_port(), METERS)) as watch,
        ):
            until(lambda: not watch.sources[0].trouble())
            for session in ("bare", "ours"):  # once, so that the broker keeps what comes
                _session(port, session)
            for run in range(RUNS):
                # taken out first: one that ended by itself would be started again
                watch.sources.pop().stop()
                _publish(port, MESSAGES, run)
                began, earlier = time.perf_counter(), watch.stored
                _count(port, MESSAGES)
                seconds["bare"].append(time.perf_counter() - began)
                source = _again(watch)
                began = time.perf_counter()
                source.start()
                watch.sources.append(source)
                until(lambda base=earlier: watch.stored >= base + MESSAGES)  # type: ignore[misc]
                seconds["ours"].append(time.perf_counter() - began)
    ours, bare = median(seconds["ours"]), median(seconds["bare"])
    size = (
        f"{MESSAGES:,} messages of {METERS:,} meters, synced: {MESSAGES / ours:,.0f}/s, bare "
        f"{MESSAGES / bare:,.0f}/s, {bare / ours:.2f} x"
    )
    return line("live, MQTT", size, ours, "paho's loop that only counts", bare)


SOURCES: tuple[Callable[[], Measurement], ...] = (_mqtt, live_opcua.measure)
"""Each beside the bare client library's loop."""


def _to_the_page(seconds: int) -> Measurement:
    """p99 of all seconds but the first five, and the memory at a quarter and at the end."""
    with tempfile.TemporaryDirectory(prefix="steplabel-live-") as directory:
        folder = Path(directory)
        with (
            broker(folder) as port,
            watching(folder, site_text(port, free_port(), METERS)) as watch,
        ):
            until(lambda: not watch.sources[0].trouble())
            assert watch.settings.page is not None
            address = f"http://127.0.0.1:{watch.settings.page.port}/events/"
            shown: list[tuple[float, int]] = []
            until(lambda: watch.room.latest is not None)
            threading.Thread(target=_listen, args=(address, shown), daemon=True).start()
            began = time.time() + 5  # the sender is a process of its own
            sender = multiprocessing.get_context("spawn").Process(
                target=_send, args=(port, seconds, began)
            )
            sender.start()
            memory: list[float] = []
            while time.time() < began + seconds:
                memory.append(resident_mb())
                time.sleep(1)
            sender.join()
            until(lambda: bool(shown) and shown[-1][1] >= METERS * seconds, 60)
    waits = sorted(
        _first(shown, METERS * (second + 1)) - (began + second) for second in range(5, seconds)
    )
    p99 = waits[int(0.99 * (len(waits) - 1))]
    grown = memory[-1] / memory[len(memory) // 4] - 1
    growth = f"memory {grown:+.0%} since a quarter ({memory[-1]:.0f} MB)"
    size = f"{METERS:,} meters each second, {seconds} s: median {median(waits):.2f} s, {growth}"
    return line("live, to the page, p99", size, p99, "2 s", 2.0)


def _send(port: int, seconds: int, began: float) -> None:
    """A thousand readings each second, while batches of a minute end and begin on ten furnaces."""
    client = connected(port, "sender")
    for second in range(seconds):
        time.sleep(max(0.0, began + second - time.time()))
        if second % BATCH_S == 0:
            send_batches(client, began + second, second // BATCH_S)
        for meter in range(METERS):
            content = f'{{"t": {int((began + second) * 1e6)}, "v": {second * 2.5}, "n": {second}}}'
            last = client.publish(f"works/meters/m-{meter}", content, 1)
    last.wait_for_publish(60)
    client.disconnect()
    client.loop_stop()


def send_batches(client: Any, at: float, number: int) -> None:
    """On each of ten furnaces one ends and the next begins."""
    now = datetime.fromtimestamp(at, UTC).isoformat()
    for furnace in range(10):
        of_line = {"step": "eaf", "equipment": f"eaf-{furnace}"}
        if number:
            ended = {
                "batch_id": f"B{furnace}-{number - 1}",
                "end": now,
                "output_quantity": "100",
                "output_unit": "t",
            }
            client.publish("works/batches", json.dumps({**ended, **of_line}), 1)
        client.publish(
            "works/batches",
            json.dumps({"batch_id": f"B{furnace}-{number}", "start": now, **of_line}),
            1,
        )


@contextmanager
def broker(folder: Path) -> Iterator[int]:
    from tests.servers import mosquitto

    with mosquitto.serve(folder) as server:
        broker = mosquitto.Broker(
            folder / "broker", server.environment["MOSQUITTO"], autosaves=False
        ).start()
        try:
            yield broker.port
        finally:
            broker.stop()


def site_text(port: int, page: int, meters: int) -> str:
    """A site.toml of so many registers on ten furnaces."""
    return _SITE.format(port=port, page=page) + "".join(
        _METER.format(number=number, line=number % 10) for number in range(meters)
    )


def _again(watch: SiteWatch) -> MqttSource:
    from extras.live.sources.mqtt import MqttSource

    return MqttSource(watch.settings.mqtt[0], watch.site.folder, watch.intake)


def connected(port: int, name: str) -> Any:
    from paho.mqtt import client as paho
    from paho.mqtt.enums import CallbackAPIVersion

    client = paho.Client(CallbackAPIVersion.VERSION2, name)
    client.max_inflight_messages_set(0)
    client.connect("127.0.0.1", port)
    client.loop_start()
    return client


def _publish(port: int, count: int, run: int) -> None:
    client = connected(port, "sender")
    sent = [
        client.publish(
            f"works/meters/m-{number % METERS}",
            json.dumps({"t": at, "v": number * 0.5, "n": at}),
            1,
        )
        for number in range(count)
        for at in (run * count // METERS + number // METERS,)
    ]
    for message in sent:
        message.wait_for_publish(60)
    client.disconnect()
    client.loop_stop()


def _bare(port: int) -> Any:
    from paho.mqtt import client as paho
    from paho.mqtt.enums import CallbackAPIVersion
    from paho.mqtt.packettypes import PacketTypes
    from paho.mqtt.properties import Properties

    client = paho.Client(CallbackAPIVersion.VERSION2, "bare", protocol=paho.MQTTv5)
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # of paho
    properties.SessionExpiryInterval = 3_600
    properties.ReceiveMaximum = 1_000  # as ours
    client.connect("127.0.0.1", port, clean_start=False, properties=properties)
    return client


def _session(port: int, name: str) -> None:
    if name == "ours":
        return  # it has one
    client = _bare(port)
    done = threading.Event()
    client.on_subscribe = lambda *_: done.set()
    client.loop_start()
    client.subscribe("works/meters/+", 1)
    done.wait(10)
    client.disconnect()
    client.loop_stop()


def _count(port: int, count: int) -> None:
    client, message_count, done = _bare(port), [0], threading.Event()

    def counted(*_: Any) -> None:
        message_count[0] += 1
        if message_count[0] == count:
            done.set()

    client.on_message = counted
    client.loop_start()
    assert done.wait(300)
    client.disconnect()
    client.loop_stop()


def _listen(address: str, shown: list[tuple[float, int]]) -> None:
    """When the page's foot told how many readings are kept."""
    with urllib.request.urlopen(address, timeout=600) as events:  # noqa: S310 - our own page
        for line in events:
            if line.startswith(b"data: ") and (foot := json.loads(line[6:]).get("foot")):
                count = kept_in(foot)
                shown.append((time.time(), count))


def kept_in(page: str) -> int:
    """How many readings were kept, as its foot tells."""
    match = re.search(r"since the start: ([\d,]+)", page)
    assert match is not None, page
    return int(match[1].replace(",", ""))


def _first(shown: list[tuple[float, int]], wanted: int) -> float:
    return next((at for at, count in shown if count >= wanted), float("inf"))
