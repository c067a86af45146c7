"""`steplabel-agent label`: the site's exact step labels, made and kept on the site; of a small
firm, from one workbook.
"""

from __future__ import annotations

from argparse import Namespace, _SubParsersAction
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.phrases import Phrase, in_number, listed
from reporting_agent.commands import add_language, add_period, add_site

if TYPE_CHECKING:
    from reporting_agent.analysis import Analysis
    from reporting_agent.pipeline import LabelResult


def add_parser(sub: _SubParsersAction[Any]) -> None:
    """Declare the subcommand."""
    parser = sub.add_parser(
        "label",
        help="make the local step labels: label.json, batches.parquet, rejected.csv, report.html",
    )
    parser.add_argument(
        "workbook",
        nargs="?",
        metavar="WORKBOOK.xlsx",
        help="a small firm's workbook instead of a site: a copy with labels",
    )
    add_site(parser, required=False)
    add_period(parser, required=False)
    parser.add_argument(
        "--out", metavar="DIR", default="label", help="where the files go (default: label)"
    )
    parser.add_argument(
        "--xlsx",
        action="store_true",
        help="also label.xlsx: the report's figures, one sheet per table",
    )
    parser.add_argument(
        "--tables",
        action="store_true",
        help="also tables/NAME.parquet: the same, one file per table",
    )
    add_language(parser)
    parser.set_defaults(wrong_usage=parser.error)


def run(args: Namespace) -> int:
    """Read, label, write; the label's values go to stdout."""
    if args.workbook is not None:
        if args.site or args.period:
            args.wrong_usage(
                Phrase(
                    "a workbook stands alone: it holds its own runs and settings; leave out "
                    "--site and --period"
                )
            )
        return _workbook(args)
    if not (args.site and args.period):
        args.wrong_usage(Phrase("give --site FILE and --period PERIOD, or a WORKBOOK.xlsx"))
    return _site(args)


def _workbook(args: Namespace) -> int:
    from benchmarks.catalogue import in_language
    from reporting_agent.console import emit
    from reporting_agent.report import writing
    from reporting_agent.workbook import copying, labelling, reading, summary

    source = Path(args.workbook)
    labelled = labelling.label(reading.read(source), datetime.now(UTC))
    out = writing.folder(Path(args.out))
    target = out / f"{source.stem}.labelled.xlsx"
    writing.write_bytes(target, copying.labelled_copy(labelled))
    sentence = in_language(
        Phrase("Written to %(file)s; your own workbook was not changed.", file=target),
        labelled.sheet.lang,
    )
    emit(args, labelled.result.to_json(), f"{summary.as_text(labelled)}\n{sentence}")
    return 0


def _site(args: Namespace) -> int:
    from benchmarks.catalogue import in_language
    from reporting_agent import pipeline
    from reporting_agent.analysis import analyse
    from reporting_agent.changes.questioned_label import labelled
    from reporting_agent.commands import asking
    from reporting_agent.console import emit, say
    from reporting_agent.pipeline.outward.differences import differences
    from reporting_agent.pipeline.outward.releasable import steps_in_doubt
    from reporting_agent.report import quality, site_files, summary

    site = asking.recognised_site(args)
    now = datetime.now(UTC)
    label = labelled(site, args.period, now, outward=True)
    result, analysis = label.result, analyse(site, label)
    leaving = pipeline.outgoing_label(site, result.data, result.site_label.period)
    in_doubt = steps_in_doubt(result.site_label)
    for line in differences(result.site_label, leaving, result.data.pack, in_doubt):
        say(in_language(line, args.lang))
    out = Path(args.out)
    payload = site_files.write(site, result, analysis, out, args.lang, made_at=now)
    if result.data.proposals:
        count, file = len(result.data.proposals), str(out / "declarations.toml")
        sentence = in_number(
            count,
            "%(count)s finding affects a report only after you declare it. %(file)s contains the "
            "lines to paste into site.toml.",
            "%(count)s findings affect a report only after you declare them. %(file)s contains "
            "the lines to paste into site.toml.",
            count=f"{count:,}",
            file=file,
        )
        say(in_language(sentence, args.lang))
    written_too = (
        _more(out, result, analysis, xlsx=args.xlsx, parquet=args.tables)
        if args.xlsx or args.tables
        else set()
    )
    if stale := [
        file
        for file in (out / "label.xlsx", *sorted((out / "tables").glob("*.parquet")))
        if file.is_file() and file not in written_too
    ]:
        sentence = Phrase(
            "These files contain an earlier run, not this one: %(files)s. Write them anew with "
            "--xlsx and --tables, or delete them.",
            files=listed(str(file.relative_to(out)) for file in stale),
        )
        say(in_language(sentence, args.lang))
    asked = "".join(f"{line}\n" for line in quality.questions_as_text(analysis.review, args.lang))
    values = f"{summary.as_text(result, analysis.review.limits, args.lang)}\n{summary.routes_as_text(analysis.routes, args.lang)}".rstrip()  # noqa: E501
    written = Phrase(
        "Written to %(out)s. Everything in it is exact and stays on this site.", out=str(out)
    )
    emit(args, payload, f"{asked}{values}\n{in_language(written, args.lang)}")
    return 0


def _more(
    out: Path, result: LabelResult, analysis: Analysis, *, xlsx: bool, parquet: bool
) -> set[Path]:
    """The same figures once more, for those who go on with them; the files that were written."""
    from reporting_agent.report import writing
    from reporting_agent.report.analysis_tables import every
    from reporting_agent.report.xlsx import workbook

    tables, files = every(result, analysis), set()
    if xlsx:
        files.add(out / "label.xlsx")
        writing.write_bytes(out / "label.xlsx", workbook(tables))
    if parquet:
        folder = writing.folder(out / "tables")
        for table in tables:
            files.add(folder / f"{table.name}.parquet")
            writing.write_table(folder / f"{table.name}.parquet", table)
    return files
