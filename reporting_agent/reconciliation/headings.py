"""The workbook of documents: its sheets, their columns, and an example of each, in the languages people write them in."""

from __future__ import annotations

from datetime import date
from typing import TypeAlias

from benchmarks.routes import Words

Example: TypeAlias = str | float | int | date

SHEETS: dict[str, Words] = {
    "bill": Words(en="Bills", zh="账单"),
    "stock": Words(en="Stock surveys", zh="盘点"),
    "sale": Words(en="Sales", zh="销售"),
    "calibration": Words(en="Calibrations", zh="检定"),
}
ABOUT = Words(en="About", zh="说明")

COLUMNS: dict[str, Words] = {
    "carrier": Words(en="Carrier", zh="能源"),
    "step": Words(en="Step", zh="工序"),
    "meter": Words(en="Meter", zh="表计"),
    "from": Words(en="From", zh="起始日"),
    "to": Words(en="To (not included)", zh="截止日（不含）"),
    "on": Words(en="Calibrated on", zh="检定日"),
    "quantity": Words(en="Quantity", zh="数量"),
    "sold": Words(en="Sold", zh="销量"),
    "opening": Words(en="Opening stock", zh="期初库存"),
    "received": Words(en="Received", zh="入库"),
    "closing": Words(en="Closing stock", zh="期末库存"),
    "unit": Words(en="Unit", zh="单位"),
    "meters": Words(en="Meters", zh="表计（可多个）"),
    "uncertainty_pct": Words(en="Uncertainty, % (k = 2)", zh="不确定度，%（k = 2）"),
    "valid_months": Words(en="Valid, months", zh="有效期，月"),
    "error_pct": Words(en="Largest error found, %", zh="检定最大误差，%"),
    "limit_pct": Words(en="Limit of its class, %", zh="等级允许误差，%"),
    "document": Words(en="Document", zh="单据"),
}
"""By the key that the file of documents (TOML) has for it."""

OPTIONAL = {"sale": {"opening", "closing"}}

_JANUARY: dict[str, Example] = {"from": date(2025, 1, 1), "to": date(2025, 2, 1)}
EXAMPLES: dict[str, dict[str, Example]] = {
    "bill": {
        "carrier": "electricity",
        **_JANUARY,
        "quantity": 1234567.0,
        "unit": "kWh",
        "meters": "site-main",
        "uncertainty_pct": 0.5,
        "document": "invoice 2025-01, folder 12",
    },
    "stock": {
        "carrier": "coal",
        **_JANUARY,
        "opening": 8000.0,
        "received": 21000.0,
        "closing": 7500.0,
        "unit": "t",
        "meters": "kiln-1-coal",
        "uncertainty_pct": 3.0,
        "document": "survey 2025-01-31",
    },
    "sale": {
        "step": "cement-grinding",
        **_JANUARY,
        "sold": 92000.0,
        "opening": 4000.0,
        "closing": 3500.0,
        "unit": "t",
        "uncertainty_pct": 1.0,
        "document": "sales ledger 2025-01",
    },
    "calibration": {
        "meter": "site-main",
        "on": date(2024, 6, 12),
        "valid_months": 24,
        "error_pct": 0.2,
        "limit_pct": 0.5,
        "document": "certificate 4711",
    },
}
"""A row of each sheet, as the template's first sheet shows it; its keys are the columns in order."""

NOTES: tuple[Words, ...] = (
    Words(
        en="What documents say of this site's energy and output, to be held against its meters and batches. One row a document.",
        zh="单据所载本厂址的能耗和产量，用于与表计和批次核对。每行一份单据。",
    ),
    Words(
        en="Days are local; the day under To is not included. Uncertainties are expanded (k = 2), in percent of the quantity.",
        zh="日期为当地日期，截止日不计入。不确定度为扩展不确定度（k = 2），以数量的百分数计。",
    ),
    Words(
        en="Several meters, whose readings are added up, are separated by commas. Used = opening + received - closing; "
        "made = sold + closing - opening.",
        zh="多个表计的读数相加，用逗号分隔。耗用 = 期初 + 入库 - 期末；产量 = 销量 + 期末 - 期初。",
    ),
    Words(en="Fill in the sheets that you have documents for; an example of each stands below.", zh="请填写有单据的工作表；各表示例如下。"),
)
