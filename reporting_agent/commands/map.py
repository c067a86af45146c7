"""`steplabel-agent map`: proposes a mapping profile for a foreign file, with evidence, and asks
what it cannot know.
"""

from __future__ import annotations

from argparse import Namespace, _SubParsersAction
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.phrases import Phrase

if TYPE_CHECKING:
    from reporting_agent.door import ProfileProposal, Proof


def add_parser(sub: _SubParsersAction[Any]) -> None:
    """Declare the subcommand."""
    parser = sub.add_parser(
        "map", help="propose a mapping profile for a foreign file, and prove it by reading the file"
    )
    parser.add_argument("file", metavar="FILE", help="the file as the plant's system writes it")
    parser.add_argument(
        "--as",
        dest="wanted",
        choices=("batches", "energy", "readings", "log"),
        help="what the file holds (default: found out)",
    )
    parser.add_argument("--sheet", metavar="NAME", help="of a workbook (default: the first)")
    parser.add_argument(
        "--answers",
        metavar="FILE",
        help="answers as TOML, one KEY = VALUE per line; - reads them from stdin",
    )
    parser.add_argument("--out", metavar="FILE", help="write the profile here as well")


def run(args: Namespace) -> int:
    """Look, ask, prove; 1 where something is still to be answered or the file cannot be read with
    the profile.
    """
    from reporting_agent.commands import asking
    from reporting_agent.console import emit, say
    from reporting_agent.door import as_toml, nobody, open_lines, open_questions, prove, settled
    from reporting_agent.report import writing

    path = Path(args.file)
    answers = _answers(args.answers)
    proposals = settled(
        path,
        args.wanted,
        answers,
        args.sheet,
        nobody if args.answers is not None else asking.asker(args),
    )
    proofs = [prove(proposal) for proposal in proposals]
    toml = as_toml(proposals, args.file)
    if args.out:
        writing.write_text(Path(args.out), toml)
    for number, (proposal, proof) in enumerate(zip(proposals, proofs, strict=True)):
        if number:
            say("")
        for line in (*asking.evidence(proposal), *_proved(proof)):
            say(line)
    questions = open_questions(proposals)
    payload = {
        "proposals": [
            _as_json(proposal, proof) for proposal, proof in zip(proposals, proofs, strict=True)
        ],
        "questions": [
            {"key": question.key, "ask": question.ask, "choices": list(question.choices)}
            for question in questions
        ],
        "toml": toml,
    }
    emit(args, payload, toml)
    if questions:
        say(Phrase("To be answered, with --answers FILE (or - for stdin):"))
        for line in open_lines(questions):
            say(line)
    return 1 if questions or any(proof.refused for proof in proofs) else 0


def _answers(name: str | None) -> dict[str, str]:
    import sys
    import tomllib

    from benchmarks.errors import InputError, Place
    from benchmarks.foreign_files import fault_of, read_toml
    from reporting_agent.config.faults import flat

    if name is None:
        return {}
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8-sig")
        return {key: str(value) for key, value in flat(read_toml(text)).items()}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as wrong:
        raise InputError(
            "answers-unreadable",
            "The answers cannot be read.",
            'Write one answer a line, such as timezone = "Europe/Berlin".',
            place=Place("stdin" if name == "-" else name),
            found=fault_of(wrong),
            wanted=Phrase("TOML: KEY = VALUE"),
        ) from wrong


def _proved(proof: Proof) -> Iterator[str]:
    """What reading the file with the profile gave, a line each."""
    from reporting_agent.console import LANGUAGE

    if proof.refused:
        yield Phrase("  The file cannot be read with this profile (yet):")
        yield from (f"    {line}" for line in proof.refused.in_words(LANGUAGE.get()).splitlines())
        return
    counts = {"read": f"{proof.read:,}", "rejected": f"{proof.rejected:,}"}
    if proof.totals:
        totals = f"{proof.totals:,}"
        yield Phrase(
            "  Read with it: %(read)s rows, %(rejected)s rejected, %(totals)s totals left out. "
            "The first:",
            **counts,
            totals=totals,
        )
    else:
        yield Phrase("  Read with it: %(read)s rows, %(rejected)s rejected. The first:", **counts)
    yield from (f"    {' | '.join(cells)}" for cells in (proof.header, *proof.first))
    yield from (Phrase("    rejected: %(reason)s", reason=reason) for reason in proof.reasons)


def _as_json(proposal: ProfileProposal, proof: Proof) -> dict[str, Any]:
    return {
        "input": proposal.input,
        "profile": proposal.keys,
        "meters": proposal.meters,
        "runs": proposal.runs,
        "evidence": [
            {"key": clue.key, "value": clue.value, "because": clue.because}
            for clue in proposal.evidence
        ],
        "not_used": list(proposal.unused),
        "proof": {
            "read": proof.read,
            "rejected": proof.rejected,
            "totals": proof.totals,
            "first": [dict(zip(proof.header, row, strict=True)) for row in proof.first],
            "reasons": list(proof.reasons),
            "refused": str(proof.refused) if proof.refused else None,
        },
    }
