"""Words in the language of the page: of packs, states, metrics and reasons, periods, days and
moments, names beside each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import cast

from django.utils import dateformat
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.timezone import localtime
from django.utils.translation import get_language, gettext_lazy, ngettext, pgettext, pgettext_lazy
from django.utils.translation import gettext as _

from benchmarks import catalogue, packs
from benchmarks.declared import Words
from benchmarks.disclosure.reasons import with_step_names
from benchmarks.errors import InputError
from benchmarks.measurements import Metric
from benchmarks.phrases import Name, of_language, sentences
from benchmarks.route_ranking import WHOLE_ROUTE
from benchmarks.routes import Boundary, Pack, Route, Step
from portal.web.viewmodels.shared import Mood, StateWord
from portal.web.words.figures import raised

TONNES = "t"
"""The unit that most output is counted in, and the only one that sentences spell out."""

_ISO_DAY = re.compile(r"(?<![\w/.-])\d{4}-\d{2}-\d{2}(?![\w/-])")

METRICS: dict[str, Promise] = {
    Metric.TOTAL: gettext_lazy("comprehensive energy"),
    Metric.ELECTRICITY: gettext_lazy("electricity"),
    Metric.THERMAL: gettext_lazy("heat"),
}

STATUSES: dict[str, Promise] = {
    "original-seen": gettext_lazy("original seen"),
    "transcribed": gettext_lazy("transcribed"),
    "secondary": gettext_lazy("secondary"),
    "assumption": gettext_lazy("assumption"),
}
"""How a number was read."""

SUBMISSION_STATES: dict[str, tuple[Promise, Mood]] = {
    "received": (gettext_lazy("Waiting to be opened"), "wait"),
    "opening": (gettext_lazy("Being opened"), "wait"),
    "accepted": (gettext_lazy("Accepted"), "ok"),
    "refused": (pgettext_lazy("report", "Refused"), "no"),
    "superseded": (gettext_lazy("Replaced by a later revision"), "wait"),
    "deleted": (gettext_lazy("Deleted: the firm has left"), "wait"),
}

TAKING_PART: dict[str, tuple[Promise, Mood]] = {
    "reported": (pgettext_lazy("taking part", "Reported"), "ok"),
    "waiting": (pgettext_lazy("taking part", "Waiting to be opened"), "wait"),
    "unusable": (pgettext_lazy("taking part", "Refused, needs a new report"), "no"),
    "late": (pgettext_lazy("taking part", "Late"), "no"),
    "missing": (pgettext_lazy("taking part", "Not yet due"), "wait"),
    "not-owed": (pgettext_lazy("taking part", "No report, takes part voluntarily"), "wait"),
}

SIZE_CLASSES: dict[str, Promise] = {
    "small": pgettext_lazy("size class", "Small"),
    "medium": pgettext_lazy("size class", "Medium"),
    "large": pgettext_lazy("size class", "Large"),
    "very-large": pgettext_lazy("size class", "Very large"),
}

COHORTS: dict[str, Promise] = {
    "hundred": gettext_lazy("the hundred largest"),
    "thousand": gettext_lazy("the thousand largest"),
    "ten-thousand": gettext_lazy("the ten thousand largest"),
}

VERSION_STATES: dict[str, tuple[Promise, Mood]] = {
    "draft": (gettext_lazy("Draft"), "wait"),
    "published": (gettext_lazy("Published"), "ok"),
    "withdrawn": (gettext_lazy("Withdrawn"), "no"),
    "discarded": (gettext_lazy("Discarded"), "no"),
}


RULES: dict[str, Promise] = {
    "trimmed-best-five": gettext_lazy("the mean of the second to sixth best firms"),
    "trimmed-best-decile": gettext_lazy("the mean of a tenth of the firms, after the very best"),
}


def in_page_language(words: Words) -> str:
    """A pack's words in the language of the page."""
    return words.said_in(get_language() or "en")


def shown_name(name: Name) -> str:
    """A proper name as the reader of the page knows it."""
    return of_language(name.by_language, get_language() or "en") or name


def in_language(en: str, zh: str) -> str:
    """The Chinese text on a Chinese page where there is one, else the English."""
    return zh if zh and (get_language() or "").startswith("zh") else en


def period_name(period: str) -> str:
    """A period as a reader calls it: `2016`, `2016, first quarter`, `May 2016`, `1 January 2016 to
    30 June 2016`.

    A text that is none, such as `2026-13` in an address, stays as it is.
    """
    try:
        return _period_name(period)
    except (ValueError, OverflowError):
        return period


