"""What is agreed with a real OPC UA server: encryption and trust, acknowledgements, full queues,
events, and where there is no history.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from asyncua import Server, ua
from asyncua.crypto.cert_gen import setup_self_signed_certificate
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.server.internal_server import InternalServer
from asyncua.server.user_managers import UserManager
from cryptography.x509.oid import ExtendedKeyUsageOID

from benchmarks.catalogue import in_language
from benchmarks.errors import InputError
from extras.live.sources.opcua import history, source, unread_histories
from extras.live.sources.opcua.settings import OpcUa
from extras.live.sources.opcua.source import OpcUaSource
from extras.live.sources.opcua.values import microseconds
from extras.live.spool.acknowledging import Intake
from extras.live.spool.reading import Reading, ReadingQuality
from extras.live.spool.segments import Row
from extras.live.spool.writer import Spool
from fixtures.line_faults import STEP, Faults, told_by
from fixtures.opcua_server import NAMESPACE, PlantServer, Told, nodes, url
from tests.servers import free_port

pytestmark = pytest.mark.slow

BEGIN = datetime(2025, 1, 2, 6, tzinfo=UTC)
METERS = [Told(f"m-{number}", BEGIN, 0.0) for number in range(1, 13)]
IN_TIME_S = 30.0


class Users(UserManager):
    """Lets one in, and counts who asks."""

    asked = 0

    def get_user(
        self,
        iserver: InternalServer,
        username: str | None = None,
        password: str | None = None,
        certificate: Any = None,
    ) -> User | None:
        del iserver, certificate
        if username is not None:
            self.asked += 1
            return (
                User(role=UserRole.User) if (username, password) == ("steplabel", "right") else None
            )
        return User(role=UserRole.User)


class Host:
    """A server in a thread of this process, for all tests of the module; each has a meter of its
    own.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.port, self.users = folder, free_port(), Users()
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.plant = PlantServer(folder, self.port, METERS)
        self.nodes = nodes(METERS)
        self.do(self.plant.start(self._prepare))

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(IN_TIME_S)

    async def end(self) -> None:
        await self.plant.stop()
        left = asyncio.all_tasks() - {
            asyncio.current_task()
        }  # of sessions whose connection dropped
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _prepare(self, server: Server) -> None:
        server.iserver.user_manager = self.users
        uri, host = "urn:steplabel:test-server", socket.gethostname()
        certificate, key = self.folder / "server.der", self.folder / "server.pem"
        await setup_self_signed_certificate(
            key, certificate, uri, host, [ExtendedKeyUsageOID.SERVER_AUTH], {"commonName": "works"}
        )
        await server.set_application_uri(uri)
        await server.load_certificate(certificate)
        await server.load_private_key(key)
        server.set_security_policy(
            [ua.SecurityPolicyType.NoSecurity, ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt]
        )

    def tell(
        self, meter: str, second: float, value: float, status: int = ua.StatusCodes.Good
    ) -> None:
        self.do(self.plant.tell(Told(meter, BEGIN + timedelta(seconds=second), value, status)))

    @property
    def unacknowledged(self) -> int:
        """Notifications that the server holds for its clients."""
        service = self.plant.server.iserver.subscription_service
        return sum(
            len(subscription._not_acknowledged_results)
            for subscription in service.subscriptions.values()
        )


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    server = Host(tmp_path_factory.mktemp("opcua"))
    yield server
    server.do(server.end())
    server.loop.call_soon_threadsafe(server.loop.stop)


class Connected:
    """A source of one meter, and what its spool takes."""

    def __init__(self, folder: Path, host: Host, meter: str, **named: object) -> None:
        self.spool = Spool(folder / "spool")
        self.intake = Intake(self.spool)
        settings = {
            "url": url(host.port),
            "security": "none",
            "sampling_ms": 0,
            "publishing_ms": 50,
            "since": BEGIN,
            **named,
        }
        self.source = OpcUaSource(
            OpcUa.model_validate({"nodes": {meter: host.nodes[meter]}, **settings}),
            folder,
            self.intake,
        )
        self.ended = False
        self.readings: list[Reading] = []
        self.rows: list[Row] = []

    def step(self) -> None:
        if (outcome := self.intake.step(0.05)) is not None:
            self.readings += outcome.readings
            self.rows += outcome.rows

    def until(self, reached: Callable[[], bool]) -> None:
        deadline = time.monotonic() + IN_TIME_S
        while not reached():
            assert time.monotonic() < deadline, (self.source.refusal, len(self.readings))
            self.step()

    def end(self) -> None:
        """Leave the server, and the spool to another; once is enough."""
        if not self.ended:
            self.source.stop()
            self.spool.close()
        self.ended = True


