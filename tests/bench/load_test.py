#!/usr/bin/env python3
"""What bench/load makes of samples: when one is thrown away, who was the limit, which ratio stands in the table."""

import os
import pathlib
import sys
import time
import unittest
import xml.etree.ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench" / "load"))
sys.dont_write_bytecode = True

import growth
import plots
import proc
import report
import rig
import sample


def one(server, rps, turn=0, **changed):
    return {
        "scenario": "cached", "server": server, "round": turn, "rps": rps, "p50_ms": 0.4, "p95_ms": 0.9, "p99_ms": 1.5,
        "cpu_us": 1e6 / rps, "server_cpu": 1.0, "load_cpu": 0.5, "late_ms_p99": None, "limit": "server",
        "disturbed": None, **changed,
    }  # fmt: skip


def result(samples, **changed):
    machine = {"cpu": "x", "cpus": 2, "virtual": True, "memory_gib": 4, "kernel": "6", "system": "Debian"}
    return {
        "date": "2026-01-01", "commit": "abc", "command": "./dev bench --peers", "machine": machine, "versions": {},
        "rounds": 3, "answer_bytes": 1000, "samples": samples, "sweep": [], "alone": [], "micro": [], "discarded": [],
        **changed,
    }  # fmt: skip


class Sample(unittest.TestCase):
    def test_is_thrown_away_when_others_used_a_pinned_cpu(self):
        self.assertIsNone(sample._disturbance(one("ragd", 100), {"others on CPU 0": 0.04, "steal on CPU 1": 0.01}))
        self.assertIn("others on CPU 0", sample._disturbance(one("ragd", 100), {"others on CPU 0": 0.06}))

    def test_is_thrown_away_when_the_hypervisor_took_the_cpu(self):
        self.assertIn("steal on CPU 1", sample._disturbance(one("ragd", 100), {"steal on CPU 1": 0.03}))

    def test_is_thrown_away_when_the_generator_was_late_though_the_rate_was_met(self):
        late = one("ragd", 100, late_ms_p99=1.5, limit="none")
        self.assertIn("late", sample._disturbance(late, {}))
        self.assertIsNone(sample._disturbance({**late, "limit": "generator"}, {}))

    def test_says_who_could_not_do_more(self):
        busy = {"rps": 900.0, "server_cpu": 0.99, "load_cpu": 0.99}
        self.assertEqual("server", sample._limit(busy, None))
        self.assertEqual("generator", sample._limit({**busy, "server_cpu": 0.5}, None))
        self.assertEqual("none", sample._limit({**busy, "server_cpu": 0.5, "load_cpu": 0.5}, None))
        self.assertEqual("none", sample._limit(busy, 900.0))
        self.assertEqual("server", sample._limit(busy, 1000.0))


class Table(unittest.TestCase):
    def test_ratio_is_of_medians_of_undisturbed_samples(self):
        mine = [one("ragd", rps, turn) for turn, rps in enumerate((100, 200, 300))]
        other = [one("nginx", 100, turn) for turn in range(3)]
        wrong = one("ragd", 9_000, 3, disturbed="others on CPU 0 50%")
        text = report.peers_table(result([*mine, *other, wrong]))
        self.assertIn("| 200/s | 100/s | **2.00** | 1.00..3.00 | >= 1.8 | yes |", text)

    def test_ratio_against_a_server_the_generator_could_not_saturate_is_an_upper_bound(self):
        text = report.peers_table(result([one("ragd", 90), one("floor", 100, limit="generator")]))
        self.assertIn("**0.90** (1)", text)
        self.assertIn("upper bound", text)

    def test_a_percentile_of_too_few_answers_is_not_told(self):
        few = one("ragd", 100, p99_ms=None)
        self.assertIn("| 0.400 ms | 0.900 ms | - |", report.peers_table(result([few])))
        self.assertIn("| 1.500 ms |", report.peers_table(result([few, one("ragd", 100, 1)])))

    def test_of_disturbed_samples_says_so(self):
        text = report.peers_table(result([one("ragd", 100, disturbed="steal on CPU 0 5%")]))
        self.assertIn("1 of 1 samples were disturbed", text)
        self.assertIn("1, all disturbed", text)

    def test_micro_benchmarks_are_rows_where_they_were_run(self):
        row = next(row for row in report.MICRO if row.baseline)
        micro = [{"file": row.file, "name": name, "cpu_ns": ns} for name, ns in ((row.name, 10), (row.baseline, 60))]
        self.assertIn("**6.0** times cheaper", report.peers_table(result([one("ragd", 1)], micro=micro)))


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


class Kernel(unittest.TestCase):
    def test_counts_the_cpu_time_of_a_process(self):
        before = proc.cpu_seconds(os.getpid())
        end = time.process_time() + 0.05
        while time.process_time() < end:
            pass
        self.assertGreaterEqual(proc.cpu_seconds(os.getpid()) - before, 0.05)

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
