"""MQTT 3.1.1 and 5 by paho-mqtt: readings, batches and Sparkplug B of one broker.

Exactly once is made of: a session that the broker keeps (`client_id`, no clean start),
subscriptions at QoS 1, an acknowledgement of each message only after the spool has it on the disk,
and a spool that drops what comes again. QoS 2 is not asked for: paho acknowledges its first half
before anybody could have kept the message, and a death then loses it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase
from extras.live.sources import payloads, sparkplug
from extras.live.sources.asking_again import Pauses, Range
from extras.live.sources.clients import client_of
from extras.live.sources.deliveries import Deliveries
from extras.live.sources.lifeline import fault_of
from extras.live.sources.mqtt_network import MqttNetwork
from extras.live.sources.passwords import password_of
from extras.live.sources.settings import Mqtt
from extras.live.sources.source import NOT_YET, Word, reason, troubles
from extras.live.spool.acknowledging import Intake, MessageArrival
from extras.live.spool.reading import Reading
from extras.live.spool.segments import Row
from extras.live.spool.writer import now_us

if TYPE_CHECKING:
    from paho.mqtt.client import Client, MQTTMessage

# how long a broker of MQTT 5 keeps the session: as long as can be said short of for ever
KEPT_FOR_S = 0xFFFFFFFE
# messages that a broker of MQTT 5 may send before the first is acknowledged; its own limit counts
# as well
IN_FLIGHT = 1_000
REBIRTH_FIRST_S, REBIRTH_LONGEST_S = 5.0, 600.0
MOST_REBIRTHS = 12  # the pauses between them and after the last come to an hour and a quarter
ANSWERS_S = 10.0  # within which a broker connects and answers to what is published
_QOS = 1


class MqttSource:
    """One broker, connected and connected again by a thread of its own."""

    def __init__(self, settings: Mqtt, folder: Path, intake: Intake) -> None:
        self.settings, self._folder, self._intake = settings, folder, intake
        self.connected = False
        self.refusal: str = ""  # the broker's or the network's last word
        self.refused: tuple[str, ...] = ()  # topics that the broker does not let this client read
        self._topics: tuple[str, ...] = ()
        self._hosts = {
            section.group: sparkplug.Host(section.metrics) for section in settings.sparkplug
        }
        self._untimed = tuple(
            mapping.topic for mapping in settings.readings if "time" not in mapping.fields
        )
        self._deliveries = Deliveries(f"{self.name}:{settings.client_id}")
        self._fault = ""  # what reading a message last ended with, unforeseen
        self._births: dict[
            str, Pauses
        ] = {}  # that an edge node was asked for, since its last whole message
        self._not_taken: dict[int, str] = {}  # of what was published, why the broker refused it
        self._names = {
            meter: name for mapping in settings.readings for name, meter in mapping.names.items()
        }
        self._client = self._new_client()
        self._network = MqttNetwork(self._client, self.name, self._on_not_reached, self._on_leaving)
        self.lifeline = self._network.lifeline

    @property
    def name(self) -> str:
        return f"{self.settings.host}:{self.settings.port}"

    def start(self) -> None:
        """Connect, and go on connecting until `stop`."""
        from paho.mqtt.packettypes import PacketTypes
        from paho.mqtt.properties import Properties

        self._deliveries.go_on_from(dict(self._intake.spool.positions))
        if self.settings.version == "5":
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # of paho
            properties.SessionExpiryInterval = KEPT_FOR_S
            properties.ReceiveMaximum = IN_FLIGHT
            self._client.connect_async(
                self.settings.host, self.settings.port, clean_start=False, properties=properties
            )
        else:
            self._client.connect_async(self.settings.host, self.settings.port)
        self._network.start()

    def stop(self) -> None:
        """Leave the broker, which keeps the session."""
        self._network.stop()

    def publish(self, topic: str, content: str) -> None:
        """Publish, and wait until the broker has it (PUBACK).

        Raises:
            OSError: there is no connection, or the broker does not answer or refuses (MQTT 5; one
                of 3.1.1 can only drop it).
        """
        deadline_s = time.monotonic() + ANSWERS_S
        while not self.connected:  # it may have just begun
            if time.monotonic() > deadline_s:
                raise ConnectionError(self.refusal or NOT_YET)
            time.sleep(0.1)
        sent = self._client.publish(topic, content, _QOS)
        try:
            sent.wait_for_publish(ANSWERS_S)
        except RuntimeError as lost:  # paho's word for a connection that ended meanwhile
            raise ConnectionError(str(lost)) from lost
        if not sent.is_published():
            raise TimeoutError(NOT_YET)
        if refusal := self._not_taken.pop(sent.mid, ""):
            raise ConnectionError(refusal)

    def ask_again(self, missing: Mapping[str, Sequence[Range]]) -> bool:
        """Ask for what is missing by its numbers, meter by meter, where site.toml names a topic for
        that; returns whether it asked.
        """
        if self.settings.ask is None or not self.connected:
            return False
        for meter, ranges in missing.items():
            for first, last in ranges:
                asked = {"meter": self._names.get(meter, meter), "from": first, "to": last}
                self._client.publish(self.settings.ask, json.dumps(asked), _QOS)
        return True

    def trouble(self) -> str:
        """What keeps readings from coming, in the words of broker or network; empty for nothing."""
        if self.lifeline.trouble is not None:
            return self.lifeline.trouble
        if self.connected:
            return troubles(dict.fromkeys(self.refused, self.refusal))
        return self.refusal or NOT_YET

    def words(self) -> Iterator[Word]:
        """Whether it is connected, and may read what it is to read."""
        if self.connected or self.refusal:
            yield Word("", f"{self.connected} {self.refusal}", self._connection_told())
        if self._fault:
            sentence = Phrase(
                "%(source)s: a message could not be read because of a fault in the agent "
                "(%(why)s). It is stored as unreadable; report "
                "this fault.",
                source=self.name,
                why=self._fault,
            )
            yield Word("fault", self._fault, sentence)
        for edge, pauses in self._births.items():
            if pauses.tried == MOST_REBIRTHS:
                sentence = Phrase(
                    "%(source)s: edge node %(edge)s was asked %(times)s times for a birth that "
                    "can be read, and sent none. Metrics that "
                    "it names by alias alone, and whole numbers whose type it does not give, are "
                    "lost until it does. Restart the edge "
                    "node.",
                    source=self.name,
                    edge=edge,
                    times=pauses.tried,
                )
                yield Word(f"edge {edge}", "no birth", sentence)

    def _connection_told(self) -> str:
        if self.refused and self.connected:
            return Phrase(
                "%(source)s does not let this agent read %(topics)s (%(why)s), so none of their "
                "data arrive. Let the client "
                "%(client)s read them, then start the agent again.",
                source=self.name,
                topics=", ".join(self.refused),
                why=self.refusal,
                client=self.settings.client_id,
            )
        if self.connected:
            return Phrase("%(source)s is connected.", source=self.name)
        return Phrase(
            "%(source)s is not connected (%(why)s). It stores incoming data, and the agent tries "
            "again.",
            source=self.name,
            why=self.refusal,
        )

    def _new_client(self) -> Client:
        with client_of("MQTT", "paho-mqtt", "source.mqtt"):
            from paho.mqtt import client as paho
            from paho.mqtt.enums import CallbackAPIVersion
        settings, five = self.settings, self.settings.version == "5"
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            settings.client_id,
            clean_session=None if five else False,
            protocol=paho.MQTTv5 if five else paho.MQTTv311,
            manual_ack=True,
        )
        if settings.username is not None:
            password = password_of(
                self._folder, settings.password_file, "source.mqtt.password_file"
            )
            client.username_pw_set(settings.username, password)
        if settings.ca_file is not None:
            _trust(client, self._folder / settings.ca_file)
        if settings.host_id is not None:
            client.will_set(self._state_topic, _state(online=False), _QOS, retain=True)
        client.on_connect, client.on_disconnect = self._on_connect, self._on_disconnect
        client.on_message, client.on_subscribe, client.on_publish = (
            self._on_message,
            self._on_subscribe,
            self._on_publish,
        )
        return client

    @property
    def _state_topic(self) -> str:
        return f"{sparkplug.NAMESPACE}/STATE/{self.settings.host_id}"

    def _on_connect(
        self, client: Client, data: Any, flags: Any, reason: Any, properties: Any
    ) -> None:
        del data, flags, properties
        if reason.is_failure:
            self.refusal = str(reason)
            return
        self._topics = topics(self.settings)
        client.subscribe([(topic, _QOS) for topic in self._topics])
        if self.settings.host_id is not None:
            client.publish(self._state_topic, _state(online=True), _QOS, retain=True)
        for node in (node for host in self._hosts.values() for node in host.nodes.values()):
            node.expected = None  # what came meanwhile at QoS 0 is gone
        self._births = {}

    def _on_subscribe(
        self, client: Client, data: Any, mid: int, reasons: Sequence[Any], properties: Any
    ) -> None:
        """Connected is who receives: only now does the broker keep what comes, and it may have
        refused (MQTT 5, 3.9.3).
        """
        del client, data, mid, properties
        self.refused = tuple(
            topic for topic, reason in zip(self._topics, reasons, strict=True) if reason.is_failure
        )
        self.connected, self.refusal = (
            True,
            next((str(reason) for reason in reasons if reason.is_failure), ""),
        )

    def _on_publish(
        self, client: Client, data: Any, mid: int, reason: Any, properties: Any
    ) -> None:
        """Before whoever waits for it goes on (MQTT 5, 3.4.2.1)."""
        del client, data, properties
        if reason.is_failure:
            self._not_taken[mid] = str(reason)
        else:
            self._not_taken.pop(mid, None)  # of an earlier one that nobody waited for

    def _on_not_reached(self, error: OSError) -> None:
        self.refusal = Phrase("not reached: %(why)s", why=reason(error))

    def _on_leaving(self) -> None:
        """A host says that it leaves; the will is for the one that cannot (Sparkplug 3.0)."""
        if self.connected and self.settings.host_id is not None:
            self._client.publish(self._state_topic, _state(online=False), _QOS, retain=True)

    def _on_disconnect(
        self, client: Client, data: Any, flags: Any, reason: Any, properties: Any
    ) -> None:
        del client, data, flags, properties
        self.connected, self.refusal = False, str(reason)

    def _on_message(self, client: Client, data: Any, message: MQTTMessage) -> None:
        """One arrival a message, whatever it matches; one that matches nothing more is let go, or
        the broker would keep it for ever.
        """
        del client, data
        topic, payload = message.topic, bytes(message.payload)
        untimed = any(_matches(subscribed, topic) for subscribed in self._untimed)
        again = untimed and (message.retain or self._deliveries.holds(message))
        try:
            readings, rows = self._read(topic, payload, again=again)
        except Exception as error:  # noqa: BLE001 - were it raised, the broker would send this message again, and nothing after it
            self._fault = fault_of(error)
            readings, rows = (
                [],
                [payloads.unreadable(topic, payload, payloads.UnreadablePayload(self._fault))],
            )
        self._put(
            message,
            readings,
            [*rows, self._deliveries.note(message)]
            if untimed and message.qos and not again
            else rows,
        )

    def _read(self, topic: str, payload: bytes, *, again: bool) -> tuple[list[Reading], list[Row]]:
        """`again`: it was measured before it was received, so what it says without a time is let
        go.
        """
        readings: list[Reading] = []
        rows: list[Row] = []
        refused: list[payloads.UnreadablePayload] = []
        try:
            for mapping in self.settings.readings:
                if _matches(mapping.topic, topic) and not (again and "time" not in mapping.fields):
                    new_readings, wrong = payloads.readings(mapping, topic, payload, now_us())
                    readings += new_readings
                    refused += wrong
            for table in self.settings.batches:
                if _matches(table.topic, topic):
                    of_table, wrong = payloads.rows(table, payload)
                    rows += of_table
                    refused += wrong
            for group, host in self._hosts.items():
                if topic.startswith(f"{sparkplug.NAMESPACE}/{group}/"):
                    new_readings, wrong = self._of_sparkplug(group, host, topic, payload)
                    readings += new_readings
                    refused += wrong
        except payloads.UnreadablePayload as no_payload:
            refused.append(no_payload)
        return readings, rows + [payloads.unreadable(topic, payload, wrong) for wrong in refused]

    def _of_sparkplug(
        self, group: str, host: sparkplug.Host, topic: str, payload: bytes
    ) -> tuple[list[Reading], list[payloads.UnreadablePayload]]:
        readings, refused, asks = host.take(topic, payload, now_us())
        _, _, kind, edge, *_ = topic.split("/")
        if kind not in sparkplug.KINDS:
            return [], []
        if not asks:
            self._births = {name: pauses for name, pauses in self._births.items() if name != edge}
            return readings, payloads.bounded(refused)
        pauses, now_s = (
            self._births.get(edge, Pauses(REBIRTH_FIRST_S, REBIRTH_LONGEST_S)),
            time.monotonic(),
        )
        if pauses.is_due(now_s) and pauses.tried < MOST_REBIRTHS:
            pauses.try_at(now_s)
            self._births = {**self._births, edge: pauses}
            self._client.publish(
                f"{sparkplug.NAMESPACE}/{group}/NCMD/{edge}", sparkplug.rebirth(now_us() // 1000), 0
            )
        return readings, payloads.bounded(refused)

    def _put(self, message: MQTTMessage, readings: list[Reading], rows: list[Row]) -> None:
        self._intake.put(MessageArrival(readings, rows, self._network.received(message)))


def topics(settings: Mqtt) -> tuple[str, ...]:
    """What is subscribed to."""
    of_payloads = [mapping.topic for mapping in settings.readings] + [
        table.topic for table in settings.batches
    ]
    return (
        *of_payloads,
        *(f"{sparkplug.NAMESPACE}/{section.group}/#" for section in settings.sparkplug),
    )


def _trust(client: Client, authority: Path) -> None:
    try:
        client.tls_set(str(authority))
    except OSError as wrong:  # ssl.SSLError too
        raise InputError(
            "certificate-unreadable",
            "The file with the certificate of the broker's authority cannot be read.",
            "Name a file of certificates in PEM that the agent's user may read.",
            place=Place("site.toml", column="source.mqtt.ca_file"),
            found=reason(wrong),
            wanted=str(authority),
        ) from wrong


@lru_cache(20_000)  # paho builds a tree for each answer: a sixth of what a message takes
def _matches(subscribed: str, topic: str) -> bool:
    from paho.mqtt.client import topic_matches_sub

    return topic_matches_sub(subscribed, topic)


def _state(*, online: bool) -> str:
    return json.dumps({"online": online, "timestamp": now_us() // 1000})
