"""What an operator meets: health, metrics, logs, settings, signals, kill -9."""
import hashlib
import json
import os
import signal
import socket
import threading
import unittest

from harness import RENDER, Case, Ragd, clean_environment, run, wait_until


class Health(Case):
    def test_liveness_and_readiness(self):
        server = self.server()
        health = server.get("/health").json
        self.assertEqual("healthy", health["status"])
        self.assertRegex(health["version"], r"^\d+\.\d+\.\d+$")
        ready = server.get("/health/ready")
        self.assertEqual((200, "ready", {"cache": True, "vector_db": True, "llm": True}),
                         (ready.status, ready.json["status"], ready.json["checks"]))

    def test_healthcheck_verb(self):
        server = self.server()
        self.assertEqual(0, server.cli("healthcheck").returncode)
        server.stop()
        down = server.cli("healthcheck")
        self.assertEqual(1, down.returncode)
        self.assertEqual(1, len(down.stderr.strip().splitlines()))


class Metrics(Case):
    def test_the_challenges_names_exist_from_the_first_scrape(self):
        server = self.server()
        answer = server.get("/metrics")
        self.assertEqual("text/plain; version=0.0.4; charset=utf-8", answer.headers["content-type"])
        text = answer.body.decode()
        for status in ("success", "cached", "no_answer", "error", "canceled"):
            self.assertIn(f'rag_queries_total{{status="{status}"}} 0\n', text)
        self.assertIn("\nrag_cache_hits_total 0\n", text)
        for bound in ("0.1", "0.5", "1.0", "2.0", "5.0", "+Inf"):
            self.assertIn(f'rag_query_duration_seconds_bucket{{le="{bound}"}} 0\n', text)
        lines = text.splitlines()
        series = [line.rsplit(" ", 1)[0] for line in lines if not line.startswith("#")]
        self.assertEqual(len(series), len(set(series)), "a series stands twice")
        types = [line for line in lines if line.startswith("# TYPE ")]
        self.assertEqual(len(types), len({line.split()[2] for line in types}), "a family stands twice")
        for name in ("rag_build_info", "rag_documents", "rag_ready", "rag_dependency_up", "process_open_fds", "rag_rocksdb_sst_bytes"):
            self.assertRegex(text, rf"(?m)^{name}(\{{| )")

    def test_series_stay_bounded_whatever_clients_send(self):
        server = self.server()
        for n in range(300):
            server.request(f"M{n}", f"/path{n}", headers={"X-Request-Id": f"id{n}"})
            server.ask(f"question {n}", session_id=f"s{n}")
        series = [line for line in server.get("/metrics").body.decode().splitlines() if line and not line.startswith("#")]
        self.assertLess(len(series), 600)

    def test_queries_sum_up(self):
        server = self.server()
        server.put(RENDER)
        for question in ("What is the tile size?", "What is the tile size?", "Who won at chess?"):
            server.ask(question)
        server.ask("")
        for status, count in {"success": 1.0, "cached": 1.0, "no_answer": 1.0, "error": 0.0, "canceled": 0.0}.items():
            self.assert_metric(server, count, "rag_queries_total", status=status)
        self.assert_metric(server, 3.0, "rag_query_duration_seconds_count")
        self.assert_metric(server, 3.0, "rag_http_requests_total", route="/query", method="POST", code="200")
        self.assert_metric(server, 1.0, "rag_http_requests_total", route="/query", method="POST", code="422")
        self.assert_metric(server, 1.0, "rag_documents")


class Logs(Case):
    def test_one_json_line_a_request_without_the_question(self):
        server = self.server()
        server.put(RENDER)
        trace = "0af7651916cd43dd8448eb211c80319c"
        answer = server.ask("A very private question?", headers={"X-Request-Id": "my-id.1", "traceparent": f"00-{trace}-b7ad6b7169203331-01"})
        self.assertEqual("my-id.1", answer.headers["x-request-id"])
        line = wait_until("the log line", lambda: next((l for l in server.lines if "my-id.1" in l), None))
        entry = json.loads(line)
        self.assertEqual(("request", "/query", 200, "miss", trace), tuple(entry[k] for k in ("msg", "route", "status", "cache", "trace_id")))
        self.assertGreater(entry["duration_ms"], 0)
        server.get("/health")
        server.stop()
        for line in server.lines:
            json.loads(line)
        self.assertNotIn("private", "\n".join(server.lines))
        self.assertFalse(any('"/health"' in line for line in server.lines))

    def test_a_forged_request_id_is_replaced(self):
        server = self.server()
        answer = server.raw(b'GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Request-Id: a","b":"c\r\n\r\n').decode()
        self.assertRegex(answer, r"X-Request-Id: [0-9a-f]{32}\r\n")


