"""Every batch of a label as one drawn path: no script, so the page opens from a file."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.labels import StepLabel
from reporting_agent.report.summary import shown

WIDTH, HEIGHT, MARGIN = 1000.0, 240.0, 10.0
_SHARE_SHOWN = (0.002, 0.998)  # the few outermost batches sit on the edge, so that the many can be told apart


def plot(label: StepLabel) -> dict[str, Any] | None:
    """Path, label line and axis texts; None with fewer than two used batches."""
    used = [
        (one.start.timestamp(), one.at_reference, one.start)
        for one in label.values
        if one.excluded is None and one.at_reference is not None
    ]
    if len(used) < 2:
        return None
    when = np.array([moment for moment, _, _ in used])
    value = np.array([amount for _, amount, _ in used], dtype=float)
    low, high = (float(edge) for edge in np.quantile(value, _SHARE_SHOWN))
    if label.best.value is not None:
        low = min(low, label.best.value)
    span = (high - low) or 1.0
    x = MARGIN + (WIDTH - 2 * MARGIN) * (when - when.min()) / ((when.max() - when.min()) or 1.0)
    y = HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * np.clip((value - low) / span, 0.0, 1.0)
    best = label.best.value
    return {
        "path": "".join(f"M{across:.1f} {down:.1f}h0" for across, down in zip(x.tolist(), y.tolist(), strict=True)),
        "line": None if best is None else round(HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * (best - low) / span, 1),
        "low": shown(low),
        "high": shown(high),
        "first": min(start for _, _, start in used).date().isoformat(),
        "last": max(start for _, _, start in used).date().isoformat(),
    }
