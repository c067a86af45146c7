"""A PKCS#11 token (an HSM, a smart card, SoftHSM) whose AES-256 key wraps the password of a
processing key's file.

Tokens know no ML-KEM yet, so the processing key itself cannot live in one. Its file is encrypted
under 256 random bits; with a token these lie beside it wrapped by AES-256-GCM, bound to the digest
of the file. Whoever copies the files, or a backup of them, opens nothing.

A token is named by a PKCS#11 URI (RFC 7512):
`pkcs11:token=LABEL;object=KEY?module-path=FILE.so&pin-source=FILE`.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Self
from urllib.parse import unquote

from benchmarks.errors import InputError
from benchmarks.phrases import Phrase

_MARK = b"steplabel-wrapped-1:"
_NONCE_BYTES = 12


def is_wrapped(password: bytes) -> bool:
    return password.startswith(_MARK)


@dataclass(frozen=True, slots=True)
class Token:
    label: str
    key: str
    module: str
    pin_file: Path

    @classmethod
    def at(cls, uri: str) -> Self:
        """The token of a URI.

        Raises:
            InputError: `token-uri-malformed`: another scheme, or one of the four parts is missing
                or empty.
        """
        scheme, _, rest = uri.partition(":")
        path, _, query = rest.partition("?")
        pairs = (part.partition("=") for part in (*path.split(";"), *query.split("&")))
        parts = {name: unquote(value) for name, _, value in pairs}
        needed = [
            parts.get(name, "").removeprefix("file:")
            for name in ("token", "object", "module-path", "pin-source")
        ]
        if scheme != "pkcs11" or not all(needed) or "pin-value" in parts:
            raise InputError(
                "token-uri-malformed",
                "This is not a PKCS#11 URI with token, key, library and a file with the PIN.",
                "Write "
                "pkcs11:token=LABEL;object=KEY?module-path=/usr/lib/….so&pin-source=/etc/…/token.pin; do not write the PIN into the"  # noqa: E501
                " address.",
            )
        label, key, module, pin_file = needed
        return cls(label, key, module, Path(pin_file))

    def wrapped(self, password: bytes, pem: bytes) -> bytes:
        """The password as it may lie beside the file `pem`."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        with self._signed_in(by_hand=True) as session:
            return _MARK + base64.b64encode(
                nonce + self._key_in(session).encrypt(password, **_how(nonce, pem))
            )

    def unwrapped(self, text: bytes, pem: bytes, *, by_hand: bool = False) -> bytes:
        """The password of the file `pem`.

        Args:
            by_hand: a person is there; without one no PIN is tried after one was refused, for a few
                wrong ones lock a token.

        Raises:
            InputError: `token-away`, `token-pin-wrong`, `token-key-wrong`, `password-not-wrapped`.
        """
        if not is_wrapped(text):
            raise InputError(
                "password-not-wrapped",
                "A token is set, but the password of this processing key is stored without "
                "encryption.",
                "Wrap it with `manage.py wrap_key`.",
            )
        with self._signed_in(by_hand=by_hand) as session:
            key = self._key_in(session)
            try:
                raw = base64.b64decode(text.removeprefix(_MARK), validate=True)
                return bytes(key.decrypt(raw[_NONCE_BYTES:], **_how(raw[:_NONCE_BYTES], pem)))
            except (
                pkcs11().PKCS11Error,
                ValueError,
            ) as error:  # tokens have many names for a wrong tag
                raise InputError(
                    "token-key-wrong",
                    Phrase(
                        "The key %(key)s of the token did not wrap this password for this file.",
                        key=self.key,
                    ),
                    "Restore the file and the password as they were wrapped, or name the key that "
                    "wrapped them.",
                ) from error

    def make_key(self) -> bool:
        """Draw the wrapping key, which cannot leave the token; False where one of its name is
        there.
        """
        with self._signed_in(by_hand=True, writes=True) as session:
            try:
                self._key_in(session)
            except InputError:
                p11 = pkcs11()
                uses = p11.MechanismFlag.ENCRYPT | p11.MechanismFlag.DECRYPT
                template = {p11.Attribute.SENSITIVE: True, p11.Attribute.EXTRACTABLE: False}
                session.generate_key(
                    p11.KeyType.AES,
                    256,
                    label=self.key,
                    store=True,
                    capabilities=uses,
                    template=template,
                )
                return True
        return False

    def _key_in(self, session: Any) -> Any:
        try:
            return session.get_key(pkcs11().ObjectClass.SECRET_KEY, label=self.key)
        except pkcs11().NoSuchKey as error:
            raise InputError(
                "token-key-wrong",
                Phrase(
                    "The token %(label)s does not contain the key %(key)s.",
                    label=self.label,
                    key=self.key,
                ),
                "Name the key that wrapped the password, or create one with `manage.py wrap_key "
                "--draw`.",
            ) from error

    @contextmanager
    def _signed_in(self, *, by_hand: bool, writes: bool = False) -> Iterator[Any]:
        """A session. The library is let go of afterwards, so that a process that forks may ask it
        anew.
        """
        p11 = pkcs11()
        try:
            pin = self.pin_file.read_text("ascii").strip()
            library = p11.lib(self.module)
            try:
                token = library.get_token(token_label=self.label)
                if token.flags & (p11.TokenFlag.USER_PIN_LOCKED if by_hand else _REFUSED_BEFORE):
                    raise p11.PinIncorrect
                with token.open(rw=writes, user_pin=pin) as session:
                    yield session
            finally:
                library.finalize()
        except (
            p11.PinIncorrect,
            p11.PinInvalid,
            p11.PinLenRange,
            p11.PinLocked,
            p11.PinExpired,
        ) as error:
            raise InputError(
                "token-pin-wrong",
                Phrase("The token %(label)s refused the PIN, or did so before.", label=self.label),
                "Correct the file with the PIN, then run `manage.py wrap_key`. Until then the "
                "worker tries no PIN.",
            ) from error
        except (p11.PKCS11Error, OSError) as error:
            raise InputError(
                "token-away",
                Phrase(
                    "The token %(label)s cannot be used: %(why)s.",
                    label=self.label,
                    why=repr(error),
                ),
                "Connect the token and start what its library needs; check label, library and "
                "file of PROCESSING_KEY_TOKEN.",
            ) from error


_REFUSED_BEFORE = 0x10000 | 0x20000 | 0x40000
"""CKF_USER_PIN_COUNT_LOW, _FINAL_TRY and _LOCKED (PKCS#11 v2.40, 3.2)."""


def _how(nonce: bytes, pem: bytes) -> dict[str, Any]:
    p11 = pkcs11()
    bound_to = hashlib.sha256(pem).digest()
    return {"mechanism": p11.Mechanism.AES_GCM, "mechanism_param": p11.GCMParams(nonce, bound_to)}


def pkcs11() -> ModuleType:
    """The library of the extra `hsm`."""
    try:
        return import_module("pkcs11")
    except ModuleNotFoundError as error:
        raise InputError(
            "token-away",
            "Tokens need python-pkcs11, which is not installed.",
            "Run `bin/set-up portal-all`.",
        ) from error
