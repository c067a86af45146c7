"""The door: files as they are, in any order, become one plant with a site.toml, which says what
each key is, so that a person can go on with it and `label --site` reads the same.

    recognised (look, notation, naming, maker) ▶ decided ▶ assembled ▶ site.toml ▶ label
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path

from benchmarks import packs
from benchmarks.catalogue import in_language
from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase, enumerated, in_number
from reporting_agent.config.profile import zone_named
from reporting_agent.door.assembling import TakenPlant, assembled, usual_step_s
from reporting_agent.door.deciding import Ask, Decider, local_zone, nobody, shell_word
from reporting_agent.door.look import AS_ANSWERED
from reporting_agent.door.propose import settled
from reporting_agent.door.types import (
    ProfileProposal,
    ProfileQuestion,
    key_of,
    profile_lines,
    table_lines,
    value_of,
)
from reporting_agent.pipeline.own_pack import OWN

NAME = "site.toml"
_MARK = "# digest: "


def text(plant: TakenPlant, decider: Decider, pack: str, zone: str, folder: Path, lang: str) -> str:
    """The file's content; paths are relative to the folder that it will stand in."""

    def comment(words: str) -> str:
        return "# " + " ".join(in_language(words, lang).split())

    parts: list[list[str]] = [
        [
            "[site]",
            'id = "plant"',
            f"timezone = {value_of(zone)}",
            f"pack = {value_of(pack)}",
        ],
        _inputs(plant, folder),
    ]
    for name in ("batches", "energy", "readings", "log"):
        parts += _mapping(plant, name, comment)
    parts += [_table("[[meters]]", meter) for meter in plant.meters]
    parts += [_table("[[lhv]]", value) for value in plant.lhv]
    parts += _runs(plant)
    parts += [_table(f"[own_steps.{key_of(name)}]", keys) for name, keys in plant.steps.items()]
    if decider.answers:
        given = (f"{key}={value}" for key, value in decider.answers.items())
        options = [f"# --answer {shell_word(' '.join(each.split()))}" for each in given]
        parts.append([comment(Phrase("Answered:")), *options])
    parts.append([comment(assumption) for assumption in _assumed(decider)])
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


def _inputs(plant: TakenPlant, folder: Path) -> list[str]:
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
    yield [*map(comment, _why(first)), *profile_lines(f"mapping.{name}", first.keys)]
    for path, proposal in files[1:]:
        if proposal.keys != first.keys:
            head = f"mapping.{name}.files.{key_of(path.name)}"
            yield [*map(comment, _why(proposal)), *profile_lines(head, proposal.keys)]


def _why(proposal: ProfileProposal) -> Iterator[Phrase]:
    for clue in proposal.evidence:
        if clue.because:
            yield Phrase("%(key)s: %(reason)s", key=clue.key, reason=clue.because)


def _table(head: str, keys: Mapping[str, object]) -> list[str]:
    days = ("from", "until")
    lines = table_lines(
        {key: value for key, value in keys.items() if value != "" and key not in days}
    )
    return [head, *lines, *(f"{day} = {keys[day]}" for day in days if day in keys)]


def _runs(plant: TakenPlant) -> list[list[str]]:
    return [
        ["[runs]", *table_lines(proposal.runs)]
        for _, proposal in plant.of("log")[:1]
        if proposal.runs
    ]


OWN_STEP = "production"
_NONE = timedelta(0)
_OFFSET = re.compile(r"(?P<sign>[+-])(?P<hours>\d{2})(?::?(?P<minutes>\d{2}))?$")


