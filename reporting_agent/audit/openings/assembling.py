"""An opening put together at the plant: from a draw to its report and tree, leaves, an extract,
quantiles, settings without addresses; what it shows in words, and the journal of what was opened.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from sqlite3 import Connection
from typing import Any

from benchmarks.audit.committed_tree import Contents, DataTree
from benchmarks.audit.openings import OpenedLeaf, Opening
from benchmarks.audit.records import DAY_US
from benchmarks.audit.sampling_plan import DrawnPosition, StratumKind
from benchmarks.audit.signed_draws import Draw
from benchmarks.catalogue import in_language
from benchmarks.errors import InputError
from benchmarks.measurements import Batch, Period
from benchmarks.phrases import Phrase, Value, in_number, listed
from benchmarks.privacy.randomness import ReportKey
from benchmarks.routes import Pack
from benchmarks.wire.schema import Report, decode_report
from benchmarks.wire.signing import VerifyingKey
from reporting_agent.audit.openings import extracts
from reporting_agent.audit.openings.close_look import (
    of_wrong_times,
    serves,
    span_us,
    tells_of_one_step,
)
from reporting_agent.audit.openings.extracts import ExtractTaker, WholeDays, wide_enough
from reporting_agent.config import SiteSettings
from reporting_agent.config.site import NO_PART
from reporting_agent.pipeline.inputs import Inputs
from reporting_agent.sending.consent import Language
from reporting_agent.sending.kept_reports import Outbox, Parcel
from reporting_agent.sending.planning import Subject
from reporting_agent.sending.report_material import gather_again
from reporting_agent.sources.reading_log import Extract
from reporting_agent.state import StateDirectory


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
        extract=extracts.to_bytes(extract),
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


JOURNAL = "opened.jsonl"


def parcel_of(connection: Connection, draw: Draw) -> Parcel:
    """The report that the draw asks about.

    Raises:
        InputError: `draw-of-another`: this site never made it, or committed to another root.
    """
    commitment = draw.commitment
    try:
        parcel = Outbox(connection).get(commitment.site, commitment.period, commitment.revision)
    except KeyError:
        parcel = None
    if (
        parcel is None
        or parcel.data_root != commitment.data_root
        or parcel.challenge is None
        or parcel.plaintext is None
    ):
        raise InputError(
            "draw-of-another",
            Phrase(
                (
                    "The draw asks for %(site)s %(period)s revision %(revision)s, root %(root)s…, "
                    "but this state directory has no such "
                    "report."
                ),
                site=commitment.site,
                period=commitment.period,
                revision=commitment.revision,
                root=commitment.data_root.hex()[:16],
            ),
            (
                "Give the --state of the site that is audited. If it is already the right one, "
                "tell the auditor that you never logged "
                "this root."
            ),
        )
    return parcel


def tree_of(site: SiteSettings, parcel: Parcel, key: ReportKey) -> tuple[DataTree, Report]:
    """The tree that was committed to, planted again from the plant's files.

    Raises:
        InputError: `opening-data-changed`: the files are not what they were.
    """
    assert parcel.plaintext is not None  # noqa: S101  # `parcel_of` was asked
    report = decode_report(parcel.plaintext)
    material = gather_again(site, Period.parse(parcel.period, site.zone), parcel.windows)
    planned = material.plan(Subject(parcel.site, parcel.period, parcel.revision, parcel.correction))
    tree = planned.tree(key, report.software)
    if tree.root != parcel.data_root:
        from benchmarks.audit.committed_tree import differing, parts_of

        differences = differing(dict(parcel.parts), parts_of(tree))
        raise InputError(
            "opening-data-changed",
            "The plant's files or settings are not those that were committed to, so nothing about "
            "them can be proven.",
            "Restore the files and site.toml as they were when the report was made, or use the "
            "version of the agent that made it.",
            found=listed(differences) if differences else tree.root.hex(),
            wanted=report.software,
        )
    return tree, report


def note(
    state: StateDirectory, draw: Draw, assembled: AssembledOpening, *, sealed: bool, now: datetime
) -> None:
    """One line more in the journal of what was opened to whom; lines are only ever added."""
    line: Mapping[str, Any] = {
        "at": now.isoformat(),
        "site": draw.commitment.site,
        "period": draw.commitment.period,
        "revision": draw.commitment.revision,
        "auditor": draw.auditor.key_id,
        "draw": draw.digest,
        "opening": assembled.opening.digest,
        "leaves": len(assembled.opening.leaves),
        "sealed": sealed,
    }
    journal = state.path / JOURNAL
    with journal.open("a", encoding="utf-8") as file:
        journal.chmod(0o600)
        file.write(json.dumps(line, ensure_ascii=False) + "\n")


_TEXTS = {
    "who": Phrase(
        "Requested by the auditor with the key %(auditor)s, for %(site)s %(period)s revision "
        "%(revision)s."
    ),
    "drawn": Phrase("Drawn: %(number)s of %(size)s leaves (%(kinds)s)."),
    "batches": Phrase(
        "Shown in full: %(number)s of %(all)s batches (%(share)s %%) with times, output, "
        "variables and energy."
    ),
    "all": Phrase("all that there are, because some did not give the same records again"),
    "key": Phrase(
        "Shown: the key of this report, and of no other. With it the auditor can draw this "
        "report's noise again and see the exact value behind each of its protected values. Its "
        "records that are not opened are hidden by their salts, but the key gives these salts as "
        "well. The auditor is bound to confidentiality."
    ),
    "settings": Phrase(
        "Shown: your settings of meters, factors and mapping, without the location of files and "
        "without access data."
    ),
    "sealed": Phrase("The file is sealed: only the auditor can read it."),
    "plain": Phrase(
        "The file is not sealed: anybody who has it can read it. Hand it over on site, never "
        "through the portal."
    ),
    "portal": Phrase("None of it goes to the portal."),
    "edge": Phrase("at the rank of a label"),
    "below": Phrase("at or below a label"),
    "used": Phrase("used"),
    "excluded": Phrase("excluded"),
    "days-kind": Phrase("meter days"),
    "padding": Phrase("padding"),
}


def shown_by_opening(
    language: Language, draw: Draw, assembled: AssembledOpening, *, sealed: bool
) -> list[str]:
    """One sentence for each kind of thing that the opening shows."""
    commitment = draw.commitment

    def text(name: str, **values: Value) -> str:
        return in_language(Phrase(_TEXTS[name], **values), language)

    counts = {kind: sum(leaf.kind is kind for leaf in assembled.drawn) for kind in StratumKind}
    kinds = ", ".join(
        f"{count:,} {text('days-kind' if kind is StratumKind.DAYS else kind.value)}"
        for kind, count in counts.items()
        if count
    )
    stretches: Phrase = _TEXTS["all"]
    if assembled.stretches is not None:
        number = len(assembled.stretches)
        stretches = in_number(
            number,
            "in %(number)s period of time",
            "in %(number)s separate periods of time",
            number=number,
        )
    committed = sum(part.used + part.excluded for part in assembled.opening.contents.steps)
    lines = [
        text(
            "who",
            auditor=draw.auditor.key_id[:16],
            site=commitment.site,
            period=commitment.period,
            revision=commitment.revision,
        ),
        text(
            "drawn",
            number=f"{len(assembled.drawn):,}",
            size=f"{assembled.opening.contents.size:,}",
            kinds=kinds,
        ),
        text(
            "batches",
            number=f"{len(assembled.batches):,}",
            all=f"{committed:,}",
            share=f"{100 * len(assembled.batches) / max(committed, 1):.0f}",
        ),
    ]
    if assembled.days:
        readings = in_number(
            assembled.days,
            "Shown: the readings of %(number)s meter day, %(stretches)s.",
            "Shown: the readings of %(number)s meter days, %(stretches)s.",
            number=f"{assembled.days:,}",
            stretches=stretches,
        )
        lines.append(in_language(readings, language))
    lines += [text("key"), text("settings")]
    if assembled.different:
        leaves = ", ".join(str(index) for index in assembled.different[:20])
        different = in_number(
            len(assembled.different),
            "%(number)s batch cannot be recomputed from the files as they are today: %(leaves)s."
            " Explain why before you hand over the file.",
            "%(number)s batches cannot be recomputed from the files as they are today: %(leaves)s."
            " Explain why before you hand over the file.",
            number=f"{len(assembled.different):,}",
            leaves=leaves,
        )
        lines.append(in_language(different, language))
    return [*lines, text("sealed" if sealed else "plain"), text("portal")]
