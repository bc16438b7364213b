"""The side-by-side comparison behind `./dev bench --peers`: ragd against what people would pick instead.

Every server is up from the start; rounds alternate between them, so that a slow minute of the machine hits all alike.
docs/performance.md says what each runs with and how to read the result.
"""

import argparse
import dataclasses
import http.client
import json
import time
from typing import Any

import corpus
import micro
import peers
import proc
import rig as rigs
from load import Load
from peers import Server
from rig import Rig, say

CACHES = ("nginx", "nginx-tuned", "varnish", "haproxy")
SWEPT = ("ragd", "floor", *CACHES)
EVERYBODY = (*SWEPT, "fastapi", "fastapi-nolimit", "ragd-disk", "ragd-100k")
RATES = (1_000, 5_000, 10_000, 20_000, 40_000, 60_000, 80_000, 100_000)


@dataclasses.dataclass(frozen=True)
class Size:
    """How much of everything: of a whole run, or of a quick look whether it all works."""

    rounds: int = 5
    duration_s: float = 3.0
    sweep_s: float = 2.0
    sweeps: int = 3
    rates: tuple[int, ...] = RATES
    chunks: int = 100_000


QUICK = Size(rounds=1, duration_s=1.0, sweep_s=1.0, sweeps=1, rates=(1_000, 20_000), chunks=5_000)


@dataclasses.dataclass(frozen=True)
class Scenario:
    name: str
    servers: tuple[str, ...]
    load: Load
    fitted: dict[str, Load] = dataclasses.field(default_factory=dict)

    def of(self, server: str) -> Load:
        return self.fitted.get(server, self.load)


def start_all(made: Rig, wanted: set[str], size: Size) -> tuple[dict[str, Server], dict[str, Any]]:
    """The servers by name, and facts about what they answer. ragd is always there: the others give its answer."""
    folder, question = made.directory, json.dumps(peers.QUESTION).encode()
    servers = {"ragd": made.up(peers.ragd(made.binary, folder, made.port()))}
    corpus.add(servers["ragd"], [corpus.SMALL])
    answer = rigs.hit(servers["ragd"], question)
    body, health = answer.partition(b"\r\n\r\n")[2], servers["ragd"].request("GET", "/health")[1]

    cacheable = peers.as_response(body, "Cache-Control: public, max-age=3600")
    origin = made.up(peers.floor(made.floor_binary, folder, made.port(), cacheable, name="origin"))
    makers = {
        "floor": lambda port: peers.floor(made.floor_binary, folder, port, answer),
        "nginx": lambda port: peers.nginx(folder, port, origin, health),
        "nginx-tuned": lambda port: peers.nginx(folder, port, origin, health, "nginx-tuned"),
        "varnish": lambda port: peers.varnish(folder, port, origin),
        "haproxy": lambda port: peers.haproxy(folder, port, origin),
        "fastapi": lambda port: peers.fastapi(folder, port, body),
        "fastapi-nolimit": lambda port: peers.fastapi(folder, port, body, "fastapi-nolimit", limiter=False),
        "ragd-disk": lambda port: peers.ragd(made.binary, folder, port, "--cache-hot-bytes", "0", name="ragd-disk"),
        "ragd-100k": lambda port: peers.ragd(made.binary, folder, port, name="ragd-100k"),
    }
    for name, make in makers.items():
        if name in wanted:
            servers[name] = made.up(make(made.port()))
    _same_body(servers, question, body)
    facts: dict[str, Any] = {"answer_bytes": len(body), "whole_answer_bytes": len(answer)}
    if "ragd-disk" in servers:
        corpus.add(servers["ragd-disk"], [corpus.SMALL])
        rigs.hit(servers["ragd-disk"], question)
    if "ragd-100k" in servers:
        say(f"    adding {size.chunks:,} chunks")
        facts["chunks"] = corpus.fill(servers["ragd-100k"], size.chunks, folder / "questions.txt")
    return servers, facts


def same(answer: bytes, body: bytes) -> bool:
    """Byte for byte, but for zeros at the end of a number: a server that reads JSON and writes it again drops them."""
    return answer == body or (json.loads(answer) == json.loads(body) and abs(len(answer) - len(body)) < 8)


def _same_body(servers: dict[str, Server], question: bytes, body: bytes) -> None:
    """Everyone answers with ragd's body. What was asked once here is cached from now on."""
    for name, server in servers.items():
        if name in CACHES:
            answer = server.request("GET", "/query")[1]
        elif name.startswith("fastapi"):
            server.request("POST", "/query", question)
            answer = server.request("POST", "/query", question)[1]
        else:
            continue
        if not same(answer, body):
            raise peers.Failure(f"{name} does not answer as ragd does: {answer!r}, not {body!r}")


