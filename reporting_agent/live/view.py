"""What the control room's page says of a plant that runs, in the reader's language: figures as texts, courses as points of a drawing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any
from urllib.parse import quote

import jinja2

from benchmarks.carriers import CARRIERS
from benchmarks.catalogue import in_language, languages, tag
from benchmarks.declared import Words
from benchmarks.phrases import Phrase, in_context, of_language
from reporting_agent.config import Site
from reporting_agent.live.answers import LONGEST_WORD, Answer, Tokens, counted, key_of
from reporting_agent.live.answers import told as answered
from reporting_agent.live.plant import Alert, Idle, Open
from reporting_agent.live.shifts import Shift
from reporting_agent.report.figures import MINUS, NOTHING, count, shown, time

WORDS = {
    "skip": Phrase("Skip to main content"),
    "tools": Phrase("Pages and languages"),
    "key": Phrase("Key"),
    "axis": Phrase("Energy of each batch above its label at the same progress, kgce/t; higher means more"),
    "label": Phrase("Label: the tenth of batches that used least"),
    "chance": Phrase("Random variation only"),
    "typical": Phrase("End of a typical batch"),
    "nothing_runs": Phrase("No batch is running."),
    "idle": Phrase("Idle:"),
    "an_hour": Phrase("an hour"),
    "what": Phrase("What"),
    "since": Phrase("Since"),
    "takes": Phrase("Uses"),
    "nothing_idle": Phrase("No equipment with its own meters is using energy without a batch."),
    "sources": Phrase("Where the figures come from"),
    "source": Phrase("Source"),
    "state": Phrase("State"),
    "batches": Phrase("Batches"),
    "output": Phrase("Output, t"),
    "above": Phrase("Above the label, kgce/t"),
    "no_batch": Phrase("No batch has ended in this shift."),
    "alerts": Phrase("Alerts"),
    "no_alert": Phrase("No alert was raised in this shift."),
    "seen": Phrase("Seen"),
    "not_so": Phrase("False alarm …"),
    "change": Phrase("Change the answer"),
    "false": Phrase("It was a false alarm"),
    "back": Phrase("Withdraw the answer"),
    "word": Phrase("What happened? Describe it in a few words for those who read the shift summary"),
    "heading": Phrase("Answer an alert"),
    "against": Phrase("What to do:"),
}
STATES = {
    "no-label": Phrase("Too few earlier batches to compare with"),
    "chance": Phrase("Within random variation"),
    "below": Phrase("Below a typical batch"),
}
PARTS = ("clock", "alerts", "lines", "idle", "sources", "foot")
MOST_NAMED = 5
_RIGHT = 86.0  # per cent of the drawing's width at which a batch is done
_LONGEST = 1.15  # times the usual duration: what is longer stands at the edge
_HIGH, _LOW = 8.0, 92.0


@dataclass(frozen=True, slots=True)
class Shown:
    """One moment of the plant, all that a page needs; made by the thread that receives, read by those that serve."""

    at_us: int
    wall_us: int
    open: Sequence[Open]
    idle: Sequence[Idle]
    silent: Sequence[tuple[str, int]]
    unreadable: Sequence[Mapping[str, str]]
    sources: Sequence[tuple[str, str]]  # name, refusal
    alerts: Sequence[Alert]  # of batches that run
    shift: Shift
    kept: int
    repeated: int
    missing: int
    weeks: float
    rate: float
    vouched: bool  # whether the history is long enough for thresholds
    untold: Sequence[str] = ()
    answers: Mapping[str, Answer] = field(default_factory=dict)  # by the keys of their alerts
    practices: Mapping[str, Sequence[Words]] = field(default_factory=dict)  # against their causes
    notices: Sequence[tuple[str, Phrase, bool]] = ()  # further rows of the sources' table: name, state, whether it is well


class Pages:
    """The pages of one site."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.name = site.site.name or site.id
        self.currency = "" if site.tariff is None else site.tariff.currency
        self.tokens = Tokens()

    def parts(self, moment: Shown, lang: str) -> dict[str, str]:
        """The parts of the control room by their ids."""
        s = self._view(moment, lang)
        w = self._words(lang)
        return {name: _templates().get_template(f"{name}.html").render(s=s, w=w) for name in PARTS}

    def room(self, moment: Shown, lang: str, *, hold: bool) -> str:
        parts = self.parts(moment, lang)
        body = "".join(
            (
                f'<div id="alerts" role="status">{parts["alerts"]}</div><div id="lines">{parts["lines"]}</div>',
                f'<div class="low"><section id="idle">{parts["idle"]}</section><section id="sources">{parts["sources"]}</section></div>',
                f'<div id="foot">{parts["foot"]}</div>',
            )
        )
        here = prefix(lang)
        tool = {"href": here, "text": in_language(Phrase("Go on updating"), lang)}
        tools = [tool if hold else {"href": f"{here}?hold", "text": in_language(Phrase("Stop updating"), lang)}]
        tools.append({"href": f"{here}shift", "text": in_language(Phrase("This shift so far"), lang)})
        return self._frame(lang, parts["clock"], body, tools, "", f"/events{here}" if not hold else "")

    def shift(self, moment: Shown, lang: str) -> str:
        tools = [{"href": prefix(lang), "text": in_language(Phrase("Control room"), lang)}]
        view = self.shift_view(moment.shift, lang, moment.answers)
        view["alerts"] = [{"text": in_language(self.alert(one), lang), **self._answering(one, moment, lang)} for one in moment.shift.alerts]
        body = _templates().get_template("shift.html").render(s=view, w=self._words(lang))
        return self._frame(lang, self.parts(moment, lang)["clock"], body, tools, "shift", "")

    def answer(self, moment: Shown, key: str, lang: str) -> str | None:
        """The page on which an alert is answered; None where there is no such alert."""
        found = next((one for one in (*moment.alerts, *moment.shift.alerts) if key_of(one) == key), None)
        if found is None:
            return None
        tools = [{"href": prefix(lang), "text": in_language(Phrase("Control room"), lang)}]
        one = {"text": in_language(self.alert(found), lang), **self._answering(found, moment, lang)}
        body = _templates().get_template("answer.html").render(one=one, w=self._words(lang), longest=LONGEST_WORD)
        return self._frame(lang, self.parts(moment, lang)["clock"], body, tools, f"answer?alert={quote(key)}", "")

    def _answering(self, one: Alert, moment: Shown, lang: str) -> dict[str, Any]:
        key = key_of(one)
        given = moment.answers.get(key)
        said = None if given is None else answered(given, self._clock(given.at_us))
        return {
            "key": key,
            "token": self.tokens.of(key),
            "href": f"{prefix(lang)}answer",
            "answer": "" if said is None else in_language(said, lang),
            "word": "" if said is None or given is None else given.word,
            "practices": [of_language(words.by_language, lang) or words.en for words in moment.practices.get(key, ())],
        }

    def shift_view(self, shift: Shift, lang: str, answers: Mapping[str, Answer]) -> dict[str, Any]:
        start, end = (one.astimezone(self.site.zone) for one in (shift.start, shift.end))
        heading = Phrase("Shift of %(day)s, %(start)s to %(end)s", day=f"{start:%Y-%m-%d}", start=f"{start:%H:%M}", end=f"{end:%H:%M}")
        return {
            "heading": in_language(heading, lang),
            "lines": [
                {"equipment": one.equipment, "batches": count(one.batches), "output": shown(one.tonnes), "above": _tenths(one.above)}
                for one in shift.lines
            ],
            "alerts": [in_language(self.alert(one), lang) for one in shift.alerts],
            "counted": in_language(counted(shift.alerts, answers), lang),
        }

    def alert(self, one: Alert) -> Phrase:
        """One alert as a sentence."""
        told = {
            "equipment": one.equipment or one.step,
            "batch": one.batch,
            "at": self._clock(one.at_us),
            "above": _tenths(one.kgce_per_t),
            "cause": one.cause,
        }
        if one.money is not None:
            money = f"{count(one.money)} {self.currency}"
            return Phrase(
                (
                    "%(equipment)s, batch %(batch)s is wasting energy, certain since %(at)s: %(above)s kgce/t and %(money)s so far. "
                    "Likely: %(cause)s."
                ),
                **told,
                money=money,
            )
        return Phrase(
            ("%(equipment)s, batch %(batch)s is wasting energy, certain since %(at)s: %(above)s kgce/t so far. Likely: %(cause)s."), **told
        )

    def _frame(self, lang: str, clock: str, body: str, tools: list[dict[str, str]], page: str, events: str) -> str:
        for code in languages():
            if code != lang:
                own_name = in_language(in_context("this language, by its own name", "English"), code)
                tools.append({"href": f"{prefix(code)}{page}", "text": own_name, "lang": tag(code)})
        return (
            _templates()
            .get_template("frame.html")
            .render(lang=lang, name=self.name, w=self._words(lang), clock=_safe(clock), body=_safe(body), tools=tools, events=events)
        )

    def _words(self, lang: str) -> dict[str, str]:
        money = Phrase("%(currency)s an hour", currency=self.currency) if self.currency else Phrase("Cost an hour: no [tariff]")
        return {name: in_language(text, lang) for name, text in {**WORDS, "money_h": money}.items()}

    def _clock(self, moment_us: int) -> str:
        return f"{datetime.fromtimestamp(moment_us / 1e6, UTC).astimezone(self.site.zone):%H:%M}"

    def _view(self, moment: Shown, lang: str) -> dict[str, Any]:
        t = partial(in_language, language=lang)
        now = datetime.fromtimestamp(moment.at_us / 1e6, UTC).astimezone(self.site.zone)
        shift = moment.shift.start.astimezone(self.site.zone)
        dear = [one.money_per_h for one in moment.idle if one.money_per_h is not None]
        return {
            "clock": f"{now:%H:%M}" if moment.at_us else NOTHING,
            "shift": t(Phrase("figures to %(time)s, shift since %(start)s", time=time(now, lang), start=f"{shift:%H:%M}"))
            if moment.at_us
            else t(Phrase("no reading yet")),
            "alerts": [self._alert(one, lang) | self._answering(one, moment, lang) for one in moment.alerts],
            "open": [self._line(one, lang) for one in moment.open],
            "idle": [self._idle(one, lang) for one in moment.idle],
            "idle_money": f"{count(sum(dear))} {self.currency}" if dear else "",
            "sources": [*self._sources(moment, t)],
            "foot": [t(one) for one in _foot(moment)],
        }

    def _alert(self, one: Alert, lang: str) -> dict[str, Any]:
        t = partial(in_language, language=lang)
        energy = {"above": _tenths(one.kgce_per_t), "kgce": count(one.kgce), "at": self._clock(one.at_us)}
        told = Phrase("%(above)s kgce/t (%(kgce)s kgce) above its label when this became certain, at %(at)s.", **energy)
        if one.money is not None:
            told = Phrase(
                "%(sentence)s %(remedy)s", sentence=told, remedy=Phrase("That cost %(money)s.", money=f"{count(one.money)} {self.currency}")
            )
        return {
            "heading": t(Phrase("%(equipment)s: batch %(batch)s is wasting energy", equipment=one.equipment or one.step, batch=one.batch)),
            "text": t(told),
            "why": t(Phrase("Likely: %(cause)s.", cause=one.cause)),
        }

    def _line(self, one: Open, lang: str) -> dict[str, Any]:
        t = partial(in_language, language=lang)
        batch, done = one.batch, "" if one.progress is None else f"{100 * one.progress:.0f} %"
        told: Phrase | str = STATES.get(one.state, "")
        if one.state == "wastes":
            told = Phrase("Wasting energy, certain since %(at)s", at=self._clock(batch.sure_us or 0))
        elif one.state == "unknown":
            told = (
                Phrase("No figures since %(at)s", at=self._clock(one.silent_since_us)) if one.silent_since_us else Phrase("No figures yet")
            )
        known = one.above if one.state != "unknown" else None
        view: dict[str, Any] = {
            "css": {"wastes": "bad", "below": "good"}.get(one.state, ""),
            "equipment": batch.equipment or batch.step,
            "batch": t(Phrase("batch %(batch)s, %(done)s of the usual time", batch=batch.id, done=done)) if done else batch.id,
            "note": t(one.cause),
            "above": _tenths(known),
            "unit": "kgce/t" if known is not None else "",
            "state": t(told),
            "said": f"{batch.equipment or batch.step}: {done}, {_tenths(known)} kgce/t, {t(told)}",
        }
        return view | (_drawn(one) if one.band else {"band": ""})

    def _idle(self, one: Idle, lang: str) -> dict[str, str]:
        takes = []
        for carrier, power, unit in one.takes:
            words = CARRIERS[carrier].words
            amount = f"{shown(power)} {'kW' if unit == 'kWh' else f'{unit}/h'}"
            takes.append(f"{amount} {of_language(words.by_language, lang) or words.en}")
        money = NOTHING if one.money_per_h is None else count(one.money_per_h)
        return {"equipment": one.equipment, "since": self._clock(one.since_us), "takes": ", ".join(takes), "money": money}

    def _sources(self, moment: Shown, t: Any) -> Sequence[dict[str, str]]:
        rows = [
            {
                "name": name,
                "css": "no" if why else "ok",
                "state": t(Phrase("No data: %(why)s", why=why)) if why else t(Phrase("Connected")),
            }
            for name, why in moment.sources
        ]
        for name, since_us in moment.silent[:MOST_NAMED]:
            told = Phrase("Silent since %(at)s", at=self._clock(since_us)) if since_us else Phrase("Never received")
            rows.append({"name": name, "css": "no", "state": t(told)})
        if (more := len(moment.silent) - MOST_NAMED) > 0:
            rows.append({"name": t(Phrase("%(count)s further meters", count=more)), "css": "no", "state": t(Phrase("Silent"))})
        if moment.missing:
            rows.append(
                {
                    "name": t(Phrase("Missing readings")),
                    "css": "no",
                    "state": t(Phrase("%(count)s, requested again", count=count(moment.missing))),
                }
            )
        rows += [{"name": t(Phrase(name)), "css": "ok" if well else "no", "state": t(state)} for name, state, well in moment.notices]
        if moment.unreadable:
            last = moment.unreadable[-1]
            told = Phrase("%(count)s; the last of %(topic)s: %(why)s", count=len(moment.unreadable), topic=last["topic"], why=last["why"])
            rows.append({"name": t(Phrase("Messages that could not be read")), "css": "no", "state": t(told)})
        if moment.untold:
            rows.append(
                {"name": ", ".join(moment.untold), "css": "no", "state": t(Phrase("Its energy has no factor in kgce: not counted here"))}
            )
        return rows


