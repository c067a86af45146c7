"""What an envelope's header and a sealed report hold, field by field, and the strict way between them and CBOR.

The header is what the portal's web tier may read; the report is what only the portal's worker can. Neither has a place
for an exact value: numbers are grid cells, public grids, public count classes and spent budgets, all integers or
fractions of integers. Both directions are checked: what could not be read back is not written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC
from fractions import Fraction

from benchmarks.errors import InputError, VerificationError
from benchmarks.measurements import Metric, Period
from benchmarks.released import Grid, ReleasedLabel, ReleasedQuantile, ReleasedReport
from benchmarks.wire.canonical import LARGEST_INTEGER, Value, decode, encode
from benchmarks.wire.fields import Fields, malformed, rational_to_wire

REPORT_SCHEMA = "steplabel/report/1"
MOST_LABELS = 512
MOST_REVISIONS = 9_999
MOST_CELLS = 1_000_000
DIGEST_BYTES = 32

_METRICS = re.compile("|".join(metric.value for metric in Metric))


@dataclass(frozen=True, slots=True)
class Header:
    """The part of an envelope that travels in the clear.

    `key_id` names the processing key that can open it; `ledger_sequence` is how many reports the site's ledger has
    committed (never how many batches), so that a ledger restored from a backup is noticed.
    """

    site: str
    period: str
    revision: int
    key_id: str
    device_id: str
    ledger_sequence: int

    def to_wire(self) -> dict[str, Value]:
        return {
            "site": self.site,
            "period": self.period,
            "revision": self.revision,
            "key_id": self.key_id,
            "device_id": self.device_id,
            "ledger_sequence": self.ledger_sequence,
        }

    @classmethod
    def from_wire(cls, value: Value, where: str = "header") -> Header:
        """Read strictly; VerificationError names the field."""
        fields = Fields(value, where)
        header = cls(
            site=fields.identifier("site"),
            period=_period(fields),
            revision=fields.integer("revision", 0, MOST_REVISIONS),
            key_id=fields.digest_hex("key_id"),
            device_id=fields.identifier("device_id"),
            ledger_sequence=fields.integer("ledger_sequence", 0, LARGEST_INTEGER),
        )
        fields.done()
        return header


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that is sealed: the released report, and by what it was made.

    `pack_digest` and `policy_digest` are SHA-256 of the method pack and release policy used; `data_root` commits to the
    batch records behind the labels (salted, 32 bytes, opaque); `software` is the agent's name and version; `consent` the
    id of the scheme text the firm has agreed to (None: none asked for).
    """

    released: ReleasedReport
    pack_digest: bytes
    policy_digest: bytes
    data_root: bytes
    software: str
    consent: str | None = None


def encode_report(report: Report) -> bytes:
    """The report's canonical bytes.

    Raises:
        VerificationError: as `decode_report`: a report that could not be read back is not written.
    """
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
        "software": report.software,
        "labels": [_label_to_wire(label) for label in released.labels],
        "withheld": [{"step": step, "metric": str(metric), "reason": reason} for step, metric, reason in released.withheld],
    }
    if report.consent is not None:
        content["consent"] = report.consent
    _report_from_wire(content)
    return encode(content)


def decode_report(raw: bytes) -> Report:
    """The report in `raw`.

    Raises:
        VerificationError: `cbor-malformed`, `cbor-not-canonical`, `field-missing`, `field-unknown`, `field-malformed`,
            `period-not-canonical`, `label-repeated`.
    """
    return _report_from_wire(decode(raw))


def _report_from_wire(content: Value) -> Report:
    fields = Fields(content)
    fields.matching("schema", re.compile(re.escape(REPORT_SCHEMA)), REPORT_SCHEMA)
    site = fields.identifier("site")
    released = ReleasedReport(
        site=site,
        pack=fields.identifier("pack"),
        pack_version=fields.identifier("pack_version"),
        period=_period(fields),
        revision=fields.integer("revision", 0, MOST_REVISIONS),
        labels=tuple(_label_from_wire(label) for label in fields.each("labels", MOST_LABELS)),
        withheld=tuple(_withheld_from_wire(entry) for entry in fields.each("withheld", MOST_LABELS)),
    )
    _refuse_repeated(released)
    report = Report(
        released=released,
        pack_digest=fields.octets("pack_digest", DIGEST_BYTES),
        policy_digest=fields.octets("policy_digest", DIGEST_BYTES),
        data_root=fields.octets("data_root", DIGEST_BYTES),
        software=fields.words("software"),
        consent=fields.identifier("consent") if fields.has("consent") else None,
    )
    fields.done()
    return report


