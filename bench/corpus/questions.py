"""Questions made from the corpus: headings that occur once, and sentences shortened to their content words.

Half of them warm a server up and the other half is measured, so that a passage is not in some cache because the very same
question was asked before. The same corpus and seed give the same questions.
"""

import collections
import dataclasses
import json
import pathlib
import random
import re
from collections.abc import Iterator

SEED = 1
HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
PLAIN_HEADING = re.compile(r"[A-Za-z][A-Za-z0-9'-]*(?:,? [A-Za-z0-9][A-Za-z0-9'-]*){2,7}")
SENTENCE = re.compile(r"(?<=[.!?]\s)[A-Z][^.!?\n|{}<>=;]{60,300}[.!?](?=\s)")
WORD = re.compile(r"[A-Za-z][A-Za-z'-]*[A-Za-z]")
LEAST, MOST = 4, 9  # content words of a shortened sentence
# What says little in a question or a heading; the engines ragd is compared with leave these words out of queries, too.
STOP_WORDS = frozenset(
    "a about above after again all also an and any are as at be because been before being below between both but by can "
    "could did do does doing down during each few for from further had has have having he her here hers him his how i if "
    "in into is it its just may me might more most must my no nor not now of off on once only or other our out over own "
    "same she should so some such than that the their them then there these they this those through to too under until up "
    "very was we were what when where which while who whom why will with would you your".split()
)


@dataclasses.dataclass(frozen=True)
class Question:
    text: str
    document: str  # where it was taken from
    position: int  # of that document in the corpus


def content_words(text: str) -> list[str]:
    return [word for word in WORD.findall(text) if word.lower() not in STOP_WORDS]


def shortened(sentence: str, chance: random.Random) -> str | None:
    """Some of its content words, in their order."""
    words = list(dict.fromkeys(content_words(sentence)))
    if len(words) < LEAST:
        return None
    kept = sorted(chance.sample(range(len(words)), min(len(words), chance.randint(LEAST, MOST))))
    return " ".join(words[i] for i in kept)


def _documents(corpus: pathlib.Path) -> Iterator[tuple[str, str]]:
    with open(corpus, "rb") as lines:
        for line in lines:
            document = json.loads(line)
            yield document["id"], document["text"]


def _is_question(heading: str) -> bool:
    return bool(PLAIN_HEADING.fullmatch(heading)) and len(content_words(heading)) >= 2


def make(corpus: pathlib.Path, count: int, seed: int = SEED) -> list[Question]:
    """About half of them headings, in a shuffled order; fewer where the corpus has not enough."""
    chance = random.Random(seed)
    seen: collections.Counter[str] = collections.Counter()
    headings: dict[str, tuple[str, int]] = {}
    sentences = []
    for position, (identity, text) in enumerate(_documents(corpus)):
        for heading in HEADING.findall(text):
            heading = heading.strip()
            if _is_question(heading):
                seen[heading.lower()] += 1
                headings[heading] = identity, position
        found = SENTENCE.findall(text)
        if found and (short := shortened(chance.choice(found), chance)):
            sentences.append(Question(short, identity, position))
    once = [Question(heading, *origin) for heading, origin in headings.items() if seen[heading.lower()] == 1]
    made = _some(once, count // 2, chance) + _some(sentences, count - count // 2, chance)
    chance.shuffle(made)
    return made


def _some(questions: list[Question], count: int, chance: random.Random) -> list[Question]:
    return chance.sample(questions, min(count, len(questions)))


def write(questions: list[Question], path: pathlib.Path) -> pathlib.Path:
    """As `ragd bench --questions` reads them: one a line."""
    path.write_text("".join(question.text + "\n" for question in questions))
    return path
