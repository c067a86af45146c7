"""site.toml as the door writes it: files, mapping, answers, assumptions and meters, each with what
it is, so that a person can go on with it and `label --site` reads the same.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.catalogue import in_language
from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase
from reporting_agent.door.assembling import TakenPlant
from reporting_agent.door.deciding import Decider
from reporting_agent.door.types import TABLES, ProfileProposal, key_of, table_lines, value_of

NAME = "site.toml"
_MARK = "# digest: "


def text(plant: TakenPlant, decider: Decider, pack: str, zone: str, folder: Path, lang: str) -> str:
    """The file's content; paths are relative to the folder that it will stand in."""

    def comment(words: str) -> str:
        return "# " + " ".join(in_language(words, lang).split())

    about = plant.about.site
    parts: list[list[str]] = [
        [
            "[site]",
            'id = "plant"',
            f"timezone = {value_of(zone)}",
            f"pack = {value_of(pack)}",
            *table_lines({key: value for key, value in about.items() if key != "timezone"}),
        ],
        _inputs(plant, folder, comment),
    ]
    for name in ("batches", "energy", "readings", "log"):
        parts += _mapping(plant, name, comment)
    parts += [_table("[[meters]]", meter) for meter in plant.meters]
    parts += _runs(plant)
    parts += [_table(f"[own_steps.{key_of(name)}]", keys) for name, keys in plant.steps.items()]
    if plant.about.prices:
        parts.append(["[tariff]", f"currency = {value_of(plant.about.currency)}"])
        parts += [_table("[[tariff.prices]]", price) for price in plant.about.prices]
    parts += [_table("[[lhv]]", heat) for heat in plant.about.lhv]
    if decider.answers:
        parts.append([comment(Phrase("Answered:")), "[answers]", *table_lines(decider.answers)])
    for assumption in decider.assumed.values():
        parts.append(
            [
                comment(assumption.because),
                "[[assumed]]",
                f"key = {value_of(assumption.key)}",
                f"value = {value_of(assumption.value)}",
            ]
        )
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def write(content: str, folder: Path) -> Path:
    """Write it into the folder, which is made if need be; a file that a person changed stays.

    Raises:
        InputError: `already-there`, where the file there is not as it was written.
    """
    from reporting_agent.report import writing

    target = writing.folder(folder) / NAME
    if target.exists() and not _as_written(target.read_text(encoding="utf-8", errors="replace")):
        raise InputError(
            "already-there",
            "There is a site.toml already that a person wrote or changed; nothing was written.",
            Phrase(
                "Label by it with --site %(file)s, or name another folder with --out.",
                file=target,
            ),
            place=Place(str(target)),
            found=target.name,
            wanted=Phrase("none, or one that this command wrote"),
        )
    writing.write_text(target, f"{_MARK}{_digest(content)}\n{content}")
    return target


def _digest(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


def _as_written(whole: str) -> bool:
    first, _, rest = whole.partition("\n")
    return first == f"{_MARK}{_digest(rest)}"


def _inputs(plant: TakenPlant, folder: Path, comment: Callable[[str], str]) -> list[str]:
    lines = ["[inputs]"]
    for name in ("batches", "energy", "readings", "log"):
        files = plant.of(name)
        if not files:
            continue
        paths = [_relative(path, folder) for path, _ in files]
        lines.append(f"{name} = {value_of(paths[0] if len(paths) == 1 else paths)}")
    return lines


def _relative(path: Path, folder: Path) -> str:
    try:
        return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
    except ValueError:  # another drive
        return path.resolve().as_posix()


def _mapping(plant: TakenPlant, name: str, comment: Callable[[str], str]) -> Iterator[list[str]]:
    files = plant.of(name)
    if not files:
        return
    first = files[0][1]
    yield _profile(f"mapping.{name}", first.keys, [comment(clue) for clue in _why(first)])
    for path, proposal in files[1:]:
        if proposal.keys != first.keys:
            head = f"mapping.{name}.files.{key_of(path.name)}"
            yield _profile(head, proposal.keys, [comment(clue) for clue in _why(proposal)])


def _why(proposal: ProfileProposal) -> Iterator[Phrase]:
    for clue in proposal.evidence:
        if clue.because:
            yield Phrase("%(key)s: %(reason)s", key=clue.key, reason=clue.because)


def _profile(name: str, keys: Mapping[str, object], why: Sequence[str]) -> list[str]:
    lines = [*why, f"[{name}]"]
    lines += table_lines({key: value for key, value in keys.items() if key not in TABLES})
    for table in TABLES:
        inner = keys.get(table)
        if not isinstance(inner, Mapping) or not inner:
            continue
        if table == "values":
            for column, words in inner.items():
                lines += ["", f"[{name}.values.{key_of(column)}]", *table_lines(words)]
        else:
            lines += ["", f"[{name}.{table}]", *table_lines(inner)]
    return lines


def _table(head: str, keys: Mapping[str, object]) -> list[str]:
    lines = table_lines(
        {key: value for key, value in keys.items() if value != "" and key != "from"}
    )
    return [head, *lines, *([f"from = {keys['from']}"] if "from" in keys else [])]


def _runs(plant: TakenPlant) -> list[list[str]]:
    return [
        ["[runs]", *table_lines(proposal.runs)]
        for _, proposal in plant.of("log")[:1]
        if proposal.runs
    ]
