"""Where each label stands on the page: a place that no other has, whatever letters its names are
of.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from reporting_agent.report.view import LabelGroup


def test_products_in_another_script_have_places_of_their_own_on_the_page() -> None:
    step: Any = SimpleNamespace(id="eaf")
    main_label: Any = SimpleNamespace()
    places = [
        LabelGroup(step, product, "", (), main_label, (), None).anchor
        for product in ("\u78b3\u94a2", "\u5408\u91d1", "steel", "")
    ]
    assert len(set(places)) == 4
    assert places[2:] == ["eaf-steel", "eaf"]
    assert all(place.isascii() and " " not in place for place in places)
