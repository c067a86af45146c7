"""`steplabel-agent check`: reads every input, writes the data-quality report as JSON and as a page,
computes no label.
"""

from __future__ import annotations

from argparse import Namespace, _SubParsersAction
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.phrases import in_number
from reporting_agent.commands import add_language, add_site

if TYPE_CHECKING:
    from benchmarks.measurements import Period
    from reporting_agent.config import SiteSettings


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
    parser.add_argument(
        "--release",
        action="store_true",
        help="list instead what is missing before a report may leave, each once, in order of "
        "effect, with the lines to add",
    )
    add_language(parser)


def run(args: Namespace) -> int:
    """Read, report, write."""
    from benchmarks.catalogue import in_language
    from benchmarks.measurements import Period
    from reporting_agent import pipeline
    from reporting_agent.changes.review import review
    from reporting_agent.config import load_site
    from reporting_agent.console import emit, say
    from reporting_agent.report import quality, site_files

    site = load_site(args.site)
    period = Period.parse(args.period, site.zone) if args.period else None
    if args.release:
        return _release(args, site, period)
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


def _release(args: Namespace, site: SiteSettings, period: Period | None) -> int:
    """What a report lacks; nothing is written."""
    from reporting_agent.commands.lacking import as_text, lacking
    from reporting_agent.console import emit

    missing = lacking(site, period)
    payload = {"yes": not missing, "missing": [one.to_json() for one in missing]}
    emit(args, payload, "\n".join(as_text(missing, args.lang)))
    return 0
