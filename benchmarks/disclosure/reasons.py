"""Why a cell is shown or not: stable codes, each with a sentence for the reader in English and Chinese."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum

from benchmarks.routes import Words


class Reason(StrEnum):
    """Outcome of the gate for one published value."""

    SHOWN = "shown"
    UNCHANGED = "unchanged"  # the same participants and values as published before: those figures stand
    LAG = "lag"
    TOO_FEW_FIRMS = "too-few-firms"
    DOMINANCE = "dominance"
    P_PERCENT = "p-percent"
    WEIGHT = "weight"
    DIFFERENCING = "differencing"
    OVERLAP = "overlap"
    COMBINED = "combined"
    METRICS = "metrics"
    SECONDARY = "secondary"
    INCOMPLETE = "incomplete"
    UNITS_DIFFER = "units-differ"


_SENTENCES: dict[Reason, tuple[str, str]] = {
    Reason.SHOWN: ("Shown: every check passed.", "予以显示：各项检查均已通过。"),
    Reason.UNCHANGED: (
        "Shown as published before: the same firms and values stand behind it.",
        "沿用此前公布的数值：企业及其数值均未变化。",
    ),
    Reason.LAG: (
        "Not shown yet: figures of this period may be published from {date}.",
        "暂不显示：本期数值自 {date} 起方可公布。",
    ),
    Reason.TOO_FEW_FIRMS: (
        "Not shown: {firms} firms can be compared here, and {fewest} are needed so that no single firm can be worked out.",
        "不予显示：此处可比企业为 {firms} 家，至少需要 {fewest} 家，否则可推算出个别企业的数据。",
    ),
    Reason.DOMINANCE: (
        "Not shown: by declared size one firm makes up more than {share} of this cell.",
        "不予显示：按申报规模，一家企业占本单元格的比重超过 {share}。",
    ),
    Reason.P_PERCENT: (
        "Not shown: by declared size the second largest firm could work out the largest to within {share}.",
        "不予显示：按申报规模，第二大企业可将最大企业的数据推算至 {share} 以内。",
    ),
    Reason.WEIGHT: (
        "Not shown: the published mean would be of fewer than {fewest} firms, or one of them would weigh more than {share} in it.",
        "不予显示：所公布均值涉及的企业将少于 {fewest} 家，或其中一家的权重将超过 {share}。",
    ),
    Reason.DIFFERENCING: (
        (
            "Held: beside version {version} the difference could give a firm away. At least {least} firms must have changed and "
            "must matter to each figure that moves, and with any one of them known no other may make up more than {share} of the rest."
        ),
        (
            "暂缓公布：与第 {version} 版之差可能暴露个别企业。至少须有 {least} 家企业变化，且每个变动的数值至少须受 {least} 家影响；"
            "在已知其中任何一家的情况下，其余任何一家在剩余变动中的占比不得超过 {share}。"
        ),
    ),
    Reason.OVERLAP: (
        (
            "Not shown: beside the same value in {version} the difference could give a firm away. At least {least} firms must differ and "
            "must matter to each figure that moves, and with any one of them known no other may make up more than {share} of the rest."
        ),
        (
            "不予显示：与 {version} 中同一数值之差可能暴露个别企业。至少须有 {least} 家企业不同，且每个变动的数值至少须受 {least} 家影响；"
            "在已知其中任何一家的情况下，其余任何一家在剩余变动中的占比不得超过 {share}。"
        ),
    ),
    Reason.COMBINED: (
        "Not shown: together with what {version} show of the same value, fewer than {least} firms that matter would be left over.",
        "不予显示：与 {version} 中公布的同一数值合并后，剩余的有影响的企业将少于 {least} 家。",
    ),
    Reason.METRICS: (
        (
            "Not shown: beside another metric of this step, firms that stand in one of the two alone could be worked out; "
            "none may, or at least {least} that matter to each figure."
        ),
        "不予显示：与本工序另一指标对照，可推算出仅列入其中一项的企业；须无此类企业，或至少有 {least} 家对每个数值有影响的企业。",
    ),
    Reason.SECONDARY: (
        "Not shown: together with the steps that are shown, it would give a hidden step away ({steps}).",
        "不予显示：与已显示的工序一并使用，可推算出被隐藏的工序（{steps}）。",
    ),
    Reason.INCOMPLETE: (
        "No total: there is no value for {steps}.",
        "无合计值：缺少以下工序的数值：{steps}。",
    ),
    Reason.UNITS_DIFFER: (
        "No total: the steps are stated in different units.",
        "无合计值：各工序的计量单位不同。",
    ),
}


def sentence(reason: Reason, **facts: str | int) -> Words:
    """The sentence for a reason, its figures filled in."""
    english, chinese = _SENTENCES[reason]
    return Words(en=english.format(**facts), zh=chinese.format(**facts))


def with_step_names(text: Words, names: Mapping[str, Words]) -> Words:
    """A total's sentence with the names of steps for their ids: the gate knows ids only, its readers know names."""
    if not names:
        return text
    one = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
    listed = re.compile(rf"(?<![\w-])(?:{one})(?:, (?:{one}))*(?![\w-])")
    return Words(
        en=listed.sub(lambda found: ", ".join(names[step].en for step in found[0].split(", ")), text.en),
        zh=listed.sub(lambda found: "、".join(names[step].zh for step in found[0].split(", ")), text.zh),
    )
