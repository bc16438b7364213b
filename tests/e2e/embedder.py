"""An OpenAI-compatible embedding server for tests: words become directions, words of one meaning the same one.

Its faults are attributes: `status` answers everything with that status, `silent` answers nothing, `refused` refuses
requests whose texts hold that word. `calls` counts requests, `texts` what they held."""
import base64
import hashlib
import http.server
import json
import math
import struct
import threading

MEANINGS = {"automobile": "car", "vehicle": "car", "physician": "doctor"}


def embed(text, dimension):
    vector = [0.001] * dimension
    for word in "".join(c.lower() if c.isalnum() else " " for c in text).split():
        meaning = MEANINGS.get(word, word)
        vector[int.from_bytes(hashlib.sha256(meaning.encode()).digest()[:4], "big") % dimension] += 1
    length = math.sqrt(sum(x * x for x in vector))
    return [x / length for x in vector]


class Embedder:
    def __init__(self, dimension=256, key=None):
        self.dimension, self.key = dimension, key
        self.status, self.silent, self.refused = 200, False, None
        self.calls, self.texts, self.models = 0, [], set()
        self.released = threading.Event()
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, answer = owner.answer(self.path, self.headers, json.loads(body))
                data = json.dumps(answer).encode()
                try:
                    self.send_response(status)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(data)))
                    self.end_headers()
                    self.wfile.write(data)
                except ConnectionError:
                    self.close_connection = True  # whoever asked did not wait

            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1"

    def answer(self, path, headers, request):
        self.calls += 1
        self.models.add(request["model"])
        if self.silent:
            self.released.wait(60)
        if path != "/v1/embeddings":
            return 404, {"error": {"message": "no such path"}}
        if self.key and headers.get("Authorization") != f"Bearer {self.key}":
            return 401, {"error": {"message": "bad key"}}
        if self.status != 200:
            return self.status, {"error": {"message": "broken on purpose"}}
        texts = request["input"] if isinstance(request["input"], list) else [request["input"]]
        if self.refused and any(self.refused in text for text in texts):
            return 400, {"error": {"message": "this text is too long"}}
        self.texts += texts
        data = []
        for index, text in enumerate(texts):
            vector = embed(text, self.dimension)
            if request.get("encoding_format") == "base64":
                vector = base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
            data.append({"object": "embedding", "index": index, "embedding": vector})
        return 200, {"object": "list", "model": request["model"], "data": data,
                     "usage": {"prompt_tokens": len(texts), "total_tokens": len(texts)}}

    def close(self):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
