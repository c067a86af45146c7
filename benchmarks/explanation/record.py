"""What was left out, refused, approved and changed: the record of one version, in words."""

from __future__ import annotations

from benchmarks.composition.industry import IndustryLabel
from benchmarks.disclosure import CellDecision, GateResult, Reason
from benchmarks.disclosure.reasons import with_step_names
from benchmarks.explanation.facts import Participation
from benchmarks.explanation.wording import counted, listed
from benchmarks.measurements import Metric
from benchmarks.routes import Pack, Step, Words

_SET_ASIDE = {
    "not-comparable": Words(en="another boundary, unit or grid", zh="边界、单位或网格不同"),
    "not-eligible": Words(en="expected error too large", zh="预期误差过大"),
    "other-site-of-firm": Words(en="another site of a firm already counted", zh="同一企业的其他厂址"),
}


_BY_POLICY = {
    "not-attested": Words(en="not attested: only attested reports set these values", zh="未经鉴证：仅经鉴证的报告参与计算"),
    "adverse-opinion": Words(en="with an adverse opinion of a certification body", zh="认证机构出具否定意见"),
}
"""Why accepted reports do not enter, where the regulators of the peer group decided so."""


def exclusions(label: IndustryLabel, pack: Pack, facts: Participation) -> Words:
    parts = []
    for step in label.headline:
        for reason, count in step.set_aside:
            where, why = pack.step(step.step).words, _SET_ASIDE[reason]
            parts.append(Words(en=f"{where.en}: {counted(count, 'site', 'sites')}, {why.en}", zh=f"{where.zh}：{count} 个厂址，{why.zh}"))
    parts += [_left_out(code, count) for code, count in facts.excluded]
    return listed(parts) if parts else Words(en="None.", zh="无。")


def _left_out(code: str, count: int) -> Words:
    why = _BY_POLICY.get(code)
    if why is None:
        return Words(en=f"{count} withheld or refused: {code}", zh=f"{count} 项未上报或被拒：{code}")
    return Words(en=f"{counted(count, 'report', 'reports')}, {why.en}", zh=f"{count} 份报告，{why.zh}")


def refused(gate: GateResult, pack: Pack) -> Words:
    """Each refused value with the gate's sentence."""
    names = {
        "composite": Words(en="Step bests put together", zh="各工序最优值合成"),
        "best-reached": Words(en="Best whole route really reached", zh="实际达到的最优全流程"),
        "typical": Words(en="Typical plant", zh="典型工厂"),
    }
    steps = {step.id: step.words for step in pack.steps}
    parts = []
    for cell in gate.cells:
        if cell.reason_code not in (Reason.SHOWN, Reason.UNCHANGED):
            where = _cell(pack.step(cell.step), cell) if cell.step else names[cell.measure]
            why = cell.reason if cell.step else with_step_names(cell.reason, steps)
            parts.append(Words(en=f"{where.en}: {why.en}", zh=f"{where.zh}：{why.zh}"))
    return listed(parts, en=" ", zh="") if parts else Words(en="None: every value passed the gate.", zh="无：全部数值均通过发布关口。")


_METRICS = {
    Metric.TOTAL: Words(en="comprehensive energy", zh="综合能耗"),
    Metric.ELECTRICITY: Words(en="electricity", zh="电耗"),
    Metric.THERMAL: Words(en="heat", zh="热耗"),
}


def _cell(step: Step, cell: CellDecision) -> Words:
    """`Clinker burning (grey clinker, heat)`; the variant only where the step has several."""
    details = [variant.words for variant in step.variants if variant.id == cell.variant and len(step.variants) > 1]
    details.append(_METRICS[cell.metric])
    within = listed(details, en=", ", zh="，")
    return Words(en=f"{step.words.en} ({within.en})", zh=f"{step.words.zh}（{within.zh}）")


_ACTS = {"drafted": "起草", "published": "批准公布", "withdrew": "撤回"}


def approval(facts: Participation) -> Words:
    if not facts.approvals:
        return Words(en="Not approved yet: this is a draft.", zh="尚未批准：此为草稿。")
    return listed(
        Words(en=f"{a.act} by {a.who}, {a.on.isoformat()}", zh=f"{a.who_zh or a.who}{_ACTS.get(a.act, a.act)}，{a.on.isoformat()}")
        for a in facts.approvals
    )


def changes(facts: Participation) -> Words:
    if facts.change is None:
        return Words(en="First version.", zh="首个版本。")
    since = facts.change.since_version
    return Words(en=f"Since version {since}: {facts.change.words.en}", zh=f"自第 {since} 版以来：{facts.change.words.zh}")