def scenarios(made: Rig, size: Size) -> list[Scenario]:
    post = Load(body=made.question, duration_s=size.duration_s)
    get = Load(get=True, duration_s=size.duration_s)
    health = dataclasses.replace(get, path="/health")
    fresh = Load(questions=str(made.directory / "questions.txt"), cache="bypass", rate=1_000, duration_s=size.duration_s)
    by_get = dict.fromkeys(CACHES, get)

    def at(rate: float) -> dict[str, Load]:
        return {name: dataclasses.replace(load, rate=rate) for name, load in by_get.items()}

    cached = (*SWEPT, "fastapi", "fastapi-nolimit", "ragd-disk")
    open_loop = dataclasses.replace(post, rate=20_000)
    return [
        Scenario("cached", cached, post, by_get),
        Scenario("health", ("ragd", "nginx"), health),
        Scenario("open-20k", ("ragd", "floor", "nginx", "nginx-tuned"), open_loop, at(20_000)),
        Scenario("fresh-1k", ("ragd-100k",), fresh),
    ]


def measure(made: Rig, servers: dict[str, Server], size: Size) -> list[dict[str, Any]]:
    samples = []
    for turn in range(size.rounds):
        say(f"==> round {turn + 1} of {size.rounds}")
        for scenario in scenarios(made, size):
            for name in made.shuffled(name for name in scenario.servers if name in servers):
                labels = {"scenario": scenario.name, "server": name, "round": turn}
                samples.append(made.take(servers[name], scenario.of(name), **labels))
    return samples


def sweep(made: Rig, servers: dict[str, Server], size: Size) -> list[dict[str, Any]]:
    """Latency by rate; a server that fell behind is not asked for more in this round."""
    cached, samples = scenarios(made, size)[0], []
    for turn in range(size.sweeps):
        say(f"==> latency by rate, round {turn + 1} of {size.sweeps}")
        left = [name for name in SWEPT if name in servers]
        for rate in size.rates:
            for name in made.shuffled(left):
                load = dataclasses.replace(cached.of(name), rate=rate, duration_s=size.sweep_s)
                samples.append(made.take(servers[name], load, scenario="sweep", server=name, rate=rate, round=turn))
                if samples[-1]["limit"] != "none" and not samples[-1]["disturbed"]:
                    left.remove(name)
    return samples


def start_and_memory(made: Rig, rounds: int) -> list[dict[str, Any]]:
    """ragd with its default number of threads, on all CPUs: time to ready and memory. No other ragd may run meanwhile:
    what they share would count for each in part."""
    say("==> start and memory")
    port, samples = made.port(), []
    for turn in range(rounds):
        server = peers.ragd(made.binary, made.directory / f"memory-{turn}", port, name="ragd-idle", cpu=None, threads=0)
        try:
            server.start()
            idle = proc.pss_bytes(server.pid)
            corpus.add(server, [corpus.SMALL])
            hot = _memory_with_answers(server)
        finally:
            server.stop()
        samples.append({"round": turn, "start_ms": round(server.started_in_s * 1e3, 1), "idle_pss": idle, "hot_pss": hot})
    return samples


def _memory_with_answers(server: Server, questions: int = 1_000, connections: int = 64) -> int:
    """PSS while 64 connections are open, once 1,000 answers of about 1 KB are cached and were each asked for again."""
    clients = [http.client.HTTPConnection("127.0.0.1", server.port, timeout=peers.PATIENCE_S) for _ in range(connections)]
    try:
        for number in range(2 * questions):
            client = clients[number % connections]
            text = f"{peers.QUESTION['question']} ({number % questions})"
            client.request("POST", "/query", json.dumps({"question": text}), {"Content-Type": "application/json"})
            answer = json.loads(client.getresponse().read())
            if not answer.get("citations") or (number >= questions and not answer["cached"]):
                raise peers.Failure(f"not the answer that was expected: {answer}")
        return proc.pss_bytes(server.pid)
    finally:
        for client in clients:
            client.close()


def main(options: argparse.Namespace) -> dict[str, Any]:
    size = QUICK if options.quick else Size()
    if options.rounds:
        size = dataclasses.replace(size, rounds=options.rounds)
    wanted = set(options.only or EVERYBODY)
    began = time.monotonic()
    with rigs.rig(options.binary, options.ports, options.quick) as made:
        alone, parts = [], []
        if "ragd" in wanted:
            say("==> micro-benchmarks")
            parts = micro.run(options.binary.parent / "bench", made.directory)
            alone = start_and_memory(made, size.rounds)
        say("==> starting the servers")
        servers, facts = start_all(made, wanted, size)
        if options.only:
            servers = {name: server for name, server in servers.items() if name in wanted}
        samples = measure(made, servers, size)
        swept = sweep(made, servers, size)
        return rigs.record(
            made, kind="peers", command=options.command, quick=options.quick, rounds=size.rounds, **facts,
            samples=samples, sweep=swept, alone=alone, micro=parts, took_s=round(time.monotonic() - began),
        )  # fmt: skip
