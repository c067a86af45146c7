"""That a label is made by a pack that nobody published: told beside the label and its grade,
whatever name the pack has.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.declared import Words
from benchmarks.labels import StepLabel
from benchmarks.packs.published_names import is_published
from benchmarks.phrases import Phrase
from benchmarks.routes import Pack


def sentences(label: StepLabel, pack: Pack) -> Iterator[Words]:
    """One sentence."""
    if label.best.value is not None and not is_published(pack):
        sentence = Phrase(
            "This label, and any grade beside it, was made with the site's own pack (%(pack)s "
            "%(version)s). Its boundary, limits and "
            "bounds have not been published. Do not compare it with labels made with a published "
            "pack.",
            pack=pack.id,
            version=pack.version,
        )
        yield Words.of(sentence)
