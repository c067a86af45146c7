"""`steplabel-agent label`: the site's exact step labels, made and kept on the site."""

from __future__ import annotations

from argparse import Namespace, _SubParsersAction
from pathlib import Path
from typing import Any

from reporting_agent.commands import add_period, add_site


def add_parser(sub: _SubParsersAction[Any]) -> None:
    """Declare the subcommand."""
    parser = sub.add_parser("label", help="make the local step labels: label.json, batches.parquet, rejected.csv, report.html")
    add_site(parser)
    add_period(parser)
    parser.add_argument("--out", metavar="DIR", default="label", help="where the four files go (default: label)")
    parser.add_argument("--lang", choices=("en", "zh"), default="en", help="language of report.html")


def run(args: Namespace) -> int:
    """Read, label, write; the label's values go to stdout."""
    from benchmarks.measurements import Period
    from reporting_agent import pipeline
    from reporting_agent.config import load_site
    from reporting_agent.console import emit
    from reporting_agent.report import html, summary, writing

    site = load_site(args.site)
    result = pipeline.label(site, Period.parse(args.period, site.zone))
    payload = result.to_json()
    out = writing.folder(Path(args.out))
    writing.write_json(out / "label.json", payload)
    writing.write_batches(out / "batches.parquet", result)
    writing.write_rejected(out / "rejected.csv", result.data.rejected)
    writing.write_text(out / "report.html", html.render(site, result, args.lang))
    emit(args, payload, summary.as_text(result) + f"\nWritten to {out}. Everything in it is exact and stays on this site.")
    return 0
