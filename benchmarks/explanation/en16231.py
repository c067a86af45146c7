"""The items that EN 16231, clause 4.1, asks every benchmarking process to state, one function an item.

Every figure comes from the gated label or from the pack; nothing here can see a participant. What is not known is
said (no sample opened yet, number of obliged firms not declared), never left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from benchmarks.composition.industry import IndustryLabel
from benchmarks.explanation.facts import Participation, StepAttested
from benchmarks.explanation.wording import between, counted, listed
from benchmarks.routes import Pack, ReferenceCondition, Route, Source, Step, Words

RUN_KINDS = {
    "heat": Words(en="heat", zh="炉次"),
    "coil": Words(en="coil", zh="卷"),
    "melt": Words(en="melt", zh="熔次"),
    "day": Words(en="day", zh="日"),
    "shift": Words(en="shift", zh="班次"),
    "month": Words(en="month", zh="月"),
    "campaign": Words(en="campaign", zh="生产批"),
    "pot-month": Words(en="pot-month", zh="槽月"),
}


VARIABLES = {
    "moisture_pct": Words(en="moisture of the coal charge", zh="装炉煤水分"),
    "rare_earth_pct": Words(en="rare-earth ore in the charge", zh="含稀土矿比例"),
    "vti_pct": Words(en="vanadium-titanium ore in the charge", zh="钒钛矿比例"),
    "laterite_pct": Words(en="laterite ore in the charge", zh="红土矿比例"),
    "feed_fe_pct": Words(en="iron content of the charge", zh="入炉矿品位"),
    "scrap_pct": Words(en="scrap in the charge", zh="废钢比"),
    "hot_metal_pct": Words(en="hot metal in the charge", zh="铁水比"),
    "blaine_m2_kg": Words(en="fineness (Blaine)", zh="比表面积"),
}
"""Relevant variables by their names in batch files (`var.NAME`); one that is not here stands by that name."""

UNITS = {"m2/kg": "m²/kg"}


def route_steps(pack: Pack, route: Route) -> list[Step]:
    return [pack.step(place.step) for place in route.steps]


def deliverables(label: IndustryLabel) -> Words:
    shown = sum(step.best is not None for step in label.steps)
    return Words(
        en=f"For each step of the route the best value that firms really reached and the typical value, each with a 95 % interval "
        f"({shown} of {len(label.steps)} values shown); the step bests put together to one value for the route; the best whole "
        "route really reached.",
        zh=f"各工序实际达到的最优值与典型值，均附 95% 区间（显示 {len(label.steps)} 项中的 {shown} 项）；"
        "各工序最优值合成的全流程值；实际达到的最优全流程值。",
    )


def objective() -> Words:
    return Words(
        en="To let each plant see at which step it takes more energy than the best really took, and how sure that is.",
        zh="让每家工厂看到：哪一道工序的用能高于最好企业实际达到的水平，以及这一判断有多可靠。",
    )


def entities_and_boundaries(pack: Pack, route: Route) -> Words:
    steps = _lines(
        Words(en=f"{step.words.en}: {step.boundary.words.en}", zh=f"{step.words.zh}：{step.boundary.words.zh}")
        for step in route_steps(pack, route)
    )
    return Words(
        en=f"Sites that make {route.product_words.en} by the route “{route.words.en}”, step by step within these boundaries:\n{steps.en}\n"
        "Values with another boundary are never compared.",
        zh=f"以“{route.words.zh}”路线生产{route.product_words.zh}的厂址，逐工序按下列边界统计：\n{steps.zh}\n边界不同的数值不作比较。",
    )


def _lines(texts: Iterable[Words]) -> Words:
    """One text a line, each ending in one full stop."""
    ended = [Words(en=text.en.rstrip(". ") + ".", zh=text.zh.rstrip("。") + "。") for text in texts]
    return listed(ended, en="\n", zh="\n")


def target_group() -> Words:
    return Words(en="Producers, regulators, certification bodies and the public.", zh="生产企业、监管部门、认证机构和公众。")


def sample(label: IndustryLabel, pack: Pack, route: Route, facts: Participation) -> Words:
    kinds = list(dict.fromkeys(step.run_kind for step in route_steps(pack, route)))
    runs = listed([RUN_KINDS[kind] for kind in kinds], en=", ", zh="、")
    obliged_en = f" of {facts.firms_obliged} obliged" if facts.firms_obliged is not None else " (the number obliged is not declared)"
    obliged_zh = f"应报企业 {facts.firms_obliged} 家，" if facts.firms_obliged is not None else "应报企业数未申报，"
    counts = [step.firms for step in label.headline]
    entering = between(min(counts), max(counts))
    pooled, in_part = _pooled(label, pack), _in_part(label, pack)
    return Words(
        en=f"{counted(facts.firms_reporting, 'firm', 'firms')}{obliged_en}, {counted(facts.sites_reporting, 'site', 'sites')}, "
        f"period {label.period}; {entering.en} firms enter at each step. One run is one {runs.en.replace(', ', ' or ')}; "
        f"at least {pack.policy.fewest_batches} runs a site and step.{pooled.en}{in_part.en}",
        zh=f"{obliged_zh}实报 {facts.firms_reporting} 家、{facts.sites_reporting} 个厂址，期间 {label.period}；各工序计入 "
        f"{entering.zh} 家。"
        f"以{runs.zh}为运行单元；每个厂址每道工序至少 {pack.policy.fewest_batches} 个。{pooled.zh}{in_part.zh}",
    )


def _pooled(label: IndustryLabel, pack: Pack) -> Words:
    """Where firms with few runs report several years as one: how many, and that the series breaks there. No firm is named."""
    parts = []
    for step in label.headline:
        name = pack.step(step.step).words
        for years, firms in step.pooled if step.best is not None else ():
            en = f" At {name.en} the values of {firms} of {step.firms} firms cover {years} years up to {label.period}, for want of runs"
            zh = f"{name.zh}的 {step.firms} 家企业中有 {firms} 家因运行次数少，其数值涵盖截至 {label.period} 的 {years} 年"
            parts.append(
                Words(en=f"{en}: a break in the series, not to be compared year by year.", zh=f"{zh}：序列在此中断，不宜逐年比较。")
            )
    return listed(parts, en="", zh="") if parts else Words(en="", zh="")


def _in_part(label: IndustryLabel, pack: Pack) -> Words:
    """Where values lack months of the period, in which fewer than five valid runs began: of how many firms. No firm is named."""
    parts = []
    for step in (one for one in label.headline if one.in_part and one.best is not None):
        name = pack.step(step.step).words
        en = (
            f" At {name.en} the values of {step.in_part} of {step.firms} firms tell of part of their time:"
            " in some months fewer than five valid runs began."
        )
        zh = f"{name.zh}的 {step.firms} 家企业中有 {step.in_part} 家的数值只反映其期间的一部分：有的月份有效运行不足五次。"
        parts.append(Words(en=en, zh=zh))
    return listed(parts, en="", zh="") if parts else Words(en="", zh="")


def participants_and_coordinator(facts: Participation) -> Words:
    bodies = facts.verification.bodies
    return Words(
        en="Firms report through their own agent, which measures, protects and signs on site. Coordinator: "
        f"{facts.coordinator.en}, who drafts and, "
        f"by a second person, publishes. Certification bodies that check samples: {bodies}.",
        zh=f"企业通过自己的代理程序上报，计量、加噪与签名均在厂内完成。协调方：{facts.coordinator.zh}，负责起草，并由另一人批准公布。"
        f"抽样核查的认证机构：{bodies} 家。",
    )


def comparable_conditions(pack: Pack, route: Route) -> Words:
    conditions = [_conditions(step) for step in route_steps(pack, route) if step.reference_conditions]
    brought = _lines(conditions) if conditions else Words(en="No variable is corrected.", zh="不作变量修正。")
    assumed = "" if all(shown(place.source) for place in route.steps) else " They are engineering assumptions of the pack."
    assumed_zh = "" if not assumed else "其取值为方法包的工程假定。"
    return Words(
        en="Same product, variant, boundary, unit and calculation on the calorific basis. Each run is brought to reference "
        f"conditions before the quantile is taken:\n{brought.en}\n"
        f"Steps are put together with the pack's reference ratios, never with a plant's own.{assumed}",
        zh=f"产品、品种、边界、单位及当量值计算口径一致。取分位数之前，先将每个运行单元折算至基准条件：\n{brought.zh}\n"
        f"各工序按方法包的参考物料比合成，不使用企业自身的物料比。{assumed_zh}",
    )


def _conditions(step: Step) -> Words:
    """Everything that one step's runs are brought to, each variable once."""
    by_variable: dict[str, list[ReferenceCondition]] = {}
    for condition in step.reference_conditions:
        by_variable.setdefault(condition.variable, []).append(condition)
    parts = listed([_condition(conditions) for conditions in by_variable.values()], en=", ", zh="，")
    return Words(en=f"{step.words.en}: {parts.en}", zh=f"{step.words.zh}：{parts.zh}")