class Settings(Case):
    def check(self, *arguments, **environment):
        return run("check-config", *arguments, environment=clean_environment(**environment), cwd=self.directory)

    def write(self, text):
        path = os.path.join(self.directory, "ragd.toml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def test_file_then_environment_then_flag(self):
        path = self.write('[cache]\nttl = "5m"\n[retrieval]\ntop_k = 7\n')
        out = self.check("--print", "--config", path, "--cache-ttl", "3s", RAGD_CACHE_TTL="4s", RAGD_RETRIEVAL_TOP_K="8").stdout
        self.assertRegex(out, r'ttl = "3s" +# flag --cache-ttl')
        self.assertRegex(out, r"top_k = 8 +# environment RAGD_RETRIEVAL_TOP_K")

    def test_a_typo_is_one_precise_line_and_exit_code_2(self):
        path = self.write('[cache]\n\ntll = "5m"\n')
        result = self.check("--config", path)
        self.assertEqual((2, f"{path}:3:1: unknown key 'cache.tll' (did you mean 'cache.ttl'?)\n"), (result.returncode, result.stderr))
        self.assertEqual(2, self.check(RAGD_CACHE_TTL="soon").returncode)
        self.assertEqual(2, self.check("--cache-tll", "5").returncode)

    def test_an_open_server_without_keys_is_refused(self):
        result = run("serve", environment=clean_environment(RAGD_LISTEN="0.0.0.0:0", RAGD_DATA_DIR=self.directory), cwd=self.directory)
        self.assertEqual(2, result.returncode)
        self.assertIn("insecure_no_auth", result.stderr)

    def test_bad_keys_files_stop_the_start_with_their_line(self):
        path = os.path.join(self.directory, "keys")
        with open(path, "w", encoding="utf-8") as file:
            file.write("name nothex query\n")
        result = run("serve", environment=clean_environment(RAGD_AUTH_KEYS_FILE=path, RAGD_DATA_DIR=self.directory,
                                                         RAGD_LISTEN="127.0.0.1:0"), cwd=self.directory)
        self.assertEqual(2, result.returncode)
        self.assertIn(f"{path}:1:", result.stderr)

    def test_port_taken_and_directory_locked_are_one_clear_line(self):
        server = self.server()
        for settings, words in [({"RAGD_LISTEN": f"127.0.0.1:{server.port}", "RAGD_DATA_DIR": self.directory + "/other"}, "in use"),
                                ({"RAGD_LISTEN": "127.0.0.1:0", "RAGD_DATA_DIR": self.directory + "/data"}, "in use"),
                                ({"RAGD_LISTEN": "127.0.0.1:0", "RAGD_DATA_DIR": "/proc/nowhere"}, "/proc/nowhere")]:
            result = run("serve", environment=clean_environment(**settings), cwd=self.directory)
            self.assertEqual(1, result.returncode, result.stderr)
            self.assertEqual(1, len(result.stderr.strip().splitlines()), result.stderr)
            self.assertIn(words, result.stderr)

    def test_sighup_reloads_and_a_bad_file_keeps_the_old(self):
        path = self.write('[rate_limit]\nrequests = 1\n[cors]\norigins = ["https://a.example"]\n')
        server = Ragd(self.directory)
        del server.settings["RATE_LIMIT_REQUESTS"]
        self.addCleanup(self._end, server)
        server.start("--config", path)
        self.assertEqual([200, 429], [server.ask("x").status for _ in range(2)])
        self.write('[rate_limit]\nrequests = 0\n[cors]\norigins = ["https://b.example"]\n')
        server.process.send_signal(signal.SIGHUP)
        wait_until("the reload", lambda: server.ask("x").status == 200)
        self.assertIn("access-control-allow-origin", server.ask("x", headers={"Origin": "https://b.example"}).headers)
        self.assert_metric(server, 1.0, "rag_config_last_reload_successful")
        self.write("[rate_limit]\nrequests = -1\n")
        server.process.send_signal(signal.SIGHUP)
        wait_until("the refusal", lambda: server.metric("rag_config_last_reload_successful") == 0.0)
        self.assertEqual(200, server.ask("x").status)


    def test_a_reload_never_opens_the_door(self):
        keys = os.path.join(self.directory, "keys")
        with open(keys, "w", encoding="utf-8") as file:
            file.write(f"web {hashlib.sha256(b'k').hexdigest()} query\n")
        path = self.write(f'[auth]\nkeys_file = "{keys}"\n[cache]\nttl = "1h"\n')
        server = self.server("--config", path)
        self.assertEqual(401, server.ask("x").status)
        self.write('log_level = "debug"\n')
        server.process.send_signal(signal.SIGHUP)
        wait_until("the reload", lambda: any("settings reloaded" in line for line in server.lines))
        self.assertTrue(any("auth.keys_file" in line and "restart" in line for line in server.lines))
        self.assertEqual(401, server.ask("x").status)
        with open(keys, "a", encoding="utf-8") as file:
            file.write(f"new {hashlib.sha256(b'n').hexdigest()} query\n")
        server.process.send_signal(signal.SIGHUP)
        wait_until("the new key", lambda: server.ask("x", headers={"X-API-Key": "n"}).status == 200)

    def test_a_value_that_cannot_hold_is_blamed_where_it_stands(self):
        for text, words in [('listen = "127.0.0.300:1"', "listen"), ('[http]\ntrusted_proxies = ["10.0.0.0/33"]', "trusted_proxies"),
                            ('[cors]\nheaders = ["a b"]', "cors.headers"), ('[cors]\nmethods = ["GET POST"]', "cors.methods"),
                            ('[http]\nallowed_hosts = ["a.example:80"]', "allowed_hosts"), ('[auth]\nkeys_file = "/nowhere"', "/nowhere")]:
            path = self.write(text + "\n")
            for verb in ("check-config", "serve"):
                result = run(verb, "--config", path, environment=clean_environment(RAGD_DATA_DIR=self.directory), cwd=self.directory)
                self.assertEqual(2, result.returncode, text)
                self.assertTrue(result.stderr.startswith(path + ":"), result.stderr)
                self.assertIn(words, result.stderr)
                self.assertEqual(1, len(result.stderr.splitlines()), result.stderr)


class Signals(Case):
    def test_sigterm_drains(self):
        server = self.server(DRAIN_DELAY="1s", DRAIN_TIMEOUT="5s")
        server.process.send_signal(signal.SIGTERM)
        wait_until("not ready", lambda: server.get("/health/ready").status == 503)
        answer = server.ask("still answering?")
        self.assertEqual((200, "close"), (answer.status, answer.headers["connection"]))
        self.assertEqual(0, server.process.wait(30))

    def test_an_idle_connection_does_not_hold_the_end(self):
        server = self.server(DRAIN_TIMEOUT="20s")
        with socket.create_connection(("127.0.0.1", server.port)) as idle:
            idle.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertIn(b"200", idle.recv(4096))
            server.process.send_signal(signal.SIGTERM)
            self.assertEqual(0, server.process.wait(15))

    def test_acknowledged_documents_survive_kill_9_in_the_middle_of_ingest(self):
        server = self.server()
        acknowledged, stop = [], threading.Event()

        def ingest():
            n = 0
            while not stop.is_set():
                batch = [{"id": f"{n}-{i}", "text": f"Document number {n} part {i}."} for i in range(5)]
                try:
                    if server.put(*batch).status == 200:
                        acknowledged.append(n)
                except OSError:
                    return
                n += 1
        for _ in range(3):
            stop.clear()
            before = len(acknowledged)
            thread = threading.Thread(target=ingest)
            thread.start()
            wait_until("some batches", lambda: len(acknowledged) > before + 10)
            server.kill()
            stop.set()
            thread.join()
            server.start()
            stored, cursor = set(), ""
            while cursor is not None:
                page = server.get(f"/documents?limit=1000&cursor={cursor}").json
                stored |= {document["id"] for document in page["documents"]}
                cursor = page["next_cursor"]
            for n in acknowledged:
                self.assertLessEqual({f"{n}-{i}" for i in range(5)}, stored)
            groups = {}
            for name in stored:
                groups.setdefault(name.split("-")[0], []).append(name)
            self.assertEqual({5}, {len(group) for group in groups.values()}, "a batch is all or nothing")


class CommandLine(Case):
    def test_ingest_ask_search(self):
        docs = os.path.join(self.directory, "docs")
        os.makedirs(docs)
        with open(os.path.join(docs, "render.md"), "w", encoding="utf-8") as file:
            file.write("# Rendering\n\n## Tiles\n\nThe tile size is 256 pixels.\n")
        with open(os.path.join(docs, "billing.html"), "w", encoding="utf-8") as file:
            file.write("<html><head><title>Billing</title></head><body><p>Refunds take five working days.</p></body></html>")
        with open(os.path.join(docs, "broken.txt"), "wb") as file:
            file.write(b"\xff\xfe\x00broken")
        server = self.server()
        first = server.cli("ingest", "docs")
        self.assertEqual(1, first.returncode, "a bad file is reported by the exit code")
        self.assertIn("docs/broken.txt", first.stderr + first.stdout)
        os.remove(os.path.join(docs, "broken.txt"))
        again = server.cli("ingest", "docs")
        self.assertEqual(0, again.returncode, again.stderr)
        self.assertIn("2 unchanged", again.stdout + again.stderr)
        asked = server.cli("ask", "How long do refunds take?")
        self.assertEqual(0, asked.returncode, asked.stderr)
        self.assertIn("five working days", asked.stdout)
        self.assertIn("docs/billing.html", asked.stdout)
        self.assertTrue(json.loads(server.cli("ask", "--json", "How long do refunds take?").stdout)["cached"])
        self.assertIn("docs/render.md", server.cli("search", "tile size").stdout)

    def test_errors_say_what_to_do(self):
        result = run("ask", "--url", "http://127.0.0.1:9", "x")
        self.assertEqual(1, result.returncode)
        self.assertIn("http://127.0.0.1:9", result.stderr)
        self.assertEqual(1, len(result.stderr.strip().splitlines()))

    def test_version_and_help(self):
        self.assertRegex(run("version").stdout, r"^ragd \d+\.\d+\.\d+")
        text = run("--help").stdout
        for verb in ("serve", "ingest", "ask", "search", "check-config", "healthcheck", "version", "export", "import", "snapshot", "restore"):
            self.assertIn(verb, text)
        self.assertNotEqual(0, run("srve").returncode)


if __name__ == "__main__":
    unittest.main()
