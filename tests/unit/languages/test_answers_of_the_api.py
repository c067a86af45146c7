"""Refusals of the API are said in the language that was asked for; their codes are the same in
every language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client, override_settings

from benchmarks.wire import MAX_ENVELOPE_BYTES
from portal.web.messages import PAGES
from tests.unit.languages.pseudo import LANGUAGE, pseudo
from tests.unit.languages.test_pages_in_it import english, pages_spoken

REFUSED: dict[str, tuple[str, str, dict[str, Any]]] = {
    "not-found": ("GET", "/api/v1/nothing/", {}),
    "query-unknown": ("GET", "/api/v1/log/head/?heights=7", {}),
    "query-malformed": ("GET", "/api/v1/log/inclusion/?index=7&index=8&size=9", {}),
    "address-invalid": ("GET", "/api/v1/log/head/?a=%00", {}),
    "key-missing": ("GET", "/api/v1/sites/", {}),
    "invalid-fields": (
        "POST",
        "/api/v1/enrolments/",
        {"content_type": "application/json", "data": "{}"},
    ),
    "method-not-allowed": ("PUT", "/api/v1/log/head/", {}),
    "length-required": ("POST", "/api/v1/submissions/", {"CONTENT_LENGTH": "many"}),
    "too-large": ("POST", "/api/v1/submissions/", {"CONTENT_LENGTH": str(MAX_ENVELOPE_BYTES + 1)}),
}
FRAMEWORK = ("method-not-allowed",)
"""Said by the framework, in the languages of its own catalogue."""

SAME_IN_ALL = re.compile(r"\S*/\S*|STEPLABEL_\w+|\b(?:heights|index|size|errors)\b")
"""Addresses, settings, codes and names of parameters and fields."""


@pytest.fixture(scope="module", autouse=True)
def third_language(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pages_spoken(tmp_path_factory.mktemp("pages")):
        yield


def asked(code: str, language: str) -> Any:
    method, address, arguments = REFUSED[code]
    return Client(headers={"Accept-Language": language}).generic(method, address, **arguments)


@pytest.mark.parametrize("code", REFUSED)
def test_a_refusal_is_said_in_the_language_that_was_asked_for(code: str) -> None:
    plain, answer = asked(code, "en").json(), asked(code, LANGUAGE)
    body = answer.json()
    assert body["code"] == code
    assert {
        **plain,
        **{name: body[name] for name in ("detail", "remedy", "errors") if name in body},
    } == body
    assert answer["Content-Language"] == LANGUAGE
    assert "Accept-Language" in answer["Vary"]
    for sentence in ("remedy",) if code in FRAMEWORK else ("detail", "remedy"):
        assert body[sentence] != plain[sentence]
        assert english(SAME_IN_ALL.sub(" ", body[sentence])) == set()


def test_a_field_that_is_not_known_is_refused_in_it() -> None:
    answer = Client(headers={"Accept-Language": LANGUAGE}).post(
        "/api/v1/enrolments/", {"sceret": "x"}, "application/json"
    )
    assert answer.json()["errors"] == {"sceret": [pseudo("This field is not known.")]}


def test_who_asks_for_no_language_is_answered_in_english() -> None:
    answer = Client().get("/api/v1/nothing/")
    assert (answer.json()["detail"], answer["Content-Language"]) == (
        "There is nothing at this address.",
        "en",
    )


def test_the_code_of_a_language_that_the_agent_sends_is_understood() -> None:
    with override_settings(
        LANGUAGES=[("en", "English"), ("zh-hans", "中文")], LOCALE_PATHS=[str(PAGES)]
    ):
        assert asked("not-found", "zh").json()["detail"] == "该地址没有内容。"
