"""A verdict in words: the lines on the screen, and the report as Markdown or as one self-contained page, in English or Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.audit.at_reference import AtReference, at_reference
from benchmarks.audit.by_rows import ByRows
from benchmarks.audit.evidence import Outcome, State
from benchmarks.audit.withheld import withheld_of
from benchmarks.errors import UsageError
from benchmarks.phrases import Phrase
from reporting_agent.audit.openings.verdict import OPENING, PAPERS, Verdict, metered_of, strata_of, subject_of, values_of
from reporting_agent.report.figures import time
from reporting_agent.report.words import words

if TYPE_CHECKING:
    from benchmarks.declared import Words

MARKDOWN, PAGE = ".md", ".html"
METERED = (
    "meter",
    "step",
    "unit",
    "days",
    "all_metered",
    "in_batches",
    "in_excluded_batches",
    "standing",
    "beside_wrong_times",
    "declared_unusable",
    "unexplained",
    "unknown_h",
)
"""Columns of the table of energy, by their words, in the order of `metered_of`."""

DECLARED = ("declared_as", "declared_of", "since", "until", "does", "reason")
"""Columns of what the plant declared, by their words."""


def require_kind(report: Path | None) -> None:
    """Refuse a name whose ending says no kind of report, before anything is computed.

    Raises:
        UsageError: `report-kind-unknown`.
    """
    if report is not None and report.suffix.lower() not in (MARKDOWN, PAGE):
        raise UsageError(
            "report-kind-unknown",
            Phrase(
                "A report cannot be written to a file that ends in %(value)s: %(report)s.",
                value=f"{report.suffix or 'nothing'!r}",
                report=report,
            ),
            Phrase("Name a file that ends in %(page)s or %(markdown)s.", page=PAGE, markdown=MARKDOWN),
        )


def report(verdict: Verdict, file: Path, lang: str, made: datetime) -> bytes:
    """The report as the file's ending says; `made` is the moment that the page carries, zone-aware."""
    text = page(verdict, lang, made) if file.suffix.lower() == PAGE else markdown(verdict, lang)
    return text.encode()


def lead(verdict: Verdict, lang: str) -> str:
    """The first sentence: what somebody who reads only one should know."""
    w, unsure = words(lang)["verdict"], verdict.counted(State.NOT_CHECKABLE)
    if verdict.failed:
        said = w["lead_failed"]
    elif verdict.of == PAPERS:
        said = w["lead_papers"]
    else:
        said = w[("lead_held" if verdict.of == OPENING else "lead_files") if verdict.holds else "lead_open"]
    said = "".join([said, *(w[one] for one in verdict.unproven)])
    return said.format(
        failed=verdict.counted(State.FAILED),
        held=verdict.counted(State.HELD),
        all=sum(one.asked for one in verdict.findings),
        unsure=w["unsure"].format(number=unsure) if unsure else "",
        rows=", ".join(_by_row(one, words(lang)["direction"]) for one in verdict.by_rows),
    )


def _by_row(one: ByRows, directions: Mapping[str, str]) -> str:
    """Step, carrier, which way it went where that is out of the step, and its share."""
    way = directions[one.direction.value]
    return f"{one.step} {one.carrier}{f' ({way})' if way else ''} {100 * one.share:.1f} %"


def _at_reference(one: AtReference) -> dict[str, object]:
    return asdict(one) | {"share": f"{100 * one.share:.0f}", "reference": f"{one.reference:g}", "slope": f"{one.slope:+g}"}


