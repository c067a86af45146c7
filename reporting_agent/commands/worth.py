"""`steplabel-agent worth`: what each gap of a period took, in energy, CO2 and money; and what a
good costs at the EU's border.

`worth --site FILE --period PERIOD` gives the gaps of the local report as figures; `worth cbam
--good GOOD …` asks for one good alone, without a site. Nothing of either leaves the machine.
"""

from __future__ import annotations

from argparse import Namespace, _SubParsersAction
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from benchmarks.phrases import Phrase
from reporting_agent.command_parser import amount, country, day, precursor, year
from reporting_agent.commands import add_language, add_period, add_site

if TYPE_CHECKING:
    from benchmarks.guidance.cbam import Input, Payable
    from benchmarks.routes import Pack
    from reporting_agent.analysis.energy_costs.amounts import Amount
    from reporting_agent.analysis.energy_costs.cbam import BorderCost
    from reporting_agent.analysis.waste.gap_parts import StepLosses

CBAM = "cbam"
OF_CBAM = (
    "good",
    "origin",
    "year",
    "route",
    "emissions",
    "precursor",
    "price",
    "paid_at_home",
    "known",
)
PARTS = ("gap", "explained", "within_uncertainty", "avoidable", "unexplained")


def add_parser(sub: _SubParsersAction[Any]) -> None:
    """Declare the subcommand."""
    parser = sub.add_parser(
        "worth",
        help="energy, CO2 and money of each gap of a site; with cbam, what a good costs at the "
        "EU's border",
    )
    parser.add_argument(
        "of",
        nargs="?",
        choices=(CBAM,),
        help="a good at the border of the European Union (CBAM) instead of a site",
    )
    add_site(parser, required=False)
    add_period(parser, required=False)
    border = parser.add_argument_group("cbam")
    border.add_argument(
        "--good",
        metavar="GOOD",
        help="hot-rolled-flat, grey-clinker, primary-aluminium, or a CN code of 4 to 10 digits",
    )
    border.add_argument(
        "--origin", type=country, metavar="CC", help="country in which it was made, ISO 3166-1"
    )
    border.add_argument("--year", type=year, metavar="Y", help="year of import")
    border.add_argument(
        "--route",
        default="",
        metavar="R",
        help="A, B clinker; C, D, E steel; K, L aluminium (docs/tariffs.md)",
    )
    border.add_argument(
        "--emissions",
        type=amount,
        metavar="T",
        help="t CO2e a tonne as attested; without it default values hold",
    )
    border.add_argument(
        "--precursor",
        type=precursor,
        action="append",
        default=[],
        metavar="CN[:R]=T",
        help="what went in, tonnes a tonne; with --emissions",
    )
    border.add_argument(
        "--price",
        type=amount,
        metavar="EUR",
        help="of a certificate; without it that of an act, where one is held",
    )
    border.add_argument(
        "--paid-at-home",
        type=amount,
        default=Decimal(0),
        metavar="EUR",
        help="carbon price paid at home, a tonne of goods",
    )
    border.add_argument(
        "--known", type=day, metavar="DAY", help="the law as published by that day (default: today)"
    )
    add_language(parser)
    parser.set_defaults(wrong_usage=parser.error, default_of=parser.get_default)


def run(args: Namespace) -> int:
    """Work it out and print it."""
    if args.of == CBAM:
        if args.site or args.period:
            args.wrong_usage(
                Phrase("cbam asks for one good, without a site: leave out --site and --period")
            )
        if not (args.good and args.origin and args.year):
            args.wrong_usage(Phrase("give --good GOOD, --origin CC and --year Y"))
        if args.precursor and args.emissions is None:
            args.wrong_usage(
                Phrase("--precursor counts on attested emissions alone: give --emissions, too")
            )
        return _cbam(args)
    if not (args.site and args.period):
        args.wrong_usage(
            Phrase("give --site FILE and --period PERIOD, or cbam with --good, --origin and --year")
        )
    if of_cbam := [
        f"--{name.replace('_', '-')}"
        for name in OF_CBAM
        if getattr(args, name) != args.default_of(name)
    ]:
        args.wrong_usage(
            Phrase(
                "only cbam takes %(options)s; what a site sells stands in its [[border]]",
                options=", ".join(of_cbam),
            )
        )
    return _site(args)


