"""A published benchmark read, verified and kept, and a plant's own label compared with it.

Fetching is a plain GET without site id or value. An enrolled agent checks the portal's signature
with its own keys; otherwise that is said. A later withdrawal is said in a header.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from benchmarks.errors import InputError, Place, Unreachable
from benchmarks.foreign_files import fault_of, read_bytes, read_json
from benchmarks.guidance.references import LabelCell, PlacedReference, beside
from benchmarks.label_keys import LabelKey
from benchmarks.labels import SiteLabel, StepLabel
from benchmarks.measurements import Metric, Period
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


SCHEMA = "steplabel/comparison/1"


@dataclass(frozen=True, slots=True)
class StepGap:
    """One step against the benchmark. `gap` = label - benchmark in `unit`; `energy` that gap times
    the period's output.

    `beyond_interval` says whether the label lies outside the benchmark's own 95 % interval, so that
    the gap is more than the benchmark's uncertainty. `reason` says why nothing was compared.
    `in_question` says that a change which nobody has explained may have moved the label, and with
    it the gap.
    """

    step: str
    product: str
    variant: str
    metric: str
    unit: str
    label: float | None = None
    typical: float | None = None
    benchmark: float | None = None
    interval: tuple[float, float] | None = None
    gap: float | None = None
    gap_of_typical: float | None = None
    beyond_interval: bool | None = None
    energy: float | None = None
    energy_unit: str | None = None
    reason: str | None = None
    in_question: bool = False


def compare(
    site_label: SiteLabel, benchmark: Benchmark, doubtful: Collection[LabelKey] = ()
) -> tuple[StepGap, ...]:
    """Every cell of the benchmark, in its order; `doubtful` are labels that a change in the data
    puts in question.
    """
    return tuple(
        _gap(published, site_label.steps, doubtful) for published in benchmark.document.cells
    )


def as_json(site: str, benchmark: Benchmark, gaps: Sequence[StepGap]) -> dict[str, Any]:
    """The comparison as a document. Confidential: it holds the site's exact values."""
    document = benchmark.document
    return {
        "schema": SCHEMA,
        "site": site,
        "benchmark": {
            "source": benchmark.source,
            "pack": document.pack,
            "pack_version": document.pack_version,
            "period": document.period,
            "version": document.version,
            "signature": benchmark.signature,
            "withdrawn": benchmark.withdrawn,
        },
        "steps": [asdict(gap) for gap in gaps],
        "references": [reference.to_json() for reference in references_of(benchmark)],
    }


def references_of(benchmark: Benchmark) -> tuple[PlacedReference, ...]:
    """What others publish beside the benchmark, with the reasons where it may not stand there; by
    definitions alone.
    """
    document = benchmark.document
    cells = [LabelCell(cell.step, cell.boundary, cell.metric, cell.unit) for cell in document.cells]
    whole = LabelCell("", "", Metric.TOTAL, "kgce/t")
    return beside(
        document.pack,
        document.route,
        (whole, *cells),
        *Period.parse(document.period, UTC).first_and_last,
    )


def _gap(
    published: PublishedCell, labels: Sequence[StepLabel], doubtful: Collection[LabelKey]
) -> StepGap:
    key: dict[str, Any] = {
        name: getattr(published, name) for name in ("step", "product", "variant", "metric", "unit")
    }
    own = [
        label
        for label in labels
        if label.step == published.step and str(label.metric) == published.metric
    ]
    if published.product:
        own = [label for label in own if label.product == published.product]
    if published.variant:
        own = [label for label in own if label.variant == published.variant]
    if not own:
        return StepGap(**key, reason="no-label-of-ours")
    label = own[0]
    key["in_question"] = LabelKey.of(label) in doubtful
    if label.boundary != published.boundary:
        return StepGap(**key, reason="other-boundary")
    if label.unit != published.unit:
        return StepGap(**key, reason="other-unit")
    if published.best is None:
        return StepGap(
            **key, label=label.best.value, typical=label.typical, reason="benchmark-withheld"
        )
    if label.best.value is None:
        return StepGap(
            **key,
            benchmark=published.best,
            interval=published.interval,
            reason=label.best.reason or "no-label-of-ours",
        )
    gap = label.best.value - published.best
    interval = published.interval
    return StepGap(
        **key,
        label=label.best.value,
        typical=label.typical,
        benchmark=published.best,
        interval=interval,
        gap=gap,
        gap_of_typical=None if label.typical is None else label.typical - published.best,
        beyond_interval=None
        if interval is None
        else not interval[0] <= label.best.value <= interval[1],
        energy=gap * label.output,
        energy_unit=label.energy_unit,
    )
