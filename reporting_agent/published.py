"""A published benchmark, read from a file or fetched, signature checked, withdrawal told; the
newest at the portal by a pack.

Fetching sends a plain GET for a public page: no site id, no value, no credential. Where the agent
is enrolled, the portal's signature is checked with the keys it got at enrolment, wherever the
document came from; where it is not, that is said. The signature stands over what was published;
that a version was withdrawn since is said beside it, in a header.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from benchmarks.errors import InputError, Place, Unreachable
from benchmarks.foreign_files import fault_of, read_bytes, read_json
from benchmarks.phrases import Phrase
from benchmarks.wire import published
from benchmarks.wire.signing import VerifyingKey
from reporting_agent.network import USUAL, Network

MOST_BYTES = 8 << 20
_PAGE = re.compile(r"(https?://[^/?#]+)/benchmarks/([\w/-]*\w)/?(?:[?#].*)?\Z")
SECONDS = 30.0


class PublishedCell(BaseModel):
    """One cell of the document, as far as a comparison needs it; other members are the page's
    business.
    """

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
    route: str = ""
    version: int
    cells: tuple[PublishedCell, ...] = Field(alias="steps")


class ListedBenchmark(BaseModel):
    """One row of the portal's list: the newest period of a pack stands first."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    pack: str
    period: str
    url: str = Field(pattern=r"^/api/v1/benchmarks/")


_LISTED = TypeAdapter(tuple[ListedBenchmark, ...])


@dataclass(frozen=True, slots=True)
class Benchmark:
    """The document, where it came from, whether its signature was checked, and when and why it was
    withdrawn, if it was.
    """

    document: PublishedDocument
    source: str
    signature: str  # "verified" or "not-checked"
    withdrawn: str | None = None


def load(
    source: str, keys: Mapping[str, VerifyingKey] | None, network: Network = USUAL
) -> Benchmark:
    """Read a benchmark from a path or an http(s) address, of the page as of its JSON; with `keys`
    its signature must hold.

    Raises:
        InputError: the file is missing or is no benchmark. Unreachable: the address did not answer.
        VerificationError: the signature does not hold.
    """
    raw, withdrawn = (
        _fetch(of_its_json(source), network)
        if source.startswith(("http://", "https://"))
        else (_read(Path(source)), None)
    )
    try:
        whole: Any = read_json(raw)
        document = PublishedDocument.model_validate(whole)
    except ValueError as wrong:  # not JSON, not UTF-8, or a ValidationError
        fault = (
            wrong.errors(include_url=False)[0]["msg"]
            if isinstance(wrong, ValidationError)
            else fault_of(wrong)
        )
        raise InputError(
            "benchmark-unreadable",
            "This is not a published benchmark.",
            "Fetch the JSON form of the published page.",
            place=Place(source),
            found=fault,
            wanted=Phrase("a JSON document of the schema %(schema)s", schema=published.SCHEMA),
        ) from wrong
    if keys is not None:
        published.verify(whole, keys)
    return Benchmark(document, source, "not-checked" if keys is None else "verified", withdrawn)


def of_its_json(address: str) -> str:
    """The address of a published page's signed document, which the API serves by the same path; any
    other address as it is.
    """
    return _PAGE.sub(r"\1/api/v1/benchmarks/\2/", address)


def in_force(portal: str, pack: str, period: str | None, network: Network) -> str:
    """The address of the benchmark in force that the portal has published by this pack, of the
    newest period where None.

    Raises:
        InputError: there is none or several, or the answer is no list. Unreachable: the portal did
            not answer.
    """
    address = f"{portal}/api/v1/benchmarks/"
    raw, _ = _fetch(address, network)
    try:
        rows = _LISTED.validate_json(raw)
    except ValueError as wrong:
        raise InputError(
            "benchmark-unreadable",
            "The portal's list of benchmarks cannot be read.",
            "Name the benchmark with --benchmark, or try another address.",
            place=Place(address),
            found=str(wrong).splitlines()[0],
            wanted=Phrase("a list of published benchmarks"),
        ) from wrong
    of_pack = [row for row in rows if row.pack == pack and period in (None, row.period)]
    fitting = [row for row in of_pack if row.period == of_pack[0].period]
    if not fitting:
        raise InputError(
            "benchmark-not-there",
            Phrase(
                "The portal has not yet published a benchmark made with the pack %(pack)s.",
                pack=pack,
            )
            if period is None
            else Phrase(
                "The portal has not published a benchmark of %(period)s made with the pack "
                "%(pack)s.",
                period=period,
                pack=pack,
            ),
            "Wait for its publication, or name a benchmark with --benchmark.",
            place=Place(address),
            found=", ".join(sorted({f"{row.pack} {row.period}" for row in rows}))
            or Phrase("none at all"),
            wanted=pack if period is None else f"{pack} {period}",
        )
    if len(fitting) > 1:
        raise InputError(
            "several-benchmarks",
            Phrase(
                "The portal has published several benchmarks of %(period)s made with this pack: "
                "one for each jurisdiction and route.",
                period=fitting[0].period,
            ),
            "Name the one of your jurisdiction and route with --benchmark.",
            place=Place(address),
            found=", ".join(f"{portal}{row.url}" for row in fitting),
            wanted=Phrase("one benchmark"),
        )
    return f"{portal}{fitting[0].url}"


def _read(path: Path) -> bytes:
    try:
        return read_bytes(path, MOST_BYTES)
    except OSError as gone:
        raise InputError(
            "file-missing",
            "The benchmark file cannot be read.",
            "Check the path given with --benchmark.",
            place=Place(str(path)),
            found=gone.strerror or str(gone),
            wanted=Phrase("a JSON file of a published benchmark"),
        ) from gone


def _fetch(address: str, network: Network) -> tuple[bytes, str | None]:
    """The body, and when and why the portal says that this version was withdrawn."""
    import httpx

    try:
        with (
            httpx.Client(timeout=SECONDS, follow_redirects=True, **network.of_client()) as client,
            client.stream("GET", address, headers={"Accept": "application/json"}) as answer,
        ):
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
                        found=Phrase("more than %(most)s bytes", most=f"{MOST_BYTES:,}"),
                        wanted=Phrase("a published benchmark"),
                    )
            withdrawn = answer.headers.get("Steplabel-Withdrawn", "withdrawn")
            return bytes(body), unquote(withdrawn) if answer.headers.get(
                "Steplabel-Status"
            ) == "withdrawn" else None
    except (
        httpx.RequestError,
        httpx.InvalidURL,
    ) as silent:  # an address that leads in a circle, too
        raise Unreachable(
            "benchmark-unreachable",
            Phrase("%(address)s did not answer (%(silent)s).", address=address, silent=silent),
            "Try again later, or save the published JSON and name the file with --benchmark.",
        ) from silent
