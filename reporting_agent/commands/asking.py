"""What `map`, `check` and `label` share: the questions on a terminal, what was taken and why, and a site whose files were recognised."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reporting_agent.config import SiteSettings
    from reporting_agent.proposal import Ask, ProfileProposal, ProfileQuestion


def asker(args: Namespace) -> Ask:
    """The person at the terminal; nobody where there is none, or where a program reads the answer."""
    import sys

    from reporting_agent.proposal import nobody

    return nobody if args.json or not sys.stdin.isatty() else _ask


def recognised_site(args: Namespace) -> SiteSettings:
    """site.toml, and for each file that it names without a mapping the profile that `map` proposes; it is said what was taken.

    Raises:
        InputError: as `load_site`, and what `proposal.recognise` raises.
    """
    from reporting_agent import pipeline
    from reporting_agent.config import load_site
    from reporting_agent.console import say
    from reporting_agent.pipeline.inputs import first_files
    from reporting_agent.proposal import profiles_as_toml, recognise

    site = load_site(args.site)
    files = {name: path for name, path in first_files(site).items() if name not in site.mapping.model_fields_set}
    if not files:
        return site
    recognised = recognise(site, files, [step.id for step in pipeline.pack_of(site).steps], asker(args))
    for proposal in recognised.proposals:
        say("\n".join(evidence(proposal)))
    if recognised.proposals:
        toml = profiles_as_toml(recognised.proposals)
        say(f"site.toml has no mapping for this; a report is made only of what stands there. Paste into site.toml:\n\n{toml}")
    return recognised.site


def evidence(proposal: ProfileProposal) -> list[str]:
    """What a file was taken for, and because of what in it."""
    lines = [f"{proposal.look.path}: read as {proposal.input}"]
    lines += [f"  {clue.key} = {clue.value!r}\n      because {clue.because}" for clue in proposal.evidence if clue.because]
    return [*lines, f"  not used: {', '.join(proposal.unused)}"] if proposal.unused else lines


def _ask(question: ProfileQuestion) -> str | None:
    """One question on the terminal, again until the answer is possible; None where the person ends the input."""
    import sys

    hint = " / ".join(question.choices) if question.choices else f"such as {question.example}" if question.example else ""
    while True:
        sys.stderr.write(f"{question.ask}{f' [{hint}]' if hint else ''} ")
        sys.stderr.flush()
        line = sys.stdin.readline()
        answer = line.strip()
        if answer and (not question.choices or answer in question.choices):
            return answer
        if not line:
            return None
