"""The parts of a site's data, each with a digest of its own: which of them changed, where a root is
not the one committed to.

The digests stay on the site, beside the report: they are not salted, and a root alone says no more
than that something differs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import sha256
from typing import TypeAlias

from benchmarks.audit import contents
from benchmarks.audit.commitment import DataTree
from benchmarks.audit.contents import Contents
from benchmarks.phrases import Phrase, in_context, in_number

Parts: TypeAlias = dict[str, str]
"""Name -> number of records and digest, as `117 5e88…`."""

_OF_THE_TABLE = {
    str(part): part
    for part in (
        in_context("a part of a site's data", "pack"),
        in_context("a part of a site's data", "policy"),
        in_context("a part of a site's data", "settings"),
        in_context("a part of a site's data", "agent's version"),
        in_context("a part of a site's data", "key of the report"),
        in_context("a part of a site's data", "windows"),
        in_context("a part of a site's data", "labels"),
    )
}
_OF_RECORDS = (
    (re.compile(r"step (.+), used"), Phrase("step %(id)s, used")),
    (re.compile(r"step (.+), excluded"), Phrase("step %(id)s, excluded")),
    (re.compile(r"meter (.+)"), Phrase("meter %(id)s")),
)
"""Names are kept with reports as `contents.ranges` writes them."""


def parts_of(tree: DataTree) -> Parts:
    """Every part by name: `step eaf, used`, `step eaf, excluded`, `meter eaf-1`, and what the table
    of contents holds besides.
    """
    return tree.digests | _alone(tree.contents)


def told_by(table: Contents) -> Parts:
    """The same names, as far as a table of contents alone tells them: of records, only how many
    there are.
    """
    return {name: f"{count}" for name, _, count in contents.ranges(table)} | _alone(table)


def _alone(table: Contents) -> Parts:
    """What the table holds besides the positions of records."""
    alone = {
        "pack": table.pack_digest,
        "policy": table.policy_digest,
        "settings": table.settings_digest,
        "agent's version": table.software.encode(),
        "key of the report": table.key_commitment,
        "windows": repr(sorted(table.windows.items())).encode(),
        "labels": contents.counted_bytes(table.counted),
    }
    return {name: f"1 {sha256(content).hexdigest()}" for name, content in alone.items()}


def differing(committed: Parts, now: Parts) -> list[Phrase]:
    """The parts that are not alike, each in words: what there is now, and what there was."""
    return list(_differing(committed, now))


def _differing(committed: Parts, now: Parts) -> Iterator[Phrase]:
    for name in dict.fromkeys([*committed, *now]):
        before, after = committed.get(name), now.get(name)
        if before == after:
            continue
        if before is None or after is None:
            new = Phrase("%(name)s: not there when it was committed to", name=_in_words(name))
            gone = Phrase("%(name)s: no longer there", name=_in_words(name))
            yield new if before is None else gone
            continue
        then, here = before.partition(" ")[0], after.partition(" ")[0]
        if here != then:
            yield in_number(
                int(here),
                "%(name)s: %(here)s record, %(there)s when they were committed to",
                "%(name)s: %(here)s records, %(there)s when they were committed to",
                name=_in_words(name),
                here=here,
                there=then,
            )
        else:
            yield Phrase("%(name)s: not the same", name=_in_words(name))


def _in_words(part: str) -> str:
    for pattern, phrase in _OF_RECORDS:
        if match := pattern.fullmatch(part):
            return Phrase(phrase.text, id=match[1])
    return _OF_THE_TABLE.get(part, part)
