"""Descriptions that people wrote in Markdown, as HTML that can do no harm."""

from collections.abc import Sequence
from typing import Any, Final

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

TAGS: Final = frozenset(
    {"p", "br", "hr", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "code"}
    | {"em", "strong", "a", "table", "thead", "tbody", "tr", "th", "td"}
)
DEEPEST: Final = 6
DOWN: Final = 2


def _lower_headings(state: Any) -> None:
    """Put headings below those of the page, which has its own h1 and h2."""
    tokens: Sequence[Token] = state.tokens
    for each in tokens:
        if each.type in {"heading_open", "heading_close"}:
            each.tag = f"h{min(int(each.tag[1:]) + DOWN, DEEPEST)}"


_MARKDOWN: Final = MarkdownIt("commonmark", {"html": False}).enable("table")
_MARKDOWN.core.ruler.push("lower_headings", _lower_headings)


def prose(text: str) -> Markup:
    """Render Markdown; raw HTML and pictures of other sites are left out."""
    html = nh3.clean(
        _MARKDOWN.render(text),
        tags=set(TAGS),
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
    return Markup(html)  # noqa: S704 - cleaned in the line above