def _condition(conditions: Sequence[ReferenceCondition]) -> Words:
    """One variable's reference; its slopes may differ by metric, and so may their sources."""
    first = conditions[0]
    name = VARIABLES.get(first.variable, Words(en=first.variable, zh=first.variable))
    unit = UNITS.get(first.unit, first.unit)
    assumed = [not shown(condition.source) for condition in conditions]
    mark_en = mark_zh = ""
    if any(assumed):
        mark_en = f" ({'slope' if all(assumed) else 'one slope'}: engineering assumption)"
        mark_zh = f"（{'' if all(assumed) else '其中一项'}斜率为工程假定）"
    percent = f"{first.reference:g}%" if unit == "%" else f"{first.reference:g} {unit}"
    return Words(en=f"{name.en} to {first.reference:g} {unit}{mark_en}", zh=f"{name.zh}折算至 {percent}{mark_zh}")


def shown(source: Source) -> bool:
    """Whether a figure of this source may stand as established."""
    return source.verified and source.kind != "engineering-assumption"


def confidentiality_and_access(pack: Pack) -> Words:
    policy = pack.disclosure
    return Words(
        en="Noise is added on site, before anything is sent; it hides each single run. A plant's level leaves to about 1 % and "
        "is protected by "
        f"encryption, access and the gate. Cells of fewer than {policy.fewest_firms} firms are not shown. {policy.reason.en} A "
        "firm sees its own "
        "place; the regulator sees protected values and places of its jurisdiction; a certification body sees what a plant opens "
        "to it; the public sees this page.",
        zh=f"在厂内先加入噪声，之后才上报；噪声掩盖任何单个运行单元的数据。企业的总体水平会以约 1% 的精度上报，由加密、权限与发布关口保护。"
        f"不足 {policy.fewest_firms} 家企业的单元格不显示。{policy.reason.zh}企业可见自身位置；监管部门可见辖区内的加噪值与位置；"
        "认证机构可见企业向其开放的内容；公众可见本页。",
    )


