"""What is missing before a report may leave, each once for the site, the largest effect first, with
the lines to add to site.toml.

The plant's own label needs none of it. `preview` and `submit` go by the rules of a release itself
(`pipeline.outward`, `sending.planning`); this names beforehand what they would refuse.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.carriers import CARRIERS
from benchmarks.declared import Words
from benchmarks.errors import SteplabelError
from benchmarks.label_keys import LabelKey
from benchmarks.labels import ExclusionReason, SiteLabel, StepLabel
from benchmarks.labels.validity import RELEASE_ONLY
from benchmarks.phrases import Phrase, Value, as_phrase, enumerated, in_number
from benchmarks.privacy.pooling import fewest_batches
from benchmarks.routes import Pack, Step
from reporting_agent.changes.questioned_label import QuestionedLabel
from reporting_agent.changes.review import ChangeQuestion, makes_doubtful
from reporting_agent.config import SiteSettings
from reporting_agent.config.events import quoted
from reporting_agent.pipeline import LabelResult, outgoing_label
from reporting_agent.pipeline.outward.releasable import in_doubt
from reporting_agent.pipeline.plant_data import PlantData

SAY_WHY = "Say here how you know it, and where that is written down."


@dataclass(frozen=True, slots=True)
class MissingForRelease:
    """One thing that a report lacks.

    `steps` are those that it is of, none where it is of the whole site; `effect` is the share of
    their runs, as the plant counts them, that a report would not count or would count in doubt.
    """

    code: str
    steps: tuple[str, ...]
    effect: float
    why: Phrase
    add: str  # lines for site.toml, or what to do

    def to_json(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "effect": round(self.effect, 4),
            "add": self.add,
            "why": Words.of(self.why).by_language,
        }

    def is_of(self, step: str) -> bool:
        return not self.steps or step in self.steps


def missing_for_release(
    site: SiteSettings, label: QuestionedLabel, refused: SteplabelError | None
) -> tuple[MissingForRelease, ...]:
    """All that a report of this label lacks.

    Args:
        refused: why this site may not report at all, where that is so (`sending.eligibility`).
    """
    found: list[MissingForRelease] = []
    if refused is not None:
        found.append(MissingForRelease(refused.code, (), 1.0, refused.sentence, refused.remedy))
        if refused.code == "pack-of-its-own":
            return tuple(found)  # what another pack would ask is not known
    result = label.result
    found += _of_labels(result, site)
    found += [_of_question(question, result, site) for question in label.review.open]
    found += _of_way_out(result, site)
    return tuple(sorted(found, key=lambda one: -one.effect))


def _of_question(
    question: ChangeQuestion, result: LabelResult, site: SiteSettings
) -> MissingForRelease:
    """A change that nobody explained: the share of the runs that it makes doubtful."""
    change, batches = question.change, result.strict.data.batches
    own = [batch for batch in batches if change.step in {"", batch.step} and not batch.excluded]
    doubtful = sum(makes_doubtful(change, batch, site.zone) for batch in own)
    steps = (change.step,) if change.step else ()
    share = doubtful / len(own) if own else 0.0
    return MissingForRelease(
        "change-unanswered", steps, share, question.sentence, question.declare.strip()
    )


def _of_way_out(result: LabelResult, site: SiteSettings) -> Iterator[MissingForRelease]:
    """What is to be declared so that it acts in a report, one confirmation for a list of runs; what
    else keeps a step's records from leaving; and too few runs."""
    data = result.strict.data
    if data.outward is None:
        return
    pack, leaving = data.pack, outgoing_label(site, data, result.site_label.period)
    going = [
        label
        for label in leaving.steps
        if (rule := pack.step(label.step).metric(label.metric)) is not None and rule.released
    ]
    unbounded = {label.step: label.path.unbounded for label in going if label.path.unbounded}
    for proposal in data.proposals:
        effect = 1.0 if unbounded.keys() & set(proposal.steps) else 0.0
        yield MissingForRelease(
            "not-declared", proposal.steps, effect, proposal.why, proposal.toml.strip()
        )
    opened = {step for proposal in data.proposals for step in proposal.steps}
    too_seldom = _steps_read_too_seldom(data)
    for step, transformations in unbounded.items():
        for why in dict.fromkeys(one.reason for one in transformations):
            if step not in opened:
                yield MissingForRelease("no-bound", (step,), 1.0, as_phrase(why), why)
    most: dict[str, int] = {}
    for label in going:
        most[label.step] = max(most.get(label.step, 0), label.used)
    for step, used in most.items():
        fewest = fewest_batches(pack.step(step), pack.policy)
        if used < fewest and step not in unbounded and step not in too_seldom:
            why = Phrase(
                "Step %(step)s: %(used)s runs count in a report, which needs %(fewest)s.",
                step=step,
                used=f"{used:,}",
                fewest=f"{fewest:,}",
            )
            longer = Phrase("Report a longer period, or pool earlier years (preview --pool).")
            yield MissingForRelease("too-few-batches", (step,), 1.0, why, longer)