def take(
    paths: Sequence[Path],
    out: Path,
    given: Mapping[str, str],
    person: Ask,
    pack: str | None = None,
    lang: str = "en",
) -> tuple[Path, tuple[Phrase, ...]]:
    """Read the files as they are and write site.toml into `out`: where it is, and what was taken of
    each file and assumed.

    Args:
        given: answers by the keys of their questions.
        person: who is asked, three times at most.
        pack: the sector's; None compares the plant with itself.

    Raises:
        InputError: a file cannot be used, files do not go together, or a question stays open: the
            remedy has the answers to add.
    """
    decider = Decider(given, person)
    _refuse_twice(paths)
    method = pack

    def answered(question: ProfileQuestion) -> str | None:
        nonlocal method
        if question.key != "step":
            return decider.answer(question)
        method = method or _sector(question, decider)
        return decider.answer(_of_step(question, method, chosen=pack is not None))

    files = [(path, settled(path, None, {}, None, answered)) for path in paths]
    _ask_zone(files, decider)
    decider.refuse_unanswered(str(paths[0]))
    method = method or OWN
    plant = assembled(files, method, decider)
    decider.refuse_unanswered(str(paths[0]))
    decider.refuse_unknown(str(paths[0]))
    zone = _zone(decider)
    content = text(plant, decider, method, zone, out, lang)
    return write(content, out), (*_said(plant), *_assumed(decider))


def _refuse_twice(paths: Sequence[Path]) -> None:
    names = [path.name for path in paths]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(
            "file-twice",
            "Two files have the same name.",
            "Name each file once, or rename one of them.",
            place=Place(twice),
            found=twice,
            wanted=Phrase("files of different names"),
        )


def _sector(question: ProfileQuestion, decider: Decider) -> str | None:
    """The pack of the sector that the words of a file name, where a person wants it; without one
    who answers, the plant is compared with itself."""
    sector, _, step = question.proposal.partition("/")
    if not sector:
        return OWN
    named = {"why": question.likely, "step": step, "sector": sector}
    ask = Phrase(
        "%(why)s: %(step)s of the pack %(sector)s. Is the plant compared with the standards of "
        "that sector (%(sector)s), or with itself alone (own)?",
        **named,
    )
    adds = Phrase("%(why)s, %(step)s; --pack %(sector)s adds the standards of that sector", **named)
    likely = (OWN, adds) if decider.person is nobody else (sector, "")
    return decider.answer(ProfileQuestion("pack", ask, (sector, OWN), "", *likely))


def _of_step(question: ProfileQuestion, method: str | None, *, chosen: bool) -> ProfileQuestion:
    """Of the plant beside itself the step needs no name; a pack's has to be one of its own.

    Args:
        chosen: whether the pack was named, and not told by the words that tell the step too.
    """
    if method in {None, OWN}:
        alone = Phrase("the plant is compared with itself")
        return ProfileQuestion("step", question.ask, proposal=OWN_STEP, likely=alone)
    steps = tuple(step.id for step in packs.load(str(method)).steps)
    if len(steps) == 1:
        only = Phrase("the pack has no other step")
        return ProfileQuestion("step", question.ask, steps, proposal=steps[0], likely=only)
    _, _, step = question.proposal.partition("/")
    proposal = step if step in steps else ""
    likely = question.likely if proposal and not chosen else ""
    return ProfileQuestion("step", question.ask, steps, proposal=proposal, likely=likely)


def _ask_zone(files: Sequence[tuple[Path, list[ProfileProposal]]], decider: Decider) -> None:
    """Ask for the plant's time zone where a file with offsets speaks against this computer's: its
    hours would be read beside those of another zone."""
    if "timezone" not in decider.assumed:
        return
    zone = zone_named(decider.assumed["timezone"].value)
    own = {datetime(2024, month, 1, tzinfo=zone).utcoffset() for month in (1, 7)}
    stamps = chain.from_iterable(
        _with_offset(proposal) for _, proposals in files for proposal in proposals
    )
    other = next((text for text, offset in stamps if offset not in own or own == {_NONE}), None)
    if other is None:
        return
    ask = Phrase(
        "In which time zone is the plant? %(stamp)s is not of this computer's, %(zone)s, and other "
        "stamps have no offset.",
        stamp=repr(other),
        zone=decider.assumed.pop("timezone").value,
    )
    decider.answer(ProfileQuestion("timezone", ask, example="Europe/Berlin"))


