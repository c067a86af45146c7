"""Letters of one language stand in catalogues and tables; in Python only where a file is read or an example is named."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.house import measures

ROOT = Path(__file__).parents[3]

LEFT = {
    "reporting_agent/audit/reconciliation/workbook.py": "dates as bills write them",
    "reporting_agent/pipeline/units.py": "units as logs write them",
    "reporting_agent/proposal/look.py": "dates as files write them",
    "reporting_agent/proposal/notation.py": "dates as files write them",
    "reporting_agent/proposal/vocabulary.py": "the Cyrillic letter that looks like the unit t",
    "reporting_agent/single_file/start.py": "said before any catalogue can be read",
    "reporting_agent/sources/b2mml.py": "a word that files use for energy",
    "reporting_agent/sources/example.py": "an example's own name of a furnace",
    "reporting_agent/sources/stamps.py": "dates as files write them",
    "reporting_agent/workbook/words.py": "a heading that is quoted as it stands in a Chinese workbook",
    "portal/demo/cast.py": "names of the demo's organisations in the database's two languages",
    "portal/practices/content.py": "amounts and shares of energy as firms write them",
    "portal/publication/publishing.py": "a regulator's name in published documents, which know two languages",
}
"""Module -> what the letters are for."""


def found() -> set[str]:
    modules = (path for package in measures.PRODUCT for path in measures.python(ROOT, package))
    return {
        str(path.relative_to(ROOT))
        for path in modules
        if any(measures.NOT_LATIN.search(text) for text in measures.literals(ast.parse(path.read_text(encoding="utf-8"))))
    }


def test_no_other_module_has_letters_of_one_language_in_it() -> None:
    assert found() - LEFT.keys() == set()


def test_what_is_excused_is_still_there() -> None:
    assert LEFT.keys() - found() == set()
