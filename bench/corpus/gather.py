"""Debian's documentation packages -> one NDJSON file of documents, always the same one from the same packages.

Each package's text is kept apart in the cache and made again only when the package or this code changed. The documents
lie in the order of their ids' hashes: every beginning of the file is a sample of the whole.
"""

import gzip
import hashlib
import json
import multiprocessing
import pathlib
import re
import zlib
from collections.abc import Iterator
from typing import Any

import html_text
import packages
import plain_text
from packages import Package
from rig import say

MIN_BYTES, MAX_BYTES = 300, 64 << 10  # of a document; longer ones are cut where a section or a paragraph begins
MIN_REPEATED = 150  # a section of so many bytes that stood in the package before is left out
MAX_TITLE, MAX_ID = 200, 200
MANUAL = re.compile(r"/man/man\d\w*/[^/]+\.gz$")
NOT_PROSE = re.compile(r"/(?:changelog|copyright|NEWS|TODO|LICEN[CS]E|README\.Debian|search|robots)[^/]*$", re.I)
SECTION = re.compile(r"^(?=#{1,6} )", re.MULTILINE)
PARAGRAPH = re.compile(r"(?<=\n\n)")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
Document = dict[str, Any]


def _converter(path: str) -> Any:
    name = path.removesuffix(".gz")
    if MANUAL.search(path):
        return plain_text.man_text
    if re.search(r"\.x?html?(?:\.en)?$", name):
        return html_text.html_text
    if name.endswith(".rst"):
        return plain_text.rst_text
    if name.endswith(".dict.dz"):
        return plain_text.dictionary_text
    return plain_text.file_text if name.endswith(".txt") else None


def _convert(file: tuple[str, bytes]) -> tuple[str, str, str]:
    """Path, title and text of a file."""
    path, raw = file
    try:
        if path.endswith((".gz", ".dz")):
            raw = gzip.decompress(raw)
    except (OSError, EOFError, zlib.error):
        return path, "", ""
    try:
        source = raw.decode()
    except UnicodeDecodeError:
        source = raw.decode("latin-1")
    title, text = _converter(path)(source.replace("\r\n", "\n"))
    return path, title[:MAX_TITLE], CONTROL.sub(" ", text)


def _is_read(package: Package, path: str) -> bool:
    return package.wants(path) and bool(_converter(path)) and not NOT_PROSE.search(path)


class Repeats:
    """What stood in the package before: whole texts, and sections such as licences and inherited members."""

    def __init__(self) -> None:
        self._seen: set[bytes] = set()

    def new(self, text: str) -> bool:
        key = hashlib.blake2b(" ".join(text.split()).encode(), digest_size=12).digest()
        if key in self._seen:
            return False
        self._seen.add(key)
        return True

    def without(self, text: str) -> str:
        return "".join(part for part in SECTION.split(text) if len(part) < MIN_REPEATED or self.new(part))


def parts(text: str) -> Iterator[str]:
    """The text in pieces of at most MAX_BYTES: of whole sections, or of paragraphs where a section is longer than that."""
    piece: list[str] = []
    size = 0
    for section in SECTION.split(text):
        for unit in [section] if len(section) <= MAX_BYTES else PARAGRAPH.split(section):
            if piece and size + len(unit) > MAX_BYTES:
                yield "".join(piece)
                piece, size = [], 0
            piece.append(unit)
            size += len(unit)
    yield "".join(piece)


def _documents(package: Package, files: Iterator[tuple[str, bytes]], workers: Any) -> Iterator[Document]:
    repeats = Repeats()
    for path, title, text in workers.imap(_convert, files, chunksize=16):
        name = path.removeprefix("/usr/share/").removeprefix("doc/")
        for number, part in enumerate(parts(repeats.without(text))):
            if len(part) < MIN_BYTES:
                continue
            suffix = f"#{number + 1}" if number else ""
            yield {
                "id": f"{package.name}/{name}"[:MAX_ID] + suffix,
                "title": title or path[-MAX_TITLE:],
                "source": f"{package.name}:{path}",
                "text": part.strip(),
                "metadata": {"package": package.name, "section": path.split("/")[-2]},
            }


def _tag(package: Package) -> str:
    """Another one whenever this code or the package's line is."""
    here = pathlib.Path(__file__).resolve().parent
    sources = [(here / name).read_text() for name in ("gather.py", "html_text.py", "plain_text.py")]
    line = repr((package.name, package.roots, package.skip))
    return hashlib.sha256("\0".join([*sources, packages.LISTS, line]).encode()).hexdigest()[:12]


def _text_of(package: Package, deb: pathlib.Path, cache: pathlib.Path, workers: Any) -> pathlib.Path:
    path = cache / "text" / f"{deb.stem}.{_tag(package)}.ndjson"
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    for old in path.parent.glob(f"{package.name}_*.ndjson"):
        old.unlink()
    unfinished = path.with_suffix(".unfinished")
    try:
        with open(unfinished, "wb") as out:
            files = packages.files(deb, lambda name: _is_read(package, name))
            for document in _documents(package, files, workers):
                out.write(json.dumps(document, ensure_ascii=False).encode() + b"\n")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path


def gather(cache: pathlib.Path, processes: int, quick: bool) -> tuple[pathlib.Path, list[str]]:
    """The file of all documents, and the packages in it with their versions."""
    texts = []
    with multiprocessing.Pool(processes) as workers:
        for package in packages.PACKAGES:
            if quick and not package.quick:
                continue
            deb = packages.fetch(package, cache)
            if deb is None:
                say(f"    {package.name}: not to be had, left out")
                continue
            texts.append(_text_of(package, deb, cache, workers))
            say(f"    {deb.stem}: {texts[-1].stat().st_size / 1e6:.1f} MB of text")
    return _merged(texts, cache, "quick" if quick else "corpus"), [text.stem.rpartition("_")[0] for text in texts]


def _merged(texts: list[pathlib.Path], cache: pathlib.Path, kind: str) -> pathlib.Path:
    """All documents in the order of their ids' hashes, equal texts once."""
    name = hashlib.sha256("\0".join(text.name for text in texts).encode()).hexdigest()[:12]
    path = cache / f"{kind}-{name}.ndjson"
    if path.exists():
        return path
    for old in cache.glob(f"{kind}-*.ndjson"):
        old.unlink()
    places, repeats, ids = [], Repeats(), set()
    for number, text in enumerate(texts):
        offset = 0
        with open(text, "rb") as lines:
            for line in lines:
                document = json.loads(line)
                if repeats.new(document["text"]) and document["id"] not in ids:
                    ids.add(document["id"])
                    places.append((hashlib.sha256(document["id"].encode()).digest()[:10], number, offset, len(line)))
                offset += len(line)
    unfinished = path.with_suffix(".unfinished")
    files = [open(text, "rb") for text in texts]
    try:
        with open(unfinished, "wb") as out:
            for _, number, offset, length in sorted(places):
                files[number].seek(offset)
                out.write(files[number].read(length))
    finally:
        for file in files:
            file.close()
    unfinished.replace(path)
    return path
