"""The auditor's side: an opening read, recomputed by the auditor's own agent, held against draw,
commitment, public keys and the line's scales.

Scales weigh all that a batch made, rejects included, from its start to the next batch's and at most
two hours after its end. A belt's row holds what ran since the one before: over an edge it is shared
by running time, and half of the smaller part allowed; beside wrong times all of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from benchmarks import packs
from benchmarks.audit import records
from benchmarks.audit.committed_tree import Contents, FiledBatch
from benchmarks.audit.evidence import Evidence, PublicRecord, WeighedBatch, WeighedBatches
from benchmarks.audit.openings import Opening
from benchmarks.audit.records import MeterDay, days_of
from benchmarks.audit.signed_draws import Draw
from benchmarks.conversion import Basis
from benchmarks.errors import VerificationError
from benchmarks.foreign_files import read_json
from benchmarks.labels.step import RELATIVE_UNCERTAINTY, Context
from benchmarks.measurements import Batch, OperatingState, Period
from benchmarks.quantities import ratio
from benchmarks.routes import Pack
from benchmarks.wire import challenges
from benchmarks.wire.challenges import Challenge
from benchmarks.wire.schema import decode_report
from benchmarks.wire.signing import VerifyingKey
from reporting_agent.audit.openings import extracts
from reporting_agent.audit.openings.assembling import quantiles
from reporting_agent.audit.openings.close_look import (
    BESIDE_US,
    length_us,
    looks,
    of_wrong_times,
    span_us,
)
from reporting_agent.audit.openings.declared import unbounded
from reporting_agent.audit.openings.extracts import key_of, meters_closely, recompute
from reporting_agent.audit.openings.left_out import account, longest_of
from reporting_agent.config import SiteSettings
from reporting_agent.config.profile import Scale
from reporting_agent.config.site import settings_digest
from reporting_agent.pipeline.inputs import Inputs
from reporting_agent.sending.planning import window_of
from reporting_agent.sources import LOG
from reporting_agent.sources.reading_log import Extract, ExtractReadings

EDGE = 0.5  # of the smaller part of a belt's row at a batch's edge: a belt does not run evenly


def weigh(
    site: SiteSettings,
    pack: Pack,
    records: Mapping[str, ExtractReadings],
    rows: Sequence[FiledBatch],
    opened: Mapping[int, Batch],
) -> WeighedBatches | None:
    """Every opened batch whose times are sound and that scales tell of; None where the site has no
    scale.

    Args:
        records: of the scales, by id, in their declared units.
        rows: all batches of the extract, which tell where the next one of a line begins.
        opened: by leaf.
    """
    if not site.scales:
        return None
    weighed, without = [], dict[str, int]()
    units = {step.id: step.output_unit for step in pack.steps}
    for leaf, batch in sorted(opened.items()):
        if (
            batch.state is not OperatingState.NORMAL
            or not length_us(batch)
            or batch.step not in units
        ):
            continue
        scales = _scales_of(site, batch)
        shared = any(not scale.equipment for scale in scales)
        mine = [
            row
            for row in rows
            if row.batch.step == batch.step
            and (row.batch.equipment == batch.equipment or (shared and _made_something(row)))
        ]
        if (
            not scales
            or any(scale.id not in records for scale in scales)
            or (shared and _ran_beside(batch, mine))
        ):
            without[batch.step] = without.get(batch.step, 0) + 1
            continue
        weight = unsure = 0.0
        for scale in scales:
            tell, factor = (
                _of_belt if scale.weighs == "flow" else _of_batch,
                ratio(scale.unit, units[batch.step]),
            )
            own_weight, own_unsure = tell(batch, records[scale.id], mine)
            weight, unsure = weight + factor * own_weight, unsure + factor * own_unsure
        output, uncertainty = (
            batch.output + batch.reject,
            max(scale.uncertainty_pct for scale in scales) / 100,
        )
        weighed.append(
            WeighedBatch(leaf, output, weight, uncertainty * max(output, weight) + unsure)
        )
    return WeighedBatches(tuple(weighed), without)


def _scales_of(site: SiteSettings, batch: Batch) -> list[Scale]:
    """The line's own; those behind all lines of the step weigh the same once more, and are asked
    where it has none.
    """
    of_step = [scale for scale in site.scales if scale.step == batch.step]
    own = [scale for scale in of_step if scale.equipment and scale.equipment == batch.equipment]
    return own or [scale for scale in of_step if not scale.equipment]


def _made_something(row: FiledBatch) -> bool:
    return row.batch.output + row.batch.reject > 0


def _ran_beside(batch: Batch, rows: Sequence[FiledBatch]) -> bool:
    """Whether another line's batch ran in this one's time, up to where its weight may still be
    written down.
    """
    start_us, until_us = span_us(batch)[0], span_us(batch)[1] + BESIDE_US
    others = (span_us(row.batch) for row in rows if row.batch.equipment != batch.equipment)
    return any(start < until_us and end > start_us - BESIDE_US for start, end in others)


def _of_batch(
    batch: Batch, record: ExtractReadings, rows: Sequence[FiledBatch]
) -> tuple[float, float]:
    """The weight of the records that are this batch's, and how much of it may be another's:
    nothing.
    """
    first, last = np.searchsorted(
        record.time_us, (span_us(batch)[0], _until_us(batch, rows)), side="right"
    ).tolist()
    return fsum(record.value[first:last].tolist()), 0.0


def _of_belt(
    batch: Batch, record: ExtractReadings, rows: Sequence[FiledBatch]
) -> tuple[float, float]:
    """What ran over the belt in this batch's time, and how much of it may be another's."""
    start_us, end_us = span_us(batch)
    wrong = {rows[at].batch.batch_id for at in of_wrong_times(rows)}
    moments = [
        span_us(row.batch)[0]
        for row in rows
        if row.batch.batch_id in wrong or not length_us(row.batch)
    ]
    longest_us = max(
        length_us(batch), *(length_us(row.batch) for row in rows if row.excluded is None), 0
    )
    others = [
        span_us(row.batch)
        for row in rows
        if row.batch.state is OperatingState.NORMAL
        and row.batch.batch_id not in (batch.batch_id, *wrong)
        and length_us(row.batch) <= longest_us
    ]
    stamps, step_us = (
        record.time_us,
        int(np.median(np.diff(record.time_us))) if len(record.time_us) > 1 else 0,
    )
    first = int(np.searchsorted(stamps, start_us, side="right"))
    last = int(np.searchsorted(stamps, max(end_us + step_us, _until_us(batch, rows)), side="right"))
    weight = unsure = 0.0
    for at in range(first, min(last, len(stamps))):
        until_us, value = int(stamps[at]), float(record.value[at])
        since_us = int(stamps[at - 1]) if at else until_us - step_us
        mine = max(min(end_us, until_us) - max(start_us, since_us), 0)
        theirs = sum(
            max(min(other_end, until_us) - max(other, since_us), 0) for other, other_end in others
        )
        share = mine / (mine + theirs) if mine + theirs else 1.0
        weight += share * value
        unsure += EDGE * min(share, 1 - share) * value
        if any(since_us < moment <= until_us for moment in moments):
            unsure += value
    return weight, unsure


def _until_us(batch: Batch, rows: Sequence[FiledBatch]) -> int:
    """The start of the line's next batch, no later than two hours after the end."""
    start_us, end_us = span_us(batch)
    return min(
        [
            end_us + BESIDE_US,
            *(other for row in rows if (other := span_us(row.batch)[0]) > start_us),
        ]
    )


