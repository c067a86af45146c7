"""A list of thousands in one sentence: a register of a country names as many people, a refusal as
many batches.
"""

from __future__ import annotations

import pytest
from django.utils import translation

from benchmarks import catalogue
from benchmarks.phrases import Phrase, alternatives, clauses, enumerated, listed, sentences
from portal.sentences import in_words

NAMES = [f"site {number}" for number in range(3_000)]


@pytest.mark.parametrize(
    ("put_together", "between"),
    [(enumerated, ", "), (alternatives, " or "), (clauses, ", "), (listed, "; "), (sentences, " ")],
)
@pytest.mark.parametrize("count", [1, 2, 3, 5, 3_000])
def test_items_stand_in_their_order(put_together: object, between: str, count: int) -> None:
    assert callable(put_together)
    assert put_together(NAMES[:count]) == between.join(NAMES[:count])


def test_a_list_of_thousands_is_said_in_another_language() -> None:
    sentence = Phrase("Not in this file: %(people)s.", people=listed(NAMES))
    with translation.override("zh-hans"):
        on_a_page = in_words(sentence)
    for text in (on_a_page, catalogue.in_language(sentence, "zh")):
        assert "site 0；" in text
        assert "；site 2999" in text
