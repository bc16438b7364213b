"""The main job: documents in, cited answers out, and the cache that never lies."""
import json
import os
import threading
import unittest

from harness import BILLING, RENDER, Case, wait_until


class Query(Case):
    def test_a_question_gets_a_cited_answer_with_exact_offsets(self):
        server = self.server()
        accepted = server.put(RENDER, BILLING).json
        self.assertEqual((2, 0), (accepted["accepted"], accepted["unchanged"]))
        answer = server.ask("What is the tile size?", session_id="s1")
        self.assertEqual(200, answer.status, answer.body)
        body = answer.json
        self.assertIn("256 pixels", body["answer"])
        self.assertIn("[1]", body["answer"])
        first = body["citations"][0]
        self.assertEqual((1, "render", "Rendering", "docs/render.md"),
                         (first["id"], first["document_id"], first["title"], first["source"]))
        text = RENDER["text"].encode()
        self.assertEqual(first["text"].encode(), text[first["start"]:first["end"]])
        self.assertEqual((False, "miss", "extractive", False), (body["cached"], body["cache"]["status"],
                                                               body["answer_source"], body["degraded"]))
        self.assertEqual(("s1", accepted["corpus_version"]), (body["session_id"], body["corpus_version"]))
        self.assertIn("total", body["timings_ms"])
        self.assertEqual("private, no-store", answer.headers["cache-control"])
        self.assertIn("total;dur=", answer.headers["server-timing"])

    def test_the_same_question_again_is_cached_also_in_other_spelling_of_space_and_case(self):
        server = self.server()
        server.put(RENDER)
        first = server.ask("What is the tile size?").json
        for question in ("What is the tile size?", "  what IS   the tile\nsize? "):
            answer = server.ask(question)
            again = answer.json
            self.assertEqual((True, "hit", first["answer"]), (again["cached"], again["cache"]["status"], again["answer"]))
            self.assertIsNone(again["session_id"])
            self.assertTrue(answer.headers["cache-status"].startswith("ragd; hit; ttl="))
        self.assert_metric(server, 2.0, "rag_cache_hits_total")
        self.assert_metric(server, 2.0, "rag_queries_total", status="cached")
        self.assert_metric(server, 1.0, "rag_queries_total", status="success")

    def test_nothing_relevant_is_an_honest_no_answer(self):
        server = self.server()
        server.put(RENDER)
        body = server.ask("Who won the chess championship in Reykjavik?").json
        self.assertEqual([], body["citations"])
        self.assertNotIn("[1]", body["answer"])
        self.assert_metric(server, 1.0, "rag_queries_total", status="no_answer")

    def test_an_empty_corpus_answers_honestly(self):
        self.assertEqual([], self.server().ask("What is the tile size?").json["citations"])

    def test_events_carry_the_same_answer(self):
        server = self.server()
        server.put(RENDER)
        plain = server.ask("What is the tile size?").json
        answer = server.ask("What is the tile size?", stream=True)
        self.assertEqual("text/event-stream; charset=utf-8", answer.headers["content-type"])
        self.assertEqual("no", answer.headers["x-accel-buffering"])
        events = [block.split("\n") for block in answer.body.decode().strip().split("\n\n")]
        named = [(lines[0][7:], json.loads(lines[1][6:])) for lines in events if lines[0].startswith("event: ")]
        self.assertEqual(["citations", "delta", "done"], [name for name, _ in named])
        self.assertEqual(plain["citations"], named[0][1]["citations"])
        self.assertEqual(plain["answer"], "".join(data["text"] for name, data in named if name == "delta"))
        self.assertEqual((True, plain["answer"]), (named[2][1]["cached"], named[2][1]["answer"]))

    def test_filters_and_top_k(self):
        server = self.server()
        server.put({**RENDER, "metadata": {"year": 2020, "tags": ["graphics", "fast"]}},
                   {**RENDER, "id": "render2", "metadata": {"year": 2024},
                    "text": "Another renderer cuts pictures as well. Its tile size is 32 pixels and cannot be changed."},
                   {**RENDER, "id": "copy"})
        found = lambda **more: [r["document_id"] for r in server.post("/search", {"query": "tile size", **more}).json["results"]]
        self.assertEqual({"copy", "render2"}, set(found()))  # of two that say the same, the first
        self.assertEqual(["render2"], found(filters={"year": {"gte": 2021}}))
        self.assertEqual(["render"], found(filters={"tags": ["slow", "fast"]}))
        self.assertEqual([], found(filters={"absent": 1}))
        self.assertEqual(1, len(found(top_k=1)))


