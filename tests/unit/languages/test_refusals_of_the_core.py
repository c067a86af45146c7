"""What packs, files of an audit, documents and saved data are refused with is said in the reader's
language to its last word.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from benchmarks import packs
from benchmarks.audit import records, sample_file
from benchmarks.audit.committed_tree import differing
from benchmarks.audit.sampling_plan import StratumSize
from benchmarks.catalogue import in_language
from benchmarks.errors import SteplabelError
from benchmarks.labels.single import IncompleteError
from benchmarks.labels.validity import ExclusionReason
from benchmarks.measurements import Period
from benchmarks.phrases import Phrase, listed
from benchmarks.privacy.mechanism import require_dyadic
from benchmarks.quantities import ratio
from benchmarks.wire import directory_renewal
from benchmarks.wire.canonical import encode
from benchmarks.wire.directory import Directory, ListedKey
from reporting_agent import published
from reporting_agent.audit.openings import files, verifying
from reporting_agent.audit.openings.files import HandedInFiles
from reporting_agent.audit.openings.verifying import Trust
from reporting_agent.state import StateDirectory
from tests.unit.languages.pseudo import pseudo
from tests.unit.languages.test_third_language import english

KEY = ListedKey(bytes(32), date(2026, 1, 1), date(2027, 1, 1))
DIRECTORY = Directory(1, (KEY,), ())


def _opening_without_a_key(folder: Path) -> object:
    return verifying.verify(HandedInFiles({"sealed-opening": b""}), Trust(), folder=folder)


def _a_file_for_nothing(folder: Path) -> object:
    raise files.unknown(folder / "x.bin")


def _pack_cut_short(folder: Path) -> object:
    (folder / "own.toml").write_text("id =", encoding="utf-8")
    return packs.load(str(folder / "own.toml"), None, folder)


def _state_of_a_newer_agent(folder: Path) -> object:
    state = StateDirectory(folder)
    with state.connect():
        pass
    with closing(sqlite3.connect(state.database)) as connection:
        connection.execute("PRAGMA user_version = 999")
    with state.connect():
        raise AssertionError


def _no_benchmark(folder: Path) -> object:
    (folder / "benchmark.json").write_text("[", encoding="utf-8")
    return published.load(str(folder / "benchmark.json"), None)


def _batch_without_a_value(_: Path) -> object:
    raise IncompleteError(next(iter(ExclusionReason)), "H1", ("lhv",))


ACTS: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "audit file lacking": (_opening_without_a_key, "the opening is sealed: give --keys", ""),
    "audit file unknown": (_a_file_for_nothing, "checkpoint", ""),
    "record": (
        lambda _: records.read(encode({"kind": "other"})),
        "one of %(batch)s, %(readings)s and %(padding)s",
        "batch readings padding kind docs",
    ),
    "evidence": (
        lambda _: sample_file.read(
            {
                "schema": sample_file.SCHEMA,
                "site": "",
                "period": "",
                "revision": 1,
                "files": {},
                "entries": [],
            }
        ),
        "%(names)s: not in the file",
        "challenge commitment directory draw head promise receipt steplabel",
    ),
    "pack": (_pack_cut_short, "TOML in UTF-8", "Invalid value at line column end document"),
    "pack's version": (lambda _: packs.load("steel", "0.1"), "", "steel"),
    "unit of two meanings": (lambda _: ratio("ton", "t"), "t, short_ton or long_ton", "ton"),
    "unit of energy": (
        lambda _: ratio("mWh", "kWh"),
        "kWh, MWh, kJ, MJ, GJ, kW, MW, kgce or tce",
        "",
    ),
    "small tonne": (lambda _: ratio("mt", "t"), "t or kg", ""),
    "period": (
        lambda _: Period.parse("soon", UTC),
        "2016, 2016-Q1, 2016-05 or 2016-01-01/2016-07-01",
        "soon",
    ),
    "epsilon": (lambda _: require_dyadic(Fraction(1, 3)), "for example 3/4 or 1/4", ""),
    "batch": (
        _batch_without_a_value,
        "Batch %(batch)s has no value for this metric (%(reason)s: %(carriers)s).",
        "lhv",
    ),
    "next directory": (
        lambda _: directory_renewal.require_succession(DIRECTORY, DIRECTORY),
        "number %(new)s does not follow %(old)s",
        "",
    ),
    "directory without a key": (
        lambda _: directory_renewal.require_succession(
            DIRECTORY, replace(DIRECTORY, number=2, processing=())
        ),
        "the key %(key)s is missing",
        "aadf",
    ),
    "directory with a longer key": (
        lambda _: directory_renewal.require_succession(
            DIRECTORY,
            replace(
                DIRECTORY,
                number=2,
                processing=(replace(KEY, valid_to=KEY.valid_to + timedelta(1)),),
            ),
        ),
        "the window of the key %(key)s was moved or lengthened",
        "aadf",
    ),
    "state": (_state_of_a_newer_agent, "state version %(version)s in %(path)s", ""),
    "benchmark": (
        _no_benchmark,
        "a JSON document of the schema %(schema)s",
        "Expecting value: line column char steplabel",
    ),
}
"""What refuses, a text that has to be in the answer, and what stays: names of fields and what a
library said.
"""


def words_of(text: str) -> str:
    """The longest part of a text that has no values in it."""
    return max(re.split(r"%\(\w+\)s", pseudo(text)), key=len).strip()


def assert_said_in(
    language: str, folder: Path, refuse: Callable[[Path], object], text: str, own: str
) -> None:
    """That it refuses with this text, and with no other English than `own`."""
    with pytest.raises(SteplabelError) as refused:
        refuse(folder)
    answer = refused.value.in_words(language)
    assert words_of(text) in answer
    left = english(answer, str(folder)) - set(own.replace("'", " ").replace(":", " ").split())
    assert left <= {
        "TOML",
        "JSON",
        "UTF",
        "QUESTION",
        "VALUE",
        "FILE",
        "tce",
        "answer",
        "change",
        "process",
        "MJ",
        "GJ",
    }, answer


@pytest.mark.parametrize("act", ACTS)
def test_a_refusal_has_no_english_in_it(act: str, language: str, tmp_path: Path) -> None:
    assert_said_in(language, tmp_path, *ACTS[act])


def test_parts_of_the_data_that_changed_are_named_in_it(language: str) -> None:
    parts = dict.fromkeys(
        (
            "step eaf, used",
            "step eaf, excluded",
            "meter m1",
            "pack",
            "agent's version",
            "key of the report",
        ),
        "1 a",
    )
    differences = differing(parts, dict.fromkeys(parts, "1 b"))
    assert differences[0] == "step eaf, used: not the same"
    answer = in_language(Phrase("%(found)s", found=listed(differences)), language)
    assert english(answer) == set()
    assert pseudo("agent's version") in answer


def test_a_sample_that_cannot_be_drawn_is_explained_in_it(language: str) -> None:
    with pytest.raises(ValueError, match="confidence lies") as refused:
        StratumSize(Fraction(2), Fraction(1))
    assert (
        english(
            in_language(
                Phrase("A sample cannot have this size: %(wrong)s.", wrong=refused.value), language
            )
        )
        == set()
    )
