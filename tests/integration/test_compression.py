"""Pages are compressed for whoever takes it, to the same bytes; files and the API never."""

from __future__ import annotations

import gzip
import re
from typing import cast

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory

from portal.web.middleware.compression import PageCompressionMiddleware

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("portal_keys")]

TAKES = {"accept-encoding": "gzip"}
TOKEN = re.compile(rb'csrfmiddlewaretoken" value="[^"]*"')


def test_a_page_is_compressed_for_whoever_takes_it_and_says_the_same(client: Client) -> None:
    plain, compressed = client.get("/"), client.get("/", headers=TAKES)
    assert "Content-Encoding" not in plain.headers
    assert compressed.headers["Content-Encoding"] == "gzip"
    assert TOKEN.sub(b"", gzip.decompress(compressed.content)) == TOKEN.sub(b"", plain.content)
    assert len(compressed.content) * 2 < len(plain.content)
    for answer in (plain, compressed):
        assert "Accept-Encoding" in answer.headers["Vary"], (
            "a store between must keep the two apart"
        )


@pytest.mark.parametrize(
    ("chance", "one_length"), [(PageCompressionMiddleware.max_random_bytes, False), (0, True)]
)
def test_answers_differ_in_length_by_chance(
    monkeypatch: pytest.MonkeyPatch, chance: int, one_length: bool
) -> None:
    """What BREACH measures. Without chance the same page always has the same length: it is the
    defence that differs.
    """
    monkeypatch.setattr(PageCompressionMiddleware, "max_random_bytes", chance)
    pages = PageCompressionMiddleware(lambda _request: HttpResponse("<p>A page.</p>" * 100))
    request = RequestFactory().get("/", headers=TAKES)
    lengths = {len(cast(HttpResponse, pages(request)).content) for _ in range(40)}
    assert (len(lengths) == 1) is one_length


@pytest.mark.parametrize("address", ["/about/codebook.csv", "/api/v1/schema/"])
def test_files_and_the_api_keep_their_bytes(client: Client, address: str) -> None:
    answer = client.get(address, headers=TAKES)
    assert answer.status_code == 200
    assert "Content-Encoding" not in answer.headers
