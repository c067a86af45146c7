"""Talking to the person at the terminal: messages and progress on stderr, the answer on stdout.

With `--json` the answer is one JSON document on stdout and nothing else goes there, so that scripts
can read it.
"""

from __future__ import annotations

import json
import os
import sys
import time
import unicodedata
from argparse import Namespace
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from typing import Any, TypeVar

from benchmarks.catalogue import in_language
from benchmarks.phrases import Phrase, Value

Item = TypeVar("Item")

LANGUAGE: ContextVar[str] = ContextVar("language of the terminal", default="en")
"""What messages and progress are said in; a command sets it once."""

QUIET_S = 1.0  # what is done within a second needs no progress
TERMINAL_STEP_S = 0.2
LOG_STEP_S = 10.0


def say(text: str) -> None:
    """One message for the person, on stderr, in the terminal's language where the catalogue has
    it.
    """
    print(in_language(text, LANGUAGE.get()), file=sys.stderr, flush=True)


def emit(args: Namespace, payload: dict[str, Any], text: str) -> None:
    """The command's answer: `payload` as JSON on stdout with `--json`, else `text`, in the
    terminal's language where it is a phrase.
    """
    answer(
        json.dumps(payload, ensure_ascii=False, indent=2)
        if getattr(args, "json", False)
        else in_language(text, LANGUAGE.get())
    )


def in_terminals_language(lines: Iterable[Value]) -> str:
    """Lines of an answer, each in the terminal's language."""
    return "\n".join(
        in_language(line, LANGUAGE.get()) if isinstance(line, str) else str(line) for line in lines
    )


def answer(text: str) -> None:
    """The whole answer, on stdout."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # whoever reads has read enough (`| head`); the work is done, and the interpreter must not
        # stumble over it at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def columns_of(text: str) -> int:
    """The columns that a text takes in letters of one width: those of Chinese and Japanese take
    two.
    """
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def progress(items: Iterable[Item], total: int | None, what: str) -> Iterator[Item]:
    """Pass the items on, telling how far it is once it has taken more than a second.

    On a terminal one line is rewritten; elsewhere a plain line is written every ten seconds.
    """
    began = time.monotonic()
    rewriting = sys.stderr.isatty()
    step_s = TERMINAL_STEP_S if rewriting else LOG_STEP_S
    told_at, shown = began + QUIET_S - step_s, False
    for done, item in enumerate(items, start=1):
        yield item
        now = time.monotonic()
        if now - told_at >= step_s:
            line = in_language(_how_far(what, done, total, now - began), LANGUAGE.get())
            sys.stderr.write(f"\r{line}\x1b[K" if rewriting else f"{line}\n")
            sys.stderr.flush()
            told_at, shown = now, True
    if shown and rewriting:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


def _how_far(what: str, done: int, total: int | None, seconds: float) -> Phrase:
    values = {"what": what, "done": f"{done:,}", "seconds": f"{seconds:.0f}"}
    if total is None:
        return Phrase("%(what)s: %(done)s, %(seconds)s s", **values)
    return Phrase(
        "%(what)s: %(done)s of %(total)s (%(share)s %%), %(seconds)s s",
        **values,
        total=f"{total:,}",
        share=100 * done // total,
    )
