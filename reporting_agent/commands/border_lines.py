"""What the goods of `[[border]]` cost at the border of the European Union, as lines on a
terminal.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.errors import InputError
from benchmarks.guidance.cbam import Payable
from benchmarks.phrases import Phrase, Value
from reporting_agent.analysis.energy_costs.cbam import BorderCost, BorderYear
from reporting_agent.report.figures import NOTHING


def border_lines(costs: Sequence[BorderCost]) -> Iterator[str]:
    """Of each good its years, and what has to be known beside them; the refusal alone where no year
    has a figure.
    """
    for cost in costs:
        goods = cost.goods
        named = " ".join(part for part in (goods.name, goods.cn_code, goods.route) if part)
        yield Phrase(
            "At the border of the European Union, per tonne of %(goods)s from %(origin)s:",
            goods=named,
            origin=goods.origin,
        )
        if cost.refused is not None:
            yield cost.refused.whole
            continue
        yield from map(_of_year, cost.years)
        answers = [
            answer
            for answer in (cost.years[0].default, cost.years[0].attested)
            if answer is not None
        ]
        yield from (answer.whole for answer in answers if isinstance(answer, InputError))
        yield from dict.fromkeys(
            caveat for answer in answers if isinstance(answer, Payable) for caveat in answer.caveats
        )


def _of_year(year: BorderYear) -> Phrase:
    if year.attested is None:
        return Phrase(
            "%(year)s: certificates for %(default)s on default values",
            year=str(year.year),
            default=_payable(year.default),
        )
    return Phrase(
        "%(year)s: certificates for %(default)s on default values, for %(attested)s on attested "
        "ones",
        year=str(year.year),
        default=_payable(year.default),
        attested=_payable(year.attested),
    )


def _payable(answer: Payable | InputError) -> Value:
    if isinstance(answer, InputError):
        return NOTHING
    tonnes = f"{answer.certificates:.3f}"
    if answer.cost is None:
        return Phrase("%(tonnes)s t CO2e", tonnes=tonnes)
    return Phrase("%(tonnes)s t CO2e (%(euro)s EUR)", tonnes=tonnes, euro=f"{answer.cost:,.2f}")