@pytest.fixture
def connected(tmp_path: Path, host: Host) -> Iterator[Callable[..., Connected]]:
    clients: list[Connected] = []

    def connect(meter: str, **named: object) -> Connected:
        clients.append(Connected(tmp_path, host, meter, **named))
        clients[-1].source.start()
        return clients[-1]

    yield connect
    for client in clients:
        client.end()


def secured(folder: Path, word: str = "right") -> dict[str, object]:
    (folder / "password").write_text(word)
    return {
        "security": "Basic256Sha256",
        "certificate": "agent.der",
        "private_key": "agent.pem",
        "trusted": "trusted",
        "username": "steplabel",
        "password_file": "password",
    }


def trust(folder: Path, certificate: Path) -> None:
    (folder / "trusted").mkdir()
    (folder / "trusted" / certificate.name).write_bytes(certificate.read_bytes())


def test_a_trusted_server_is_read_encrypted_and_the_agent_makes_its_own_certificate(
    tmp_path: Path, host: Host, connected: Callable[..., Connected]
) -> None:
    trust(tmp_path, host.folder / "server.der")
    host.tell("m-1", 1, 12.5)
    client = connected("m-1", **secured(tmp_path))
    client.until(lambda: bool(client.readings))
    assert [(reading.meter, reading.value) for reading in client.readings] == [("m-1", 12.5)]
    assert (tmp_path / "agent.pem").stat().st_mode & 0o077 == 0
    assert "made" in [word.state for word in client.source.words()]


def test_a_server_that_is_not_trusted_is_refused_before_it_is_told_a_password(
    tmp_path: Path, host: Host, connected: Callable[..., Connected]
) -> None:
    other = tmp_path / "other.der"
    asyncio.run(
        setup_self_signed_certificate(
            tmp_path / "other.pem",
            other,
            "urn:other",
            "other",
            [ExtendedKeyUsageOID.SERVER_AUTH],
            {},
        )
    )
    trust(tmp_path, other)
    asked = host.users.asked
    client = connected("m-1", **secured(tmp_path))
    client.until(lambda: bool(client.source.refusal))
    assert client.source.refusal == "BadCertificateUntrusted"
    assert host.users.asked == asked
    assert client.readings == []


def test_a_wrong_password_is_told_in_the_servers_words(
    tmp_path: Path, host: Host, connected: Callable[..., Connected]
) -> None:
    trust(tmp_path, host.folder / "server.der")
    client = connected("m-1", **secured(tmp_path, "wrong"))
    client.until(lambda: bool(client.source.refusal))
    assert client.source.refusal in ("BadUserAccessDenied", "BadIdentityTokenRejected")


def test_a_certificate_that_cannot_be_read_is_told(
    tmp_path: Path, host: Host, connected: Callable[..., Connected]
) -> None:
    trust(tmp_path, host.folder / "server.der")
    for name in ("agent.der", "agent.pem"):
        (tmp_path / name).write_text("none")
    client = connected("m-1", **secured(tmp_path))
    client.until(lambda: bool(client.source.refusal))
    assert client.source.trouble()


def test_without_a_trusted_certificate_it_does_not_begin(tmp_path: Path, host: Host) -> None:
    (tmp_path / "trusted").mkdir()
    with pytest.raises(InputError) as refused:
        Connected(tmp_path, host, "m-1", **secured(tmp_path))
    assert refused.value.code == "certificate-unreadable"


def test_a_notification_is_acknowledged_once_it_is_kept(
    host: Host, connected: Callable[..., Connected]
) -> None:
    client = connected("m-2")
    client.until(lambda: client.source.connected)
    host.tell("m-2", 1, 1.0)
    time.sleep(1.0)  # twenty publishing intervals, in which nobody keeps it
    assert host.unacknowledged == 1
    client.until(lambda: bool(client.readings))
    deadline = time.monotonic() + IN_TIME_S
    while host.unacknowledged:
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("meter", ["m-3", "m-4"])
def test_what_a_full_queue_let_go_of_is_read_from_history(
    host: Host, connected: Callable[..., Connected], monkeypatch: pytest.MonkeyPatch, meter: str
) -> None:
    """m-4 is the control, for which no history is read."""
    client = connected(meter, queue=2, publishing_ms=500, late_s=0)
    client.until(lambda: client.source.connected)
    if meter == "m-4":
        monkeypatch.setattr(history, "values", nothing)
    for second in range(1, 31):
        host.tell(meter, second, float(second))
    client.until(lambda: 30.0 in [reading.value for reading in client.readings])
    values = [reading.value for reading in client.readings]
    assert (sorted(values) == [float(second) for second in range(1, 31)]) is (meter == "m-3")