def notes(verdict: Verdict, lang: str) -> list[str]:
    """What stands right below the first sentence: labels withheld, what the plant declared, variables not recorded."""
    if verdict.evidence is None:
        return []
    w = words(lang)["verdict"]
    told = [_said(one.said, lang) for one in withheld_of(verdict.evidence)]
    if factors := sum(one.multiplies for one in verdict.declared):
        told.append(w["factors"].format(number=factors))
    told += [w["loose"].format(of=one.of, does=one.does) for one in verdict.declared if one.kind == "loose_scale"]
    told += [
        w["unusable_time"].format(of=one.of, since=one.since, until=one.until or "…", reason=one.reason)
        for one in verdict.declared
        if one.kind == "unusable"
    ]
    for kind in ("counts_for_nothing", "credited"):
        if names := [one.of for one in verdict.declared if one.kind == kind]:
            told.append(w[kind].format(names=", ".join(names)))
    told += [w["at_reference"].format(**_at_reference(one)) for one in at_reference(verdict.evidence)]
    balances = () if verdict.evidence.accounted is None else verdict.evidence.accounted.balances
    told += [w["unusable"].format(meter=one.meter, share=f"{100 * one.unusable / one.total:.1f}") for one in balances if one.unusable > 0]
    told += [w["older_pack"].format(of=one.of, newest=one.does) for one in verdict.declared if one.kind == "older_pack"]
    return told + [w["no_account"] for one in verdict.declared if one.kind == "no_account"]  # of every plant without one: the last


def lines(verdict: Verdict, lang: str = "en") -> str:
    """What stands on the screen."""
    w = words(lang)["verdict"]
    told = [lead(verdict, lang), *notes(verdict, lang)]
    for one in verdict.findings:
        told.append(f"{w[_word(one)]:<14} {w[one.kind]:<11} {one.code}: {_said(one.said, lang)}")
        told += [f"{'':<29}{_said(place, lang)}" for place in one.places]
        told += [f"{'':<27}{_said(one.to_do, lang)}"] if one.to_do is not None else []
    if verdict.evidence is not None:
        told += ["", w["declared"], *(" · ".join(filter(None, one.values())) for one in _declared(verdict, lang) or [{"": w["nothing"]}])]
    return "\n".join(told)


def markdown(verdict: Verdict, lang: str = "en") -> str:
    """The whole report as Markdown."""
    w, told = words(lang)["verdict"], _told(verdict, lang)
    parts = [f"# {w[verdict.of]}", "", lead(verdict, lang), "", *(f"- **{note}**" for note in notes(verdict, lang)), ""]
    if verdict.evidence is not None:
        parts += [f"- {name}: {value}" for name, value in told["subject"]] + [""]
    parts += [
        f"## {w['checks']}",
        "",
        w["kinds"],
        "",
        *_table([w["check"], "", w["kind"], w["outcome"], w["found"]], _rows(told["checks"])),
    ]
    for one in told["failures"]:
        parts += ["", f"### {one['name']}", "", one["sentence"], "", f"**{w['to_do']}** {one['remedy']}", ""]
        parts += [f"- {place}" for place in [*one["places"], *filter(None, [one["more"]])]]
    if verdict.evidence is not None:
        columns = [w[name] for name in DECLARED]
        parts += ["", f"## {w['declared']}", "", w["declared_note"], "", *(_table(columns, told["declared"]) or [w["nothing"]])]
        columns = [w[name] for name in ("stratum", "leaves", "drawn", "finds", "probability")]
        parts += ["", f"## {w['sample']}", "", w["only_the_whole"], "", *_table(columns, told["strata"])]
        parts += ["", f"## {w['metered']}", "", w["metered_note"], "", *_table([w[name] for name in METERED], told["metered"])]
        columns = [w[name] for name in ("label", "best", "typical", "unit")]
        parts += ["", f"## {w['values_title']}", "", w["values_note"], "", *_table(columns, told["released"])]
    return "\n".join(parts) + "\n"


def page(verdict: Verdict, lang: str, made: datetime) -> str:
    """The whole report as one page that opens from a file, without scripts or anything fetched."""
    from reporting_agent.report import html

    both, told = words(lang), _told(verdict, lang)
    w = both["verdict"]
    names = [*(["failures"] if verdict.failed else []), "checks", "declared", "subject", "strata", "metered", "released"]
    headings = {
        "checks": w["checks"],
        "failures": w["failures"],
        "declared": w["declared"],
        "subject": w["subject"],
        "strata": w["sample"],
        "metered": w["metered"],
        "released": w["values_title"],
    }
    parts = [
        {
            "id": name,
            "heading": headings[name],
            "title": headings[name],
            "body": html.filled("verdict", {name: told[name]}, both),
        }
        for name in names
        if name in told
    ]
    caption = [value for _, value in told.get("subject", [])[:2]] + [w["made"].format(when=time(made.astimezone(UTC), lang))]
    frame = {**both["frame"], "brand": w["brand"], "confidential": w["confidential"]}
    return (
        html.environment()
        .get_template("frame.html")
        .render(
            lang=lang,
            w={**both, "frame": frame},
            style=html.style(),
            style_hash=html.style_hash(),
            heading=w[verdict.of],
            caption=" · ".join(caption),
            lead=html.filled("opening", {"lead": lead(verdict, lang), "notes": notes(verdict, lang)}),
            parts=parts,
            zone=w["zone"],
        )
    )


