"""Values of the environment as the settings need them. What makes no sense is refused: its name,
what stands there, what to write.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

_HOST = re.compile(r"\.?[a-z0-9-]+(\.[a-z0-9-]+)*|\[[0-9a-f:.]+\]", re.IGNORECASE | re.ASCII)
_ADDRESS = re.compile(
    r"https://([a-z0-9-]+(\.[a-z0-9-]+)*|\[[0-9a-f:.]+\])(:\d{1,5})?", re.IGNORECASE | re.ASCII
)


def refused(name: str, expected: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"{name} is {os.environ.get(name)!r}; it must be {expected}.")


def whole_number(name: str, default: int, least: int, most: int = 1_000_000) -> int:
    text = os.environ.get(name, str(default)).strip()
    if not (text.isascii() and text.isdigit()) or not least <= int(text) <= most:
        raise refused(name, f"a whole number from {least} to {most}, such as {default}")
    return int(text)


def seconds(name: str, default: float, least: float, most: float = 24 * 3600) -> float:
    try:
        value = float(os.environ.get(name, default))
    except ValueError:
        value = -1.0
    if not least <= value <= most:  # nor is it `nan`
        raise refused(name, f"a number of seconds from {least:g} to {most:g}, such as {default:g}")
    return value


def several(name: str, default: str, allowed: Collection[str]) -> tuple[str, ...]:
    """Words of a known set, comma-separated; none where the variable is set and empty."""
    words = tuple(filter(None, (word.strip() for word in os.environ.get(name, default).split(","))))
    if not {*words} <= {*allowed}:
        raise refused(name, f"some of {', '.join(allowed)}, separated by commas, or empty for none")
    return words


def hosts(name: str) -> list[str]:
    """Host names, at least one. `*` is none: links in mails would be built with whatever name a
    stranger sends.
    """
    names = [host.strip() for host in os.environ[name].split(",")]
    if not all(_HOST.fullmatch(host) for host in names):
        raise refused(name, "host names without ports, separated by commas, such as portal.example")
    return names


def https_address(name: str, default: str) -> str:
    address = os.environ.get(name, default)
    if not _ADDRESS.fullmatch(address):
        raise refused(
            name,
            "an https address without a path or a / at its end, such as https://portal.example",
        )
    return address


def folder(name: str) -> Path | None:
    """One that is there; None where none is named."""
    if not (text := os.environ.get(name)):
        return None
    if not Path(text).is_dir():
        raise refused(name, "a folder that is there and that this user may read, or not be set")
    return Path(text)


def text_of_file(name: str) -> str:
    """Of the file that the variable names, without white space around it."""
    try:
        return Path(os.environ[name]).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise refused(name, f"a file of text that this user may read ({why})") from None
