"""What is said of an alert: as a sentence, on the wall, and beside it who answered and what
helps.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Any

from benchmarks.catalogue import in_language
from benchmarks.phrases import Phrase, of_language
from extras.live.control_room.answers import Tokens, key_of
from extras.live.control_room.answers import sentence_of as answered
from extras.live.control_room.drawing import short, tenths
from extras.live.control_room.moment import PlantMoment
from extras.live.control_room.rendering import prefix
from extras.live.running.explaining import per
from extras.live.running.plant import Alert
from reporting_agent.config import SiteSettings
from reporting_agent.report.figures import count


class AlertWords:
    """Those of one site, by its clock and in its currency."""

    def __init__(self, site: SiteSettings) -> None:
        self.site = site
        self.currency = "" if site.tariff is None else site.tariff.currency
        self.tokens = Tokens()

    def clock(self, moment_us: int) -> str:
        """Hour and minute at the site."""
        return f"{datetime.fromtimestamp(moment_us / 1e6, UTC).astimezone(self.site.zone):%H:%M}"

    def since(self, moment_us: int, wall_us: int) -> str:
        """As `clock`, with its date where that is another day's."""
        moment, wall = (
            datetime.fromtimestamp(each / 1e6, UTC).astimezone(self.site.zone)
            for each in (moment_us, wall_us)
        )
        return f"{moment:%H:%M}" if moment.date() == wall.date() else f"{moment:%Y-%m-%d %H:%M}"

    def sentence(self, alert: Alert) -> Phrase:
        """One alert as a sentence."""
        values = {
            "equipment": alert.equipment or alert.step,
            "batch": short(alert.batch),
            "at": self.clock(alert.at_us),
            "above": tenths(alert.kgce_per_t),
            "unit": per(alert.unit),
            "cause": alert.cause,
        }
        if alert.money is not None:
            money = f"{count(alert.money)} {self.currency}"
            return Phrase(
                (
                    "%(equipment)s, batch %(batch)s is wasting energy, certain since %(at)s: "
                    "%(above)s %(unit)s and %(money)s so far. "
                    "Likely: %(cause)s."
                ),
                **values,
                money=money,
            )
        return Phrase(
            (
                "%(equipment)s, batch %(batch)s is wasting energy, certain since %(at)s: "
                "%(above)s %(unit)s so far. Likely: %(cause)s."
            ),
            **values,
        )

    def on_the_wall(self, alert: Alert, lang: str) -> dict[str, Any]:
        """Heading, figures and likely cause."""
        t = partial(in_language, language=lang)
        energy = {
            "above": tenths(alert.kgce_per_t),
            "unit": per(alert.unit),
            "kgce": count(alert.kgce),
            "at": self.clock(alert.at_us),
        }
        sentence = Phrase(
            "%(above)s %(unit)s (%(kgce)s kgce) above its label when this became certain, at "
            "%(at)s.",
            **energy,
        )
        if alert.money is not None:
            sentence = Phrase(
                "%(sentence)s %(remedy)s",
                sentence=sentence,
                remedy=Phrase(
                    "That cost %(money)s at the mean price of the energy that it takes.",
                    money=f"{count(alert.money)} {self.currency}",
                ),
            )
        return {
            "heading": t(
                Phrase(
                    "%(equipment)s: batch %(batch)s is wasting energy",
                    equipment=alert.equipment or alert.step,
                    batch=short(alert.batch),
                )
            ),
            "text": t(sentence),
            "why": t(Phrase("Likely: %(cause)s.", cause=alert.cause)),
        }

    def answering(self, alert: Alert, moment: PlantMoment, lang: str) -> dict[str, Any]:
        """The answer that was given, the form's token, and practices against the cause."""
        key = key_of(alert)
        alert_answer = moment.answers.get(key)
        reply = (
            None if alert_answer is None else answered(alert_answer, self.clock(alert_answer.at_us))
        )
        return {
            "key": key,
            "token": self.tokens.of(key),
            "href": f"{prefix(lang)}answer",
            "answer": "" if reply is None else in_language(reply, lang),
            "word": "" if reply is None or alert_answer is None else alert_answer.word,
            "practices": [
                of_language(words.by_language, lang) or words.en
                for words in moment.practices.get(key, ())
            ],
        }