def _period_name(period: str) -> str:
    if "/" in period:
        first, after = (date.fromisoformat(day) for day in period.split("/"))
        last = after - timedelta(
            days=1
        )  # half-open: the second date is the first day that no longer belongs to it
        return _("%(first)s to %(last)s") % {
            "first": dateformat.format(first, _("j F Y")),
            "last": dateformat.format(last, _("j F Y")),
        }
    year, _dash, part = period.partition("-")
    if not part:
        return pgettext("period", "%(year)s") % {"year": year}
    if part.startswith("Q"):
        return pgettext("period", "%(year)s, quarter %(quarter)s") % {
            "year": year,
            "quarter": part[1:],
        }
    return dateformat.format(date(int(year), int(part), 1), pgettext("period", "F Y"))


def moment_in_words(moment: datetime) -> str:
    """`30 June 2026, 09:00`, `2026年6月30日 09:00`, in the zone of who reads it."""
    return local_in_words(localtime(moment))


def local_in_words(moment: datetime) -> str:
    """The same of a moment that is in the reader's zone already."""
    return dateformat.format(moment, _("j F Y, H:i"))


def zone_name(moment: datetime) -> str:
    """The reader's zone as it is at that moment: `UTC+8`."""
    offset = localtime(moment).utcoffset() or timedelta()
    minutes = round(offset.total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    return (
        f"UTC{'−' if minutes < 0 else '+'}{hours}{f':{rest:02}' if rest else ''}"
        if minutes
        else "UTC"
    )


def dated(text: str) -> str:
    """A text that is kept in files as it is, with its days as pages write them: `2026-11-21`
    becomes `21 November 2026`.

    The ends of a period written `2016-01-01/2016-07-01` stay: the second is the first day after it.
    """
    return _ISO_DAY.sub(_day_written, text)


def _day_written(matched: re.Match[str]) -> str:
    try:
        return dateformat.format(date.fromisoformat(matched[0]), _("j F Y"))
    except ValueError:  # a number that only looks like a day
        return matched[0]


def enumerated(things: Iterable[str]) -> str:
    """Names beside each other: `a, b`, `甲、乙`."""
    return _(", ").join(things)


def headed(parts: Iterable[str]) -> str:
    """The larger before what belongs to it: `firm: site`, `企业：生产厂区`."""
    return colon().join(parts)


def colon() -> str:
    """`: `, or `：`, which brings its own room."""
    return pgettext("between parts of a record", ": ")


def one_after_another(clauses: Iterable[str]) -> str:
    """Clauses beside each other: `a; b`, `甲；乙`."""
    return _("; ").join(clauses)


def sentence_space() -> str:
    """What stands between two sentences: nothing in Chinese, whose full stop brings its own
    room.
    """
    return catalogue.in_language(cast(str, sentences(["", ""])), get_language() or "en")


def state(states: dict[str, tuple[Promise, Mood]], code: str) -> StateWord:
    word, mood = states[code]
    return StateWord(str(word), mood)


def pack_of(pack: str, version: str | None = None) -> Pack | None:
    """The pack behind a published value, or its newest version; None where it is no longer
    installed, and the page then shows ids.
    """
    try:
        return _loaded(pack, version)
    except InputError:  # not remembered: it may be approved tomorrow
        return None


@lru_cache(maxsize=32)
def _loaded(pack: str, version: str | None) -> Pack:
    return packs.load(pack, version)


@dataclass(frozen=True, slots=True)
class Names:
    """Names of one pack's things. An id stands for itself where the pack does not know it."""

    pack_id: str
    pack: Pack | None
    steps: Mapping[str, Step] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "steps", {step.id: step for step in self.pack.steps} if self.pack else {}
        )

    @classmethod
    def of(cls, pack_id: str, version: str) -> Names:
        return cls(pack_id, pack_of(pack_id, version))

    @classmethod
    def newest(cls, pack_id: str) -> Names:
        """For a site that has not reported yet: by the pack's newest version."""
        return cls(pack_id, pack_of(pack_id))

    @property
    def sector(self) -> str:
        return in_page_language(self.pack.words) if self.pack else self.pack_id

    def route(self, route_id: str) -> Route | None:
        return (
            next((route for route in self.pack.routes if route.id == route_id), None)
            if self.pack
            else None
        )

    def title(self, route_id: str) -> str:
        """`Cement (new dry process)`: the route's product, and the route where its name says
        more.
        """
        route = self.route(route_id)
        if route is None:
            return f"{self.pack_id}, {route_id}"
        product, way = in_page_language(route.product_words), in_page_language(route.words)
        title = capfirst(product)
        return (
            title
            if way.lower() == product.lower()
            else _("%(product)s (%(route)s)") % {"product": title, "route": within(way)}
        )

    def product(self, route_id: str) -> str:
        route = self.route(route_id)
        return in_page_language(route.product_words) if route else route_id

    def made_in(self, route_id: str) -> str:
        """The unit that the route's product is counted in."""
        route = self.route(route_id)
        return self.pack.made_in(route) if self.pack and route else TONNES

    def amount(self, route_id: str) -> str:
        """What the route's figures are for, as it follows `per`: `tonne of cement`, `m² of tempered
        glass`.
        """
        return one_of(self.made_in(route_id), self.product(route_id))

    def step(self, step_id: str) -> Step | None:
        return self.steps.get(step_id)

    def boundary(self, step_id: str) -> Boundary | None:
        step = self.step(step_id)
        return step.boundary if step else None

    def step_made_in(self, step_id: str) -> str:
        step = self.step(step_id)
        return step.output_unit if step else TONNES

    def step_name(self, step_id: str) -> str:
        step = self.step(step_id)
        if step is None and step_id == WHOLE_ROUTE:
            return _("Whole route")
        return in_page_language(step.words) if step else step_id

    def total_reason(self, en: str, zh: str) -> str:
        """Why a total is held back, its steps by name."""
        steps = {step.id: step.words for step in self.pack.steps} if self.pack else {}
        return in_page_language(with_step_names(Words(en=en, zh=zh or en), steps))

    def variant_name(self, step_id: str, variant_id: str) -> str:
        """The variant's name; empty where the step has only one."""
        step = self.step(step_id)
        if step is None or len(step.variants) < 2:
            return ""
        return next(
            (
                in_page_language(variant.words)
                for variant in step.variants
                if variant.id == variant_id
            ),
            variant_id,
        )