@dataclass(frozen=True, slots=True)
class AuditorFiles:
    """What the auditor hands in beside the opening. `keys` are the portal's receipt keys by id;
    empty where none are known.
    """

    draw: Draw
    public: PublicRecord
    keys: Mapping[str, VerifyingKey]


def examine(opening: Opening, handed: AuditorFiles, folder: Path) -> Evidence:
    """The evidence for the checks, with every opened record of a batch computed again.

    Args:
        folder: where a pack of the plant's own would lie.

    Raises:
        VerificationError: the opening cannot be read as one.
        InputError: the pack is not at hand.
    """
    contents, extract = opening.contents, extracts.read(opening.extract)
    site = site_of(opening.settings, folder)
    pack = packs.load(site.pack, site.pack_version, folder)
    read = {leaf.index: records.read(leaf.record) for leaf in opening.leaves[1:]}
    days = {index: record for index, record in read.items() if isinstance(record, MeterDay)}
    drawn = tuple(handed.draw.positions(contents, quantiles(pack)))
    drawn_days = [days[leaf.position] for leaf in drawn if leaf.position in days]
    batches = {index: record for index, record in read.items() if isinstance(record, Batch)}
    recomputed = recompute(site, contents, extract)
    wrong = {
        key_of(recomputed.batches[index].batch) for index in of_wrong_times(recomputed.batches)
    }  # theirs are no edges of what ran
    close_looks = looks(
        site,
        extract.readings,
        drawn_days,
        [batch for batch in batches.values() if key_of(batch) not in wrong],
    )
    ran = [*(row.batch for row in recomputed.batches), *recomputed.beyond]
    meters = meters_closely(
        site,
        contents,
        extract,
        {name: look.moments(look.occupied(ran).windows) for name, look in close_looks.items()},
    )
    shown = _days(site, contents, extract)
    by_batch = {part.meter for part in contents.meters} | {meter for meter, _ in shown} <= {
        scale.id for scale in site.scales
    }
    return Evidence(
        draw=handed.draw,
        opening=opening,
        contents=contents,
        drawn=drawn,
        pack=pack,
        public=handed.public,
        challenge=_challenge(opening.challenge, handed.keys),
        report=decode_report(opening.report),
        batches=batches,
        days=days,
        shown=shown,
        by_batch=by_batch,
        unbounded=unbounded(site, pack, extract, list(batches.values()), by_batch=by_batch),
        settings_digest=settings_digest(site),
        recomputed=recomputed.of,
        weighings=weigh(site, pack, Inputs(site, extract).weighings(), recomputed.batches, batches),
        accounted=account(
            close_looks,
            meters,
            recomputed.batches,
            batches.values(),
            recomputed.beyond,
            longest_s=longest_of(pack),
        ),
        given=recomputed.given,
        context=_context(site, pack, contents),
        of_runs=LOG.name in extract.gives(),
    )


