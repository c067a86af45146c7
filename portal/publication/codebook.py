"""The codebook: every column of the published CSV with its unit, its meaning in both languages, and where it comes from."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from benchmarks.composition.curve import LADDERS
from benchmarks.routes import Words

FIELDS = ("variable", "unit", "meaning_en", "meaning_zh", "source")
OWN = "unit of the row"
PACK, COMPOSED, GATE, PORTAL = "method pack", "composition", "disclosure gate", "publication"


@dataclass(frozen=True, slots=True)
class Variable:
    """One column. `unit` is a unit, `unit of the row` for the column `unit`, or empty for words and codes."""

    name: str
    unit: str
    meaning: Words
    source: str


def _variable(name: str, unit: str, source: str, en: str, zh: str) -> Variable:
    return Variable(name, unit, Words(en=en, zh=zh), source)


def _curve() -> tuple[Variable, ...]:
    found = []
    for percent in sorted({percent for ladder in LADDERS for percent in ladder}):
        name = f"p{percent}"
        found += [
            _variable(
                name,
                OWN,
                COMPOSED,
                f"value that {percent} % of the firms stay at or below with their own best (not with their typical batch), "
                "by the row's averaging",
                f"{percent}% 的企业自身最优值不高于的数值（不是典型批次），按本行 averaging 计算",
            ),
            _variable(f"{name}_low", OWN, COMPOSED, f"lower end of the 95 % interval of {name}", f"{name} 的 95% 区间下限"),
            _variable(f"{name}_high", OWN, COMPOSED, f"upper end of the 95 % interval of {name}", f"{name} 的 95% 区间上限"),
        ]
    return tuple(found)


CODEBOOK: tuple[Variable, ...] = (
    _variable("pack", "", PACK, "sector, by the id of its method pack", "行业（方法包编号）"),
    _variable("pack_version", "", PACK, "version of the method pack", "方法包版本"),
    _variable(
        "jurisdiction",
        "",
        PORTAL,
        "whose firms: path of the jurisdiction, from the nation down (cn/he/tangshan)",
        "企业所属辖区的路径，自国家逐级向下（cn/he/tangshan）",
    ),
    _variable(
        "route", "", PACK, "route: which steps are put together, with which reference ratios", "流程路线：由哪些工序、按何种参考物料比合成"
    ),
    _variable(
        "period",
        "",
        PORTAL,
        "reporting period; two dates are half-open, the second is the first day after it",
        "报告期；两个日期为左闭右开，后者为期后首日",
    ),
    _variable("version", "", PORTAL, "version of this publication; a figure is cited with it", "公布版本号；引用数据时须注明"),
    _variable("status", "", PORTAL, "published, or withdrawn: do not use", "published 为有效；withdrawn 为已撤回，请勿使用"),
    _variable("published_on", "date", PORTAL, "day of publication", "公布日期"),
    _variable(
        "step",
        "",
        PACK,
        "production step; route-total, best-reached-total and typical-total are totals of the route",
        "生产工序；以 -total 结尾的为全流程合计",
    ),
    _variable("product", "", PACK, "product that energy is counted per tonne of", "计算单位能耗所用的产品"),
    _variable("variant", "", PACK, "grade of the product; values of two variants are never compared", "产品品类；不同品类的数值不作比较"),
    _variable(
        "boundary",
        "",
        PACK,
        "which carriers and equipment count; values of two boundaries are never compared",
        "统计边界；边界不同的数值不作比较",
    ),
    _variable(
        "metric", "", PACK, "total (comprehensive energy), electricity or thermal", "指标：total 综合能耗、electricity 电耗、thermal 热耗"
    ),
    _variable("unit", "", PACK, "unit of the row's figures", "本行数值的单位"),
    _variable(
        "best",
        OWN,
        COMPOSED,
        "the industry's best, by the rule of the row; for totals the value of the total",
        "按本行规则得出的行业最优值；合计行为合计值",
    ),
    _variable("best_low", OWN, COMPOSED, "lower end of its 95 % interval", "其 95% 区间下限"),
    _variable("best_high", OWN, COMPOSED, "upper end of its 95 % interval", "其 95% 区间上限"),
    _variable(
        "typical",
        OWN,
        COMPOSED,
        "typical batch of the firm in the middle, by the row's averaging",
        "中位企业典型批次的数值，按本行 averaging 计算",
    ),
    _variable("typical_low", OWN, COMPOSED, "lower end of its 95 % interval", "其 95% 区间下限"),
    _variable("typical_high", OWN, COMPOSED, "upper end of its 95 % interval", "其 95% 区间上限"),
    _variable("rule", "", PACK, "how the best is formed; it goes by the number of firms", "最优值的形成规则，由企业数决定"),
    _variable(
        "averaging",
        "",
        COMPOSED,
        "what stands at a rank (typical, p10 to p90): five-ranks, the mean of the five firms around it; single-rank, one firm, in versions "
        "published before",
        "按名次取值的方式（typical、p10 至 p90）：five-ranks 为该名次前后五家企业的平均值；single-rank 为单家企业，仅见于此前公布的版本",
    ),
    _variable("firms", "firms", COMPOSED, "controlling firms that enter, with one site each", "计入的控制企业数，每家计一个厂址"),
    _variable(
        "pooled_firms",
        "firms",
        COMPOSED,
        "of these, firms whose value covers several years, for want of runs",
        "其中因批次不足而合并多年数据的企业数",
    ),
    _variable(
        "in_part_firms",
        "firms",
        COMPOSED,
        "of these, firms whose value tells of part of its time: in some months fewer than five valid batches began",
        "其中数值只反映期间一部分的企业数：有的月份有效批次不足五个",
    ),
    _variable("shown", "", GATE, "true, or false where the gate holds the figures back", "true 为显示；false 为发布关口不予显示"),
    _variable("reason_code", "", GATE, "why it is shown or not, as a code", "显示与否的原因代码"),
    _variable("reason", "", GATE, "the same as a sentence", "同上，以文字说明"),
    _variable("source", "", PORTAL, "how the row is cited", "本行的引用方式"),
    *(
        _variable(
            f"quarter_{place}",
            "sites",
            COMPOSED,
            f"sites sure to lie in quarter {place}, 1 the least energy",
            f"确定位于第 {place} 四分之一的厂址数",
        )
        for place in range(1, 5)
    ),
    _variable("quarter_untold", "sites", COMPOSED, "sites whose quarter cannot be told", "无法确定所在四分之一的厂址数"),
    _variable("break_since", "", PORTAL, "version that a series had before this one; empty for the first", "序列中的前一版本；首版为空"),
    _variable(
        "breaks",
        "",
        PORTAL,
        "defined otherwise than there (pack-version, pack-content, boundary, unit, ratio, rule, averaging, years, new, gone); "
        "empty: nothing",
        "相对该版本定义不同之处（方法包版本、方法包内容、边界、单位、物料比、规则、取值方式、年数、新增、取消）；空为无",
    ),
    *_curve(),
)


def codebook_csv() -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(FIELDS)
    writer.writerows((one.name, one.unit, one.meaning.en, one.meaning.zh, one.source) for one in CODEBOOK)
    return out.getvalue()
