"""How cost grows, behind `./dev bench --growth`: p95 and CPU a request of a cached answer at a fixed rate, against
connections, answer size, distinct questions and clients in the rate table. The C floor stands beside the first two.
"""

import argparse
import dataclasses
import json
import time
from typing import Any

import corpus
import load as generator
import peers
import rig as rigs
from load import Load
from peers import Server
from rig import Rig, say

DIMENSIONS = ("connections", "answer_size", "distinct_questions", "clients")
ROUNDS = 3
RATE = 10_000.0
CONNECTIONS = (1, 4, 16, 64, 256, 1_024, 4_096)
KILOBYTES = (0, 0.6, 1, 2, 4, 8, 16, 32, 64)  # 0: nothing answers the question, the smallest body there is
DECADES = (100, 1_000, 10_000, 100_000, 1_000_000)
SMALLEST_ANSWER, BARE_ANSWER = 640, 1_230  # bytes of the body with one and with three unpadded citations
ESCAPED = 6  # bytes of \\u0001
FILLER = " It is computed again after that."
Samples = list[dict[str, Any]]


class Growth:
    def __init__(self, made: Rig, rounds: int, duration_s: float, most: int) -> None:
        self._made, self._rounds, self._duration_s, self._most = made, rounds, duration_s, most
        self._few = 3 if most < DECADES[-1] else None  # points of a quick look
        self.samples: Samples = []

    def _load(self, **fields: Any) -> Load:
        return Load(rate=RATE, duration_s=self._duration_s, **fields)

    def _measure(self, dimension: str, points: list[tuple[float, Server, Load]]) -> None:
        """Each round draws other questions and clients: the same ones would be the latest there are."""
        for turn in range(self._rounds):
            for x, server, load in self._made.shuffled(points):
                labels = {"dimension": dimension, "server": server.name, "x": x, "round": turn}
                self.samples.append(self._made.take(server, dataclasses.replace(load, seed=turn + 1), **labels))

    def _ragd(self, dimension: str, *settings: str) -> Server:
        folder = self._made.directory / dimension
        return self._made.up(peers.ragd(self._made.binary, folder, self._made.port(), *settings))

    def _floor(self, dimension: str, answer: bytes) -> Server:
        folder = self._made.directory / dimension
        return self._made.up(peers.floor(self._made.floor_binary, folder, self._made.port(), answer))

    def connections(self) -> None:
        say("==> connections")
        server = self._ragd("connections")
        corpus.add(server, [corpus.SMALL])
        answer = rigs.hit(server, json.dumps(peers.QUESTION).encode())
        floor = self._floor("connections", answer)
        points = []
        for count in CONNECTIONS[:self._few]:
            load = self._load(body=self._made.question, connections=count)
            points += [(count, server, load), (count, floor, load)]
        self._measure("connections", points)
        server.stop()
        floor.stop()

    def answer_size(self) -> None:
        """Larger answers cite three documents whose sources are padded with characters JSON escapes to six bytes."""
        say("==> answer size")
        server = self._ragd("answer_size")
        points = []
        for size in KILOBYTES[:self._few]:
            word = f"size{int(size * 1024)}"
            body = json.dumps({"question": f"How long does the {word} answer stay valid?"})
            if size:
                corpus.add(server, _documents(word, int(size * 1024)))
            answer = rigs.hit(server, body.encode())
            exact = len(answer.partition(b"\r\n\r\n")[2]) / 1024
            load = self._load(body=self._made.file(f"{word}.json", body))
            floor = self._floor("answer_size", answer)
            points += [(round(exact, 1), server, load), (round(exact, 1), floor, load)]
        self._refresh(server, points)
        self._measure("answer_size", points)
        for _, used, _ in points:
            used.stop()

    @staticmethod
    def _refresh(server: Server, points: list[tuple[float, Server, Load]]) -> None:
        """Each document added made the corpus a new version: ask again, so that what is measured are plain hits."""
        for _, asked, load in points:
            if asked is server and load.body:
                rigs.hit(server, load.body.read_bytes())

    def distinct_questions(self) -> None:
        say("==> distinct questions")
        server = self._ragd("distinct_questions", "--cache-max-bytes", "8GiB")
        corpus.add(server, [corpus.RELATED])
        for count in (n for n in DECADES if n <= self._most):
            load = self._load(questions=f"zipf:{count},0")
            say(f"    asking {count:,} questions once")
            generator.warm(self._made.binary, self._made.bench.load_cpu, server.port, load)
            self._measure("distinct_questions", [(count, server, load)])
        server.stop()

    def clients(self) -> None:
        say("==> clients")
        settings = ("--http-trusted-proxies", "127.0.0.1/32", "--rate-limit-max-clients", "2000000")
        server = self._ragd("clients", *settings)
        corpus.add(server, [corpus.SMALL])
        rigs.hit(server, self._made.question.read_bytes())
        counts = [n for n in DECADES if n <= self._most]
        loads = [self._load(body=self._made.question, clients=n) for n in counts]
        for load in loads:
            generator.warm(self._made.binary, self._made.bench.load_cpu, server.port, load)
        self._measure("clients", [(n, server, load) for n, load in zip(counts, loads)])
        server.stop()


def _documents(word: str, size: int) -> list[dict[str, str]]:
    """What makes the answer to the question about this word about `size` bytes: a document of one sentence, or three
    with padded sources."""
    sentences = ("is the default", "is what the contract says", "has proved itself")
    texts = [f"That the {word} answer stays valid for long {sentence}." for sentence in sentences]
    padding = (size - BARE_ANSWER) // len(texts) // ESCAPED
    if padding <= 0:
        return [{"id": word, "text": texts[0] + FILLER * ((size - SMALLEST_ANSWER) // len(FILLER))}]
    return [{"id": f"{word}-{i}", "text": text, "source": "\x01" * padding} for i, text in enumerate(texts)]


def main(options: argparse.Namespace) -> dict[str, Any]:
    began = time.monotonic()
    with rigs.rig(options.binary, options.ports, options.quick) as made:
        rounds = options.rounds or (1 if options.quick else ROUNDS)
        run = Growth(made, rounds, 1.0 if options.quick else 2.0, DECADES[1] if options.quick else DECADES[-1])
        for dimension in options.only or DIMENSIONS:
            getattr(run, dimension)()
        return rigs.record(
            made, kind="growth", command=options.command, quick=options.quick, rounds=rounds, rate=RATE,
            samples=run.samples, took_s=round(time.monotonic() - began),
        )  # fmt: skip
