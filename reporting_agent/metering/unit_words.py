"""A meter whose values are in another unit than declared: what shows it, by what factor, and which key says it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

from benchmarks.errors import Place
from benchmarks.measurements import Finding, Severity
from benchmarks.phrases import Phrase
from reporting_agent.config import Meter

LABEL, CHANGE = "unit-label", "unit-change"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PROOF = {
    "range": Phrase("its range allows"),
    "beside": Phrase("the meter it stands beside shows"),
    "bounds": Phrase("a batch of this step can take"),
    "rows": Phrase("its other batches show"),
}


def label(meter: Meter, factor: float, proof: str, left_out: int) -> Finding:
    """All of its values are off by the factor (0.001: too small by a thousand)."""
    sentence = Phrase(
        "Meter %(meter)s: its values are %(times)s times what %(proof)s: %(unit)s is not the unit they are written in. Multiplied by"
        " %(back)s they would fit. Correct unit under [[meters]], or its scale under [mapping.readings].",
        meter=meter.id,
        times=_spelled(factor),
        proof=_PROOF[proof],
        unit=meter.unit,
        back=_spelled(1 / factor),
    )
    return Finding(LABEL, Severity.WARNING, _with_left_out(sentence, left_out), max(left_out, 1))


_SIDE = {
    (True, "bounds"): Phrase("Those since are beyond what a batch of this step can take."),
    (False, "bounds"): Phrase("Those before are beyond what a batch of this step can take."),
    (True, "beside"): Phrase("The meter it stands beside shows what it showed before."),
    (True, "rows"): Phrase("Most batches lie before; nothing else tells which of the two is wrong."),
    (False, "rows"): Phrase("Most batches lie after; nothing else tells which of the two is wrong."),
}
"""By whether the values are wrong since the change or were until it, and by what proves it."""


def change(
    meter: Meter, factor: float, at_us: int, left_out: int, places: tuple[Place, ...], zone: tzinfo, *, later: bool, proof: str
) -> Finding:
    """From a moment on its values are the factor times those before; `later` where the wrong ones are those since."""
    day, times = (_EPOCH + timedelta(microseconds=at_us)).astimezone(zone).date().isoformat(), _spelled(factor)
    sentence = Phrase(
        "Meter %(meter)s: from %(day)s on its values are %(times)s times those before, for the same production: their unit changed."
        ' %(side)s Declare it under [[events]] (kind = "unit", factor = %(factor)s, %(since)s that day).',
        meter=meter.id,
        day=day,
        times=times,
        side=_SIDE[later, proof],
        factor=f"{1 / factor if later else factor:.6g}",
        since=Phrase("from") if later else Phrase("until"),
    )
    return Finding(CHANGE, Severity.WARNING, _with_left_out(sentence, left_out), max(left_out, 1), places)


def _spelled(factor: float) -> str:
    return f"{factor:,.0f}" if factor >= 100 else f"{factor:.3g}"


def _with_left_out(sentence: Phrase, count: int) -> Phrase:
    if not count:
        return sentence
    return Phrase("%(sentence)s %(count)s batches are left out of the label for it.", sentence=sentence, count=f"{count:,}")
