"""The unified social credit code of a firm or a branch (GB 32100, 18 characters): its check digit,
and where one is required.

The last is a check digit (clause 5.3, after GB/T 17710): a slip of one character or of two
neighbours is found.
"""

from __future__ import annotations

from stdnum.cn import uscc
from stdnum.exceptions import InvalidChecksum, InvalidLength, ValidationError

from benchmarks.phrases import Phrase

REQUIRED_IN = ("cn",)
"""Paths of jurisdictions where every enterprise has one: in China since 2015 (State Council, Guofa
(2015) No. 33).
"""


def required_in(jurisdiction: str) -> bool:
    return any(f"{jurisdiction}/".startswith(f"{path}/") for path in REQUIRED_IN)


class WrongCodeError(ValueError):
    """What is typed is no code; `phrase` says why, for people."""

    def __init__(self, phrase: Phrase) -> None:
        super().__init__(str(phrase))
        self.phrase = phrase


def credit_code(text: str) -> str:
    """The code in capitals without blanks and hyphens; empty stays empty, for who is registered
    elsewhere has none.

    Raises:
        WrongCodeError: its length, its characters or its check digit.
    """
    if not text.strip():
        return ""
    try:
        return uscc.validate(text)
    except InvalidLength as error:
        count = len(uscc.compact(text))
        raise WrongCodeError(
            Phrase(
                "A unified social credit code has 18 characters; %(found)s has %(n)s.",
                found=text,
                n=count,
            )
        ) from error
    except InvalidChecksum as error:
        raise WrongCodeError(
            Phrase("The check digit of %(found)s is wrong: a character is mistyped.", found=text)
        ) from error
    except ValidationError as error:
        message = Phrase(
            (
                "%(found)s contains a character that is not allowed. A code has eight digits, "
                "then digits and capital letters "
                "except I, O, S, V, Z."
            ),
            found=text,
        )
        raise WrongCodeError(message) from error
