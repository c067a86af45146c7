"""What a run proposes to declare: findings that were made by holding records against one another,
with the TOML that lets them act.

The plant's own label acts on such findings at once; what leaves does so only once somebody who
knows has declared them (`pipeline.outward`). Whoever pastes a proposal puts the reason in words: an
auditor reads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta

from benchmarks.measurements import Batch
from benchmarks.phrases import Phrase, in_number
from reporting_agent.config import SiteSettings
from reporting_agent.config.events import CONFIRM, DeclaredEvent, as_toml
from reporting_agent.pipeline.declared import start_as_written
from reporting_agent.pipeline.following import sinks_of
from reporting_agent.pipeline.outward.own_metering import STRUCTURAL, OutgoingBatches, overlaps
from reporting_agent.pipeline.outward.stated_shares import mean_power

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class DeclarationProposal:
    """Why something should be declared, and what to paste into site.toml."""

    why: Phrase
    toml: str


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
    proposed: set[int] = set()
    for indices in going.indices.values():
        pairs = overlaps(going.batches, indices)
        if len(pairs) > STRUCTURAL * len(indices):
            continue
        for index in sorted({index for pair in pairs for index in pair} - proposed):
            proposed.add(index)
            yield _unusable(going.batches[index], site)


def _unusable(batch: Batch, site: SiteSettings) -> DeclarationProposal:
    fields = {**_second_of_start(batch, site), "kind": "unusable", "reason": CONFIRM}
    if batch.equipment and any(machine.id == batch.equipment for machine in site.equipment):
        fields["equipment"] = batch.equipment
    why = Phrase(
        "Batch %(batch)s of %(step)s overlaps another one on its meter.",
        batch=batch.batch_id,
        step=batch.step,
    )
    return DeclarationProposal(why, as_toml(DeclaredEvent.model_validate(fields)))


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
            yield DeclarationProposal(why, toml)


def _off_scale(
    local: Sequence[Batch], off_scale: Mapping[int, float], site: SiteSettings
) -> Iterator[DeclarationProposal]:
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
            text = "Batch %(batch)s of %(step)s: its energy is in another unit than the rest."
            yield DeclarationProposal(
                Phrase(text, batch=batch.batch_id, step=batch.step), as_toml(event)
            )


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
        "# Paste into site.toml what is so, and put the reason in your own words: an auditor "
        "reads it.\n"
    )
    return "\n".join((head, *(f"# {proposal.why}\n{proposal.toml}" for proposal in proposals)))
