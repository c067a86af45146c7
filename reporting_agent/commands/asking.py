"""What `map`, `check` and `label` share: the questions on a terminal, what was taken and why, and a
site whose files were recognised.
"""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from benchmarks.catalogue import in_language
from benchmarks.phrases import Phrase, as_phrase, enumerated

if TYPE_CHECKING:
    from reporting_agent.config import SiteSettings
    from reporting_agent.door import Ask, ProfileProposal, ProfileQuestion


_FEW_CHOICES = 6


def asker(args: Namespace) -> Ask:
    """The person at the terminal; nobody where there is none, or where a program reads the
    answer.
    """
    import sys

    from reporting_agent.door import nobody

    return nobody if args.json or not sys.stdin.isatty() else _ask


def recognised_site(args: Namespace) -> SiteSettings:
    """site.toml, and for each file that it names without a mapping the profile that `map` proposes;
    it is said what was taken.

    Raises:
        InputError: as `load_site`, and what `proposal.recognise` raises.
    """
    from reporting_agent import pipeline
    from reporting_agent.config import load_site
    from reporting_agent.console import say
    from reporting_agent.door import profiles_as_toml, recognise
    from reporting_agent.pipeline.inputs import first_files

    site = load_site(args.site)
    files = {
        name: path
        for name, path in first_files(site).items()
        if name not in site.mapping.model_fields_set
    }
    if not files:
        return site
    recognised = recognise(
        site, files, [step.id for step in pipeline.pack_of(site).steps], asker(args)
    )
    for proposal in recognised.proposals:
        for line in evidence(proposal):
            say(line)
    if recognised.proposals:
        say(
            Phrase(
                "site.toml has no mapping for this; a report is made only of what stands there. "
                "Paste into site.toml:"
            )
        )
        say(
            f"\n{profiles_as_toml(recognised.proposals)}"
        )  # of no phrase: it is the same in every language
    return recognised.site


def evidence(proposal: ProfileProposal) -> list[Phrase]:
    """What a file was taken for, and because of what in it."""
    lines = [Phrase("%(file)s: read as %(input)s", file=proposal.look.path, input=proposal.input)]
    for clue in proposal.evidence:
        if clue.because:
            setting = as_phrase(
                f"  {clue.key} = {clue.value!r}"
            )  # as it is written, in every language
            lines.append(
                Phrase(
                    "%(setting)s\n      because %(reason)s", setting=setting, reason=clue.because
                )
            )
    return (
        [*lines, Phrase("  not used: %(columns)s", columns=enumerated(proposal.unused))]
        if proposal.unused
        else lines
    )


def _ask(question: ProfileQuestion) -> str | None:
    """One question on the terminal, again until the answer is possible; None where the person ends
    the input.
    """
    import sys

    from reporting_agent.console import LANGUAGE

    ask, hint = in_language(question.ask, LANGUAGE.get()), " / ".join(question.choices)
    if question.proposal:
        enter = Phrase("Enter: %(answer)s", answer=question.proposal)
        few = len(question.choices) <= _FEW_CHOICES
        choices = f"{hint}; " if hint and few else ""
        hint = f"{choices}{in_language(enter, LANGUAGE.get())}"
    elif not hint and question.example:
        hint = in_language(Phrase("such as %(example)s", example=question.example), LANGUAGE.get())
    while True:
        sys.stderr.write(f"{ask}{f' [{hint}]' if hint else ''} ")
        sys.stderr.flush()
        line = sys.stdin.readline()
        answer = line.strip() or (question.proposal if line else "")
        if answer and (not question.choices or answer in question.choices):
            return answer
        if not line:
            return None
