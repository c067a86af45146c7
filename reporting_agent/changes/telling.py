"""A change in words, with its causes in order, and the lines of site.toml that would answer it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from benchmarks.phrases import Phrase, in_number, significant
from reporting_agent.changes.causes import likely_ratio, likely_unit
from reporting_agent.changes.change import Change, ChangeCause, ChangeKind
from reporting_agent.config.events import SAY, DeclaredEvent, as_toml

DAYS_NAMED = 3
ONE_DAY = timedelta(days=1)
APART = timedelta(days=7)  # from which on two faulty days are two spells
ZONE_STEP_S = 900  # zones differ by whole quarters of an hour
NEAR_A_ZONE_S = 120
_COUNTS_NOWHERE = frozenset({ChangeKind.UNCOUNTED, ChangeKind.CHECK, ChangeKind.UNDECLARED})
MOST_UNSURE = 0.25  # of a factor: one known less well is no figure to say

_CAUSES: dict[ChangeCause, Phrase] = {
    ChangeCause.TRANSFORMER: Phrase("another ratio of its current transformers"),
    ChangeCause.PHASE: Phrase("a phase lost or restored"),
    ChangeCause.UNIT: Phrase("another unit"),
    ChangeCause.SCALE: Phrase("the scale"),
    ChangeCause.SWAP: Phrase("two meters swapped"),
    ChangeCause.PROCESS: Phrase("the process itself"),
    ChangeCause.DEAD: Phrase("a meter that counts nothing"),
    ChangeCause.CLOCK: Phrase("the meter's clock"),
    ChangeCause.ZONE: Phrase("the time zone of the readings"),
    ChangeCause.ROUNDING: Phrase("times that are rounded in the log"),
    ChangeCause.COPIED: Phrase("data that were copied"),
    ChangeCause.BOOKING: Phrase("output that is booked in another way"),
    ChangeCause.ENDS: Phrase("the next start logged as the end"),
    ChangeCause.READING: Phrase("readings that are not valid"),
    ChangeCause.ROWS: Phrase("rows that were not exported or not saved"),
    ChangeCause.FED_BACK: Phrase("energy that the line feeds back"),
    ChangeCause.DECLARED: Phrase("a meter that site.toml describes wrongly"),
}


def sentence(change: Change, unit: str = "t") -> Phrase:
    """What was found, by how much, how surely, and what it most likely is; `unit` is that of the
    step's output.
    """
    causes = _listed([_CAUSES[cause] for cause in change.causes])
    what = _of_no_batch(change) if change.kind in _COUNTS_NOWHERE else _what(change, unit)
    return Phrase("%(what)s Most likely, in this order: %(causes)s.", what=what, causes=causes)


def _what(change: Change, unit: str) -> Phrase:
    meter, line = " / ".join(change.meters), " / ".join(change.equipment) or change.step
    line = f"{line}, {change.product}" if change.product else line
    when, step = _when(change), change.step
    times, error = significant(change.size, 4), significant(change.size_error, 2)
    match change.kind:
        case ChangeKind.LEVEL:
            return Phrase(
                "Meter %(meter)s shows %(times)s ± %(error)s times what it showed before "
                "(%(when)s).",
                meter=meter, times=times, error=error, when=when,
            )  # fmt: skip
        case ChangeKind.OUTPUT:
            return Phrase(
                ("Step %(step)s, %(line)s: at the same power, %(unit)s per hour are %(times)s ± "
                 "%(error)s times as many as before "
                "(%(when)s)."),
                step=step, line=line, unit=unit, times=times, error=error, when=when,
            )  # fmt: skip
        case ChangeKind.PROCESS:
            return Phrase(
                ("Step %(step)s, %(line)s: energy per %(unit)s by meter %(meter)s is %(times)s ± "
                 "%(error)s times what it was before "
                "(%(when)s)."),
                step=step, line=line, unit=unit, meter=meter, times=times, error=error, when=when,
            )  # fmt: skip
        case ChangeKind.SWAP:
            return Phrase(
                "Meters %(meter)s each follow the runs of the other's line (%(when)s).",
                meter=meter,
                when=when,
            )
        case ChangeKind.CLOCK:
            return Phrase(
                "Meter %(meter)s: its clock is %(shift)s compared with the log (%(when)s).",
                meter=meter, shift=shift(change.size), when=when,
            )  # fmt: skip
        case ChangeKind.ZONE:
            return Phrase(
                "All meters (%(meter)s) are %(shift)s compared with the log (%(when)s): one of "
                "the two is in another time zone.",
                meter=meter, shift=shift(_of_zone(change.size)), when=when,
            )  # fmt: skip
        case ChangeKind.ROUNDING | ChangeKind.BOOKED | ChangeKind.PAUSES:
            return _of_log(change, line)
        case ChangeKind.ROWS:
            return Phrase(
                ("Meter %(meter)s lacks %(share)s of the rows expected from its usual interval, "
                 "and the energy that they counted "
                "(%(when)s)."),
                meter=meter, share=f"{100 * change.size:.0f} %", when=when,
            )  # fmt: skip
        case ChangeKind.BALANCE if not _is_sure(change):
            most = 1 / change.size + change.size_error / change.size**2
            return Phrase(
                "Meter %(meter)s: the second meter, above the first, sees at most %(share)s of "
                "what the first shows (%(when)s).",
                meter=meter, share=f"{100 * most:.0f} %", when=when,
            )  # fmt: skip
        case ChangeKind.BALANCE:
            return Phrase(
                "Meter %(meter)s: the first shows %(times)s ± %(error)s times what the second, "
                "above it, measures of it (%(when)s).",
                meter=meter, times=times, error=error, when=when,
            )  # fmt: skip
        case _:
            return _of_days(change)


def _of_log(change: Change, line: str) -> Phrase:
    if change.kind is ChangeKind.ROUNDING:
        return Phrase(
            "Step %(step)s, %(line)s: starts and ends in the log are rounded to %(minutes)s "
            "minutes, but the meter shows other times.",
            step=change.step, line=line, minutes=f"{change.size / 60:g}",
        )  # fmt: skip
    if change.kind is ChangeKind.PAUSES:
        return Phrase(
            "Step %(step)s, %(line)s: each end in the log is the next start, but the meter shows "
            "that the line had stopped earlier, "
            "for different lengths of time. %(share)s of the energy of these runs is used in "
            "pauses.",
            step=change.step, line=line, share=f"{100 * change.size:.1f} %",
        )  # fmt: skip
    hours = f"{abs(change.size) / 3600:g}"
    if change.size < 0:
        return Phrase(
            "Step %(step)s, %(line)s: energy matches the output that is %(hours)s h earlier in "
            "the log, and not the output of its own run.",
            step=change.step, line=line, hours=hours,
        )  # fmt: skip
    return Phrase(
        "Step %(step)s, %(line)s: energy matches the output that is %(hours)s h later in the log, "
        "and not the output of its own run.",
        step=change.step, line=line, hours=hours,
    )  # fmt: skip


def _of_no_batch(change: Change) -> Phrase:
    """What was metered and counts nowhere, and a check meter that differs."""
    meter, share = change.meters[0], f"{significant(100 * change.size, 3)} %"
    if change.kind is ChangeKind.CHECK and change.causes[0] is ChangeCause.UNIT:
        return Phrase(
            "Check meter %(meter)s shows %(times)s times what meter %(other)s shows, which it "
            "checks (%(when)s): it is written in another unit.",
            meter=meter, other=change.meters[1], when=_when(change),
            times=significant(change.size, 4),
        )  # fmt: skip
    if change.kind is ChangeKind.CHECK:
        return Phrase(
            "Check meter %(meter)s shows %(share)s of what meter %(other)s shows, which it "
            "checks: the difference is larger than the"
            " errors of the two allow.",
            meter=meter, other=change.meters[1], share=share,
        )  # fmt: skip
    if change.kind is ChangeKind.UNDECLARED:
        return Phrase(
            "Meter %(meter)s is in the readings but not in site.toml, so it counts nowhere. Read "
            "as electricity, it is %(share)s of "
            "what the site's meters counted.",
            meter=meter, share=share,
        )  # fmt: skip
    if change.first is None and change.until is None:
        return Phrase(
            "Meter %(meter)s counts for equipment that has no batch in the log. Its energy, "
            "%(share)s of what step %(step)s used, is "
            "in no label.",
            meter=meter, share=share, step=change.step,
        )  # fmt: skip
    return Phrase(
        "Meter %(meter)s does not count %(when)s, and no other meter replaces it then. By its "
        "readings, or by its own runs, its energy is"
        " %(share)s of what step %(step)s used, and no label includes it.",
        meter=meter, share=share, step=change.step, when=_when(change),
    )  # fmt: skip


def _of_days(change: Change) -> Phrase:
    """What is of single days, or of single readings."""
    meter, days, count = change.meters[0], _days(change), len(change.days)
    if change.kind is ChangeKind.DEAD:
        return in_number(
            count,
            "Meter %(meter)s counted almost nothing on %(count)s day with runs (%(days)s).",
            "Meter %(meter)s counted almost nothing on %(count)s days with runs (%(days)s).",
            meter=meter,
            count=count,
            days=days,
        )
    if change.kind is ChangeKind.PARTS:
        return in_number(
            count,
            (
                "Meter %(meter)s shows zero for %(share)s of the time of runs that lack that "
                "energy "
                "(%(runs)s, on %(count)s day: "
                "%(days)s)."
            ),
            (
                "Meter %(meter)s shows zero for %(share)s of the time of runs that lack that "
                "energy "
                "(%(runs)s, on %(count)s days: "
                "%(days)s)."
            ),
            meter=meter,
            share=f"{100 * change.size:.0f} %",
            runs=len(change.batches),
            count=count,
            days=days,
        )
    if change.kind is ChangeKind.REPEATED:
        return in_number(
            count,
            "Meter %(meter)s: %(count)s day is equal to another day, hour by hour (%(days)s).",
            "Meter %(meter)s: %(count)s days are equal to another day, hour by hour (%(days)s).",
            meter=meter,
            count=count,
            days=days,
        )
    if change.kind is ChangeKind.LEAP:
        return in_number(
            count,
            "Meter %(meter)s: runs on %(count)s day have %(times)s times the usual energy per "
            "hour (%(days)s).",
            "Meter %(meter)s: runs on %(count)s days have %(times)s times the usual energy per "
            "hour (%(days)s).",
            meter=meter, count=count, times=significant(change.size, 4), days=days,
        )  # fmt: skip
    if not change.size:
        return Phrase(
            "Meter %(meter)s shows values below zero and none above it, but no declared range "
            "allows this. That energy is subtracted.",
            meter=meter,
        )  # fmt: skip
    return Phrase(
        "Meter %(meter)s shows values below zero, down to %(share)s of its highest reading, but "
        "no declared range allows this. That "
        "energy is subtracted.",
        meter=meter, share=f"{100 * change.size:.0f} %".replace("-", "−"),
    )  # fmt: skip


def _of_zone(seconds: float) -> float:
    """The offset between two zones that was found, where it is one of those that zones have."""
    whole = ZONE_STEP_S * round(seconds / ZONE_STEP_S)
    return whole if abs(seconds - whole) <= NEAR_A_ZONE_S else seconds


def _listed(causes: list[Phrase]) -> Phrase:
    phrase = causes[0]
    for cause in causes[1:]:
        phrase = Phrase("%(first)s; %(more)s", first=phrase, more=cause)
    return phrase


def _when(change: Change) -> Phrase:
    if change.first is not None and change.until is not None:
        return Phrase(
            "from %(first)s until %(until)s",
            first=change.first.isoformat(),
            until=change.until.isoformat(),
        )
    if change.first is not None:
        return Phrase("since %(first)s", first=change.first.isoformat())
    return (
        Phrase("until %(until)s", until=change.until.isoformat())
        if change.until is not None
        else Phrase("throughout")
    )


def _days(change: Change) -> str:
    named = ", ".join(day.isoformat() for day in change.days[:DAYS_NAMED])
    return f"{named}, …" if len(change.days) > DAYS_NAMED else named


def shift(seconds: float) -> Phrase:
    """Ahead or behind, in the unit that fits."""
    size = abs(seconds)
    length = (
        f"{size:.0f} s"
        if size < 120
        else f"{size / 60:.0f} min"
        if size < 5400
        else f"{size / 3600:.2f} h"
    )
    return (
        Phrase("%(length)s ahead", length=length)
        if seconds > 0
        else Phrase("%(length)s behind", length=length)
    )


def to_declare(change: Change, earliest: date) -> str:
    """The events that answer the most likely cause, as they would stand in site.toml; `earliest`
    begins what holds throughout.
    """
    if change.kind is ChangeKind.NEGATIVE:
        meter = change.meters[0]
        return (
            f"# in the [[meters]] table of {meter}; from below 0 where its line feeds back\nrange "
            "= [0.0, HIGHEST]"
        )
    if change.kind is ChangeKind.UNDECLARED:
        return (
            f'[[meters]]\nid = "{change.meters[0]}"\n# carrier, reading and unit; step where it '
            'counts for one; role = "state" of no energy'
        )
    lines = "\n".join(as_toml(event) for event in _events(change, earliest))
    if change.kind is ChangeKind.UNCOUNTED:
        lines = (
            f"# put right equipment, from or until in the [[meters]] table of {change.meters[0]}; "
            "where its energy is of no batch\n" + lines
        )
    if change.kind is ChangeKind.PARTS:
        lines = (
            "# or empty the rows in which the meter shows nothing while its line runs: what is "
            "missing is not 0; else\n" + lines
        )
    if change.kind is ChangeKind.ZONE:
        of_files = (
            '# in one line, if the files are in another zone: timezone = "UTC", or which, under '
            "[mapping.readings]; else\n"
        )
        lines = of_files + lines
    ratio = (
        likely_ratio(change.size)
        if change.causes[0] is ChangeCause.TRANSFORMER and _is_sure(change)
        else None
    )
    if ratio is not None:
        lines += f"# the factor is as measured; if the ratio was changed, write the quotient of the two ratios: {ratio} would be near\n"  # noqa: E501
    return lines


def _events(change: Change, earliest: date) -> list[DeclaredEvent]:
    begins = change.first or earliest
    until = change.until
    if change.days:
        begins, until = change.days[0], change.days[-1] + ONE_DAY
    when = {"from": begins.isoformat()} | ({} if until is None else {"until": until.isoformat()})
    of_step = {"step": change.step} | (
        {"equipment": change.equipment[0]} if len(change.equipment) == 1 else {}
    )
    likeliest = change.causes[0]
    unsure = change.kind is ChangeKind.BALANCE and not _is_sure(change)
    if (
        change.kind
        in {
            ChangeKind.DEAD,
            ChangeKind.PARTS,
            ChangeKind.REPEATED,
            ChangeKind.LEAP,
            ChangeKind.ROWS,
        }
        or likeliest is ChangeCause.DEAD
        or unsure
    ):
        spells = [
            {"from": first.isoformat(), "until": (last + ONE_DAY).isoformat()}
            for first, last in _spells(change.days)
        ]
        return [
            _event({"meter": change.meters[0], "kind": "unusable"} | spell)
            for spell in spells or [when]
        ]
    if (
        change.kind in {ChangeKind.LEVEL, ChangeKind.BALANCE}
        and likeliest is not ChangeCause.PROCESS
    ):
        kind = "unit" if likeliest is ChangeCause.UNIT else "ratio"
        return [_event({"meter": change.meters[0], "kind": kind, "factor": _factor(change)} | when)]
    of_product = {"product": change.product} if change.product else {}
    if change.kind is ChangeKind.OUTPUT:
        scaled = (
            {
                "step": change.step,
                "kind": "unit" if likeliest is ChangeCause.UNIT else "ratio",
                "factor": _factor(change),
            }
            | of_product
            | when
        )
        return [
            _event(scaled | ({"equipment": equipment} if equipment else {}))
            for equipment in change.equipment or ("",)
        ]
    if change.kind is ChangeKind.SWAP and not change.size:
        return [_event({"meter": meter, "kind": "unusable"} | when) for meter in change.meters]
    if change.kind is ChangeKind.SWAP:
        return [
            _event({"meter": change.meters[0], "kind": "swap", "with": change.meters[1]} | when)
        ]
    if change.kind in {
        ChangeKind.ROUNDING,
        ChangeKind.PAUSES,
    }:  # until the log's own times are there
        return [_event(of_step | {"kind": "unusable"} | when)]
    if change.kind is ChangeKind.BOOKED:
        return [_event(of_step | {"kind": "clock", "offset": f"{-round(change.size)} s"} | when)]
    if change.kind in {ChangeKind.CLOCK, ChangeKind.ZONE}:
        seconds = _of_zone(change.size) if change.kind is ChangeKind.ZONE else change.size
        return [
            _event({"meter": meter, "kind": "clock", "offset": f"{-round(seconds)} s"} | when)
            for meter in change.meters
        ]
    if change.kind is ChangeKind.CHECK and likeliest is ChangeCause.UNIT:
        factor = float(f"{1 / change.size:.10g}")
        return [_event({"meter": change.meters[0], "kind": "unit", "factor": factor} | when)]
    if change.kind in {ChangeKind.UNCOUNTED, ChangeKind.CHECK}:
        return [_event({"meter": change.meters[0], "kind": "process"} | when)]
    return [_event(of_step | of_product | {"kind": "process"} | when)]


def _spells(days: Sequence[date]) -> list[tuple[date, date]]:
    """First and last of the days, in order, between which no week is free of them: what lies
    between two spells is sound.
    """
    spells: list[tuple[date, date]] = []
    for day in days:
        if spells and day - spells[-1][1] <= APART:
            spells[-1] = spells[-1][0], day
        else:
            spells.append((day, day))
    return spells


def _is_sure(change: Change) -> bool:
    """Whether the size is known well enough to say it, and to take it back by it."""
    return change.size_error <= MOST_UNSURE * change.size


def _factor(change: Change) -> float:
    """What takes the change back: exactly, where a unit is the likeliest cause; else as it was
    measured.
    """
    size = (
        likely_unit(change.size, of_mass=change.kind is ChangeKind.OUTPUT)
        if change.causes[0] is ChangeCause.UNIT
        else change.size
    )
    return float(f"{1 / size:.4g}")


def _event(fields: Mapping[str, object]) -> DeclaredEvent:
    return DeclaredEvent.model_validate({**fields, "reason": SAY})
