"""Labels as they are kept, and by which rule a group of several sectors is counted."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any, cast

import pytest

from benchmarks import packs
from benchmarks.phrases import Name
from extras.sharing import group_counts
from extras.sharing.labels import LabelRow, Labels
from extras.sharing.models import GroupMember


def member(pack: str | None) -> GroupMember:
    return cast(
        GroupMember, SimpleNamespace(site=None if pack is None else SimpleNamespace(pack=pack))
    )


def test_a_group_of_several_sectors_is_counted_by_the_strictest_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    policies = {"cement": (8, 3), "steel": (5, 6), "glass": (20, 9)}

    def versions(pack: str) -> list[Any]:
        fewest, least = policies[pack]
        return [
            SimpleNamespace(
                disclosure=SimpleNamespace(fewest_firms=fewest, least_changed_participants=least)
            )
        ]

    monkeypatch.setattr(packs, "versions", versions)
    monkeypatch.setattr(packs, "available", lambda: list(policies))
    assert group_counts._policy([member("steel")]) == (5, 6)
    assert group_counts._policy([member("cement"), member("steel"), member(None)]) == (8, 6)
    assert group_counts._policy([member(None)]) == (20, 9), (
        "of no known sector: the strictest that there is"
    )


def test_a_member_shows_the_steps_that_it_chose_and_comes_back_from_what_was_kept() -> None:
    rows = tuple(
        LabelRow(step, "p", "any", "total", "MJ/t", "b", 1.0, 2.0, None, None, 1)
        for step in ("kiln", "mill", "kiln")
    )
    labels = Labels(
        Name("Firm"),
        "works-1",
        Name("Works"),
        "cement",
        "3",
        "dry",
        "2016",
        1,
        "ab",
        7,
        "2017-06-01T00:00:00+00:00",
        rows,
    )
    assert [row.step for row in labels.only(["kiln"]).rows] == ["kiln", "kiln"]
    assert labels.only([]).rows == ()
    assert Labels.from_json(json.loads(json.dumps(labels.to_json()))).rows == rows
