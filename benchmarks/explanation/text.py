"""The explanation of one published version: the lead, the rule, the noise, clause 4.1, method, exclusions, history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from benchmarks.composition.industry import IndustryLabel, RouteTotal
from benchmarks.disclosure import GateResult
from benchmarks.disclosure.rounding import total_width
from benchmarks.explanation import en16231, record
from benchmarks.explanation.facts import Participation
from benchmarks.explanation.limits import LimitShown, note, shown_limits
from benchmarks.explanation.wording import between, counted, decimals, figure, listed, span
from benchmarks.phrases import Phrase
from benchmarks.routes import Pack, Route, Words
from benchmarks.stored import Stored


@dataclass(frozen=True, slots=True)
class Explanation(Stored):
    """Every text of a published version. The eleven fields from `deliverables` on are EN 16231, clause 4.1, in order."""

    title: Words
    lead: Words
    rule: Words
    intervals: Words
    noise: Words
    deliverables: Words
    objective: Words
    entities_and_boundaries: Words
    target_group: Words
    sample_characteristics: Words
    participants_and_coordinator: Words
    comparable_conditions: Words
    confidentiality_and_access: Words
    verification_of_data: Words
    validation_of_results: Words
    content_of_report: Words
    method: Words
    sources: Words
    exclusions: Words
    refused: Words
    approval: Words
    changes: Words
    limits: tuple[LimitShown, ...]
    limits_note: Words

    def clause_4_1(self) -> tuple[tuple[Words, Words], ...]:
        """The items of EN 16231, clause 4.1, in its order: heading and text."""
        return tuple((heading, getattr(self, name)) for name, heading in CLAUSE_4_1.items())


CLAUSE_4_1: Mapping[str, Words] = {
    "deliverables": Words(en="Deliverables", zh="交付内容"),
    "objective": Words(en="Objective", zh="目的"),
    "entities_and_boundaries": Words(en="Entities and boundaries", zh="对象与边界"),
    "target_group": Words(en="Target group", zh="目标读者"),
    "sample_characteristics": Words(en="Sample", zh="样本"),
    "participants_and_coordinator": Words(en="Participants and coordinator", zh="参与方与协调方"),
    "comparable_conditions": Words(en="Conditions for comparable data", zh="可比条件"),
    "confidentiality_and_access": Words(en="Confidentiality and access", zh="保密与权限"),
    "verification_of_data": Words(en="Verification of data", zh="数据核查"),
    "validation_of_results": Words(en="Validation of results", zh="结果验证"),
    "content_of_report": Words(en="Content of the report", zh="报告内容"),
}


def explain(gate: GateResult, pack: Pack, route: Route, participation: Participation, *, version: str, on: date) -> Explanation:
    """Explain what may be published, and nothing else: every figure is taken from the gated label.

    Args:
        version: of this publication, e.g. "2".
        on: the day whose limits of standards stand beside the label: the last of the period, as a site's grades have it.
    """
    label = gate.published
    limits = shown_limits(pack, route, on, {step.step: step.variant for step in label.headline})
    return Explanation(
        title=_title(label, pack, route),
        lead=_lead(label, pack, route),
        rule=_rule(label, pack),
        intervals=_intervals(label),
        noise=_noise(pack),
        deliverables=en16231.deliverables(label),
        objective=en16231.objective(),
        entities_and_boundaries=en16231.entities_and_boundaries(pack, route),
        target_group=en16231.target_group(),
        sample_characteristics=en16231.sample(label, pack, route, participation),
        participants_and_coordinator=en16231.participants_and_coordinator(participation),
        comparable_conditions=en16231.comparable_conditions(pack, route),
        confidentiality_and_access=en16231.confidentiality_and_access(pack),
        verification_of_data=en16231.verification_of_data(participation, pack),
        validation_of_results=en16231.validation_of_results(label, pack),
        content_of_report=en16231.content_of_report(),
        method=_method(label, pack, version),
        sources=_sources(pack, route),
        exclusions=record.exclusions(label, pack, participation),
        refused=record.refused(gate, pack),
        approval=record.approval(participation),
        changes=record.changes(participation),
        limits=limits,
        limits_note=note(pack, route, on, limits),
    )


def _title(label: IndustryLabel, pack: Pack, route: Route) -> Words:
    """The pack's name; a route that is not the pack's main one is named too."""
    if route.id == pack.routes[0].id:
        return Words(en=f"{pack.words.en}, {label.period}", zh=f"{pack.words.zh}，{label.period}")
    return Words(en=f"{pack.words.en} ({route.words.en}), {label.period}", zh=f"{pack.words.zh}（{route.words.zh}），{label.period}")


def _places(label: IndustryLabel) -> int:
    return decimals(total_width((step.ratio, step.grid) for step in label.headline))


def _lead(label: IndustryLabel, pack: Pack, route: Route) -> Words:
    """One sentence that answers the first question with numbers, as far as the gate lets it."""
    typical = label.typical.value
    if label.composite.value is None or typical is None:
        return Words(
            en="No value of the whole route can be shown for this version; the steps that can be shown stand below.",
            zh="本版本无法显示全流程数值；可显示的工序见下。",
        )
    places, unit = _places(label), label.composite.unit.split("/")[0]
    en, zh = _best_sentence(label, route, places, unit)
    en += f" a typical plant takes {figure(typical, places)}."
    zh += f"典型工厂为 {figure(typical, places)} {unit}。"
    rungs = [
        (step.ratio * (step.typical - step.best), step.step)
        for step in label.headline
        if step.typical is not None and step.best is not None
    ]
    total = sum(rung for rung, _ in rungs)
    widest, where = max(rungs)
    if total > 0 and 0 < widest <= total:
        words = pack.step(where).words
        en += f" Of what separates typical from the step bests, {100 * widest / total:.0f} % lies in one step: {words.en}."
        zh += f"典型值与各工序最优值之间的差距，{100 * widest / total:.0f}% 出在{words.zh}这一道工序。"
    return Words(en=en, zh=zh)


def _best_sentence(label: IndustryLabel, route: Route, places: int, unit: str) -> tuple[str, str]:
    reached, composite = label.best_reached.value, label.composite.value
    product = route.product_words
    if reached is not None:
        text = figure(reached, places)
        return (
            f"The best plants really make a tonne of {product.en} with {text} {unit};",
            f"最好的工厂实际以 {text} {unit} 生产一吨{product.zh}，",
        )
    text = figure(composite or 0.0, places)
    return (
        f"The best of each step put together make a tonne of {product.en} with {text} {unit};",
        f"各工序最优值合成后，以 {text} {unit} 生产一吨{product.zh}，",
    )


def _rule(label: IndustryLabel, pack: Pack) -> Words:
    """Which rule, for how many firms, and that step bests need not be attainable together."""
    used: dict[str, list[int]] = {}
    for step in label.headline:
        if step.rule is not None:
            used.setdefault(step.rule, []).append(step.firms)
    rules = [
        Words(en=f"{rule.words.en.rstrip('.')} (here {firms.en} firms).", zh=f"{rule.words.zh.rstrip('。')}（此处 {firms.zh} 家）。")
        for rule in pack.composition
        if rule.rule in used
        for firms in [between(min(used[rule.rule]), max(used[rule.rule]))]
    ]
    text = listed(rules, en=" ", zh="") if rules else Words(en="No rule: too few firms at every step.", zh="无规则：各工序企业数均不足。")
    share = f"{100 * float(pack.disclosure.largest_weight):g}"
    en = f"{text.en} A firm's one site is chosen by its number of runs, not by its value; no firm weighs more than {share} %. "
    zh = f"{text.zh}每家企业所计厂址按运行单元数量而非数值选定；任何企业权重不超过 {share}%。"
    en += "The firms are not the same at each step, so the step bests need not be attainable together."
    zh += "各工序的企业并不相同，因此各工序最优值未必能同时达到。"
    reached = _reached(label.best_reached, _places(label))
    averaged = _averaged(label)
    return Words(en=f"{en} {reached.en}{averaged.en}", zh=f"{zh}{reached.zh}{averaged.zh}")


def _averaged(label: IndustryLabel) -> Words:
    """What stands at a rank; nothing of a version from before means were taken, or of one that shows nothing."""
    if not any(step.averaging == "five-ranks" and step.best is not None for step in label.headline):
        return Words(en="", zh="")
    sentence = Words.of(
        Phrase(
            "No figure is one firm's: the typical value and each point of a curve are the mean of the five firms around that rank, "
            "at either end of the outermost five."
        )
    )
    return Words(en=f" {sentence.en}", zh=sentence.zh)


def _reached(total: RouteTotal, places: int) -> Words:
    if total.value is None:
        return Words(en="What plants reached together over the whole route cannot be shown.", zh="全流程实际同时达到的数值无法显示。")
    text = figure(total.value, places)
    return Words(
        en=f"What plants reached together stands beside it: {text} {total.unit} ({counted(total.firms, 'firm', 'firms')}).",
        zh=f"实际同时达到的最优全流程为 {text} {total.unit}（{total.firms} 家企业），一并列出。",
    )


def _intervals(label: IndustryLabel) -> Words:
    if label.composite.interval is None:
        return Words(
            en="Each value stands with the interval that holds the true one in 95 of 100 cases.", zh="每个数值均附有 95% 把握的区间。"
        )
    text = span(label.composite.interval, _places(label))
    return Words(
        en=f"The true value of the whole route lies between {text.en.replace(' to ', ' and ')} {label.composite.unit} in 95 of 100 cases; "
        "the interval beside each step is meant the same way.",
        zh=f"全流程真实值有 95% 的把握在 {text.zh} {label.composite.unit} 之间；各工序区间含义相同。",
    )


_HIDDEN = {
    "record": Words(en="in any one run", zh="任一运行单元"),
    "day": Words(en="on any one day, whatever runs it held", zh="任何一天（不论当天有多少运行单元）"),
}
"""What the noise hides, by the policy's unit of privacy."""


