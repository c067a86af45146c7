"""Who has less time because the register file moved the day of all is told, as where a regulator
moves it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.catalogue.models import ReportingPeriod
from portal.notifications.models import Notice
from tests.integration.test_register import REGISTER, edit, register

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("portal_keys")]


def test_the_people_of_a_site_that_has_less_time_by_the_file_are_told(tmp_path: Path) -> None:
    file = tmp_path / "register.toml"
    file.write_text(REGISTER.read_text("utf-8"), "utf-8")
    edit(file, "due = 2026-03-31", "due = 2099-04-30")
    register(file)
    edit(file, "due = 2099-04-30", "due = 2098-03-31")
    assert register(file) == ["period cement/2025: due was 2099-04-30, is 2098-03-31"]
    assert ReportingPeriod.objects.get().due.year == 2098
    assert [notice.recipient.email for notice in Notice.objects.filter(kind="report.comes")] == [
        "wang.fang@yanshan.example"
    ]
