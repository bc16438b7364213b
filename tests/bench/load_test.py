#!/usr/bin/env python3
"""What bench/load makes of samples: when one is thrown away, who was the limit, which ratio stands in the table."""

import collections
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import types
import unittest
import unittest.mock
import xml.etree.ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench" / "load"))
sys.dont_write_bytecode = True

import growth
import load
import micro
import peers
import peers_run
import plots
import proc
import report
import results
import rig
import run
import sample


def one(server, rps, turn=0, **changed):
    return {
        "scenario": "cached", "server": server, "round": turn, "rps": rps, "p50_ms": 0.4, "p95_ms": 0.9, "p99_ms": 1.5,
        "cpu_us": 1e6 / rps, "server_cpu": 1.0, "late_ms_p99": None, "limit": "server", "disturbed": None, **changed,
    }  # fmt: skip


def result(samples, **changed):
    machine = {"cpu": "x", "cpus": 2, "virtual": True, "memory_gib": 4, "kernel": "6", "system": "Debian"}
    return {
        "kind": "peers", "date": "2026-01-01", "commit": "abc", "command": "./dev bench --peers", "machine": machine,
        "versions": {}, "rounds": 3, "answer_bytes": 1000, "samples": samples, "sweep": [], "alone": [], "micro": [],
        "discarded": [], **changed,
    }  # fmt: skip


