"""What is made once for a module is made in one process, however many there are."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def costly() -> list[int]:
    return []


def test_who_uses_what_the_module_makes_once_goes_where_the_others_of_it_go(
    costly: list[int], request: pytest.FixtureRequest
) -> None:
    marker = request.node.get_closest_marker("xdist_group")
    assert marker is not None
    assert marker.args == ("tests/unit/house/test_shared_work.py",)


def test_who_uses_nothing_of_it_goes_anywhere(request: pytest.FixtureRequest) -> None:
    assert request.node.get_closest_marker("xdist_group") is None
