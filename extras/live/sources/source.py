"""What `watch` asks of every live source, whatever its protocol; and how its state, failures and
troubles are told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol

from benchmarks.phrases import Phrase, enumerated
from extras.live.sources.lifeline import Lifeline

NOT_YET = Phrase("no answer yet")
"""Why nothing comes of a source that was just begun."""
BACKLOG = Phrase("what it holds is being read")
"""Of a source whose readings come, and that is not read to its end yet."""


class Word(NamedTuple):
    """What a source has to say about one thing; told when its `state` changes from what it was, at
    first from an empty one.
    """

    about: str
    state: str
    sentence: str


def reason(wrong: BaseException) -> str:
    """Why something failed, on one line and never empty: many an error of a network has no text but
    its name. A phrase stays one.
    """
    text = wrong.args[0] if wrong.args else ""
    return (
        text if isinstance(text, Phrase) else " ".join(str(wrong).split()) or type(wrong).__name__
    )


def not_saved(file: str, wrong: OSError) -> Phrase:
    """A file beside the spool, by which a restart goes on, could not be written."""
    return Phrase(
        "What %(file)s is to remember cannot be saved (%(why)s). After a restart some of it may "
        "be missing or come twice. Free space on "
        "the spool's disk.",
        file=file,
        why=reason(wrong),
    )


def troubles(whys: Mapping[str, str]) -> str:
    """What is wrong at each place, as `a: why, b: why`; empty for nothing."""
    named = [Phrase("%(where)s: %(what)s", where=place, what=why) for place, why in whys.items()]
    return enumerated(named) if named else ""


class LiveSource(Protocol):
    """One connection. It puts arrivals into the intake from a thread of its own, and is asked from
    the thread of `watch`.
    """

    lifeline: Lifeline  # of its thread, as long as it is not stopped

    @property
    def name(self) -> str:
        """As people are told of it."""

    def start(self) -> None:
        """Connect, and go on connecting until `stop`; returns at once."""

    def stop(self) -> None:
        """Leave; returns once nothing more is put into the intake."""

    def trouble(self) -> str:
        """What keeps readings from coming, for the page; empty for nothing."""

    def words(self) -> Iterable[Word]:
        """What is to be said of it now."""
