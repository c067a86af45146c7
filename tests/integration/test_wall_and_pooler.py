"""Nothing of a reader stays on a connection: a pooler gives it to another request after each
transaction.
"""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal.standings.models import ProtectedValue
from tests.integration import test_wall as walled

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(databases=["default", "vault"], transaction=True),
    pytest.mark.usefixtures("portal_keys"),
]


def test_nothing_of_a_reader_stays_on_the_connection() -> None:
    mine = walled.build_scene().plants[0]
    client = Client()
    client.force_login(mine.owner)
    with CaptureQueriesContext(connection) as asked:
        assert client.get(walled.path_of(mine.site)).status_code == 200
    assert any(
        f"'steplabel.reader', 'person:{mine.owner.pk}', true" in query["sql"]
        for query in asked.captured_queries
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(current_setting('steplabel.reader', true), '')")
        assert cursor.fetchone() == ("",)
    assert ProtectedValue.objects.values("submission__site").distinct().count() == 2
