"""Guessing passwords: five failures an account and machine, thirty a machine, a hundred an account, in a quarter of an hour."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.cache import cache
from django.test import Client

from portal.accounts.attempts import PER_ACCOUNT, PER_ACCOUNT_AND_ADDRESS, PER_ADDRESS, Attempt
from portal.accounts.models import User
from tests.integration.portal_cast import PASSWORD

pytestmark = pytest.mark.django_db


def somebody() -> str:
    """Nobody has tried this account before: the counts outlive a test."""
    return f"{uuid.uuid4().hex}@example.org"


def machine() -> str:
    return f"2001:db8::{uuid.uuid4().hex[:4]}:{uuid.uuid4().hex[:4]}"


def attempt(email: str, password: str, address: str) -> tuple[int, str]:
    answer = Client(REMOTE_ADDR=address).post("/sign-in/", {"username": email, "password": password})
    return answer.status_code, answer.content.decode()


def test_after_five_failures_even_the_right_password_has_to_wait_and_is_told_how_long() -> None:
    email, here = somebody(), machine()
    User.objects.create_user(email, PASSWORD)
    for _ in range(PER_ACCOUNT_AND_ADDRESS):
        assert attempt(email.upper(), "wrong", here)[0] == 400
    status, page = attempt(email, PASSWORD, here)
    assert status == 429
    assert "Wait 15 minutes" in page
    assert attempt(email, PASSWORD, machine())[0] == 302, "the owner at another machine is not locked out"
    assert attempt(somebody(), "wrong", here)[0] == 400, "others at that machine are not either"


def test_signing_in_rightly_is_never_counted() -> None:
    email, here = somebody(), machine()
    User.objects.create_user(email, PASSWORD)
    for _ in range(PER_ACCOUNT_AND_ADDRESS * 2):
        assert attempt(email, PASSWORD, here)[0] == 302


def test_a_form_that_was_not_filled_in_is_no_attempt() -> None:
    here = machine()
    for _ in range(PER_ADDRESS + 1):
        assert attempt("", "", here)[0] == 400


def test_one_machine_cannot_try_many_accounts() -> None:
    here = machine()
    tried = [Attempt(somebody(), here).begin() for _ in range(PER_ADDRESS + 1)]
    assert tried == [True] * PER_ADDRESS + [False]


def test_many_machines_cannot_try_one_account() -> None:
    email = somebody()
    tried = [Attempt(email, machine()).begin() for _ in range(PER_ACCOUNT + 1)]
    assert tried == [True] * PER_ACCOUNT + [False]


def test_a_burst_gets_no_more_tries_than_one_after_the_other() -> None:
    email, here = somebody(), machine()
    with ThreadPoolExecutor(8) as pool:
        tried = list(pool.map(lambda _: Attempt(email, here).begin(), range(40)))
    assert sum(tried) == PER_ACCOUNT_AND_ADDRESS


def test_a_success_after_the_window_ended_leaves_no_count_below_zero() -> None:
    one = Attempt(somebody(), machine())
    one.begin()
    cache.delete_many([key for key, _most in one._counts()])
    one.succeeded()
    assert [cache.get(key) for key, _most in one._counts()] == [None, None, None]
