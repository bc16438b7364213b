#!/usr/bin/env python3
"""Feeds a test collection to a running ragd and measures what comes back.

The directory holds corpus.jsonl ({"id","title","text"}), queries.jsonl ({"id","text"}), qrels.tsv (query, document,
relevance) and optionally answers.jsonl ({"id","answers":[{"text"}]}). Retrieval is measured through POST /search
(nDCG@10 with linear gain, Recall@100, MRR@10, P@1; means over the queries that have a relevant document), answers
through POST /query. Start the server with an empty data directory and RAGD_RATE_LIMIT_REQUESTS=0.

Exit code: 0 measured, 1 below --min-ndcg or --min-answer, 2 could not measure.
"""

import argparse
import collections
import http.client
import json
import math
import pathlib
import re
import sys
import time
import urllib.parse

MAX_BODY_BYTES = 4 << 20
MAX_QUERY_BYTES = 8192
MAX_ATTEMPTS = 20
MARKER = re.compile(r" ?\[\d+\]")


class Failure(Exception):
    """The measurement cannot go on; the text says why."""


class Server:
    """One keep-alive connection that waits out 429 and 503 as the server asks."""

    def __init__(self, url, api_key, timeout):
        parts = urllib.parse.urlsplit(url if "//" in url else "http://" + url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self.connection = kind(parts.hostname, parts.port, timeout=timeout)
        self.prefix = parts.path.rstrip("/")
        self.headers = {"Content-Type": "application/json"}
        if api_key:
            self.headers["Authorization"] = "Bearer " + api_key
        self.warned = False

    def post(self, path, body):
        for _ in range(MAX_ATTEMPTS):
            try:
                self.connection.request("POST", self.prefix + path, body, self.headers)
                response = self.connection.getresponse()
                text = response.read()
            except http.client.RemoteDisconnected:  # an idle connection was closed: ask again on a new one
                self.connection.close()
                continue
            except (OSError, http.client.HTTPException) as problem:
                raise Failure(f"POST {path}: {problem or type(problem).__name__}") from problem
            if response.status == 200:
                return json.loads(text)
            if response.status not in (429, 503):
                raise Failure(f"POST {path}: {response.status} {text[:300].decode('utf-8', 'replace')}")
            self.wait(response)
        raise Failure(f"POST {path}: gave up after {MAX_ATTEMPTS} attempts")

    def wait(self, response):
        if response.status == 429 and not self.warned:
            self.warned = True
            print("eval: the server limits requests; this is faster with RAGD_RATE_LIMIT_REQUESTS=0", file=sys.stderr)
        after = response.getheader("Retry-After", "")
        time.sleep(min(int(after), 120) if after.isdigit() else 1)


def to_bytes(value):
    return json.dumps(value, ensure_ascii=False).encode()


def read_jsonl(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def read_qrels(path):
    relevant = collections.defaultdict(dict)
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            fields = line.split()
            if len(fields) < 3 or fields[0] in ("query-id", "qid"):
                continue
            gain = int(float(fields[2]))
            if gain > 0:
                relevant[fields[0]][fields[1]] = max(gain, relevant[fields[0]].get(fields[1], 0))
    return relevant


def batches(corpus):
    """Bodies for POST /documents of at most MAX_BODY_BYTES. A document without text is known by its title alone."""
    head, tail = b'{"documents":[', b"]}"
    room = MAX_BODY_BYTES - len(head) - len(tail)
    batch, size = [], 0
    for document in corpus:
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


def feed(server, corpus):
    accepted = unchanged = chunks = 0
    for body in batches(corpus):
        outcome = server.post("/documents", body)
        accepted += outcome["accepted"]
        unchanged += outcome["unchanged"]
        chunks += outcome["chunks"]
    print(f"documents: {accepted} accepted, {unchanged} unchanged, {chunks} chunks")


def clipped(text):
    """At most what a question may hold, never cutting a character."""
    return text.encode()[:MAX_QUERY_BYTES].decode("utf-8", "ignore")


def ranked_documents(results):
    """Documents by their best chunk; results come best first."""
    return list(dict.fromkeys(result["document_id"] for result in results))


def retrieval_scores(ranking, gains):
    dcg = sum(gains.get(document, 0) / math.log2(rank + 2) for rank, document in enumerate(ranking[:10]))
    ideal = sum(gain / math.log2(rank + 2) for rank, gain in enumerate(sorted(gains.values(), reverse=True)[:10]))
    recall = sum(document in gains for document in ranking[:100]) / len(gains)
    reciprocal = next((1 / (rank + 1) for rank, document in enumerate(ranking[:10]) if document in gains), 0.0)
    first = 1.0 if ranking and ranking[0] in gains else 0.0
    return dcg / ideal, recall, reciprocal, first


def measure_retrieval(server, queries, relevant):
    scores = []
    for query_id, text in queries.items():
        if query_id not in relevant:
            continue
        body = to_bytes({"query": clipped(text), "top_k": 100})
        ranking = ranked_documents(server.post("/search", body)["results"])
        scores.append(retrieval_scores(ranking, relevant[query_id]))
    if not scores:
        raise Failure("no query has a relevant document")
    names = ("nDCG@10", "Recall@100", "MRR@10", "P@1")
    means = {name: sum(row[i] for row in scores) / len(scores) for i, name in enumerate(names)}
    print(f"queries: {len(scores)}")
    for name, mean in means.items():
        print(f"{name}: {mean:.4f}")
    return means["nDCG@10"]


def plain(text):
    return " ".join(MARKER.sub("", text).split())


def measure_answers(server, queries, answers):
    if not answers:
        raise Failure("answers.jsonl is empty")
    right = silent = citations = 0
    for entry in answers:
        body = to_bytes({"question": clipped(queries[entry["id"]]), "cache": "bypass"})
        got = server.post("/query", body)
        citations += len(got["citations"])
        if not got["citations"]:
            silent += 1
            continue
        answer = plain(got["answer"])
        right += any(" ".join(gold["text"].split()) in answer for gold in entry["answers"])
    share = right / len(answers)
    print(f"questions: {len(answers)}")
    print(f"gold answer contained: {share:.4f}")
    print(f"no_answer: {silent / len(answers):.4f}")
    print(f"citations per answer: {citations / len(answers):.2f}")
    return share


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, type=pathlib.Path, metavar="DIR")
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--api-key", help="sent as a bearer token; it also decides the tenant")
    parser.add_argument("--timeout", type=float, default=60.0, metavar="SECONDS", help="for one request")
    parser.add_argument("--no-feed", action="store_true", help="the corpus is already there")
    parser.add_argument("--min-ndcg", type=float, default=0.0, metavar="X")
    parser.add_argument("--min-answer", type=float, default=0.0, metavar="Y")
    return parser.parse_args()


def main():
    options = parse_arguments()
    server = Server(options.url, options.api_key, options.timeout)
    try:
        if not options.no_feed:
            feed(server, read_jsonl(options.data / "corpus.jsonl"))
        queries = {query["id"]: query["text"] for query in read_jsonl(options.data / "queries.jsonl")}
        ndcg = measure_retrieval(server, queries, read_qrels(options.data / "qrels.tsv"))
        failed = ndcg < options.min_ndcg
        golden = options.data / "answers.jsonl"
        if golden.exists():
            failed |= measure_answers(server, queries, read_jsonl(golden)) < options.min_answer
        elif options.min_answer > 0:
            raise Failure("--min-answer needs answers.jsonl")
    except (Failure, OSError, KeyError, ValueError) as problem:
        reason = problem if isinstance(problem, (Failure, OSError)) else f"unexpected data: {problem!r}"
        print(f"eval: {reason}", file=sys.stderr)
        return 2
    if failed:
        print("eval: below the required minimum", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
