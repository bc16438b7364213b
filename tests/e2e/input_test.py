"""Bad input on every endpoint: a 4xx with a problem body, and the server alive behind it."""
import unittest

from harness import RENDER, Case

DEEP = b'{"question":"x","filters":' + b'{"a":' * 200 + b"1" + b"}" * 200 + b"}"
GOOD = {"/query": b'"question":"tile size"', "/search": b'"query":"tile size"', "/documents": b'"documents":[{"id":"a","text":"b"}]'}


class BadInput(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()

    def test_bodies_that_are_not_what_they_should_be(self):
        server = self.server()
        server.put(RENDER)
        for path, good in GOOD.items():
            bad = {
                "empty": (b"", 400), "not json": (b"tile size", 400), "cut off": (b"{" + good, 400),
                "trailing bytes": (b"{" + good + b"} x", 400), "two values": (b"{" + good + b"}{}", 400),
                "duplicate key": (b"{" + good + b"," + good + b"}", 400),
                "nested duplicate": (b"{" + good + b',"x":{"a":1,"a":2}}', 400),
                "invalid utf-8": (b"{" + good + b',"x":"\xff\xfe"}', 400),
                "lone high surrogate": (b"{" + good + b',"x":"\\ud800"}', 400),
                "lone low surrogate": (b"{" + good + b',"x":"\\udc00"}', 400),
                "control character": (b"{" + good + b',"x":"\x01"}', 400), "deep": (DEEP, 400),
                "a list": (b"[{" + good + b"}]", 422), "a string": (b'"x"', 422), "null": (b"null", 422), "no field": (b"{}", 422),
            }
            for name, (body, status) in bad.items():
                with self.subTest(path=path, case=name):
                    self.assert_problem(server.post(path, body), status)
        self.assertEqual(200, server.ask("What is the tile size?").status)

    def test_fields_of_wrong_type_or_size_are_named(self):
        server = self.server()
        query = lambda **fields: ("/query", {"question": "x", **fields})
        document = lambda **fields: ("/documents", {"documents": [{"id": "a", "text": "b", **fields}]})
        for field, (path, body) in [
            ("question", ("/query", {"question": 1})), ("question", ("/query", {"question": ""})),
            ("question", ("/query", {"question": "x" * 8193})), ("question", ("/query", {"question": ["x"]})),
            ("question", ("/query", {"question": None})),
            ("top_k", query(top_k=0)), ("top_k", query(top_k=51)), ("top_k", query(top_k="5")), ("top_k", query(top_k=1.5)),
            ("session_id", query(session_id=5)), ("session_id", query(session_id="s" * 129)),
            ("cache", query(cache="never")), ("cache", query(cache=1)), ("stream", query(stream="yes")),
            ("filters", query(filters=[])), ("filter", query(filters={"a": {"gt": 1}})), ("filter", query(filters={"a": {}})),
            ("filter", query(filters={"a": [[]]})), ("filter", query(filters={"a": None})),
            ("query", ("/search", {"query": 7})), ("top_k", ("/search", {"query": "x", "top_k": 101})),
            ("documents", ("/documents", {"documents": {}})), ("documents", ("/documents", {"documents": []})),
            ("documents[0]", ("/documents", {"documents": [5]})), ("'id'", document(id="")), ("'id'", document(id="i" * 257)),
            ("'id'", document(id="a\nb")), ("'id'", document(id=7)), ("'text'", document(text="")), ("'text'", document(text=" \n ")),
            ("'text'", document(text=None)), ("'metadata'", document(metadata=[])), ("'title'", document(title={})),
            ("documents[1]", ("/documents", {"documents": [{"id": "a", "text": "b"}, {"id": "a", "text": "c"}]})),
        ]:
            with self.subTest(field=field, body=str(body)[:60]):
                problem = self.assert_problem(server.post(path, body), 422)
                self.assertIn(field.strip("'"), problem["detail"])
        self.assertEqual([], server.get("/documents").json["documents"], "a refused batch left something behind")

    def test_unknown_fields_are_ignored(self):
        self.assertEqual(200, self.server().ask("x", user="me", temperature=0.5).status)

    def test_large_bodies_are_refused_before_they_are_read(self):
        server = self.server()
        for path in GOOD:
            self.assert_problem(server.post(path, b'{"x":"' + b"a" * 10_000_000 + b'"}'), 413)
        self.assertEqual(200, server.get("/health").status)
        self.assert_metric(server, 3.0, "rag_requests_rejected_total", reason="body_too_large")

    def test_a_body_refused_after_its_head_was_charged_says_so(self):
        server = self.server(RATE_LIMIT_REQUESTS="5")
        answer = server.post("/query", b'{"x":"' + b"a" * 1_000_000 + b'"}')
        self.assert_problem(answer, 413)
        self.assertIn("r=4;", answer.headers["ratelimit"])

    def test_other_media_types_are_refused(self):
        server = self.server()
        for headers in ({}, {"Content-Type": "text/plain"}, {"Content-Type": "application/x-www-form-urlencoded"},
                        {"Content-Type": "application/json; charset=latin1"},
                        {"Content-Type": "application/json", "Content-Encoding": "gzip"}):
            for path in GOOD:
                self.assert_problem(server.request("POST", path, body=b"{}", headers=headers), 415)
        self.assertEqual(200, server.post("/query", {"question": "x"}, headers={"Content-Type": "application/vnd.x+json"}).status)

    def test_paths_and_methods(self):
        server = self.server()
        self.assert_problem(server.get("/nowhere"), 404)
        self.assert_problem(server.get("/documents/%ff"), 400)
        self.assert_problem(server.get("/documents/%zz"), 400)
        self.assert_problem(server.get("/documents/absent"), 404)
        self.assert_problem(server.request("DELETE", "/documents/absent"), 404)
        answer = server.get("/query")
        self.assert_problem(answer, 405)
        self.assertEqual("POST, OPTIONS", answer.headers["allow"])
        self.assertEqual("GET, HEAD, DELETE, OPTIONS", server.post("/documents/x", {}).headers["allow"])
        self.assert_metric(server, 1.0, "rag_http_requests_total", route="/query", method="GET", code="405")
        self.assertEqual(204, server.request("OPTIONS", "*").status)
        options = server.request("OPTIONS", "/documents")
        self.assertEqual((204, "POST, GET, HEAD, OPTIONS"), (options.status, options.headers["allow"]))
        head = server.request("HEAD", "/health")
        self.assertEqual((200, b""), (head.status, head.body))
        self.assertEqual(len(server.get("/health").body), int(head.headers["content-length"]))
        for bad in ("?limit=0", "?limit=1001", "?limit=x", "?limit="):
            self.assert_problem(server.get("/documents" + bad), 422)

    def test_ambiguous_framing_gets_one_answer_and_a_closed_connection(self):
        server = self.server()
        smuggled = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
        for name, head, status in [
            ("no host", b"POST /query HTTP/1.1\r\n\r\n", b"400"),
            ("two hosts", b"GET /health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"400"),
            ("both lengths", b"POST /query HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"400"),
            ("two lengths", b"POST /query HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 0\r\n\r\n", b"400"),
            ("unknown coding", b"POST /query HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", b"501"),
            ("bad chunk", b"POST /query HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n", b"400"),
            ("bare LF", b"GET /health HTTP/1.1\nHost: x\n\n", b"400"),
            ("folded", b"GET /health HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", b"400"),
            ("huge header", b"GET /health HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 70_000 + b"\r\n\r\n", b"431"),
            ("huge target", b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"414"),
            ("garbage", b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", b"400"),
        ]:
            with self.subTest(case=name):
                received = server.raw(head + smuggled)
                self.assertTrue(received.startswith(b"HTTP/1.1 " + status), received[:60])
                self.assertEqual(1, received.count(b"HTTP/1.1 "), received)
        self.assertEqual(200, server.get("/health").status)


class Documents(Case):
    def test_list_pages_read_and_delete(self):
        server = self.server()
        ids = [f"dir/näme {n:02}?" for n in range(25)]
        server.put(*({"id": i, "text": f"Text of {i}", "title": "T", "metadata": {"n": 1}} for i in ids))
        seen, cursor = [], ""
        while cursor is not None:
            page = server.get("/documents?limit=10&cursor=" + quote(cursor)).json
            seen += [document["id"] for document in page["documents"]]
            cursor = page["next_cursor"]
        self.assertEqual(sorted(ids, key=str.encode), seen)
        document = server.get("/documents/" + quote(ids[3])).json
        self.assertEqual((ids[3], f"Text of {ids[3]}", {"n": 1}), (document["id"], document["text"], document["metadata"]))
        self.assertEqual(200, server.request("DELETE", "/documents/" + quote(ids[3])).status)
        self.assertEqual(404, server.get("/documents/" + quote(ids[3])).status)

    def test_putting_the_same_again_changes_nothing(self):
        server = self.server()
        first = server.put(RENDER).json
        again = server.put(RENDER).json
        self.assertEqual((0, 1, 0, first["corpus_version"]),
                         (again["accepted"], again["unchanged"], again["chunks"], again["corpus_version"]))


def quote(text):
    import urllib.parse
    return urllib.parse.quote(text, safe="")


if __name__ == "__main__":
    unittest.main()
