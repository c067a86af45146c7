"""What a tonne of the plant's goods costs at the border of the European Union, by year, with every
input and the act it stands in.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from benchmarks.errors import InputError
from benchmarks.guidance.cbam import Input, Payable
from benchmarks.phrases import Phrase, joined
from reporting_agent.analysis.energy_costs.cbam import BorderCost, BorderYear, border_costs
from reporting_agent.report.figures import NOTHING
from reporting_agent.report.view import View


def data(view: View) -> dict[str, Any] | None:
    """Of every good a table of years, the sentence that says what a saving changes, and the inputs
    of its first year.
    """
    costs = border_costs(view.site.border, view.made_at.astimezone(view.site.zone).date())
    return {"goods": [_goods(view, each) for each in costs]} if costs else None


def _goods(view: View, cost: BorderCost) -> dict[str, Any]:
    goods, refused = cost.goods, cost.refused
    heading = " ".join(
        part for part in (goods.name, goods.cn_code, goods.route, f"({goods.origin})") if part
    )
    if refused is not None:
        return {"heading": heading, "refused": view.text(refused.whole)}
    first = cost.years[0]
    answers = [answer for answer in (first.default, first.attested) if isinstance(answer, Payable)]
    refusals = [
        answer for answer in (first.default, first.attested) if isinstance(answer, InputError)
    ]
    inputs = {
        (each.name, each.value, each.of): each for answer in answers for each in answer.inputs
    }
    caveats = dict.fromkeys(caveat for answer in answers for caveat in answer.caveats)
    return {
        "heading": heading,
        "refused": None,
        "years": [_year(each) for each in cost.years],
        "attested": goods.emissions is not None,
        "sentence": view.text(_saving(goods.emissions is not None)),
        "inputs": [_input(view, each) for each in inputs.values()],
        "inputs_of": first.year,
        "notes": [view.text(each.whole) for each in refusals]
        + [view.text(each) for each in caveats],
        "known": cost.known.isoformat(),
    }


def _saving(attested: bool) -> Phrase:
    on_defaults = Phrase("With default values, no saving of the plant changes what is paid.")
    if not attested:
        more = Phrase(
            "Give the emissions of your goods (emissions, in [[border]]) to see what attested "
            "values would change."
        )
        return joined(on_defaults, more)
    more = Phrase(
        "With attested values, each tonne of CO₂ less saves one certificate, until nothing is "
        "left to pay."
    )
    return joined(on_defaults, more)


def _year(row: BorderYear) -> dict[str, str]:
    default, attested = row.default, row.attested
    return {
        "year": str(row.year),
        "default": _tonnes(default),
        "default_cost": _money(default),
        "attested": _tonnes(attested),
        "attested_cost": _money(attested),
        "free": f"{default.free:.3f}" if isinstance(default, Payable) else NOTHING,
    }


def _tonnes(answer: Payable | InputError | None) -> str:
    return f"{answer.certificates:.3f}" if isinstance(answer, Payable) else NOTHING


def _money(answer: Payable | InputError | None) -> str:
    return (
        f"{answer.cost:,.2f}"
        if isinstance(answer, Payable) and answer.cost is not None
        else NOTHING
    )


def _input(view: View, each: Input) -> dict[str, str]:
    percent = each.unit == "1"
    value = (
        f"{_plain(100 * each.value)} %"
        if percent
        else f"{_plain(each.value)} {each.unit.replace('CO2', 'CO₂')}"
    )
    source = view.w["border"]["entered"] if each.act is None else view.text(each.act.title)
    assumed = each.act is not None and each.act.confidence == "assumption"
    return {
        "name": " ".join(
            part for part in (view.w["border"][each.name.replace("-", "_")], each.of) if part
        ),
        "value": value,
        "source": source,
        "published": "" if each.act is None else each.act.published.isoformat(),
        "sure": view.w["border"]["assumed" if assumed else "read"] if each.act is not None else "",
    }


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"