def _told(verdict: Verdict, lang: str) -> dict[str, Any]:
    """Every part of the report in words of one language; those of a sample only where there is one."""
    checks = [_check(one, lang) for one in verdict.findings]
    told: dict[str, Any] = {"checks": checks, "failures": [one for one in checks if one["state"] == State.FAILED]}
    if verdict.evidence is None:
        return told
    told["declared"] = _declared(verdict, lang)
    names, kinds = words(lang)["verdict_subject"], words(lang)["verdict_strata"]
    told["subject"] = [(names[name], str(value)) for name, value in subject_of(verdict.evidence).items()]
    told["strata"] = [
        {
            "name": " ".join(filter(None, [one["stratum"].partition("/")[2], kinds[one["stratum"].partition("/")[0]]])),
            "leaves": f"{one['leaves']:,}",
            "drawn": f"{one['drawn']:,}",
            "finds": f"{one['finds']:,}",
            "probability": f"{100 * one['with_probability']:.1f} %",
        }
        for one in strata_of(verdict.evidence)
    ]
    told["metered"] = [
        {name: f"{value:,.1f}" if name == "unknown_h" else _whole(value) for name, value in one.items()}
        for one in metered_of(verdict.evidence)
    ]
    told["released"] = [
        {
            "name": " ".join(one[part] for part in ("step", "product", "variant", "metric") if one[part]),
            "best": f"{one['best']:g}",
            "typical": f"{one['typical']:g}",
            "unit": one["unit"],
        }
        for one in values_of(verdict.evidence)
    ]
    return told


def _declared(verdict: Verdict, lang: str) -> list[dict[str, str]]:
    kinds = words(lang)["verdict_declared"]
    return [
        {"kind": kinds[one.kind], "of": one.of, "since": one.since, "until": one.until, "does": one.does, "reason": one.reason}
        for one in verdict.declared
    ]


def _whole(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:,.0f}"


def _check(one: Outcome, lang: str) -> dict[str, Any]:
    w, more = words(lang)["verdict"], one.count - len(one.places)
    return {
        "code": one.code,
        "name": words(lang)["verdict_checks"][one.code],
        "state": one.state.value,
        "kind": w[one.kind],
        "word": w[_word(one)],
        "sentence": _said(one.said, lang),
        "remedy": _said(one.to_do, lang),
        "places": [_said(place, lang) for place in one.places],
        "more": w["more"].format(number=f"{more:,}") if one.state is State.FAILED and one.places and more > 0 else "",
    }


def _word(one: Outcome) -> str:
    """The key of the word for how a check came out."""
    return one.state.value if one.asked else "not-asked"


def _rows(checks: list[dict[str, Any]]) -> list[dict[str, str]]:
    """With what is missing, where nothing could be found."""
    return [
        {name: one[name] for name in ("name", "code", "kind", "word")}
        | {"found": " ".join(filter(None, [one["sentence"], one["remedy"] if one["state"] == State.NOT_CHECKABLE else ""]))}
        for one in checks
    ]


def _said(both: Words | None, lang: str) -> str:
    return "" if both is None else both.said_in(lang)


def _table(columns: list[str], rows: list[dict[str, str]]) -> list[str]:
    if not rows:
        return []
    heading = [f"| {' | '.join(columns)} |", "|" + "---|" * len(columns)]
    return heading + [f"| {' | '.join(_cell(value) for value in row.values())} |" for row in rows]


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
