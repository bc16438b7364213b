"""Documents -> passages for the engines ragd is compared with, cut by ragd's rules: whole sections, else runs of
paragraphs or sentences. Sentences are found more simply than ragd does, so a few passages differ.

They are cut before anything is measured and kept beside the corpus: what an engine's building is timed by is its own.
"""

import hashlib
import itertools
import json
import multiprocessing
import pathlib
import re
from collections.abc import Iterator

MAX_BYTES, TARGET_BYTES, MIN_SECTION_BYTES = 2000, 1000, 120  # src/retrieval/chunker.hpp
_HEADING = re.compile(r"^#{1,6}[ \t]")
_FENCE = re.compile(r"^(`{3,}|~{3,})")
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[^\s])")


def _blocks(text: str) -> Iterator[str]:
    """Headings, fenced code and paragraphs."""
    block: list[str] = []
    fence = ""
    for line in text.split("\n"):
        if fence:
            block.append(line)
            if line.strip() == fence:
                yield "\n".join(block)
                block, fence = [], ""
            continue
        opened = _FENCE.match(line)
        if block and (opened or not line.strip() or _HEADING.match(line)):
            yield "\n".join(block)
            block = []
        if opened:
            fence = opened.group(1)
        if line.strip():
            block.append(line)
        if _HEADING.match(line) and not fence:
            yield "\n".join(block)
            block = []
    if block:
        yield "\n".join(block)


def _units(block: str) -> Iterator[tuple[str, bool]]:
    """What is not split, and whether it opens its block."""
    first = True
    for sentence in [block] if _FENCE.match(block) else _SENTENCE.split(block):
        for begin in range(0, len(sentence), MAX_BYTES):
            yield sentence[begin : begin + MAX_BYTES], first
            first = False


def _packed(units: list[tuple[str, bool]]) -> Iterator[str]:
    first, rest = 0, sum(len(unit) + 1 for unit, _ in units)
    while first < len(units):
        if rest <= MAX_BYTES:
            behind = len(units)
        else:
            behind, size, block_start = first + 1, len(units[first][0]), 0
            while behind < len(units) and size + 1 + len(units[behind][0]) <= TARGET_BYTES:
                if units[behind][1] and size >= TARGET_BYTES / 2:
                    block_start = behind
                size += 1 + len(units[behind][0])
                behind += 1
            if behind < len(units) and not units[behind][1] and block_start:
                behind = block_start
        yield "\n".join(unit for unit, _ in units[first:behind])
        rest -= sum(len(unit) + 1 for unit, _ in units[first:behind])
        first = behind


def cut(text: str) -> Iterator[str]:
    units: list[tuple[str, bool]] = []
    size, has_body = 0, False
    for block in _blocks(text):
        if _HEADING.match(block):
            if has_body and size >= MIN_SECTION_BYTES:
                yield from _packed(units)
                units, size = [], 0
            has_body = False
        else:
            has_body = True
        units += _units(block)
        size += len(block) + 1
    yield from _packed(units)


def _cut_line(line: bytes) -> bytes:
    document = json.loads(line)
    kept = {"id": document["id"], "title": document["title"], "passages": list(cut(document["text"]))}
    return json.dumps(kept, ensure_ascii=False).encode() + b"\n"


def prepare(corpus: pathlib.Path, processes: int) -> pathlib.Path:
    """The corpus cut into passages, a line a document: made once for a corpus and this code."""
    tag = hashlib.sha256(pathlib.Path(__file__).read_bytes()).hexdigest()[:12]
    path = corpus.with_name(f"{corpus.stem}.{tag}.passages")
    if path.exists():
        return path
    for old in corpus.parent.glob(f"{corpus.stem.partition('-')[0]}-*.passages"):
        old.unlink()
    unfinished = path.with_suffix(".unfinished")
    with open(corpus, "rb") as lines, open(unfinished, "wb") as out, multiprocessing.Pool(processes) as workers:
        out.writelines(workers.imap(_cut_line, lines, chunksize=64))
    unfinished.replace(path)
    return path


def read(prepared: str, first: int, behind: int) -> Iterator[tuple[str, str, str]]:
    """(document id, title, passage) of the documents from `first` to before `behind`."""
    with open(prepared, "rb") as lines:
        for line in itertools.islice(lines, first, behind):
            document = json.loads(line)
            for passage in document["passages"]:
                yield document["id"], document["title"], passage
