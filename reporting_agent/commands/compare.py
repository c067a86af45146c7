"""`steplabel-agent compare`: the exact gap to a published benchmark, computed on site; sends
nothing but a plain GET.
"""

from __future__ import annotations

from argparse import Namespace, _SubParsersAction
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.phrases import Phrase, enumerated, in_number
from reporting_agent.commands import add_connection, add_language, add_site

if TYPE_CHECKING:
    from benchmarks.guidance.references import PlacedReference
    from benchmarks.routes import Pack
    from benchmarks.wire.signing import VerifyingKey
    from reporting_agent.config import SiteSettings
    from reporting_agent.published import Benchmark, StepGap

REASONS = {
    "no-label-of-ours": Phrase("no label of ours for this step, product, variant and metric"),
    "other-boundary": Phrase("the benchmark's boundary is another"),
    "other-unit": Phrase("the benchmark's unit is another"),
    "benchmark-withheld": Phrase("the gate held the benchmark's value back"),
}
"""Why there is no gap; else our own label's reason."""

REFUSED_BY = {
    "source": Phrase("source"),
    "route": Phrase("route"),
    "boundary": Phrase("boundary"),
    "unit": Phrase("unit"),
    "year": Phrase("year"),
    "scope": Phrase("scope"),
}
"""By which of its definitions a figure that others publish does not agree."""


def add_parser(sub: _SubParsersAction[Any]) -> None:
    """Declare the subcommand."""
    parser = sub.add_parser(
        "compare", help="the exact gap to a published benchmark, computed on site; sends nothing"
    )
    add_site(parser)
    parser.add_argument(
        "--benchmark",
        metavar="FILE_OR_URL",
        help="a published benchmark (default: that of the portal where the site is enrolled)",
    )
    parser.add_argument(
        "--period",
        metavar="PERIOD",
        help="the site's period (default: the benchmark's own, and its newest version)",
    )
    parser.add_argument(
        "--state",
        type=Path,
        metavar="DIR",
        help="the agent's state directory (default: $STEPLABEL_STATE or ~/.steplabel)",
    )
    add_connection(parser)
    add_language(parser)


def run(args: Namespace) -> int:
    """Fetch or read the benchmark, label our own period, print the gaps."""
    from benchmarks import packs
    from benchmarks.errors import InputError, UsageError
    from reporting_agent import published
    from reporting_agent.changes.questioned_label import labelled
    from reporting_agent.config import load_site
    from reporting_agent.console import emit, say
    from reporting_agent.network import Network
    from reporting_agent.report.quality import questions_as_text

    site = load_site(args.site)
    portal, keys = _enrolled(args.state, site)
    network = Network(args.proxy, args.ca_file)
    source = args.benchmark
    if source is None:
        if portal is None:
            raise UsageError(
                "benchmark-not-named",
                "No benchmark is named, and this agent is enrolled at no portal that could be "
                "asked for one.",
                "Give --benchmark FILE or URL, or enrol first.",
            )
        pack = packs.load(site.pack, site.pack_version, site.folder).id
        source = published.in_force(portal, pack, args.period, network)
    benchmark = published.load(source, keys, network)
    label = labelled(
        site, args.period or benchmark.document.period, datetime.now(UTC), for_others=True
    )
    result = label.result
    if benchmark.document.pack != result.site_label.pack:
        raise InputError(
            "other-pack",
            "The benchmark was made with a different method pack from the site's.",
            "Compare with a benchmark of the site's own pack.",
            found=benchmark.document.pack,
            wanted=result.site_label.pack,
        )
    for remark in label.later:
        say(remark)
    gaps = published.compare(result.site_label, benchmark, label.doubtful)
    period = result.site_label.period.name
    text = _as_text(
        args.lang, result.data.pack, period, benchmark, gaps, published.references_of(benchmark)
    )
    emit(
        args,
        published.as_json(site.id, benchmark, gaps),
        "\n".join([*questions_as_text(label.review, args.lang), text]),
    )
    return 0


def _enrolled(
    state_argument: Path | None, site: SiteSettings
) -> tuple[str | None, Mapping[str, VerifyingKey] | None]:
    """The portal the agent is enrolled with and its receipt keys; nothing where it is not
    enrolled.
    """
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


