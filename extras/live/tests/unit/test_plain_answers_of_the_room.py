"""What the control room's page answers without a page, in the language of the pages under which the
address stands.
"""

from __future__ import annotations

from http.client import HTTPConnection
from types import SimpleNamespace
from typing import Any

import pytest

from extras.live.control_room import serving
from extras.live.sources.settings import PageAddress
from tests.unit.languages.conftest import language
from tests.unit.languages.pseudo import pseudo

__all__ = ["language"]


def test_an_answer_without_a_page_is_in_the_language_of_its_address(
    language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(serving._LANGUAGES, f"/{language}/", language)
    pages: Any = SimpleNamespace()
    moments: Any = iter(("a moment",) * 2)
    server = serving.Server(
        PageAddress.model_construct(listen="127.0.0.1", port=0, names=()),
        pages,
        lambda: next(moments, None),
        lambda *_: False,
    )
    server.start()
    try:
        assert _answer(server, f"/{language}/none") == pseudo("There is no such page.")
        assert _answer(server, "/none") == "There is no such page."
        assert _answer(server, f"/{language}/") == pseudo("Starting.")
        unknown = pseudo("Unknown host name: see names under [source.page].")
        assert _answer(server, f"/events/{language}/", host="elsewhere") == unknown
    finally:
        server.stop()


def _answer(server: serving.Server, path: str, host: str = "localhost") -> str:
    connection = HTTPConnection("127.0.0.1", server.server_address[1], timeout=10)
    connection.request("GET", path, headers={"Host": host})
    return connection.getresponse().read().decode().strip()
