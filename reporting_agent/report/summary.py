"""The label in a few lines for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reporting_agent.pipeline import LabelResult


def as_text(result: LabelResult) -> str:
    """One block a label: values, then what was excluded and why."""
    lines: list[str] = []
    for label in result.site_label.steps:
        name = " · ".join(part for part in (label.step, label.product, label.variant, str(label.metric)) if part)
        lines.append(f"{name}: {label.used:,} of {label.read:,} batches used")
        values = (("minimum", label.minimum), ("best", label.best.value), ("typical", label.typical), ("mean", label.mean))
        lines.append("  " + "   ".join(f"{word} {shown(value)}" for word, value in values) + f"   {label.unit}")
        if label.best.value is None:
            lines.append(f"  no label: {label.best.reason}")
        if label.missing_carriers:
            lines.append(f"  never reported: {', '.join(label.missing_carriers)} (declare not_used under [steps.{label.step}] if so)")
        if label.excluded:
            lines.append("  excluded: " + ", ".join(f"{reason} {count:,}" for reason, count in label.excluded.items()))
    return "\n".join(lines) or "No batch of the period belongs to a step of the pack."


def shown(value: float | None) -> str:
    """Four significant figures, as a person writes them; a dash where there is no value."""
    if value is None:
        return "–"
    size = abs(value)
    if size == 0:
        return "0"
    return f"{value:,.0f}" if size >= 1000 else f"{value:.1f}" if size >= 100 else f"{value:.2f}" if size >= 1 else f"{value:.4f}"
