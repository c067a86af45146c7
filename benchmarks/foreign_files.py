"""Files that others wrote, read within limits: cheap ones of structure before a parser runs, and a
process of its own, of limited memory and time, where a whole file is parsed.

The parsers of Python's library take what a text asks of them. `tomllib` notes every beginning of a
dotted key, so that a key of 70,000 parts in 140 kB takes 12 GB; it and `json` use one frame of the
stack for each bracket. Both are refused here in one pass over the text. What no pass can foresee (a
number of 10 ** 999999999, a workbook that unpacks a thousandfold) ends the process that `parsed_by`
starts, and is said in a refusal; the program that asked goes on.

The process limits memory and time. It is no sandbox: it has the rights of who asked. Windows has no
such limits, and there the function is called as it is.
"""

from __future__ import annotations

import json
import os
import pickle
import re
import signal
import subprocess
import sys
import tempfile
import threading
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from benchmarks.errors import InputError, Place, SteplabelError
from benchmarks.phrases import Phrase

Args = ParamSpec("Args")
Parsed = TypeVar("Parsed")

LARGEST_FILE = 512 << 20  # bytes; an opening of all batches of a year has some 40 MB
LONGEST_TOML = 8 << 20  # characters; a pack has 60,000, a site of 2,000 meters 400,000
DEEPEST_BRACKETS = 32
MOST_KEY_PARTS = 12
MOST_COLUMNS = 16_384
"""Of a table: as many as a spreadsheet has (Excel specifications and limits)."""
LONGEST_HEADING = 1_000  # characters

_TOML = re.compile(
    r"""
      "{3}(?:[^"\\]|\\.|"(?!""))*+"{3,5} | '{3}(?:[^']|'(?!''))*+'{3,5}
    | "(?:[^"\\\n]|\\.)*+" | '[^'\n]*+'
    | (?P<open>["'])
    | \#[^\n]*+
    | (?P<sign>[\[\]{}.,=\n])
    """,
    re.VERBOSE | re.DOTALL,
)
"""Strings and comments, to pass over; a quote that nothing closes; the signs that nest and part."""


def read_bytes(path: Path, most: int = LARGEST_FILE) -> bytes:
    """The file's bytes, of which there may be so many.

    Raises:
        OSError: it cannot be read.
        InputError: `file-too-large`.
    """
    with path.open("rb") as file:
        raw = file.read(most + 1)
    if len(raw) > most:
        raise InputError(
            "file-too-large",
            "The file is larger than any file of its kind.",
            "Check that it is the right file.",
            place=Place(str(path)),
            found=Phrase("more than %(most)s bytes", most=f"{most:,}"),
        )
    return raw


def read_toml(text: str, *, parse_float: Callable[[str], Any] = float) -> dict[str, Any]:
    """The tables of a TOML document.

    Raises:
        TOMLDecodeError: it is none, or it is longer, nested deeper or has keys of more parts than
            anybody writes; of these the first argument is a `Phrase`.
    """
    if len(text) > LONGEST_TOML:
        raise _no_toml(Phrase("the text is longer than %(most)s characters", most=LONGEST_TOML))
    depth, parts = 0, 1
    for token in _TOML.finditer(text):
        if token["open"]:
            break  # no TOML: the parser ends here, too
        match token["sign"]:
            case None:
                continue
            case ".":
                parts += 1
            case "[" | "{":
                depth, parts = depth + 1, 1
            case "]" | "}":
                depth, parts = depth - 1, 1
            case _:
                parts = 1
        if depth > DEEPEST_BRACKETS or parts > MOST_KEY_PARTS:
            line = text.count("\n", 0, token.start()) + 1
            raise _no_toml(
                Phrase("brackets within brackets, more than %(most)s deep (line %(line)s)",
                       most=DEEPEST_BRACKETS, line=line)
                if depth > DEEPEST_BRACKETS
                else Phrase("a key of more than %(most)s parts (line %(line)s)",
                            most=MOST_KEY_PARTS, line=line)
            )  # fmt: skip
    try:
        return tomllib.loads(text, parse_float=parse_float)
    except tomllib.TOMLDecodeError:
        raise
    except ValueError as wrong:  # a whole number of thousands of digits
        raise tomllib.TOMLDecodeError(str(wrong)) from wrong


def _no_toml(fault: Phrase) -> tomllib.TOMLDecodeError:
    return tomllib.TOMLDecodeError(fault)


def fault_of(error: Exception) -> str:
    """What an error says, as a phrase where it has one."""
    return next((part for part in error.args if isinstance(part, Phrase)), str(error))


def read_json(raw: bytes | str) -> Any:
    """The value of a JSON document.

    Raises:
        ValueError: it is none, or it is nested deeper than the parser can follow.
    """
    try:
        return json.loads(raw)
    except RecursionError as deep:
        raise ValueError(Phrase("brackets within brackets, too deep to be read")) from deep


