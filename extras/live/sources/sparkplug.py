"""Sparkplug B 3.0 (Eclipse Foundation, 2022): what edge nodes publish, and what a host asks them
for.

Protocol Buffers are read here, the eight fields that carry numbers, without the library: 60 lines
beside 1 MB. A test reads what the independent `pysparkplug` writes.

Data come at QoS 0 by the standard: what is lost between an edge node and the host is gone, and a
host knows it by the sequence of messages (0 to 255, then 0 again). It then asks for a birth, which
tells the latest value of every metric; a register's energy is whole again with it. Metrics are
known by their name in the birth, later by an alias.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from benchmarks.phrases import Phrase
from extras.live.sources.payloads import UnreadablePayload, of_a_meter
from extras.live.spool.reading import NO_SEQUENCE, Reading, ReadingQuality

NAMESPACE = "spBv1.0"
KINDS = (
    "NBIRTH",
    "NDATA",
    "NDEATH",
    "DBIRTH",
    "DDATA",
    "DDEATH",
)  # of messages by which an edge node tells
_MESSAGES = 256
_SIGNED = {1: 8, 2: 16, 3: 32, 4: 64}  # Int8 to Int64, kept as unsigned
_BOOLEAN, REBIRTH = 11, "Node Control/Rebirth"


class SparkplugMetric(NamedTuple):
    """One metric of a payload; `value` is NaN where it is null, None where it is no number; a whole
    number has no sign yet.
    """

    name: str | None
    alias: int | None
    time_ms: int | None
    value: float | None
    datatype: int | None = None


class Payload(NamedTuple):
    """What a message holds."""

    time_ms: int | None
    sequence: int | None
    metrics: tuple[SparkplugMetric, ...]


@dataclass(slots=True)
class EdgeNode:
    """What a host knows of one edge node: names by alias, types by name, and the sequence number
    that comes next.
    """

    aliases: dict[tuple[str, int], str] = field(default_factory=dict)
    types: dict[tuple[str, str], int] = field(default_factory=dict)
    expected: int | None = None  # None: no birth was seen, or a message is missing since
    lost: int = 0

    def follows(self, kind: str, sequence: int | None) -> bool:
        """Whether this message comes after the one before it; a birth of the node begins anew."""
        if kind == "NBIRTH":
            self.aliases.clear()
            self.types.clear()
            self.expected = 0 if sequence is None else sequence
        whole = self.expected is not None and sequence == self.expected
        if not whole and self.expected is not None:
            self.lost += 1
        self.expected = (
            (self.expected + 1) % _MESSAGES if whole and self.expected is not None else None
        )
        return whole

    def number(self, name: tuple[str, str], value: float | None) -> float | None:
        """The value of a metric; None also of a whole number whose type is not known."""
        if not isinstance(value, int):
            return value
        datatype = self.types.get(name)
        return None if datatype is None else float(_signed(value, datatype))


class Host:
    """The host's side of one group."""

    def __init__(self, metrics: Mapping[str, str]) -> None:
        self.metrics = metrics  # `edge/metric` or `edge/device/metric` -> meter
        self.nodes: dict[str, EdgeNode] = {}

    def take(
        self, topic: str, payload: bytes, received_us: int
    ) -> tuple[list[Reading], list[UnreadablePayload], bool]:
        """The readings of a message, which of its metrics could not be read, and whether its edge
        node must be asked for a birth.

        Raises:
            Unreadable: the payload is no Sparkplug B.
        """
        if topic.count("/") < 3:
            raise UnreadablePayload(Phrase("the topic %(topic)s names no edge node", topic=topic))
        _, _, kind, edge, *device = topic.split("/", 4)
        if kind not in KINDS:
            return [], [], False
        node = self.nodes.setdefault(edge, EdgeNode())
        read = decoded(payload)
        if kind == "NDEATH":
            node.expected = None
            return [], [], False
        whole = node.follows(kind, read.sequence)
        prefix = "/".join((edge, *device))
        readings: list[Reading] = []
        refused: list[UnreadablePayload] = []
        for metric in read.metrics:
            name = metric.name or node.aliases.get((prefix, metric.alias or 0))
            if name is None:
                continue  # its birth was not seen: asked for
            if metric.name and metric.alias is not None:
                node.aliases[prefix, metric.alias] = metric.name
            if metric.datatype is not None or kind.endswith("BIRTH"):
                node.types[prefix, name] = metric.datatype or 0
            meter = self.metrics.get(f"{prefix}/{name}")
            stamp = metric.time_ms if metric.time_ms is not None else read.time_ms
            value = node.number((prefix, name), metric.value)
            if meter is None or stamp is None or value is None:
                continue
            is_number = math.isfinite(value)
            quality = ReadingQuality.GOOD if is_number else ReadingQuality.BAD
            try:
                time_us = of_a_meter(stamp * 1000, stamp)
            except UnreadablePayload as wrong:
                refused.append(
                    UnreadablePayload(wrong.why, entry=f"{prefix}/{name} {stamp}".encode())
                )
                continue
            readings.append(
                Reading(
                    meter,
                    time_us,
                    value if is_number else math.nan,
                    NO_SEQUENCE,
                    quality,
                    received_us,
                )
            )
        return readings, refused, not whole


