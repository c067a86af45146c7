"""Permanent addresses of published versions, of two versions compared, and of each number of a
method pack.

Nothing is left out, so that no benchmark published later can be meant by an address that is cited
today. The parts of a jurisdiction's path stand with dots between them: `cn.he.tangshan`.
"""

from __future__ import annotations

from typing import Any, Protocol
from urllib.parse import urlencode

from django.urls import reverse


class BenchmarkKey(Protocol):
    """One benchmark: what its address is made of."""

    @property
    def pack(self) -> str: ...
    @property
    def jurisdiction(self) -> str: ...
    @property
    def route(self) -> str: ...
    @property
    def period(self) -> str: ...


def benchmark_url(of: BenchmarkKey, version: int) -> str:
    return reverse("web:benchmark", kwargs=_parts(of, version=version))


def compare_url(of: BenchmarkKey, a: int, b: int) -> str:
    """Version `b` with what changed since `a`."""
    return f"{benchmark_url(of, b)}?against={a}#compared"


NUMBER, DIFFERENCES = "number", "differences"
"""Where on the page of a pack's version one number stands, and what another version says."""


def number_url(pack: str, version: str, role: str, path: str) -> str:
    """One number of a method pack, with its source, on the page of the version."""
    asked = urlencode({"number": f"{role}/{path}"}, safe="/")
    return f"{reverse('web:method-version', args=[pack, version])}?{asked}#{NUMBER}"


def differences_url(pack: str, version: str, before: str) -> str:
    asked = urlencode({"against": before})
    return f"{reverse('web:method-version', args=[pack, version])}?{asked}#{DIFFERENCES}"


def _parts(of: BenchmarkKey, **more: int) -> dict[str, Any]:
    return {
        "pack": of.pack,
        "jurisdiction": of.jurisdiction,
        "route": of.route,
        "period": of.period,
        **more,
    }
