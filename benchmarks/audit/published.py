"""A published benchmark held against what it was composed of: every report a logged leaf, every figure computed again.

The file `steplabel/composed-of/1` is for who may see protected values: the signed document, the reports that entered (with site
and firm, for one site a firm enters) and their protected labels, a signed head of the log, and a proof for each leaf. From it:

1. document and head are signed by the portal; the publication's own leaf binds the document and names the reports' leaves;
2. every report is the envelope in its leaf, and its labels are those that were logged when it was accepted, so none was altered since;
3. no report is there whose leaf was not named, and none named is missing;
4. composition is run again on these labels with the seed that follows from the reports, and rounded as the gate rounds: every figure shown
   must be the one published. What the gate repeats from an earlier version is listed as repeated: its figures are that version's.

Whether the values in a report are true is another question, which the plant's own auditor answers.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from benchmarks import packs
from benchmarks.composition import Averaging, IndustryLabel, Participant, RouteTotal, StepBest, by_step, compose_route, seed_of
from benchmarks.disclosure.curve import let_through
from benchmarks.disclosure.reasons import Reason
from benchmarks.disclosure.rounding import outward, to_grid, total_width
from benchmarks.errors import VerificationError
from benchmarks.privacy.eligibility import eligible
from benchmarks.ranking import Quarters, quarters
from benchmarks.released import ReleasedLabel
from benchmarks.routes import Pack
from benchmarks.wire import frames, heads, logged, published
from benchmarks.wire.canonical import decode
from benchmarks.wire.heads import TreeHead
from benchmarks.wire.logged import Kind
from benchmarks.wire.merkle import require_inclusion
from benchmarks.wire.signing import VerifyingKey

SCHEMA = "steplabel/composed-of/1"


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Leaf(_Strict):
    """Where something stands in the log, since when, and what proves it under the file's head."""

    index: int
    on: str
    proof: tuple[str, ...]


class Entered(_Strict):
    """One report that entered, with its labels; `left_out` are those that did not: by the policy on audits, or as a further site."""

    site: str
    firm: str
    envelope_digest: str
    envelope: Leaf
    values: Leaf
    salt: str | None = None  # hex; of a report that sent none there is none
    labels: tuple[dict[str, Any], ...]
    left_out: tuple[int, ...] = ()


