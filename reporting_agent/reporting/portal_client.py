"""What submission needs of a portal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from reporting_agent.reporting.transport import Acknowledgement


class PortalClient(Protocol):
    """What submission needs of a portal; `reporting_agent.reporting.transport.Portal` is one."""

    def directory(self) -> bytes: ...

    def held(self, signature: Callable[[str, str], str]) -> tuple[bytes, ...]: ...

    def challenges(self, signature: Callable[[str, str], str]) -> tuple[bytes, ...]: ...

    def log_head(self) -> bytes: ...

    def log_checkpoint(self, show: str) -> bytes: ...

    def log_consistency(self, first: int, second: int) -> Sequence[bytes]: ...

    def log_inclusion(self, index: int, size: int) -> Sequence[bytes]: ...

    def commit(self, commitment: bytes) -> bytes: ...

    def submit(self, envelope: bytes) -> Acknowledgement: ...
