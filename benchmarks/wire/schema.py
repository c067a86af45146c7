"""What an envelope's header and a sealed report hold, the strict way between them and CBOR, and the
one name of a period.

The header is what the portal's web tier may read; the report is what only the portal's worker can.
Neither has a place for an exact value: numbers are grid points, public grids, public count classes
and spent budgets, all integers or fractions of integers. Both directions are checked: what could
not be read back is not written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC
from functools import lru_cache
from typing import Annotated, ClassVar

from benchmarks.errors import InputError, VerificationError
from benchmarks.label_keys import LabelKey
from benchmarks.measurements import Metric, Period
from benchmarks.phrases import Phrase
from benchmarks.released import Grid, ReleasedLabel, ReleasedQuantile, ReleasedReport
from benchmarks.wire.canonical import LARGEST_INTEGER, Value, decode, encode
from benchmarks.wire.records import (
    DigestHex,
    FieldKind,
    Fields,
    Identifier,
    Natural,
    Record,
    malformed,
    octets,
    rational_to_wire,
    whole,
)

TERMS_BYTES = 32
LONGEST_RETENTION_YEARS = 100


@dataclass(frozen=True, slots=True)
class Consent(Record):
    """Scheme, SHA-256 of its wording, and its terms: to what end, for what use, who is named, how
    many years it is kept.
    """

    scheme: Identifier
    terms: Annotated[bytes, octets(TERMS_BYTES)]
    purpose: Identifier
    use: Identifier
    naming: Identifier
    retention_years: Annotated[int, whole(0, LONGEST_RETENTION_YEARS)]


MOST_POINTS = 1_000_000
MOST_YEARS = 9  # any policy allows fewer; what it allows is asked of an opened report
METRICS = re.compile("|".join(metric.value for metric in Metric))
A_METRIC = Phrase("one of the metrics %(metrics)s", metrics=", ".join(Metric))


def label_to_wire(label: ReleasedLabel) -> dict[str, Value]:
    """The label's map, as it stands: `checked_label` refuses one that could not be read back."""
    grid = label.grid
    content: dict[str, Value] = {
        "step": label.step,
        "product": label.product,
        "variant": label.variant,
        "boundary": label.boundary,
        "metric": label.metric.value,
        "unit": label.unit,
        "grid": {
            "lower": rational_to_wire(grid.lower),
            "upper": rational_to_wire(grid.upper),
            "width": rational_to_wire(grid.width),
        },
        "count_class": label.count_class,
        "best": _quantile_to_wire(label.best),
        "typical": _quantile_to_wire(label.typical),
    }
    if label.years != 1:
        content["years"] = label.years
    if label.months is not None:
        content["months"] = label.months
    return content


def checked_label(label: ReleasedLabel, where: str) -> dict[str, Value]:
    """The label's map. VerificationError `field-malformed`, naming the field under `where`: what
    could not be read back is not written.
    """
    content = label_to_wire(label)
    read_label(content, where)
    return content


def _quantile_to_wire(drawn: ReleasedQuantile) -> Value:
    return {
        "quantile": rational_to_wire(drawn.quantile),
        "cell": drawn.grid_point,
        "epsilon": rational_to_wire(drawn.epsilon),
    }


def read_label(value: Value, where: str) -> ReleasedLabel:
    """Every field by name and kind.

    Raises:
        VerificationError: `field-missing`, `field-unknown`, `field-malformed`, naming the field
            under `where`.
    """
    fields = Fields(value, where)
    grid = _grid(fields.fields("grid"))
    label = ReleasedLabel(
        step=fields.identifier("step"),
        product=fields.words("product"),
        variant=fields.words("variant", shortest=0),
        boundary=fields.words("boundary"),
        metric=Metric(fields.matching("metric", METRICS, A_METRIC)),
        unit=fields.words("unit", longest=24),
        grid=grid,
        count_class=fields.integer("count_class", 1, LARGEST_INTEGER),
        best=_quantile(fields.fields("best"), grid),
        typical=_quantile(fields.fields("typical"), grid),
        years=fields.integer("years", 2, MOST_YEARS) if fields.has("years") else 1,
        months=fields.integer("months", 1, 12 * MOST_YEARS) if fields.has("months") else None,
    )
    if not label.best.quantile < label.typical.quantile:
        raise malformed(
            fields.path("best.quantile"), Phrase("below the quantile of the typical value")
        )
    fields.done()
    return label


