"""Sources of technology providers: found by their entry point, or by module, and connected."""

from __future__ import annotations

import importlib
from datetime import tzinfo
from importlib.metadata import entry_points
from pathlib import Path
from typing import cast

from benchmarks.errors import InputError, Place
from reporting_agent.sources.interface import ENTRY_POINTS, Source, SourceKind


def connect(name: str, options: dict[str, object], folder: Path, zone: tzinfo) -> Source:
    """Connect the source of this name by the options of `[source]`.

    Raises:
        InputError: no such source is installed, or it refuses its options.
    """
    return named(name).connect(options, folder, zone)


def named(name: str) -> SourceKind:
    """The kind of source of an installed package, by its entry point; or, as `module:attribute`, of any module."""
    found = {point.name: point for point in entry_points(group=ENTRY_POINTS)}
    if name in found:
        return _made(found[name].load())
    module_name, colon, attribute = name.partition(":")
    if not colon:
        raise InputError(
            "source-unknown",
            "No source of this name is installed.",
            "Install the provider's package beside the agent, or name its module as module:attribute.",
            place=Place("site.toml", column="inputs.source"),
            found=name,
            wanted=", ".join(sorted(found)) or f"a package with an entry point in the group {ENTRY_POINTS}",
        )
    try:
        return _made(getattr(importlib.import_module(module_name), attribute))
    except (ImportError, AttributeError) as missing:
        raise InputError(
            "source-unknown",
            "The module of this source cannot be imported, or lacks the attribute.",
            "Correct the name, or install the module beside the agent.",
            place=Place("site.toml", column="inputs.source"),
            found=f"{name}: {missing}",
            wanted="module:attribute",
        ) from missing


def _made(kind: object) -> SourceKind:
    """An entry point may name the kind itself or its class."""
    return cast("SourceKind", kind() if isinstance(kind, type) else kind)
