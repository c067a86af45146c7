"""`steplabel-agent fleet`: label or check many sites of one firm side by side, or see how they
stand.
"""

from __future__ import annotations

import os
from argparse import Namespace, _SubParsersAction
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.errors import SteplabelError
from benchmarks.phrases import Phrase, Value, joined
from reporting_agent.commands import add_language, add_period

if TYPE_CHECKING:
    from extras.fleet.fleet_settings import Fleet
    from extras.fleet.site_tasks import SiteTaskOutcome, Task

WORKS = ("label", "check", "status")


def add_parser(sub: _SubParsersAction[Any]) -> None:
    """Declare the subcommand."""
    parser = sub.add_parser(
        "fleet", help="label or check many sites of one firm side by side, or see how they stand"
    )
    parser.add_argument("work", choices=WORKS, help="what is done with every site")
    parser.add_argument(
        "--config",
        required=True,
        metavar="FLEET.toml",
        help="the sites, and the tables of site.toml that they share",
    )
    add_period(parser, required=False)
    parser.add_argument(
        "--out",
        metavar="PATH",
        help="label, check: where the files go, one folder per site, or s3://BUCKET/PATH "
        "(default: fleet, fleet-check); status: a file",
    )
    parser.add_argument(
        "--processes",
        type=int,
        metavar="N",
        default=os.cpu_count() or 1,
        help="sites done at a time (default: one a processor)",
    )
    parser.add_argument(
        "--dask",
        metavar="ADDRESS",
        help="do the sites on this Dask cluster instead, such as tls://HOST:8786",
    )
    for name, what in (
        ("ca-file", Phrase("with --dask: certificates that it trusts")),
        ("cert", Phrase("with --dask: our certificate")),
        ("key", Phrase("with --dask: its key")),
    ):
        parser.add_argument(f"--tls-{name}", type=Path, metavar="PEM", help=what)
    parser.add_argument("--csv", action="store_true", help="status: the table as CSV on stdout")
    parser.add_argument(
        "--trouble-fails",
        action="store_true",
        help="status: end with 1 where something needs a person",
    )
    add_language(parser)
    parser.set_defaults(wrong_usage=parser.error)


def run(args: Namespace) -> int:
    """Do what changed since the last run; 0 where every site was done, else 1. A site that lacks
    some of its labels is done: `label` of it ends with 0 too, and too few batches of a step are no
    fault that another run would mend."""
    from extras.fleet import overview
    from extras.fleet.fleet_settings import load_fleet

    _form(args)
    if args.work == "status":
        return overview.run(args)
    return _sites(args, load_fleet(args.config))


def _form(args: Namespace) -> None:
    """What does not go together is wrong usage."""
    if args.work == "label" and args.period is None:
        args.wrong_usage(Phrase("label needs --period PERIOD"))
    if args.work != "status" and (args.csv or args.trouble_fails):
        args.wrong_usage(Phrase("--csv and --trouble-fails are of status"))
    if args.processes < 1:
        args.wrong_usage(Phrase("--processes must be 1 or more"))
    if args.dask is None and (args.tls_ca_file or args.tls_cert or args.tls_key):
        args.wrong_usage(
            Phrase("--tls-ca-file, --tls-cert and --tls-key are of a cluster: give --dask ADDRESS")
        )