def _with_offset(proposal: ProfileProposal) -> Iterator[tuple[str, timedelta]]:
    """Stamps that say how far they are from UTC, and how far; the header, where it says UTC."""
    for clue in proposal.evidence:
        if clue.key == "timezone" and clue.because != AS_ANSWERED:
            yield "UTC", _NONE
    for name in ("timestamp", "start"):
        if (match := proposal.matches.get(name)) is None:
            continue
        for cell in proposal.look.column(match):
            found = _OFFSET.search(str(cell))
            if found is not None and ":" in str(cell)[: found.start()]:
                sign = -1 if found["sign"] == "-" else 1
                minutes = 60 * int(found["hours"]) + int(found["minutes"] or 0)
                yield str(cell), sign * timedelta(minutes=minutes)


def _zone(decider: Decider) -> str:
    """The plant's time zone: as answered, else of this computer."""
    for answered in (decider.given, decider.answers):
        if "timezone" in answered:
            return answered["timezone"]
    assumed = decider.assumed.get("timezone")
    return local_zone() if assumed is None else assumed.value


def _said(plant: TakenPlant) -> Iterator[Phrase]:
    """A line a file: what it is and how it is written."""
    for path, proposals in plant.files:
        if not proposals:
            continue
        what = enumerated(list(chain.from_iterable(map(_what, proposals))))
        how = enumerated(list(_how(proposals[0])))
        line = Phrase("%(file)s: %(what)s; %(how)s", file=path.name, what=what, how=how)
        unused = list(
            dict.fromkeys(
                name
                for name in proposals[0].unused
                if all(name in proposal.unused for proposal in proposals)
            )
        )
        if unused:
            more = len(unused) - 4
            names = ", ".join(unused[:4]) + (f" +{more}" if more > 0 else "")
            line = Phrase("%(line)s; not used: %(columns)s", line=line, columns=names)
        yield line
    yield from plant.remarks


def _what(proposal: ProfileProposal) -> Iterator[Phrase]:
    if proposal.input == "readings":
        kinds = {keys.get("reading", "interval") for keys in proposal.meters.values()}
        units = ", ".join(sorted({keys.get("unit", "kWh") for keys in proposal.meters.values()}))
        count = len(proposal.meters)
        if kinds == {"register"}:
            yield in_number(
                count, "%(count)s register in %(units)s", "%(count)s registers in %(units)s",
                count=count, units=units,
            )  # fmt: skip
        elif kinds == {"rate"}:
            yield in_number(
                count, "%(count)s power or flow in %(units)s",
                "%(count)s powers or flows in %(units)s", count=count, units=units,
            )  # fmt: skip
        else:
            yield in_number(
                count, "%(count)s meter in %(units)s", "%(count)s meters in %(units)s",
                count=count, units=units,
            )  # fmt: skip
        step_s = usual_step_s(proposal)
        if step_s is not None:
            yield _every(step_s)
    elif proposal.input == "energy":
        carriers = proposal.table("carriers") or {
            str(proposal.table("constants").get("carrier", "")): None
        }
        yield Phrase("energy: %(carriers)s", carriers=", ".join(filter(None, carriers)) or "…")
    elif proposal.input == "log":
        yield Phrase("a log of output and energy")
    else:
        yield Phrase("a table of runs")


def _every(step_s: float) -> Phrase:
    if step_s < 120:
        return Phrase("every %(seconds)s s", seconds=f"{step_s:g}")
    if step_s < 7200:
        return Phrase("every %(minutes)s min", minutes=f"{step_s / 60:g}")
    return Phrase("every %(hours)s h", hours=f"{step_s / 3600:g}")


def _how(proposal: ProfileProposal) -> Iterator[Phrase]:
    keys = proposal.keys
    if (sheet := keys.get("sheet")) is not None:
        yield Phrase("sheet %(sheet)s", sheet=str(sheet))
    yield Phrase("decimal comma") if keys.get("decimal") == "," else Phrase("decimal point")
    order = str(keys.get("date_order") or keys.get("date_format") or "ymd")
    yield {"d": Phrase("day first"), "m": Phrase("month first")}.get(
        order.replace("%", "")[0].lower(), Phrase("year first")
    )


def _assumed(decider: Decider) -> Iterator[Phrase]:
    """What was taken without asking, a line each."""
    for assumption in decider.assumed.values():
        yield Phrase(
            "assumed %(key)s = %(value)s: %(because)s",
            key=assumption.key,
            value=assumption.value,
            because=assumption.because,
        )
