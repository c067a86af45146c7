"""What a private key of ours will not do: print itself, be logged, be pickled or be copied.

A key that reaches a traceback, a log line, a task queue or a debugger's dump is a key that has leaked. Python has no
way to wipe memory; this keeps the accidental ways shut, not a debugger out.
"""

from __future__ import annotations

from typing import NoReturn, SupportsIndex


class Secret:
    """Base of everything secret. Subclasses say in `_public_name` what may be shown of them."""

    __slots__ = ()

    @property
    def _public_name(self) -> str:
        return "hidden"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._public_name}>"

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError(f"{type(self).__name__} is secret and is neither pickled nor copied")

    def __reduce__(self) -> NoReturn:
        self.__reduce_ex__(0)
