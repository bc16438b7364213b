"""Moving and saving a corpus: export and import, snapshot and restore, with whatever can go wrong between."""
import hashlib
import json
import os
import re
import signal
import subprocess
import threading
import unittest

from harness import BILLING, BINARY, PATIENCE, RENDER, Case, Ragd, run, wait_until

AWKWARD = [
    {"id": "ünï/код 😀", "title": "Tïtle \"quoted\" \\ \t", "source": "a/b c?d#e",
     "text": "Line one.\r\nLine two \u0001\u007f\u0085\u2028 end. 😀 " + "é" * 50,
     "metadata": {"n": 1.5, "e": 1e300, "i": -7, "big": 18446744073709551615, "zero": 0.0, "yes": True, "no": None,
                  "list": ["x", 2, [3, {"deep": {"er": []}}]], "": "empty key", "ключ": "значение"}},
    {"id": "large", "text": "A large text has many words. " * 100_000},
    {"id": "plain", "text": "Plain words only."},
]


def sha256(data):
    return hashlib.sha256(data).hexdigest()


class Other(Ragd):
    """A server in the same test with data of its own."""

    def __init__(self, directory, name, **settings):
        super().__init__(directory, **settings)
        self.name = name

    def environment(self):
        return {**super().environment(), "RAGD_DATA_DIR": os.path.join(self.directory, self.name)}


class BackupCase(Case):
    def other(self, name, **settings):
        server = Other(self.directory, name, **settings)
        self.addCleanup(self._end, server)
        return server.start()

    def path(self, *parts):
        return os.path.join(self.directory, *parts)

    def restore(self, snapshot, data_dir, *more):
        return run("restore", snapshot, "--data-dir", self.path(data_dir), *more, cwd=self.directory)

    def documents(self, server):
        found, cursor = [], ""
        while cursor is not None:
            page = server.get(f"/documents?limit=100&cursor={cursor}").json
            found += page["documents"]
            cursor = page["next_cursor"]
        return found

    def results(self, server, query):
        return server.post("/search", {"query": query, "top_k": 10}).json["results"]


class ExportImport(BackupCase):
    def test_an_import_exports_the_same_again(self):
        server = self.server()
        server.put(*AWKWARD, RENDER, BILLING)
        server.put({**BILLING, "text": "Invoices are sent on the second day.", "metadata": {"v": 2}})
        server.put(*[{"id": f"n{i}", "text": f"Document number {i}."} for i in range(1500)])
        self.assertEqual(200, server.request("DELETE", "/documents/plain").status)
        exported = server.cli("export", "--output", "corpus.ndjson")
        self.assertEqual(0, exported.returncode, exported.stderr)
        self.assertIn("exported 1504 documents", exported.stderr)
        with open(self.path("corpus.ndjson"), "rb") as file:
            first = file.read()
        lines = [json.loads(line) for line in first.splitlines()]
        self.assertEqual(sorted((line["id"].encode() for line in lines)), [line["id"].encode() for line in lines])
        by_id = {line["id"]: line for line in lines}
        self.assertNotIn("plain", by_id)
        self.assertEqual({"id": AWKWARD[0]["id"], **{k: AWKWARD[0][k] for k in ("title", "source", "metadata", "text")}},
                         by_id[AWKWARD[0]["id"]])
        self.assertEqual(AWKWARD[1]["text"], by_id["large"]["text"])
        self.assertEqual("Invoices are sent on the second day.", by_id["billing"]["text"])

        other = self.other("other")
        imported = other.cli("import", "corpus.ndjson")
        self.assertEqual(0, imported.returncode, imported.stderr)
        self.assertIn("imported 1504 (0 unchanged, 0 failed)", imported.stdout)
        again = other.cli("export")
        self.assertEqual(sha256(first), sha256(again.stdout.encode()))
        self.assertEqual(self.documents(server), self.documents(other))
        piped = other.cli("import", "-", stdin=again.stdout)
        self.assertIn("imported 0 (1504 unchanged, 0 failed)", piped.stdout)

    def test_the_rate_limit_is_waited_out(self):
        server = self.server(RATE_LIMIT_REQUESTS="2", RATE_LIMIT_WINDOW="1s")
        with open(self.path("in.ndjson"), "w", encoding="utf-8") as file:
            for i in range(650):
                file.write(json.dumps({"id": f"{i}", "text": f"Document {i}."}) + "\n")
        imported = server.cli("import", "in.ndjson")
        self.assertEqual(0, imported.returncode, imported.stderr)
        self.assertIn("the server asks for patience", imported.stderr)
        exported = server.cli("export")
        self.assertEqual(650, len(exported.stdout.splitlines()))

    def test_bad_lines_are_named_and_the_rest_goes_on(self):
        server = self.server(HTTP_MAX_BODY_BYTES="64KiB")
        with open(self.path("bad.ndjson"), "wb") as file:
            file.write(json.dumps({"id": "good", "text": "Good."}).encode() + b"\n{\n\n")
            file.write(json.dumps({"id": "blank", "text": " "}).encode() + b"\n")
            file.write(json.dumps({"id": "huge", "text": "x" * 70_000}).encode() + b"\n")
            file.write(b'{"id":"utf8","text":"\xff"}\n')
        result = server.cli("import", "bad.ndjson")
        self.assertEqual(1, result.returncode)
        self.assertEqual(["bad.ndjson:2", "bad.ndjson:4", "bad.ndjson:5", "bad.ndjson:6"],
                         sorted(line.split(": ")[0] for line in result.stderr.splitlines()), result.stderr)
        self.assertEqual(["good"], [document["id"] for document in self.documents(server)])


