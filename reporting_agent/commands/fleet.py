"""`steplabel-agent fleet`: label many sites of one firm side by side, and show what the best of the group is worth to the others."""

from __future__ import annotations

import os
from argparse import Namespace, _SubParsersAction
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.phrases import Phrase
from reporting_agent.commands import add_language, add_period


def add_parser(sub: _SubParsersAction[Any]) -> None:
    """Declare the subcommand."""
    parser = sub.add_parser("fleet", help="label many sites of one firm side by side: each site's files, and the group's report")
    parser.add_argument("fleet", metavar="FLEET.toml", help="the sites, and the tables of site.toml that they share")
    add_period(parser)
    parser.add_argument("--out", metavar="DIR", default="fleet", help="where the files go, a folder a site (default: fleet)")
    parser.add_argument(
        "--processes", type=int, metavar="N", default=os.cpu_count() or 1, help="sites labelled at a time (default: one a processor)"
    )
    add_language(parser, "the reports")
    parser.set_defaults(wrong_usage=parser.error)


def run(args: Namespace) -> int:
    """Label what changed since the last run; 0 where every site has its labels, else 1."""
    from benchmarks.catalogue import in_language
    from reporting_agent.console import emit, progress, say
    from reporting_agent.fleet import group, page
    from reporting_agent.fleet.declared import load_fleet
    from reporting_agent.fleet.labelling import Task, label_all
    from reporting_agent.report import writing

    if args.processes < 1:
        args.wrong_usage("--processes must be 1 or more")
    fleet = load_fleet(args.fleet)
    out = writing.folder(Path(args.out))
    tasks = [
        Task(file, fleet.inherit, args.period, args.lang, out / f"{number:03}-{file.parent.name or file.stem}")
        for number, file in enumerate(fleet.paths(), start=1)
    ]
    outcomes = {}
    for outcome in progress(label_all(tasks, args.processes), len(tasks), "sites"):
        outcomes[outcome.file] = outcome
        if outcome.refused is not None:
            sentence, file = in_language(outcome.refused["sentence"], args.lang), outcome.file
            say(in_language(Phrase("%(file)s has no labels: %(sentence)s", file=file, sentence=sentence), args.lang))
    ordered = [outcomes[str(task.file)] for task in tasks]
    steps = group.grouped(ordered)
    payload = group.as_json(fleet.fleet.name, args.period, ordered, steps)
    writing.write_json(out / "group.json", payload)
    writing.write_text(out / "group.html", page.render(fleet.fleet.name, args.period, ordered, steps, args.lang, datetime.now(UTC)))
    failed = sum(outcome.refused is not None for outcome in ordered)
    kept = sum(outcome.kept for outcome in ordered)
    told = Phrase(
        "%(done)s of %(sites)s sites labelled, %(kept)s of them unchanged since the last run. Written to %(out)s; nothing was sent.",
        done=len(ordered) - failed, sites=len(ordered), kept=kept, out=str(out),
    )  # fmt: skip
    emit(args, payload, in_language(told, args.lang))
    return 1 if failed else 0