def _noise(pack: Pack) -> Words:
    best, typical = float(pack.policy.epsilon_best), float(pack.policy.epsilon_typical)
    hidden = _HIDDEN[pack.policy.unit]
    return Words(
        en=f"Each plant's agent adds chance to its value, so nobody can tell what happened {hidden.en}. The chance is counted in every "
        f"95 % interval. Budget, for each metric of a step and period: epsilon {best:g} for the best, {typical:g} for the typical value. "
        f"A plant whose expected error is above {100 * float(pack.policy.largest_expected_error):g} % does not enter.",
        zh=f"厂内代理程序在上报前加入随机扰动，任何人都无法推知{hidden.zh}的情况。扰动已计入每个 95% 区间。"
        f"预算：每道工序每项指标每期最优值 epsilon {best:g}，典型值 {typical:g}。预期误差超过 "
        f"{100 * float(pack.policy.largest_expected_error):g}% 的企业不计入。",
    )


def _method(label: IndustryLabel, pack: Pack, version: str) -> Words:
    return Words(
        en=f"Version {version}. Method pack {pack.id} {pack.version}, SHA-256 {label.pack_digest}; "
        "a step's best is a low quantile of valid runs at reference conditions, never a single minimum.",
        zh=f"第 {version} 版。方法包 {pack.id} {pack.version}，SHA-256 {label.pack_digest}；"
        "工序最优值为基准条件下有效运行单元的低分位数，而非单个最小值。",
    )


def _sources(pack: Pack, route: Route) -> Words:
    """Sources of ratios, grids and limits; an unverified one is marked so and gives no benchmark."""
    declared = [place.source for place in route.steps]
    for step in en16231.route_steps(pack, route):
        declared += [condition.source for condition in step.reference_conditions]
        declared += [limit.source for limit in step.limits]
    established = dict.fromkeys(source.text for source in declared if en16231.shown(source))
    assumed = sum(not en16231.shown(source) for source in declared)
    texts = "; ".join(established) or "-"
    return Words(
        en=f"Values: participants' released labels. Method: {texts}. Figures of the method that rest on unverified sources or assumptions: "
        f"{assumed}; none is shown as a benchmark.",
        zh=f"数值：参与企业的加噪标签。方法：{texts}。方法中依据未核实来源或假定的数值：{assumed} 项；均不作为基准显示。",
    )
