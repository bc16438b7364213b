"""Made-up documents and questions: the same from the same seed, shaped like text (a few words often, most rarely)."""

import json
import pathlib
import random
from collections.abc import Iterator

from peers import Failure, Server

VOCABULARY = 20_000
CHUNKS_A_DOCUMENT = 20
DOCUMENTS_A_BATCH = 100

# One short document, so that its answer's JSON is close to 1 KB.
SMALL = {
    "id": "runbook/cache",
    "title": "Runbook: the answer cache",
    "source": "runbook.md",
    "text": "A cached answer stays valid for one hour. After that it is computed again from the current documents. "
    "An answer whose documents have changed is never served: the corpus version moved on, so retrieval runs again "
    "and the evidence is compared. The cache survives a restart because it lives on disk, with the latest answers in "
    "memory in front of it.",
}

# Answers each of the made-up questions of `ragd bench --questions zipf:N,s`, also with about 1 KB.
RELATED = {
    "id": "runbook/parts",
    "title": "Runbook: the parts",
    "source": "parts.md",
    "text": "In every case cache, limit, document, answer, server, question, index, request, key, timeout, storage, "
    "memory, client, setting, backup and version relate to each other. What that means for whoever is on call is "
    "written down below, part by part, with the figures to look at first and the people who know more about them.",
}


def _words(chance: random.Random) -> list[str]:
    syllables = [c + v for c in "bdfgklmnprstvz" for v in ("a", "e", "i", "o", "u", "an", "er", "il")]
    words: dict[str, None] = {}
    while len(words) < VOCABULARY:
        words["".join(chance.choices(syllables, k=chance.choice((2, 2, 3, 3, 4))))] = None
    return list(words)


class Corpus:
    """`documents()` yields batches; afterwards `questions` holds one question for every hundredth chunk."""

    def __init__(self, chunks: int, seed: int = 1) -> None:
        self._chunks = chunks
        self._chance = random.Random(seed)
        self._vocabulary = _words(self._chance)
        # Zipf with Mandelbrot's shift: what is left of English once the stop words are gone.
        self._weights = _running_sum([1 / (rank + 20) for rank in range(VOCABULARY)])
        self.questions: list[str] = []

    def _sentence(self) -> list[str]:
        return self._chance.choices(self._vocabulary, cum_weights=self._weights, k=self._chance.randint(7, 14))

    def _section(self, number: int) -> str:
        sentences = [self._sentence() for _ in range(6)]
        if number % 100 == 0:
            asked = self._chance.sample(sentences[3], 5)
            self.questions.append("What is the " + " ".join(asked) + "?")
        text = " ".join(" ".join(words).capitalize() + "." for words in sentences)
        return f"## {' '.join(sentences[0][:3])}\n\n{text}\n"

    def documents(self) -> Iterator[list[dict[str, str]]]:
        batch = []
        for first in range(0, self._chunks, CHUNKS_A_DOCUMENT):
            sections = [self._section(first + i) for i in range(CHUNKS_A_DOCUMENT)]
            name = f"made-up/{first // CHUNKS_A_DOCUMENT}"
            batch.append({"id": name, "title": name, "source": name + ".md", "text": "\n".join(sections)})
            if len(batch) == DOCUMENTS_A_BATCH:
                yield batch
                batch = []
        if batch:
            yield batch


def _running_sum(weights: list[float]) -> list[float]:
    total, sums = 0.0, []
    for weight in weights:
        total += weight
        sums.append(total)
    return sums


def add(server: Server, documents: list[dict[str, str]]) -> int:
    """Adds one batch; the number of chunks it became."""
    status, answer = server.request("POST", "/documents", json.dumps({"documents": documents}).encode())
    if status != 200:
        raise Failure(f"POST /documents: {status} {answer[:300]!r}")
    return int(json.loads(answer)["chunks"])


def fill(server: Server, chunks: int, questions_file: pathlib.Path) -> int:
    corpus = Corpus(chunks)
    added = sum(add(server, batch) for batch in corpus.documents())
    questions_file.write_text("\n".join(corpus.questions) + "\n")
    return added
