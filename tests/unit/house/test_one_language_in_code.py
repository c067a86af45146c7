"""No text of another script, no broad handler, no name that says nothing and no name for two
classes stands in the product, but for those excused by name; no name that says nothing in tests
either."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.house import measures

ROOT = Path(__file__).parents[3]
TREES = {
    path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
    for package in measures.PRODUCT
    for path in measures.python(ROOT, package)
}


def test_letters_of_another_script_stand_only_in_texts_that_are_excused_and_all_of_these_are_there() -> (
    None
):
    texts = {text for tree in TREES.values() for text in measures.literals(tree)}
    assert {text for text in texts if measures.NOT_LATIN.search(text)} == measures.MEANT.keys()


def test_everything_is_caught_only_where_it_is_excused() -> None:
    assert {
        path for path, tree in TREES.items() if measures.catches_everything(tree)
    } == measures.MAY_CATCH.keys()


def test_a_name_says_what_it_holds_in_fixtures_and_tests_too() -> None:
    beside = {
        path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for package in ("fixtures", "tests")
        for path in measures.python(ROOT, package)
    }
    assert {
        path: lines
        for path, tree in (TREES | beside).items()
        if (lines := measures.says_nothing(tree))
    } == {}


def test_a_public_class_has_a_name_of_its_own() -> None:
    assert measures.shared_by_classes(TREES) == {}


def test_a_name_of_two_classes_is_seen_and_a_private_one_may_repeat() -> None:
    tree = ast.parse("class Batch: ...\nclass _Row: ...\nclass Command: ...")
    assert measures.shared_by_classes({"log.py": tree, "spool.py": tree}) == {
        "Batch": ["log.py", "spool.py"]
    }
