"""What every declared thing is made of: numbers as written, texts by language, a figure's source
and when it counts as verified, and the digest of its content."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator

from benchmarks.catalogue import in_language, languages
from benchmarks.phrases import Name, Phrase, Value, of_language

_EXACT = re.compile(
    r"[+-]?(\d{1,40}(\.\d{0,40})?|\.\d{1,40})([eE][+-]?\d{1,3})?|[+-]?\d{1,40}/[1-9]\d{0,39}"
)
"""No number of a pack has more digits; a fraction of 1e999999999 fills the memory."""


def _exact(value: object) -> Fraction:
    if isinstance(value, Fraction):
        return value
    text = str(value)
    if not _EXACT.fullmatch(text):
        raise ValueError
    return Fraction(text)


Exact = Annotated[Fraction, BeforeValidator(_exact)]
"""A number written in a pack, kept exactly as written: "0.05" is 1/20."""


def content_digest(content: object) -> bytes:
    """SHA-256 of content in canonical JSON: sorted keys, fractions as n/d, decimals as written,
    dates as ISO 8601, UTF-8.
    """
    text = json.dumps(
        content, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_plain
    )
    return hashlib.sha256(text.encode("utf-8")).digest()


def _plain(value: object) -> str:
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"declared data hold no {type(value).__name__}")


def said_by_validator(error: Any) -> Phrase | None:
    """What a validator of ours says of one of pydantic's errors, where it says it in a phrase."""
    raised = error.get("ctx", {}).get("error")
    sentence = raised.args[0] if isinstance(raised, ValueError) and raised.args else None
    return sentence if isinstance(sentence, Phrase) else None


class Declared(BaseModel):
    """Base of everything a pack declares: immutable, and an unknown field is an error, as is `nan`
    or `inf` for a number.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", arbitrary_types_allowed=True, allow_inf_nan=False
    )


_CODE = re.compile(r"[a-z]{2,3}(-[a-z0-9]+)*")


class Words(Declared):
    """A text by the code of its language (`zh`, `pt-br`): English always, of the others those that
    there are.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, str]

    en: str

    @model_validator(mode="after")
    def _by_code(self) -> Words:
        for code in self.__pydantic_extra__:
            if not _CODE.fullmatch(code):
                raise ValueError(
                    Phrase("%(code)s is not a language code, such as zh or pt-br", code=code)
                )
        return self

    @classmethod
    def of(cls, value: Value) -> Words:
        """A phrase in every language of the catalogue; a name in those that it has."""
        if isinstance(value, Words):
            return value
        if isinstance(value, Name):
            return cls(**value.by_language)
        return cls(
            **{
                code: in_language(value, code) if isinstance(value, Phrase) else str(value)
                for code in languages()
            }
        )

    @property
    def by_language(self) -> dict[str, str]:
        """The texts by code, English first."""
        return {"en": self.en, **self.__pydantic_extra__}

    def said_in(self, language: str) -> str:
        """The text as a reader of this language reads it; in English where nobody has translated
        it.
        """
        return of_language(self.by_language, language) or in_language(self.en, language)

    def each(self, write: Callable[[str], str]) -> Words:
        """The text of every language written anew."""
        return Words(
            **{
                code: write(self.said_in(code))
                for code in dict.fromkeys((*languages(), *self.by_language))
            }
        )

    @property
    def without_stop(self) -> Words:
        """A sentence that goes on."""
        return self.each(lambda text: text.rstrip(" .。"))


def worded(text: str, /, **values: Value) -> Words:
    """A sentence with its values, in every language of the catalogue."""
    return Words.of(Phrase(text, **values))


Status = Literal["original-seen", "transcribed", "secondary", "assumption"]
"""How a figure was read: in the document itself; in a transcription of it, with its clause; in a
text that reports it; not at all.
"""


class FigureSource(Declared):
    """Where a figure comes from. What is not verified, or is an assumption of ours, is never shown
    as a benchmark.

    `verified` says that the figure was read in the document or in a transcription of it; it follows
    from `status` where that is given. `text` cites the act and its edition; in whose copy of it the
    figure was read stands in `read_in`, on the page of the number alone.
    """

    text: str
    kind: Literal["standard", "publication", "engineering-assumption"]
    verified: bool
    document: str = ""
    edition: str = ""
    clause: str = ""  # or page; a figure may name its own
    issuer: str = ""
    jurisdiction: str = ""  # ISO 3166: CN, CN-SH, EU; empty where it has none
    valid_from: date | None = None
    valid_to: date | None = None
    read_on: date | None = None
    read_by: str = ""
    read_in: str = ""
    reread_by: str = ""
    status: Status | None = None

    @model_validator(mode="before")
    @classmethod
    def _verified_by_status(cls, written: Any) -> Any:
        if (
            isinstance(written, dict)
            and written.get("status") is not None
            and "verified" not in written
        ):
            return {**written, "verified": written["status"] in ("original-seen", "transcribed")}
        return written

    @model_validator(mode="after")
    def _status_agrees(self) -> FigureSource:
        if self.status is not None and self.verified is not (
            self.status in ("original-seen", "transcribed")
        ):
            raise ValueError(
                Phrase("verified means read in the document or in a transcription of it")
            )
        if self.status == "assumption" and self.kind != "engineering-assumption":
            raise ValueError(Phrase("an assumption must have the kind engineering-assumption"))
        return self