def _sites(args: Namespace, fleet: Fleet) -> int:
    from benchmarks.catalogue import in_language
    from extras.fleet import storage
    from extras.fleet.site_tasks import Task, name_of
    from reporting_agent.console import emit, progress, say

    out = str(args.out or {"label": "fleet", "check": "fleet-check"}[args.work]).rstrip("/")
    storage.require_there(out)
    files, folder, reads = fleet.files(), out, None
    if args.dask:  # a worker has a working directory of its own
        files, folder, reads = tuple(map(_for_all, files)), _for_all(out), fleet.reads()
    tasks = [
        Task(
            file,
            fleet.inherit,
            args.period,
            args.lang,
            f"{folder}/{number:03}-{name_of(file)}",
            args.work,
            reads,
        )
        for number, file in enumerate(files, start=1)
    ]
    outcomes = {}
    for outcome in progress(_done(args, tasks), len(tasks), Phrase("sites done")):
        outcomes[outcome.file] = outcome
        if outcome.refused is not None:
            say(in_language(_not_done(args, outcome), args.lang))
        for label in outcome.lacking if outcome.steps else ():
            say(
                in_language(
                    Phrase(
                        "Label missing: %(where)s: %(what)s",
                        where=outcome.file,
                        what=label.sentence,
                    ),
                    args.lang,
                )
            )
    ordered = [
        replace(outcomes[task.file], folder=f"{out}{task.out.removeprefix(folder)}")
        for task in tasks
    ]  # the same of any worker
    try:
        with storage.results(out) as written:
            payload = _written(args, fleet, ordered, written)
    except (
        SteplabelError
    ) as refusal:  # the sites that are done stay done: its last line says how many
        refusal.remedy = joined(
            refusal.remedy,
            Phrase("%(counts)s; the page of all is missing.", counts=_counts(args, ordered)),
        )
        raise
    failed = sum(outcome.refused is not None for outcome in ordered)
    sentence = Phrase(
        "%(counts)s; unchanged since the last run: %(kept)s. Written to %(out)s; nothing was sent.",
        counts=_counts(args, ordered), kept=sum(outcome.kept for outcome in ordered), out=out,
    )  # fmt: skip
    emit(args, payload, in_language(sentence, args.lang))
    return 1 if failed else 0


def _not_done(args: Namespace, outcome: SiteTaskOutcome) -> Phrase:
    """The refusal, which names the site by its file or else is told which site it is of."""
    refusal: Value = outcome.refusal
    if not outcome.refusal.startswith(outcome.file):
        refusal = Phrase("%(where)s: %(what)s", where=outcome.file, what=outcome.refusal)
    return (
        Phrase("No label: %(refusal)s", refusal=refusal)
        if args.work == "label"
        else Phrase("Not checked: %(refusal)s", refusal=refusal)
    )


def _counts(args: Namespace, outcomes: Sequence[SiteTaskOutcome]) -> Phrase:
    counts = {"done": sum(outcome.refused is None for outcome in outcomes), "sites": len(outcomes)}
    if args.work == "label":
        return Phrase("Sites labelled: %(done)s of %(sites)s", **counts)
    return Phrase("Sites checked: %(done)s of %(sites)s", **counts)


def _for_all(location: str) -> str:
    """The path or address by which every worker finds it."""
    from reporting_agent.sources.object_storage import is_object

    return location if is_object(location) else str(Path(location).absolute())


def _done(args: Namespace, tasks: list[Task]) -> Iterator[SiteTaskOutcome]:
    if args.dask is None:
        from extras.fleet.processes import in_processes

        return in_processes(tasks, args.processes)
    from extras.fleet.cluster import Cluster

    return Cluster(args.dask, args.tls_ca_file, args.tls_cert, args.tls_key).run(tasks)


def _written(
    args: Namespace, fleet: Fleet, outcomes: list[SiteTaskOutcome], out: Path
) -> dict[str, Any]:
    """The group's page and document; the latter's content."""
    from extras.fleet import checks, page, sites_compared
    from reporting_agent.report import writing

    name, now = fleet.fleet.name, datetime.now(UTC)
    if args.work == "check":
        payload = checks.as_json(name, outcomes)
        writing.write_json(out / "check.json", payload)
        writing.write_text(
            out / "check.html", page.of_checks(name, args.period, outcomes, args.lang, now)
        )
        return payload
    steps = sites_compared.grouped(outcomes)
    payload = sites_compared.as_json(name, args.period, outcomes, steps)
    writing.write_json(out / "group.json", payload)
    writing.write_text(
        out / "group.html", page.render(name, args.period, outcomes, steps, args.lang, now)
    )
    return payload