@pytest.mark.parametrize("asks", [True, False])
def test_what_was_told_while_nobody_listened_is_read_from_history(
    host: Host, connected: Callable[..., Connected], asks: bool
) -> None:
    """One that does not ask is the control."""
    meter = "m-8" if asks else "m-9"
    first = connected(meter)
    host.tell(meter, 1, 1.0)
    first.until(lambda: bool(first.readings))
    first.end()
    for second in range(2, 10):
        host.tell(meter, second, float(second))
    again = connected(meter, history=asks)
    again.until(lambda: again.source.connected)
    host.tell(meter, 10, 10.0)
    again.until(lambda: 10.0 in [reading.value for reading in again.readings])
    assert [reading.value for reading in again.readings] == (
        [float(second) for second in range(2, 11)] if asks else [9.0, 10.0]
    )


def test_a_history_that_fails_keeps_nothing_out_and_is_read_once_it_answers(
    host: Host, connected: Callable[..., Connected], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also by an agent that was started again meanwhile: from when on it is to be read lies in the
    spool.
    """
    monkeypatch.setattr(unread_histories, "AGAIN_FIRST_S", 0.5)
    first = connected("m-7")
    host.tell("m-7", 1, 1.0)
    first.until(lambda: bool(first.readings))
    first.end()
    reads = host.plant.storage.read_node_history

    async def fails(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(host.plant.storage, "read_node_history", fails)
    for second in (2, 3):
        host.tell("m-7", second, float(second))
    for value in (4.0, 5.0):
        again = connected("m-7")
        again.until(lambda agent=again: agent.source.connected)  # type: ignore[misc]
        host.tell("m-7", value, value)
        again.until(
            lambda agent=again, value=value: value in [reading.value for reading in agent.readings]  # type: ignore[misc]
        )
        assert 2.0 not in [reading.value for reading in again.readings]
        [word] = [word for word in again.source.words() if word.about == "unread history"]
        assert (
            "cannot give the history of m-7 (HistoryRead: BadInternalError). New values are saved"
            in word.sentence
        )
        if value < 5:
            again.end()
    monkeypatch.setattr(host.plant.storage, "read_node_history", reads)
    again.until(lambda: 2.0 in [reading.value for reading in again.readings])
    again.until(lambda: not any(key.startswith("opcua:") for key in again.spool.positions))
    assert not again.source.unread.since


@pytest.mark.parametrize(
    ("start", "reads"),
    [
        ("02.01.2025 07:00", BEGIN),
        ("2025-01-02T15:00:00", BEGIN + timedelta(hours=-5)),
        ("2025-01-02T06:00:00Z", BEGIN),
    ],
)
def test_the_time_of_a_batch_keeps_no_meter_of_its_server_out(
    tmp_path: Path, host: Host, connected: Callable[..., Connected], start: str, reads: datetime
) -> None:
    """As a plant writes it, or without an offset: then from as early on as it can mean."""
    spool = Spool(tmp_path / "spool")
    spool.append((), [{"table": "batches", "step": "eaf", "batch_id": "H1", "start": start}])
    spool.close()
    client = connected(
        "m-11", late_s=0, batches=[{"id": host.nodes["m-12"], "constants": {"step": "eaf"}}]
    )
    client.until(lambda: client.source.connected)
    (unit,) = client.source.batches
    assert (unit.since(timedelta()) or client.source.settings.since) == reads
    seconds = time.monotonic()
    host.tell("m-11", seconds, 7.5)
    client.until(lambda: 7.5 in [reading.value for reading in client.readings])


async def nothing(*_: object) -> AsyncIterator[list[ua.DataValue]]:
    """A history that holds none."""
    pages: list[list[ua.DataValue]] = []
    for page in pages:
        yield page


def test_repeats_other_orders_clocks_that_step_and_connections_that_drop_lose_and_double_nothing(
    host: Host, connected: Callable[..., Connected], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clock may be set back by as much as history is read again, also while the connection is
    down.
    """
    monkeypatch.setattr(source, "AGAIN_FIRST_S", 0.1)
    client = connected("m-10", late_s=-2 * STEP.total_seconds())
    client.until(lambda: client.source.connected)
    events = [
        Told("m-10", BEGIN + timedelta(seconds=second), float(second)) for second in range(400)
    ]
    expected, dropped = set(), 0
    for index, event in enumerate(told_by(events, Faults(drop=0.02, step=0.01))):
        if event is None:
            dropped += 1
            host.loop.call_soon_threadsafe(host.plant.drop)
        else:
            host.do(host.plant.tell(event))
            expected.add((microseconds(event.stamp), event.value))
        if index % 10 == 0:
            client.step()
    client.until(lambda: len(client.readings) >= len(expected) and client.source.connected)
    assert dropped > 2
    assert sorted((reading.time_us, reading.value) for reading in client.readings) == sorted(
        expected
    )


def test_a_status_code_is_a_quality_and_a_value_that_is_bad_is_not_known(
    host: Host, connected: Callable[..., Connected]
) -> None:
    client = connected("m-5")
    host.tell("m-5", 1, 1.0)
    host.tell("m-5", 2, 2.0, ua.StatusCodes.UncertainLastUsableValue)
    host.tell("m-5", 3, 3.0, ua.StatusCodes.BadSensorFailure)
    client.until(lambda: len(client.readings) == 3)
    assert [reading.quality for reading in client.readings] == [
        ReadingQuality.GOOD,
        ReadingQuality.UNCERTAIN,
        ReadingQuality.BAD,
    ]
    assert [reading.value == reading.value for reading in client.readings] == [True, True, False]


def test_a_server_without_history_and_a_node_that_is_not_there_are_told(
    host: Host, connected: Callable[..., Connected]
) -> None:
    client = connected(
        "m-6", nodes={"m-6": host.nodes["m-6"], "gone": "ns=2;i=9", "clock": "i=2258"}
    )
    client.until(lambda: client.source.connected)
    assert dict(client.source.refused) == {"ns=2;i=9": "BadNodeIdUnknown"}
    assert set(client.source.without_history) == {"clock"}
    assert {word.about for word in client.source.words()} >= {"node ns=2;i=9", "history"}


def test_an_event_is_a_row_of_its_batch_also_one_that_came_while_nobody_listened(
    host: Host, connected: Callable[..., Connected]
) -> None:
    async def begin() -> Any:
        server = host.plant.server
        index = await server.get_namespace_index(NAMESPACE)
        properties = [
            ("HeatId", ua.VariantType.String),
            ("StartTime", ua.VariantType.DateTime),
            ("Tapped", ua.VariantType.Double),
        ]
        kind = await server.create_custom_event_type(
            index, "HeatEvent", ua.ObjectIds.BaseEventType, properties
        )
        generator = await server.get_event_generator(kind, ua.ObjectIds.Server)
        await server.historize_node_event(server.nodes.server, period=timedelta(days=1))
        return kind, index, generator

    kind, index, generator = host.do(begin())

    async def tell(heat: str, tapped: float) -> None:
        generator.event.HeatId, generator.event.StartTime, generator.event.Tapped = (
            heat,
            BEGIN,
            tapped,
        )
        await generator.trigger()

    host.do(tell("H1", 119.0))
    time.sleep(0.5)  # in which the server's history takes it
    fields = {
        "batch_id": f"{index}:HeatId",
        "start": f"{index}:StartTime",
        "output_quantity": f"{index}:Tapped",
    }
    batches = {
        "event": kind.nodeid.to_string(),
        "fields": fields,
        "constants": {"step": "eaf", "output_unit": "t"},
    }
    client = connected("m-7", batches=[batches])
    client.until(lambda: client.source.connected)
    host.do(tell("H2", 120.5))
    client.until(lambda: len(client.rows) > 1)
    constant = {"table": "batches", "step": "eaf", "output_unit": "t", "start": BEGIN.isoformat()}
    wanted = [
        {**constant, "batch_id": "H1", "output_quantity": "119"},
        {**constant, "batch_id": "H2", "output_quantity": "120.5"},
    ]
    assert client.rows == wanted


def test_a_namespace_that_the_server_does_not_have_is_told_in_the_readers_language(
    host: Host, connected: Callable[..., Connected]
) -> None:
    client = connected("m-1", nodes={"m-1": "nsu=urn:works:none;s=m-1"})
    client.until(lambda: bool(client.source.refusal))
    assert in_language(client.source.refusal, "en") == "the server has no namespace urn:works:none"
    assert in_language(client.source.refusal, "zh") == "服务器没有命名空间 urn:works:none"
