"""Which row of an act's table holds for goods: that of the code with the most digits in common and,
where it matters, of the route.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from benchmarks.errors import InputError
from benchmarks.guidance.acts import Act
from benchmarks.phrases import Phrase

ROUTES = {
    "A": Phrase("grey clinker"),
    "B": Phrase("white clinker"),
    "C": Phrase("blast furnace"),
    "D": Phrase("direct reduction"),
    "E": Phrase("steel scrap"),
    "K": Phrase("primary aluminium"),
    "L": Phrase("secondary aluminium"),
}
"""What the acts' letters of a route stand for."""


def rows_of(rows: Sequence[dict[str, str]], code: str, route: str) -> list[dict[str, str]]:
    """The rows of the goods, those with the most digits in common alone; a row of several routes
    stands for each.
    """
    digits = re.sub(r"\D", "", code)
    of_route = [
        row for row in rows if not route or not row["route"] or route in row["route"].split("/")
    ]
    common = [_common(row["cn_code"], digits) for row in of_route]
    most = max(common, default=0)
    return [
        row
        for row, digits_alike in zip(of_route, common, strict=True)
        if most and digits_alike == most
    ]


def _common(of_row: str, digits: str) -> int:
    """Digits in common where one code begins with the other; 0 where they part. An x in the act's
    code stands for any digit.
    """
    shorter = min(len(of_row), len(digits))
    alike = all(theirs in ("x", ours) for theirs, ours in zip(of_row, digits, strict=False))
    return shorter if alike and shorter >= 4 else 0


def in_words(route: str) -> Phrase | str:
    """A letter of a route with what it stands for; one that no act uses, as it was written."""
    return (
        Phrase("%(letter)s (%(words)s)", letter=route, words=ROUTES[route])
        if route in ROUTES
        else route
    )


def only_row(
    matches: list[dict[str, str]],
    code: str,
    route: str,
    act: Act,
    all_rows: Sequence[dict[str, str]],
) -> dict[str, str]:
    """The one row of the `matches` for the code and the route among `all_rows`.

    Raises:
        InputError: none was, here or by this route (`border-goods-unknown`), or several, or one of
            some of the goods that the code covers (`border-goods-ambiguous`).
    """
    if len(matches) == 1 and not matches[0]["cn_code"][len(re.sub(r"\D", "", code)) : 8].strip("0"):
        return matches[0]
    by_other_routes = (
        ""
        if matches
        else ", ".join(
            dict.fromkeys(row["route"] for row in rows_of(all_rows, code, "") if row["route"])
        )
    )
    if by_other_routes:
        raise InputError(
            "border-goods-unknown",
            Phrase(
                "%(act)s contains no value for goods with the code %(code)s by route %(route)s.",
                act=act.title,
                code=code,
                route=in_words(route),
            ),
            Phrase("Available by route: %(routes)s.", routes=by_other_routes),
        )
    chapter = re.sub(r"\D", "", code)[:2]
    listed = matches or [row for row in all_rows if row["cn_code"].startswith(chapter)]
    near = "; ".join(
        dict.fromkeys(
            f"{row['cn_code']} {row['goods']}" + (f" ({row['route']})" if row["route"] else "")
            for row in listed
        )
    )
    if matches:
        raise InputError(
            "border-goods-ambiguous",
            Phrase("The code %(code)s covers several goods in %(act)s.", code=code, act=act.title),
            Phrase(
                "Give more digits of the code, or the letter in brackets as `route` (`--route`): "
                "%(near)s.",
                near=near,
            ),
        )
    raise InputError(
        "border-goods-unknown",
        Phrase(
            "%(act)s contains no value for goods with the code %(code)s.", code=code, act=act.title
        ),
        Phrase("Available: %(near)s.", near=near or "-"),
    )