class Sample(unittest.TestCase):
    def test_is_thrown_away_when_others_used_the_machine(self):
        self.assertIsNone(sample._disturbance(one("ragd", 100), {"others": 0.04, "steal on CPU 1": 0.01}))
        self.assertIn("others", sample._disturbance(one("ragd", 100), {"others": 0.06}))

    def test_is_thrown_away_when_the_hypervisor_took_the_cpu(self):
        self.assertIn("steal on CPU 1", sample._disturbance(one("ragd", 100), {"steal on CPU 1": 0.03}))

    def test_is_thrown_away_when_the_generator_was_late_though_the_rate_was_met(self):
        late = one("ragd", 100, late_ms_p99=1.5, limit="none")
        self.assertIn("late", sample._disturbance(late, {}))
        self.assertIsNone(sample._disturbance({**late, "limit": "generator"}, {}))

    def test_says_who_could_not_do_more(self):
        busy = {"rps": 900.0, "server_cpu": 0.99, "late_ms_p99": None}
        idle = {**busy, "server_cpu": 0.5}
        self.assertEqual("server", sample._limit(busy, None))
        self.assertEqual("generator", sample._limit(idle, None))
        self.assertEqual("none", sample._limit(busy, 900.0))
        self.assertEqual("server", sample._limit(busy, 1000.0))
        self.assertEqual("generator", sample._limit({**idle, "late_ms_p99": 3.0}, 1000.0))
        self.assertEqual("server", sample._limit({**idle, "late_ms_p99": 0.1}, 1000.0), "it waited for answers")

    def test_thrown_away_leaves_its_figures(self):
        server = types.SimpleNamespace(fresh=False)
        taken = [({"rps": 1.0}, "others 9%"), ({"rps": 2.0}, None)]
        discarded = []
        with unittest.mock.patch.multiple(sample, _once=lambda *_: taken.pop(0), PAUSE_S=0):
            kept = sample.take(None, server, None, 3, discarded, round=7)
        self.assertEqual({"round": 7, "rps": 2.0, "disturbed": None}, kept)
        self.assertEqual([{"round": 7, "rps": 1.0, "reason": "others 9%"}], discarded)

    def test_cpu_time_is_that_of_the_measured_window(self):
        meter = sample.Meter([])
        meter.notes = [(0.0, 0.0), (1.0, 0.9), (2.0, 1.0), (3.0, 1.1), (4.0, 1.2), (5.0, 2.0)]
        self.assertAlmostEqual(0.1, meter.share(end=5.0, duration_s=4.0), msg="neither opening nor closing connections")
        self.assertAlmostEqual(0.4, meter.share(end=5.0, duration_s=0.5), msg="too short a window: all there is")

    def test_meter_keeps_what_an_ended_process_used(self):
        work = "sum(range(1_000_000)); print(); input()"
        child = subprocess.Popen([sys.executable, "-c", work], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        child.stdout.readline()  # it has worked
        meter = sample.Meter([child.pid])
        child.communicate(b"\n")
        meter.note()
        (_, before), (_, after) = meter.notes
        self.assertGreater(before, 0)
        self.assertEqual(before, after)

    def test_a_body_may_be_written_anew_but_not_be_another(self):
        self.assertTrue(peers_run.same(b'{"t":0.0}', b'{"t":0.000}'))
        self.assertFalse(peers_run.same(b'{"t":0.1}', b'{"t":0.000}'))
        self.assertFalse(peers_run.same(b'{"t":0.0}', b'{"t":0.000000000000}'))

    def test_of_a_cache_that_asked_its_origin_ends_the_run(self):
        origin = peers.Server("origin", 0, [], pathlib.Path(), process=types.SimpleNamespace(pid=os.getpid()))
        cache = peers.Server("nginx", 0, [], pathlib.Path(), origin=origin, process=origin.process)
        around = sample._Surroundings(sample.Bench(pathlib.Path()), cache)
        self.assertEqual({"others", "steal on CPU 0", "steal on CPU 1"}, set(around.shares()))
        with open(os.devnull, "wb", buffering=0) as somewhere:
            somewhere.write(b"an answer")
        with self.assertRaisesRegex(peers.Failure, "nginx asked its origin"):
            around.shares()


class Round(unittest.TestCase):
    def orders(self, count):
        made = rig.Rig.__new__(rig.Rig)
        made._order = rig.random.Random(rig.ORDER_SEED)
        return [tuple(made.shuffled(["ragd", "floor", "nginx"])) for _ in range(count)]

    def test_is_in_another_order_each_time_and_alike_in_each_run(self):
        self.assertEqual(self.orders(60), self.orders(60))
        self.assertEqual(6, len(set(self.orders(60))), "all orders there are")

    def test_of_growth_draws_other_questions_and_clients(self):
        taken = []

        def take(_server, what, /, **labels):
            taken.append((what.seed, labels["round"]))

        grown = growth.Growth(types.SimpleNamespace(shuffled=list, take=take), rounds=3, duration_s=1, most=100)
        grown._measure("clients", [(100, types.SimpleNamespace(name="ragd"), load.Load(clients=100))])
        self.assertEqual([(1, 0), (2, 1), (3, 2)], taken)
        self.assertEqual(["--seed", "2"], load.Load(seed=2).flags(80)[-2:])


class Table(unittest.TestCase):
    def test_ratio_is_of_medians_of_undisturbed_samples(self):
        mine = [one("ragd", rps, turn) for turn, rps in enumerate((100, 200, 300))]
        other = [one("nginx", 100, turn) for turn in range(3)]
        wrong = one("ragd", 9_000, 3, disturbed="others 50%")
        text = report.peers_table(result([*mine, *other, wrong]))
        self.assertIn("| 200/s | 100/s | **2.00** | 1.00..3.00 | >= 1.8 | yes |", text)

    def test_ratio_against_a_server_the_generator_could_not_saturate_is_an_upper_bound(self):
        text = report.peers_table(result([one("ragd", 90), one("floor", 100, limit="generator")]))
        self.assertIn("**0.90** (1)", text)
        self.assertIn("upper bound", text)

    def test_has_the_sketch_without_its_limiter_too_and_no_goal_for_it(self):
        text = report.peers_table(result([one("ragd", 90), one("fastapi", 2), one("fastapi-nolimit", 9)]))
        self.assertIn("FastAPI sketch | 90/s | 2/s | **45.00** | 45.00..45.00 | >= 40 | yes |", text)
        self.assertIn("without its limiter | 90/s | 9/s | **10.00** | 10.00..10.00 |  |  |", text)

    def test_a_percentile_of_too_few_answers_is_not_told(self):
        few = one("ragd", 100, p99_ms=None)
        self.assertIn("| 0.400 ms | 0.900 ms | - |", report.peers_table(result([few])))
        self.assertIn("| 1.500 ms |", report.peers_table(result([few, one("ragd", 100, 1)])))

    def test_of_disturbed_samples_says_so(self):
        text = report.peers_table(result([one("ragd", 100, disturbed="steal on CPU 0 5%")]))
        self.assertIn("1 of 1 samples were disturbed", text)
        self.assertIn("1, all disturbed", text)

    def test_of_a_quick_look_says_so(self):
        self.assertIn("no figures to quote", report.peers_table(result([one("ragd", 100)], quick=True)))
        self.assertNotIn("no figures to quote", report.peers_table(result([one("ragd", 100)], quick=False)))


class MicroRows(unittest.TestCase):
    def rows(self, of, real_time=True):
        """The table's rows when each entry costs what `of` says of it."""
        names = {(row.file, name) for row in micro.ROWS for name in (row.name, row.baseline) if name}
        taken = [{"file": f, "name": n, "cpu_ns": of(n), "real_time": real_time} for f, n in names if of(n)]
        text = report.peers_table(result([one("ragd", 1)], micro=taken))
        return [next(line for line in text.splitlines() if line.startswith(f"| {row.title} |")) for row in micro.ROWS], text

    def test_show_a_goal_that_is_not_met_as_not_met(self):
        rows, _ = self.rows(lambda name: 60 if "Plain" in name or "Prometheus" in name else 5)
        self.assertTrue(all(row.endswith("| yes |") for row in rows), rows)
        rows, _ = self.rows(lambda name: 5 if "Plain" in name or "Prometheus" in name else 60)
        self.assertTrue(all(row.endswith("| no |") for row in rows), rows)
        self.assertIn("| 60.0 ns | 5.0 ns | **0.08** times cheaper | | >= 3 | no |", rows[2])

    def test_are_listed_once_each_and_say_what_was_not_measured(self):
        titles = collections.Counter(row.title for row in micro.ROWS)
        self.assertEqual({1}, set(titles.values()))
        rows, text = self.rows(lambda name: None if "Prometheus" in name or "refused" in name else 5)
        self.assertEqual(3, sum("| not measured |" in row for row in rows))
        self.assertEqual(1, text.count("metric updates of one request"))

    def test_say_where_two_threads_may_never_have_met(self):
        rows, text = self.rows(lambda name: 5, real_time=False)
        self.assertEqual(len(rows) - 2, sum(" (3) " in row for row in rows), "all but those of one thread")
        self.assertIn("(3) Not in the real-time class", text)
        self.assertNotIn("(3)", self.rows(lambda name: 5)[1])

    def test_cover_both_limiters_allowed_and_refused(self):
        for ours in ("Exact", "Gcra"):
            for entry in ("refused<{}>/1", "allowed<{}>/1", "allowed<{}>/50000"):
                name, plain = (entry.format(kind) + "/threads:2" for kind in (ours, "Plain" + ours))
                self.assertIn((name, plain), [(row.name, row.baseline) for row in micro.ROWS])

    def test_are_medians_of_repetitions(self):
        entries = [{"run_type": "iteration", "run_name": "a", "cpu_time": time} for time in (9.0, 1.0, 2.004)]
        entries.append({"run_type": "aggregate", "run_name": "a", "cpu_time": 77.0})
        self.assertEqual({"a": 2.0}, micro.figures({"benchmarks": entries}, ["a", "b"]))


class Files(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def test_of_a_run_are_its_record_its_table_and_its_plots(self):
        texts = results.files(result([one("ragd", 1)], sweep=[one("ragd", 1, rate=1_000, limit="none")]))
        names = {"peers-2026-01-01.json", "peers-2026-01-01.md", "requests-by-peer.svg", "latency-by-rate.svg"}
        self.assertEqual(names, set(texts))

    def test_appear_whole_or_not_at_all(self):
        (self.folder / "a.json").write_text("old")
        with self.assertRaises(TypeError):
            results.publish(self.folder, {"a.json": "new", "b.svg": None})
        self.assertEqual(["a.json"], os.listdir(self.folder))
        self.assertEqual("old", (self.folder / "a.json").read_text())
        results.publish(self.folder, {"a.json": "new", "b.svg": "b"})
        self.assertEqual(["a.json", "b.svg"], sorted(os.listdir(self.folder)))
        self.assertEqual("new", (self.folder / "a.json").read_text())

    def test_of_a_part_or_a_quick_look_do_not_replace_the_committed_ones(self):
        self.assertEqual(run.RESULTS, run.arguments(["--peers"]).out)
        self.assertEqual(run.RESULTS, run.arguments(["--growth", "--rounds", "5"]).out)
        for words in (["--peers", "--quick"], ["--peers", "--only", "ragd,floor"], ["--growth", "--only", "clients"]):
            self.assertEqual(run.NOT_TO_COMMIT, run.arguments(words).out, words)
        self.assertEqual(self.folder, run.arguments(["--peers", "--quick", "--out", str(self.folder)]).out)


class Plots(unittest.TestCase):
    def test_are_well_formed(self):
        sweep = [one("ragd", rate, rate=rate, limit="none") for rate in (1_000, 20_000)]
        grown = [one("ragd", 100, dimension="clients", x=x) for x in (100, 1_000_000)]
        for text in (
            plots._requests(result([one("ragd", 123_000), one("fastapi", 1_800)])),
            plots._latency(result([], sweep=sweep)),
        ):
            xml.etree.ElementTree.fromstring(text)
        self.assertEqual([(100.0, 10_000.0), (1_000_000.0, 10_000.0)],
                         plots._growth_lines(grown, "clients", "cpu_us")[0].points)  # fmt: skip

    def test_a_line_ends_where_the_server_no_longer_kept_up(self):
        sweep = [one("ragd", 1_000, rate=1_000, limit="none"), one("ragd", 5_000, rate=20_000, limit="server")]
        self.assertNotIn("20k", plots._latency(result([], sweep=sweep)))
        few = one("ragd", 5_000, rate=20_000, limit="none", p50_ms=None, p95_ms=None, p99_ms=None)
        self.assertNotIn("20k", plots._latency(result([], sweep=[sweep[0], few])))
        grown = [one("ragd", 100, dimension="clients", x=10, limit="none"), one("ragd", 100, dimension="clients", x=20)]
        self.assertEqual([(10.0, 0.9)], plots._growth_lines(grown, "clients", "p95_ms")[0].points)


    def test_a_point_is_the_median_of_undisturbed_rounds_where_most_met_the_rate(self):
        values = ((0.1, None, "none"), (0.3, None, "none"), (0.2, None, "none"), (9.0, "others 50%", "none"))
        sweep = [one("ragd", 1, rate=1_000, p95_ms=ms, disturbed=why, limit=limit) for ms, why, limit in values]
        self.assertEqual([(1_000.0, 0.2)], plots._points(sweep, "rate", "p95_ms", only_met=True))
        sweep += [one("ragd", 1, rate=2_000, limit=limit) for limit in ("server", "none", "server")]
        self.assertEqual([1_000.0], [x for x, _ in plots._points(sweep, "rate", "p95_ms", only_met=True)])


class Kernel(unittest.TestCase):
    def test_counts_the_cpu_time_of_a_process(self):
        before = proc.cpu_seconds(os.getpid())
        end = time.process_time() + 0.05
        while time.process_time() < end:
            pass
        self.assertGreaterEqual(proc.cpu_seconds(os.getpid()) - before, 0.05)

    def test_counts_the_cpu_time_of_all_others_also_of_those_that_came_and_went(self):
        burn = "import time\nwhile time.process_time() < 0.2: pass"
        shell = subprocess.Popen(["sh", "-c", f"{sys.executable} -c '{burn}'; echo done; exec cat"],
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # fmt: skip
        self.addCleanup(shell.communicate)
        self.assertEqual(b"done\n", shell.stdout.readline())
        without = proc.cpu_seconds_of_all(but=[shell.pid])
        self.assertGreaterEqual(proc.cpu_seconds_of_all(but=[]) - without, 0.19, "a tick of 10 ms may be missing")

    def test_counts_the_writes_of_a_process(self):
        before = proc.writes(os.getpid())
        with open(os.devnull, "wb", buffering=0) as somewhere:
            for _ in range(3):
                somewhere.write(b"x")
        self.assertEqual(3, proc.writes(os.getpid()) - before)

    def test_an_answer_is_whole_when_its_body_is(self):
        self.assertFalse(rig._whole(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab"))
        self.assertTrue(rig._whole(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"))

    def test_documents_of_a_growing_answer_are_padded_to_its_size(self):
        for kilobytes in (4, 64):
            documents = growth._documents("word", kilobytes * 1024)
            escaped = sum(len(d["source"]) for d in documents) * growth.ESCAPED
            self.assertAlmostEqual(kilobytes * 1024, escaped + growth.BARE_ANSWER, delta=20)


if __name__ == "__main__":
    unittest.main()
