#!/usr/bin/env python3
"""`./dev bench --peers` and `./dev bench --growth`: starts servers on loopback, puts them under load, writes results."""

import argparse
import pathlib
import shlex
import sys

import growth
import peers
import peers_run
import rig

DIMENSIONS = ("connections", "answer_size", "distinct_questions", "clients")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    kind = parser.add_mutually_exclusive_group(required=True)
    kind.add_argument("--peers", action="store_true", help="ragd side by side with other servers")
    kind.add_argument("--growth", action="store_true", help="how ragd's cost grows with load and data")
    parser.add_argument("--quick", action="store_true", help="a short look whether everything works")
    parser.add_argument("--rounds", type=int, help="rounds instead of the usual number")
    parser.add_argument("--only", type=lambda text: text.split(","), metavar="NAME,...", help="these alone: "
                        + " ".join(peers_run.EVERYBODY) + ", or of --growth: " + " ".join(DIMENSIONS))  # fmt: skip
    parser.add_argument("--out", type=pathlib.Path, default=rig.ROOT / "bench" / "results", help="where results go")
    parser.add_argument("--ports", type=int, default=18700, help="where to look for free ports, about twenty of them")
    parser.add_argument("--binary", type=pathlib.Path, default=rig.ROOT / "build" / "release" / "ragd")
    parser.add_argument("--micro", type=pathlib.Path, default=rig.ROOT / "build" / "release" / "bench",
                        help="where Google Benchmark's JSON files are")  # fmt: skip
    options = parser.parse_args()
    known = peers_run.EVERYBODY if options.peers else DIMENSIONS
    for name in options.only or ():
        if name not in known:
            parser.error(f"--only: there is no '{name}'; there are {', '.join(known)}")
    options.command = shlex.join(["./dev", "bench", *sys.argv[1:]])
    return options


def main() -> int:
    options = arguments()
    try:
        (peers_run if options.peers else growth).main(options)
    except peers.Failure as problem:
        rig.say(f"dev: {problem}")
        return 1
    except KeyboardInterrupt:
        rig.say("dev: interrupted; the servers are stopped")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
