"""A published list is cited so that its reader finds it again, and can tell what its money is
worth.
"""

from __future__ import annotations

from benchmarks.guidance.practices import Library


def test_the_list_of_cement_names_its_title_edition_and_dollars_in_both_languages() -> None:
    listing = next(each for each in Library.held().lists if each.id == "best-cement")
    for text, edition, dollars in (
        (listing.words.en, "30 September 2025", "US dollars of a year that it does not state"),
        (listing.words.by_language["zh"], "2025 年 9 月 30 日", "美元，未注明年份"),
    ):
        assert "Benchmarking and Energy Savings Tool (BEST) Cement" in text
        assert edition in text
        assert dollars in text