class Cache(Case):
    def test_a_write_is_seen_by_the_very_next_question(self):
        server = self.server()
        for size in range(100, 130):
            server.put({**RENDER, "text": f"The tile size is {size} pixels."})
            body = server.ask("What is the tile size?").json
            self.assertIn(f"{size} pixels", body["answer"])
            self.assertFalse(body["cached"])

    def test_a_write_elsewhere_revalidates_without_a_new_answer(self):
        server = self.server()
        server.put(RENDER)
        first = server.ask("What is the tile size?").json
        server.put({"id": "other", "text": "Gardens need water in summer."})
        second = server.ask("What is the tile size?").json
        self.assertEqual((True, "revalidated", first["answer"]),
                         (second["cached"], second["cache"]["status"], second["answer"]))
        self.assertNotEqual(first["corpus_version"], second["corpus_version"])
        self.assertEqual("hit", server.ask("What is the tile size?").json["cache"]["status"])
        self.assert_metric(server, 1.0, "rag_cache_requests_total", cache="response", result="revalidated")
        self.assert_metric(server, 1.0, "rag_stage_duration_seconds_count", stage="generate")

    def test_a_deleted_document_is_never_cited_again(self):
        server = self.server()
        server.put(RENDER, BILLING)
        self.assertEqual("render", server.ask("What is the tile size?").json["citations"][0]["document_id"])
        self.assertEqual(200, server.request("DELETE", "/documents/render").status)
        self.assertNotIn("render", json.dumps(server.ask("What is the tile size?").json["citations"]))
        self.assertEqual(404, server.get("/documents/render").status)

    def test_a_hundred_identical_questions_compute_once(self):
        server = self.server()
        server.put(RENDER)
        answers, start = [], threading.Barrier(100)

        def ask():
            start.wait()
            answers.append(server.ask("What is the tile size?").json)
        threads = [threading.Thread(target=ask) for _ in range(100)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(1, len({answer["answer"] for answer in answers}))
        self.assertEqual(100, len(answers))
        self.assertEqual(1, sum(answer["cache"]["status"] == "miss" for answer in answers))
        self.assert_metric(server, 1.0, "rag_stage_duration_seconds_count", stage="generate")

    def test_hits_survive_a_restart(self):
        server = self.server()
        server.put(RENDER)
        server.ask("What is the tile size?")
        self.assertEqual(0, server.stop())
        server.start()
        self.assertEqual("hit", server.ask("What is the tile size?").json["cache"]["status"])

    def test_a_kill_may_cost_the_cache_but_never_the_truth(self):
        server = self.server()
        server.put(RENDER)
        server.ask("What is the tile size?")
        server.put({**RENDER, "text": "The tile size is 512 pixels."})
        server.kill()
        server.start()
        self.assertIn("512 pixels", server.ask("What is the tile size?").json["answer"])
        self.assertEqual("hit", server.ask("What is the tile size?").json["cache"]["status"])

    def test_a_damaged_cache_is_recreated_and_served(self):
        server = self.server()
        server.put(RENDER)
        server.ask("What is the tile size?")
        self.assertEqual(0, server.stop())
        cache = os.path.join(self.directory, "data", "cache")
        for name in os.listdir(cache):
            if name.startswith(("MANIFEST", "CURRENT")):
                with open(os.path.join(cache, name), "r+b") as file:
                    file.write(b"\xff" * 64)
        server.start()
        self.assertEqual("miss", server.ask("What is the tile size?").json["cache"]["status"])
        self.assertEqual("hit", server.ask("What is the tile size?").json["cache"]["status"])
        self.assertTrue(any("recreated" in line for line in server.lines), server.lines)
        self.assert_metric(server, 1.0, "rag_cache_errors_total", op="open")

    def test_refresh_and_bypass_and_purge(self):
        server = self.server()
        server.put(RENDER)
        status = lambda **more: server.ask("What is the tile size?", **more).json["cache"]["status"]
        self.assertEqual(["bypass", "miss", "hit", "miss", "bypass", "hit"],
                         [status(cache="bypass"), status(), status(), status(cache="refresh"), status(cache="bypass"), status()])
        self.assertEqual(422, server.request("DELETE", "/admin/cache").status)
        self.assertEqual({"purged": 0}, server.request("DELETE", "/admin/cache?document=billing").json)
        self.assertEqual({"purged": 1}, server.request("DELETE", "/admin/cache?document=render").json)
        self.assertEqual("miss", status())
        self.assertEqual({"purged": 1}, server.request("DELETE", "/admin/cache?all=1").json)

    def test_entries_expire(self):
        server = self.server(CACHE_TTL="1ms")
        server.put(RENDER)
        server.ask("What is the tile size?")
        wait_until("the entry to expire", lambda: server.ask("What is the tile size?").json["cache"]["status"] == "miss")


if __name__ == "__main__":
    unittest.main()