class Snapshots(BackupCase):
    def test_a_snapshot_under_writes_is_restored_elsewhere(self):
        server = self.server()
        server.put(*AWKWARD, RENDER, BILLING)
        stop, written = threading.Event(), []

        def write():
            n = 0
            while not stop.is_set():
                answer = server.put({"id": f"w{n:06}", "text": f"Written number {n} meanwhile."},
                                    {"id": f"v{n:06}", "text": f"Written number {n} meanwhile."})
                if answer.status == 200:
                    written.append(n)
                n += 1
        thread = threading.Thread(target=write)
        thread.start()
        self.addCleanup(stop.set)
        wait_until("some writes", lambda: len(written) > 5)
        before = len(written)
        taken = server.cli("snapshot", "--name", "live", "--json")
        self.assertEqual(0, taken.returncode, taken.stderr)
        answer = json.loads(taken.stdout)
        self.assertEqual({"name", "documents", "bytes", "corpus_version"}, set(answer))
        at_most = len(written) + 1
        wait_until("writes go on", lambda: len(written) > at_most)
        stop.set()
        thread.join()

        restored = self.restore(self.path("data", "snapshots", "live"), "elsewhere")
        self.assertEqual(0, restored.returncode, restored.stderr)
        other = self.other("elsewhere")
        documents = self.documents(other)
        self.assertEqual(answer["documents"], len(documents))
        ids = {document["id"] for document in documents}
        pairs = {name[1:] for name in ids if re.fullmatch(r"[vw]\d{6}", name)}
        self.assertEqual({f"{kind}{n}" for n in pairs for kind in "vw"},
                         {name for name in ids if re.fullmatch(r"[vw]\d{6}", name)}, "a batch is all or nothing")
        self.assertLessEqual({f"{n:06}" for n in written[:before]}, pairs)
        now = {document["id"]: document for document in self.documents(server)}
        self.assertEqual([now[document["id"]] for document in documents], documents)
        # The corpus as of the snapshot, on a server that got it document by document.
        third = self.other("third")
        third.cli("import", "-", stdin=other.cli("export").stdout)
        for query in ("tile size", "refunds", "large text words", "written meanwhile 3"):
            self.assertEqual(self.results(third, query), self.results(other, query), query)
        self.assertNotEqual(answer["corpus_version"].rsplit("-", 1)[0],
                            other.post("/search", {"query": "x"}).json["corpus_version"].rsplit("-", 1)[0])
        self.assert_metric(server, 1.0, "rag_snapshots_total", outcome="taken")
        line = next(json.loads(line) for line in server.lines if '"snapshot taken"' in line)
        self.assertEqual(("live", answer["documents"]), (line["name"], line["documents"]))

    def test_no_cached_answer_survives_a_restore(self):
        server = self.server()
        server.put(RENDER)
        self.assertEqual(0, server.cli("snapshot", "--name", "old").returncode)
        server.put({**RENDER, "text": "The tile size is 512 pixels."})
        self.assertIn("512", server.ask("What is the tile size?").json["answer"])
        self.assertTrue(server.ask("What is the tile size?").json["cached"])
        server.stop()
        restored = self.restore(self.path("data", "snapshots", "old"), "data", "--replace")
        self.assertEqual(0, restored.returncode, restored.stderr)
        server.start()
        answer = server.ask("What is the tile size?").json
        self.assertFalse(answer["cached"])
        self.assertIn("256", answer["answer"])

    def test_what_is_wrong_with_the_request(self):
        server = self.server()
        server.put(RENDER)
        self.assertEqual(200, server.post("/admin/snapshot", {"name": "mine"}).status)
        taken = self.assert_problem(server.post("/admin/snapshot", {"name": "mine"}), 409)
        self.assertNotIn(self.directory, json.dumps(taken))
        self.assert_problem(server.post("/admin/snapshot", {"name": "../mine"}), 422)
        self.assert_problem(server.post("/admin/snapshot", {"name": ""}), 422)
        self.assert_problem(server.request("POST", "/admin/snapshot"), 415)
        self.assert_problem(server.get("/admin/snapshot"), 405)
        self.assert_problem(server.post("/admin/snapshot", {}, headers={"Host": "evil.example"}), 403)
        unnamed = server.post("/admin/snapshot", {}).json
        self.assertRegex(unnamed["name"], r"^\d{8}T\d{6}Z-1$")
        self.assertEqual({"mine", unnamed["name"]}, set(os.listdir(self.path("data", "snapshots"))))

    def test_a_key_needs_the_scope_admin(self):
        with open(self.path("keys"), "w", encoding="utf-8") as file:
            for name, scopes in (("boss", "admin"), ("feeder", "query,ingest")):
                file.write(f"{name} {sha256(name.encode())} {scopes}\n")
        server = self.server(AUTH_KEYS_FILE=self.path("keys"))
        self.assert_problem(server.post("/admin/snapshot", {}), 401)
        self.assert_problem(server.post("/admin/snapshot", {}, headers={"X-API-Key": "feeder"}), 403)
        self.assertEqual(0, server.cli("snapshot", "--api-key", "boss").returncode)
        line = next(json.loads(line) for line in server.lines if '"snapshot taken"' in line)
        self.assertEqual("boss", line["by"])

    def test_without_a_server(self):
        server = self.server()
        server.put(RENDER, BILLING)
        busy = run("snapshot", "--data-dir", self.path("data"), cwd=self.directory)
        self.assertEqual(1, busy.returncode)
        self.assertIn("is in use by another process", busy.stderr)
        server.stop()
        taken = run("snapshot", "--data-dir", self.path("data"), "--name", "cold", cwd=self.directory)
        self.assertEqual(0, taken.returncode, taken.stderr)
        self.assertIn("snapshot cold: 2 documents", taken.stdout)
        self.assertEqual(0, self.restore(self.path("data", "snapshots", "cold"), "elsewhere").returncode)
        self.assertEqual(2, len(self.documents(self.other("elsewhere"))))


