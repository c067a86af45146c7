"""No text of another script and no broad handler stands in the product, but for those excused by
name.
"""

from __future__ import annotations

import ast
from collections.abc import Collection
from pathlib import Path

from tests.house import measures

ROOT = Path(__file__).parents[3]
TREES = {
    path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
    for package in measures.PRODUCT
    for path in measures.modules(ROOT, package)
}


def meant(found: set[str], excused: Collection[str]) -> bool:
    """No other than those excused; and all of these, where the volumes of the shelf are there."""
    return found <= set(excused) and (found == set(excused) or not (ROOT / "extras").is_dir())


def test_letters_of_another_script_stand_only_in_texts_that_are_excused() -> None:
    texts = {text for tree in TREES.values() for text in measures.literals(tree)}
    assert meant({text for text in texts if measures.NOT_LATIN.search(text)}, measures.MEANT)


def test_everything_is_caught_only_where_it_is_excused() -> None:
    broad = {path for path, tree in TREES.items() if measures.catches_everything(tree)}
    assert meant(broad, measures.MAY_CATCH)
