"""The workbook of documents: its sheets, their columns, and an example of each, in the languages
people write them in.
"""

from __future__ import annotations

from datetime import date
from typing import TypeAlias

from benchmarks.declared import Words, worded

Example: TypeAlias = str | float | int | date

SHEETS: dict[str, Words] = {
    "bill": worded("Bills"),
    "stock": worded("Stock surveys"),
    "sale": worded("Sales"),
    "calibration": worded("Calibrations"),
}
ABOUT = worded("About")

COLUMNS: dict[str, Words] = {
    "carrier": worded("Carrier"),
    "step": worded("Step"),
    "meter": worded("Meter"),
    "from": worded("From"),
    "to": worded("To (not included)"),
    "on": worded("Calibrated on"),
    "quantity": worded("Quantity"),
    "sold": worded("Sold"),
    "opening": worded("Opening stock"),
    "received": worded("Received"),
    "closing": worded("Closing stock"),
    "unit": worded("Unit"),
    "meters": worded("Meters"),
    "uncertainty_pct": worded("Uncertainty, % (k = 2)"),
    "valid_months": worded("Valid, months"),
    "error_pct": worded("Largest error found, %"),
    "limit_pct": worded("Limit of its class, %"),
    "document": worded("Document"),
    "estimated": worded("Estimated"),
    "heating_value": worded("Heating value, its unit per unit of the meter"),
}
"""By the key that the file of documents (TOML) has for it."""

OPTIONAL: dict[str, tuple[frozenset[str], ...]] = {
    "bill": (frozenset({"estimated"}), frozenset({"heating_value"})),
    "sale": (frozenset({"opening", "closing"}),),
}
"""Columns that a sheet may lack; those of one group stand together."""

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
        "estimated": "",
        "heating_value": "",
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
"""A row of each sheet, as the template's first sheet shows it; its keys are the columns in
order.
"""

NOTES: tuple[Words, ...] = (
    worded(
        "What documents say about this site's energy and output, to be compared with its meters "
        "and batches. One row for each document."
    ),
    worded(
        "Days are local. The day under To is not included: of a bill printed as 1 to 31 January it "
        "is 1 February. Uncertainties are expanded (k = 2), in "
        "percent of the quantity."
    ),
    worded(
        "If there are several meters, separate them with commas; their readings are added up. "
        "Used = opening + received - closing; "
        "made = sold + closing - opening."
    ),
    worded(
        "Rows of one document for the same meters and days, such as the hours of a tariff, are "
        "added up, and so are sales of one step in "
        "the same days. A stock that several of them state is counted once."
    ),
    worded(
        "A credit note is below 0 and has the meters and days of the bill that it takes back. A "
        "bill whose last reading was estimated (yes) is compared with the one after it. Of gas "
        "that is charged in kWh and metered in Nm3, give the heating value that the bill prints."
    ),
    worded("Fill in the sheets that you have documents for. There is an example of each below."),
)
