"""`steplabel-agent reconcile`: meters and output held against bills, stock surveys, sales and
calibration records; stays on the site.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from benchmarks.phrases import Phrase
from reporting_agent.commands import add_period, add_report, add_site
from reporting_agent.commands.audit import write_file


def add_parser(sub: Any) -> None:
    parser = sub.add_parser(
        "reconcile",
        help="hold meters and output against bills, stock surveys, sales and calibration records",
    )
    parser.add_argument(
        "papers",
        nargs="?",
        type=Path,
        metavar="PAPERS",
        help="what the documents say (PAPERS.toml or PAPERS.xlsx)",
    )
    parser.add_argument(
        "--template",
        type=Path,
        metavar="FILE",
        help="write an empty FILE.xlsx or FILE.toml with an example of every kind",
    )
    add_site(parser, required=False)
    add_period(parser, required=False)
    add_report(parser)
    parser.add_argument("--json", action="store_true", help="machine-readable answer on stdout")


def run(args: argparse.Namespace) -> int:
    from datetime import UTC, datetime

    from benchmarks.errors import ExitCode, InputError, Place, UsageError
    from benchmarks.measurements import Period
    from extras.reconciliation import loading, reconcile
    from reporting_agent import pipeline
    from reporting_agent.audit.openings import telling
    from reporting_agent.audit.openings.verdict import PAPERS, AuditVerdict
    from reporting_agent.config import load_site
    from reporting_agent.console import emit

    if args.template is not None:
        if args.template.exists():
            raise InputError(
                "template-exists",
                "There is a file of this name already.",
                "Give the name of a new file. What was filled in would be lost.",
                place=Place(str(args.template)),
            )
        write_file(args.template, loading.template(args.template, args.lang))
        emit(
            args,
            {"file": str(args.template)},
            Phrase(
                "Written: %(file)s. Fill in the items for which you have documents.",
                file=args.template,
            ),
        )
        return ExitCode.DONE
    if args.papers is None or args.site is None or args.period is None:
        raise UsageError(
            "reconcile-arguments",
            "A file of documents, --site and --period are needed.",
            "Give all, or --template FILE.",
        )
    telling.require_kind(args.out)
    declared, site = loading.load(args.papers), load_site(args.site)
    period = Period.parse(args.period, site.zone)
    verdict = AuditVerdict(
        reconcile.reconcile(site, pipeline.read(site, period), declared, period), of=PAPERS
    )
    if args.out is not None:
        write_file(args.out, telling.report(verdict, args.out, args.lang, datetime.now(UTC)))
    emit(args, verdict.to_json(), telling.lines(verdict, args.lang))
    return ExitCode.DONE if verdict.agrees else ExitCode.INPUT
