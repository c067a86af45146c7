"""Pages ask the apps: what is read from the database stands in the app whose model it is, and no
page queries by itself.
"""

from pathlib import Path

from tests.house.measures import queries_in_pages

ROOT = Path(__file__).resolve().parents[3]
PAGE = '''"""A page: `Site.objects` in a docstring is no query."""

SITES = Site.objects.order_by("slug")
FIRST = Site._default_manager.first()
OWN = own_sites(user).filter(pack="cement")
'''


def test_no_page_reaches_a_models_manager() -> None:
    assert not queries_in_pages(ROOT), (
        "move the query into the selectors of the app whose model it is, and call it from here"
    )


def test_a_query_is_seen_in_a_page_and_left_alone_in_an_app(tmp_path: Path) -> None:
    for module in ("web/views/page.py", "accounts/selectors.py"):
        (tmp_path / "portal" / module).parent.mkdir(parents=True)
        (tmp_path / "portal" / module).write_text(PAGE)
    assert queries_in_pages(tmp_path) == {"portal/web/views/page.py": [3, 4]}
