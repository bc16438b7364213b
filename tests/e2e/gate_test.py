"""Who gets in: rate limit, API keys, CORS, allowed hosts."""
import hashlib
import os
import threading
import unittest

from harness import BILLING, RENDER, Case, wait_until


def key_line(name, key, scopes, tenant=""):
    return f"{name} {hashlib.sha256(key.encode()).hexdigest()} {scopes} {tenant}\n"


class RateLimit(Case):
    def test_the_sixty_first_request_within_a_minute_is_refused(self):
        server = self.server(RATE_LIMIT_REQUESTS="60")
        for left in range(59, -1, -1):
            answer = server.ask("x")
            self.assertEqual(200, answer.status)
            self.assertEqual('"default";q=60;w=60', answer.headers["ratelimit-policy"])
            self.assertIn(f'"default";r={left};t=', answer.headers["ratelimit"])
        refused = server.ask("x")
        problem = self.assert_problem(refused, 429)
        self.assertEqual("Rate limit exceeded", problem["error"])
        self.assertEqual(str(problem["retry_after"]), refused.headers["retry-after"])
        self.assertTrue(0 < problem["retry_after"] <= 60)
        for open_path in ("/health", "/health/ready", "/metrics"):
            self.assertEqual(200, server.get(open_path).status)
        self.assert_metric(server, 1.0, "rag_requests_rejected_total", reason="rate_limit")
        self.assert_metric(server, 59.0, "rag_queries_total", status="cached")
        self.assert_metric(server, 1.0, "rag_queries_total", status="no_answer")

    def test_sixteen_parallel_connections_get_exactly_sixty(self):
        server = self.server(RATE_LIMIT_REQUESTS="60")
        statuses, start = [], threading.Barrier(16)

        def hammer():
            start.wait()
            for _ in range(12):
                statuses.append(server.post("/search", {"query": "x"}).status)
        threads = [threading.Thread(target=hammer) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual((60, 132), (statuses.count(200), statuses.count(429)))

    def test_a_window_passes_and_the_quota_is_back(self):
        server = self.server(RATE_LIMIT_REQUESTS="2", RATE_LIMIT_WINDOW="1s")
        self.assertEqual([200, 200, 429], [server.ask("x").status for _ in range(3)])
        wait_until("the next window", lambda: server.ask("x").status == 200)

    def test_clients_behind_a_trusted_proxy_are_told_apart(self):
        server = self.server(RATE_LIMIT_REQUESTS="1", HTTP_TRUSTED_PROXIES="127.0.0.0/8")
        ask = lambda forwarded: server.ask("x", headers={"X-Forwarded-For": forwarded}).status
        self.assertEqual([200, 429, 200, 429], [ask("192.0.2.1"), ask("192.0.2.1"), ask("192.0.2.2"), ask("spoofed, 192.0.2.2, 127.0.0.9")])
        self.assertEqual([200, 429], [ask("2001:db8:1:2::1"), ask("2001:db8:1:2:ffff::9")], "IPv6 counts by /64")

    def test_a_forwarded_address_from_a_stranger_is_ignored_and_warned_about(self):
        server = self.server(RATE_LIMIT_REQUESTS="1")
        ask = lambda forwarded: server.ask("x", headers={"X-Forwarded-For": forwarded}).status
        self.assertEqual([200, 429], [ask("192.0.2.1"), ask("192.0.2.2")])
        wait_until("a warning", lambda: any("X-Forwarded-For" in line for line in server.lines))

    def test_shadow_mode_counts_without_refusing(self):
        server = self.server(RATE_LIMIT_REQUESTS="1", RATE_LIMIT_SHADOW="true")
        self.assertEqual([200, 200, 200], [server.ask("x").status for _ in range(3)])
        self.assert_metric(server, 2.0, "rag_rate_limit_shadowed_total")

    def test_cache_hits_are_charged_too(self):
        server = self.server(RATE_LIMIT_REQUESTS="3")
        server.put(RENDER)
        self.assertEqual([200, 200, 429], [server.ask("What is the tile size?").status for _ in range(3)])


class Keys(Case):
    def keyed(self, **settings):
        path = os.path.join(self.directory, "keys")
        with open(path, "w", encoding="utf-8") as file:
            file.write("# the team's keys\n" + key_line("reader", "key-r", "query") + key_line("writer", "key-w", "query,ingest")
                       + key_line("boss", "key-b", "query,ingest,admin") + key_line("other", "key-o", "query,ingest", "blue"))
        return self.server(AUTH_KEYS_FILE=path, **settings)

    def test_scopes(self):
        server = self.keyed()
        bearer = lambda key: {"Authorization": f"Bearer {key}"}
        answer = server.ask("x")
        self.assert_problem(answer, 401)
        self.assertIn("Bearer", answer.headers["www-authenticate"])
        self.assert_problem(server.ask("x", headers=bearer("wrong")), 401)
        self.assertEqual(200, server.ask("x", headers=bearer("key-r")).status)
        self.assertEqual(200, server.ask("x", headers={"X-API-Key": "key-r"}).status)
        self.assert_problem(server.put(RENDER, headers=bearer("key-r")), 403)
        self.assertEqual(200, server.put(RENDER, headers=bearer("key-w")).status)
        self.assert_problem(server.request("DELETE", "/admin/cache?all=1", headers=bearer("key-w")), 403)
        self.assertEqual(200, server.request("DELETE", "/admin/cache?all=1", headers=bearer("key-b")).status)
        self.assert_problem(server.get("/nowhere"), 401)
        for path in ("/health", "/health/ready", "/metrics"):
            self.assertEqual(200, server.get(path).status)

    def test_tenants_share_nothing(self):
        server = self.keyed()
        default, blue = {"X-API-Key": "key-w"}, {"X-API-Key": "key-o"}
        server.put(RENDER, headers=default)
        server.put({**BILLING, "id": "render", "text": "The tile size is a secret of blue."}, headers=blue)
        self.assertIn("256", server.ask("What is the tile size?", headers=default).json["answer"])
        theirs = server.ask("What is the tile size?", headers=blue).json
        self.assertFalse(theirs["cached"])
        self.assertIn("secret of blue", theirs["answer"])
        self.assertEqual(200, server.request("DELETE", "/documents/render", headers=blue).status)
        self.assertEqual(200, server.get("/documents/render", headers=default).status)
        self.assertEqual("hit", server.ask("What is the tile size?", headers=default).json["cache"]["status"])

    def test_failed_authentication_charges_the_address_and_keys_have_their_own_limit(self):
        server = self.keyed(RATE_LIMIT_REQUESTS="2")
        guess = lambda: server.ask("x", headers={"X-API-Key": "guess"}).status
        self.assertEqual([401, 401, 429], [guess(), guess(), guess()])
        self.assertEqual([200, 200, 429], [server.ask("x", headers={"X-API-Key": "key-r"}).status for _ in range(3)])

    def test_a_hit_needs_a_key_too(self):
        server = self.keyed()
        server.put(RENDER, headers={"X-API-Key": "key-w"})
        server.ask("What is the tile size?", headers={"X-API-Key": "key-w"})
        self.assertEqual(401, server.ask("What is the tile size?").status)

    def test_without_keys_admin_answers_loopback_itself_only(self):
        server = self.server()
        self.assertEqual(200, server.request("DELETE", "/admin/cache?all=1").status)
        for headers in ({"X-Forwarded-For": "192.0.2.1"}, {"Host": "evil.example"}):
            self.assert_problem(server.request("DELETE", "/admin/cache?all=1", headers=headers), 403)

    def test_keys_never_reach_the_log(self):
        server = self.keyed()
        server.ask("x", headers={"X-API-Key": "key-r"})
        server.ask("x", headers={"X-API-Key": "a-wrong-secret"})
        wait_until("both requests logged", lambda: sum('"msg":"request"' in line and '"/query"' in line for line in server.lines) == 2)
        self.assertNotIn("key-r", "\n".join(server.lines))
        self.assertNotIn("a-wrong-secret", "\n".join(server.lines))


class Cors(Case):
    ORIGIN = "https://app.example"

    def test_off_by_default(self):
        answer = self.server().ask("x", headers={"Origin": self.ORIGIN})
        self.assertNotIn("access-control-allow-origin", answer.headers)
        self.assertNotIn("vary", answer.headers)

    def test_preflight_and_answers_for_a_listed_origin(self):
        server = self.server(CORS_ORIGINS=self.ORIGIN, CORS_CREDENTIALS="true", RATE_LIMIT_REQUESTS="1")
        preflight = {"Origin": self.ORIGIN, "Access-Control-Request-Method": "POST",
                     "Access-Control-Request-Headers": "content-type, x-api-key"}
        for _ in range(3):
            answer = server.request("OPTIONS", "/query", headers=preflight)
            self.assertEqual((204, self.ORIGIN, "true"), (answer.status, answer.headers["access-control-allow-origin"],
                                                          answer.headers["access-control-allow-credentials"]))
            self.assertEqual("content-type, x-api-key", answer.headers["access-control-allow-headers"])
            self.assertIn("POST", answer.headers["access-control-allow-methods"])
            self.assertEqual("600", answer.headers["access-control-max-age"])
        for status in (200, 429):
            answer = server.ask("x", headers={"Origin": self.ORIGIN})
            self.assertEqual((status, self.ORIGIN, "Origin"), (answer.status, answer.headers["access-control-allow-origin"], answer.headers["vary"]))
            self.assertIn("Retry-After", answer.headers["access-control-expose-headers"])

    def test_others_get_nothing(self):
        server = self.server(CORS_ORIGINS=self.ORIGIN)
        ask = lambda **headers: server.request("OPTIONS", "/query", headers={"Access-Control-Request-Method": "POST", **headers}).headers
        self.assertNotIn("access-control-allow-origin", ask(Origin="https://evil.example"))
        self.assertNotIn("access-control-allow-origin", ask(Origin="null"))
        refused = {"Origin": self.ORIGIN, "Access-Control-Request-Method": "PATCH"}
        self.assertNotIn("access-control-allow-origin", server.request("OPTIONS", "/query", headers=refused).headers)
        refused = {"Origin": self.ORIGIN, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-evil"}
        self.assertNotIn("access-control-allow-origin", server.request("OPTIONS", "/query", headers=refused).headers)
        self.assertEqual("Origin", server.ask("x", headers={"Origin": "https://evil.example"}).headers["vary"])


class Hosts(Case):
    def test_an_unlisted_host_is_refused_but_probes_go_on(self):
        server = self.server(HTTP_ALLOWED_HOSTS="127.0.0.1,rag.example")
        self.assertEqual(200, server.ask("x").status)
        self.assertEqual(200, server.ask("x", headers={"Host": "RAG.example.:80"}).status)
        self.assert_problem(server.ask("x", headers={"Host": "evil.example"}), 421)
        self.assertEqual(200, server.get("/health", headers={"Host": "10.0.0.1"}).status)


if __name__ == "__main__":
    unittest.main()
