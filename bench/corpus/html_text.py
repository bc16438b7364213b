"""HTML pages of documentation -> a title and Markdown-like plain text: headings, paragraphs, lists, rows, code.

What stands around a page's own text (menus, breadcrumbs, footers, tables of contents) is dropped where its element says
what it is. Never fails: of broken markup whatever text there is comes out.
"""

import html.parser
import re

HEADINGS = {f"h{level}": level for level in range(1, 7)}
BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details div dl dt fieldset figcaption figure hr li main ol p "
    "pre section summary table tbody tfoot thead tr ul".split()
) | frozenset(HEADINGS)
SKIPPED = frozenset("aside button footer form iframe nav noscript script select style svg template".split())
# Classes and ids of what Sphinx, Javadoc, DocBook, Doxygen, Haddock, mdBook, Scribble, MediaWiki and others put around
# a page's text or repeat on every page.
AROUND = frozenset(
    "anchor back-to-top breadcrumb breadcrumbs editsection footer header-nav headerlink inherited-list leftnav "
    "member-summary mobile-nav nav_table navbar navfooter navheader navigation navpath navset navsetbottom navsettop noprint "
    "package-header path permalink quickview related rightbar rightsidebar sidebar siteinfo skip-nav sphinxsidebar "
    "spirit-nav src-links srclink sub-nav synopsis-toc t-navbar tabs toc toctree-wrapper tocset top-nav toplang table-of-contents "
    "versionBox".split()
)
MAIN_ROLE = ("role", "main")
_SPACE = re.compile(r"\s+")
_GAPS = re.compile(r"\n{3,}")
_NO_WORD = re.compile(r"^[ \t|#*-]+$", re.MULTILINE)  # empty cells, bullets, rules


class _Page(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.title = ""
        self._first_heading = ""
        self._parts: list[str] = []
        self._skipped = ""  # the element whose end ends what is dropped
        self._depth = 0  # of elements of that name within it
        self._pre = 0
        self._cells = 0
        self._in_title = self._done = False
        self._heading: list[str] | None = None
        self._main = ""

    def text(self) -> str:
        joined = _NO_WORD.sub("", "".join(self._parts).replace("\u200b", "").replace("\xa0", " "))
        lines = "\n".join(line.rstrip() for line in joined.split("\n"))
        return _GAPS.sub("\n\n", lines).strip()

    def best_title(self) -> str:
        return _one_line(self._first_heading or self.title)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._skipped:
            self._depth += tag == self._skipped
            return
        if tag in SKIPPED or _is_around(attrs):
            if tag not in ("input", "img", "link", "meta", "br", "hr", "wbr"):  # these have no end
                self._skipped, self._depth = tag, 1
            return
        if not self._main and (tag == "main" or MAIN_ROLE in attrs):
            self._main, self._parts, self._done = tag, [], False
        self._open(tag)

    def _open(self, tag: str) -> None:
        if tag == "title":
            self._in_title = True
        elif tag in ("td", "th"):
            self._cells += 1
            self._parts.append(" | ")
        elif tag == "br":
            self._parts.append("\n")
        elif tag in BLOCKS:
            self._break(tag)
            if tag == "li":
                self._parts.append("- ")
            elif tag == "pre":
                self._pre += 1
                self._parts.append("```\n")
            elif tag in HEADINGS:
                self._heading = []

    def handle_endtag(self, tag: str) -> None:
        if self._skipped:
            self._depth -= tag == self._skipped
            if self._depth == 0:
                self._skipped = ""
            return
        if tag == "title":
            self._in_title = False
        elif tag in ("td", "th"):
            self._cells = max(0, self._cells - 1)
        elif tag in HEADINGS and self._heading is not None:
            self._close_heading(HEADINGS[tag])
        elif tag == "pre" and self._pre:
            self._pre -= 1
            self._parts.append("\n```\n\n")
        elif tag in BLOCKS:
            self._break(tag)

    def _close_heading(self, level: int) -> None:
        words = _one_line("".join(self._heading or ())).rstrip("¶#§")
        self._heading = None
        if words:
            self._parts.append(f"\n\n{'#' * level} {words}\n\n")
            self._first_heading = self._first_heading or words

    def _break(self, tag: str) -> None:
        """Rows and what stands in a cell keep together as a paragraph does."""
        self._parts.append("\n" if self._cells or tag in ("tr", "li", "dd") else "\n\n")

    def handle_data(self, data: str) -> None:
        if self._skipped:
            return
        if self._in_title:
            self.title += data
        elif self._heading is not None:
            self._heading.append(data)
        elif self._pre:
            self._parts.append(data.replace("```", "'''"))
        else:
            self._parts.append(_SPACE.sub(" ", data))


def _is_around(attrs: list[tuple[str, str | None]]) -> bool:
    for name, value in attrs:
        if name in ("class", "id") and value and not AROUND.isdisjoint(value.split()):
            return True
        if name == "role" and value in ("navigation", "search", "contentinfo", "banner"):
            return True
    return False


def _one_line(text: str) -> str:
    return _SPACE.sub(" ", text).strip()


def html_text(markup: str) -> tuple[str, str]:
    """Title and text."""
    page = _Page()
    page.feed(markup)
    page.close()
    return page.best_title(), page.text()
