"""What a firm declared for a site, where the site goes to another firm."""

from __future__ import annotations

from pathlib import Path

import pytest

from extras.programmes import dossiers
from extras.programmes.programmes import programmes
from extras.programmes.tests.integration.test_on_the_books_pages import GRADE
from tests.integration.portal_cast import NOW, make_cast
from tests.integration.test_register import register

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]


def test_what_a_firm_declared_for_a_site_is_not_the_next_firms(tmp_path: Path) -> None:
    plant = make_cast(plants=2).plants[0]
    site = plant.site
    dossiers.declare(site, *GRADE, plant.owner, NOW)
    file = tmp_path / "register.toml"
    file.write_text(
        '[[sites]]\nid = "works-1"\nname = "Works 1"\norganisation = "Enterprise 2"\n'
        f'jurisdiction = "{site.jurisdiction.path}"\npack = "cement"\n',
        "utf-8",
    )
    told = [line.split(",")[0] for line in register(file)]
    assert "site works-1: declares nothing in dossiers any more" in told
    dossier = dossiers.dossier(site, programmes()["cn-energy-leaders"], NOW.date())
    state = {entry.criterion.id: entry.state for entry in dossier.entries}
    assert state["grade"] is dossiers.CriterionState.MISSING