def _grid(fields: Fields) -> Grid:
    lower, upper, width = (fields.rational(name) for name in ("lower", "upper", "width"))
    if width <= 0:
        raise malformed(fields.path("width"), Phrase("above zero"))
    grid = Grid(lower, upper, width)
    if not 2 <= grid.points <= MOST_POINTS:
        raise malformed(
            fields.path("upper"),
            Phrase("above lower, giving 2 to %(most)s grid points", most=f"{MOST_POINTS:,}"),
        )
    fields.done()
    return grid


def _quantile(fields: Fields, grid: Grid) -> ReleasedQuantile:
    drawn = ReleasedQuantile(
        quantile=fields.rational("quantile"),
        grid_point=fields.integer("cell", 0, grid.points - 1),
        epsilon=fields.rational("epsilon"),
    )
    if not 0 < drawn.quantile < 1:
        raise malformed(fields.path("quantile"), Phrase("between 0 and 1"))
    if not 0 < drawn.epsilon <= 16 or drawn.epsilon.denominator.bit_count() != 1:
        raise malformed(
            fields.path("epsilon"),
            Phrase("above 0, at most 16, and a whole number over a power of two"),
        )
    fields.done()
    return drawn


REPORT_SCHEMA = "steplabel/report/1"
MOST_LABELS = 512
MOST_REVISIONS = 9_999
DIGEST_BYTES = 32

_SCHEMA = re.compile(re.escape(REPORT_SCHEMA))
PeriodName = Annotated[str, FieldKind(lambda fields, _name: read_period(fields))]
Revision = Annotated[int, whole(0, MOST_REVISIONS)]


