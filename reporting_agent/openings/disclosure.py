"""What an opening tells whom, in words, before anything is written."""

from __future__ import annotations

from benchmarks.audit.draws import Draw
from benchmarks.audit.sampling import Kind
from reporting_agent.consent import Language
from reporting_agent.openings.assembling import Assembled

_TEXTS: dict[Language, dict[str, str]] = {
    "en": {
        "who": "Asked by the auditor with the key {auditor}, for {site} {period} revision {revision}.",
        "drawn": "Drawn: {number} of {size} leaves ({kinds}).",
        "batches": "Shown in full: {number} of {all} batches ({share} %) with times, output, variables and energy.",
        "days": "Shown: the readings of {number} days of meters, {stretches}.",
        "all": "all that there are, for a part did not give the same records again",
        "part": "in {number} stretches of time",
        "seed": "Shown: the site's seed. With it the auditor draws the noise again, and sees the exact values behind every protected one; "
        "records that are not opened stay hidden by their salts, which the seed gives as well: the auditor is bound to confidence.",
        "settings": "Shown: your settings of meters, factors and mapping; not where files lie, nor any access data.",
        "different": "{number} batches do not come out again from the files as they are today: {leaves}. Say why first.",
        "sealed": "The file is sealed: the auditor alone can read it.",
        "plain": "The file is not sealed: whoever has it can read it. Hand it over on site, never by the portal.",
        "portal": "Nothing of it goes to the portal.",
        "edge": "beside a label",
        "below": "at or below a label",
        "used": "used",
        "excluded": "excluded",
        "days-kind": "days of meters",
        "padding": "padding",
    },
    "zh": {
        "who": "由持有密钥 {auditor} 的审核员要求，针对 {site} {period} 第 {revision} 版。",
        "drawn": "抽中：{size} 个叶子中的 {number} 个（{kinds}）。",
        "batches": "完整出示：{all} 个批次中的 {number} 个（{share} %），含时间、产量、变量和能耗。",
        "days": "出示：表计 {number} 天的读数，{stretches}。",
        "all": "为全部读数，因为部分读数不能重现同样的记录",
        "part": "分 {number} 个时段",
        "seed": "出示：本厂址的种子。审核员据此重新抽取噪声，并看到每个受保护值背后的精确值；"
        "未打开的记录由盐值隐藏，但种子也能推出盐值：审核员负有保密义务。",
        "settings": "出示：表计、系数和映射的设置；不含文件位置和访问数据。",
        "different": "有 {number} 个批次不能由现有文件重现：{leaves}。交出前请说明原因。",
        "sealed": "文件已密封：只有该审核员能读。",
        "plain": "文件未密封：持有者即可阅读。请当面交付，切勿经由平台。",
        "portal": "其中任何内容都不会进入平台。",
        "edge": "标签值旁",
        "below": "不高于标签值",
        "used": "计入",
        "excluded": "剔除",
        "days-kind": "表计日",
        "padding": "填充",
    },
}


def told(language: Language, draw: Draw, made: Assembled, *, sealed: bool) -> list[str]:
    """One sentence for each kind of thing that the opening shows."""
    texts, commitment = _TEXTS[language], draw.commitment
    counts = {kind: sum(one.kind is kind for one in made.drawn) for kind in Kind}
    kinds = ", ".join(f"{count:,} {texts['days-kind' if kind is Kind.DAYS else kind.value]}" for kind, count in counts.items() if count)
    stretches = texts["all"] if made.stretches is None else texts["part"].format(number=len(made.stretches))
    held = sum(part.used + part.excluded for part in made.opening.contents.steps)
    lines = [
        texts["who"].format(auditor=draw.auditor.key_id[:16], site=commitment.site, period=commitment.period, revision=commitment.revision),
        texts["drawn"].format(number=f"{len(made.drawn):,}", size=f"{made.opening.contents.size:,}", kinds=kinds),
        texts["batches"].format(number=f"{len(made.batches):,}", all=f"{held:,}", share=f"{100 * len(made.batches) / max(held, 1):.0f}"),
    ]
    if made.days:
        lines.append(texts["days"].format(number=f"{made.days:,}", stretches=stretches))
    lines += [texts["seed"], texts["settings"]]
    if made.different:
        leaves = ", ".join(str(index) for index in made.different[:20])
        lines.append(texts["different"].format(number=f"{len(made.different):,}", leaves=leaves))
    return [*lines, texts["sealed" if sealed else "plain"], texts["portal"]]
