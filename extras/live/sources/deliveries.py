"""Messages without a time of their own, of which the time of receipt is all that tells one from
another: what a broker delivers again.

Each that is handed on has its number at the broker, topic and content as a digest in the spool, in
the frame of its readings. So one that comes again, because its acknowledgement was lost with a
connection or with the agent, is known, and one that only looks the same is not.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from extras.live.spool.positions import row_of
from extras.live.spool.segments import Row

if TYPE_CHECKING:
    from paho.mqtt.client import MQTTMessage

MOST_REMEMBERED = 1_000  # as many as a broker of MQTT 5 may send before the first is acknowledged


class Deliveries:
    """The latest of one client of a broker."""

    def __init__(self, client: str) -> None:
        self._key, self._count = f"mqtt:{client}:", 0
        self._latest = deque[str](maxlen=MOST_REMEMBERED)

    def go_on_from(self, positions: Mapping[str, Any]) -> None:
        """With those that the spool has; once, before the first message."""
        own = sorted(position for key, position in positions.items() if key.startswith(self._key))
        self._latest.extend(digest for _, digest in own)
        self._count = own[-1][0] if own else 0

    def holds(self, message: MQTTMessage) -> bool:
        """Whether the broker delivers it again, and it was handed on before."""
        return message.dup and _digest(message) in self._latest

    def note(self, message: MQTTMessage) -> Row:
        """It is handed on, with this row."""
        self._latest.append(_digest(message))
        self._count += 1
        return row_of(
            f"{self._key}{self._count % MOST_REMEMBERED}", [self._count, self._latest[-1]]
        )


def _digest(message: MQTTMessage) -> str:
    content = b"\0".join(
        (str(message.mid).encode(), message.topic.encode(), bytes(message.payload))
    )
    return hashlib.blake2b(content, digest_size=8).hexdigest()