def _foot(moment: Shown) -> list[Phrase]:
    told = [
        Phrase(
            "%(kept)s readings since the agent started, each saved once; %(repeated)s repeats dropped.",
            kept=count(moment.kept),
            repeated=count(moment.repeated),
        )
    ]
    if moment.vouched:
        told.append(
            Phrase(
                (
                    "False alarms: the chosen limit is %(rate)s a week; %(weeks)s weeks of history are enough to keep it (Shewhart and "
                    "CUSUM, docs/live.md)."
                ),
                rate=f"{moment.rate:g}",
                weeks=f"{moment.weeks:.0f}",
            )
        )
    else:
        told.append(
            Phrase(
                "No alerts yet: the history of %(weeks)s weeks is too short to keep the chosen limit of %(rate)s false alarms a week.",
                weeks=f"{moment.weeks:.1f}",
                rate=f"{moment.rate:g}",
            )
        )
    told.append(
        Phrase(
            "Running totals of meters in kgce, calorific basis, not cleaned. They are not a label. Without JavaScript this page "
            "reloads every 10 seconds."
        )
    )
    told.append(Phrase("Nothing on this page leaves the plant."))
    return told


def _drawn(one: Open) -> dict[str, Any]:
    heights = [height for _, low, high in one.band for height in (low, high)] + [0.0, one.typical or 0.0]
    heights += [height for _, height in one.course]
    top, bottom = max(heights), min(heights)

    def x(progress: float) -> float:
        return round(1 + (_RIGHT - 1) * min(progress, _LONGEST), 2)

    def y(height: float) -> float:
        return round(_LOW - (_LOW - _HIGH) * (height - bottom) / ((top - bottom) or 1.0), 2)

    upper = [f"{x(progress)},{y(high)}" for progress, _, high in one.band]
    lower = [f"{x(progress)},{y(low)}" for progress, low, _ in reversed(one.band)]
    return {
        "band": " ".join([*upper, *lower]),
        "course": " ".join(f"{x(progress)},{y(height)}" for progress, height in ((0.0, 0.0), *one.course)),
        "zero": y(0.0),
        "typical": _tenths(one.typical),
        "typical_y": y(one.typical or 0.0),
        "dot": (x(one.course[-1][0]), y(one.course[-1][1])) if one.course else None,
    }


def _tenths(value: float | None) -> str:
    """A difference with its sign: on a wall three figures are one too many."""
    return NOTHING if value is None else f"{value:+.1f}".replace("-", MINUS)


def prefix(lang: str) -> str:
    """Where the pages in a language stand."""
    return "/" if lang == "en" else f"/{lang}/"


def _safe(rendered: str) -> Any:
    from markupsafe import Markup

    return Markup(rendered)  # noqa: S704 - templates escaped it


@cache
def _templates() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("reporting_agent.live"), autoescape=True, trim_blocks=True, undefined=jinja2.StrictUndefined
    )
    made.filters["tag"] = tag
    return made
