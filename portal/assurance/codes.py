"""The short code under which anybody finds an attestation: its kind, then the first 80 bits of its digest in Crockford's base 32.

No letters that are taken for digits (I, L, O, U); what was typed with them is read all the same. 80 bits that nobody chooses
are enough that no second statement is made to fit a code that is printed already.
"""

from __future__ import annotations

KIND = "A"
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LETTERS = 16
HEX = 20
_TYPED = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})


def code_of(digest: str, kind: str = KIND) -> str:
    """`A-3F7K-...`: from a digest in hex."""
    number = int(digest[:HEX], 16)
    letters = "".join(ALPHABET[number >> 5 * place & 31] for place in reversed(range(LETTERS)))
    return "-".join((kind, *(letters[start : start + 4] for start in range(0, LETTERS, 4))))


def start_of_digest(typed: str, kind: str = KIND) -> str | None:
    """The first 20 hex digits of the digest that a code is for; None where it is no code of that kind."""
    upper = typed.upper().strip()
    if not upper.startswith(kind):
        return None
    letters = upper[len(kind) :].translate(_TYPED)
    if len(letters) != LETTERS or not set(letters) <= set(ALPHABET):
        return None
    number = 0
    for letter in letters:
        number = number << 5 | ALPHABET.index(letter)
    return f"{number:0{HEX}x}"


def canonical(typed: str) -> str | None:
    """The code as it is printed; None where what was typed is no code of any kind."""
    kind = typed.strip()[:1].upper()
    start = start_of_digest(typed, kind)
    return code_of(start, kind) if kind.isalpha() and start is not None else None
