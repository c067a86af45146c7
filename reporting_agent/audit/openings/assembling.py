"""An opening put together at the plant: the leaves that a draw asks for, an extract, quantiles, and
settings without addresses.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass
from fractions import Fraction

from benchmarks.audit.committed_tree import Contents, DataTree
from benchmarks.audit.openings import OpenedLeaf, Opening
from benchmarks.audit.records import DAY_US
from benchmarks.audit.sampling_plan import DrawnPosition
from benchmarks.audit.signed_draws import Draw
from benchmarks.measurements import Batch
from benchmarks.routes import Pack
from benchmarks.wire.signing import VerifyingKey
from reporting_agent.audit.openings import extract_file
from reporting_agent.audit.openings.close_look import (
    of_wrong_times,
    serves,
    span_us,
    tells_of_one_step,
)
from reporting_agent.audit.openings.taking_extracts import ExtractTaker, WholeDays
from reporting_agent.audit.openings.widening import wide_enough
from reporting_agent.config import SiteSettings
from reporting_agent.config.settings_digest import NO_PART
from reporting_agent.pipeline.inputs import Inputs
from reporting_agent.sources.extract import Extract


@dataclass(frozen=True, slots=True)
class ExchangedFiles:
    """What goes along with an opening from the state directory: the files as they were
    exchanged.
    """

    key: bytes
    challenge: bytes
    report: bytes
    device: VerifyingKey


@dataclass(frozen=True, slots=True)
class AssembledOpening:
    """An opening, and what the plant should know of it before it is handed over.

    `stretches` are the days whose readings are shown, None for all there are; `different` the
    leaves that even the whole record does not give again: they have to be recomputed on site.
    """

    opening: Opening
    drawn: tuple[DrawnPosition, ...]
    batches: tuple[int, ...]
    days: int
    stretches: tuple[WholeDays, ...] | None
    different: tuple[int, ...]


def assemble(
    draw: Draw,
    tree: DataTree,
    site: SiteSettings,
    pack: Pack,
    answered: ExchangedFiles,
    notify: Callable[[str], None] = lambda _: None,
) -> AssembledOpening:
    """The opening of a draw.

    Raises:
        InputError: the plant's files cannot be read.
    """
    contents = tree.contents
    drawn = draw.positions(contents, quantiles(pack))
    batches = _batches_of(tree, site, [leaf.position for leaf in drawn])
    taker = ExtractTaker.of(site)
    extract, stretches, different = wide_enough(
        tree, site, taker, batches, _drawn_days(tree, drawn), notify
    )
    days = _days_of(contents, tree, site, extract)
    wanted = {0, *(leaf.position for leaf in drawn), *batches, *days}
    opening = Opening(
        draw=draw.digest,
        leaves=tuple(OpenedLeaf.of(tree, index) for index in sorted(wanted)),
        key=answered.key,
        challenge=answered.challenge,
        report=answered.report,
        settings=settings_of(site, taker),
        extract=extract_file.to_bytes(extract),
        device=answered.device,
        unread=taker.unread(),
    )
    return AssembledOpening(
        opening,
        tuple(drawn),
        tuple(batches),
        len(days),
        None if stretches is None else tuple(stretches),
        tuple(different),
    )


def quantiles(pack: Pack) -> dict[str, Fraction]:
    """Of which quantile each step's label is."""
    return {step.id: step.label_rule.quantile for step in pack.steps}


def settings_of(site: SiteSettings, taker: ExtractTaker) -> bytes:
    """site.toml as it was read, without what says where files lie or how they are reached; and
    which inputs the site has.
    """
    settings = site.model_dump(mode="json", by_alias=True, exclude=NO_PART)
    settings["inputs"] = {
        name: "opening"
        for name in ("batches", "readings", "energy", "log", "scales", "source")
        if getattr(site.inputs, name) is not None
    }
    return json.dumps(settings, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def _batches_of(tree: DataTree, site: SiteSettings, positions: Iterable[int]) -> list[int]:
    """The batches that were drawn, those that ran on a drawn day of a meter that tells of their
    line, and beside any of both those whose times the log has wrong: energy that is found there may
    be theirs.
    """
    first, leaves = 1 + len(tree.batches), list(positions)
    telling = {meter.id: meter for meter in site.tree.counted if tells_of_one_step(meter)}
    on: dict[str, set[int]] = {}
    for leaf in leaves:
        if (
            first <= leaf < tree.contents.padding_first
            and (day := tree.days[leaf - first]).meter in telling
        ):
            on.setdefault(day.meter, set()).add(day.start_us // DAY_US)
    indices = {leaf for leaf in leaves if 1 <= leaf < first}
    for index, (batch, _) in enumerate(tree.batches, 1):
        if any(
            serves(telling[meter], batch) and not days.isdisjoint(_days_of_batch(batch))
            for meter, days in on.items()
        ):
            indices.add(index)
    return sorted(indices | _of_wrong_times_beside(tree, indices))


def _of_wrong_times_beside(tree: DataTree, opened: Set[int]) -> set[int]:
    """Leaves of batches with wrong times that begin on a day of an opened batch of their step, or a
    day before or after.
    """
    near: dict[str, set[int]] = {}
    for index in opened:
        batch = tree.batches[index - 1].batch
        days = _days_of_batch(batch)
        near.setdefault(batch.step, set()).update(range(days.start - 1, days.stop + 1))
    wrong = (1 + index for index in of_wrong_times(tree.batches))
    return {
        index
        for index in wrong
        if _days_of_batch(batch := tree.batches[index - 1].batch).start in near.get(batch.step, ())
    }


def _days_of_batch(batch: Batch) -> range:
    first_us, last_us = span_us(batch)
    return range(first_us // DAY_US, last_us // DAY_US + 1)


def _drawn_days(tree: DataTree, drawn: Iterable[DrawnPosition]) -> list[WholeDays]:
    """The drawn days of meters, with a day on either side."""
    first = 1 + len(tree.batches)
    days = [
        tree.days[leaf.position - first]
        for leaf in drawn
        if first <= leaf.position < tree.contents.padding_first
    ]
    return [WholeDays(day.start_us - DAY_US, day.end_us + DAY_US) for day in days]


def _days_of(contents: Contents, tree: DataTree, site: SiteSettings, extract: Extract) -> list[int]:
    """The leaves of the days of which the extract holds readings."""
    first = 1 + len(tree.batches)
    index = {(day.meter, day.start_us): first + position for position, day in enumerate(tree.days)}
    recorded = {**(extract.readings or {}), **Inputs(site, extract).weighings()}
    shown = {
        (meter, int(day) * DAY_US)
        for meter, record in recorded.items()
        for day in set((record.time_us // DAY_US).tolist())
    }
    return sorted(index[key] for key in shown if key in index)