def _of_labels(result: LabelResult, site: SiteSettings) -> Iterator[MissingForRelease]:
    """What leaves runs out of a report, or a whole label, though they count at home."""
    strict, pack, home = result.strict, result.data.pack, result.site_label
    doubts = in_doubt(strict.site_label, site, strict.data)
    for in_question, refusal in doubts.items():
        sentence, remedy = refusal.sentence, refusal.remedy
        yield MissingForRelease(refusal.code, (in_question,), 1.0, sentence, remedy)
    used = {LabelKey.of(label): label for label in home.steps}
    seen = set[tuple[str, str]]()
    for label in strict.site_label.steps:
        own = used.get(LabelKey.of(label))
        if own is None or not own.used:
            continue
        step = pack.step(label.step)
        for code, count in label.excluded.items():
            mine = code in RELEASE_ONLY or (
                code == ExclusionReason.ENERGY_INCOMPLETE and own.excluded.get(code, 0) < count
            )
            if not mine or (label.step, code) in seen:
                continue
            seen.add((label.step, code))
            effect = min((count - own.excluded.get(code, 0)) / own.used, 1.0)
            why = _why(code, label, strict.site_label, result)
            add = _lines(code, label, step, result)
            yield MissingForRelease(code, (label.step,), effect, why, add)
    yield from _products(home, pack)


def _why(code: str, label: StepLabel, strict: SiteLabel, result: LabelResult) -> Phrase:
    """What was found of it, as `check` says it; else how many runs a report would leave out."""
    told = {
        ExclusionReason.ENERGY_OUTSIDE: {"carrier-outside-boundary"},
        ExclusionReason.ENERGY_INCOMPLETE: {"own-gas-missing", "readings-too-seldom"},
    }
    for finding in (*strict.findings, *result.strict.data.findings):
        if finding.code in told.get(ExclusionReason(code), {code}):
            sentence = finding.sentence
            of_step = isinstance(sentence, Phrase) and label.step in map(
                str, sentence.values.values()
            )
            if of_step and isinstance(sentence, Phrase):
                return sentence
    if code == ExclusionReason.ENERGY_INCOMPLETE and label.missing_carriers:
        return Phrase(
            "Step %(step)s: no run reports %(carriers)s, which the boundary asks for.",
            step=label.step,
            carriers=enumerated(CARRIERS[carrier].words for carrier in label.missing_carriers),
        )
    return in_number(
        label.excluded[code],
        "Step %(step)s: a report would leave out %(count)s run that counts at home.",
        "Step %(step)s: a report would leave out %(count)s runs that count at home.",
        step=label.step,
        count=f"{label.excluded[code]:,}",
    )


