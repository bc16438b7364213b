#!/usr/bin/env python3
"""`./dev eval`: how good ragd's retrieval and answers are on test collections, side by side with a stored baseline.

Each collection under --data (see collection.py) is fed to a server of its own, started for it and stopped again; or, one
collection alone, to the running, empty server that --server names. Retrieval is measured through POST /search, answers
through POST /query. Settings for `ragd serve` follow behind `--`. docs/retrieval.md says how to read the table.

Exit code: 0 measured, or nothing there to measure; 1 a collection is below its floor, or by more than 0.005 below its baseline; 2 not measured.
"""

import argparse
import datetime
import pathlib
import re
import subprocess
import sys
import time

import baseline as baselines
import collection
import measures
from client import Client, Failure, started

ROOT = pathlib.Path(__file__).resolve().parents[2]
MAX_BODY_BYTES = 4 << 20
MAX_QUERY_BYTES = 8192
MARKER = re.compile(r" ?\[\d+\]")


def feed(client, folder):
    accepted = passages = 0
    for body in collection.batches(folder, MAX_BODY_BYTES):
        outcome, _ = client.post("/documents", body)
        accepted += outcome["accepted"] + outcome["unchanged"]
        passages += outcome["chunks"]
    return {"documents": accepted, "passages": passages}


def clipped(text):
    """At most what a question may hold, never cutting a character."""
    return text.encode()[:MAX_QUERY_BYTES].decode("utf-8", "ignore")


def search(client, text, top_k):
    answer, seconds = client.post("/search", collection.to_bytes({"query": clipped(text), "top_k": top_k}))
    return answer["results"], seconds


def measure_retrieval(client, queries, relevant):
    """Quality from the hundred best passages; latency from a second round, of the ten best: the first one warmed it up."""
    asked = [(text, relevant[query]) for query, text in queries.items() if query in relevant]
    if not asked:
        raise Failure("no query has a relevant document")
    rankings = [measures.ranked_documents(search(client, text, measures.DEPTH)[0]) for text, _ in asked]
    latencies = [search(client, text, measures.CUT)[1] * 1e3 for text, _ in asked]
    judged = [(ranking, gains) for ranking, (_, gains) in zip(rankings, asked)]
    return {
        "queries": len(asked),
        "ndcg": measures.mean([measures.ndcg(*one) for one in judged]),
        "recall": measures.mean([measures.recall(*one) for one in judged]),
        "mrr": measures.mean([measures.reciprocal_rank(*one) for one in judged]),
        "p50_ms": measures.percentile(latencies, 0.50),
        "p95_ms": measures.percentile(latencies, 0.95),
    }


def measure_answers(client, queries, golden):
    """The part of the answers in which a golden one stands, and of those that said they found nothing."""
    if not golden:
        return {}
    right = silent = 0
    for query, texts in golden.items():
        got, _ = client.post("/query", collection.to_bytes({"question": clipped(queries[query]), "cache": "bypass"}))
        if got["citations"]:
            right += measures.contains(MARKER.sub("", got["answer"]), texts)
        else:
            silent += 1
    return {"answers": right / len(golden), "no_answer": silent / len(golden)}


def measure(client, folder):
    queries = collection.read_queries(folder)
    return {
        **feed(client, folder),
        **measure_retrieval(client, queries, collection.read_qrels(folder)),
        **measure_answers(client, queries, collection.read_answers(folder)),
    }


def measure_all(options):
    results = {}
    for folder in options.collections:
        began = time.monotonic()
        if options.server:
            results[folder.name] = measure(Client(options.server, options.api_key), folder)
        else:
            with started(options.binary, options.settings) as url:
                results[folder.name] = measure(Client(url), folder)
        print(f"eval: {folder.name} measured in {time.monotonic() - began:.0f} s", file=sys.stderr)
    return results


def parse_arguments(words):
    at = words.index("--") if "--" in words else len(words)
    parser = argparse.ArgumentParser(prog="./dev eval", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument("--data", type=pathlib.Path, metavar="DIR",
                        help="a collection, or a folder of them; ../shared/data by default, which may be absent")  # fmt: skip
    parser.add_argument("--baseline", type=pathlib.Path, default=pathlib.Path(__file__).parent / "baseline.json")
    parser.add_argument("--record", action="store_true", help="make what is measured the baseline; floors stay")
    parser.add_argument("--server", metavar="URL", help="a running server instead of one started here")
    parser.add_argument("--api-key", help="for --server: sent as a bearer token; it also decides the tenant")
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / "build" / "release" / "ragd")
    options = parser.parse_args(words[:at])
    options.settings = words[at + 1 :]
    asked_for = options.data
    options.data = options.data or ROOT.parent / "shared" / "data"
    options.collections = collection.below(options.data)
    if asked_for and not options.collections:
        parser.error(f"--data: there is no collection in {options.data}")
    if options.server and (len(options.collections) > 1 or options.settings):
        parser.error("--server: takes one collection (--data DIR/NAME), and its settings are its own")
    return options


def commit():
    command = ["git", "-C", str(ROOT), "rev-parse", "--short=12", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def main():
    options = parse_arguments(sys.argv[1:])
    if not options.collections:
        print(f"eval: there is no collection in {options.data}: nothing was measured", file=sys.stderr)
        return 0
    try:
        stored = baselines.read(options.baseline)
        results = measure_all(options)
    except (Failure, OSError, KeyError, ValueError) as problem:
        reason = problem if isinstance(problem, (Failure, OSError)) else f"unexpected data: {problem!r}"
        print(f"eval: {reason}", file=sys.stderr)
        return 2
    print(baselines.table(results, stored))
    if options.record:
        today = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
        baselines.write(options.baseline, baselines.recorded(stored, results, today, commit(), options.settings))
        print(f"eval: recorded in {options.baseline}", file=sys.stderr)
        stored = baselines.read(options.baseline)
    faults = baselines.faults(results, stored)
    for fault in faults:
        print(f"eval: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
