"""The pages of the control room: the room itself, the shift so far, and the answer to an alert."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from benchmarks.catalogue import in_language, languages, tag, unit_in_language
from benchmarks.phrases import Phrase, in_context
from extras.live.control_room.alert_words import AlertWords
from extras.live.control_room.answers import (
    LONGEST_WORD,
    AlertAnswer,
    Tokens,
    counted,
    key_of,
)
from extras.live.control_room.drawing import tenths
from extras.live.control_room.moment import PlantMoment
from extras.live.control_room.page_words import page_words
from extras.live.control_room.rendering import prefix, safe, templates
from extras.live.control_room.room_view import RoomView
from extras.live.control_room.shift_words import heading, not_compared
from extras.live.control_room.shifts import Shift
from extras.live.running.explaining import per
from extras.live.running.plant import Alert
from reporting_agent.config import SiteSettings
from reporting_agent.report.figures import count, shown

PARTS = ("clock", "alerts", "lines", "idle", "sources", "foot")


class SitePages:
    """The pages of one site."""

    def __init__(self, site: SiteSettings) -> None:
        self.site = site
        self.name = site.site.name or site.id
        self.words = AlertWords(site)
        self._view = RoomView(self.words)

    @property
    def currency(self) -> str:
        """Of the site's tariff; empty without one."""
        return self.words.currency

    @property
    def tokens(self) -> Tokens:
        """Of the forms in which alerts are answered."""
        return self.words.tokens

    def alert(self, raised: Alert) -> Phrase:
        """One alert as a sentence."""
        return self.words.sentence(raised)

    def parts(self, moment: PlantMoment, lang: str) -> dict[str, str]:
        """The parts of the control room by their ids."""
        s = self._view.of(moment, lang)
        w = page_words(lang, self.currency)
        return {name: templates().get_template(f"{name}.html").render(s=s, w=w) for name in PARTS}

    def room(self, moment: PlantMoment, lang: str, *, hold: bool) -> str:
        parts = self.parts(moment, lang)
        body = (
            templates()
            .get_template("room.html")
            .render(parts={name: safe(part) for name, part in parts.items()})
        )
        here = prefix(lang)
        tool = {"href": here, "text": in_language(Phrase("Go on updating"), lang)}
        tools = [
            tool
            if hold
            else {"href": f"{here}?hold", "text": in_language(Phrase("Stop updating"), lang)}
        ]
        tools.append(
            {"href": f"{here}shift", "text": in_language(Phrase("This shift so far"), lang)}
        )
        return self._frame(
            lang, parts["clock"], body, tools, "", f"/events{here}" if not hold else ""
        )

    def shift(self, moment: PlantMoment, lang: str) -> str:
        tools = [{"href": prefix(lang), "text": in_language(Phrase("Control room"), lang)}]
        view = self.shift_view(moment.shift, lang, moment.answers)
        view["alerts"] = [
            {
                "text": in_language(self.alert(alert), lang),
                **self.words.answering(alert, moment, lang),
            }
            for alert in moment.shift.alerts
        ]
        body = (
            templates().get_template("shift.html").render(s=view, w=page_words(lang, self.currency))
        )
        return self._frame(lang, self.parts(moment, lang)["clock"], body, tools, "shift", "")

    def unreadable(self, moment: PlantMoment, lang: str) -> str:
        """The last messages that could not be read."""
        tools = [{"href": prefix(lang), "text": in_language(Phrase("Control room"), lang)}]
        words = page_words(lang, self.currency)
        body = (
            templates()
            .get_template("unreadable.html")
            .render(s=self._view.unreadable(moment, lang), w=words)
        )
        return self._frame(lang, self.parts(moment, lang)["clock"], body, tools, "unreadable", "")

    def answer(self, moment: PlantMoment, key: str, lang: str) -> str | None:
        """The page on which an alert is answered; None where there is no such alert."""
        alert = next(
            (
                candidate
                for candidate in (*moment.alerts, *moment.shift.alerts)
                if key_of(candidate) == key
            ),
            None,
        )
        if alert is None:
            return None
        tools = [{"href": prefix(lang), "text": in_language(Phrase("Control room"), lang)}]
        content = {
            "text": in_language(self.alert(alert), lang),
            **self.words.answering(alert, moment, lang),
        }
        body = (
            templates()
            .get_template("answer.html")
            .render(one=content, w=page_words(lang, self.currency), longest=LONGEST_WORD)
        )
        return self._frame(
            lang, self.parts(moment, lang)["clock"], body, tools, f"answer?alert={quote(key)}", ""
        )

    def shift_view(
        self, shift: Shift, lang: str, answers: Mapping[str, AlertAnswer]
    ) -> dict[str, Any]:
        return {
            "heading": in_language(heading(shift, self.site.zone), lang),
            "lines": [
                {
                    "equipment": line.equipment,
                    "batches": count(line.batches),
                    "output": shown(line.output),
                    "unit": unit_in_language(line.unit, lang),
                    "above": tenths(line.above),
                    "per_output": in_language(per(line.unit), lang),
                }
                for line in shift.lines
            ],
            "alerts": [in_language(self.alert(alert), lang) for alert in shift.alerts],
            "again": in_language(_again(shift), lang) if shift.again else "",
            "so_far": in_language(_so_far(shift), lang) if shift.so_far else "",
            "not_compared": [in_language(sentence, lang) for sentence in not_compared(shift)],
            "counted": in_language(counted(shift.alerts, answers), lang),
        }

    def _frame(
        self, lang: str, clock: str, body: str, tools: list[dict[str, str]], page: str, events: str
    ) -> str:
        for code in languages():
            if code != lang:
                own_name = in_language(
                    in_context("this language, by its own name", "English"), code
                )
                tools.append({"href": f"{prefix(code)}{page}", "text": own_name, "lang": tag(code)})
        return (
            templates()
            .get_template("frame.html")
            .render(
                lang=lang,
                name=self.name,
                w=page_words(lang, self.currency),
                clock=safe(clock),
                body=safe(body),
                tools=tools,
                events=events,
            )
        )


def _so_far(shift: Shift) -> Phrase:
    return Phrase(
        "So far by running totals, not yet counted as in the label: %(batches)s.",
        batches=", ".join(shift.so_far),
    )


def _again(shift: Shift) -> Phrase:
    return Phrase(
        "Counted again after late or corrected data: %(batches)s.", batches=", ".join(shift.again)
    )
