#!/usr/bin/env python3
"""The measures of tests/eval against figures worked out by hand, and what is said of a run beside its baseline."""

import contextlib
import io
import json
import math
import pathlib
import sys
import tempfile
import unittest
from unittest import mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

import baseline
import collection
import eval
import measures


class Measures(unittest.TestCase):
    def test_a_document_ranks_by_its_best_passage(self):
        results = [{"document_id": name} for name in ("b", "a", "b", "c", "a")]
        self.assertEqual(["b", "a", "c"], measures.ranked_documents(results))

    def test_ndcg_of_the_best_order_is_one(self):
        self.assertEqual(1.0, measures.ndcg(["a", "b", "x"], {"a": 3, "b": 1}))

    def test_ndcg_discounts_by_the_logarithm_of_the_rank(self):
        # 1/log2(3) + 2/log2(5) over 2/log2(2) + 1/log2(3)
        value = measures.ndcg(["x", "b", "y", "a"], {"a": 2, "b": 1})
        self.assertAlmostEqual((0.6309298 + 0.8613531) / 2.6309298, value, places=6)

    def test_ndcg_looks_at_ten_documents_and_at_no_more_relevant_ones(self):
        others = [f"x{i}" for i in range(10)]
        self.assertEqual(0.0, measures.ndcg([*others, "a"], {"a": 1}))
        many = {f"a{i}": 1 for i in range(20)}
        self.assertAlmostEqual(1.0, measures.ndcg(list(many), many))

    def test_recall_looks_at_a_hundred(self):
        ranking = ["a", *(f"x{i}" for i in range(98)), "b", "c"]
        self.assertEqual(0.5, measures.recall(ranking, {"a": 1, "b": 1, "c": 1, "d": 1}))

    def test_reciprocal_rank_is_that_of_the_first_relevant_one_of_ten(self):
        self.assertEqual(1.0, measures.reciprocal_rank(["a", "b"], {"a": 1, "b": 1}))
        self.assertAlmostEqual(1 / 3, measures.reciprocal_rank(["x", "y", "b", "a"], {"a": 1, "b": 1}))
        self.assertEqual(0.0, measures.reciprocal_rank([f"x{i}" for i in range(10)] + ["a"], {"a": 1}))

    def test_nothing_found_is_worth_nothing(self):
        for measure in (measures.ndcg, measures.recall, measures.reciprocal_rank):
            self.assertEqual(0.0, measure([], {"a": 1}))

    def test_a_percentile_is_a_value_that_was_measured(self):
        self.assertEqual(3, measures.percentile([5, 1, 3, 2, 4], 0.5))
        self.assertEqual(19, measures.percentile(list(range(20, 0, -1)), 0.95))
        self.assertEqual(7, measures.percentile([7], 0.95))

    def test_an_answer_contains_a_golden_one_word_for_word(self):
        self.assertTrue(measures.contains("In the year\n 1812  it began.", ["x", "year 1812"]))
        self.assertFalse(measures.contains("In the year 1813.", ["year 1812"]))


class Collection(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def _write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    def test_is_found_itself_or_below_a_folder(self):
        for name in ("b/corpus.jsonl", "b/qrels.tsv", "a/corpus.jsonl", "a/qrels.tsv", "no/corpus.jsonl"):
            self._write(name, "")
        self.assertEqual([self.folder / "a", self.folder / "b"], collection.below(self.folder))
        self.assertEqual([self.folder / "a"], collection.below(self.folder / "a"))
        self.assertEqual([], collection.below(self.folder / "absent"))

    def test_counts_what_is_judged_relevant(self):
        self._write("qrels.tsv", "query-id\tcorpus-id\tscore\n1\ta\t2\n1\tb\t0\n1\ta\t1\n2\tc\t1\n")
        self.assertEqual({"1": {"a": 2}, "2": {"c": 1}}, collection.read_qrels(self.folder))

    def test_is_sent_in_batches_that_fit(self):
        documents = [{"id": str(i), "title": "T", "text": "x" * 100} for i in range(10)] + [{"id": "e", "title": "", "text": " "}]
        self._write("corpus.jsonl", "\n".join(map(json.dumps, documents)))
        bodies = list(collection.batches(self.folder, 400))
        self.assertTrue(len(bodies) > 3 and all(len(body) <= 400 for body in bodies))
        sent = [document["id"] for body in bodies for document in json.loads(body)["documents"]]
        self.assertEqual([str(i) for i in range(10)], sent)


class Command(unittest.TestCase):
    def run_with(self, *words, root):
        with mock.patch.object(eval, "ROOT", root), mock.patch.object(sys, "argv", ["eval.py", *words]):
            with contextlib.redirect_stderr(io.StringIO()) as said:
                try:
                    return eval.main(), said.getvalue()
                except SystemExit as end:
                    return end.code, said.getvalue()

    def test_passes_and_says_so_where_the_shared_data_is_absent(self):
        with tempfile.TemporaryDirectory() as folder:
            code, said = self.run_with(root=pathlib.Path(folder) / "tree")
        self.assertEqual(0, code)
        self.assertIn("nothing was measured", said)

    def test_refuses_a_folder_it_was_given_that_holds_no_collection(self):
        with tempfile.TemporaryDirectory() as folder:
            code, said = self.run_with("--data", folder, root=pathlib.Path(folder))
        self.assertEqual(2, code)
        self.assertIn("there is no collection", said)


def stored(**collections):
    return {"floors": {"cran": {"ndcg": 0.385}}, "recorded": {}, "collections": collections}


def figures(ndcg, **more):
    return {"documents": 5, "passages": 6, "queries": 7, "ndcg": ndcg, "recall": 0.5, "mrr": 0.5, "p50_ms": 1.0, "p95_ms": 2.0, **more}


class Baseline(unittest.TestCase):
    def test_faults_what_is_below_its_floor(self):
        self.assertEqual([], baseline.faults({"cran": figures(0.385)}, stored()))
        [fault] = baseline.faults({"cran": figures(0.3849)}, stored())
        self.assertIn("below its floor", fault)

    def test_faults_what_fell_by_more_than_the_tolerance(self):
        before = stored(cran=figures(0.40, recall=0.5))
        self.assertEqual([], baseline.faults({"cran": figures(0.3951)}, before))
        [fault] = baseline.faults({"cran": figures(0.3949)}, before)
        self.assertIn("below its baseline", fault)
        [fault] = baseline.faults({"cran": figures(0.41, recall=0.49)}, before)
        self.assertIn("recall@100", fault)

    def test_does_not_judge_latency_or_strangers(self):
        self.assertEqual([], baseline.faults({"cran": figures(0.4, p95_ms=99.0)}, stored(cran=figures(0.4))))
        self.assertEqual([], baseline.faults({"new": figures(0.1)}, stored(cran=figures(0.4))))

    def test_shows_each_difference(self):
        text = baseline.table({"cran": figures(0.41)}, stored(cran=figures(0.4)))
        self.assertIn("| cran | 5 | 6 | 7 | 0.4100 (+0.0100) | 0.5000 (=) |", text)

    def test_records_what_was_measured_and_keeps_floors_and_the_rest(self):
        made = baseline.recorded(stored(other=figures(0.2)), {"cran": figures(math.pi / 10)}, "2026-01-01", "abc", ["--x"])
        self.assertEqual({"cran": {"ndcg": 0.385}}, made["floors"])
        self.assertEqual(["cran", "other"], list(made["collections"]))
        self.assertEqual(0.3142, made["collections"]["cran"]["ndcg"])


if __name__ == "__main__":
    unittest.main()
