"""The portal's processes behind PgBouncer in transaction mode: each transaction may be on another
server than the one before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from tests.functional.installation.conftest import Installation, as_user
from tests.functional.installation.test_the_worker import sent, settled
from tests.servers import pgbouncer

pytestmark = [
    pytest.mark.long,
    pytest.mark.postgres,
    pytest.mark.redis,
    pytest.mark.xdist_group("installation"),
]

READ_SLOWLY = """
from django.db import connection
from portal.accounts.models import Site
with_cursors = {with_cursors}
if with_cursors:
    connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"] = False
others = [connection.copy() for _ in range(3)]
for other in others:
    other.set_autocommit(False)
    other.cursor().execute("SELECT 1")  # each holds a server of its own
for other in others:
    other.commit()
    other.close()
print(len([site.slug for site in Site.objects.order_by("pk").iterator(chunk_size=1)]))
"""


@pytest.fixture(scope="module")
def pooled(installation: Installation) -> Iterator[Installation]:
    """The same databases, reached by every role through PgBouncer, and a web server of its own."""
    default, vault = installation.default_url, installation.vault_url
    worker = urlsplit(vault)._replace(path=urlsplit(default).path).geturl()
    with pgbouncer.serve(default, vault, worker, as_user(default, installation.owner)) as (
        through,
        vault_through,
        *_,
    ):
        installed = replace(installation, default_url=through, vault_url=vault_through)
        with installed.served():
            yield installed


def test_a_report_is_taken_and_opened_and_pages_are_read(
    installation: Installation, pooled: Installation
) -> None:
    plant = pooled.enrol(f"works-{len(installation.plants)}")
    installation.plants.append(plant)
    with pooled.running("worker"):
        assert settled(pooled, sent(pooled, plant.envelope()))["state"] == "accepted"
        with pooled.client() as client:
            assert {
                client.get(path).status_code for path in ("/", "/verify/", "/status/", "/healthz")
            } == {200}
            assert client.get("/readyz").json()["wrong"] in ([], ["worker-not-seen"])
    checked = pooled.program(
        "from portal.opening.installation_agreement import disagreements; print([one.name for one "
        "in disagreements()])",
        "worker",
    )
    assert checked.stdout.strip() == "[]", checked.stderr


def test_a_long_list_is_read_to_its_end_which_a_cursor_of_the_server_is_not(
    pooled: Installation,
) -> None:
    read = pooled.program(READ_SLOWLY.format(with_cursors=False), "worker")
    assert int(read.stdout) > 20, read.stderr
    broken = pooled.program(READ_SLOWLY.format(with_cursors=True), "worker")
    assert "does not exist" in broken.stderr, "with the defence off the test would see it"


def test_a_backup_through_it_is_refused_by_name(pooled: Installation) -> None:
    refused = pooled.program(
        "from django.core.management import call_command; call_command('backup', "
        f"'{pooled.folder / 'dump'}')",
        "operator",
    )
    assert "database-through-pooler" in refused.stderr
