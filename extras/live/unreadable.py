"""Messages that could not be read, as people look at them: how many since the agent started, and
the last of each topic, node or file.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.measurements import DataFinding, Severity
from benchmarks.phrases import Phrase, restored
from extras.live.spool.segments import Row

MOST_TOPICS = 20
LAST_OF_EACH = 5
MOST_NAMED = 5  # topics, nodes or files in one sentence
LONGEST_EXAMPLE = 60
LONGEST_TEXT = 200  # characters of a message that are shown


@dataclass(frozen=True, slots=True)
class Message:
    """One of them; `at_us` is this machine's time when it was taken."""

    at_us: int
    topic: str
    why: str
    text: str


class UnreadableMessages:
    """Bounded, whatever comes: of further topics the one that was heard least lately is forgotten,
    its count stays in the whole.
    """

    def __init__(self) -> None:
        self.count = 0
        self.by_topic: dict[str, tuple[int, deque[Message]]] = {}

    def take(self, row: Row, at_us: int) -> Message:
        """A row of the spool's table `unreadable`."""
        message = Message(
            at_us, row["topic"][:LONGEST_TEXT], why_of(row), row.get("payload", "")[:LONGEST_TEXT]
        )
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
        return tuple(
            (topic, count, tuple(reversed(latest)))
            for topic, (count, latest) in reversed(self.by_topic.items())
        )


def why_of(row: Row) -> str:
    """A phrase where the agent has one; else what a library said."""
    return restored(row["phrase"]) if "phrase" in row else str(row.get("why", ""))[:LONGEST_TEXT]


def findings(rows: Sequence[Row]) -> Iterator[DataFinding]:
    """Of the rows of a spool: how many messages or lines could not be read, of what, and the last
    of them.
    """
    met = [row for row in rows if row["table"] == "unreadable"]
    if not met:
        return
    topics = Counter(row.get("topic", "")[:LONGEST_TEXT] for row in met)
    named = [f"{topic} ({count:,})" for topic, count in topics.most_common(MOST_NAMED)]
    yield DataFinding(
        "message-unreadable",
        Severity.WARNING,
        Phrase(
            "Messages or lines in the spool that could not be read and count nowhere: %(count)s, "
            "of %(topics)s. The last one, of "
            "%(topic)s: %(text)s (%(why)s).",
            count=f"{len(met):,}",
            topics=", ".join(named + (["…"] if len(topics) > MOST_NAMED else [])),
            topic=met[-1].get("topic", "")[:LONGEST_TEXT],
            text=repr(met[-1].get("payload", "")[:LONGEST_EXAMPLE]),
            why=why_of(met[-1]),
        ),
        len(met),
    )
