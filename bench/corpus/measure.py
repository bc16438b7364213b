"""One ragd from empty to its last size: at each size how it took the documents in, what it needs, how it answers."""

import dataclasses
import json
import pathlib
import time
from typing import Any

import load as generator
import proc
import ragd_server
from load import Load
from peers import Failure
from questions import Question
from ragd_server import Connection, Ragd
from rig import Rig, say
from stream import Documents, body
from writer import Writer

BATCH_BYTES = 2 << 20
GUESSED_BYTES = 500.0  # a passage's, until there are some
MARK_EVERY = 5  # batches
RESERVE = 0.02  # of the documents: kept for the writer at the last size, which replaces known ones when they are used up


@dataclasses.dataclass(frozen=True)
class Plan:
    sizes: tuple[int, ...] = (10_000, 30_000, 100_000, 300_000, 1_000_000)
    rate: float = 50.0
    connections: int = 8
    seconds: float = 24.0  # 1,200 answers: enough for a p99
    written_per_s: float = 2_000.0
    judged: int = 500  # questions of which it is looked up whether their document is found


class Asked(Load):
    """Sleeps between requests: the generator shares its CPU with the writer."""

    def flags(self, port: int) -> list[str]:
        return [flag for flag in super().flags(port) if flag != "--spin"]


class Course:
    def __init__(self, made: Rig, server: Ragd, corpus: Documents, plan: Plan, warm: pathlib.Path, asked: pathlib.Path) -> None:
        self._made, self._server, self._corpus, self._plan = made, server, corpus, plan
        self._asked = Asked("/search", questions=str(asked), cache="bypass", connections=plan.connections,
                            rate=plan.rate, duration_s=plan.seconds)  # fmt: skip
        self._warm = dataclasses.replace(self._asked, questions=str(warm), rate=None)
        self._end = int(len(corpus) * (1 - RESERVE))
        self.fed = self.passages = self._markers = 0
        self._empty_pss = proc.pss_bytes(server.pid)
        self._empty_rss = ragd_server.rss_bytes(server.pid, "VmRSS")

    def grow(self, target: int, deadline: float) -> dict[str, Any]:
        """Feeds documents until there are so many passages, or no documents or time is left."""
        before, cpu, wall, batches = self.passages, proc.cpu_seconds(self._server.pid), 0.0, 0
        visible: list[float] = []
        connection = Connection(self._server.port)
        while self.passages < 0.999 * target and self.fed < self._end and time.monotonic() < deadline:
            lines = self._next_batch(target)
            marked = batches % MARK_EVERY == 0
            batches += 1
            answer, seconds = connection.post("/documents", body(lines + ([self._marker()] if marked else [])))
            wall += seconds
            self.passages += answer["chunks"]
            if marked:
                visible.append(self._seen(connection))
        connection.close()
        passages = self.passages - before
        cpu = proc.cpu_seconds(self._server.pid) - cpu
        return {
            "passages": passages, "batches": batches, "seconds": round(wall, 3), "cpu_s": round(cpu, 3),
            "passages_per_s": round(passages / wall) if wall else 0, "visible": len(visible),
            "visible_max_ms": round(max(visible, default=0.0) * 1e3, 2),
        }  # fmt: skip

    def _next_batch(self, target: int) -> list[bytes]:
        mean = self._corpus.bytes_of(self.fed) / self.passages if self.passages else GUESSED_BYTES
        room = min(BATCH_BYTES, int((target - self.passages) * mean))
        behind = self._corpus.reaching(self.fed, room, self._end)
        lines = [self._corpus.line(i) for i in range(self.fed, behind)]
        self.fed = behind
        return lines

    def _marker(self) -> bytes:
        self._markers += 1
        text = f"The word {_word(self._markers)} stands in no other document of this corpus."
        return json.dumps({"id": f"marker/{self._markers}", "title": "Marker", "text": text}).encode()

    def _seen(self, connection: Connection) -> float:
        """The query behind the 200 finds the marker, or the run ends; how long that query took."""
        found, seconds = connection.search(_word(self._markers))
        if found[:1] != [f"marker/{self._markers}"]:
            raise Failure(f"marker/{self._markers} was acknowledged, and the next query found {found}")
        return seconds

    def memory(self) -> dict[str, Any]:
        pss = proc.pss_bytes(self._server.pid) - self._empty_pss
        peak = ragd_server.rss_bytes(self._server.pid, "VmHWM") - self._empty_rss
        return {
            "empty_pss": self._empty_pss, "pss": pss, "bytes_a_passage": round(pss / self.passages, 1),
            "peak_bytes_a_passage": round(peak / self.passages, 1),
        }  # fmt: skip

    def latencies(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Of an idle server, and beside ongoing ingestion with what the writer got done."""
        generator.warm(self._made.binary, self._made.bench.load_cpu, self._server.port, self._warm)
        labels = {"passages": self.passages}
        idle = self._made.take(self._server, self._asked, state="idle", **labels)
        writer = Writer(self._server.port, self._corpus, self.fed, self.passages, self._plan.written_per_s)
        writer.start()
        try:
            time.sleep(1.0)  # it is in its stride
            beside = self._made.take(self._server, self._asked, state="ingesting", **labels)
        finally:
            written = writer.stop()
        self.fed, self.passages = writer.fed, writer.passages
        return idle, {**beside, "writer": written}

    def restart(self) -> dict[str, Any]:
        """The last marker is found again behind it."""
        stopped, ready = self._server.restart()
        connection = Connection(self._server.port)
        self._seen(connection)
        connection.close()
        pss = proc.pss_bytes(self._server.pid) - self._empty_pss
        return {"stop_s": round(stopped, 3), "ready_s": round(ready, 3), "bytes_a_passage": round(pss / self.passages, 1)}

    def found(self, questions: list[Question]) -> float | None:
        """How many of the questions find the document they were taken from among the ten best passages."""
        judged = [question for question in questions if question.position < self.fed][: self._plan.judged]
        connection = Connection(self._server.port)
        hits = sum(question.document in connection.search(question.text)[0] for question in judged)
        connection.close()
        return round(hits / len(judged), 3) if judged else None

    def at(self, target: int, deadline: float) -> dict[str, Any] | None:
        """Everything at one size; None when it was not reached by far."""
        say(f"==> {target:,} passages")
        ingest = self.grow(target, deadline)
        if self.passages < 0.5 * target:
            return None
        size = {"target": target, "passages": self.passages, "documents": self.fed, "bytes": self._corpus.bytes_of(self.fed)}
        say(f"    {self.passages:,} passages, {ingest['passages_per_s']:,}/s")
        settled = self._server.settle()
        memory = self.memory()
        idle, beside = self.latencies()
        self._server.settle()
        folder = self._server.directory / "data"
        row = {
            **size, "ingest": ingest, "settle_s": round(settled, 1), "memory": memory, "idle": idle,
            "ingesting": beside, "restart": self.restart(), "disk_bytes": ragd_server.disk_bytes(folder),
        }  # fmt: skip
        say(f"    {memory['bytes_a_passage']:,} bytes a passage, ready {row['restart']['ready_s']} s after a restart")
        return row


def _word(number: int) -> str:
    """A word that no text has; of letters alone, and none an English stemmer would change."""
    return "qzx" + "".join("bcdfghjkmp"[int(digit)] for digit in str(number)) + "xqz"
