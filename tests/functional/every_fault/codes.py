"""By which code of finding each kind of fault is told."""

from __future__ import annotations

CODES: dict[str, frozenset[str]] = {
    "register-reset": frozenset({"register-reset"}),
    "rollover": frozenset({"register-rollover"}),
    "sentinel-pair": frozenset({"sentinel"}),
    "spike": frozenset({"register-spike", "rate-spike", "interval-spike", "out-of-range"}),
    "duplicate-row": frozenset({"reading-duplicate"}),
    "conflicting-duplicate": frozenset({"reading-conflict"}),
    "late-rows": frozenset({"reading-disordered"}),
    "stuck-value": frozenset({"value-stuck", "still-while-producing"}),
    "saturation": frozenset({"saturated"}),
    "clock-jump": frozenset({"clock-jump"}),
    "gap": frozenset({"reading-gap"}),
    "blank": frozenset({"reading-blank"}),
    "clock-drift": frozenset({"clock-drift"}),
    "ignores-daylight-saving": frozenset({"clock-standard-time", "clock-daylight-saving"}),
    "wrong-unit": frozenset({"unit-label"}),
    "wrong-unit-from": frozenset({"register-rescaled", "unit-label", "unit-change"}),
    "time-resolution": frozenset({"resolution-change"}),
    "value-resolution": frozenset({"quantum-change"}),
    "sentinel-batch": frozenset({"sentinel"}),
    "zero-energy": frozenset({"zero-energy"}),
    "eighteen-seconds": frozenset({"too-short"}),
    "impossible-power": frozenset({"impossible-power"}),
    "end-before-start": frozenset({"end-before-start"}),
    "end-missing": frozenset({"end-missing"}),
    "overlap": frozenset({"overlap"}),
    "duplicate-batch": frozenset({"duplicate"}),
    "energy-missing": frozenset({"energy-unknown", "energy-partly-unknown"}),
    "wrong-unit-row": frozenset({"unit-label"}),
}

NOT_FAULTS = frozenset(
    {
        "pause",
        "variant-merged",
        "beyond-release-grid",
        "taken-as-at-reference",
        "first-interval-unknown",
        "factor-unknown",
        "outside-period",
    }
)
"""Findings that tell something true of a sound plant."""
