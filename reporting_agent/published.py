"""A published benchmark, read from a file or fetched: the one thing that comes from outside, and it is public.

Fetching sends a plain GET for a public page: no site id, no value, no credential. Where the agent is enrolled, the
portal's signature is checked with the keys it got at enrolment; where it is not, that is said.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from benchmarks.errors import InputError, Place, Unreachable
from benchmarks.wire import published
from benchmarks.wire.signing import VerifyingKey

MOST_BYTES = 8 << 20
SECONDS = 30.0


class PublishedStep(BaseModel):
    """One step of the document, as far as a comparison needs it; other members are the page's business."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    step: str
    product: str = ""
    variant: str = ""
    boundary: str
    metric: str
    unit: str
    best: float | None
    interval: tuple[float, float] | None = None
    typical: float | None = None
    rule: str | None = None


class PublishedDocument(BaseModel):
    """A benchmark document (`steplabel/benchmark/1`)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    pack: str
    pack_version: str
    period: str
    version: int
    steps: tuple[PublishedStep, ...]


@dataclass(frozen=True, slots=True)
class Benchmark:
    """The document, where it came from, and whether its signature was checked."""

    document: PublishedDocument
    source: str
    signature: str  # "verified" or "not-checked"


def load(source: str, keys: Mapping[str, VerifyingKey] | None) -> Benchmark:
    """Read a benchmark from a path or an http(s) address; with `keys` its signature must hold.

    Raises:
        InputError: the file is missing or is no benchmark. Unreachable: the address did not answer.
        VerificationError: the signature does not hold.
    """
    raw = _fetch(source) if source.startswith(("http://", "https://")) else _read(Path(source))
    try:
        whole: Any = json.loads(raw)
        document = PublishedDocument.model_validate(whole)
    except ValueError as wrong:  # not JSON, not UTF-8, or a ValidationError
        found = wrong.errors(include_url=False)[0]["msg"] if isinstance(wrong, ValidationError) else str(wrong)
        raise InputError(
            "benchmark-unreadable",
            "This is not a published benchmark.",
            "Fetch the JSON form of the published page.",
            place=Place(source),
            found=found,
            wanted=f"a JSON document of the schema {published.SCHEMA}",
        ) from wrong
    if keys is not None:
        published.verify(whole, keys)
    return Benchmark(document, source, "not-checked" if keys is None else "verified")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as gone:
        raise InputError(
            "file-missing",
            "The benchmark file cannot be read.",
            "Check the path given with --benchmark.",
            place=Place(str(path)),
            found=gone.strerror or str(gone),
            wanted="a JSON file of a published benchmark",
        ) from gone


def _fetch(address: str) -> bytes:
    import httpx

    try:
        with httpx.stream("GET", address, headers={"Accept": "application/json"}, timeout=SECONDS, follow_redirects=True) as answer:
            if answer.status_code != httpx.codes.OK:
                raise InputError(
                    "benchmark-not-there",
                    "No benchmark is published at this address.",
                    "Open the list at /api/v1/benchmarks/ of the portal.",
                    place=Place(address),
                    found=f"HTTP {answer.status_code}",
                    wanted="HTTP 200",
                )
            body = bytearray()
            for part in answer.iter_bytes():
                body += part
                if len(body) > MOST_BYTES:
                    raise InputError(
                        "benchmark-unreadable",
                        "The answer is larger than any benchmark.",
                        "Check the address.",
                        place=Place(address),
                        found=f"more than {MOST_BYTES:,} bytes",
                        wanted="a published benchmark",
                    )
            return bytes(body)
    except (httpx.TransportError, httpx.InvalidURL) as silent:
        raise Unreachable(
            "benchmark-unreachable",
            f"{address} did not answer ({silent}).",
            "Try again later, or save the published JSON and name the file with --benchmark.",
        ) from silent
