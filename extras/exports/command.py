"""`steplabel-agent export KIND`: what the firm must report anyway, written as files on site. Sends
nothing.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace, _SubParsersAction
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.phrases import Phrase, enumerated, in_number, significant
from reporting_agent import extras
from reporting_agent.commands import add_language, add_period, add_site

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from extras.exports.carbon import StepCarbon
    from extras.exports.writing import ExportDescription
    from reporting_agent.changes.review import ChangeQuestion

FORMATS = ("csv", "xlsx", "parquet")


@dataclass(frozen=True)
class Exporter:
    """One kind of export, named by an entry point of the group `steplabel.exporters`, of this
    package or of any other.
    """

    help: str
    run: Callable[[Namespace], int]
    """Read, work out, write under `args.out`; what was written goes to stdout."""
    add_options: Callable[[ArgumentParser], None] = lambda parser: None
    """Declare what it needs beside --site, --period, --out, --lang and --json."""


def add_parser(sub: _SubParsersAction[Any]) -> None:
    """Declare the subcommand, with every kind that is installed."""
    parser = sub.add_parser(
        "export", help="write what must be reported anyway, as files on site; sends nothing"
    )
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="KIND")
    for name, point in extras.installed(extras.EXPORTERS).items():
        exporter: Exporter = point.load()
        kind = kinds.add_parser(name, help=exporter.help)
        exporter.add_options(kind)
        add_site(kind)
        add_period(kind)
        kind.add_argument(
            "--out", type=Path, metavar="DIR", help="where the files go (default: export-KIND)"
        )
        add_language(kind)
        kind.add_argument("--json", action="store_true", help="machine-readable answer on stdout")
        kind.set_defaults(exporter=exporter)
    parser.set_defaults(json=False)


def run(args: Namespace) -> int:
    """Export what was asked for."""
    exporter: Exporter = args.exporter
    return exporter.run(args)


def _monitoring_options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--schema",
        type=Path,
        metavar="FILE",
        help="columns, names, units and times (default: a draft of our own)",
    )
    parser.add_argument(
        "--format",
        dest="formats",
        action="append",
        choices=FORMATS,
        help="may be given again (default: csv, parquet)",
    )


def _footprint_options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--footprint",
        required=True,
        type=Path,
        metavar="FILE",
        help="footprint.toml: what no meter knows",
    )
    parser.add_argument(
        "--statement",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="an auditor's signed statement",
    )
    parser.add_argument(
        "--auditor",
        action="append",
        default=[],
        metavar="HEX",
        help="id of the auditor's key as the certification body states it",
    )


def _monitoring(args: Namespace) -> int:
    from datetime import UTC, datetime

    from benchmarks.measurements import Period
    from extras.exports import intervals, monitoring, writing
    from extras.exports.monitoring_schema import load_schema
    from reporting_agent.config import load_site

    schema = load_schema(args.schema)
    site = load_site(args.site)
    measured = intervals.measure(site, Period.parse(args.period, site.zone))
    tables = monitoring.fill(measured, schema, site.id)
    out = args.out or Path("export-monitoring")
    rows = writing.tables(out, tables, args.formats or ("csv", "parquet"))
    verdicts = tables[-1].column("quality")
    more = {
        "columns": {
            "id": schema.id,
            "version": schema.version,
            "status": schema.status,
            "sha256": schema.digest,
        },
        "quality": {
            "completeness_least_pct": schema.quality.completeness_least_pct,
            "day_sums_most_pct": schema.quality.day_sums_most_pct,
            "source": schema.quality.source.by_language,
            "meter_months": len(verdicts),
            "good": sum(verdict == monitoring.GOOD for verdict in verdicts),
        },
    }
    now = datetime.now(UTC)
    remarks = monitoring.remarks(measured, schema, now.astimezone(site.zone).date())
    description = writing.ExportDescription(
        "monitoring", site.id, args.period, now, schema.stands_on.by_language, remarks, more
    )
    quality = in_number(
        more["quality"]["good"],
        "%(good)s of %(count)s months of meters is good: covered to at least %(least)s %% and day "
        "sums within %(most)s %% (%(source)s).",
        "%(good)s of %(count)s months of meters are good: covered to at least %(least)s %% and "
        "day sums within %(most)s %% (%(source)s).",
        good=str(more["quality"]["good"]),
        count=str(len(verdicts)),
        least=f"{schema.quality.completeness_least_pct:g}",
        most=f"{schema.quality.day_sums_most_pct:g}",
        source=schema.quality.source,
    )
    return _written(args, out, description, rows, [quality])


_OF_SHELLS = Phrase(
    "The export does not claim to follow an IDTA template: the semantic ids are Steplabel's own. "
    "BaSyx read the files back in strict mode."
)
_OF_FOOTPRINTS = Phrase(
    "Written from the makers' public specifications; their schemas are not part of this program, "
    "so check the file with your partner's "
    "own validator before you send it."
)


def _shells(args: Namespace) -> int:
    from datetime import UTC, datetime

    from benchmarks.declared import Words
    from extras.exports import carbon, shells, writing
    from reporting_agent.changes.questioned_label import labelled
    from reporting_agent.config import load_site
    from reporting_agent.report.writing import folder, write_bytes

    shells.refuse_without_library()
    site = load_site(args.site)
    now = datetime.now(UTC)
    label = labelled(site, args.period, now, for_others=True)
    period, steps = (
        label.result.site_label.period,
        carbon.of_steps(site, label.result, label.doubtful),
    )
    out = folder(args.out or Path("export-aas"))
    write_bytes(out / "step-labels.json", shells.as_json(site.id, period, steps))
    write_bytes(out / "step-labels.aasx", shells.as_aasx(site.id, period, steps))
    more = {"partial": True, "not_in_it": list(carbon.NOT_IN_IT), "labels": len(steps)}
    remarks = [*_in_question(steps, label.review.open), *label.later, *_lacking(steps)]
    description = writing.ExportDescription(
        "aas", site.id, args.period, now, Words.of(_OF_SHELLS).by_language, remarks, more
    )
    line = in_number(
        len(steps),
        "%(count)s label. The CO2 is that of the steps' energy input. It does not include "
        "%(missing)s.",
        "%(count)s labels. The CO2 is that of the steps' energy input. It does not include "
        "%(missing)s.",
        count=str(len(steps)),
        missing=enumerated(carbon.NOT_IN_IT),
    )
    return _written(
        args, out, description, {"step-labels.json": None, "step-labels.aasx": None}, [line]
    )


def _in_question(
    steps: Sequence[StepCarbon], unanswered: Sequence[ChangeQuestion]
) -> Iterator[Phrase]:
    """Which labels a change that nobody has explained may have moved, and the first of these
    changes.
    """
    ids = dict.fromkeys(step.label.step for step in steps if step.in_question)
    of_them = [question for question in unanswered if question.change.step in {"", *ids}]
    if ids and of_them:
        yield Phrase(
            "Labels of %(steps)s are in question, because changes in the data are not explained "
            "(%(count)s); each has the property "
            "InQuestion. The first change: %(first)s",
            steps=", ".join(ids),
            count=len(of_them),
            first=of_them[0].sentence,
        )


def _lacking(steps: Sequence[StepCarbon]) -> list[Phrase | str]:
    return [
        Phrase(
            "The CO2 of step %(step)s cannot be calculated: there is no factor for %(carriers)s.",
            step=step.label.step,
            carriers=step.lacking_words,
        )
        for step in steps
        if step.lacking
    ]


def _footprint(args: Namespace) -> int:
    from datetime import UTC, datetime

    from benchmarks.declared import Words
    from benchmarks.measurements import Period
    from extras.exports import assured, carbon, footprints, pact_and_catena_x, writing
    from extras.exports.footprint_settings import load_settings
    from reporting_agent.changes.questioned_label import labelled
    from reporting_agent.config import load_site
    from reporting_agent.report.writing import folder, write_json

    settings = load_settings(args.footprint)
    site = load_site(args.site)
    period, now = Period.parse(args.period, site.zone), datetime.now(UTC)
    statements = assured.holding(
        args.statement, args.auditor, site.id, args.period, now.astimezone(site.zone).date()
    )
    label = labelled(site, args.period, now, for_others=True)
    label.review.require_answers()
    steps = carbon.of_steps(site, label.result)
    footprint = footprints.footprint(settings, site.id, period, now, steps, statements)
    out = folder(args.out or Path(f"export-{args.kind}"))
    name = f"{args.kind}.json"
    write_json(
        out / name,
        pact_and_catena_x.pact(footprint)
        if args.kind == "pact"
        else pact_and_catena_x.catena_x(footprint),
    )
    more = {
        "kg_co2e_per_kg": footprint.total,
        "of_steps": footprint.of_steps,
        "assured": pact_and_catena_x.assured(footprint),
    }
    description = writing.ExportDescription(
        args.kind,
        site.id,
        args.period,
        now,
        Words.of(_OF_FOOTPRINTS).by_language,
        label.later,
        more,
    )
    lines = [
        Phrase(
            "%(total)s kg CO2e per kg of %(product)s. Of this, %(steps)s is measured in the "
            "steps; the firm declares the rest.",
            total=significant(footprint.total, 4),
            product=settings.product.name,
            steps=significant(footprint.of_steps, 4),
        ),
        in_number(
            len(statements),
            "The energy figures of %(share)s %% of it are assured by %(count)s statement.",
            "The energy figures of %(share)s %% of it are assured by %(count)s statements.",
            share=f"{100 * footprint.assured_share:.1f}",
            count=str(len(statements)),
        ),
    ]
    return _written(args, out, description, {name: None}, lines)


def _written(
    args: Namespace,
    out: Path,
    description: ExportDescription,
    rows: Mapping[str, int | None],
    lines: Iterable[Phrase],
) -> int:
    from benchmarks.catalogue import in_language
    from benchmarks.phrases import of_language
    from extras.exports import writing
    from reporting_agent.console import emit

    payload = writing.manifest(out, description, rows)
    listed = [
        f"  {name}" + (f" ({count:,})" if count is not None else "") for name, count in rows.items()
    ]
    last = Phrase(
        "Written to %(out)s with export.json. Everything in it is exact; nothing was sent.",
        out=str(out),
    )
    sentences = [
        *lines,
        *description.remarks,
        of_language(description.stands_on, args.lang) or description.stands_on["en"],
        *listed,
        last,
    ]
    emit(args, payload, "\n".join(in_language(line, args.lang) for line in sentences))
    return 0


MONITORING = Exporter(
    help="quarter-hour, daily and monthly indicators of statutory online monitoring",
    run=_monitoring,
    add_options=_monitoring_options,
)
SHELLS = Exporter(
    help="step labels as a submodel of the Asset Administration Shell: JSON and AASX", run=_shells
)
PACT = Exporter(
    help="a product footprint as PACT exchanges it, with the assured share as an attribute",
    run=_footprint,
    add_options=_footprint_options,
)
CATENA_X = Exporter(
    help="the same as the Catena-X aspect model Pcf 7.0.0",
    run=_footprint,
    add_options=_footprint_options,
)
