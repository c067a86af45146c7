"""Where a site stands, as a file: its protected values beside the published label, a row a step and
metric.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.label_keys import LabelKey
from portal.publication.shapes import LabelView
from portal.standings.selectors import StandView
from portal.web.words.terms import Names

COLUMNS = (
    *(
        "site",
        "period",
        "step",
        "product",
        "variant",
        "metric",
        "unit",
        "protected_best",
        "protected_typical",
        "low",
        "high",
    ),
    *("place_low", "place_high", "of", "quarter", "score_low", "score_high"),
    *(
        "industry_best",
        "industry_low",
        "industry_high",
        "industry_typical",
        "step_name",
        "variant_name",
    ),
)
"""`low` and `high` bound the true value of the best with 95 %; names are in the reader's language,
beside the codes.
"""


def stand_table(
    stand: StandView, label: LabelView, names: Names
) -> tuple[Sequence[str], Iterator[Sequence[object]]]:
    cells = {LabelKey.of(cell): cell for cell in label.cells}

    def rows() -> Iterator[Sequence[object]]:
        for standing in (*stand.steps, *((stand.route,) if stand.route else ())):
            industry = cells.get(LabelKey.of(standing))
            yield (
                *(
                    stand.report.site,
                    stand.report.period,
                    standing.step,
                    standing.product,
                    standing.variant,
                    standing.metric,
                    standing.unit,
                ),
                *(
                    standing.value,
                    "" if standing.typical is None else standing.typical,
                    *(standing.interval or ("", "")),
                    *(standing.rank_interval or ("", "")),
                    standing.of or "",
                    standing.band or "",
                ),
                *(standing.score or ("", "")),
                *(
                    ("", "", "", "")
                    if industry is None
                    else (industry.best, *(industry.interval or ("", "")), industry.typical)
                ),
                *(
                    names.step_name(standing.step),
                    names.variant_name(standing.step, standing.variant),
                ),
            )

    return COLUMNS, rows()
