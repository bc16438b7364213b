"""Manual pages, reStructuredText, dictionaries and plain files -> a title and Markdown-like text. Html has a file of its own.

No formatter of these languages: macros and roles that carry text are reduced to it, others vanish.
"""

import re

_ESCAPE = re.compile(r"\\(?:f(?:\(..|\[[^]]*\]|.)|s(?:\[[^]]*\]|[-+]?\d+)|\*?(\(..|\[[^]]*\]|.)|$)")
_CHARACTERS = {
    "-": "-", "e": "\\", "~": " ", " ": " ", "0": " ", "'": "'", "`": "`", "t": " ",
    "(aq": "'", "(dq": '"', "(lq": '"', "(rq": '"', '(L"': '"', '(R"': '"', "(Aq": "'", "(em": " - ", "(en": "-",
    "(bu": "-", "(mu": "x", "(ti": "~", "(ha": "^", "(rs": "\\", "(C+": "C++", "(--": " - ", "(oq": "'", "(cq": "'",
    "[aq]": "'", "[dq]": '"', "[em]": " - ", "[en]": "-", "[bu]": "-", "[rs]": "\\", "[ti]": "~", "[ha]": "^",
}  # fmt: skip
_WORDS = re.compile(r'"((?:[^"]|"")*)"|(\S+)')
_FONTS = frozenset("B I R BI BR IB IR RB RI SM SB".split())
_PARAGRAPHS = frozenset("PP P LP TP IP HP TQ RS RE br sp".split())


def _plain(line: str) -> str:
    return _ESCAPE.sub(lambda match: _CHARACTERS.get(match.group(1) or "", ""), line)


def man_text(source: str) -> tuple[str, str]:
    """Everything before the first section (macro definitions, the page's header) is left out."""
    name, parts, code = "", [], False
    for line in source.split("\n"):
        if line.startswith((".\\\"", "'\\\"")):
            continue
        if not line.startswith((".", "'")):
            if parts:
                parts.append(_plain(line))
            continue
        macro, _, rest = line[1:].strip().partition(" ")
        words = [_plain(quoted or bare) for quoted, bare in _WORDS.findall(rest)]
        if macro == "TH" and len(words) > 1:
            name = f"{words[0].lower()}({words[1]})"
        elif macro in ("SH", "SS"):
            parts.append(f"{_code_end(code)}\n{'##' if macro == 'SH' else '###'} {' '.join(words)}\n")
            code = False
        elif not parts:
            continue
        elif macro in ("nf", "Vb", "EX"):
            parts.append("" if code else "\n```")
            code = True
        elif macro in ("fi", "Ve", "EE"):
            parts.append(_code_end(code))
            code = False
        elif macro in _FONTS:
            parts.append(("" if len(macro) > 1 else " ").join(words))
        elif macro in _PARAGRAPHS:
            parts.append(f"\n{words[0]}" if macro == "IP" and words else "" if code else "\n")
    body = "\n".join([*parts, _code_end(code)])
    return name, _squeezed(f"# {name}\n{body}")


def _code_end(code: bool) -> str:
    return "```\n" if code else ""


_UNDERLINE = re.compile(r"^([=\-~^\"'`#*+.:_<>])\1{2,}\s*$")
_ROLE = re.compile(r":[\w:+-]+:`([^`<]*?)\s*(?:<[^>`]*>)?`|`([^`<]+?)\s*<[^>`]*>`__?|``([^`]+)``")
_DIRECTIVE = re.compile(r"^(\s*)\.\. (?:[\w|:-]+::|_[^:]*:|\[|$|[^\[_])")
_TEXT_DIRECTIVE = re.compile(r"^\s*\.\. (?:note|warning|attention|important|tip|hint|caution|code-block|kernel-doc)::\s*", re.I)
_FIELD = re.compile(r"^\s*:[\w -]+:(?:\s|$)")


def rst_text(source: str) -> tuple[str, str]:
    """Notes keep their text; other directives, comments and targets vanish with what is indented below them."""
    lines, levels, out = source.replace("\t", "        ").split("\n"), [], []
    hidden: int | None = None  # the indentation of a directive whose content vanishes
    title = ""
    for number, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        if hidden is not None and (not line.strip() or indent > hidden):
            continue
        hidden = None
        if _UNDERLINE.match(line):
            before = lines[number - 1].strip() if number else ""
            if before and out and not _UNDERLINE.match(lines[number - 1]):
                mark = line[0] * (2 if number > 1 and _UNDERLINE.match(lines[number - 2]) else 1)  # another level with a line above
                if mark not in levels:
                    levels.append(mark)
                out[-1] = f"\n{'#' * min(6, levels.index(mark) + 1)} {_roles(before)}\n"
                title = title or _roles(before)
            continue
        if match := _TEXT_DIRECTIVE.match(line):
            out.append(line[match.end() :] if "kernel-doc" not in match.group(0) else "")
        elif match := _DIRECTIVE.match(line):
            hidden = len(match.group(1))
        elif not _FIELD.match(line):
            out.append(_roles(line).removesuffix("::") + (":" if line.endswith("::") and line.strip() != "::" else ""))
    return title, _squeezed("\n".join(out))


def _roles(line: str) -> str:
    return _ROLE.sub(lambda match: next(text for text in match.groups() if text is not None), line)


def file_text(source: str) -> tuple[str, str]:
    """A plain file's title is its first line."""
    text = _squeezed(source)
    return text.split("\n", 1)[0].strip("#=*- \t")[:120], text


_HEADWORD = re.compile(r"\n+(?=\S)")


def dictionary_text(source: str) -> tuple[str, str]:
    """A dictd database: each headword begins a paragraph, and what is indented below belongs to it. What a database says
    about itself is left out."""
    entries = _HEADWORD.split(source)
    kept = [entry.rstrip() for entry in entries if not entry.startswith("00-") and not entry.startswith("00database")]
    return "", _squeezed("\n\n".join(kept))


_GAPS = re.compile(r"\n{3,}")


def _squeezed(text: str) -> str:
    lines = "\n".join(line.rstrip() for line in text.replace("\f", "\n").split("\n"))
    return _GAPS.sub("\n\n", lines).strip("\n")
