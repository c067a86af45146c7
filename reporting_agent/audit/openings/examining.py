"""The auditor's side: an opening read, recomputed by the auditor's own agent, and held against
draw, commitment and public keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from benchmarks import packs
from benchmarks.audit import records
from benchmarks.audit.committed_tree import Contents
from benchmarks.audit.evidence import Evidence, PublicRecord
from benchmarks.audit.openings import Opening
from benchmarks.audit.records import MeterDay, days_of
from benchmarks.audit.signed_draws import Draw
from benchmarks.conversion import Basis
from benchmarks.errors import VerificationError
from benchmarks.foreign_files import read_json
from benchmarks.labels.step import RELATIVE_UNCERTAINTY, Context
from benchmarks.measurements import Batch, Period
from benchmarks.routes import Pack
from benchmarks.wire import challenges
from benchmarks.wire.challenges import Challenge
from benchmarks.wire.schema import decode_report
from benchmarks.wire.signing import VerifyingKey
from reporting_agent.audit.openings import extract_file
from reporting_agent.audit.openings.assembling import quantiles
from reporting_agent.audit.openings.close_look import looks, of_wrong_times
from reporting_agent.audit.openings.declared import unbounded
from reporting_agent.audit.openings.left_out import account, longest_of
from reporting_agent.audit.openings.outputs import weigh
from reporting_agent.audit.openings.recomputing import key_of, meters_closely, recompute
from reporting_agent.config import SiteSettings
from reporting_agent.config.settings_digest import settings_digest
from reporting_agent.pipeline.inputs import Inputs
from reporting_agent.sending.report_inputs import window_of
from reporting_agent.sources import LOG
from reporting_agent.sources.extract import Extract


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
    contents, extract = opening.contents, extract_file.read(opening.extract)
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
