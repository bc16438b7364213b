"""Retrieval by meaning, against an embedding server that works, stalls, refuses and goes away."""
import os
import unittest

from embedder import Embedder
from harness import Case, wait_until

GARAGE = {"id": "garage", "text": "The automobile stands in the garage behind the house."}
BREAD = {"id": "bread", "text": "The bread is baked before dawn, with rye and salt."}


class Hybrid(Case):
    def setUp(self):
        super().setUp()
        self.embedder = Embedder(key="sk-test")
        self.addCleanup(self.embedder.close)

    def hybrid(self, **more):
        return self.server(**{"EMBEDDINGS_URL": self.embedder.url, "EMBEDDINGS_API_KEY": "sk-test",
                              "EMBEDDINGS_MODEL": "words-1", "EMBEDDINGS_QUERY_TIMEOUT": "500ms", **more})

    def ids(self, server, query, **fields):
        return [result["document_id"] for result in server.post("/search", {"query": query, **fields}).json["results"]]

    def embedded(self, server):
        wait_until("no passage waits", lambda: server.get("/documents?limit=1").json["waiting_for_vectors"] == 0)

    def test_finds_what_is_meant_and_not_only_what_is_said(self):
        server = self.hybrid()
        server.put(GARAGE, BREAD)
        self.embedded(server)
        self.assertEqual("garage", self.ids(server, "car")[0])
        self.assert_metric(server, 0.0, "rag_embedding_waiting_chunks")
        self.assert_metric(server, 2.0, "rag_embedded_chunks")
        self.assertLessEqual(2, server.metric("rag_upstream_requests_total", upstream="embeddings", outcome="success"))

    def test_asks_for_the_vector_of_a_question_once(self):
        server = self.hybrid()
        server.put(GARAGE)
        self.embedded(server)
        before = self.embedder.calls
        for _ in range(5):
            self.ids(server, "vehicle")
        self.assertEqual(before + 1, self.embedder.calls)
        self.assert_metric(server, 4.0, "rag_cache_requests_total", cache="embedding", result="hit")
        self.assert_metric(server, 1.0, "rag_cache_requests_total", cache="embedding", result="miss")

    def test_vectors_that_land_make_a_cached_answer_be_checked(self):
        server = self.hybrid()
        self.embedder.status = 503
        first = server.put(BREAD).json["corpus_version"]
        answer = server.ask("When is the bread baked?").json
        self.assertTrue(answer["degraded"])
        self.assertEqual(0, answer["cache"]["ttl_s"], "nothing degraded is kept")
        self.embedder.status = 200
        self.embedded(server)
        answer = server.ask("When is the bread baked?").json
        self.assertFalse(answer["degraded"])
        self.assertNotEqual(first, answer["corpus_version"])
        self.assertEqual("miss", answer["cache"]["status"])
        self.assertEqual("hit", server.ask("When is the bread baked?").json["cache"]["status"])

    def test_a_silent_embedder_costs_a_question_its_timeout_and_no_more(self):
        server = self.hybrid()
        server.put(BREAD)
        self.embedded(server)
        self.embedder.silent = True
        answer = server.ask("When is the bread baked?", cache="bypass")
        self.assertEqual(200, answer.status)
        self.assertTrue(answer.json["degraded"])
        self.assertIn("before dawn", answer.json["answer"])
        self.embedder.released.set()

    def test_what_waited_is_embedded_after_a_kill(self):
        server = self.hybrid()
        self.embedder.status = 500
        server.put(GARAGE, BREAD)
        server.kill()
        self.embedder.status = 200
        server.start()
        self.embedded(server)
        self.assertEqual("garage", self.ids(server, "car")[0])

    def test_vectors_are_not_fetched_again_after_a_restart(self):
        server = self.hybrid()
        server.put(GARAGE, BREAD)
        self.embedded(server)
        server.stop()
        self.embedder.texts.clear()
        server.start()
        self.assertEqual("garage", self.ids(server, "car")[0])
        self.assertEqual(["car"], self.embedder.texts)

    def test_another_model_embeds_anew_while_words_answer(self):
        server = self.hybrid()
        server.put(GARAGE, BREAD)
        self.embedded(server)
        server.stop()
        self.embedder.dimension = 128
        self.embedder.texts.clear()
        server.settings["EMBEDDINGS_MODEL"] = "words-2"
        server.start()
        self.assertEqual("bread", self.ids(server, "bread")[0])
        self.embedded(server)
        self.assertEqual("garage", self.ids(server, "car")[0])
        self.assertEqual({"words-1", "words-2"}, self.embedder.models)

    def test_a_refused_document_holds_nobody_up(self):
        self.embedder.refused = "baked"
        server = self.hybrid()
        server.put(GARAGE, BREAD)
        self.embedded(server)
        self.assertEqual("garage", self.ids(server, "car")[0])
        self.assertEqual("bread", self.ids(server, "bread")[0], "by words")

    def test_ingest_waits_when_asked_to(self):
        server = self.hybrid()
        path = os.path.join(self.directory, "garage.txt")
        with open(path, "w", encoding="utf-8") as file:
            file.write(GARAGE["text"])
        done = server.cli("ingest", "--wait", path)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertEqual(0, server.get("/documents?limit=1").json["waiting_for_vectors"])
        self.assert_metric(server, 1.0, "rag_embedded_chunks")

    def test_the_key_is_never_shown(self):
        server = self.hybrid()
        server.put(GARAGE)
        self.embedded(server)
        self.assertNotIn("sk-test", "\n".join(server.lines) + server.get("/metrics").body.decode())
        self.assertNotIn("sk-test", server.cli("check-config", "--print").stdout)


if __name__ == "__main__":
    unittest.main()
