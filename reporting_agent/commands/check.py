"""`steplabel-agent check`: reads every input, writes the data-quality report as JSON and as a page,
computes no label.
"""

from __future__ import annotations

from argparse import Namespace, _SubParsersAction
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.phrases import in_number
from reporting_agent.commands import add_language, add_site


def add_parser(sub: _SubParsersAction[Any]) -> None:
    """Declare the subcommand."""
    parser = sub.add_parser(
        "check", help="read all inputs and say what is wrong with them; computes nothing"
    )
    add_site(parser)
    parser.add_argument(
        "--period", metavar="PERIOD", help="only batches of this period (default: all)"
    )
    parser.add_argument(
        "--out",
        metavar="DIR",
        default="check",
        help="where quality.json, quality.html and rejected.csv go (default: check)",
    )
    add_language(parser)


def run(args: Namespace) -> int:
    """Read, report, write."""
    from benchmarks.catalogue import in_language
    from benchmarks.measurements import Period
    from reporting_agent import pipeline
    from reporting_agent.changes.review import review
    from reporting_agent.commands import asking
    from reporting_agent.console import emit, say
    from reporting_agent.report import quality, site_files

    site = asking.recognised_site(args)
    period = Period.parse(args.period, site.zone) if args.period else None
    data = pipeline.read(site, period)
    reviewed, out = review(site, data), Path(args.out)
    payload = site_files.write_check(
        site, data, reviewed, period, out, args.lang, datetime.now(UTC)
    )
    say(quality.as_table(data, reviewed, args.lang))
    excluded = f"{payload['batches']['excluded_total']:,}"
    sentence = in_number(
        len(data.batches),
        "%(read)s batch read, %(excluded)s excluded; written to %(out)s",
        "%(read)s batches read, %(excluded)s excluded; written to %(out)s",
        read=f"{len(data.batches):,}",
        excluded=excluded,
        out=str(out),
    )
    emit(args, payload, in_language(sentence, args.lang))
    return 0