@dataclass(frozen=True, slots=True)
class Header(Record):
    """The part of an envelope that travels in the clear.

    `key_id` names the processing key that can open it; `ledger_sequence` is how many reports the
    site's ledger has committed (never how many batches), so that a ledger restored from a backup is
    noticed.
    """

    WHERE: ClassVar[str] = "header"

    site: Identifier
    period: PeriodName
    revision: Revision
    key_id: DigestHex
    device_id: Identifier
    ledger_sequence: Natural


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that is sealed: the released report, and by what it was made.

    `pack_digest` and `policy_digest` are SHA-256 of the method pack and release policy used;
    `data_root` commits to the batch records behind the labels (salted, 32 bytes, opaque),
    `challenge` is what the portal answered to that commitment; `software` is the agent's name and
    version; `salt` hides the values in the portal's log from whoever has not seen the report;
    `consent` is what the firm has agreed to (None: nothing asked for).
    """

    released: ReleasedReport
    pack_digest: bytes
    policy_digest: bytes
    data_root: bytes
    challenge: bytes
    software: str
    salt: bytes = field(repr=False)
    consent: Consent | None = None


def encode_report(report: Report) -> bytes:
    """The report's canonical bytes.

    Raises:
        VerificationError: as `decode_report`: a report that could not be read back is not written.
    """
    content = _to_wire(report)
    _read(Fields(content))
    return encode(content)


def decode_report(raw: bytes) -> Report:
    """The report in `raw`.

    Raises:
        VerificationError: `cbor-malformed`, `cbor-not-canonical`, `field-missing`, `field-unknown`,
            `field-malformed`, `period-not-canonical`, `label-repeated`.
    """
    return _read(Fields(decode(raw)))


def _to_wire(report: Report) -> dict[str, Value]:
    released = report.released
    content: dict[str, Value] = {
        "schema": REPORT_SCHEMA,
        "site": released.site,
        "pack": released.pack,
        "pack_version": released.pack_version,
        "pack_digest": report.pack_digest,
        "policy_digest": report.policy_digest,
        "period": released.period,
        "revision": released.revision,
        "data_root": report.data_root,
        "challenge": report.challenge,
        "software": report.software,
        "salt": report.salt,
        "labels": [label_to_wire(label) for label in released.labels],
        "withheld": [
            {"step": step, "metric": str(metric), "reason": reason}
            for step, metric, reason in released.withheld
        ],
    }
    if report.consent is not None:
        content["consent"] = report.consent.to_wire()
    return content


def _read(fields: Fields) -> Report:
    labels = tuple(
        read_label(label, f"labels[{index}]")
        for index, label in enumerate(fields.items("labels", MOST_LABELS))
    )
    fields.matching("schema", _SCHEMA, REPORT_SCHEMA)
    released = ReleasedReport(
        site=fields.identifier("site"),
        pack=fields.identifier("pack"),
        pack_version=fields.identifier("pack_version"),
        period=read_period(fields),
        revision=fields.integer("revision", 0, MOST_REVISIONS),
        labels=labels,
        withheld=tuple(
            _withheld_from_wire(entry) for entry in fields.each("withheld", MOST_LABELS)
        ),
    )
    _refuse_repeated(released)
    report = Report(
        released=released,
        pack_digest=fields.octets("pack_digest", DIGEST_BYTES),
        policy_digest=fields.octets("policy_digest", DIGEST_BYTES),
        data_root=fields.octets("data_root", DIGEST_BYTES),
        challenge=fields.octets("challenge", DIGEST_BYTES),
        software=fields.words("software"),
        salt=fields.octets("salt", DIGEST_BYTES),
        consent=Consent.from_wire(fields.fields("consent")) if fields.has("consent") else None,
    )
    fields.done()
    return report


def _withheld_from_wire(fields: Fields) -> tuple[str, str, str]:
    entry = (
        fields.identifier("step"),
        fields.matching("metric", METRICS, A_METRIC),
        fields.identifier("reason"),
    )
    fields.done()
    return entry


def _refuse_repeated(released: ReleasedReport) -> None:
    keys: set[tuple[str, str, str, str]] = set()
    for label in released.labels:
        key = LabelKey.of(label)
        if key in keys:
            raise VerificationError(
                "label-repeated",
                Phrase(
                    "The report contains two labels of %(label)s.",
                    label=" / ".join(part for part in key if part),
                ),
                "Release each step, product, variant and metric only once in a report.",
            )
        keys.add(key)


def read_period(fields: Fields) -> str:
    """A period under its shortest name: two names for one period would allow two reports of it."""
    name = fields.words("period", longest=21)
    try:
        canonical = canonical_period(name)
    except InputError as error:
        raise malformed(
            fields.path("period"), Phrase("a year, quarter, month or two dates")
        ) from error
    if name != canonical:
        raise VerificationError(
            "period-not-canonical",
            Phrase("The period %(name)s has a shorter name.", name=name),
            Phrase(
                "Report it as %(canonical)s, the only name accepted for it.", canonical=canonical
            ),
        )
    return name


@lru_cache(maxsize=256)
def canonical_period(name: str) -> str:
    """The one name of a period on the wire: `2016-01-01/2017-01-01` is `2016`. InputError where it
    cannot be read.
    """
    period = Period.parse(name, UTC)
    first, last = period.start.date(), period.end.date()
    year = f"{first.year:04d}"
    for shorter in (year, f"{year}-Q{(first.month + 2) // 3}", f"{year}-{first.month:02d}"):
        candidate = Period.parse(shorter, UTC)
        if (candidate.start, candidate.end) == (period.start, period.end):
            return shorter
    return f"{first.isoformat()}/{last.isoformat()}"