class Refusals(BackupCase):
    def setUp(self):
        super().setUp()
        server = self.server()
        server.put(RENDER, BILLING)
        self.assertEqual(0, server.cli("snapshot", "--name", "mine").returncode)
        server.stop()
        self.snapshot = self.path("data", "snapshots", "mine")

    def refused(self, *more):
        result = self.restore(self.snapshot, "elsewhere", *more)
        self.assertEqual(1, result.returncode, result.stdout)
        self.assertEqual(1, len(result.stderr.splitlines()), result.stderr)
        self.assertFalse(os.path.exists(self.path("elsewhere", "documents")))
        return result.stderr

    def test_a_flipped_byte_is_named_with_its_file(self):
        name = next(name for name in sorted(os.listdir(os.path.join(self.snapshot, "documents"))) if name.endswith(".sst"))
        path = os.path.join(self.snapshot, "documents", name)
        with open(path, "rb") as file:
            data = bytearray(file.read())
        data[len(data) // 2] ^= 1
        os.remove(path)  # the store shares the file
        with open(path, "wb") as file:
            file.write(data)
        self.assertIn(f"documents/{name} is changed", self.refused())

    def test_a_newer_format_is_refused(self):
        path = os.path.join(self.snapshot, "snapshot.json")
        with open(path, encoding="utf-8") as file:
            manifest = json.load(file)
        with open(path, "w", encoding="utf-8") as file:
            json.dump({**manifest, "format": 2}, file)
        self.assertIn("is of format 2, this ragd understands 1", self.refused())
        with open(path, "w", encoding="utf-8") as file:
            json.dump({**manifest, "store_format": 99}, file)
        self.assertIn("holds documents of format 99, this ragd understands 2", self.refused())

    def test_documents_are_kept_unless_they_are_to_be_replaced(self):
        result = self.restore(self.snapshot, "data")
        self.assertEqual(1, result.returncode)
        self.assertIn("--replace", result.stderr)
        server = self.server()
        self.assertIn("in use", self.restore(self.snapshot, "data", "--replace").stderr)
        self.assertEqual(2, len(self.documents(server)))

    def test_kill_9_in_the_middle_of_a_restore(self):
        # Large enough to be killed in the middle of the copy.
        server = self.server()
        for i in range(6):
            server.put({"id": f"big{i}", "text": os.urandom(1_500_000).hex()})
        self.assertEqual(0, server.cli("snapshot", "--name", "big").returncode)
        server.request("DELETE", "/documents/billing")
        server.stop()
        big = self.path("data", "snapshots", "big")
        fresh = self.path("data", "documents.restoring")
        codes = []
        for least in (1, 2, 5):
            process = subprocess.Popen([BINARY, "restore", big, "--data-dir", self.path("data"), "--replace"],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            while process.poll() is None:
                if os.path.isdir(fresh) and len(os.listdir(fresh)) >= least:
                    process.send_signal(signal.SIGKILL)
                    break
            codes.append(process.wait(PATIENCE))
            server.start()
            ids = {document["id"] for document in self.documents(server)}
            self.assertEqual({"render", *(f"big{i}" for i in range(6))}, ids - {"billing"})
            self.assertFalse(os.path.exists(fresh), "the start has removed it")
            self.assertIn("256", server.ask("What is the tile size?").json["answer"])
            server.stop()
        self.assertIn(-signal.SIGKILL, codes)
        self.assertEqual(0, self.restore(big, "data", "--replace").returncode)
        server.start()
        self.assertEqual(8, len(self.documents(server)))


class Guide(BackupCase):
    def test_the_commands_of_the_operations_guide_work(self):
        """Every line of the section's code blocks, in order, in one shell."""
        guide = os.path.join(os.path.dirname(__file__), "..", "..", "docs", "operations.md")
        with open(guide, encoding="utf-8") as file:
            section = re.search(r"(?ms)^## Backup and restore\n(.*?)^## ", file.read()).group(1)
        blocks = re.findall(r"(?ms)^```sh\n(.*?)^```", section)
        self.assertGreaterEqual(len(blocks), 3)
        server = self.server()
        server.put(RENDER, BILLING)
        new = self.other("new")
        os.mkdir(self.path("bin"))
        os.symlink(os.path.abspath(BINARY), self.path("bin", "ragd"))
        os.mkdir(self.path("backup"))
        for block in blocks:
            if "--data-dir" in block:
                server.stop()
            elif server.process.poll() is not None:
                server.start()
            environment = {**server.environment(), "RAGD_URL": f"http://127.0.0.1:{server.port}",
                           "PATH": self.path("bin") + ":" + os.environ["PATH"]}
            script = block.replace("http://new:8000", f"http://127.0.0.1:{new.port}")
            done = subprocess.run(["bash", "-eu", "-c", script], cwd=self.directory, env=environment, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=4 * PATIENCE)
            self.assertEqual(0, done.returncode, block + done.stdout)
        self.assertEqual(2, len(self.documents(new)))
        self.assertEqual(2, len(self.documents(server)))


if __name__ == "__main__":
    unittest.main()
