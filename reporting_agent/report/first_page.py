"""What `label` prints: what was read and assumed, the labels, what was not counted and why, where
to look first, what was written. At most 25 lines of at most 100 columns; the rest is in the report.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import packs
from benchmarks.catalogue import in_language
from benchmarks.conversion import Basis
from benchmarks.errors import InputError
from benchmarks.measurements import CarrierEnergy, Metric
from benchmarks.phrases import Phrase, in_number
from benchmarks.released import rank
from reporting_agent.console import columns_of
from reporting_agent.pipeline import own_pack
from reporting_agent.report.figures import count, shown
from reporting_agent.report.look_first import first_looks
from reporting_agent.report.words import counted, reason, words

if TYPE_CHECKING:
    from benchmarks.labels import StepLabel
    from reporting_agent.analysis import Analysis
    from reporting_agent.changes.reportable import MissingForRelease
    from reporting_agent.config import SiteSettings
    from reporting_agent.pipeline import LabelResult

WIDTH = 100
MOST_LINES = 25
_MOST_ROWS = 7  # of the table
_MOST_ADVICE = 3
_MOST_ASSUMED = 2
_MOST_METERS = 5
_FEWEST_OF_EQUIPMENT = 3  # runs, for a row of its own


def lines(
    site: SiteSettings,
    result: LabelResult,
    analysis: Analysis,
    said: Sequence[str],
    written: Sequence[str],
    out: Path,
    lang: str,
    missing: Sequence[MissingForRelease] = (),
) -> list[str]:
    """The page; `said` is what was read and assumed, `written` the files, `missing` what a report
    lacks.
    """

    def translated(phrase: str) -> str:
        return in_language(phrase, lang)

    meters = [
        line
        for text in ([] if result.data.batches else meters_alone(result, analysis, lang))
        for line in wrapped(text, 2)
    ]
    head = [line for text in said for line in wrapped(translated(text), 2)]
    table = list(_table(result, lang))
    table += [line for text in _taken(result, lang) for line in wrapped(text, 2)]
    left_out = list(_not_counted(result, lang))
    look = [
        line
        for number, text in enumerate(_look_first(site, result, analysis, lang), start=1)
        for line in wrapped(f"{number}. {text}", 2, "   ")
    ]
    if look:
        look.insert(0, translated(Phrase("Look first:")))
    files = ", ".join(written)
    last = wrapped(
        translated(
            Phrase("Written to %(out)s: %(files)s. It stays on this site.", out=out, files=files)
        ),
        2,
    )
    if missing and result.data.pack.id != own_pack.OWN:
        lacking = in_number(
            len(missing),
            "A report lacks %(count)s thing: steplabel-agent check --release",
            "A report lacks %(count)s things: steplabel-agent check --release",
            count=count(len(missing)),
        )
        last = [*wrapped(translated(lacking), 1), *last]
    table = table or meters
    room = MOST_LINES - len(table) - len(left_out) - len(look) - len(last)
    if len(head) > room:
        more = len(head) - room + 1
        head = [
            *head[: max(room - 1, 0)],
            translated(
                in_number(more, "… %(more)s more line: -v", "… %(more)s more lines: -v", more=more)
            ),
        ]
    return [*head, *table, *left_out, *look, *last]


def wrapped(text: str, most: int, indent: str = "  ") -> list[str]:
    """The text in lines of at most 100 columns, so many at most; what is cut off ends in …."""
    found, line = list[str](), ""
    for word in _words(text):
        room = WIDTH if not found else WIDTH - len(indent)
        if line and columns_of(line) + columns_of(word) > room:
            found.append(line.rstrip())
            line = word.lstrip()
        else:
            line += word
    found.append(line.rstrip())
    if len(found) > most:
        found = found[:most]
        last = found[-1]
        while columns_of(last) > WIDTH - len(indent) - 2:
            last = last[:-1]
        found[-1] = f"{last} …"
    return [found[0], *(f"{indent}{line}" for line in found[1:])]


def _words(text: str) -> Iterator[str]:
    """What a line may be broken between: words with the blank behind them, or Chinese letters."""
    word = ""
    for letter in " ".join(text.split()):
        word += letter
        if letter == " " or columns_of(letter) == 2:
            yield word
            word = ""
    if word:
        yield word


def meters_alone(result: LabelResult, analysis: Analysis, lang: str) -> Iterator[str]:
    """Without a run: what each meter counted, what never goes off, nights and weekends, unusual
    days, the balance and the holes."""
    loads, marks = (
        {baseline.meter: baseline for baseline in analysis.baselines},
        words(lang)["page"],
    )
    records = sorted(result.data.meters, key=lambda record: -abs(record.total))
    for record in records[:_MOST_METERS]:
        baseline = loads.get(record.meter.id)
        load = None if baseline is None else baseline.base_load
        parts = [f"{shown(record.total)} {record.unit}"]
        if load is not None:
            figures = {
                "base": shown(load.base),
                "night": shown(load.night),
                "weekend": shown(load.weekend),
                "unit": load.rate_unit,
            }
            ranges = Phrase(
                "never below %(base)s %(unit)s; at night %(night)s, on weekends %(weekend)s "
                "%(unit)s",
                **figures,
            )
            parts.append(in_language(ranges, lang))
        if baseline is not None and baseline.anomalies:
            unusual = in_number(
                len(baseline.anomalies),
                "%(count)s stretch of unusual days",
                "%(count)s stretches of unusual days",
                count=len(baseline.anomalies),
            )
            parts.append(in_language(unusual, lang))
        hours = record.missing_s / 3600
        if hours >= 1:
            holes = Phrase("%(hours)s h without a reading", hours=count(hours))
            parts.append(in_language(holes, lang))
        line = f"{record.meter.id}{marks['colon']}{marks['semicolon'].join(parts)}"
        yield in_language(Phrase("%(line)s.", line=line), lang)
    if len(records) > _MOST_METERS:
        more = len(records) - _MOST_METERS
        sentence = in_number(
            more,
            "… %(more)s more meter in the report",
            "… %(more)s more meters in the report",
            more=more,
        )
        yield in_language(sentence, lang)
    for balance in analysis.balances[:2]:
        yield in_language(balance.words, lang)
    sentence = Phrase(
        "No file tells what was made, so there is no energy per unit. With a file of date and "
        "output I can go on."
    )
    yield in_language(sentence, lang)


def headline(steps: Sequence[StepLabel]) -> list[StepLabel]:
    """Of each step, product and variant one label: electricity, in the unit of its meters, where
    that is all; else the comprehensive energy."""
    groups: dict[tuple[str, str, str], list[StepLabel]] = {}
    for label in steps:
        groups.setdefault((label.step, label.product, label.variant), []).append(label)
    return [
        next((each for each in group if each.metric is Metric.ELECTRICITY), group[0])
        for group in groups.values()
    ]


def _table(result: LabelResult, lang: str) -> Iterator[str]:
    labels = [label for label in headline(result.site_label.steps) if label.read]
    if not labels:
        return
    labels.sort(key=lambda label: -label.used)
    words = [Phrase("best"), Phrase("typical"), Phrase("runs"), Phrase("unit"), Phrase("kgce")]
    heads = [in_language(word, lang) for word in words]
    rows: list[tuple[str, str, str, str, str, str]] = []
    for label in labels:
        rows += [_row(result, label, lang), *_with_all_carriers(result, label, lang)]
        rows += _by_equipment(label)
    shown_rows = rows[:_MOST_ROWS]
    name_width = min(max(columns_of(row[0]) for row in shown_rows) + 2, 40)
    yield _padded("", name_width) + f"{heads[0]:>12}{heads[1]:>12}{heads[2]:>14}  {heads[3]}"
    for name, best, typical, runs, unit, why in shown_rows:
        line = f"{_padded(name, name_width)}{best:>12}{typical:>12}{runs:>14}  {unit}"
        yield _fit(f"{line}  {why}")
    if len(rows) > _MOST_ROWS:
        more = len(rows) - _MOST_ROWS
        yield in_language(
            in_number(
                more,
                "  … %(more)s more row in the report",
                "  … %(more)s more rows in the report",
                more=more,
            ),
            lang,
        )


def _taken(result: LabelResult, lang: str) -> Iterator[str]:
    """What the labels of the table took without a record of it, each once: the largest effects."""
    words = dict.fromkeys(
        in_language(assumption.words, lang)
        for label in headline(result.site_label.steps)
        for assumption in label.assumed
    )
    for text in list(words)[:_MOST_ASSUMED]:
        yield in_language(Phrase("Assumed: %(what)s", what=text), lang)


def _fit(line: str) -> str:
    line = line.rstrip()
    while columns_of(line) > WIDTH:
        line = line[:-1]
    return line


def _padded(text: str, width: int) -> str:
    while columns_of(text) > width - 1:
        text = text[:-1]
    return text + " " * (width - columns_of(text))


def _row(result: LabelResult, label: StepLabel, lang: str) -> tuple[str, str, str, str, str, str]:
    step = result.data.pack.step(label.step)
    variants = step.variants if len(step.variants) > 1 else ()
    told_apart = next((each.words for each in variants if each.id == label.variant), None)
    variant = "" if told_apart is None else told_apart.said_in(lang)
    parts = (step.words.said_in(lang), label.product, variant)
    name = " · ".join(dict.fromkeys(part for part in parts if part and part != step.product))
    unit = counted(label.unit, lang)
    why = "" if label.best.reason is None else reason(label.best.reason, lang)
    behind = _kgce(result, label)
    if behind is not None:
        unit = f"{unit} ({shown(behind)} kgce)"
    return (
        name or label.step,
        shown(label.best.value),
        shown(label.typical),
        f"{count(label.used)}/{count(label.read)}",
        unit,
        why,
    )


def _with_all_carriers(
    result: LabelResult, label: StepLabel, lang: str
) -> Iterator[tuple[str, str, str, str, str, str]]:
    """Below a label of electricity, the one of all energy, where other carriers were used as
    well."""
    if label.metric is not Metric.ELECTRICITY:
        return
    for other in result.site_label.steps:
        own = (other.step, other.product, other.variant) == (
            label.step,
            label.product,
            label.variant,
        )
        if own and other.metric is Metric.TOTAL and len(other.energy_by_carrier) > 1:
            name = in_language(Phrase("  all carriers"), lang)
            best, typical = shown(other.best.value), shown(other.typical)
            yield name, best, typical, count(other.used), counted(other.unit, lang), ""


def _kgce(result: LabelResult, label: StepLabel) -> float | None:
    """The best in kgce, where it is told in another unit."""
    if label.best.value is None or label.energy_unit == "kgce":
        return None
    carrier = "electricity" if label.metric is Metric.ELECTRICITY else None
    if carrier is None:
        other = next(
            (
                each
                for each in result.site_label.steps
                if each.metric is Metric.TOTAL
                and (each.step, each.product, each.variant)
                == (label.step, label.product, label.variant)
            ),
            None,
        )
        return None if other is None or other.energy_unit != "kgce" else other.best.value
    day = result.site_label.period.start.date()
    try:
        return packs.factors(result.data.pack).kgce(
            CarrierEnergy(carrier, label.best.value, label.energy_unit), Basis.CALORIFIC, day
        )
    except InputError:
        return None


def _by_equipment(label: StepLabel) -> list[tuple[str, str, str, str, str, str]]:
    """A row each piece of equipment, where several made the product: by the same rule, among its
    own runs."""
    made = label.made_from
    if made is None or label.best.value is None:
        return []
    names = [made.columns.batches[row].equipment for row in made.rows.tolist()]
    counts = Counter(name for name in names if name)
    if len(counts) < 2:
        return []
    quantile = made.columns.step.label_rule.quantile
    rows = []
    for name, runs in counts.most_common():
        if runs < _FEWEST_OF_EQUIPMENT:
            continue
        values = np.sort(made.at_reference[[own == name for own in names]])
        best = float(values[rank(quantile, len(values)) - 1])
        rows.append(
            (f"  {name}", shown(best), shown(float(np.median(values))), count(runs), "", "")
        )
    return rows


def _not_counted(result: LabelResult, lang: str) -> Iterator[str]:
    """Runs in no label, by reason, most first; each run once, whatever it has of metrics."""
    reasons: Counter[str] = Counter()
    for label in headline(result.site_label.steps):
        reasons.update(label.excluded)
    unread = len(result.data.rejected)
    parts = [f"{count(number)} {reason(code, lang)}" for code, number in reasons.most_common(5)]
    if unread:
        rows = in_number(
            unread,
            "%(count)s row that cannot be read (rejected.csv)",
            "%(count)s rows that cannot be read (rejected.csv)",
            count=count(unread),
        )
        parts.append(in_language(rows, lang))
    if parts:
        phrase = Phrase("Not counted: %(parts)s", parts="; ".join(parts))
        yield from wrapped(in_language(phrase, lang), 3)


def _look_first(
    site: SiteSettings, result: LabelResult, analysis: Analysis, lang: str
) -> Iterator[str]:
    """Changes in the data, what is wrong with it, then advice; without runs, unusual days."""
    found = [look.line for look in first_looks(site, result, analysis, lang)][:_MOST_ADVICE]
    yield from found
    if not result.data.batches:
        yield from _unusual_days(analysis, lang, _MOST_ADVICE - len(found))


def _unusual_days(analysis: Analysis, lang: str, most: int) -> Iterator[str]:
    """Days on which meters counted more than expected, by their energy."""
    found = [
        (baseline.meter, anomaly)
        for baseline in analysis.baselines
        for anomaly in baseline.anomalies
        if anomaly.energy > 0
    ]
    found.sort(key=lambda entry: -entry[1].energy)
    for meter, anomaly in found[:most]:
        yield f"{meter}: {anomaly.sentence.said_in(lang)}"
