"""Values of the environment as the settings need them. What makes no sense is refused: its name,
what stands there, what to write.
"""

from __future__ import annotations

import os
import re

from django.core.exceptions import ImproperlyConfigured

_HOST = re.compile(r"\.?[a-z0-9-]+(\.[a-z0-9-]+)*|\[[0-9a-f:.]+\]", re.IGNORECASE | re.ASCII)
_ADDRESS = re.compile(
    r"https://([a-z0-9-]+(\.[a-z0-9-]+)*|\[[0-9a-f:.]+\])(:\d{1,5})?", re.IGNORECASE | re.ASCII
)


def refused(name: str, expected: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"{name} is {os.environ.get(name)!r}; it must be {expected}.")


def number(name: str, default: float, least: float, most: float) -> float:
    try:
        value = float(os.environ.get(name, default))
    except ValueError:
        value = -1.0
    if not least <= value <= most:  # nor is it `nan`
        raise refused(name, f"a number from {least:g} to {most:g}, such as {default:g}")
    return value


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


def mail_server(name: str) -> tuple[str, str, int]:
    """The user, the host and the port of `USER@HOST:PORT`; user and host are empty where they are
    not named.
    """
    text = os.environ.get(name, "").strip()
    user, _, server = text.rpartition("@")
    host, _, port = server.partition(":")
    if text and not (
        _HOST.fullmatch(host) and re.fullmatch(r"[1-9][0-9]{0,4}", port := port or "587")
    ):
        raise refused(
            name, "a mail server such as mail.example, mail.example:465 or user@mail.example:587"
        )
    return user, host, int(port or 587)
