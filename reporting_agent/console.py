"""Talking to the person at the terminal: messages and progress on stderr, the answer on stdout.

With `--json` the answer is one JSON document on stdout and nothing else goes there, so that scripts can read it.
"""

from __future__ import annotations

import json
import os
import sys
import time
from argparse import Namespace
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

Item = TypeVar("Item")

QUIET_S = 1.0  # what is done within a second needs no progress
TERMINAL_STEP_S = 0.2
LOG_STEP_S = 10.0


def say(text: str) -> None:
    """One message for the person, on stderr."""
    print(text, file=sys.stderr, flush=True)


def emit(args: Namespace, payload: dict[str, Any], text: str) -> None:
    """The command's answer: `payload` as JSON on stdout with `--json`, else `text`."""
    answer(json.dumps(payload, ensure_ascii=False, indent=2) if getattr(args, "json", False) else text)


def answer(text: str) -> None:
    """The whole answer, on stdout."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # whoever reads has read enough (`| head`); the work is done, and the interpreter must not stumble over it at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def progress(items: Iterable[Item], total: int | None, what: str) -> Iterator[Item]:
    """Pass the items on, telling how far it is once it has taken more than a second.

    On a terminal one line is rewritten; elsewhere a plain line is written every ten seconds.
    """
    began = time.monotonic()
    rewriting = sys.stderr.isatty()
    step_s = TERMINAL_STEP_S if rewriting else LOG_STEP_S
    told_at, told = began + QUIET_S - step_s, False
    for done, item in enumerate(items, start=1):
        yield item
        now = time.monotonic()
        if now - told_at >= step_s:
            share = f" of {total:,} ({100 * done // total} %)" if total else ""
            line = f"{what}: {done:,}{share}, {now - began:.0f} s"
            sys.stderr.write(f"\r{line}\x1b[K" if rewriting else f"{line}\n")
            sys.stderr.flush()
            told_at, told = now, True
    if told and rewriting:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()
