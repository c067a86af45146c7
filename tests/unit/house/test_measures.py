"""The measures of the house count what they say, on a tree that is known."""

from pathlib import Path

import pytest

from tests.house.measures import PRODUCT, table

MODULE = '''"""A docstring with <b>tags</b> and 水泥, which is no text of the code."""


class Row:
    """A row."""

    kept: str = ""


def draw(name: str) -> str:
    """<p>Not counted.</p>"""
    try:
        return f"<td class='x'>{name}</td>"
    except (ValueError, Exception):
        return "水泥"
    except BaseException:
        print("<file>")
        raise


def sentences(one: Row, found: str, kept: str) -> list[str]:
    some = one.told = found
    return [made for made in some if (held := made)]


def _told(found: str, wanted: str) -> str:
    return found + wanted


PATTERN = re.compile("水泥")
ROW = 1
"""A row, 水泥."""
'''


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for package in (*PRODUCT, "tests"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "short.py").write_text("ONE = 1\n")
    (tmp_path / "portal" / "rows.py").write_text(MODULE)
    (tmp_path / "portal" / "templates").mkdir()
    (tmp_path / "portal" / "templates" / "page.html").write_text("<p>\n" + "x" * 200)
    return tmp_path


def test_every_measure_of_a_known_tree(tree: Path) -> None:
    length = len(MODULE.splitlines())
    measures = table(tree)
    assert measures == {
        "lines of Python in benchmarks": "1",
        "lines of Python in reporting_agent": "1",
        "lines of Python in portal": str(length + 1),
        "lines of Python of the product": str(length + 3),
        "of these migrations": "0",
        "lines of Python in tests": "1",
        "test lines a product line": f"{1 / (length + 3):.2f}",
        "modules": "4",
        "lines of a module, 90th percentile": "23",
        "longest module": f"{length} (portal/rows.py)",
        "classes": "1",
        "names that several public classes share": "0",
        "modules in the largest folder": "2 (portal)",
        "texts with HTML tags in Python": "2",
        "texts with letters of another script in Python": "1",
        "places that catch everything": "1",
        "queries in pages": "0",
        "names that say nothing": "7",
        "names that say nothing in tests": "0",
        "longest line of a template": "200 (page.html)",
    }
