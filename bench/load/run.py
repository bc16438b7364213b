#!/usr/bin/env python3
"""`./dev bench --peers` and `./dev bench --growth`: starts servers on loopback, puts them under load, writes results."""

import argparse
import pathlib
import shlex
import sys

import growth
import peers
import peers_run
import results
import rig

RESULTS = rig.ROOT / "bench" / "results"
NOT_TO_COMMIT = rig.ROOT / "build" / "bench-results"


def arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    kind = parser.add_mutually_exclusive_group(required=True)
    kind.add_argument("--peers", action="store_true", help="ragd side by side with other servers")
    kind.add_argument("--growth", action="store_true", help="how ragd's cost grows with load and data")
    parser.add_argument("--quick", action="store_true", help="a short look whether everything works")
    parser.add_argument("--rounds", type=int, help="rounds instead of the usual number")
    parser.add_argument("--only", type=lambda text: text.split(","), metavar="NAME,...", help="these alone: "
                        + " ".join(peers_run.EVERYBODY) + ", or of --growth: " + " ".join(growth.DIMENSIONS))  # fmt: skip
    parser.add_argument("--out", type=pathlib.Path, help="where results go instead of bench/results, or of "
                        "build/bench-results with --quick or --only")  # fmt: skip
    parser.add_argument("--ports", type=int, default=18700, help="where to look for free ports, about twenty of them")
    parser.add_argument("--binary", type=pathlib.Path, default=rig.ROOT / "build" / "release" / "ragd")
    options = parser.parse_args(words)
    known = peers_run.EVERYBODY if options.peers else growth.DIMENSIONS
    for name in options.only or ():
        if name not in known:
            parser.error(f"--only: there is no '{name}'; there are {', '.join(known)}")
    options.out = options.out or (NOT_TO_COMMIT if options.quick or options.only else RESULTS)
    options.command = shlex.join(["./dev", "bench", *words])
    return options


def main() -> int:
    options = arguments(sys.argv[1:])
    try:
        result = (peers_run if options.peers else growth).main(options)
        texts = results.files(result)
        results.publish(options.out, texts)
    except peers.Failure as problem:
        rig.say(f"dev: {problem}")
        return 1
    except KeyboardInterrupt:
        rig.say("dev: interrupted; the servers are stopped")
        return 130
    for name, text in texts.items():
        if name.endswith(".md"):
            print(text)
    rig.say(f"==> {options.out}/{next(iter(texts))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