def site_of(settings: bytes, folder: Path) -> SiteSettings:
    """The site as the opening shows it; it names no file of anybody's.

    Raises:
        VerificationError: `settings-malformed`.
    """
    try:
        return SiteSettings.model_validate({**read_json(settings), "path": folder / "site.toml"})
    except (ValueError, TypeError, ValidationError) as wrong:
        raise VerificationError(
            "settings-malformed",
            "The settings in the opening are not those of a site.",
            "Have the plant open the draw again, and use the agent's version that the report "
            "names.",
        ) from wrong


def _challenge(raw: bytes, keys: Mapping[str, VerifyingKey]) -> Challenge:
    return challenges.read(raw, keys) if keys else challenges.parse(raw)


def _days(
    site: SiteSettings, contents: Contents, extract: Extract
) -> dict[tuple[str, int], MeterDay]:
    """The days shown, of the time that the report covers: a stretch around a batch may reach beyond
    it.
    """
    within = window_of(Period.parse(contents.period, site.zone), contents.windows)
    units = {meter.id: meter.unit for meter in site.meters} | {
        scale.id: scale.unit for scale in site.scales
    }
    return {
        (day.meter, day.start_us): day
        for meter, record in {
            **(extract.readings or {}),
            **Inputs(site, extract).weighings(),
        }.items()
        for day in days_of(meter, units.get(meter, ""), record.time_us, record.value, within)
    }


def _context(site: SiteSettings, pack: Pack, contents: Contents) -> Context:
    uncertainty = (
        RELATIVE_UNCERTAINTY
        if site.site.uncertainty_pct is None
        else site.site.uncertainty_pct / 100
    )
    return Context(
        packs.factors(pack),
        Period.parse(contents.period, site.zone),
        Basis(pack.standard_basis),
        {step: setting.unreported for step, setting in site.steps.items()},
        site.static or None,
        uncertainty,
        {step: setting.outside for step, setting in site.steps.items()},
    )
