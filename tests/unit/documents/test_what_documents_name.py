"""What a document names is there: links, files, commands, options, settings, keys, words."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
from argparse import ArgumentParser, _SubParsersAction
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

from reporting_agent import extras
from reporting_agent.cli import COMMANDS, command_parser
from reporting_agent.config import (
    Equipment,
    InputFiles,
    Mapping,
    Meter,
    Profile,
    Runs,
    SiteSettings,
)
from reporting_agent.config.site import SiteIdentity, StepSetting
from reporting_agent.extras import EXTRA_OF
from tests.documents import errors_page
from tests.documents.__main__ import BUILT, REFERENCE
from tests.documents.refusals import ROOT

DOCS = ROOT / "docs"
PAGES = sorted(
    page
    for page in [ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS.rglob("*.md")]
    if REFERENCE not in page.parents
)
TEXTS = {page.relative_to(ROOT).as_posix(): page.read_text(encoding="utf-8") for page in PAGES}
EVERY_PAGE = pytest.mark.parametrize("page", TEXTS)


def quoted(text: str) -> Iterator[str]:
    """Inline code, and the lines of code blocks."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    for block in blocks:
        yield from block.splitlines()
    without = re.sub(r"^```\w*\n.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    yield from re.findall(r"^ {4}(\S.*)$", without, flags=re.MULTILINE)
    yield from re.findall(r"`([^`\n]+)`", without)


def words_of(line: str) -> list[str]:
    """The words of a quoted command, comments left out; nothing where it is no command line."""
    try:
        return shlex.split(line, comments=True)
    except ValueError:
        return []


def anchors(text: str) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@EVERY_PAGE
def test_no_page_holds_both_sides_of_a_merge(page: str) -> None:
    assert re.findall(r"^(?:<{7}|>{7}) .*$", TEXTS[page], re.MULTILINE) == []


@EVERY_PAGE
def test_links_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", TEXTS[page]):
        assert not target.startswith("http"), f"{page} leaves the repository: {target}"
        path, _, anchor = target.partition("#")
        destination = (ROOT / page).parent / path if path else ROOT / page
        if destination.resolve() in {REFERENCE / name for name in BUILT}:
            continue  # built, not committed
        assert destination.exists(), f"{page}: {target}"
        if anchor:
            assert anchor in anchors(destination.read_text(encoding="utf-8")), f"{page}: {target}"


@EVERY_PAGE
def test_files_that_are_named_exist(page: str) -> None:
    for code in quoted(TEXTS[page]):
        if re.fullmatch(
            r"(benchmarks|reporting_agent|portal|fixtures|tests|docs|bin|requirements)/[\w./-]+",
            code,
        ):
            assert (ROOT / code).exists(), f"{page} names {code}"


@EVERY_PAGE
def test_modules_and_programs_that_are_called_exist(page: str) -> None:
    for line in quoted(TEXTS[page]):
        for module in re.findall(r"python -m ([\w.]+)", line):
            assert importlib.util.find_spec(module) is not None, f"{page}: {line}"
        for name in re.findall(r"manage\.py ([a-z_]+)", line):
            assert name in get_commands(), f"{page}: {line}"
        for program in re.findall(r"(?<!\.venv/)\bbin/[a-z-]+", line):
            assert os.access(ROOT / program, os.X_OK), f"{page}: {line}"


def test_options_of_the_scripts_are_options() -> None:
    demo = load_command_class("portal.demo", "demo").create_parser("manage.py", "demo")
    count = 0
    for page, text in TEXTS.items():
        for line in quoted(text):
            words = words_of(line)
            if words[:1] == ["bin/demo"]:
                count += len(words) > 1
                demo.parse_args(words[1:])
            elif words[:1] == ["bin/test"]:
                assert set(words[1:]) <= {"--long", "--quick"}, f"{page}: {line}"
    assert count


def commands_of_the_agent() -> dict[str, ArgumentParser]:
    (action,) = (
        candidate
        for candidate in command_parser([])._actions
        if isinstance(candidate, _SubParsersAction)
    )
    return dict(action.choices)


def options_of(command: ArgumentParser) -> set[str]:
    """The options of a command and of its acts."""
    options = {option for action in command._actions for option in action.option_strings}
    acts = [
        act
        for action in command._actions
        if isinstance(action, _SubParsersAction)
        for act in action.choices.values()
    ]
    return options.union(*(options_of(act) for act in acts))


@EVERY_PAGE
def test_every_quoted_command_of_the_agent_parses(page: str) -> None:
    """A whole command line as it would be typed; "…" and capital letters stand for a value."""
    parser = command_parser([])
    for line in quoted(TEXTS[page]):
        words = words_of(line)
        if words[:1] != ["steplabel-agent"] or len(words) == 1:
            continue
        command = words[1]
        assert command in {
            *COMMANDS,
            *EXTRA_OF,
            "COMMAND",
            "--help",
            "--version",
            "--completion",
        }, f"{page}: {line}"
        if command in EXTRA_OF.keys() - extras.installed(extras.COMMANDS).keys():
            continue
        complete = {"--site", "--portal", "--period"} & set(words) and "…" not in words[2:3]
        if complete and "[" not in line:
            parser.parse_args(words[1:])
        options = options_of(commands_of_the_agent().get(command, parser))
        assert {word for word in words[2:] if word.startswith("--")} <= options | {"--help"}, (
            f"{page}: {line}"
        )


@EVERY_PAGE
def test_every_option_quoted_beside_a_subcommand_is_one_of_its(page: str) -> None:
    commands = commands_of_the_agent()
    for line in quoted(TEXTS[page]):
        words = words_of(line)
        if words and words[0] in commands and len(words) > 1:
            options = options_of(commands[words[0]])
            assert {word for word in words if word.startswith("--")} <= options, f"{page}: {line}"


def environment_read(files: Iterable[Path]) -> set[str]:
    """Names of environment variables that the code of some files asks for."""
    names: set[str] = set()
    for file in files:
        text = file.read_text(encoding="utf-8")
        names |= set(re.findall(r"environ(?:\.get\(|\[|\.setdefault\()\"([A-Z_]+)\"", text))
        names |= set(re.findall(r"\"([A-Z_]+)\" in os\.environ", text))
    return names


def test_the_settings_that_the_portal_reads_are_those_that_are_documented() -> None:
    page = TEXTS["docs/portal.md"]
    documented = set(re.findall(r"`([A-Z][A-Z_]+)`", page)) | set(
        re.findall(r"\b(STEPLABEL_[A-Z_]+)=", page)
    )
    entrypoint = ROOT / "docker" / "entrypoint"
    running = {*(ROOT / "portal").rglob("*.py")} - {
        ROOT / "portal" / "settings" / "test.py"
    }  # nobody runs a portal on those
    read = environment_read(running) | set(
        re.findall(r"\$\{([A-Z_]+):-", entrypoint.read_text(encoding="utf-8"))
    )
    assert read - {"STEPLABEL_DEMO", "PORT"} <= documented  # of the demo, and of the tests
    files = [ROOT / "benchmarks" / "catalogue.py", entrypoint, ROOT / "docker" / "compose.yaml"]
    sources = [*(ROOT / "portal").rglob("*.py"), *(ROOT / "portal").rglob("*.sql"), *files]
    spoken = " ".join(file.read_text(encoding="utf-8") for file in sources)
    assert {name for name in documented if not re.search(rf"\b{name}\b", spoken)} == set()


def keys_in_table(header: str) -> set[str]:
    """The keys in the first column of the table of docs/agent.md with this header."""
    table = TEXTS["docs/agent.md"].split(f"| {header} |", 1)[1].split("\n\n", 1)[0]
    first = [line.split("|")[1] for line in table.splitlines()[2:]]
    return {key for cell in first for key in re.findall(r"`(\w+)`", cell)}


@pytest.mark.parametrize(
    ("header", "model"),
    [
        ("`[site]`", SiteIdentity),
        ("`[inputs]`", InputFiles),
        ("`[[meters]]`", Meter),
        ("`[[equipment]]`", Equipment),
        ("key", Profile),
    ],
)
def test_the_keys_of_site_toml_are_documented_and_no_others(
    header: str, model: type[SiteIdentity]
) -> None:
    assert keys_in_table(header) == {
        field.alias or name for name, field in model.model_fields.items()
    }


def test_the_tables_of_site_toml_are_documented_and_no_others() -> None:
    section = TEXTS["docs/agent.md"].split("## site.toml, key by key", 1)[1].split("\n## ", 1)[0]
    tables = set(re.findall(r"\[\[?([a-z_]+)(?:\.[A-Z]+)?\]\]?`", section))
    assert tables == set(SiteSettings.model_fields) - {"path"}
    assert {f"[mapping.{name}]" for name in Mapping.model_fields} <= set(
        re.findall(r"\[mapping\.\w+\]", TEXTS["docs/agent.md"])
    )
    rows = dict(re.findall(r"^\| `\[(steps\.ID|runs)\]` \| (.+?) \|", section, flags=re.MULTILINE))
    for name, model in (("steps.ID", StepSetting), ("runs", Runs)):
        assert set(re.findall(r"`(\w+)`", rows[name])) == set(model.model_fields)


def test_codes_that_the_portals_page_names_are_codes() -> None:
    listed = set(re.findall(r"^\| `([a-z0-9-]+)` \|", errors_page.page(), flags=re.MULTILINE))
    section = (
        TEXTS["docs/portal.md"].split("## What is refused at the door", 1)[1].split("\n## ", 1)[0]
    )
    assert set(re.findall(r"`([a-z]+(?:-[a-z]+)+)`", section)) <= listed


def test_every_word_of_the_glossary_is_used() -> None:
    """In another document, in the core, or on a page: a word that nobody uses is not part of the
    language.
    """
    elsewhere = [text for page, text in TEXTS.items() if page != "docs/glossary.md"]
    for folder, suffixes in (
        ("benchmarks", {".py", ".toml"}),
        ("reporting_agent", {".py", ".toml"}),
        ("portal", {".py", ".html"}),
    ):
        elsewhere += [
            file.read_text(encoding="utf-8")
            for file in (ROOT / folder).rglob("*")
            if file.suffix in suffixes
        ]
    spoken = re.sub(r"[\s_-]+", " ", " ".join(elsewhere)).lower()
    in_use = TEXTS["docs/glossary.md"].split("## Words of the standards")[0]
    for row in re.findall(r"^\| ([^|]+) \| [^|]*[\u4e00-\u9fff]", in_use, flags=re.MULTILINE):
        for term in re.split(r",| \(", row):
            word = term.strip(' )"').lower().replace("-", " ")
            if word != "word":
                assert word in spoken, f"nobody uses {word!r}"
