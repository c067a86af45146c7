"""The short form of the chain of outages; `python -m tests.functional.outages --long` is the
whole.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.functional.outages.__main__ import failures, summary_line
from tests.functional.outages.chain import run
from tests.functional.outages.procedures import lines_of

pytestmark = pytest.mark.xdist_group("outages")


@pytest.mark.long
@pytest.mark.timeout(1_200)
def test_what_is_told_is_kept_through_outages_and_the_control_loses(
    record_property: Callable[[str, object], None],
) -> None:
    result = run(long=False)
    record_property("outages", summary_line(result))
    assert failures(result) == []


def test_every_procedure_of_the_runbook_is_written_as_lines_that_a_shell_takes() -> None:
    for heading, begins in (
        ("An archive", "createuser"),
        ("A replica", "createuser"),
        ("Failover", "pg_ctl"),
        ("Back to a moment", "psql"),
    ):
        assert lines_of(heading)[0].startswith(begins), heading
