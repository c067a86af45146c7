"""`steplabel-agent compare`: the exact gap to a published benchmark, computed on site; sends nothing but a plain GET."""

from __future__ import annotations

from argparse import Namespace, _SubParsersAction
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reporting_agent.commands import add_connection, add_site

if TYPE_CHECKING:
    from benchmarks.guidance.references import Beside
    from benchmarks.routes import Pack
    from benchmarks.wire.signing import VerifyingKey
    from reporting_agent.comparison import StepGap
    from reporting_agent.config import Site
    from reporting_agent.published import Benchmark


def add_parser(sub: _SubParsersAction[Any]) -> None:
    """Declare the subcommand."""
    parser = sub.add_parser("compare", help="the exact gap to a published benchmark, computed on site; sends nothing")
    add_site(parser)
    parser.add_argument("--benchmark", metavar="FILE_OR_URL", help="a published benchmark; where not given, that of the portal enrolled at")
    parser.add_argument("--period", metavar="PERIOD", help="our period; the benchmark's own, and its newest, where not given")
    parser.add_argument("--state", type=Path, metavar="DIR", help="the agent's state directory (default: $STEPLABEL_STATE or ~/.steplabel)")
    add_connection(parser)


def run(args: Namespace) -> int:
    """Fetch or read the benchmark, label our own period, print the gaps."""
    from benchmarks import packs
    from benchmarks.errors import InputError, UsageError
    from benchmarks.measurements import Period
    from reporting_agent import comparison, pipeline, published
    from reporting_agent.commands import asking
    from reporting_agent.console import emit
    from reporting_agent.network import Network

    site = asking.recognised_site(args)
    portal, keys = _enrolled(args.state, site)
    network = Network(args.proxy, args.ca_file)
    source = args.benchmark
    if source is None:
        if portal is None:
            raise UsageError(
                "benchmark-not-named",
                "No benchmark is named, and this agent is enrolled at no portal that could be asked for one.",
                "Give --benchmark FILE or URL, or enrol first.",
            )
        pack = packs.load(site.pack, site.pack_version, site.folder).id
        source = published.newest(portal, pack, network) if args.period is None else f"{portal}/api/v1/benchmarks/{pack}/{args.period}/"
    benchmark = published.load(source, keys, network)
    result = pipeline.label(site, Period.parse(args.period or benchmark.document.period, site.zone))
    if benchmark.document.pack != result.site_label.pack:
        raise InputError(
            "other-pack",
            "The benchmark was made with a different method pack from the site's.",
            "Compare with a benchmark of the site's own pack.",
            found=benchmark.document.pack,
            wanted=result.site_label.pack,
        )
    gaps = comparison.compare(result.site_label, benchmark)
    period = result.site_label.period.name
    lines = [*_head(benchmark, period), *(_line(result.data.pack, gap) for gap in gaps), *_references(comparison.references_of(benchmark))]
    emit(args, comparison.as_json(site.id, benchmark, gaps), "\n".join(lines))
    return 0


def _enrolled(state_argument: Path | None, site: Site) -> tuple[str | None, Mapping[str, VerifyingKey] | None]:
    """The portal the agent is enrolled with and its receipt keys; nothing where it is not enrolled."""
    import os

    from reporting_agent.sending import enrolment
    from reporting_agent.state import StateDirectory

    state = StateDirectory.locate(state_argument, os.environ, Path.home())
    if not state.exists():
        return None, None
    with state.connect() as connection:
        current = enrolment.current(connection)
        if current is None or not current.is_registered:
            return None, None
        identity = enrolment.identity(state, connection, site.id)
    return identity.portal, identity.directory.receipt_keys()


def _head(benchmark: Benchmark, our_period: str) -> list[str]:
    """What was compared with, and how far it can be trusted."""
    document = benchmark.document
    lines = [f"Benchmark {document.pack} {document.period}, version {document.version}, from {benchmark.source}"]
    if benchmark.signature == "verified":
        lines.append("Signature verified with the keys of the portal that this agent is enrolled at.")
    else:
        lines.append(
            "NOT VERIFIED: this agent is enrolled at no portal, so nothing proves who made this document. Enrol to have it checked."
        )
    if benchmark.withdrawn is not None:
        lines.append(f"WITHDRAWN by the portal ({benchmark.withdrawn}): do not build on this comparison.")
    if document.period != our_period:
        lines.append(f"Our own values are of {our_period}, the benchmark's of {document.period}.")
    return lines


def _references(found: Sequence[Beside]) -> list[str]:
    """What others publish: what agrees as it is, of the rest how much and why it does not."""
    agree = [comparison for comparison in found if comparison.value is not None]
    lines = [f"{len(agree)} of {len(found)} figures that others publish agree with this benchmark in all (--json has every reason):"]
    lines += [
        f"  {comparison.reference.words.en}: {comparison.value:f} {comparison.cell.unit} ({comparison.reference.source.words.en})"
        for comparison in agree
    ]
    lines += [
        f"  {comparison.reference.words.en}: refused by {', '.join(dict.fromkeys(e.by for e in comparison.refused))}"
        for comparison in found
        if comparison.refused
    ]
    return lines if found else []


def _line(pack: Pack, gap: StepGap) -> str:
    from benchmarks.measurements import Metric
    from reporting_agent.report.figures import shown
    from reporting_agent.report.words import label_name

    name = label_name(pack.step(gap.step), gap.product, gap.variant, Metric(gap.metric), "en")
    if gap.gap is None:
        return f"{name}: not compared ({gap.reason})"
    sign = "+" if gap.gap >= 0 else "−"
    noise = "" if gap.beyond_interval is None else "" if gap.beyond_interval else "; within the benchmark's own interval"
    return (
        f"{name}: label {shown(gap.label)}, benchmark {shown(gap.benchmark)}, gap {sign}{shown(abs(gap.gap))} {gap.unit}"
        f" ({sign}{shown(abs(gap.energy or 0.0))} {gap.energy_unit} over the period){noise}"
    )
