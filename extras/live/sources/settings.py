"""`[source]` of site.toml: where the spool lies, MQTT and Sparkplug that fill it, alerts by mail,
and the control room's page.

    [source]
    folder = "spool"

    [[source.mqtt]]
    host = "127.0.0.1"
    client_id = "steplabel-works-2"

    [[source.mqtt.readings]]
    topic = "works/meters/+"
    meter_level = 3
    fields = { time = "t", value = "v", sequence = "n" }

None of it decides what a row means, so it is no part of the digest of the site's settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from itertools import combinations
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from benchmarks.errors import InputError
from benchmarks.phrases import Phrase
from extras.live.sources.modbus.settings import Modbus
from extras.live.sources.opcua.settings import OpcUa
from extras.live.sources.report_settings import Reports
from extras.live.sources.table_settings import GrowingFiles, ReadingWords, Sql
from reporting_agent.config.faults import SettingFault
from reporting_agent.config.profile import Setting

FIELDS = frozenset({"meter", "time", "value", "sequence", "quality"})


class MqttReadings(ReadingWords):
    """[[source.mqtt.readings]]: messages that carry readings, a JSON object, a list of such, or a
    bare number.

    `fields` names where in the object each part stands, a dot between levels (`data.value`). The
    meter is a field, a level of the topic (counted from 1), or `meter`. Without a field of time a
    reading has the time at which it arrived, so that what a broker retains, or delivers again, is
    let go.
    """

    topic: str = Field(min_length=1)
    fields: dict[str, str] = Field(default_factory=dict)
    meter_level: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _names_a_meter(self) -> Self:
        if unknown := set(self.fields) - FIELDS:
            raise ValueError(
                Phrase(
                    "fields: %(name)s is none of %(known)s",
                    name=repr(sorted(unknown)[0]),
                    known=", ".join(sorted(FIELDS)),
                )
            )
        if sum((self.meter is not None, self.meter_level is not None, "meter" in self.fields)) != 1:
            raise ValueError(
                Phrase("the meter must be told once: by fields.meter, meter_level or meter")
            )
        if self.consecutive and "sequence" not in self.fields:
            raise ValueError(Phrase("consecutive goes with fields.sequence"))
        return self


class MqttBatches(Setting):
    """[[source.mqtt.batches]]: messages that begin and end batches, JSON objects; `fields` gives
    each column of the template its field.
    """

    topic: str = Field(min_length=1)
    fields: dict[str, str] = Field(default_factory=dict)
    constants: dict[str, str] = Field(default_factory=dict)


class Sparkplug(Setting):
    """[[source.mqtt.sparkplug]]: a group of Sparkplug B; `metrics` names meters by `edge/metric` or
    `edge/device/metric`.
    """

    group: str = Field(min_length=1, pattern=r"^[^/+#]+$")
    metrics: dict[str, str] = Field(min_length=1)


class Mqtt(Setting):
    """[[source.mqtt]]: one broker."""

    host: str
    port: int = Field(default=1883, gt=0, lt=65536)
    version: Literal["3.1.1", "5"] = "5"
    client_id: str = Field(
        min_length=1, max_length=64
    )  # by which the broker keeps what comes while the agent is away
    username: str | None = None
    password_file: str | None = None
    ca_file: str | None = None  # TLS, by this authority
    host_id: str | None = (
        # as which it tells Sparkplug's edge nodes that it listens, so that they store while it does
        # not
        None
    )
    ask: str | None = None  # topic on which missing readings are asked for
    readings: tuple[MqttReadings, ...] = ()
    batches: tuple[MqttBatches, ...] = ()
    sparkplug: tuple[Sparkplug, ...] = ()

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.readings or self.sparkplug):
            raise ValueError(Phrase("readings or sparkplug must say which messages carry readings"))
        return self


class MailServer(Setting):
    """[source.alerts.mail]: a server that takes mail from this machine."""

    server: str
    port: int = Field(default=25, gt=0, lt=65536)
    sender: str
    to: tuple[str, ...] = Field(min_length=1)
    tls: bool = False  # STARTTLS
    username: str | None = None
    password_file: str | None = None


class Alerts(Setting):
    """[source.alerts]: how many false alarms a week are borne, and who is told beside the log and
    the page.
    """

    false_alarms_a_week: float = Field(default=1.0, gt=0, le=100)
    webhook: str | None = Field(default=None, pattern=r"^https?://")
    mail: MailServer | None = None
    topic: str | None = None  # published at the first broker


class PageAddress(Setting):
    """[source.page]: the control room's page, served to those who reach this address."""

    listen: str = "127.0.0.1"
    port: int = Field(default=8790, gt=0, lt=65536)
    names: tuple[str, ...] = ()  # by which browsers may ask for it, beside the address itself


