"""What [[source.opcua]] of site.toml says of one OPC UA server."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, AwareDatetime, Field, model_validator

from benchmarks.phrases import Phrase
from reporting_agent.config.profile import Setting

_NODE = re.compile(r"(ns=\d+;|nsu=[^;]+;)?[isgb]=.+")
ID = "batch_id"


def _node(written: str) -> str:
    if not _NODE.fullmatch(written):
        raise ValueError(
            Phrase(
                "a node is written ns=2;s=NAME, ns=2;i=NUMBER, or with its namespace's URI: "
                "nsu=URI;s=NAME"
            )
        )
    return written


Node = Annotated[str, AfterValidator(_node)]
"""A node's id as text. An index of a namespace may change when a server is set up anew; its URI
does not.
"""


class OpcUaBatches(Setting):
    """[[source.opcua.batches]]: where a batch begins and ends, by tags of one unit or by events.

    By tags: `id` holds the running batch's id, empty or 0 while there is none; with `state` it
    begins when the state becomes one of `start` and ends when it becomes one of `end` (numbers of
    PackML, ISA-TR88.00.02, unless told otherwise), else when the id changes. By events: each event
    of type `event` that `notifier` sends is a row. `fields` names for each column of the template
    its node, or the event's property; `constants` says what no node holds: step, product,
    equipment, units.
    """

    id: Node | None = None
    state: Node | None = None
    start: tuple[int | str, ...] = (3, 6)  # Starting, Execute
    end: tuple[int | str, ...] = (2, 4, 9, 17)  # Stopped, Idle, Aborted, Complete
    event: Node | None = None
    notifier: Node = "i=2253"  # the server itself
    fields: dict[str, str] = Field(default_factory=dict)
    constants: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if (self.id is None) == (self.event is None):
            raise ValueError(
                Phrase("batches are told by tags (id) or by events (event), one of both")
            )
        if "step" not in {*self.fields, *self.constants}:
            raise ValueError(Phrase("step must be told, by constants or fields"))
        if self.event is not None and ID not in self.fields:
            raise ValueError(Phrase("fields must name the event's property that holds batch_id"))
        if self.id is not None:
            for node in self.fields.values():
                _node(node)
        if set(self.start) & set(self.end):
            raise ValueError(Phrase("a state cannot both start and end a batch"))
        return self


class OpcUa(Setting):
    """[[source.opcua]]: one server. `nodes` gives each meter of site.toml its node."""

    url: str = Field(pattern=r"^opc\.tcp://[^/@]+:\d+(/.*)?$")
    nodes: dict[str, Node] = Field(min_length=1)
    security: Literal["Basic256Sha256", "Aes128Sha256RsaOaep", "Aes256Sha256RsaPss", "none"] = (
        "Basic256Sha256"
    )
    mode: Literal["sign-and-encrypt", "sign"] = "sign-and-encrypt"
    certificate: str | None = None  # the agent's own, PEM or DER
    private_key: str | None = None
    trusted: str | None = (
        None  # folder of certificates, of servers or of the authority that signed theirs
    )
    username: str | None = None
    password_file: str | None = None
    since: AwareDatetime | None = (
        # of a meter without a reading: history is read from here; else from when it was first
        # watched
        None
    )
    # whether the server is asked for what it told nobody; it is asked first whether it keeps any
    history: bool = True
    sampling_ms: int = Field(
        default=1000, ge=0
    )  # how often the server looks at each node; 0: every change it knows of
    publishing_ms: int = Field(default=1000, ge=50, le=60_000)
    queue: int = Field(default=10_000, ge=2)  # values that the server is asked to hold of each node
    late_s: float = Field(
        default=60.0, ge=0
    )  # by so much the server's history may be behind what it publishes
    batches: tuple[OpcUaBatches, ...] = ()

    @model_validator(mode="after")
    def _secured(self) -> Self:
        needed = {
            "certificate": self.certificate,
            "private_key": self.private_key,
            "trusted": self.trusted,
        }
        if self.security == "none":
            if self.username is not None:
                raise ValueError(
                    Phrase(
                        "a password without encryption can be read on the line: set security, "
                        "certificate, private_key and trusted"
                    )
                )
            if any(needed.values()):
                raise ValueError(
                    Phrase(
                        'certificate, private_key and trusted go with security other than "none"'
                    )
                )
        elif lacking := [name for name, value in needed.items() if value is None]:
            raise ValueError(
                Phrase(
                    'security = "%(security)s" needs %(key)s; security = "none" encrypts nothing '
                    "and trusts every server",
                    security=self.security,
                    key=lacking[0],
                )
            )
        if self.username is not None and self.mode == "sign":
            raise ValueError(Phrase('username needs mode = "sign-and-encrypt"'))
        if (self.username is None) != (self.password_file is None):
            raise ValueError(Phrase("username goes with password_file"))
        if len(set(self.nodes.values())) < len(self.nodes):
            raise ValueError(Phrase("two meters have one node"))
        return self
