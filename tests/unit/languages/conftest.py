"""The languages of the tree and one more, which is files in a folder of the tests and nothing
else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import chain
from pathlib import Path

import pytest
from babel.messages.catalog import Message

from benchmarks import catalogue
from portal.web.messages import (
    extras,
    phrases_of_core,
    phrases_of_extra,
    texts_in_use,
    texts_of_pages,
)
from reporting_agent.report import words
from tests.unit.languages.pseudo import LANGUAGE, beside, write_catalogue


@cache
def of_core() -> tuple[Message, ...]:
    core = phrases_of_core(LANGUAGE)
    of_extras = (phrases_of_extra(folder, core) for folder in extras())
    return (*core, *chain.from_iterable(of_extras))


@cache
def of_pages() -> tuple[Message, ...]:
    pages = texts_in_use()
    of_extras = (texts_of_pages(folder, pages) for folder in extras())
    return (*pages, *chain.from_iterable(of_extras))


@contextmanager
def spoken(folder: Path, left_out: str = "") -> Iterator[None]:
    """Core and agent with the language of the tests added, all of its texts or all but one."""
    core = beside(folder)
    write_catalogue(core, catalogue.DOMAIN, of_core(), left_out)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalogue, "FOLDERS", core)
        _forget()
        yield
    _forget()


def _forget() -> None:
    catalogue.reread()
    words.words.cache_clear()


@pytest.fixture(scope="module")
def language(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with spoken(tmp_path_factory.mktemp("locale")):
        yield LANGUAGE


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    """Everything on the screen since it was last asked."""

    def everything() -> str:
        output = capsys.readouterr()
        return output.out + output.err

    return everything
