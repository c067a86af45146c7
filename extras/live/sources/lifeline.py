"""What ended a source's thread unforeseen: no thread of a source ends without `watch` seeing it,
telling why, and starting another.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.phrases import Phrase


class Lifeline:
    """Of one thread."""

    def __init__(self) -> None:
        self.ended = False
        self.fault = ""  # what was raised, and where

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Around all that the thread does; what is raised ends the block, and no more."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - told with its text and place, and what it ended is begun again
            self.fault = fault_of(error)
        finally:
            self.ended = True

    @property
    def why(self) -> str:
        """Why it ended, once it did; of one that was not stopped there is always a reason."""
        return "" if not self.ended else self.fault or Phrase("its thread returned")

    @property
    def trouble(self) -> Phrase | None:
        """For the page."""
        return (
            Phrase("Ended by a fault in the agent; it is started again (%(why)s)", why=self.why)
            if self.ended
            else None
        )


def fault_of(error: Exception) -> str:
    """What was raised, and where."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error}, {last.filename.rpartition('/')[2]} line {last.lineno}"
