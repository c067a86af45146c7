"""The codebook: every column of the published CSV with its unit, its meaning in both languages, and where it comes from."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from benchmarks import catalogue
from benchmarks.composition.curve import LADDERS
from benchmarks.phrases import Phrase

FIELDS = ("variable", "unit", "meaning_en", "meaning_zh", "source")
OWN = "unit of the row"
PACK, COMPOSED, GATE, PORTAL = "method pack", "composition", "disclosure gate", "publication"


@dataclass(frozen=True, slots=True)
class Variable:
    """One column. `unit` is a unit, `unit of the row` for the column `unit`, or empty for words and codes."""

    name: str
    unit: str
    source: str
    meaning: Phrase


def _curve() -> tuple[Variable, ...]:
    found = []
    for percent in sorted({percent for ladder in LADDERS for percent in ladder}):
        name = f"p{percent}"
        found += [
            Variable(
                name,
                OWN,
                COMPOSED,
                Phrase(
                    "value that %(percent)s %% of the firms stay at or below with their own best (not with their "
                    "typical batch), by the row's averaging",
                    percent=percent,
                ),
            ),
            Variable(f"{name}_low", OWN, COMPOSED, Phrase("lower end of the 95 %% interval of %(name)s", name=name)),
            Variable(f"{name}_high", OWN, COMPOSED, Phrase("upper end of the 95 %% interval of %(name)s", name=name)),
        ]
    return tuple(found)


def _saved() -> tuple[Variable, ...]:
    meanings = (
        ("typical", Phrase("what firms would save on average if those above the typical value came down to it (typical batches)")),
        ("best", Phrase("what firms would save on average if those above the industry's best came down to it (typical batches)")),
    )
    ends = (("low", Phrase("lower end of its 95 % interval")), ("high", Phrase("upper end of its 95 % interval")))
    return tuple(
        one
        for to, meaning in meanings
        for one in (
            Variable(f"saved_at_{to}", OWN, COMPOSED, meaning),
            *(Variable(f"saved_at_{to}_{end}", OWN, COMPOSED, told) for end, told in ends),
        )
    )


CODEBOOK: tuple[Variable, ...] = (
    Variable("pack", "", PACK, Phrase("sector, by the id of its method pack")),
    Variable("pack_version", "", PACK, Phrase("version of the method pack")),
    Variable(
        "jurisdiction",
        "",
        PORTAL,
        Phrase("whose firms: path of the jurisdiction, from the nation down (cn/he/tangshan)"),
    ),
    Variable("route", "", PACK, Phrase("route: which steps are put together, with which reference ratios")),
    Variable(
        "period",
        "",
        PORTAL,
        Phrase("reporting period; two dates are half-open, the second is the first day after it"),
    ),
    Variable("version", "", PORTAL, Phrase("version of this publication; a figure is cited with it")),
    Variable("status", "", PORTAL, Phrase("published, or withdrawn: do not use")),
    Variable("published_on", "date", PORTAL, Phrase("day of publication")),
    Variable(
        "step",
        "",
        PACK,
        Phrase("production step; route-total, best-reached-total and typical-total are totals of the route"),
    ),
    Variable("product", "", PACK, Phrase("product that energy is counted per tonne of")),
    Variable("variant", "", PACK, Phrase("grade of the product; values of two variants are never compared")),
    Variable(
        "boundary",
        "",
        PACK,
        Phrase("which carriers and equipment count; values of two boundaries are never compared"),
    ),
    Variable("metric", "", PACK, Phrase("total (comprehensive energy), electricity or thermal")),
    Variable("unit", "", PACK, Phrase("unit of the row's figures")),
    Variable(
        "best",
        OWN,
        COMPOSED,
        Phrase("the industry's best, by the rule of the row; for totals the value of the total"),
    ),
    Variable("best_low", OWN, COMPOSED, Phrase("lower end of its 95 % interval")),
    Variable("best_high", OWN, COMPOSED, Phrase("upper end of its 95 % interval")),
    Variable(
        "typical",
        OWN,
        COMPOSED,
        Phrase("typical batch of the firm in the middle, by the row's averaging"),
    ),
    Variable("typical_low", OWN, COMPOSED, Phrase("lower end of its 95 % interval")),
    Variable("typical_high", OWN, COMPOSED, Phrase("upper end of its 95 % interval")),
    Variable("rule", "", PACK, Phrase("how the best is formed; it goes by the number of firms")),
    Variable(
        "averaging",
        "",
        COMPOSED,
        Phrase(
            "what stands at a rank (typical, p10 to p90): five-ranks, the mean of the five firms around it; "
            "single-rank, one firm, in versions published before"
        ),
    ),
    Variable("firms", "firms", COMPOSED, Phrase("controlling firms that enter, with one site each")),
    Variable(
        "pooled_firms",
        "firms",
        COMPOSED,
        Phrase("of these, firms whose value covers several years, for want of runs"),
    ),
    Variable(
        "in_part_firms",
        "firms",
        COMPOSED,
        Phrase("of these, firms whose value tells of part of its time: in some months fewer than five valid batches began"),
    ),
    Variable("shown", "", GATE, Phrase("true, or false where the gate holds the figures back")),
    Variable("reason_code", "", GATE, Phrase("why it is shown or not, as a code")),
    Variable("reason", "", GATE, Phrase("the same as a sentence")),
    Variable("source", "", PORTAL, Phrase("how the row is cited")),
    *(
        Variable(
            f"quarter_{place}",
            "sites",
            COMPOSED,
            Phrase("sites sure to lie in quarter %(place)s, 1 the least energy", place=place),
        )
        for place in range(1, 5)
    ),
    Variable("quarter_untold", "sites", COMPOSED, Phrase("sites whose quarter cannot be told")),
    *_saved(),
    Variable("break_since", "", PORTAL, Phrase("version that a series had before this one; empty for the first")),
    Variable(
        "breaks",
        "",
        PORTAL,
        Phrase(
            "defined otherwise than there (pack-version, pack-content, boundary, unit, ratio, rule, "
            "averaging, years, new, gone); empty: nothing"
        ),
    ),
    *_curve(),
)


def _over_years() -> tuple[Variable, ...]:
    """Columns of a sector over its years: those of a version that it keeps, then what moved."""
    kept = (
        *("pack", "pack_version", "jurisdiction", "route", "period", "version", "published_on", "step", "product", "variant"),
        *("boundary", "metric", "unit", "firms", "break_since", "breaks"),
    )
    known = {one.name: one for one in CODEBOOK}
    told = {"best": known["best"].meaning, "typical": known["typical"].meaning}
    told["spread"] = Phrase("how far the firms' lower and upper quartile lie apart; between tenths a quartile lies midway")
    told |= {name: known[name].meaning for name in ("saved_at_typical", "saved_at_best")}
    moved = Phrase("by how much it moved since break_since; empty where something is defined otherwise")
    told |= {f"{name}_moved": moved for name in ("best", "typical", "spread")}
    figures = [
        Variable(f"{name}{end}", OWN, COMPOSED, known[f"best{end}"].meaning if end else meaning)
        for name, meaning in told.items()
        for end in ("", "_low", "_high")
    ]
    digest = Variable("digest", "", PORTAL, Phrase("SHA-256 of the signed document that the figures stand in"))
    return (*(known[name] for name in kept), *figures, digest)


OVER_YEARS = _over_years()
EVERY_COLUMN = (*CODEBOOK, *(one for one in OVER_YEARS if one.name not in {known.name for known in CODEBOOK}))


def codebook_csv() -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(FIELDS)
    writer.writerows((one.name, one.unit, str(one.meaning), catalogue.in_language(one.meaning, "zh"), one.source) for one in EVERY_COLUMN)
    return out.getvalue()
