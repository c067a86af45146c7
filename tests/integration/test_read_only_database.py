"""A replica refuses writes until it has taken the primary's place: the portal is away for a moment,
and nothing is wrong with it.
"""

from __future__ import annotations

import pytest
from django.db import InternalError, ProgrammingError, connection, transaction

from portal.problems import is_away

pytestmark = [pytest.mark.postgres, pytest.mark.django_db]


def run(statement: str, *, read_only: bool) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        if read_only:
            cursor.execute("SET TRANSACTION READ ONLY")
        cursor.execute(statement)


def test_a_database_that_is_still_read_only_is_away() -> None:
    with pytest.raises(InternalError) as raised:
        run("DELETE FROM accounts_site", read_only=True)
    assert is_away(raised.value)


def test_a_statement_of_ours_that_is_wrong_is_not() -> None:
    with pytest.raises(ProgrammingError) as raised:
        run("DELETE FROM", read_only=False)
    assert not is_away(raised.value)
