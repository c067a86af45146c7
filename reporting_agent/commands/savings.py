"""`steplabel-agent savings`: what each action in actions.toml really saved, with its interval, as
JSON and as a page.
"""

from __future__ import annotations

from argparse import Namespace, _SubParsersAction
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.phrases import Phrase
from reporting_agent.command_parser import day
from reporting_agent.commands import add_language, add_site


def add_parser(sub: _SubParsersAction[Any]) -> None:
    """Declare the subcommand."""
    parser = sub.add_parser(
        "savings", help="verify what the actions in actions.toml saved, against their baselines"
    )
    add_site(parser)
    parser.add_argument(
        "--today", type=day, metavar="DAY", help="take data before this day (default: today)"
    )
    parser.add_argument(
        "--out",
        metavar="DIR",
        default="savings",
        help="where savings.json and savings.html go (default: savings)",
    )
    add_language(parser)


def run(args: Namespace) -> int:
    """Read, verify, write."""
    from benchmarks.catalogue import in_language
    from reporting_agent.config import load_site
    from reporting_agent.console import emit
    from reporting_agent.report import html, writing
    from reporting_agent.report.sections.savings import finding
    from reporting_agent.savings import load_actions, verified
    from reporting_agent.savings.telling import VERDICTS

    site = load_site(args.site)
    now = datetime.now(UTC)
    savings, result = verified(
        site, load_actions(site), args.today or now.astimezone(site.zone).date()
    )
    payload = {"site": site.id, "savings": [saving.to_json() for saving in savings]}
    out = writing.folder(Path(args.out))
    writing.write_json(out / "savings.json", payload)
    writing.write_text(
        out / "savings.html", html.render_savings(site, result, savings, args.lang, now)
    )
    lines = [
        f"{saving.of.name}: {in_language(VERDICTS[saving.verdict], args.lang)} – "
        f"{in_language(finding(saving), args.lang)}"
        for saving in savings
    ]
    emit(
        args,
        payload,
        "\n".join(
            [
                *lines,
                in_language(
                    Phrase(
                        "Written to %(file)s. Everything in it is exact and stays on this site.",
                        file=out,
                    ),
                    args.lang,
                ),
            ]
        ),
    )
    return 0
