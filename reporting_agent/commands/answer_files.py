"""Files that an audit's commands write: whole, for their owner's eyes, or refused in words where
they cannot be.
"""

from __future__ import annotations

from pathlib import Path


def write_file(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read, whole or not at all.

    Raises:
        InputError: `output-not-writable`.
    """
    from benchmarks.errors import InputError, Place
    from reporting_agent.state import write_whole

    try:
        write_whole(path, content)
    except OSError as error:
        raise InputError(
            "output-not-writable",
            "The file cannot be written.",
            "Give a path in an existing folder that can be written to.",
            place=Place(str(path)),
            found=error.strerror or str(error),
        ) from error
