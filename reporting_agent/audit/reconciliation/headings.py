"""The workbook of documents: its sheets, their columns, and an example of each, in the languages people write them in."""

from __future__ import annotations

from datetime import date
from typing import TypeAlias

from benchmarks.phrases import Phrase
from benchmarks.routes import Words

Example: TypeAlias = str | float | int | date

SHEETS: dict[str, Words] = {
    "bill": Words.of(Phrase("Bills")),
    "stock": Words.of(Phrase("Stock surveys")),
    "sale": Words.of(Phrase("Sales")),
    "calibration": Words.of(Phrase("Calibrations")),
}
ABOUT = Words.of(Phrase("About"))

COLUMNS: dict[str, Words] = {
    "carrier": Words.of(Phrase("Carrier")),
    "step": Words.of(Phrase("Step")),
    "meter": Words.of(Phrase("Meter")),
    "from": Words.of(Phrase("From")),
    "to": Words.of(Phrase("To (not included)")),
    "on": Words.of(Phrase("Calibrated on")),
    "quantity": Words.of(Phrase("Quantity")),
    "sold": Words.of(Phrase("Sold")),
    "opening": Words.of(Phrase("Opening stock")),
    "received": Words.of(Phrase("Received")),
    "closing": Words.of(Phrase("Closing stock")),
    "unit": Words.of(Phrase("Unit")),
    "meters": Words.of(Phrase("Meters")),
    "uncertainty_pct": Words.of(Phrase("Uncertainty, % (k = 2)")),
    "valid_months": Words.of(Phrase("Valid, months")),
    "error_pct": Words.of(Phrase("Largest error found, %")),
    "limit_pct": Words.of(Phrase("Limit of its class, %")),
    "document": Words.of(Phrase("Document")),
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
    Words.of(Phrase("What documents say of this site's energy and output, to be held against its meters and batches. One row a document.")),
    Words.of(Phrase("Days are local; the day under To is not included. Uncertainties are expanded (k = 2), in percent of the quantity.")),
    Words.of(
        Phrase(
            "Several meters, whose readings are added up, are separated by commas. Used = opening + "
            "received - closing; made = sold + closing - opening."
        )
    ),
    Words.of(Phrase("Fill in the sheets that you have documents for; an example of each stands below.")),
)
