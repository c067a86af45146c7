"""What a run proposes to declare: findings that were made by holding records against one another,
with the TOML that lets them act.

The plant's own label acts on such findings at once; what leaves does so only once somebody who
knows has declared them (`pipeline.outward`). Whoever pastes a proposal puts the reason in words: an
auditor reads it.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta

from benchmarks.measurements import Batch
from benchmarks.phrases import Phrase, in_number
from reporting_agent.config import SiteSettings
from reporting_agent.config.events import CONFIRM, DeclaredEvent, as_toml
from reporting_agent.pipeline.declared import start_as_written
from reporting_agent.pipeline.following import sinks_of
from reporting_agent.pipeline.outward.own_metering import (
    STRUCTURAL,
    OutgoingBatches,
    mean_power,
    overlaps,
)

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class DeclarationProposal:
    """Why something should be declared, and what to paste into site.toml."""

    why: Phrase
    toml: str
    steps: tuple[str, ...] = ()  # of which nothing may leave before


def propose(
    going: OutgoingBatches,
    local: Sequence[Batch],
    events: Iterable[DeclaredEvent],
    off_scale: Mapping[int, float],
    site: SiteSettings,
) -> list[DeclarationProposal]:
    """All that this run would declare.

    Args:
        going: the rows on their way out.
        local: the batches of the plant's own label, with the energy that shared meters gave them.
        events: what the meters were found to be wrong about.
        off_scale: by index of a local batch, by what factor an energy that the plant gave lies off
            the rest.
    """
    proposals = [
        *_overlaps(going, site),
        *_shared(local, site),
        *_off_scale(local, off_scale, site),
    ]
    for event in events:
        what = Phrase(
            "%(named)s: %(kind)s, found by the batches that it counts for.",
            named=event.named,
            kind=event.kind,
        )
        proposals.append(DeclarationProposal(what, as_toml(event)))
    return list({proposal.toml: proposal for proposal in proposals}.values())


def _overlaps(going: OutgoingBatches, site: SiteSettings) -> Iterator[DeclarationProposal]:
    """One proposal, with a list of the runs."""
    batches: dict[int, Batch] = {}
    for indices in going.indices.values():
        pairs = overlaps(going.batches, indices)
        if len(pairs) <= STRUCTURAL * len(indices):
            own = sorted({index for pair in pairs for index in pair})
            batches |= {index: going.batches[index] for index in own}
    if not batches:
        return
    names = {machine.id for machine in site.equipment}
    events = {
        as_toml(event): event
        for batch in batches.values()
        for event in [_unusable(batch, names, site)]
    }
    first = next(iter(batches.values()))
    why = in_number(
        len(batches),
        "%(count)s batch overlaps another one on its meter: %(batch)s of %(step)s.",
        "%(count)s batches overlap one another on their meters; the first is %(batch)s of "
        "%(step)s.",
        count=f"{len(batches):,}",
        batch=first.batch_id,
        step=first.step,
    )
    steps = tuple(dict.fromkeys(batch.step for batch in batches.values()))
    yield DeclarationProposal(why, as_toml(*events.values()), steps)


def _unusable(batch: Batch, names: Container[str], site: SiteSettings) -> DeclaredEvent:
    fields = {**_second_of_start(batch, site), "kind": "unusable", "reason": CONFIRM}
    if batch.equipment in names:
        fields["equipment"] = batch.equipment
    return DeclaredEvent.model_validate(fields)


def _second_of_start(batch: Batch, site: SiteSettings) -> dict[str, object]:
    """An event's step and time that are those of this batch alone, in local time, as its row is
    stamped.

    The second is counted in UTC: a sum in local time takes the first pass of an hour that the clock
    repeats.
    """
    written = start_as_written(batch, site)
    moments = (written, written.astimezone(UTC) + _SECOND)
    start, end = (moment.astimezone(site.zone).isoformat() for moment in moments)
    return {"step": batch.step, "from": start, "until": end}


def _shared(local: Sequence[Batch], site: SiteSettings) -> Iterator[DeclarationProposal]:
    for meter in site.meters:
        if meter.allocation is None or meter.allocation.by == "power":
            continue
        power = {sink.id: mean_power(local, meter.carrier, sink) for sink in sinks_of(meter, site)}
        known_power = {
            name: value for name, value in power.items() if value is not None and value > 0
        }
        if len(known_power) == len(power):
            listed = ", ".join(f'"{name}" = {value:.6g}' for name, value in known_power.items())
            why = Phrase(
                "Meter %(meter)s is shared among lines that run side by side.", meter=meter.id
            )
            toml = (
                f"# in the [[meters]] of {meter.id}, in place of its allocation\nallocation = {{ "
                f'by = "power", power = {{ {listed} }} }}\n'
            )
            steps = tuple(dict.fromkeys(sink.step for sink in sinks_of(meter, site)))
            yield DeclarationProposal(why, toml, steps)


def _off_scale(
    local: Sequence[Batch], off_scale: Mapping[int, float], site: SiteSettings
) -> Iterator[DeclarationProposal]:
    """One proposal a factor, with a list of the runs."""
    by_factor: dict[float, list[tuple[Batch, DeclaredEvent]]] = {}
    for index, factor in sorted(off_scale.items()):
        batch = local[index]
        carriers = {energy.carrier for energy in batch.energy}
        if len(carriers) == 1:
            unit = {
                "carrier": carriers.pop(),
                "kind": "unit",
                "factor": 1 / factor,
                "reason": CONFIRM,
            }
            event = DeclaredEvent.model_validate({**_second_of_start(batch, site), **unit})
            by_factor.setdefault(factor, []).append((batch, event))
    for found in by_factor.values():
        first, _ = found[0]
        why = in_number(
            len(found),
            "The energy of %(count)s batch is in another unit than the rest: %(batch)s of "
            "%(step)s.",
            "The energy of %(count)s batches is in another unit than the rest; the first is "
            "%(batch)s of %(step)s.",
            count=f"{len(found):,}",
            batch=first.batch_id,
            step=first.step,
        )
        yield DeclarationProposal(why, as_toml(*(event for _, event in found)))


def undeclared(proposals: Sequence[DeclarationProposal]) -> Phrase:
    """How many there are, and where to find what to paste."""
    return in_number(
        len(proposals),
        "%(count)s finding affects a report only after you declare it; `label` writes the lines "
        "to paste (declarations.toml).",
        "%(count)s findings affect a report only after you declare them; `label` writes the lines "
        "to paste (declarations.toml).",
        count=f"{len(proposals):,}",
    )


def as_file(proposals: Sequence[DeclarationProposal]) -> str:
    """The proposals as a file to paste from, each under what it answers."""
    head = (
        "# What this run found by holding records against one another. Your own labels act on it "
        "already;\n"
        "# a report does so only once it is declared.\n"
        "# Paste into site.toml what is so, take out of a list of runs what is not, and put the "
        "reason in\n"
        "# your own words: an auditor reads it.\n"
    )
    return "\n".join((head, *(f"# {proposal.why}\n{proposal.toml}" for proposal in proposals)))
