#!/usr/bin/env python3
"""Instructions per cached answer, compared with the committed figure.

A count of instructions is the same on a busy machine and on an idle one, so it can guard against a slower hot path
where a time could not. The release binary runs under callgrind with one thread; a client on one keep-alive connection
asks a cached question a number of times, then more times in a second run: the difference of the two totals, divided by
the difference of the counts, is free of start-up and shutdown. The kernel's share is not counted. Another compiler
makes other code, and another C library or processor chooses other routines: a figure is comparable only where all
three are those it was recorded with.

  guard.py --ragd build/release/ragd            compare; exit code 1 beyond the tolerance, 2 when it can't be compared
  guard.py --ragd build/release/ragd --record   write the figure
"""
import argparse
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
FIGURE = HERE / "instructions.json"
FEW, MANY = 1_000, 3_000
TOLERANCE = 0.05
QUESTION = b'{"question":"When does the harbour of Rostock open in the morning?"}'
DOCUMENTS = json.dumps({"documents": [{
    "id": "harbour", "title": "Harbours",
    "text": "The harbour of Rostock opens at six in the morning. " + "Ships that come earlier wait outside. " * 12}]})


def vector_flags(cpuinfo: str) -> list[str]:
    """By which simdjson and the C library choose among their routines."""
    flags = re.search(r"^flags\s*:(.*)$", cpuinfo, re.MULTILINE)
    return sorted(f for f in set(flags.group(1).split()) if re.match("avx2|avx512", f)) if flags else []


def setting() -> dict:
    """What the figure depends on besides the code."""
    version = subprocess.run(["g++", "-dumpfullversion"], capture_output=True, text=True, check=True).stdout.strip()
    return {"compiler": version, "libc": os.confstr("CS_GNU_LIBC_VERSION"),
            "cpu": vector_flags(pathlib.Path("/proc/cpuinfo").read_text())}


def judge(committed: dict, measured: dict) -> tuple[int, str]:
    """The exit code, and what to say."""
    figure, was = measured["instructions_per_hit"], committed["instructions_per_hit"]
    for name in ("compiler", "libc", "cpu"):
        if committed.get(name) != measured[name]:
            return 2, (f"not comparable: the committed {was} are of {name} {committed.get(name)}, "
                       f"these {figure} of {measured[name]}")
    change = figure / was - 1
    text = f"{figure} instructions per cached answer, {was} committed: {change:+.1%}"
    if abs(change) <= TOLERANCE:
        return 0, text
    return 1, text + ("\nslower: find out why" if change > 0 else "\nfaster: record the new figure with --record")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Client:
    """One connection, one request after another."""

    def __init__(self, port: int, process: subprocess.Popen) -> None:
        for _ in range(600):
            if process.poll() is not None:
                raise RuntimeError("ragd ended before it listened")
            try:
                self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("ragd never listened")

    def post(self, path: str, body: bytes) -> bytes:
        self.socket.sendall(f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                            f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self.receive()
        head, _, rest = answer.partition(b"\r\n\r\n")
        length = int(re.search(rb"Content-Length: (\d+)", head).group(1))
        while len(rest) < length:
            rest += self.receive()
        return head

    def receive(self) -> bytes:
        piece = self.socket.recv(65536)
        if not piece:
            raise RuntimeError("ragd closed the connection")
        return piece


def instructions(ragd: str, hits: int) -> int:
    """Of a whole run that answers `hits` times from the cache."""
    with tempfile.TemporaryDirectory(prefix="ragd-guard-") as folder:
        port = free_port()
        process = subprocess.Popen(
            ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/callgrind.out", ragd, "serve",
             "--listen", f"127.0.0.1:{port}", "--threads", "1", "--data-dir", f"{folder}/data", "--drain-delay", "0",
             "--rate-limit-requests", "1000000", "--rate-limit-algorithm", "gcra",
             "--cors-origins", "https://app.example.com"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            client = Client(port, process)
            client.post("/documents", DOCUMENTS.encode())
            client.post("/query", QUESTION)
            for _ in range(hits):
                if b"Cache-Status: ragd; hit" not in client.post("/query", QUESTION):
                    raise RuntimeError("an answer did not come from the cache")
            client.socket.close()
        finally:
            process.send_signal(signal.SIGTERM)
            said = process.communicate(timeout=120)[1]
    return int(re.search(r"Collected : (\d+)", said).group(1))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ragd", required=True)
    parser.add_argument("--record", action="store_true", help="write the committed figure")
    arguments = parser.parse_args()
    per_hit = round((instructions(arguments.ragd, MANY) - instructions(arguments.ragd, FEW)) / (MANY - FEW))
    measured = {"instructions_per_hit": per_hit, **setting()}
    if arguments.record:
        FIGURE.write_text(json.dumps(measured, indent=2) + "\n")
        print(f"recorded: {measured}")
        return 0
    code, text = judge(json.loads(FIGURE.read_text()), measured)
    print(text)
    return code


if __name__ == "__main__":
    sys.exit(main())
