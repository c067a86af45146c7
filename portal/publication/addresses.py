"""Where a public version stands in the API: its full address, which stays."""

from __future__ import annotations

from typing import Protocol
from urllib.parse import quote


class Version(Protocol):
    """What the address is made of; `place` is the jurisdiction's path with slashes."""

    @property
    def pack(self) -> str: ...
    @property
    def place(self) -> str: ...
    @property
    def route(self) -> str: ...
    @property
    def period(self) -> str: ...
    @property
    def version(self) -> int: ...


def api_url(of: Version) -> str:
    place = quote(of.place.replace("/", "."))
    return f"/api/v1/benchmarks/{of.pack}/{place}/{of.route}/{quote(of.period, safe='')}/v{of.version}/"
