"""Refusals on Chinese pages: each is translated whole, with its values; what is neither a literal
nor a phrase is found in the source.
"""

from __future__ import annotations

import ast
import json
import pickle
import re
from collections.abc import Iterator

import pytest
from django.utils import translation

from benchmarks.errors import VerificationError
from benchmarks.phrases import Name, Phrase, joined, restored, stored
from portal.sentences import in_words
from portal.web.messages import (
    CORE,
    CORE_PO_FILE,
    PO_FILE,
    extras_of_the_portal,
    texts_of_refusals,
    translations,
)
from tests.documents.refusals import OR, PACKAGES, ROOT, TEXT_AT, Module, Scope, text_of

CHINESE = re.compile(r"[\u4e00-\u9fff]")
PHRASES_OF_ELSEWHERE = ("no-bound",)  # its remedy is the phrases of the label rule
OF_EXTRAS = [extra / CORE_PO_FILE.relative_to(CORE.parent) for extra in extras_of_the_portal()]
PLACE = re.compile(r"%\((\w+)\)s")
NESTED = Phrase(
    "The label of %(step)s, %(metric)s cannot be compared with others: %(found)s.",
    step="coke",
    metric="total",
    found=Phrase("the step has no variant %(variant)s", variant="'two'"),
)


class Unfilled(Module):
    """A module whose phrases are read with their places named, as the catalogue has them."""

    def _of_phrase(self, phrase: ast.Call, scope: Scope) -> str:
        return self.text(text_of(phrase), scope)


def modules_of_core_and_portal() -> Iterator[Unfilled]:
    for package in ("benchmarks", "portal"):
        assert package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py")):
            yield Unfilled(path)
    for extra in extras_of_the_portal():
        for path in sorted(set(extra.rglob("*.py")) - set((extra / "tests").rglob("*.py"))):
            yield Unfilled(path)


def not_translatable(modules: Iterator[Module], texts: set[str]) -> list[str]:
    """Refusals whose sentence or remedy is none of these texts: put together when it is raised, or
    handed over unmarked.
    """
    return [
        f"{module.file}: {refusal.code}: {sentence}"
        for module in modules
        for refusal in module.refusals()
        for sentence in (*refusal.sentence.split(OR), *refusal.remedy.split(OR))
        if sentence not in texts and refusal.code not in PHRASES_OF_ELSEWHERE
    ]


def test_every_refusal_of_core_and_portal_is_made_of_texts_of_the_catalogue() -> None:
    messages = [
        message
        for file in (PO_FILE, CORE_PO_FILE, *OF_EXTRAS)
        for message in translations(file)
        if message.id and not message.context
    ]
    texts = {
        text
        for message in messages
        for text in (message.id if isinstance(message.id, tuple | list) else [message.id])
    }
    assert not_translatable(modules_of_core_and_portal(), texts) == [], (
        "use a literal, or a Phrase with its values by name"
    )


@pytest.mark.parametrize(
    "sentence",
    [
        'f"The log does not have {size} entries yet."',
        '"The log has no " + size',
        "size",
        '"Nobody has translated this."',
        "Phrase(size)",
    ],
)
def test_a_refusal_that_cannot_be_translated_is_found(sentence: str) -> None:
    module = Unfilled(ROOT / "portal" / "assurance" / "sampling.py")
    module.tree = ast.parse(
        f'def refuse(size: str) -> None:\n    raise RefusedError(409, "x", {sentence}, "Say in '
        'a sentence why.")'
    )
    texts = {str(message.id) for message in translations() if message.id}
    assert len(not_translatable(iter([module]), texts)) == 1


def test_every_text_of_a_refusal_is_chinese_in_chinese() -> None:
    in_chinese = {
        message.id: str(message.string) for message in translations() if not message.context
    }
    texts = {text for _file, _line, text in texts_of_refusals()}
    assert len(texts) > 300
    assert [
        text
        for text in texts
        if re.search("[A-Za-z]", PLACE.sub("", str(text))) and not CHINESE.search(in_chinese[text])
    ] == []


DEFINED_IN = ("benchmarks/phrases.py", "benchmarks/declared.py")
FILLED_LATER = (
    "benchmarks/audit/committed_tree.py",
    "benchmarks/disclosure/reasons.py",
    "benchmarks/explanation/",
    "extras/best_groups/dividing.py",
)


def test_every_phrase_has_a_literal_text_and_names_its_values() -> None:
    wrong = []
    for module in modules_of_core_and_portal():
        for call, _function in module.calls:
            if (
                isinstance(call.func, ast.Name)
                and call.func.id in TEXT_AT
                and module.file not in DEFINED_IN
            ):
                text = argument.value if isinstance(argument := text_of(call), ast.Constant) else ""
                named = {word.arg for word in call.keywords}
                if None in named or (module.file.startswith(FILLED_LATER) and not (named and text)):
                    continue  # what stands in a table is filled where it is said
                if not text or set(PLACE.findall(str(text))) != named:
                    wrong.append(f"{module.file}:{call.lineno}")
    assert wrong == []


def test_a_phrase_is_its_english_text() -> None:
    assert (
        NESTED
        == "The label of coke, total cannot be compared with others: the step has no variant 'two'."
    )
    assert Phrase("100 % of it") == "100 % of it"
    assert json.dumps({"detail": NESTED}) == json.dumps({"detail": str(NESTED)})


def test_a_page_says_it_in_its_readers_language_with_the_same_values() -> None:
    refusal = VerificationError("label-off-pack", NESTED, "Say in a sentence why.")
    with translation.override("en"):
        assert in_words(refusal.whole) == f"{refusal.sentence} {refusal.remedy}"
    with translation.override("zh-hans"):
        assert in_words(NESTED) == "coke、total 的标签无法与其他标签比较：该工序没有品类 'two'。"
        assert in_words(refusal.whole) == f"{in_words(NESTED)}请用一句话说明原因。"
        assert in_words("") == ""


def test_what_varies_is_never_looked_up() -> None:
    with translation.override("zh-hans"):
        sentence = in_words(Phrase("There is already a firm with the name %(name)s.", name="Draft"))
        assert "Draft" in sentence
        assert CHINESE.search(sentence)


def test_a_name_is_the_one_that_the_reader_knows() -> None:
    body, unnamed = Name("Certifiers Ltd", zh="认证公司"), Name("Certifiers Ltd")
    text = "%(body)s is not a certification body."
    assert Phrase(text, body=body) == "Certifiers Ltd is not a certification body."
    with translation.override("zh-hans"):
        assert in_words(Phrase(text, body=body)) == "认证公司 不是认证机构。"
        assert in_words(Phrase(text, body=unnamed)) == "Certifiers Ltd 不是认证机构。"
    with translation.override("en"):
        assert in_words(Phrase(text, body=body)) == "Certifiers Ltd is not a certification body."


def test_a_phrase_is_kept_with_a_record_and_comes_back_whole() -> None:
    reason = joined(NESTED, Phrase("Say in a sentence why."))
    back = restored(json.loads(json.dumps(stored(reason))))
    assert back == reason == f"{NESTED} Say in a sentence why."
    with translation.override("zh-hans"):
        assert in_words(back) == in_words(reason)
        assert not re.search(
            "[A-Za-z]", in_words(back).replace("coke", "").replace("total", "").replace("two", "")
        )
    assert in_words(pickle.loads(pickle.dumps(NESTED))) == in_words(NESTED)  # noqa: S301 - our own bytes