def _cbam(args: Namespace) -> int:
    from benchmarks.guidance.cbam import AttestedEmissions, Goods, payable
    from benchmarks.guidance.goods import NAMED
    from reporting_agent.console import emit

    code, route = NAMED.get(args.good, (args.good, ""))
    attested = (
        None if args.emissions is None else AttestedEmissions(args.emissions, tuple(args.precursor))
    )
    goods = Goods(code, args.origin, args.route or route, attested)
    known_on = args.known or datetime.now(UTC).date()
    imported = known_on if args.year == known_on.year else date(args.year, 12, 31)
    cost = payable(goods, imported, known_on, price=args.price, paid_at_home=args.paid_at_home)
    if known_on > datetime.now(UTC).date():
        cost = replace(
            cost,
            caveats=(
                *cost.caveats,
                Phrase(
                    "%(day)s is still to come: later acts may change this.",
                    day=known_on.isoformat(),
                ),
            ),
        )
    payload = {
        "good": args.good,
        "cn_code": code,
        "origin": goods.origin,
        "route": cost.route,
        "year": args.year,
    }
    emit(args, payload | _days(imported, known_on) | _payable(cost), _as_text(args, cost))
    return 0


def _site(args: Namespace) -> int:
    from benchmarks.catalogue import in_language
    from reporting_agent.analysis import analyse
    from reporting_agent.analysis.energy_costs.cbam import border_costs
    from reporting_agent.changes.questioned_label import labelled
    from reporting_agent.commands.border_lines import border_lines
    from reporting_agent.config import load_site
    from reporting_agent.console import emit, say

    site = load_site(args.site)
    label = labelled(site, args.period, datetime.now(UTC))
    for remark in label.later:
        say(remark)
    losses, in_question = analyse(site, label).losses, {step for step, *_ in label.doubtful}
    border = border_costs(site.border, datetime.now(site.zone).date())
    payload = {
        "schema": "steplabel/worth/1",
        "site": site.id,
        "period": args.period,
        "currency": None if site.tariff is None else site.tariff.currency,
        "steps": [_loss(loss, in_question) for loss in losses],
        "border": [_border(cost) for cost in border],
    }
    of_gaps = _lines(args.lang, label.result.data.pack, losses, in_question)
    emit(
        args,
        payload,
        "\n".join([*of_gaps, *(in_language(line, args.lang) for line in border_lines(border))]),
    )
    return 0


def _loss(loss: StepLosses, in_question: set[str]) -> dict[str, Any]:
    """One label: its gap and the parts of it over the period; `counted` labels may be added up
    across steps.
    """
    return {
        "step": loss.step,
        "product": loss.product,
        "variant": loss.variant,
        "metric": str(loss.metric),
        "label": loss.label,
        "unit": loss.unit,
        "energy_unit": loss.energy_unit,
        "counted": loss.counted,
        "in_question": loss.step in in_question,
        **{part: _in_units(getattr(loss, part)) for part in PARTS},
        "co2_missing": None if loss.co2_reason is None else loss.co2_reason.en,
        "money_missing": None if loss.money_reason is None else loss.money_reason.en,
    }


def _in_units(amount: Amount) -> dict[str, float | None]:
    return {
        "energy": amount.energy,
        "kwh": amount.kwh,
        "tce": amount.kgce / 1000,
        "co2_t": None if amount.co2_kg is None else amount.co2_kg / 1000,
        "money": amount.money,
    }


def _border(cost: BorderCost) -> dict[str, Any]:
    from benchmarks.errors import InputError

    def answer(payable: Payable | InputError | None) -> dict[str, Any] | None:
        if isinstance(payable, InputError):
            return {"error": payable.to_json()}
        return None if payable is None else _payable(payable)

    goods = cost.goods
    years = [
        {"year": year.year, "default": answer(year.default), "attested": answer(year.attested)}
        for year in cost.years
    ]
    return {
        "cn_code": goods.cn_code,
        "origin": goods.origin,
        "route": goods.route,
        "known": cost.known.isoformat(),
        "years": years,
    }


def _days(imported: date, known_on: date) -> dict[str, str]:
    return {"imported": imported.isoformat(), "known": known_on.isoformat()}


def _payable(payable: Payable) -> dict[str, Any]:
    """Per tonne of the goods; every input with the act that settles it."""
    return {
        "basis": payable.basis,
        "emissions_t_per_t": float(payable.emissions),
        "free_t_per_t": float(payable.free),
        "certificates_t_per_t": float(payable.certificates),
        "price_eur_per_t": None if payable.price is None else float(payable.price),
        "cost_eur_per_t": None if payable.cost is None else float(payable.cost),
        "inputs": [_input(figure) for figure in payable.inputs],
        "caveats": [str(caveat) for caveat in payable.caveats],
    }


