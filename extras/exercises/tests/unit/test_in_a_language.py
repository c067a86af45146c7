"""What answers and progress are refused with is said in the reader's language."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from extras.exercises import given
from extras.exercises.progress import FILE, Progress
from tests.unit.languages.conftest import language
from tests.unit.languages.test_refusals_of_the_core import assert_said_in

__all__ = ["language"]


def _progress_that_is_no_json(folder: Path) -> object:
    (folder / FILE).write_text("[1]", encoding="utf-8")
    return Progress(folder)


ACTS: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "progress": (
        _progress_that_is_no_json,
        "the file as it was written",
        "'list' object has no attribute 'items'",
    ),
    "answers": (
        lambda folder: given.from_file(folder / "a.toml"),
        "TOML or JSON of question and answer",
        "Errno",
    ),
}


@pytest.mark.parametrize("act", ACTS)
def test_a_refusal_has_no_english_in_it(act: str, language: str, tmp_path: Path) -> None:
    assert_said_in(language, tmp_path, *ACTS[act])
