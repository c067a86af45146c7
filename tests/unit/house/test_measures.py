"""The measures of the house count what they say, on a tree that is known; the ratchet holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.house import ratchet
from tests.house.measures import PRODUCT, table

ROOT = Path(__file__).resolve().parents[3]
MODULE = '''"""A docstring with <b>tags</b> and 水泥, which is no text of the code."""

@dataclass(frozen=True)
class Row:
    kept: str = ""


def draw(name: str) -> str:
    """<p>Not counted.</p>"""
    try:
        return f"<td class='x'>{_short(name)}</td>"
    except (ValueError, Exception):
        return "水泥"
    except BaseException:
        print("<file>")
        raise


def _short(text: str) -> str:
    return text[:3]


def _used_twice(text: str) -> str:
    return _used_twice(text) + _used_twice(text)


PATTERN = re.compile("水泥")
'''


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for package in (*PRODUCT, "tests", "docs"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "short.py").write_text("ONE = 1\n")
    (tmp_path / "portal" / "rows.py").write_text(MODULE)
    for beside in ("portal/migrations", "extras/live/tests"):
        (tmp_path / beside).mkdir(parents=True)
        (tmp_path / beside / "left_out.py").write_text(MODULE)
    (tmp_path / "docs" / "plant.md").write_text("Four words, no more.\n")
    (tmp_path / "docs" / "reference").mkdir()
    (tmp_path / "docs" / "reference" / "cli.md").write_text("Written by a command.\n")
    return tmp_path


def test_every_measure_of_a_known_tree(tree: Path) -> None:
    module = len("".join(MODULE.split()))
    assert table(tree) == {
        "characters of the product": module + 4 * 5,
        "characters of the book": module + 3 * 5,
        "characters of benchmarks": 5,
        "characters of reporting_agent": 5,
        "characters of portal": module + 5,
        "characters of extras": 5,
        "modules of the book": 4,
        "lines of a module, median": 1,
        "modules": 5,
        "dataclasses": 1,
        "private functions of four lines or fewer used once": 1,
        "words that people maintain": 4,
        "characters of tests": 5,
        "texts with HTML tags in Python": 2,
        "texts in another script in Python": 1,
        "places that catch everything": 1,
        "queries in pages": 0,
    }


def test_nothing_that_may_only_fall_has_risen() -> None:
    assert ratchet.exceeded(table(ROOT)) == []
    assert ratchet.unreasoned() == []


def test_a_limit_is_raised_with_a_reason_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "ratchet.toml"
    monkeypatch.setattr(ratchet, "FILE", file)
    file.write_text("[limits]\nmodules = 5\n[lowest]\nmodules = 4\n")
    assert ratchet.unreasoned() == ["modules"]
    assert ratchet.exceeded({"modules": 6})[0].startswith("modules: 6, at most 5.")
    with file.open("a") as more:
        more.write(
            '[[raised]]\nmeasure = "modules"\nto = 5\nbecause = "PI"\nasked_by = "a works"\n'
        )
    assert ratchet.unreasoned() == []
    ratchet.lower({"modules": 3})
    assert ratchet.limits() == {"modules": 3}
