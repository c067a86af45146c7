"""Strangers, or a firm's manager, who ask whether an address has an account here: by the time that
an answer takes.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import comb
from typing import Any

import pytest
from django.core.cache import caches
from django.core.mail import EmailMessage
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from portal.accounts.models import User
from portal.notifications.models import Mail
from portal.web.forms import account as account_forms
from portal.web.views import people, registering
from tests.attacks.conftest import State
from tests.attacks.table import Row
from tests.attacks.test_at_the_door import FIRM
from tests.integration.portal_cast import NOW, PASSWORD, make_cast

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]

PAIRS = 40
CERTAIN = 1e-6
"""So seldom does chance alone make the sign test say that two kinds of request differ."""


class SlowServer(EmailBackend):
    """A mail server that takes 60 ms to take a mail: more than a busy machine adds to an answer by
    chance.
    """

    def send_messages(self, messages: Any) -> int:
        time.sleep(0.06)
        return super().send_messages(messages)


def sent_at_once(email: str, language: str) -> None:
    """As it was: a mail to an account, within the request; to others none."""
    if User.objects.filter(email=email).exists():
        Mail.objects.create(
            address=email, letter="new_password", language=language, due_at=NOW, give_up_at=NOW
        )
        EmailMessage("A new password", "", None, [email]).send()


@dataclass(frozen=True, slots=True)
class Door:
    """A form that takes an address of anybody's: who asks, where, with which fields beside the
    address.
    """

    name: str
    path: str
    fields: Mapping[str, str]
    asker: Callable[[], Client]

    def ask(self, email: str, asker: Client, network: str = "2001:db8:e::1") -> float:
        """The seconds of the answer."""
        start = time.perf_counter()
        answer = asker.post(self.path, {**self.fields, "email": email}, REMOTE_ADDR=network)
        seconds = time.perf_counter() - start
        assert answer.status_code == 302, answer.content.decode()
        return seconds

    def work(self, email: str) -> tuple[list[str], int]:
        """What asking does: the statements without their values, and the rows of the outbox."""
        asker, before = self.asker(), Mail.objects.count()
        with CaptureQueriesContext(connection) as queries:
            self.ask(email, asker)
        blank = [
            re.sub(r"'(?:[^']|'')*'|\b\d+\b|\bs\d+_x\d+", "?", query["sql"]) for query in queries
        ]
        return [
            re.sub(r"\?(, \?)+", "?", statement) for statement in blank
        ], Mail.objects.count() - before

    def chance_of_signs(self) -> float:
        """Two-sided sign test over pairs of a known and an unknown address, asked for in turn: how
        likely so one-sided a count is.
        """
        slower = 0
        for number in range(PAIRS):
            known_address, unknown = f"known{number}@example.org", f"nobody{number}@example.org"
            order = (known_address, unknown) if number % 2 else (unknown, known_address)
            seconds = {
                email: self.ask(email, self.asker(), f"2001:db8:{number:x}::1") for email in order
            }
            slower += seconds[known_address] > seconds[unknown]
        most = max(slower, PAIRS - slower)
        return min(
            1.0, sum(comb(PAIRS, count) for count in range(most, PAIRS + 1)) / 2.0 ** (PAIRS - 1)
        )


@pytest.fixture
def doors() -> tuple[Door, ...]:
    """Where an address is typed: by strangers, and by a firm's manager who invites it."""
    manager = make_cast(plants=1).plants[0].owner

    def as_manager() -> Client:
        browser = (
            Client()
        )  # one of its own each time: banners that nobody has read pile up in a session
        browser.force_login(manager, "django.contrib.auth.backends.ModelBackend")
        return browser

    return (
        Door("new password", "/password/forgotten/", {}, Client),
        Door("registration", "/register/", FIRM, Client),
        Door("invitation", "/people/", {"capacity": "viewer"}, as_manager),
    )


@pytest.mark.usefixtures("here")
def test_the_time_of_an_answer_does_not_tell_who_has_an_account(
    stated: State, settings: Settings, monkeypatch: pytest.MonkeyPatch, doors: tuple[Door, ...]
) -> None:
    for number in range(PAIRS):
        User.objects.create_user(f"known{number}@example.org", PASSWORD)
    User.objects.create_user("owner@example.org", PASSWORD)
    for door in doors:
        caches["default"].clear()
        door.work("warm@example.org")
        work_for_known, unknown = door.work("owner@example.org"), door.work("nobody@example.org")
        assert work_for_known == unknown, door.name
        assert work_for_known[1] == 1
        assert door.chance_of_signs() > CERTAIN, door.name

    settings.EMAIL_BACKEND = f"{__name__}.SlowServer"
    monkeypatch.setattr(account_forms, "post_link_to_new_password", sent_at_once)
    for views in (registering, people):
        monkeypatch.setattr(
            views,
            "post_link",
            lambda _letter, to, language, *_told, **_good_for: sent_at_once(to, language),
        )
    for door in doors:
        caches["default"].clear()
        assert door.work("owner@example.org") != door.work("nobody@example.org"), door.name
        assert door.chance_of_signs() < CERTAIN, door.name

    stated(
        Row(
            "account-told",
            f"{PAIRS} addresses with an account and {PAIRS} without, for each a new password, a "
            "registration and an invitation asked for, "
            "and the answers timed",
            "the same statements and one row of the outbox for both; the worker drops what has no "
            "account",
            "not told apart by a sign test at 10^-6",
            "the same statements, 1 row each; not told apart at any of the three",
            "mail sent within the request: told apart at all three",
        )
    )
