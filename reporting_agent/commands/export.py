"""`steplabel-agent export KIND`: what the firm must report anyway, written as files on site. Sends nothing."""

from __future__ import annotations

from argparse import Namespace, _SubParsersAction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.phrases import Phrase
from reporting_agent.commands import add_language, add_period, add_site

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reporting_agent.exports.writing import Told

FORMATS = ("csv", "xlsx", "parquet")


def add_parser(sub: _SubParsersAction[Any]) -> None:
    """Declare the subcommand."""
    parser = sub.add_parser("export", help="write what must be reported anyway, as files on site; sends nothing")
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="KIND")
    monitoring = kinds.add_parser("monitoring", help="quarter-hour, daily and monthly indicators of statutory online monitoring")
    monitoring.add_argument("--schema", type=Path, metavar="FILE", help="columns, names, units and times (default: a draft of our own)")
    monitoring.add_argument("--format", dest="formats", action="append", choices=FORMATS, help="may be given again (default: csv, parquet)")
    for kind in (monitoring,):
        add_site(kind)
        add_period(kind)
        kind.add_argument("--out", type=Path, metavar="DIR", help="where the files go (default: export-KIND)")
        add_language(kind, "the answer")
        kind.add_argument("--json", action="store_true", help="machine-readable answer on stdout")
    parser.set_defaults(json=False)


def run(args: Namespace) -> int:
    """Read, work out, write; what was written goes to stdout."""
    return {"monitoring": _monitoring}[args.kind](args)


def _monitoring(args: Namespace) -> int:
    from datetime import UTC, datetime

    from benchmarks.measurements import Period
    from reporting_agent.commands import asking
    from reporting_agent.exports import intervals, monitoring, writing
    from reporting_agent.exports.monitoring_schema import load_schema

    schema = load_schema(args.schema)
    site = asking.recognised_site(args)
    measured = intervals.measure(site, Period.parse(args.period, site.zone))
    tables = monitoring.fill(measured, schema, site.id)
    out = args.out or Path("export-monitoring")
    rows = writing.tables(out, tables, args.formats or ("csv", "parquet"))
    verdicts = tables[-1].column("quality")
    more = {
        "columns": {"id": schema.id, "version": schema.version, "status": schema.status, "sha256": schema.digest},
        "quality": {
            "completeness_least_pct": schema.quality.completeness_least_pct,
            "day_sums_most_pct": schema.quality.day_sums_most_pct,
            "source": schema.quality.source.by_language,
            "meter_months": len(verdicts),
            "good": sum(one == monitoring.GOOD for one in verdicts),
        },
    }
    now = datetime.now(UTC)
    remarks = monitoring.remarks(measured, schema, now.astimezone(site.zone).date())
    told = writing.Told("monitoring", site.id, args.period, now, schema.stands_on.by_language, remarks, more)
    quality = Phrase(
        "%(good)s of %(count)s months of meters are good: covered to at least %(least)s %% and day sums within %(most)s %% (%(source)s).",
        good=str(more["quality"]["good"]),
        count=str(len(verdicts)),
        least=f"{schema.quality.completeness_least_pct:g}",
        most=f"{schema.quality.day_sums_most_pct:g}",
        source=schema.quality.source,
    )
    return _written(args, out, told, rows, [quality])


def _written(args: Namespace, out: Path, told: Told, rows: Mapping[str, int | None], lines: Iterable[Phrase]) -> int:
    from benchmarks.catalogue import in_language
    from benchmarks.phrases import of_language
    from reporting_agent.console import emit
    from reporting_agent.exports import writing

    payload = writing.manifest(out, told, rows)
    listed = [f"  {name}" + (f" ({count:,})" if count is not None else "") for name, count in rows.items()]
    last = Phrase("Written to %(out)s with export.json. Everything in it is exact; nothing was sent.", out=str(out))
    said = [*lines, *told.remarks, of_language(told.stands_on, args.lang) or told.stands_on["en"], *listed, last]
    emit(args, payload, "\n".join(in_language(line, args.lang) for line in said))
    return 0