def _input(figure: Input) -> dict[str, Any]:
    act = figure.act
    source = None
    if act is not None:
        dates = {"published": act.published.isoformat(), "applies": act.applies.isoformat()}
        source = {"act": act.id, "title": act.title.en, **dates, "confidence": act.confidence}
    return {
        "name": figure.name,
        "of": figure.of or None,
        "value": float(figure.value),
        "unit": figure.unit,
        "source": source,
    }


def _as_text(args: Namespace, payable: Payable) -> str:
    from benchmarks.catalogue import in_language
    from benchmarks.guidance.act_rows import in_words
    from benchmarks.guidance.goods import called
    from reporting_agent.report.words import words

    names = words(args.lang)["border"]
    head = Phrase(
        "%(good)s from %(origin)s, imported in %(year)s: certificates for %(tonnes)s t CO2e per "
        "tonne of goods.",
        good=called(args.good),
        origin=args.origin,
        year=str(args.year),
        tonnes=f"{payable.certificates:.3f}",
    )
    lines = [in_language(head, args.lang)]
    if payable.route:
        lines.append(
            in_language(
                Phrase("Route of production: %(route)s.", route=in_words(payable.route)), args.lang
            )
        )
    if payable.cost is not None:
        lines.append(
            in_language(
                Phrase("Cost: %(euro)s EUR per tonne of goods.", euro=f"{payable.cost:,.2f}"),
                args.lang,
            )
        )
    lines.append(names["formula_text"])
    for figure in payable.inputs:
        name = " ".join(part for part in (names[figure.name.replace("-", "_")], figure.of) if part)
        value = _value(figure)
        source = (
            in_language(Phrase("entered"), args.lang)
            if figure.act is None
            else figure.act.title.said_in(args.lang)
        )
        lines.append(
            "  "
            + in_language(
                Phrase("%(name)s: %(value)s (%(source)s)", name=name, value=value, source=source),
                args.lang,
            )
        )
    return "\n".join([*lines, *(in_language(caveat, args.lang) for caveat in payable.caveats)])


def _value(figure: Input) -> str:
    if figure.name == "mark-up":
        return f"{(100 * figure.value).normalize():f} %"
    return f"{figure.value.normalize():f} {figure.unit}".removesuffix(" 1")


def _lines(
    lang: str, pack: Pack, losses: tuple[StepLosses, ...], in_question: set[str]
) -> list[str]:
    from benchmarks.catalogue import in_language
    from reporting_agent.report.figures import NOTHING, shown
    from reporting_agent.report.words import label_name

    lines = []
    for loss in losses:
        gap = loss.gap
        line = Phrase(
            "%(name)s: above the label %(energy)s %(unit)s, %(tce)s tce, %(co2)s t CO2, "
            "%(money)s; avoidable %(avoidable)s %(unit)s.",
            name=label_name(pack.step(loss.step), loss.product, loss.variant, loss.metric, lang),
            energy=shown(gap.energy),
            unit=loss.energy_unit,
            tce=shown(gap.kgce / 1000),
            co2=NOTHING if gap.co2_kg is None else shown(gap.co2_kg / 1000),
            money=NOTHING if gap.money is None else f"{shown(gap.money)} {loss.currency}",
            avoidable=shown(loss.avoidable.energy),
        )
        parts = Phrase(
            "Of this, explained %(explained)s, within the uncertainty %(uncertain)s, unexplained "
            "%(unexplained)s %(unit)s.",
            explained=shown(loss.explained.energy),
            uncertain=shown(loss.within_uncertainty.energy),
            unexplained=shown(loss.unexplained.energy),
            unit=loss.energy_unit,
        )
        lines += [in_language(line, lang), "  " + in_language(parts, lang)]
        if not loss.counted:
            lines.append(
                "  "
                + in_language(
                    Phrase("This energy is part of the total of its step: do not add the two."),
                    lang,
                )
            )
        missing = [reason for reason in (loss.co2_reason, loss.money_reason) if reason is not None]
        lines += [f"  {reason.said_in(lang)}" for reason in missing]
        if loss.step in in_question:
            lines.append(
                "  "
                + in_language(Phrase("Findings put this label in doubt: see the report."), lang)
            )
    last = Phrase(
        "Energy is priced at the site's own tariff, without demand charges or a carbon price. The "
        "whole gap is not waste: "
        "only its avoidable part is."
    )
    return [
        *lines,
        in_language(
            last if lines else Phrase("No label has a value, so there is no energy above a label."),
            lang,
        ),
    ]
