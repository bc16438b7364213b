"""What ragd is compared with, each in a process of its own: `engine.py NAME PLAN.json` prints a line of JSON a size.

The same passages (passages.py), the same questions without their stop words, any of their words enough, ten best by BM25
with their texts. No HTTP: each query is timed around the engine's own call, one at a time.
"""

import json
import pathlib
import shutil
import sys
import time
from collections.abc import Iterator
from typing import Any, Protocol

import passages
import questions

TOP = 10
SHARES = {"p50_ms": 0.50, "p95_ms": 0.95, "p99_ms": 0.99}
LEAST_BEYOND = 10  # a percentile that fewer latencies lie above is not told
WARM_SHARE = 0.2  # of the time a size's questions are given


class Engine(Protocol):
    def add(self, rows: Iterator[tuple[str, str, str]]) -> int: ...

    def commit(self) -> None: ...

    def search(self, words: list[str]) -> list[str]: ...


class Fts5:
    """SQLite's full-text index with its Porter stemmer, in memory as far as it wants to be."""

    def __init__(self, folder: pathlib.Path) -> None:
        import sqlite3

        self._db = sqlite3.connect(folder / "fts5.db", isolation_level=None)
        for pragma in ("journal_mode=off", "synchronous=off", "cache_size=-1048576", "mmap_size=8589934592"):
            self._db.execute(f"PRAGMA {pragma}")
        columns = "document UNINDEXED, title, passage, tokenize='porter unicode61'"
        self._db.execute(f"CREATE VIRTUAL TABLE passages USING fts5({columns})")

    def add(self, rows: Iterator[tuple[str, str, str]]) -> int:
        self._db.execute("BEGIN")
        count = self._db.executemany("INSERT INTO passages VALUES (?, ?, ?)", rows).rowcount
        self._db.execute("COMMIT")
        return int(count)

    def commit(self) -> None:
        self._db.execute("INSERT INTO passages(passages) VALUES ('optimize')")

    def search(self, words: list[str]) -> list[str]:
        query = "SELECT document, title, passage FROM passages WHERE passages MATCH ? ORDER BY rank LIMIT ?"
        match = " OR ".join(f'"{word}"' for word in words)
        return [row[0] for row in self._db.execute(query, (match, TOP)).fetchall()]


class Xapian:
    """Xapian with its English stemmer and default BM25; no positions, which nothing here asks for."""

    def __init__(self, folder: pathlib.Path) -> None:
        import xapian

        self._xapian, self._folder = xapian, str(folder / "xapian")
        self._writable = xapian.WritableDatabase(self._folder, xapian.DB_CREATE_OR_OPEN)
        self._stem = xapian.Stem("en")
        self._parser = xapian.QueryParser()
        self._parser.set_stemmer(self._stem)
        self._parser.set_stemming_strategy(xapian.QueryParser.STEM_ALL)
        self._parser.set_default_op(xapian.Query.OP_OR)

    def add(self, rows: Iterator[tuple[str, str, str]]) -> int:
        generator = self._xapian.TermGenerator()
        generator.set_stemmer(self._stem)
        generator.set_stemming_strategy(self._xapian.TermGenerator.STEM_ALL)
        count = 0
        for identity, title, passage in rows:
            document = self._xapian.Document()
            generator.set_document(document)
            generator.index_text_without_positions(title)
            generator.index_text_without_positions(passage)
            document.set_data(f"{identity}\n{passage}")
            self._writable.add_document(document)
            count += 1
        return count

    def commit(self) -> None:
        self._writable.commit()
        self._enquire = self._xapian.Enquire(self._xapian.Database(self._folder))

    def search(self, words: list[str]) -> list[str]:
        self._enquire.set_query(self._parser.parse_query(" ".join(words)))
        matches = self._enquire.get_mset(0, TOP)
        return [match.document.get_data().decode().partition("\n")[0] for match in matches]


ENGINES = {"fts5": Fts5, "xapian": Xapian}


def percentiles(latencies_ms: list[float]) -> dict[str, float | None]:
    ordered, found = sorted(latencies_ms), {}
    for name, share in SHARES.items():
        enough = len(ordered) * (1 - share) >= LEAST_BEYOND - 1e-9
        found[name] = round(ordered[int(share * (len(ordered) - 1))], 3) if enough else None
    return found


def ask(engine: Engine, plan: dict[str, Any], fed: int) -> dict[str, Any]:
    """Both halves of the questions, each until it is through or its part of the time is over."""
    end = time.monotonic() + WARM_SHARE * plan["seconds"]
    for text, _, _ in plan["warm"]:
        engine.search(questions.content_words(text))
        if time.monotonic() > end:
            break
    latencies, hits = [], []
    end = time.monotonic() + (1 - WARM_SHARE) * plan["seconds"]
    for text, document, position in plan["asked"]:
        words = questions.content_words(text)
        began = time.perf_counter()
        found = engine.search(words)
        latencies.append((time.perf_counter() - began) * 1e3)
        if position < fed:
            hits.append(document in found)
        if time.monotonic() > end:
            break
    return {"asked": len(latencies), "found": round(sum(hits) / len(hits), 3) if hits else None, **percentiles(latencies)}


def main(name: str, plan: dict[str, Any]) -> None:
    folder = pathlib.Path(plan["folder"]) / name
    folder.mkdir(parents=True)
    try:
        engine: Engine = ENGINES[name](folder)
        fed = count = 0
        building = 0.0
        for size in plan["documents"]:
            began = time.monotonic()
            count += engine.add(passages.read(plan["passages"], fed, size))
            engine.commit()
            building += time.monotonic() - began
            fed = size
            disk = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
            row = {"engine": name, "documents": fed, "passages": count, "built_s": round(building, 1), "disk_bytes": disk}
            print(json.dumps({**row, **ask(engine, plan, fed)}), flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv[1], json.loads(pathlib.Path(sys.argv[2]).read_text()))