class LiveSettings(Setting):
    """[source]."""

    folder: Path
    units: dict[str, str] = Field(default_factory=dict)
    most_gb: float | None = Field(default=None, gt=0)
    when_full: Literal["wait", "drop-oldest"] = "wait"
    reload: Literal["on-signal", "on-change"] = (
        "on-signal"  # when site.toml is read again: at SIGHUP, or also once it changed
    )
    mqtt: tuple[Mqtt, ...] = ()
    opcua: tuple[OpcUa, ...] = ()
    modbus: tuple[Modbus, ...] = ()
    sql: tuple[Sql, ...] = ()
    files: tuple[GrowingFiles, ...] = ()
    alerts: Alerts = Alerts()
    page: PageAddress | None = None
    reports: Reports | None = None

    @field_validator("mqtt")
    @classmethod
    def _apart(cls, brokers: tuple[Mqtt, ...]) -> tuple[Mqtt, ...]:
        names = [(broker.host, broker.port, broker.client_id) for broker in brokers]
        if len(set(names)) < len(names):
            raise ValueError(
                Phrase(
                    "every entry needs a client_id of its own: a broker lets no two in by the same"
                )
            )
        return brokers

    @field_validator("sql")
    @classmethod
    def _ask_apart(cls, databases: tuple[Sql, ...]) -> tuple[Sql, ...]:
        asked = [
            (database.url, table.query, table.mark)
            for database in databases
            for table in (*database.readings, *database.batches)
        ]
        if len(set(asked)) < len(asked):
            raise ValueError(
                Phrase(
                    "a query that another entry asks: how far it was read is kept once, so word "
                    "each differently"
                )
            )
        return databases

    @field_validator("files")
    @classmethod
    def _read_apart(cls, files: tuple[GrowingFiles, ...]) -> tuple[GrowingFiles, ...]:
        for first, second in combinations(files, 2):
            if (first.batches is None) is (second.batches is None) and _share_files(
                Path(first.path), Path(second.path)
            ):
                raise ValueError(
                    Phrase(
                        "files that another entry reads: how far one was read is kept once, so "
                        "name each file in one entry"
                    )
                )
        return tuple(entry.with_entries_beside(files) for entry in files)

    @property
    def most_bytes(self) -> int | None:
        return None if self.most_gb is None else int(self.most_gb * 1e9)


def _share_files(first: Path, second: Path) -> bool:
    """Whether one pattern of names holds all of the other's."""
    return first.parent == second.parent and (
        fnmatchcase(first.name, second.name) or fnmatchcase(second.name, first.name)
    )


def load(options: Mapping[str, object], base: Path, file: str = "site.toml") -> LiveSettings:
    """The checked settings; paths are relative to `base`. `file` is where they stand.

    Raises:
        InputError: `source-option-unknown` or `source-option-invalid`, with the key.
    """
    try:
        settings = LiveSettings.model_validate(options)
    except ValidationError as wrong:
        fault = SettingFault(wrong, options, "source")
        raise InputError(
            "source-option-unknown" if fault.unknown else "source-option-invalid",
            "The source has no such option." if fault.unknown else "The source cannot be set so.",
            "Correct the key named; docs/live.md describes every key.",
            place=fault.place(file),
            found=fault.found,
            wanted=fault.wanted("docs/live.md"),
        ) from wrong
    return settings.model_copy(update={"folder": base / settings.folder})