def _label_to_wire(label: ReleasedLabel) -> Value:
    return {
        "step": label.step,
        "product": label.product,
        "variant": label.variant,
        "boundary": label.boundary,
        "metric": label.metric.value,
        "unit": label.unit,
        "grid": {
            "lower": rational_to_wire(label.grid.lower),
            "upper": rational_to_wire(label.grid.upper),
            "width": rational_to_wire(label.grid.width),
        },
        "count_class": label.count_class,
        "best": _quantile_to_wire(label.best),
        "typical": _quantile_to_wire(label.typical),
    }


def _label_from_wire(fields: Fields) -> ReleasedLabel:
    grid = _grid_from_wire(fields.fields("grid"))
    label = ReleasedLabel(
        step=fields.identifier("step"),
        product=fields.words("product"),
        variant=fields.words("variant", shortest=0),
        boundary=fields.words("boundary"),
        metric=Metric(fields.matching("metric", _METRICS, "one of the metrics " + ", ".join(Metric))),
        unit=fields.words("unit", longest=24),
        grid=grid,
        count_class=fields.integer("count_class", 1, LARGEST_INTEGER),
        best=_quantile_from_wire(fields.fields("best"), grid),
        typical=_quantile_from_wire(fields.fields("typical"), grid),
    )
    if not label.best.quantile < label.typical.quantile:
        raise malformed(fields.path("best.quantile"), "below the quantile of the typical value")
    fields.done()
    return label


def _grid_from_wire(fields: Fields) -> Grid:
    lower, upper, width = (fields.rational(name) for name in ("lower", "upper", "width"))
    if width <= 0:
        raise malformed(fields.path("width"), "above zero")
    grid = Grid(lower, upper, width)
    if not 2 <= grid.cells <= MOST_CELLS:
        raise malformed(fields.path("upper"), f"above lower, giving 2 to {MOST_CELLS:,} cells")
    fields.done()
    return grid


def _quantile_to_wire(quantile: ReleasedQuantile) -> Value:
    return {"quantile": rational_to_wire(quantile.quantile), "cell": quantile.cell, "epsilon": rational_to_wire(quantile.epsilon)}


def _quantile_from_wire(fields: Fields, grid: Grid) -> ReleasedQuantile:
    drawn = ReleasedQuantile(
        quantile=fields.rational("quantile"), cell=fields.integer("cell", 0, grid.cells - 1), epsilon=fields.rational("epsilon")
    )
    if not 0 < drawn.quantile < 1:
        raise malformed(fields.path("quantile"), "between 0 and 1")
    if not 0 < drawn.epsilon <= 16 or not _is_dyadic(drawn.epsilon):
        raise malformed(fields.path("epsilon"), "above 0, at most 16, and a whole number over a power of two")
    fields.done()
    return drawn


def _is_dyadic(number: Fraction) -> bool:
    """Exact in a binary float, as the mechanism needs it (docs/privacy.md)."""
    return number.denominator & (number.denominator - 1) == 0


def _withheld_from_wire(fields: Fields) -> tuple[str, str, str]:
    entry = (
        fields.identifier("step"),
        fields.matching("metric", _METRICS, "one of the metrics " + ", ".join(Metric)),
        fields.identifier("reason"),
    )
    fields.done()
    return entry


def _refuse_repeated(released: ReleasedReport) -> None:
    seen: set[tuple[str, str, str, str]] = set()
    for label in released.labels:
        key = (label.step, label.product, label.variant, label.metric.value)
        if key in seen:
            raise VerificationError(
                "label-repeated",
                f"The report holds two labels of {' / '.join(part for part in key if part)}.",
                "Release each step, product, variant and metric once a report.",
            )
        seen.add(key)


def _period(fields: Fields) -> str:
    """A period under its shortest name: two names for one period would allow two reports of it."""
    name = fields.words("period", longest=21)
    try:
        canonical = canonical_period(name)
    except InputError as error:
        raise malformed(fields.path("period"), "a year, quarter, month or two dates") from error
    if name != canonical:
        raise VerificationError(
            "period-not-canonical", f"The period {name} has a shorter name.", f"Report it as {canonical}, the only name accepted for it."
        )
    return name


def canonical_period(name: str) -> str:
    """The one name of a period on the wire: `2016-01-01/2017-01-01` is `2016`. InputError where it cannot be read."""
    period = Period.parse(name, UTC)
    first, last = period.start.date(), period.end.date()
    year = f"{first.year:04d}"
    for shorter in (year, f"{year}-Q{(first.month + 2) // 3}", f"{year}-{first.month:02d}"):
        candidate = Period.parse(shorter, UTC)
        if (candidate.start, candidate.end) == (period.start, period.end):
            return shorter
    return f"{first.isoformat()}/{last.isoformat()}"