def verification_of_data(facts: Participation, pack: Pack) -> Words:
    """What the agents check, what was opened, and what share of each step's sites is attested.

    A count is told where it points at no firm: where nobody or at least the gate's fewest firms stand behind it, and behind the rest.
    """
    agents = _checked_and_opened(facts)
    found = facts.verification
    if not found.names or found.valid_until is None:
        return agents
    fewest = pack.disclosure.fewest_firms
    shares = listed(_share(step, pack, fewest) for step in found.steps)
    bodies, until = listed(found.names, en=", ", zh="、"), found.valid_until.isoformat()
    return Words(
        en=f"{agents.en} Attested by {bodies.en} (the first of it valid until {until}): {shares.en}.",
        zh=f"{agents.zh}由{bodies.zh}鉴证（最早到期日 {until}）：{shares.zh}。",
    )


def _share(step: StepAttested, pack: Pack, fewest: int) -> Words:
    name = pack.step(step.step).words
    if any(0 < firms < fewest for firms in (step.firms, step.other_firms)):
        return Words(
            en=f"{name.en}, a share that is not told, for fewer than {fewest} firms stand on one side of it",
            zh=f"{name.zh}，因一侧不足 {fewest} 家企业，不公布比例",
        )
    return Words(en=f"{name.en}, {step.sites} of {step.of} sites", zh=f"{name.zh}，{step.of} 个厂址中的 {step.sites} 个")


def _checked_and_opened(facts: Participation) -> Words:
    found = facts.verification
    agent_en = "Each agent checks its inputs by the pack's rules, and every report is signed; what was excluded is counted."
    agent_zh = "各代理程序按方法包规则检查输入数据，每份报告均经签名；剔除情况均有计数。"
    if not found.sites_opened:
        return Words(
            en=f"{agent_en} No sample has been opened to a certification body for this version.",
            zh=f"{agent_zh}本版本尚无向认证机构开放的样本。",
        )
    return Words(
        en=f"{agent_en} {counted(found.sites_opened, 'site', 'sites')} opened a random sample to a certification body; "
        f"{counted(found.findings, 'finding', 'findings')}, {found.corrected} corrected.",
        zh=f"{agent_zh}{found.sites_opened} 个厂址向认证机构开放随机样本；发现 {found.findings} 项问题，已更正 {found.corrected} 项。",
    )


def validation_of_results(label: IndustryLabel, pack: Pack) -> Words:
    poor = listed(pack.step(step.step).words for step in label.headline if step.good_fit is False)
    fit_en = (
        f" The assumed normal spread between firms fits poorly, so the interval is less sure, at: {poor.en}."
        if poor.en
        else " The assumed normal spread between firms was tested at each step shown and not rejected."
    )
    fit_zh = (
        f"企业间正态分布的假定在以下工序拟合较差，区间可靠性较低：{poor.zh}。"
        if poor.zh
        else "企业间正态分布的假定已在所示各工序检验，未被拒绝。"
    )
    return Words(
        en="Intervals come from simulating the noise of every plant and the spread between firms together. "
        f"A best value is a mean over at least five firms, none of which has more than a fifth of it.{fit_en}",
        zh=f"区间由各厂噪声与企业间差异的联合模拟得出。最优值为至少五家企业的平均，任何一家所占不超过五分之一。{fit_zh}",
    )


def content_of_report() -> Words:
    return Words(
        en="This page and its CSV and JSON: the same values, through the same gate.",
        zh="本页及其 CSV、JSON：数值相同，发布关口相同。",
    )
