#!/usr/bin/env python3
"""`./dev bench --corpus`: real text in growing amounts, and what ragd makes of it. docs/retrieval.md says how to read it.

Settings for `ragd serve` follow behind `--`.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import Any

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "load"))

import gather  # noqa: E402
import measure  # noqa: E402
import outcome  # noqa: E402
import passages  # noqa: E402
import peers  # noqa: E402
import questions  # noqa: E402
import ragd_server  # noqa: E402
import results  # noqa: E402
import rig as rigs  # noqa: E402
from rig import Rig, say  # noqa: E402
from stream import Documents  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
PLAN = measure.Plan()
QUICK = dataclasses.replace(PLAN, sizes=PLAN.sizes[:2], judged=100)
QUESTIONS, QUICK_QUESTIONS = 4_000, 1_000
ENGINE_S, QUICK_ENGINE_S = 45.0, 10.0  # for the questions of one size: 200 answers of 180 ms each are a p95
RAGD_SHARE = 0.6  # of the time; each other engine has half of what is left when its turn comes, the last one all of it
PYTHON = "/usr/bin/python3"  # Debian's own, whose modules are installed with apt


def arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("--corpus", action="store_true", required=True, help="this benchmark")
    parser.add_argument("--quick", action="store_true", help="a few packages and 30,000 passages: does everything work?")
    parser.add_argument("--minutes", type=float, default=25.0,
                        help="for everything behind the gathering; what does not fit is left out, and the table says so")  # fmt: skip
    parser.add_argument("--cache", type=pathlib.Path, default=pathlib.Path.home() / ".cache" / "ragd-bench",
                        help="for packages, text and, while it runs, data; about 6 GB")  # fmt: skip
    parser.add_argument("--alone", action="store_true", help="without the other engines")
    parser.add_argument("--out", type=pathlib.Path, help="instead of bench/results, or build/bench-results with --quick")
    parser.add_argument("--ports", type=int, default=18900, help="where to look for a free port")
    parser.add_argument("--binary", type=pathlib.Path, default=rigs.ROOT / "build" / "release" / "ragd")
    at = words.index("--") if "--" in words else len(words)
    options = parser.parse_args(words[:at])
    options.settings = words[at + 1 :]
    folder = ("build", "bench-results") if options.quick else ("bench", "results")
    options.out = options.out or rigs.ROOT.joinpath(*folder)
    options.command = shlex.join(["./dev", "bench", *words])
    return options


def measured(made: Rig, options: argparse.Namespace, corpus: Documents, asked: list[questions.Question]) -> dict[str, Any]:
    plan = QUICK if options.quick else PLAN
    half = len(asked) // 2
    warm = questions.write(asked[:half], made.directory / "warm.txt")
    file = questions.write(asked[half:], made.directory / "asked.txt")
    server = ragd_server.ragd(made.binary, made.directory / "ragd", made.port(), options.settings)
    made.up(server)
    course = measure.Course(made, server, corpus, plan, warm, file)
    deadline = options.deadline - (1 - RAGD_SHARE) * 60 * options.minutes
    sizes, stopped = [], ""
    for target in plan.sizes:
        row = course.at(target, deadline)
        if row is None:
            break
        sizes.append(row)
    if not sizes:
        raise peers.Failure("there is not enough text for the smallest size")
    if course.passages < 0.99 * plan.sizes[-1]:
        why = "its time was over" if time.monotonic() > deadline else "there was no more text"
        stopped = f"The run ended at {sizes[-1]['passages']:,} passages: {why}."
    found = course.found(asked[half:])
    server.stop()
    return {"rate": plan.rate, "sizes": sizes, "stopped": stopped, "found": found}


def others(made: Rig, options: argparse.Namespace, prepared: pathlib.Path, asked: list[questions.Question],
           documents: list[int]) -> Iterator[dict[str, Any]]:  # fmt: skip
    """Each engine over the documents ragd had at each size, on ragd's CPU, after ragd has ended."""
    half = len(asked) // 2
    rows = [(question.text, question.document, question.position) for question in asked]
    plan = made.file("plan.json", json.dumps({
        "passages": str(prepared), "folder": str(made.directory), "documents": documents, "warm": rows[:half],
        "asked": rows[half:], "seconds": QUICK_ENGINE_S if options.quick else ENGINE_S,
    }))  # fmt: skip
    for left, name in zip(range(len(outcome.ENGINES), 0, -1), outcome.ENGINES):
        say(f"==> {outcome.ENGINES[name]}")
        command = ["setpriv", "--pdeathsig", "TERM", "taskset", "-c", str(made.bench.server_cpu)]
        command += [PYTHON, "-B", str(HERE / "engine.py"), name, str(plan)]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            try:
                output, errors = process.communicate(timeout=max(1.0, (options.deadline - time.monotonic()) / left))
            except subprocess.TimeoutExpired:
                process.kill()
                output, errors = process.communicate()
                errors += b"its time was over"
            except BaseException:
                process.kill()
                raise
        yield from map(json.loads, output.splitlines())
        if process.returncode:
            say(f"    left out from here on: {errors.decode(errors='replace').strip().splitlines()[-1]}")


def run(options: argparse.Namespace) -> dict[str, str]:
    options.cache.mkdir(parents=True, exist_ok=True)
    say("==> collecting text (the first time takes a quarter of an hour)")
    processes = os.cpu_count() or 1
    path, packages = gather.gather(options.cache, processes, options.quick)
    prepared = None if options.alone else passages.prepare(path, processes)
    asked = questions.make(path, QUICK_QUESTIONS if options.quick else QUESTIONS)
    tempfile.tempdir = str(options.cache)  # on a disk, which /tmp need not be
    began = time.monotonic()
    options.deadline = began + 60 * options.minutes
    with rigs.rig(options.binary, options.ports, quick=True) as made:  # few repeats of disturbed samples: time is bounded
        corpus = Documents(path)
        result = measured(made, options, corpus, asked)
        documents = [row["documents"] for row in result["sizes"]]
        beside = list(others(made, options, prepared, asked, documents)) if prepared else []
        record = rigs.record(
            made, kind="corpus", command=options.command, quick=options.quick, packages=packages, questions=len(asked),
            ragd_settings=[*ragd_server.SETTINGS, *options.settings], **result, others=beside,
            took_s=round(time.monotonic() - began),
        )  # fmt: skip
    return outcome.files(record)


def main() -> int:
    options = arguments(sys.argv[1:])
    try:
        texts = run(options)
        results.publish(options.out, texts)
    except peers.Failure as problem:
        say(f"dev: {problem}")
        return 1
    except KeyboardInterrupt:
        say("dev: interrupted; what was started is stopped")
        return 130
    print(next(text for name, text in texts.items() if name.endswith(".md")))
    say(f"==> {options.out}/{next(iter(texts))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
