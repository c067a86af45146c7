"""A parametrisation over nothing is a fault: what should have been its cases is gone, and pytest
would skip the test without a word.
"""

from __future__ import annotations

import pytest
from _pytest.mark import get_empty_parameterset_mark


def test_a_test_whose_list_of_cases_is_empty_is_refused(pytestconfig: pytest.Config) -> None:
    with pytest.raises(pytest.Collector.CollectError, match="Empty parameter set"):
        get_empty_parameterset_mark(
            pytestconfig, ["page"], test_a_test_whose_list_of_cases_is_empty_is_refused
        )