@dataclass(frozen=True, slots=True)
class ReadingLimits:
    """What the process of one reading may take. `wall_s` is None where a person is asked
    meanwhile.
    """

    memory_bytes: int
    cpu_s: int
    wall_s: float | None


UPLOAD = ReadingLimits(memory_bytes=1 << 30, cpu_s=20, wall_s=30.0)
COMMAND = ReadingLimits(memory_bytes=4 << 30, cpu_s=600, wall_s=1_200.0)

_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from benchmarks.foreign_files import _answer; _answer(int(sys.argv[2]), int(sys.argv[3]))"
)
_FEW_THREADS = {"MALLOC_ARENA_MAX": "2", "POLARS_MAX_THREADS": "2", "OMP_NUM_THREADS": "2"}
"""Each thread reserves addresses, which count as memory here although nothing stands there."""
_NO_MEMORY, _TOO_DEEP = 86, 87  # exit codes that neither Python nor a shell uses
_one_at_a_time = threading.Lock()


def parsed_by(
    function: Callable[Args, Parsed],
    limits: ReadingLimits,
    *args: Args.args,
    **named: Args.kwargs,
) -> Parsed:
    """What the function gives, called in a process of its own: one at a time of this process.

    Args:
        function: of a module, by whose name the other process finds it.
        args: what can be pickled, as what it gives.

    Raises:
        InputError: `reading-beyond-limits`, `reading-failed`, `reading-waits`.
        SteplabelError: what the function refuses.
    """
    if os.name != "posix":
        return function(*args, **named)
    if not _one_at_a_time.acquire(timeout=-1 if limits.wall_s is None else limits.wall_s):
        raise InputError(
            "reading-waits",
            "Files of others are being read just now.",
            "Send it again in a minute.",
        )
    try:
        with tempfile.TemporaryFile() as request, tempfile.TemporaryFile() as answer:
            pickle.dump(limits, request)
            pickle.dump((function, args, named), request)
            request.flush()
            request.seek(0)
            status = _run(limits, request.fileno(), answer.fileno())
            answer.seek(0)
            if status == 0:
                done, outcome = pickle.load(answer)  # noqa: S301 - written by `_answer`
    finally:
        _one_at_a_time.release()
    if status:
        raise _ended(status, limits)
    if not done:
        raise outcome
    result: Parsed = outcome
    return result


def _run(limits: ReadingLimits, request: int, answer: int) -> int:
    """How the process ended: 0, its exit code, or below nought the signal that ended it."""
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and text
        [sys.executable, "-c", _START, json.dumps(sys.path), str(request), str(answer)],
        pass_fds=(request, answer),
        env={**_FEW_THREADS, **os.environ},
    )
    try:
        return process.wait(limits.wall_s)
    except subprocess.TimeoutExpired:
        return -signal.SIGALRM
    finally:
        process.kill()
        process.wait()


def _answer(request: int, answer: int) -> None:
    """What the other process does. An error that nobody foresaw ends it, told in its log."""
    import resource

    with os.fdopen(request, "rb") as asked, os.fdopen(answer, "wb") as given:
        limits: ReadingLimits = pickle.load(asked)  # noqa: S301 - written by `parsed_by`
        resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
        resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_s, limits.cpu_s + 1))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        outcome: tuple[bool, object]
        try:
            function, args, named = pickle.load(asked)  # noqa: S301 - as above
            outcome = True, function(*args, **named)
        except SteplabelError as refusal:
            outcome = False, refusal
        except MemoryError:
            os._exit(_NO_MEMORY)
        except RecursionError:
            os._exit(_TOO_DEEP)
        pickle.dump(outcome, given)


def _ended(status: int, limits: ReadingLimits) -> InputError:
    if status > 0 and status not in (_NO_MEMORY, _TOO_DEEP):
        return InputError(
            "reading-failed",
            "Reading the file met a fault in Steplabel itself.",
            "Nothing of it was used. Report it with the file; where it arose stands in the log.",
        )
    found = {
        _NO_MEMORY: Phrase("more than %(mb)s MB of memory", mb=limits.memory_bytes >> 20),
        _TOO_DEEP: Phrase("parts within parts, deeper than a parser can follow"),
        -signal.SIGXCPU: Phrase("more than %(s)s seconds of processor time", s=limits.cpu_s),
        -signal.SIGALRM: Phrase("more than %(s)s seconds", s=int(limits.wall_s or 0)),
    }.get(status, Phrase("the reader broke off (signal %(number)s)", number=-status))
    return InputError(
        "reading-beyond-limits",
        "Reading this file takes more than a file of its kind may take.",
        "Check that it is the right file. If it is, write it anew with the program that it is from,"
        " or in parts.",
        found=found,
        wanted=Phrase(
            "at most %(mb)s MB of memory and %(s)s seconds of processor time",
            mb=limits.memory_bytes >> 20,
            s=limits.cpu_s,
        ),
    )
