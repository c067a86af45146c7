"""Of which classes a plant is."""

from __future__ import annotations

import pytest

from extras.best_groups.publishing import age_of, region_of


@pytest.mark.parametrize(
    ("since", "age"),
    [
        (None, "not-stated"),
        (1999, "before-2000"),
        (2000, "2000-to-2009"),
        (2009, "2000-to-2009"),
        (2010, "2010-to-2019"),
        (2019, "2010-to-2019"),
        (2020, "since-2020"),
    ],
)
def test_a_plant_is_of_the_age_in_which_it_began_to_run(since: int | None, age: str) -> None:
    assert age_of(since) == age


@pytest.mark.parametrize(
    ("path", "scope", "region"),
    [
        ("cn/he/tangshan", "cn", "cn/he"),
        ("cn/he", "cn", "cn/he"),
        ("cn", "cn", "not-in-a-part"),
        ("cn/he/tangshan", "cn/he", "cn/he/tangshan"),
        ("dex/a", "de", "not-in-a-part"),  # a prefix of letters is no jurisdiction
    ],
)
def test_a_site_lies_in_the_part_of_the_scope_one_level_below_it(
    path: str, scope: str, region: str
) -> None:
    assert region_of(path, scope) == region