class ComposedOf(_Strict):
    """The file. JSON has no tuples: read it with `read`."""

    kind: Literal["steplabel/composed-of/1"] = Field(alias="schema")
    document: dict[str, Any]
    head: str
    publication: Leaf
    leaves: tuple[int, ...]
    reports: tuple[Entered, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of the document, as published and as computed again."""

    name: str  # cell and figure
    published: object
    recomputed: object

    @property
    def agrees(self) -> bool:
        return self.published == self.recomputed


@dataclass(frozen=True, slots=True)
class Checked:
    """What was checked: so many reports, each figure, and the cells that repeat an earlier version."""

    reports: int
    head: TreeHead
    figures: tuple[Figure, ...]
    repeated: tuple[str, ...]


def read(content: Mapping[str, Any]) -> ComposedOf:
    """The file's parts, strictly.

    Raises:
        VerificationError: `composed-of-unreadable`.
    """
    try:
        return ComposedOf.model_validate(content, strict=False)
    except ValidationError as wrong:
        raise VerificationError(
            "composed-of-unreadable",
            "This is not the file of what a benchmark was composed of.",
            f"Download it again from the version's page; its schema is {SCHEMA}. Found: {wrong.errors(include_url=False)[0]['msg']}.",
        ) from wrong


@dataclass(frozen=True, slots=True)
class Logged:
    """A file whose every part is what the portal signed and logged; its figures are not looked at yet."""

    file: ComposedOf
    head: TreeHead
    participants: tuple[Participant, ...]
    everybody: tuple[Participant, ...]  # with the labels that were left out


def check(content: Mapping[str, Any], keys: Mapping[str, VerifyingKey]) -> Checked:
    """Hold the file against log and composition: `require_logged`, then `compose_again`.

    Raises:
        VerificationError: as these two.
    """
    return compose_again(require_logged(content, keys))


def require_logged(content: Mapping[str, Any], keys: Mapping[str, VerifyingKey]) -> Logged:
    """The file, once document, reports and labels are those of the log.

    Args:
        keys: the portal's receipt keys by key id, as its key directory lists them.

    Raises:
        VerificationError: `benchmark-signature-invalid`, `tree-head-signature-invalid`, `not-included`, `proof-malformed`: something is
            not what was logged; `leaves-differ`: reports are missing or added; `composed-of-unreadable`.
    """
    file = read(content)
    published.verify(file.document, keys)
    head = heads.read(_bytes(file.head), keys).head
    _require_leaf(Kind.PUBLICATION, logged.publication(published.digest(file.document), file.leaves), file.publication, head)
    if sorted(one.envelope.index for one in file.reports) != sorted(file.leaves):
        raise VerificationError(
            "leaves-differ",
            "The reports in the file are not those that the publication names in the log.",
            "Download the file again; if it stays so, a report was left out or slipped in: keep file and head.",
        )
    labels = [_participants(one, head) for one in file.reports]
    entered = [
        one for report, own in zip(file.reports, labels, strict=True) for place, one in enumerate(own) if place not in report.left_out
    ]
    return Logged(file, head, tuple(entered), tuple(one for own in labels for one in own))


def compose_again(found: Logged) -> Checked:
    """Every figure of the document from its reports.

    Raises:
        VerificationError: `value-differs`: a figure is not that of the reports; `benchmark-pack-differs`.
    """
    file = found.file
    label = _composed(file, found.participants)
    repeated, figures = _figures(file.document, label)
    figures += _quarters(found)
    if differing := [one for one in figures if not one.agrees]:
        first = differing[0]
        raise VerificationError(
            "value-differs",
            f"{len(differing)} published figures are not those of the reports: {first.name} was published as {first.published} and is "
            f"{first.recomputed}.",
            "Keep file and document: both are signed. Ask the coordinator how the figure was made.",
        )
    return Checked(len(file.reports), found.head, tuple(figures), tuple(repeated))


def _participants(one: Entered, head: TreeHead) -> list[Participant]:
    """All labels of a report, once envelope and labels were found in the log."""
    envelope = _digest(one.envelope_digest)
    _require_leaf(Kind.ENVELOPE, envelope, one.envelope, head)
    labels = [frames.read(label, f"labels[{place}]")[0] for place, label in enumerate(one.labels)]
    _require_leaf(Kind.VALUES, logged.values(envelope, labels, None if one.salt is None else _digest(one.salt)), one.values, head)
    return [Participant(one.firm, one.site, label) for label in labels]


def _require_leaf(kind: Kind, digest: bytes, leaf: Leaf, head: TreeHead) -> None:
    try:
        on, proof = date.fromisoformat(leaf.on), [bytes.fromhex(one) for one in leaf.proof]
    except ValueError as wrong:
        raise VerificationError(
            "composed-of-unreadable", f"The leaf {leaf.index} has no readable date or proof.", "Download the file again."
        ) from wrong
    require_inclusion(logged.hashed(kind, digest, on), leaf.index, head.size, proof, head.root)


def _composed(file: ComposedOf, participants: Sequence[Participant]) -> IndustryLabel:
    document = file.document
    pack = packs.load(str(document["pack"]), str(document["pack_version"]))
    if packs.digest(pack).hex() != document["pack_digest"]:
        raise VerificationError(
            "benchmark-pack-differs",
            f"The benchmark was composed by another {document['pack']} {document['pack_version']} than the one installed here.",
            "Install the release of Steplabel whose pack has that digest.",
        )
    route = next((one for one in pack.routes if one.id == document["route"]), None)
    if route is None:
        raise VerificationError("benchmark-pack-differs", "The pack installed here has no such route.", "Install the release of that pack.")
    rng = np.random.default_rng(seed_of("composition", (one.envelope_digest for one in file.reports)))
    return compose_route(pack, route, by_step(participants), rng, period=str(document["period"]), averaging=_averaging(document))


def _averaging(document: Mapping[str, Any]) -> Averaging:
    """What stands at a rank in the figures that this version made itself; documents from before means were taken do not say so."""
    own = (step["averaging"] for step in document["steps"] if step["gate"]["code"] != Reason.UNCHANGED and "averaging" in step)
    return next(own, "single-rank")


def _figures(document: Mapping[str, Any], label: IndustryLabel) -> tuple[list[str], list[Figure]]:
    repeated: list[str] = []
    figures: list[Figure] = []
    cells = {step.cell: step for step in label.steps}
    for shown in document["steps"]:
        name = "/".join(str(shown[part]) for part in ("step", "product", "variant", "boundary", "metric"))
        if shown["gate"]["code"] == Reason.UNCHANGED:
            repeated.append(name)
        elif shown["gate"]["shown"]:
            figures += _of_step(name, shown, cells.get(name))
    width = total_width((step.ratio, step.grid) for step in label.steps if step.headline)
    totals = {"route_total": label.composite, "best_reached_total": label.best_reached, "typical_total": label.typical}
    for name, total in totals.items():
        shown = document[name]
        if shown["gate"]["code"] == Reason.UNCHANGED:
            repeated.append(name)
        elif shown["gate"]["shown"]:
            figures += _of_total(name, shown, total, width)
    return repeated, figures


def _of_step(name: str, shown: Mapping[str, Any], step: StepBest | None) -> list[Figure]:
    if step is None:
        return [Figure(f"{name} best", shown["best"], None)]
    width, origin = step.grid.width, step.grid.lower

    def point(value: float | None) -> float | None:
        return None if value is None else to_grid(value, width, origin)

    def ends(interval: tuple[float, float] | None) -> list[float] | None:
        return None if interval is None else [*outward(interval, width, origin)]

    return [
        Figure(f"{name} best", shown["best"], point(step.best)),
        Figure(f"{name} interval", shown["interval"], ends(step.interval)),
        Figure(f"{name} typical", shown["typical"], point(step.typical)),
        Figure(f"{name} typical interval", shown["typical_interval"], ends(step.typical_interval)),
        Figure(f"{name} curve", _curve_shown(shown), _curve(shown, step, width, origin)),
        Figure(f"{name} pooled", shown.get("pooled", []), [{"years": years, "firms": firms} for years, firms in step.pooled]),
        Figure(f"{name} unit", shown["unit"], step.unit),
        Figure(f"{name} firms", shown["firms"], step.firms),
        Figure(f"{name} rule", shown["rule"], step.rule),
        Figure(f"{name} averaging", shown.get("averaging", "single-rank"), step.averaging),
    ]


def _quarters(found: Logged) -> list[Figure]:
    """How many sites are sure of their quarter, from the standings of the same reports. The names beside them are no figures."""
    document = found.file.document
    shown = {
        (step["step"], step["product"], step["variant"], step["metric"]): step["bands"] for step in document["steps"] if step.get("bands")
    }
    if not shown:
        return []
    pack = packs.load(str(document["pack"]), str(document["pack_version"]))
    digests = [one.envelope_digest for one in found.file.reports]
    ranked = [quarters(everybody, pack, digests) for everybody in (found.everybody, _without_adverse(found, pack))]
    figures = []
    for cell, told in shown.items():
        said = Quarters(tuple(told["quarters"]), sum(told["quarters"]) + told["untold"])
        computed = [one.get(cell) for one in ranked]
        figures.append(Figure(f"{'/'.join(cell)} quarters", said, said if said in computed else computed[0]))
    return figures


def _without_adverse(found: Logged, pack: Pack) -> list[Participant]:
    """Everybody but those whose precise label was left out though nobody of their firm stands in its cell: a policy on audits did that."""
    entered = {id(one) for one in found.participants}
    standing = {(one.firm, _cell(one)) for one in found.participants}
    return [one for one in found.everybody if id(one) in entered or (one.firm, _cell(one)) in standing or not _is_precise(one.label, pack)]


def _cell(participant: Participant) -> tuple[str, str, str, str]:
    label = participant.label
    return label.step, label.product, label.variant, label.metric.value


def _is_precise(label: ReleasedLabel, pack: Pack) -> bool:
    rule = pack.step(label.step).metric(label.metric)
    return rule is not None and eligible(label, rule, pack.policy)


def _curve_shown(shown: Mapping[str, Any]) -> list[Any]:
    return [[point["percent"], point["value"], [*point["interval"]]] for point in shown.get("curve", ())]


def _curve(shown: Mapping[str, Any], step: StepBest, width: Fraction, origin: Fraction) -> list[Any]:
    """The points as the gate lets them through; none where the document says that they are withheld, or is from before there were any."""
    if shown.get("curve_withheld") or "curve" not in shown:
        return []
    points = let_through(step.curve, step.firms, width, origin)
    return [[point.percent, point.value, [*point.interval]] for point in points]


def _of_total(name: str, shown: Mapping[str, Any], total: RouteTotal, width: Fraction) -> list[Figure]:
    value = None if total.value is None else to_grid(total.value, width)
    interval = None if total.interval is None else [*outward(total.interval, width)]
    return [Figure(name, shown["value"], value), Figure(f"{name} interval", shown["interval"], interval)]


def _digest(text: str) -> bytes:
    raw = bytes.fromhex(text) if len(text) == 64 and text == text.lower() and set(text) <= set("0123456789abcdef") else b""
    if len(raw) != 32:
        raise VerificationError("composed-of-unreadable", f"{text!r} is no digest or salt of 32 bytes.", "Download the file again.")
    return raw


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as wrong:
        raise VerificationError("composed-of-unreadable", "The head in the file is not base64.", "Download the file again.") from wrong


def label_to_json(label: ReleasedLabel) -> dict[str, Any]:
    """A label as the file has it: the wire's map, whose values are numbers, texts and lists of numbers."""
    content = decode(frames.spelled(label, "label"))
    assert isinstance(content, dict)  # noqa: S101  # what is spelled is a map
    return content
