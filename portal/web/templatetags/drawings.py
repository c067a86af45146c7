"""Drawings and long tables that are written in one go (`portal.web.markup`), and words that are looked up once for all readers."""

from __future__ import annotations

from django import template
from django.template import Context, Node, NodeList, TemplateSyntaxError
from django.template.base import Parser, TextNode, Token, Variable
from django.templatetags.i18n import TranslateNode
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from portal.web.markup import gaps, ladder, trend
from portal.web.viewmodels.enterprise import GapRow

register = template.Library()
register.filter("ladder_rows", ladder.rows)
register.filter("ladder_limit", ladder.limit)
register.filter("rank_places", gaps.places)
register.filter("trend_drawing", trend.drawing)
register.filter("trend_rows", trend.rows)


@register.simple_tag
def gap_table(rows: tuple[GapRow, ...], total: GapRow | None) -> SafeString:
    return gaps.body(rows, total)


@register.tag
def fixed(parser: Parser, _token: Token) -> Node:
    """`{% fixed %}…{% endfixed %}`: text and translated words alone, put together once in each language.

    Anything else between them is refused when the template is read: what depends on a page or a reader can never stand in what all share.
    """
    words = parser.parse(("endfixed",))
    parser.delete_first_token()
    for node in words:
        if not isinstance(node, TextNode) and not (isinstance(node, TranslateNode) and _is_literal(node)):
            raise TemplateSyntaxError(f"between fixed and endfixed stand text and translated words alone, not {node!r}")
    return FixedNode(words)


def _is_literal(node: TranslateNode) -> bool:
    words = node.filter_expression
    alone = not words.filters and node.asvar is None and node.message_context is None
    return alone and isinstance(words.var, Variable) and words.var.lookups is None


class FixedNode(Node):
    def __init__(self, words: NodeList) -> None:
        self._words = words
        self._made: dict[str | None, str] = {}

    def render(self, context: Context) -> str:
        language = get_language()
        if language not in self._made:
            self._made[language] = self._words.render(context)
        return self._made[language]
