"""Documents in PostgreSQL with pgvector: what replicas share, and what happens when the database goes and comes back.

Runs where RAGD_TEST_POSTGRES_URL says that a server was prepared (./dev test --full), with servers of its own, since it
kills them."""
import os
import pathlib
import sys
import threading
import unittest

from harness import BILLING, RENDER, Case, Ragd, wait_until

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "servers"))
import postgres  # noqa: E402


@unittest.skipUnless(os.environ.get("RAGD_TEST_POSTGRES_URL"), "no PostgreSQL was prepared (./dev test --full does)")
class Shared(Case):
    def setUp(self):
        super().setUp()
        try:
            self.database = postgres.Server(may_download=False)
        except postgres.Unavailable as error:
            self.skipTest(f"a server that may be killed is needed: {error}")
        self.addCleanup(self.database.stop)

    def replica(self, name="one", **settings):
        folder = os.path.join(self.directory, name)
        os.mkdir(folder)
        server = Ragd(folder, RETRIEVAL_BACKEND="pgvector", RETRIEVAL_URL=self.database.url, **settings)
        self.addCleanup(self._end, server)
        return server

    def is_ready(self, server):
        answer = server.get("/health/ready")
        return answer.status == 200, answer.json["checks"]["vector_db"]

    def test_replicas_share_documents_and_their_caches_stay_right(self):
        self.database.start()
        one, two = self.replica("one").start(), self.replica("two").start()
        self.assertEqual(200, one.put(RENDER, BILLING).status)
        self.assertIn("256", two.ask("What is the tile size?").json["answer"])
        self.assertTrue(two.ask("What is the tile size?").json["cached"])
        changed = {**RENDER, "text": "The tile size is 512 pixels."}
        version = one.put(changed).json["corpus_version"]
        answer = two.ask("What is the tile size?").json
        self.assertFalse(answer["cached"])
        self.assertIn("512", answer["answer"])
        self.assertEqual(version, answer["corpus_version"])
        self.assertEqual(200, one.request("DELETE", "/documents/render").status)
        self.assertEqual([], two.ask("What is the tile size?").json["citations"])
        self.assertEqual(200, two.get("/documents/billing").status)
        self.assertFalse(os.path.exists(os.path.join(one.directory, "data", "documents")), "no store of its own")
        self.assertGreater(one.metric("rag_upstream_requests_total", upstream="vector_db", outcome="success"), 0)
        wait_until("the gauge", lambda: one.metric("rag_documents") == 1)

    def test_a_database_that_is_killed_amid_a_question_and_comes_back(self):
        self.database.start()
        server = self.replica(RETRIEVAL_TIMEOUT="1s").start()
        self.assertEqual(200, server.put(RENDER).status)
        self.database.freeze()
        answers = []
        asking = threading.Thread(target=lambda: answers.append(server.post("/search", {"query": "tile"})))
        asking.start()
        self.database.kill()
        asking.join()
        self.assert_problem(answers[0], 503)
        wait_until("not ready", lambda: self.is_ready(server) == (False, False))
        self.assertEqual(200, server.get("/health").status)
        # Failures come without asking the database once there were enough of them.
        wait_until("the breaker",
                   lambda: server.post("/search", {"query": "tile"}).status == 503 and
                   server.metric("rag_circuit_breaker_open", upstream="vector_db") == 1)
        self.database.start()
        wait_until("ready again", lambda: self.is_ready(server) == (True, True))
        # Each core has a breaker of its own, and a question may land on either.
        wait_until("closed breakers", lambda: server.post("/search", {"query": "tile"}).status == 200 and
                   server.metric("rag_circuit_breaker_open", upstream="vector_db") == 0)
        self.assertEqual("render", server.post("/search", {"query": "tile"}).json["results"][0]["document_id"])
        self.assertNotIn(self.database.password, "\n".join(server.lines))

    def test_a_database_that_hangs_costs_its_time_limit_and_no_more(self):
        self.database.start()
        server = self.replica(RETRIEVAL_TIMEOUT="300ms", HTTP_REQUEST_TIMEOUT="2s").start()
        self.assertEqual(200, server.put(RENDER).status)
        self.database.freeze()
        self.assertIn(server.post("/search", {"query": "tile"}).status, (503, 504))
        self.assertIn(server.put(BILLING).status, (503, 504))
        self.database.thaw()
        wait_until("found again", lambda: server.post("/search", {"query": "tile"}).status == 200)

    def test_a_start_before_the_database_waits_for_it(self):
        server = self.replica().launch()
        server.port = wait_until("the port", server._find_port)
        self.assertEqual((False, False), self.is_ready(server))
        self.assert_problem(server.put(RENDER), 503)
        self.database.start()
        wait_until("readiness", lambda: self.is_ready(server) == (True, True))
        wait_until("a write", lambda: server.put(RENDER).status == 200)


if __name__ == "__main__":
    unittest.main()
