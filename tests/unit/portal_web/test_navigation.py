"""The navigation marks the part that a page belongs to, by the beginning of its address."""

from __future__ import annotations

import pytest

from portal.accounts.models import Role
from portal.web.templatetags.steplabel import _entries


@pytest.mark.parametrize(
    ("path", "role", "part", "current"),
    [
        ("/periods/", Role.REGULATOR, "Periods", "page"),
        ("/obligatory-audits/", Role.REGULATOR, "Audits", "true"),
        ("/our-plant/works-1/", Role.ENTERPRISE, "Our plant", "true"),
        ("/sites/north-works/token/", Role.ENTERPRISE, "Sites and agents", "true"),
        ("/agents/0e3f/revoke/", Role.ENTERPRISE, "Sites and agents", "true"),
        ("/sites/north-works/", Role.REGULATOR, "Firms", "true"),
        ("/periods/groups/1/obliged/", Role.REGULATOR, "Periods", "true"),
        ("/periods/versions/3/", Role.REGULATOR, "Periods", "true"),
        ("/assigned/7/opinion/", Role.CERTIFICATION_BODY, "Assigned sites", "true"),
        ("/attestations/00ff/", Role.CERTIFICATION_BODY, "Assigned sites", "true"),
        ("/people/firms/1/record/", Role.ENTERPRISE, "Sites and agents", "true"),
    ],
)
def test_a_page_is_in_one_part(path: str, role: Role, part: str, current: str) -> None:
    marked = [
        (entry.text, entry.current) for entry in _entries(path, frozenset({role})) if entry.here
    ]
    assert marked == [(part, current)]


@pytest.mark.parametrize("path", ["/about/", "/status/", "/nowhere/"])
def test_a_page_of_no_part_marks_none(path: str) -> None:
    assert not [entry for role in Role for entry in _entries(path, frozenset({role})) if entry.here]


def test_nobody_sees_an_entry_of_another_role() -> None:
    assert [entry.text for entry in _entries("/", frozenset())] == [
        "Sectors",
        "Best practice",
        "Verify",
        "About",
    ]


MOST_ENTRIES = {Role.REGULATOR: 5, Role.ENTERPRISE: 4, Role.CERTIFICATION_BODY: 3}


@pytest.mark.parametrize("role", Role)
def test_a_role_has_few_entries(role: Role) -> None:
    assert len(_entries("/", frozenset({role}))) <= MOST_ENTRIES.get(role, 2)
