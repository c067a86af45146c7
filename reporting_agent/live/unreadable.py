"""Messages that could not be read, as people look at them: how many since the agent started, and the last of each topic, node or file."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

MOST_TOPICS = 20
LAST_OF_EACH = 5
LONGEST_TEXT = 200  # characters of a message that are shown


@dataclass(frozen=True, slots=True)
class Message:
    """One of them; `at_us` is this machine's time when it was taken."""

    at_us: int
    topic: str
    why: str
    text: str


class Unreadable:
    """Bounded, whatever comes: of further topics the one that was heard least lately is forgotten, its count stays in the whole."""

    def __init__(self) -> None:
        self.count = 0
        self.by_topic: dict[str, tuple[int, deque[Message]]] = {}

    def take(self, row: Mapping[str, str], at_us: int) -> Message:
        """A row of the spool's table `unreadable`."""
        message = Message(at_us, row["topic"][:LONGEST_TEXT], row["why"][:LONGEST_TEXT], row.get("payload", "")[:LONGEST_TEXT])
        count, latest = self.by_topic.pop(message.topic, (0, deque[Message](maxlen=LAST_OF_EACH)))
        latest.append(message)
        self.by_topic[message.topic] = (count + 1, latest)
        self.count += 1
        if len(self.by_topic) > MOST_TOPICS:
            del self.by_topic[next(iter(self.by_topic))]
        return message

    def of(self, topic: str) -> int:
        """How many came of a topic since the agent started."""
        return self.by_topic.get(topic, (0, ()))[0]

    def listed(self) -> tuple[tuple[str, int, tuple[Message, ...]], ...]:
        """Topic, count and latest messages, the newest first, for another thread."""
        return tuple((topic, count, tuple(reversed(latest))) for topic, (count, latest) in reversed(self.by_topic.items()))
