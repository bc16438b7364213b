#!/usr/bin/env python3
"""When bench/guard calls a figure the same, slower, faster, or not comparable; it runs no server."""

import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench" / "guard"))
sys.dont_write_bytecode = True

import guard

COMMITTED = {"instructions_per_hit": 10_000, "compiler": "12.2.0", "libc": "glibc 2.36", "cpu": ["avx2"]}


def judge(**changed):
    return guard.judge(COMMITTED, {**COMMITTED, **changed})


class Judgement(unittest.TestCase):
    def test_the_same_within_the_tolerance(self):
        for figure in (9_501, 10_000, 10_499):
            self.assertEqual(0, judge(instructions_per_hit=figure)[0], figure)
        self.assertIn("10499 instructions per cached answer, 10000 committed: +5.0%", judge(instructions_per_hit=10_499)[1])

    def test_slower_beyond_it(self):
        code, text = judge(instructions_per_hit=10_501)
        self.assertEqual(1, code)
        self.assertIn("slower", text)

    def test_faster_beyond_it_asks_for_a_new_record(self):
        code, text = judge(instructions_per_hit=9_499)
        self.assertEqual(1, code)
        self.assertIn("--record", text)

    def test_no_comparison_with_another_compiler_library_or_processor(self):
        for name, other in (("compiler", "14.2.0"), ("libc", "glibc 2.41"), ("cpu", ["avx2", "avx512f"])):
            code, text = judge(**{name: other})
            self.assertEqual(2, code, name)
            self.assertIn(f"not comparable: the committed 10000 are of {name} {COMMITTED[name]}", text)
            self.assertIn(str(other), text)

    def test_no_comparison_with_a_record_that_does_not_say_what_it_was_made_with(self):
        self.assertEqual(2, guard.judge({"instructions_per_hit": 10_000, "compiler": "12.2.0"}, COMMITTED)[0])


class Setting(unittest.TestCase):
    def test_vector_flags_are_sorted_and_those_of_one_processor(self):
        cpu = "processor\t: {}\nflags\t\t: fpu avx512f sse4_2 avx avx2 avx512bw\n"
        self.assertEqual(["avx2", "avx512bw", "avx512f"], guard.vector_flags(cpu.format(0) + cpu.format(1)))
        self.assertEqual([], guard.vector_flags("processor\t: 0\nFeatures\t: fp asimd\n"))

    def test_is_recorded_whole_beside_the_committed_figure(self):
        self.assertEqual({"instructions_per_hit", *guard.setting()}, set(json.loads(guard.FIGURE.read_text())))


if __name__ == "__main__":
    unittest.main()
