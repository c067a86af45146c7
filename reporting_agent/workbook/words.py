"""Headings and sentences of the workbook in its two languages. A workbook is answered in the language of its headings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Lang = Literal["en", "zh"]

SHEETS: Mapping[str, Mapping[Lang, str]] = {
    "runs": {"en": "Runs", "zh": "批次"},
    "about": {"en": "About", "zh": "说明"},
    "labels": {"en": "Labels", "zh": "标签"},
    "unread": {"en": "Not read", "zh": "未读入"},
}

COLUMNS: Mapping[str, Mapping[Lang, str]] = {
    "batch_id": {"en": "Run", "zh": "批次号"},
    "step": {"en": "Step", "zh": "工序"},
    "equipment": {"en": "Machine", "zh": "设备"},
    "product": {"en": "Product", "zh": "产品"},
    "start": {"en": "Start", "zh": "开始"},
    "end": {"en": "End", "zh": "结束"},
    "output_quantity": {"en": "Output", "zh": "产量"},
    "output_unit": {"en": "Output unit", "zh": "产量单位"},
    "status": {"en": "Good, scrap or test", "zh": "合格、废品或试验"},
}
"""Of the sheet of runs; beside them stands one column an energy carrier, "Electricity kWh" or "电力 kWh"."""

STATUS: Mapping[str, Mapping[Lang, str]] = {
    "good": {"en": "good", "zh": "合格"},
    "scrap": {"en": "scrap", "zh": "废品"},
    "test": {"en": "test", "zh": "试验"},
}

SETTINGS: Mapping[str, Mapping[Lang, str]] = {
    "name": {"en": "Firm", "zh": "企业"},
    "timezone": {"en": "Time zone", "zh": "时区"},
    "uncertainty_pct": {"en": "Meter uncertainty, %", "zh": "计量不确定度，%"},
    "currency": {"en": "Currency", "zh": "货币"},
    "price": {"en": "Price of", "zh": "单价："},
    "lhv": {"en": "Heating value of", "zh": "低位热值："},
}

RESULTS: Mapping[str, Mapping[Lang, str]] = {
    "value": {"en": "Taken, {unit}", "zh": "单耗，{unit}"},
    "label": {"en": "Label, {unit}", "zh": "标签值，{unit}"},
    "gap": {"en": "Gap, {energy}", "zh": "差距，{energy}"},
    "uncertain": {"en": "of it within meter uncertainty, {energy}", "zh": "其中在计量不确定度以内，{energy}"},
    "unexplained": {"en": "of it unexplained, {energy}", "zh": "其中未说明，{energy}"},
    "money": {"en": "Unexplained, {currency}", "zh": "未说明，{currency}"},
    "left_out": {"en": "Left out because", "zh": "未计入的原因"},
    "step": {"en": "Step", "zh": "工序"},
    "product": {"en": "Product", "zh": "产品"},
    "used": {"en": "Runs used", "zh": "计入批次"},
    "read": {"en": "Runs read", "zh": "读入批次"},
    "best": {"en": "Label (best that was robustly reached)", "zh": "标签值（稳定达到的最优值）"},
    "typical": {"en": "Typical (median)", "zh": "典型值（中位数）"},
    "mean": {"en": "Mean by output", "zh": "按产量加权平均"},
    "unit": {"en": "Unit", "zh": "单位"},
    "energy": {"en": "Energy in", "zh": "能量单位"},
    "as_beside": {"en": "as in “Energy in”", "zh": "单位见“能量单位”"},
    "no_label": {"en": "Why there is no label", "zh": "没有标签值的原因"},
    "row": {"en": "Row", "zh": "行"},
    "column": {"en": "Column", "zh": "列"},
    "found": {"en": "Found", "zh": "内容"},
    "wanted": {"en": "Wanted", "zh": "应为"},
    "reason": {"en": "Why", "zh": "原因"},
}

NOTES: Mapping[str, Mapping[Lang, str]] = {
    "rule": {
        "en": "The label of a product is the run that a quarter of its valid runs reach or beat (p25), from at least {fewest} valid runs.",
        "zh": "某产品的标签值取其有效批次中四分之一能达到或优于的单耗（p25），至少需要 {fewest} 个有效批次。",
    },
    "bounds": {
        "en": "A run below a fifth or above five times its product's median is left out: a wrong reading or a wrong unit.",
        "zh": "单耗低于该产品中位数的五分之一或高于五倍的批次不计入：读数或单位有误。",
    },
    "gap": {
        "en": "A gap is not waste. Within the meter uncertainty of {uncertainty} % nobody can tell;"
        " the rest is unexplained: the table does not say why, so nothing is called avoidable.",
        "zh": "差距不等于浪费。{uncertainty}% 计量不确定度以内的部分无法判定；其余部分未说明：表中没有原因，因此不称为可避免。",
    },
    "money": {
        "en": "Money at the prices of the sheet {about}; a run's mean price where several carriers are used.",
        "zh": "金额按“{about}”表中的单价计算；使用多种能源时取该批次的平均单价。",
    },
    "no_money": {
        "en": "No money is shown: a price is missing for {carriers}.",
        "zh": "未列金额：缺少 {carriers} 的单价。",
    },
    "lhv_needed": {
        "en": "For kgce the sheet {about} wants the heating value of {carriers}: see the supplier's bill. Or give the amount in GJ.",
        "zh": "折算 kgce 需在“{about}”表中填写 {carriers} 的低位热值（见供应商账单），或以 GJ 填写用量。",
    },
    "factors": {
        "en": "kgce by {edition}, calorific basis.",
        "zh": "折标准煤系数依据 {edition}，当量值。",
    },
    "software": {
        "en": "Made by Steplabel {version} from this workbook alone. Everything here is exact and stays with you.",
        "zh": "由 Steplabel {version} 仅根据本工作簿生成。以上均为精确值，只留存于本企业。",
    },
    "fill": {
        "en": "One row a run: a batch, a shift or a day on one machine. Leave empty what you do not know; write 0 where none was used.",
        "zh": "每个批次一行：一台设备上的一批、一班或一天。不知道的留空；没有使用的填 0。",
    },
    "units": {
        "en": "A column of energy is named by carrier and unit. Add or rename: {examples}.",
        "zh": "能源列以“品种 单位”命名，可增加或改名：{examples}。",
    },
    "then": {
        "en": "Then: steplabel-agent label {file}",
        "zh": "然后运行：steplabel-agent label {file}",
    },
}

_UNREAD_ZH: Mapping[str, str] = {
    "a required value is missing": "缺少必填值",
    "the value cannot be read": "数值无法读取",
    "the row has not as many cells as the header": "单元格数与表头不符",
    "The unit of output is none that a label can be per.": "该产量单位不能用于标签",
    "t, kg, items, pieces, 件, m, m2 or m3": "t、kg、件、个、m、m2 或 m3",
    "a text": "文字",
    "a number": "数字（单元格格式为数值，不是文本）",
    "one of good, scrap, test": "合格、废品或试验",
}


def said(text: str, lang: Lang) -> str:
    """What is said of a row that could not be read, in the workbook's language."""
    if text.startswith("a number"):
        text = "a number"  # a workbook has no mapping profile to declare a decimal comma in
    if text.startswith("a date and time"):
        return "日期和时间，如 2026-05-14 08:30" if lang == "zh" else "a date and time, such as 2026-05-14 08:30"
    if lang == "zh":
        return _UNREAD_ZH.get(text, text)
    return "a number, typed as a number and not as text" if text == "a number" else text
