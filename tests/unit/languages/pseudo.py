"""A language that nobody speaks: every English text with other letters, so that what is still
English was never translated.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from pathlib import Path

from babel.messages.catalog import Catalog, Message

from portal.web.messages import CORE, PAGES, compiled

LANGUAGE = "qps"
"""Reserved for private use (ISO 639-2)."""

_PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_OTHER = "áƀćđéƒǵħíĵķĺɱńóƥʠŕśťúʋẃẋýźÁɃĆĐÉƑǴĦÍĴĶĹⱮŃÓƤɊŔŚŤÚɅẂẊÝŹ"
_LETTERS = str.maketrans(_PLAIN, _OTHER)
_KEPT = re.compile(
    r"%\(\w+\)[sd]|\{[^}]*\}|<[^>]*>|&\w+;|`[^`]*`|[\w./-]+\.(?:toml|csv|json|xlsx|html|md)\b|\\\w|%%|https?:\S+"
)
"""What a translator leaves as it is: places to fill, markup, commands, files and addresses."""


def pseudo(text: str) -> str:
    """`Add %(count)s rows.` becomes `Áđđ %(count)s ŕóẃś.`."""
    parts, end = [], 0
    for match in _KEPT.finditer(text):
        parts += [text[end : match.start()].translate(_LETTERS), match[0]]
        end = match.end()
    return "".join([*parts, text[end:].translate(_LETTERS)])


def write_catalogue(
    folder: Path, domain: str, texts: Iterable[Message], left_out: str = ""
) -> None:
    """The compiled catalogue of every text but one, where gettext looks for it."""
    catalog = Catalog()
    for message in texts:
        if message.id and message.id != left_out:
            many = isinstance(message.id, tuple | list)
            translation = (
                tuple(pseudo(form) for form in message.id) if many else pseudo(str(message.id))
            )
            catalog.add(message.id, translation, context=message.context)
    file = folder / LANGUAGE / "LC_MESSAGES" / f"{domain}.mo"
    file.parent.mkdir(parents=True)
    file.write_bytes(compiled(catalog))


def beside(folder: Path, *, pages: bool = False) -> Path:
    """A copy of the languages that there are, to add one to."""
    copy = folder / ("pages" if pages else "core")
    shutil.copytree(PAGES if pages else CORE, copy)
    return copy
