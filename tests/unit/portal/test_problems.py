"""Problem documents: every kind of error becomes one, in its own words; what is ours stays loud."""

from __future__ import annotations

import pytest
from django.db import OperationalError
from django.http import Http404
from rest_framework import exceptions

from benchmarks.errors import VerificationError
from portal.problems import MEDIA_TYPE, RefusedError, handle

CASES: list[tuple[Exception, int, str]] = [
    (RefusedError(409, "revision-conflict", "Taken.", "Send that one."), 409, "revision-conflict"),
    (VerificationError("seal-broken", "Does not open.", "Send again."), 400, "seal-broken"),
    (Http404(), 404, "not-found"),
    (exceptions.Throttled(wait=7.2), 429, "too-many-requests"),
    (exceptions.ValidationError({"secret": ["missing"]}), 400, "invalid-fields"),
    (exceptions.MethodNotAllowed("PUT"), 405, "method-not-allowed"),
    (exceptions.ParseError("no JSON"), 400, "parse-error"),
    (OperationalError("the database is away"), 503, "portal-busy"),
]


@pytest.mark.parametrize(("error", "status", "code"), CASES, ids=[code for _, _, code in CASES])
def test_an_error_becomes_a_problem_document(error: Exception, status: int, code: str) -> None:
    response = handle(error, {})
    assert response is not None
    assert (response.status_code, response.content_type) == (status, MEDIA_TYPE)
    assert response.data["type"] == f"urn:steplabel:problem:{code}"
    assert (response.data["status"], response.data["code"]) == (status, code)
    assert response.data["detail"]
    assert response.data["remedy"]


def test_who_is_to_wait_is_told_how_long() -> None:
    response = handle(exceptions.Throttled(wait=7.2), {})
    assert response is not None
    assert response["Retry-After"] == "8"


def test_an_error_of_ours_is_not_dressed_up_as_the_clients() -> None:
    assert handle(ZeroDivisionError(), {}) is None
