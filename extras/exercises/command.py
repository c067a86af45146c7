"""`steplabel-agent exercise`: worked exercises for engineer, officer and auditor, with answers that
are checked and explained.

Nothing is sent. The files of an exercise go into a folder, what was done into the state directory.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.phrases import Phrase
from reporting_agent.commands import add_language

if TYPE_CHECKING:
    from extras.exercises.checking import CheckedAnswer
    from extras.exercises.progress import Progress, QuestionProgress
    from extras.exercises.reading import Exercise, ExerciseQuestion

ANSWERS = "answers.toml"


def add_parser(sub: Any) -> None:
    """Declare the subcommand."""
    parser = sub.add_parser(
        "exercise",
        help="training: worked exercises with checked answers; without a name it lists them",
    )
    parser.add_argument("name", nargs="?", metavar="NAME", help="which exercise")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="where its files go (default: exercise-NAME); what is there stays as it is",
    )
    parser.add_argument(
        "--answer",
        action="append",
        default=[],
        metavar="QUESTION=VALUE",
        help="answer one question, by its code or its number (change=process, 1=process); several "
        "times",
    )
    parser.add_argument(
        "--answers",
        type=Path,
        metavar="FILE",
        help="answer those of a file, TOML or JSON (answers.toml is written)",
    )
    parser.add_argument(
        "--again", action="store_true", help="forget the answers that were given before"
    )
    parser.add_argument(
        "--recompute",
        action="store_true",
        help="compute the right answers anew from the exercise's files, and compare",
    )
    parser.add_argument(
        "--state",
        type=Path,
        metavar="DIR",
        help="state directory (else $STEPLABEL_STATE, else ~/.steplabel)",
    )
    add_language(parser)
    parser.set_defaults(wrong_usage=parser.error)


def run(args: argparse.Namespace) -> int:
    """List, or set one exercise and check what is answered; 1 where an answer given is not
    right.
    """
    import os

    from extras.exercises.progress import Progress
    from reporting_agent.state import StateDirectory

    progress = Progress(StateDirectory.locate(args.state, os.environ, Path.home()).path)
    if args.name is None:
        if args.answer or args.answers or args.out or args.again or args.recompute:
            args.wrong_usage(Phrase("give NAME"))
        return _list(args, progress)
    return _play(args, progress)


def _list(args: argparse.Namespace, progress: Progress) -> int:
    from benchmarks.catalogue import in_language
    from extras.exercises.reading import every
    from reporting_agent.console import emit

    rows, lines = [], []
    for exercise in every():
        done = progress.of(exercise)
        right, tried = (
            sum(tally.right for tally in done.values()),
            any(tally.wrong or tally.right for tally in done.values()),
        )
        texts = {name: exercise.text(name, args.lang) for name in ("title", "learns")}
        rows.append(
            {
                "id": exercise.id,
                "role": exercise.role.value,
                "minutes": exercise.minutes,
                "right": right,
                "of": len(done),
                **texts,
            }
        )
        score = (
            Phrase("%(right)s of %(of)s right", right=right, of=len(done))
            if tried
            else Phrase("not begun")
        )
        head = Phrase(
            "%(id)s  %(title)s (%(role)s, %(minutes)s minutes; %(done)s)",
            id=exercise.id,
            title=exercise.text("title", args.lang),
            role=exercise.role.words.said_in(args.lang),
            minutes=exercise.minutes,
            done=score,
        )
        lines += [in_language(head, args.lang), f"    {exercise.text('learns', args.lang)}"]
    lines.append(in_language(Phrase("Begin one: steplabel-agent exercise NAME"), args.lang))
    emit(args, {"exercises": rows}, "\n".join(lines))
    return 0


def _play(args: argparse.Namespace, progress: Progress) -> int:
    import sys

    from benchmarks.errors import ExitCode
    from extras.exercises import given
    from extras.exercises.reading import named
    from reporting_agent.console import emit

    exercise = named(args.name)
    if args.recompute:
        _recompute(exercise)
    if args.again:
        progress.forget(exercise)
    answers = given.from_file(args.answers) if args.answers else {}
    answers |= given.from_arguments(args.answer)
    asked = [(exercise.asked(question), value) for question, value in answers.items()]
    answering = args.answers is not None or bool(
        args.answer
    )  # also with a file in which nothing was filled in yet
    folder = None if answering else _write(args, exercise)
    if folder is not None and not args.json and sys.stdin.isatty():
        return _at_the_terminal(args, exercise, progress, folder)
    verdicts = [_judged(args, exercise, progress, question, value) for question, value in asked]
    payload = _set(args, exercise, folder) | {
        "answers": [judged for judged, _verdict in verdicts],
        **_standing(exercise, progress),
    }
    text = [
        line for judged, verdict in verdicts for line in _lines(verdict, judged["working"])
    ] or _as_text(args, exercise, folder)
    emit(args, payload, "\n".join([*text, _sum(args, exercise, progress)]))
    return ExitCode.DONE if all(verdict.right for _told, verdict in verdicts) else ExitCode.INPUT


def _recompute(exercise: Exercise) -> None:
    from benchmarks.errors import InputError
    from extras.exercises.keys import computed
    from reporting_agent.console import say

    facts = computed(exercise)
    if differing := sorted(
        name
        for name in facts.keys() | exercise.facts.keys()
        if facts.get(name) != exercise.facts.get(name)
    ):
        raise InputError(
            "exercise-key-differs",
            Phrase(
                "Recomputed from its files, the right answers of the exercise %(exercise)s differ "
                "from its key.",
                exercise=exercise.id,
            ),
            "This installation computes differently from the one that wrote the key: update it, "
            "or report it to the maintainers.",
            found=", ".join(differing),
            wanted=Phrase("the same figures"),
        )
    say(
        Phrase(
            "The right answers were recomputed from the files of the exercise: %(count)s facts, "
            "all the same.",
            count=len(facts),
        )
    )


def _write(args: argparse.Namespace, exercise: Exercise) -> Path:
    """Its files, and a file of answers to fill in; those that are there are the learner's own and
    stay.
    """
    from reporting_agent.report import writing

    out = writing.folder(args.out or Path(f"exercise-{exercise.id}"))
    for name in exercise.files:
        if not (out / name).exists():
            writing.write_bytes(out / name, exercise.content(name))
    if not (out / ANSWERS).exists():
        writing.write_text(out / ANSWERS, "".join(_to_fill_in(exercise, args.lang)))
    return out


def _to_fill_in(exercise: Exercise, lang: str) -> list[str]:
    lines = []
    for question in exercise.question:
        lines.append(
            f"# {exercise.text(f'question.{question.id}.ask', lang)}{_in_unit(question)}\n"
        )
        lines += [f"#   {code}: {words}\n" for code, words in _choices(exercise, question, lang)]
        lines.append(f'{question.id} = ""\n\n')
    return lines


def _at_the_terminal(
    args: argparse.Namespace, exercise: Exercise, progress: Progress, folder: Path
) -> int:
    """Ask question by question; an empty line leaves one for later, the end of the input all of
    them.
    """
    import sys

    from benchmarks.catalogue import in_language
    from reporting_agent.console import answer

    answer("\n".join(_as_text(args, exercise, folder)))
    for number, question in enumerate(exercise.question, start=1):
        while not progress.of(exercise)[question.id].right:
            answer("\n".join(["", f"{number}. {_asked(exercise, question, args.lang)}"]))
            sys.stderr.write(in_language(Phrase("Answer (empty: later): "), args.lang))
            sys.stderr.flush()
            line = sys.stdin.readline()
            if not line:
                answer("\n" + _sum(args, exercise, progress))
                return 0
            if not line.strip():
                break
            judged, verdict = _judged(args, exercise, progress, question, line.strip())
            answer("\n".join(_lines(verdict, judged["working"])[1:]))
            if judged["working"]:
                break
    answer("\n" + _sum(args, exercise, progress))
    return 0


def _judged(
    args: argparse.Namespace,
    exercise: Exercise,
    progress: Progress,
    question: ExerciseQuestion,
    value: str,
) -> tuple[dict[str, Any], CheckedAnswer]:
    """One answer counted; with its working once it was right, or often enough wrong."""
    from dataclasses import asdict

    from extras.exercises.checking import TRIES, check, working

    verdict = check(exercise, question, value, args.lang)
    done: QuestionProgress = progress.take(exercise, verdict)
    shown = verdict.right or done.wrong >= TRIES
    judged = {
        **asdict(verdict),
        "wrong_tries": done.wrong,
        "working": working(exercise, question, args.lang) if shown else None,
    }
    return judged, verdict


def _lines(verdict: CheckedAnswer, working: str | None) -> list[str]:
    return [
        f"{verdict.question} = {verdict.given}",
        *(f"  {line}" for line in (verdict.why, verdict.look, working) if line),
    ]


def _set(args: argparse.Namespace, exercise: Exercise, folder: Path | None) -> dict[str, Any]:
    lang = args.lang
    questions = [
        {
            "id": question.id,
            "kind": question.kind,
            "unit": question.unit,
            "ask": exercise.text(f"question.{question.id}.ask", lang),
            "choices": dict(_choices(exercise, question, lang)),
        }
        for question in exercise.question
    ]
    return {
        "exercise": exercise.id,
        "role": exercise.role.value,
        "minutes": exercise.minutes,
        **{name: exercise.text(name, lang) for name in ("title", "lead", "learns")},
        **{name: list(exercise.texts(name, lang)) for name in ("story", "tasks")},
        "folder": None if folder is None else str(folder),
        "files": list(exercise.files),
        "questions": questions,
    }


def _standing(exercise: Exercise, progress: Progress) -> dict[str, int]:
    done = progress.of(exercise)
    return {"right": sum(tally.right for tally in done.values()), "of": len(done)}


def _as_text(args: argparse.Namespace, exercise: Exercise, folder: Path | None) -> list[str]:
    from benchmarks.catalogue import in_language
    from benchmarks.phrases import enumerated

    lang = args.lang
    lines = [
        exercise.text("title", lang),
        "",
        exercise.text("lead", lang),
        "",
        *exercise.texts("story", lang),
        "",
    ]
    if folder is not None:
        where = Phrase(
            "Files in %(folder)s: %(files)s.",
            folder=folder,
            files=enumerated([*exercise.files, ANSWERS]),
        )
        lines += [in_language(where, lang), ""]
    lines += [f"- {task}" for task in exercise.texts("tasks", lang)]
    lines += ["", in_language(Phrase("Questions"), lang)]
    for number, question in enumerate(exercise.question, start=1):
        lines.append(f"{number}. [{question.id}] {_asked(exercise, question, lang)}")
    how = Phrase(
        "Answer: steplabel-agent exercise %(name)s --answer QUESTION=VALUE, or --answers %(file)s",
        name=exercise.id,
        file=ANSWERS,
    )
    return [*lines, "", in_language(how, lang)]


def _asked(exercise: Exercise, question: ExerciseQuestion, lang: str) -> str:
    choices = [
        f"\n     {number}) {words} [{code}]"
        for number, (code, words) in enumerate(_choices(exercise, question, lang), start=1)
    ]
    return "".join(
        [exercise.text(f"question.{question.id}.ask", lang), _in_unit(question), *choices]
    )


def _in_unit(question: ExerciseQuestion) -> str:
    return f" [{question.unit}]" if question.unit not in {"", "1"} else ""


def _choices(exercise: Exercise, question: ExerciseQuestion, lang: str) -> list[tuple[str, str]]:
    return [
        (code, exercise.text(f"question.{question.id}.choice.{code}", lang))
        for code in question.choices
    ]


def _sum(args: argparse.Namespace, exercise: Exercise, progress: Progress) -> str:
    from benchmarks.catalogue import in_language

    standing = _standing(exercise, progress)
    return in_language(Phrase("%(right)s of %(of)s right.", **standing), args.lang)
