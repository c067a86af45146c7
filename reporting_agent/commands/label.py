"""`steplabel-agent label`: the exact step labels of a plant, made and kept on the site: of files as
they are, or of a site.toml.
"""

from __future__ import annotations

from argparse import Namespace, _SubParsersAction
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.phrases import Phrase, in_number, listed
from reporting_agent.commands import add_language, add_period, add_site

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reporting_agent.analysis import Analysis
    from reporting_agent.changes.questioned_label import QuestionedLabel
    from reporting_agent.config import SiteSettings
    from reporting_agent.pipeline import LabelResult


def add_parser(sub: _SubParsersAction[Any]) -> None:
    """Declare the subcommand."""
    parser = sub.add_parser(
        "label",
        help="make the local step labels: label.json, batches.parquet, rejected.csv, report.html",
    )
    parser.add_argument(
        "files",
        nargs="*",
        metavar="FILE",
        help="files as they are, in any order and without a site.toml: a log, meters, or both",
    )
    add_site(parser, required=False)
    add_period(parser, required=False)
    parser.add_argument(
        "--pack",
        metavar="NAME",
        help="the sector's method: steel, aluminium, cement or a file; without it the plant is "
        "compared with itself",
    )
    parser.add_argument(
        "--answer",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="an answer to a question, as the remedy names it; may be repeated",
    )
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
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="print all that the report says of the labels"
    )
    add_language(parser)
    parser.set_defaults(wrong_usage=parser.error)


def run(args: Namespace) -> int:
    """Read, label, write; the labels go to stdout."""
    if bool(args.files) == bool(args.site):
        args.wrong_usage(Phrase("give files, or --site FILE"))
    from reporting_agent.config import load_site

    if args.site:
        if args.answer or args.pack:
            args.wrong_usage(Phrase("--answer and --pack go with files; a site.toml holds its own"))
        return _label(args, load_site(args.site), ())
    file, said = _taken(args)
    return _label(args, load_site(file), said)


def _taken(args: Namespace) -> tuple[Path, tuple[Phrase, ...]]:
    from reporting_agent.commands import asking
    from reporting_agent.door.taking import take

    answers = {}
    for answer in args.answer:
        key, equals, value = answer.partition("=")
        if not equals:
            args.wrong_usage(Phrase("an answer is KEY=VALUE: %(answer)s", answer=answer))
        answers[key.strip()] = value.strip()
    return take(
        [Path(file) for file in args.files],
        Path(args.out),
        answers,
        asking.asker(args),
        args.pack,
        args.lang,
    )


def _label(args: Namespace, site: SiteSettings, said: Sequence[Phrase]) -> int:
    from benchmarks.catalogue import in_language
    from benchmarks.measurements import Period
    from reporting_agent.analysis import analyse
    from reporting_agent.changes.reportable import missing_for_release
    from reporting_agent.commands.lacking import made
    from reporting_agent.console import emit
    from reporting_agent.report import first_page, site_files
    from reporting_agent.sending.eligibility import why_not_reportable

    now = datetime.now(UTC)
    period = None if args.period is None else Period.parse(args.period, site.zone)
    label = made(site, period, now)
    result, analysis = label.result, analyse(site, label)
    out = Path(args.out)
    missing = missing_for_release(site, label, why_not_reportable(site))
    payload = site_files.write(site, result, analysis, out, args.lang, now, missing)
    written = ["report.html", "label.json", "batches.parquet", "rejected.csv"]
    written += ["site.toml"] if args.files else []
    written += ["declarations.toml"] if result.data.proposals else []
    written_too = (
        _more(out, result, analysis, xlsx=args.xlsx, parquet=args.tables)
        if args.xlsx or args.tables
        else set()
    )
    written += sorted(str(file.relative_to(out)) for file in written_too)
    shown = () if args.verbose else said
    page = first_page.lines(site, result, analysis, shown, written, out, args.lang, missing)
    if args.verbose:
        page = [*(in_language(line, args.lang) for line in said), *page]
        page += ["", *(in_language(line, args.lang) for line in _rest(site, label, analysis, args))]
    if stale := _stale(out, written_too):
        page.append(in_language(stale, args.lang))
    emit(args, payload, "\n".join(page))
    return 0


def _rest(
    site: SiteSettings, label: QuestionedLabel, analysis: Analysis, args: Namespace
) -> list[str]:
    """Everything that stands beside the labels, as the report says it."""
    from reporting_agent import pipeline
    from reporting_agent.pipeline.outward import own_metering
    from reporting_agent.pipeline.outward.releasable import differences, in_doubt
    from reporting_agent.report import quality, summary

    result = label.result
    rest = list(quality.questions_as_text(analysis.review, args.lang))
    rest.append(summary.as_text(result, analysis.review.limits, args.lang))
    rest.append(summary.routes_as_text(analysis.routes, args.lang).rstrip())
    if result.data.outward is not None:
        leaving = pipeline.outgoing_label(site, result.data, result.site_label.period)
        doubts = in_doubt(result.strict.site_label, site, result.strict.data)
        rest += own_metering.sentences(site, result.data.pack)
        rest += differences(result.site_label, leaving, result.data.pack, doubts)
    if result.data.proposals:
        count, file = len(result.data.proposals), str(Path(args.out) / "declarations.toml")
        rest.append(
            in_number(
                count,
                "%(count)s finding affects a report only after you declare it. %(file)s contains "
                "the lines to paste into site.toml.",
                "%(count)s findings affect a report only after you declare them. %(file)s "
                "contains the lines to paste into site.toml.",
                count=f"{count:,}",
                file=file,
            )
        )
    return [line for line in rest if line]


def _stale(out: Path, written: set[Path]) -> Phrase | None:
    """What an earlier run left there, and this one did not write."""
    stale = [
        file
        for file in (out / "label.xlsx", *sorted((out / "tables").glob("*.parquet")))
        if file.is_file() and file not in written
    ]
    if not stale:
        return None
    return Phrase(
        "These files contain an earlier run, not this one: %(files)s. Write them anew with "
        "--xlsx and --tables, or delete them.",
        files=listed(str(file.relative_to(out)) for file in stale),
    )


def _more(
    out: Path, result: LabelResult, analysis: Analysis, *, xlsx: bool, parquet: bool
) -> set[Path]:
    """The same figures once more, for those who go on with them; the files that were written."""
    from reporting_agent.report import writing
    from reporting_agent.report.analysis_tables import every
    from reporting_agent.report.frames import workbook

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
