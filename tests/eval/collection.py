"""A test collection on disk.

corpus.jsonl ({"id","title","text"}), queries.jsonl ({"id","text"}), qrels.tsv (query, document, relevance) and optionally
answers.jsonl ({"id","answers":[{"text"}]}).
"""

import collections
import json


def is_collection(folder):
    return (folder / "corpus.jsonl").is_file() and (folder / "qrels.tsv").is_file()


def below(folder):
    """The folder itself when it is a collection, else those directly in it, by name."""
    if is_collection(folder):
        return [folder]
    return sorted(path for path in folder.iterdir() if is_collection(path)) if folder.is_dir() else []


def read_jsonl(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def read_queries(folder):
    return {query["id"]: query["text"] for query in read_jsonl(folder / "queries.jsonl")}


def read_qrels(folder):
    """Gains of the relevant documents by query."""
    relevant = collections.defaultdict(dict)
    with open(folder / "qrels.tsv", encoding="utf-8") as lines:
        for line in lines:
            fields = line.split()
            if len(fields) < 3 or fields[0] in ("query-id", "qid"):
                continue
            gain = int(float(fields[2]))
            if gain > 0:
                relevant[fields[0]][fields[1]] = max(gain, relevant[fields[0]].get(fields[1], 0))
    return relevant


def read_answers(folder):
    """Golden answers by query, or nothing."""
    path = folder / "answers.jsonl"
    return {entry["id"]: [gold["text"] for gold in entry["answers"]] for entry in read_jsonl(path)} if path.exists() else {}


def batches(folder, room):
    """Bodies for POST /documents of at most `room` bytes. A document without text is known by its title alone."""
    head, tail = b'{"documents":[', b"]}"
    room -= len(head) + len(tail)
    batch, size = [], 0
    for document in read_jsonl(folder / "corpus.jsonl"):
        text = document["text"] if document["text"].strip() else document.get("title", "")
        if not text.strip():
            continue
        encoded = to_bytes({"id": document["id"], "title": document.get("title", ""), "text": text})
        if batch and size + len(encoded) + 1 > room:
            yield head + b",".join(batch) + tail
            batch, size = [], 0
        batch.append(encoded)
        size += len(encoded) + 1
    if batch:
        yield head + b",".join(batch) + tail


def to_bytes(value):
    return json.dumps(value, ensure_ascii=False).encode()
