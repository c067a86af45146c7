"""The list of practices offers no filter that can only find nothing."""

from __future__ import annotations

from django.http import QueryDict

from benchmarks.guidance.practices import Library
from portal.web.presenters.practices import library_page


def test_only_causes_are_offered_that_a_practice_is_held_against() -> None:
    library = Library.held()
    held = {str(one.cause) for one in library.practices if one.cause}
    assert {one.value for one in library_page(library, QueryDict("")).causes} == {"", *held}
    assert "low-load" in {one.value for one in library_page(library, QueryDict("cause=low-load")).causes}, "what is asked stays visible"
