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
    industry = {LabelKey.of(cell): (cell.best, cell.interval, cell.typical) for cell in label.cells}
    if stand.route is not None:
        route = label.composite
        industry[LabelKey.of(stand.route)] = (route.value, route.interval, label.typical.value)

    def rows() -> Iterator[Sequence[object]]:
        for standing in (*stand.steps, *((stand.route,) if stand.route else ())):
            best, interval, typical = industry.get(LabelKey.of(standing), (None, None, None))
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
                    *([round(end, 4) for end in standing.interval or ()] or ("", "")),
                    *(standing.rank_interval or ("", "")),
                    standing.of or "",
                    standing.band or "",
                ),
                *(standing.score or ("", "")),
                *("" if best is None else best, *(interval or ("", ""))),
                "" if typical is None else typical,
                *(
                    names.step_name(standing.step),
                    names.variant_name(standing.step, standing.variant),
                ),
            )

    return COLUMNS, rows()
