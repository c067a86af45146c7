"""No command runs on an empty portal in files where one is installed beside it: its answers would
be about tables that are missing and keys that are not there, and its folder would stay.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

INSTALLED = Path("/etc/steplabel")
"""Where `./install` puts the settings of each role."""


def refuse_beside_installed(argv: Sequence[str], environment: Mapping[str, str]) -> None:
    """End a command that names neither settings nor a folder (`STEPLABEL_VAR`), with status 1,
    before the settings are read, which would make the folder. `demo` is a portal by itself.
    """
    named = "DJANGO_SETTINGS_MODULE" in environment or "STEPLABEL_VAR" in environment
    command = argv[1] if len(argv) > 1 else "help"
    if named or command == "demo" or not INSTALLED.exists():
        return
    import django
    from django.conf import settings
    from django.conf.locale import LANG_INFO

    from benchmarks.catalogue import languages, tag
    from benchmarks.phrases import Phrase

    if not settings.configured:
        settings.configure(
            USE_I18N=True,
            LANGUAGES=[
                (code, code)
                for code in (tag(language).lower() for language in languages())
                if code in LANG_INFO
            ],
            LOCALE_PATHS=[Path(__file__).parent / "web" / "locale"],
        )
        django.setup()
    from portal.operator_command import spoken
    from portal.sentences import in_words

    with spoken(argv):
        sys.exit(
            in_words(
                Phrase(
                    "A portal is installed on this machine (%(installed)s), and this command names "
                    "no role of it. Nothing was done. As root: deploy/as ROLE python manage.py "
                    "%(command)s, ROLE being operator, web or worker. For a portal of its own in a "
                    "folder, set STEPLABEL_VAR to the folder.",
                    installed=INSTALLED,
                    command=command,
                )
            )
        )
