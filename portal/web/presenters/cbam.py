"""What a tonne of a route's goods costs at the border of the European Union, year by year until
free allocation ends.

Every figure is that of `benchmarks.guidance.cbam`. What a firm would have to tell (attested
emissions, what went in, prices) is typed into the page: the script takes what is free, and
multiplies; per tonne of emissions it adds nothing of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from benchmarks.errors import InputError
from benchmarks.guidance.acts import Act, ActCollection, ActKind
from benchmarks.guidance.cbam import AttestedEmissions, Goods, Input, Payable, Precursor, by_year
from benchmarks.guidance.goods import PrecursorCode, RouteGood, goods_of
from benchmarks.phrases import Phrase
from portal.sentences import in_words
from portal.web.words.figures import raised
from portal.web.words.terms import dated, enumerated, in_page_language

A_YEAR = timedelta(days=365)

NAMES = {
    "default-emissions": gettext_lazy("Default value"),
    "mark-up": gettext_lazy("Mark-up on default values"),
    "phase-out": gettext_lazy("Factor of free allocation"),
    "cross-sectoral-factor": gettext_lazy("Cross-sectoral correction factor"),
    "benchmark-a": gettext_lazy("Benchmark, column A (attested values)"),
    "benchmark-b": gettext_lazy("Benchmark, column B (default values)"),
    "price": gettext_lazy("Price of a certificate"),
}


@dataclass(frozen=True, slots=True)
class ImportYearRow:
    """One year of import, t CO2e per tonne of the goods. What the script takes off is exact."""

    year: int
    factor: str
    mark_up: str  # in words; empty where no default value is held
    emissions: str  # default value with its mark-up
    certificates: str  # on default values
    exact_certificates: str  # empty where no default value is held
    free: str  # on attested values, by the own process
    exact_free: str  # of the own process, then of a tonne of each precursor


@dataclass(frozen=True, slots=True)
class PartField:
    id: str
    label: str


@dataclass(frozen=True, slots=True)
class InputRow:
    name: str
    value: str
    act: str
    dates: str


@dataclass(frozen=True, slots=True)
class GoodAtBorder:
    id: str
    name: str
    example: str  # the formula with the first year's figures
    years: tuple[ImportYearRow, ...]
    parts: tuple[PartField, ...]
    inputs: tuple[InputRow, ...]
    caveats: tuple[str, ...]
    refused: str


@dataclass(frozen=True, slots=True)
class Border:
    known_on: date
    origin: str
    goods: tuple[GoodAtBorder, ...]
    changed: tuple[
        str, ...
    ]  # by acts of the last year that hold for imports of before they were published


def border_of(sector: str, route: str, origin: str, today: date, called: str = "") -> Border | None:
    """None for a route whose goods are not held. `origin` is the country's code, `called` its
    name.
    """
    goods = goods_of(sector, route)
    return (
        Border(
            today,
            called or origin,
            tuple(_good(good, origin, today) for good in goods),
            _reaching_back(today),
        )
        if goods
        else None
    )


def _reaching_back(today: date) -> tuple[str, ...]:
    """What was worked out before such an act differs from what stands here: the page says so for a
    year.
    """
    acts = [
        act
        for act in ActCollection.held().acts
        if act.kind is not ActKind.PRICE
        and act.confidence == "read"
        and act.applies < act.published
    ]
    return tuple(
        _(
            "%(act)s was published on %(published)s and applies to imports from %(applies)s. "
            "Results calculated before that day differ."
        )
        % {
            "act": in_page_language(act.title),
            "published": dated(act.published.isoformat()),
            "applies": dated(act.applies.isoformat()),
        }
        for act in acts
        if timedelta(0) <= today - act.published <= A_YEAR
    )


def _good(good: RouteGood, origin: str, today: date) -> GoodAtBorder:
    on_default = by_year(Goods(good.cn_code, origin, good.route), today)
    own = dict(by_year(_attested(good, origin, ()), today))
    with_part = [dict(by_year(_attested(good, origin, (part,)), today)) for part in good.precursors]
    rows, refused = [], ""
    for year, default in on_default:
        free = own[year]
        if isinstance(free, InputError):
            refused = refused or in_words(free.whole)
            continue
        parts = [each.free - free.free for of in with_part if isinstance(each := of[year], Payable)]
        rows.append(_year(year, default, free, parts))
    answers = [
        answer
        for _year_, answer in (
            *on_default,
            *own.items(),
            *(row for of in with_part for row in of.items()),
        )
    ]
    payables = [answer for answer in answers if isinstance(answer, Payable)]
    refusals = [answer for _year_, answer in on_default if isinstance(answer, InputError)]
    caveats: dict[str, Phrase] = {}
    for caveat in (each for answer in payables for each in answer.caveats):
        caveats.setdefault(caveat.text, caveat)  # of a sentence about several days the first
    id_ = f"{good.cn_code}{good.route}"
    return GoodAtBorder(
        id=id_,
        name=_("%(good)s (CN %(code)s)")
        % {"good": in_page_language(good.words), "code": good.cn_code},
        example=_example(on_default),
        years=tuple(rows),
        parts=tuple(_field(id_, part) for part in good.precursors),
        inputs=tuple(
            _inputs([*(each for answer in payables for each in answer.inputs), *_prices()])
        ),
        caveats=(
            *(dated(in_words(each)) for each in caveats.values()),
            *dict.fromkeys(in_words(each.sentence) for each in refusals),
        ),
        refused=refused,
    )


def _attested(good: RouteGood, origin: str, parts: Sequence[PrecursorCode]) -> Goods:
    """Nothing emitted and a tonne of each part: of such an answer `free` is asked."""
    precursors = tuple(Precursor(part.cn_code, Decimal(1), part.route) for part in parts)
    return Goods(good.cn_code, origin, good.route, AttestedEmissions(Decimal(0), precursors))


def _field(good: str, part: PrecursorCode) -> PartField:
    label = _("Tonnes of %(part)s (CN %(code)s) in a tonne") % {
        "part": in_page_language(part.words),
        "code": part.cn_code,
    }
    return PartField(f"part-{good}-{part.cn_code}{part.route}", label)


def _year(
    year: int, default: Payable | InputError, free: Payable, parts: Sequence[Decimal]
) -> ImportYearRow:
    payable = default if isinstance(default, Payable) else None
    return ImportYearRow(
        year=year,
        factor=_percent(_of(free, "phase-out")),
        mark_up=_("mark-up %(share)s") % {"share": _percent(_of(payable, "mark-up"))}
        if payable
        else "",
        emissions=f"{payable.emissions:.3f}" if payable else "–",
        certificates=f"{payable.certificates:.3f}" if payable else "–",
        exact_certificates=f"{payable.certificates.normalize():f}" if payable else "",
        free=f"{free.free:.3f}",
        exact_free=" ".join(f"{each.normalize():f}" for each in (free.free, *parts)),
    )


def _of(answer: Payable, name: str) -> Decimal:
    return next(each.value for each in answer.inputs if each.name == name)


def _example(on_default: Sequence[tuple[int, Payable | InputError]]) -> str:
    """What the formula says of the first year, with its figures in it."""
    year, answer = on_default[0]
    if isinstance(answer, InputError):
        return ""
    figures = {each.name: f"{each.value.normalize():f}" for each in answer.inputs}
    free = " × ".join(
        figures[name] for name in ("phase-out", "cross-sectoral-factor", "benchmark-b")
    )
    formula = (
        f"{figures['default-emissions']} × (1 + {figures['mark-up']}) − {free} = "
        f"{answer.certificates:.3f} t"
    )
    return _("%(year)d on default values: %(formula)s") % {"year": year, "formula": formula}


def _prices() -> tuple[Input, ...]:
    """Every price of certificates that an act settles, whenever it held."""
    acts = [
        act
        for act in ActCollection.held().acts
        if act.kind is ActKind.PRICE and act.euro_per_t is not None
    ]
    return tuple(
        Input("price", act.euro_per_t, "EUR/t CO2e", act)
        for act in acts
        if act.euro_per_t is not None
    )


def _inputs(every: Iterable[Input]) -> list[InputRow]:
    """Each figure once, with the act that it stands in; one that changes by year as a list of its
    years is of that act.
    """
    values: dict[tuple[str, str, str], dict[Decimal, None]] = {}
    acts: dict[tuple[str, str, str], tuple[Input, Act]] = {}
    for entry in every:
        if entry.act is not None:
            key = (entry.name, entry.of, entry.act.id)
            values.setdefault(key, {})[entry.value] = None
            acts[key] = (entry, entry.act)
    rows = []
    for key, (latest, act) in acts.items():
        amounts = enumerated(
            _percent(value) if latest.unit == "1" else f"{value.normalize():f}"
            for value in values[key]
        )
        name = f"{NAMES[latest.name]} {latest.of}".strip()
        rows.append(
            InputRow(
                name,
                amounts if latest.unit == "1" else f"{amounts} {raised(latest.unit)}",
                in_page_language(act.title),
                _dates(act),
            )
        )
    return rows


def _dates(act: Act) -> str:
    dates = {
        "published": dated(act.published.isoformat()),
        "applies": dated(act.applies.isoformat()),
    }
    if act.until is not None:
        sentence = _("published %(published)s, for imports from %(applies)s until %(until)s") % (
            dates | {"until": dated(act.until.isoformat())}
        )
    else:
        sentence = _("published %(published)s, for imports from %(applies)s") % dates
    return (
        sentence
        if act.confidence == "read"
        else _("%(dates)s; assumed, not read") % {"dates": sentence}
    )


def _percent(value: Decimal) -> str:
    return f"{(100 * value).normalize():f} %"