def _steps_read_too_seldom(data: PlantData) -> set[Value]:
    """Steps of whose meters a report has no energy, however long its period is."""
    return {
        finding.sentence.values["step"]
        for finding in data.findings
        if finding.code == "readings-too-seldom" and isinstance(finding.sentence, Phrase)
    }


def _lines(code: str, label: StepLabel, step: Step, result: LabelResult) -> str:
    """What to write in site.toml, with the values that a person knows left to fill in."""
    match code:
        case ExclusionReason.VARIABLE_MISSING | ExclusionReason.VARIABLE_IMPOSSIBLE:
            return "[mapping.batches.constants]\n" + "\n".join(
                f'"var.{condition.variable}" = {condition.reference:g}  '
                f"# {condition.unit}; or a column of the log under [mapping.batches.columns]"
                for condition in step.reference_conditions
                if condition.required and label.metric in condition.slope
            )
        case ExclusionReason.ENERGY_INCOMPLETE if label.missing_carriers:
            named = ", ".join(f'"{carrier}"' for carrier in label.missing_carriers)
            return f"[steps.{step.id}]\nnot_used = [{named}]  # if so; else report it"
        case ExclusionReason.ENERGY_INCOMPLETE if step.id in _steps_read_too_seldom(result.data):
            longest = f"{step.label_rule.longest_gap_s:g}"
            return Phrase(
                "Have its meters read every %(longest)s s or more often.", longest=longest
            )
        case ExclusionReason.ENERGY_OUTSIDE:
            outside = [use.carrier for use in label.outside if use.reason is None]
            lines = "\n".join(f'{carrier} = "{SAY_WHY}"' for carrier in outside)
            return f"[steps.{step.id}.outside]  # at most 0.5 % of a run's energy\n{lines}"
        case ExclusionReason.NOT_BOUGHT:
            flows = ", ".join(f'{{ carrier = "{carrier}" }}' for carrier in step.boundary.bought)
            return f"[site_boundary]\npurchased = [{flows}]  # as the supplier invoices it"
        case ExclusionReason.HEATING_VALUE_UNUSUAL | ExclusionReason.LHV_REQUIRED:
            return (
                '[[lhv]]\ncarrier = "…"\nvalue = …\nunit = "MJ/…"\nsource = "measured"\n'
                f'reason = "{SAY_WHY}"'
            )
        case _:
            return Phrase("Correct the rows that `check` names.")


def _products(home: SiteLabel, pack: Pack) -> Iterator[MissingForRelease]:
    """Products that the pack does not compare: each of them makes a label of its own, and none of
    them leaves. A step has all of its names in one table to paste."""
    by_step: dict[str, Counter[str]] = {}
    for label in home.steps:
        of_pack = pack.step(label.step).product
        if of_pack and label.product != of_pack:
            by_step.setdefault(label.step, Counter())[label.product] = label.read
    for step_id, names in by_step.items():
        of_pack, read = pack.step(step_id).product, sum(names.values())
        whole = read + sum(
            label.read
            for label in home.steps
            if label.step == step_id
            and label.product == of_pack
            and label.metric is pack.step(step_id).metrics[0].metric
        )
        why = in_number(
            len(names),
            "Step %(step)s: %(products)s is no product of the pack, which compares %(own)s alone.",
            "Step %(step)s: %(products)s are no products of the pack, which compares %(own)s "
            "alone.",
            step=step_id,
            products=enumerated(names),
            own=of_pack,
        )
        table = "\n".join(f'{quoted(name)} = "{of_pack}"' for name in names)
        add = f"[mapping.batches.values.product]\n{table}"
        yield MissingForRelease(
            "product-outside-pack", (step_id,), read / whole if whole else 1.0, why, add
        )


def reportable(step: str, missing: Sequence[MissingForRelease]) -> dict[str, Any]:
    """As it stands beside each label in label.json."""
    own = [one.to_json() for one in missing if one.is_of(step)]
    return {"yes": not own, "missing": own}
