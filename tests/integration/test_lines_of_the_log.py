"""Refusals and servers that are away are a line of the log each, and no trace; unknown addresses of
the API are problem documents, whatever is sent there.
"""

from __future__ import annotations

import io
import logging
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path

from portal.log_lines import ExpectedErrors
from portal.urls import urlpatterns as portal_urls

pytestmark = pytest.mark.django_db


def forbidden(_request: HttpRequest) -> HttpResponse:
    raise PermissionDenied("not yours")


def away(_request: HttpRequest) -> HttpResponse:
    raise OperationalError("the server closed the connection")


def broken(_request: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError("a fault of ours")


urlpatterns = [
    path("forbidden/", forbidden),
    path("away/", away),
    path("broken/", broken),
    *portal_urls,
]
handler500 = "portal.web.middleware.outages.broken"


def logged(address: str) -> tuple[int, str]:
    """The status, and what the handler of the settings writes."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.addFilter(ExpectedErrors())
    logging.getLogger().addHandler(handler)
    try:
        with override_settings(ROOT_URLCONF=__name__):
            status = Client(raise_request_exception=False).get(address).status_code
    finally:
        logging.getLogger().removeHandler(handler)
    return status, written.getvalue()


@pytest.mark.parametrize(("address", "status"), [("/forbidden/", 403), ("/away/", 503)])
def test_a_refusal_is_a_line_without_a_trace(address: str, status: int) -> None:
    answered, text = logged(address)
    assert answered == status
    assert text.strip()
    assert "Traceback" not in text
    assert "not yours" in text or "the server closed the connection" in text


def test_a_fault_of_ours_keeps_its_trace() -> None:
    status, text = logged("/broken/")
    assert status == 500
    assert "ZeroDivisionError" in text
    assert "Traceback" in text


def test_the_log_of_the_settings_has_the_filter() -> None:
    logs: Any = settings.LOGGING
    handler = logs["handlers"]["stderr"]
    assert [logs["filters"][name]["()"] for name in handler["filters"]] == [
        f"{ExpectedErrors.__module__}.{ExpectedErrors.__name__}"
    ]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_an_unknown_address_of_the_api_is_a_problem_document(method: str) -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.generic(method, "/api/v1/nothing/here/", b"{}", "application/json")
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "not-found"
