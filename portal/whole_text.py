"""A text that a person wrote, kept whole or refused: whoever wrote it believes that others can read
all of it.
"""

from __future__ import annotations

from benchmarks.phrases import Phrase
from portal.problems import RefusedError

MOST_CHARACTERS = 1_000
"""Of a reason or a note, where its column holds no other number."""


def whole_text(written: str, most: int = MOST_CHARACTERS) -> str:
    """The text in its own lines, without blanks at its ends.

    Raises:
        RefusedError: `text-too-long` (409).
    """
    text = written.strip()
    if len(text) > most:
        raise RefusedError(
            409,
            "text-too-long",
            Phrase(
                "The text has %(length)s characters, and %(most)s are kept.",
                length=len(text),
                most=most,
            ),
            "Shorten it.",
        )
    return text


def whole_sentence(written: str, most: int = MOST_CHARACTERS) -> str:
    """The text on one line, with one blank between words.

    Raises:
        RefusedError: `text-too-long` (409).
    """
    return whole_text(" ".join(written.split()), most)
