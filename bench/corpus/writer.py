"""Ongoing ingestion: a thread that writes so many passages a second, replacing known documents and adding new ones.

It gives way to the load generator, with which it shares a CPU.
"""

import json
import os
import random
import statistics
import threading
import time
from typing import Any

from ragd_server import Connection
from stream import Documents, body

BATCH_BYTES = 64 << 10  # about a hundred passages
MAX_NEW = 0.05  # of the passages there are: more would make it a measurement of another size
NICENESS = 10


class Writer(threading.Thread):
    """Batches of replacements and of new documents take turns. `fed` and `passages` are where the corpus stands."""

    def __init__(self, port: int, corpus: Documents, fed: int, passages: int, rate: float) -> None:
        super().__init__(daemon=True)
        self.fed, self.passages = fed, passages
        self._corpus, self._rate = corpus, rate
        self._connection = Connection(port)
        self._known, self._most = fed, int(passages * (1 + MAX_NEW))
        self._chance = random.Random(fed)
        self._ended = threading.Event()
        self._problem: Exception | None = None
        self._written, self._revision = 0, 0
        self._seconds: list[float] = []
        self._began = self._end = time.monotonic()

    def run(self) -> None:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
        self._began = time.monotonic()
        try:
            turn = 0
            while not self._ended.wait(max(0.0, self._began + self._written / self._rate - time.monotonic())):
                self._write(new=turn % 2 == 1 and self.passages < self._most)
                turn += 1
        except Exception as problem:  # handed to whoever stops the thread
            self._problem = problem
        self._end = time.monotonic()
        self._connection.close()

    def _write(self, new: bool) -> None:
        behind = self._corpus.reaching(self.fed, BATCH_BYTES, len(self._corpus)) if new else self.fed
        new = behind > self.fed
        lines = [self._corpus.line(i) for i in range(self.fed, behind)] if new else self._replacements()
        answer, seconds = self._connection.post("/documents", body(lines))
        self._seconds.append(seconds)
        self._written += answer["chunks"]
        if new:
            self.fed, self.passages = behind, self.passages + answer["chunks"]

    def _replacements(self) -> list[bytes]:
        lines: dict[int, bytes] = {}
        while sum(map(len, lines.values())) < BATCH_BYTES and len(lines) < self._known:
            number = self._chance.randrange(self._known)
            document = json.loads(self._corpus.line(number))
            self._revision += 1
            document["text"] += f"\nRevision {self._revision}."
            lines[number] = json.dumps(document, ensure_ascii=False).encode()
        return list(lines.values())

    def stop(self) -> dict[str, Any]:
        """What it did; the server's figures of the time are of little worth where `rate` was not met."""
        self._ended.set()
        self.join()
        if self._problem:
            raise self._problem
        took = self._end - self._began
        return {
            "wanted_per_s": self._rate,
            "passages_per_s": round(self._written / took),
            "batches": len(self._seconds),
            "batch_p50_ms": round(statistics.median(self._seconds) * 1e3, 2),
            "batch_max_ms": round(max(self._seconds) * 1e3, 2),
        }