def proposed_pack(pack: str, version: str) -> str:
    """A proposed version of a pack, by the name of its sector: `Cement, new dry process 5`."""
    return _("%(sector)s %(version)s") % {"sector": Names.newest(pack).sector, "version": version}


def with_variant(name: str, variant: str) -> str:
    """`clinker (grey clinker)`; the name alone where there is only one variant."""
    return _("%(name)s (%(variant)s)") % {"name": name, "variant": variant} if variant else name


def over_years(what: str, years: int) -> str:
    """What a value is of, with the years that it covers where they are several."""
    return (
        _("%(what)s, %(years)s years combined") % {"what": what, "years": years}
        if years > 1
        else what
    )


def in_months(what: str, months: int | None) -> str:
    """What a value is of, with the months that it tells of where it lacks some."""
    if months is None:
        return what
    told_of = ngettext(
        "%(what)s, begun in %(months)s month", "%(what)s, begun in %(months)s months", months
    )
    return told_of % {"what": what, "months": months}


def within(name: str) -> str:
    """A name inside a sentence: `Clinker burning` becomes `clinker burning`, `EAF` stays."""
    return name if name[1:2].isupper() else name[:1].lower() + name[1:]


def metric_name(metric: str) -> str:
    return str(METRICS.get(metric, metric))


def unit_in_words(unit: str) -> str:
    """A unit as the page's language writes it: `kgce/t`, `kgce/m²`."""
    return raised(catalogue.unit_in_language(unit, get_language() or "en"))


def one_of_output(made_in: str) -> str:
    """One of the unit that output is counted in, as it follows `per`: `tonne`, `m²`, `weight
    case`.
    """
    return _("tonne") if made_in == TONNES else unit_in_words(made_in)


def one_of(made_in: str, product: str) -> str:
    """So much of a product as a figure is for, as it follows `per`: `tonne of clinker`, `m² of
    tiles`, `weight case of float glass`.
    """
    return _("%(unit)s of %(product)s") % {"unit": one_of_output(made_in), "product": product}


def per_output(unit: str, product: str) -> str:
    """A unit of energy for one of a product's output (`kgce/t`) with the product: `kgce per tonne
    of clinker`, `kgce per m² of tiles`.
    """
    energy, _slash, made_in = unit.partition("/")
    return _("%(energy)s per %(amount)s") % {"energy": energy, "amount": one_of(made_in, product)}


def output_of_a_year(made_in: str, product: str, in_tonnes: str) -> str:
    """What a reader types to multiply by; of a product in tonnes it is asked for as the page
    says.
    """
    if made_in == TONNES:
        return in_tonnes % {"product": product}
    return _("Output of %(product)s in a year, in %(unit)s") % {
        "product": product,
        "unit": unit_in_words(made_in),
    }