def decoded(payload: bytes) -> Payload:
    """A payload's metrics.

    Raises:
        Unreadable: these bytes are no Protocol Buffers, or end early.
    """
    time_ms = sequence = None
    metrics = []
    try:
        for number, kind, value in _fields(payload):
            if (number, kind) == (1, 0):
                time_ms = int(value)
            elif (number, kind) == (3, 0):
                sequence = int(value)
            elif (number, kind) == (2, 2) and isinstance(value, bytes):
                metrics.append(_metric(value))
    except (IndexError, struct.error, UnicodeDecodeError) as wrong:
        raise UnreadablePayload(Phrase("no Sparkplug B payload: %(why)s", why=wrong)) from wrong
    return Payload(time_ms, sequence, tuple(metrics))


def rebirth(time_ms: int) -> bytes:
    """The payload of an NCMD that asks for a birth."""
    name = REBIRTH.encode()
    metric = b"".join(
        (
            b"\x0a",
            _varint(len(name)),
            name,
            b"\x18",
            _varint(time_ms),
            b"\x20",
            _varint(_BOOLEAN),
            b"\x70\x01",
        )
    )
    return b"".join((b"\x08", _varint(time_ms), b"\x12", _varint(len(metric)), metric))


def _metric(content: bytes) -> SparkplugMetric:
    name = alias = time_ms = None
    datatype: int | None = None
    null = False
    value: float | None = None
    for number, kind, raw in _fields(content):
        if number == 1 and isinstance(raw, bytes):
            name = raw.decode()
        elif number == 2 and kind == 0:
            alias = int(raw)
        elif number == 3 and kind == 0:
            time_ms = int(raw)
        elif number == 4 and kind == 0:
            datatype = int(raw)
        elif number == 7 and kind == 0:
            null = bool(raw)
        elif number in (10, 11, 14) and kind == 0:
            value = int(raw)
        elif number == 12 and isinstance(raw, bytes):
            value = float(struct.unpack("<f", raw)[0])
        elif number == 13 and isinstance(raw, bytes):
            value = float(struct.unpack("<d", raw)[0])
    return SparkplugMetric(name, alias, time_ms, math.nan if null else value, datatype)


def _signed(value: int, datatype: int) -> int:
    bits = _SIGNED.get(datatype)
    if bits is None:
        return value
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def _fields(content: bytes) -> Iterator[tuple[int, int, int | bytes]]:
    """Number, wire type and value of each field (protobuf.dev, "Encoding")."""
    at = 0
    while at < len(content):
        tag, at = _read_varint(content, at)
        number, kind = tag >> 3, tag & 7
        if kind == 0:
            value, at = _read_varint(content, at)
            yield number, kind, value
            continue
        if kind == 2:
            length, at = _read_varint(content, at)
        elif kind in (1, 5):
            length = 8 if kind == 1 else 4
        else:
            raise IndexError(f"wire type {kind} at byte {at}")
        if at + length > len(content):
            raise IndexError(f"field {number} ends after the payload")
        yield number, kind, content[at : at + length]
        at += length


def _read_varint(content: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = content[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise IndexError(f"a number of more than ten bytes at byte {at}")


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
