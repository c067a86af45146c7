"""The long forms are all on the list of those that are run, and a failure among them is told and
hides no other.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests import long_forms
from tests.long_forms import LONG_FORMS, ROOT, LongForm, in_short
from tests.statistical.checks import CHECKS

HAS_ONE = re.compile(r"mark\.long\b|\blong: bool\b|getoption\(.--long|get_current_profile_name")


def test_every_test_with_a_long_form_is_on_the_list_once() -> None:
    files = {
        path.relative_to(ROOT).as_posix()
        for folder in ("tests", "extras/*/tests")
        for path in ROOT.glob(f"{folder}/**/test_*.py")
        if HAS_ONE.search(path.read_text("utf-8"))
    }
    files.discard(Path(__file__).relative_to(ROOT).as_posix())
    listed = [path for form in LONG_FORMS for path in form.paths]
    assert len(files) > 30
    by_file = {
        file: [path for path in listed if file == path or file.startswith(f"{path}/")]
        for file in files
    }
    assert {file: paths for file, paths in by_file.items() if len(paths) != 1} == {}
    assert [path for path in listed if not (ROOT / path).exists()] == []


def test_every_statistic_is_on_the_list_but_for_the_one_of_many_hours() -> None:
    names = {
        form.name.removeprefix("statistic-")
        for form in LONG_FORMS
        if form.name.startswith("statistic-")
    }
    assert names == set(CHECKS) - {long_forms.BY_ITSELF}


def run(monkeypatch: pytest.MonkeyPatch, folder: Path, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["long_forms", "--logs", str(folder), *arguments])
    return long_forms.main()


def form(name: str, code: str) -> LongForm:
    return LongForm(name, 1, ("-c", code))


FORMS: Sequence[LongForm] = (
    form("broken", "print('three of four'); raise SystemExit(1)"),
    form(
        "sound", "print('===== 14 passed, 2 skipped in 3.21s (0:00:03) ====='); print('and more')"
    ),
    form(
        "elsewhere", "import sys; print('no clock may be set here', file=sys.stderr); sys.exit(3)"
    ),
)


def test_what_failed_is_told_and_the_rest_goes_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(long_forms, "LONG_FORMS", FORMS)
    assert run(monkeypatch, tmp_path) == 1
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [" ".join(line[:2]) for line in lines] == [
        "FAILED broken",
        str(tmp_path / "broken.log"),
        "held sound",
        "IN PART",
    ]
    assert lines[0][-3:] == ["three", "of", "four"]
    assert lines[2][-4:] == ["14", "passed,", "2", "skipped"]
    assert run(monkeypatch, tmp_path, "sound", "elsewhere") == 3
    assert run(monkeypatch, tmp_path, "sound") == 0


def test_a_name_that_is_none_is_refused_with_those_that_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        run(monkeypatch, tmp_path, "statistics")
    assert "statistic-odds" in capsys.readouterr().err


def test_a_log_without_a_word_says_so() -> None:
    assert in_short("\n\n") == "it said nothing"
