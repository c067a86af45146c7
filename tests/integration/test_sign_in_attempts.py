"""Guessing passwords: counted by account and device, so that nobody is locked out by what others do
on their network.
"""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.cache import cache
from django.test import Client

from portal.accounts import second_factor
from portal.accounts.attempts import (
    NOISY_NETWORK,
    PER_ACCOUNT,
    PER_ACCOUNT_AND_NETWORK,
    PER_DEVICE,
    Attempt,
)
from portal.accounts.models import User
from tests.integration.portal_cast import PASSWORD

pytestmark = pytest.mark.django_db


def somebody() -> str:
    """Nobody has tried this account before: the counts outlive a test."""
    return f"{uuid.uuid4().hex}@example.org"


def machine() -> str:
    """On a network (a /64) of its own."""
    return f"2001:db8:{uuid.uuid4().hex[:4]}:{uuid.uuid4().hex[:4]}::1"


def attempt(
    email: str, password: str, address: str, browser: Client | None = None
) -> tuple[int, str]:
    answer = (browser or Client()).post(
        "/sign-in/", {"username": email, "password": password}, REMOTE_ADDR=address
    )
    return answer.status_code, answer.content.decode()


def known_browser(email: str) -> Client:
    """One that signed in to the account before, elsewhere, and out again."""
    browser = Client()
    assert attempt(email, PASSWORD, machine(), browser)[0] == 302
    browser.post("/sign-out/")
    return browser


def test_after_five_failures_even_the_right_password_has_to_wait_and_is_told_how_long() -> None:
    email, here = somebody(), machine()
    User.objects.create_user(email, PASSWORD)
    for _ in range(PER_ACCOUNT_AND_NETWORK):
        assert attempt(email.upper(), "wrong", here)[0] == 400
    status, page = attempt(email, PASSWORD, here)
    assert status == 429
    assert "Wait 15 minutes" in page
    assert attempt(email, PASSWORD, machine())[0] == 302, (
        "the owner at another machine is not locked out"
    )
    assert attempt(somebody(), "wrong", here)[0] == 400, "others at that machine are not either"


def test_signing_in_rightly_is_never_counted() -> None:
    email, here = somebody(), machine()
    User.objects.create_user(email, PASSWORD)
    for _ in range(PER_ACCOUNT_AND_NETWORK * 2):
        assert attempt(email, PASSWORD, here)[0] == 302


def test_a_form_that_was_not_filled_in_is_no_attempt() -> None:
    here = machine()
    for _ in range(NOISY_NETWORK + 1):
        assert attempt("", "", here)[0] == 400


@pytest.mark.parametrize("tried", ["one account", "forty accounts"])
def test_forty_failures_on_a_network_lock_nobody_else_behind_it(tried: str) -> None:
    here, target, owner = machine(), somebody(), somebody()
    User.objects.create_user(owner, PASSWORD)
    for _ in range(40):
        attempt(target if tried == "one account" else somebody(), "wrong", here)
    assert attempt(owner, PASSWORD, here)[0] == 302


def test_one_machine_that_tries_many_accounts_is_left_one_try_for_each() -> None:
    here = machine()
    for _ in range(NOISY_NETWORK):
        assert Attempt(somebody(), here).begin()
    spared = somebody()
    assert [Attempt(spared, here).begin() for _ in range(3)] == [True, False, False]


def test_addresses_of_one_ipv6_line_are_one_network() -> None:
    email = somebody()
    User.objects.create_user(email, PASSWORD)
    line = machine().removesuffix("1")
    statuses = [
        attempt(email, "wrong", f"{line}{number}")[0]
        for number in range(1, PER_ACCOUNT_AND_NETWORK + 2)
    ]
    assert statuses == [400] * PER_ACCOUNT_AND_NETWORK + [429]


def test_many_machines_cannot_try_one_account() -> None:
    email = somebody()
    tried = [Attempt(email, machine()).begin() for _ in range(PER_ACCOUNT + 1)]
    assert tried == [True] * PER_ACCOUNT + [False]


def test_the_owner_signs_in_from_a_browser_that_did_before_while_all_the_world_attacks() -> None:
    email, here = somebody(), machine()
    User.objects.create_user(email, PASSWORD)
    browser = known_browser(email)
    for _ in range(PER_ACCOUNT + 1):
        Attempt(email, machine()).begin()
    for _ in range(PER_ACCOUNT_AND_NETWORK + 1):
        Attempt(email, here).begin()
    assert attempt(email, PASSWORD, here)[0] == 429, "a browser that nobody knows waits"
    assert attempt(email, PASSWORD, here, browser)[0] == 302


def test_a_known_browser_has_ten_tries_and_is_then_a_stranger() -> None:
    email, here = somebody(), machine()
    User.objects.create_user(email, PASSWORD)
    browser = known_browser(email)
    statuses = [
        attempt(email, "wrong", here, browser)[0]
        for _ in range(PER_DEVICE + PER_ACCOUNT_AND_NETWORK + 1)
    ]
    assert statuses == [400] * (PER_DEVICE + PER_ACCOUNT_AND_NETWORK) + [429]


def test_the_cookie_of_one_account_is_worth_nothing_for_another_nor_is_one_of_somebodys_making() -> (
    None
):
    email, mine, here = somebody(), somebody(), machine()
    for each in (email, mine):
        User.objects.create_user(each, PASSWORD)
    browser = known_browser(mine)
    ((name, cookie),) = (
        (name, morsel.value)
        for name, morsel in browser.cookies.items()
        if name.startswith("device-")
    )
    of_target = next(name for name in known_browser(email).cookies if name.startswith("device-"))
    browser.cookies[of_target] = cookie
    assert name != of_target
    statuses = [
        attempt(email, "wrong", here, browser)[0] for _ in range(PER_ACCOUNT_AND_NETWORK + 1)
    ]
    assert statuses == [400] * PER_ACCOUNT_AND_NETWORK + [429]


def test_a_password_alone_makes_no_browser_known_where_a_code_is_still_asked() -> None:
    email = somebody()
    second_factor.give(User.objects.create_user(email, PASSWORD))
    browser = Client()
    assert attempt(email, PASSWORD, machine(), browser)[0] == 302
    assert not [name for name in browser.cookies if name.startswith("device-")]


def test_a_burst_gets_no_more_tries_than_one_after_the_other() -> None:
    email, here = somebody(), machine()
    with ThreadPoolExecutor(8) as pool:
        tried = list(
            pool.map(lambda _: Attempt(email, here).begin(), range(NOISY_NETWORK))
        )  # beyond, a place taken early may be lost
    assert sum(tried) == PER_ACCOUNT_AND_NETWORK


def test_a_success_after_the_window_ended_leaves_no_count_below_zero() -> None:
    email, here = somebody(), machine()
    before = Attempt(email, here)
    before.begin()
    cache.clear()
    before.succeeded()
    tried = [Attempt(email, here).begin() for _ in range(PER_ACCOUNT_AND_NETWORK + 1)]
    assert tried == [True] * PER_ACCOUNT_AND_NETWORK + [False]
