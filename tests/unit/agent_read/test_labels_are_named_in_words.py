"""The terminal names a label as the local report does: in the pack's words and in the reader's
language, never by ids.
"""

from __future__ import annotations

from benchmarks import packs
from benchmarks.measurements import Metric
from reporting_agent.report.words import label_name

CEMENT = packs.load("cement", "1")


def test_a_label_is_named_in_the_packs_words() -> None:
    grinding = CEMENT.step("cement-grinding")
    assert (
        label_name(grinding, "cement", "any", Metric.ELECTRICITY, "en")
        == "Cement grinding · any cement · electricity"
    )
    assert (
        label_name(grinding, "cement", "any", Metric.TOTAL, "zh")
        == "水泥粉磨 · 不分品种 · 综合能耗"
    )


def test_a_variant_that_tells_nothing_apart_is_left_out_and_a_product_of_the_logs_own_stands() -> (
    None
):
    crushing = CEMENT.step("crushing-prehomogenisation")
    assert [variant.id for variant in crushing.variants] == ["any"]
    assert (
        label_name(crushing, crushing.product, "any", Metric.TOTAL, "en")
        == "Crushing and prehomogenisation · comprehensive energy"
    )
    assert "gravel" in label_name(crushing, "gravel", "any", Metric.TOTAL, "en")