def _as_text(
    lang: str,
    pack: Pack,
    our_period: str,
    benchmark: Benchmark,
    gaps: Sequence[StepGap],
    comparisons: Sequence[PlacedReference],
) -> str:
    from benchmarks.catalogue import in_language

    lines = [in_language(line, lang) for line in _head(benchmark, our_period, pack.version)]
    for gap in gaps:
        lines.append(in_language(_line(lang, pack, gap), lang))
        if gap.in_question:
            lines.append(
                "  "
                + in_language(Phrase("Findings put this label in doubt: see the report."), lang)
            )
    if comparisons:
        agree = sum(comparison.value is not None for comparison in comparisons)
        head = in_number(
            agree,
            "%(agree)s of %(all)s figures that others publish agrees with this benchmark in all "
            "(--json has every reason):",
            "%(agree)s of %(all)s figures that others publish agree with this benchmark in all "
            "(--json has every reason):",
            agree=agree,
            all=len(comparisons),
        )
        lines += [
            in_language(head, lang),
            *(f"  {in_language(line, lang)}" for line in _references(comparisons)),
        ]
    return "\n".join(lines)


def _head(benchmark: Benchmark, our_period: str, our_version: str) -> Iterator[Phrase]:
    """What was compared with, and how far it can be trusted."""
    document = benchmark.document
    yield Phrase(
        "Benchmark %(pack)s %(period)s, version %(version)s, from %(source)s",
        pack=document.pack,
        period=document.period,
        version=document.version,
        source=benchmark.source,
    )
    if benchmark.signature == "verified":
        yield Phrase(
            "Signature verified with the keys of the portal that this agent is enrolled at."
        )
    else:
        yield Phrase(
            "NOT VERIFIED: this agent is enrolled at no portal, so nothing proves who made this "
            "document. Enrol to have it checked."
        )
    if benchmark.withdrawn is not None:
        yield Phrase(
            "WITHDRAWN by the portal (%(reason)s): do not build on this comparison.",
            reason=benchmark.withdrawn,
        )
    if document.period != our_period:
        yield Phrase(
            "Our own values are of %(ours)s, the benchmark's of %(theirs)s.",
            ours=our_period,
            theirs=document.period,
        )
    if document.pack_version != our_version:
        yield Phrase(
            "Our own values are by version %(ours)s of the pack, the benchmark's by version "
            "%(theirs)s, whose rules may differ: set "
            "pack_version in site.toml to compare by one.",
            ours=our_version,
            theirs=document.pack_version,
        )


def _references(comparisons: Sequence[PlacedReference]) -> Iterator[Phrase]:
    """What others publish: what agrees as it is, of the rest how much and why it does not."""
    for comparison in (comparison for comparison in comparisons if comparison.value is not None):
        yield Phrase(
            "%(name)s: %(value)s %(unit)s (%(source)s)",
            name=comparison.reference.words,
            value=f"{comparison.value:f}",
            unit=comparison.cell.unit,
            source=comparison.reference.source.words,
        )
    for comparison in comparisons:
        if comparison.refused:
            reasons = enumerated(
                REFUSED_BY[by] for by in dict.fromkeys(refusal.by for refusal in comparison.refused)
            )
            yield Phrase(
                "%(name)s: refused by %(reasons)s", name=comparison.reference.words, reasons=reasons
            )


def _line(lang: str, pack: Pack, gap: StepGap) -> Phrase:
    from benchmarks.measurements import Metric
    from reporting_agent.report.figures import shown
    from reporting_agent.report.words import label_name, reason

    own_step = next((step for step in pack.steps if step.id == gap.step), None)
    if own_step is not None and gap.metric in {str(metric) for metric in Metric}:
        name = label_name(own_step, gap.product, gap.variant, Metric(gap.metric), lang)
    # of another version of the pack than the site's: its own codes are all that is known of it here
    else:
        name = " · ".join(part for part in (gap.step, gap.product, gap.variant, gap.metric) if part)
    if gap.gap is None:
        code = gap.reason or ""
        return Phrase(
            "%(name)s: not compared (%(reason)s)",
            name=name,
            reason=REASONS.get(code) or reason(code, lang),
        )
    sign = "+" if gap.gap >= 0 else "−"
    line = Phrase(
        "%(name)s: label %(label)s, benchmark %(benchmark)s, gap %(gap)s %(unit)s (%(energy)s "
        "%(energy_unit)s over the period)",
        name=name,
        label=shown(gap.label),
        benchmark=shown(gap.benchmark),
        gap=f"{sign}{shown(abs(gap.gap))}",
        unit=gap.unit,
        energy=f"{sign}{shown(abs(gap.energy or 0.0))}",
        energy_unit=gap.energy_unit or "",
    )
    return (
        Phrase("%(line)s; within the benchmark's own interval", line=line)
        if gap.beyond_interval is False
        else line
    )
