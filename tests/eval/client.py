"""The server under evaluation: one that runs already, or one started here and stopped again, with a folder of its own."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse

MAX_ATTEMPTS = 20
START_S, STOP_S = 60, 20


class Failure(Exception):
    """The measurement cannot go on; the text says why."""


class Client:
    """One keep-alive connection that waits out 429 and 503 as the server asks."""

    def __init__(self, url, api_key=None, timeout=60.0):
        parts = urllib.parse.urlsplit(url if "//" in url else "http://" + url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self.connection = kind(parts.hostname, parts.port, timeout=timeout)
        self.prefix = parts.path.rstrip("/")
        self.headers = {"Content-Type": "application/json"}
        if api_key:
            self.headers["Authorization"] = "Bearer " + api_key
        self.warned = False

    def post(self, path, body):
        """The answer's JSON, and the seconds the last attempt took."""
        for _ in range(MAX_ATTEMPTS):
            began = time.perf_counter()
            try:
                self.connection.request("POST", self.prefix + path, body, self.headers)
                response = self.connection.getresponse()
                text = response.read()
            except (ConnectionResetError, BrokenPipeError):  # an idle connection was closed: ask again on a new one
                self.connection.close()
                continue
            except (OSError, http.client.HTTPException) as problem:
                raise Failure(f"POST {path}: {problem or type(problem).__name__}") from problem
            if response.status == 200:
                return json.loads(text), time.perf_counter() - began
            if response.status not in (429, 503):
                raise Failure(f"POST {path}: {response.status} {text[:300].decode('utf-8', 'replace')}")
            self._wait(response)
        raise Failure(f"POST {path}: gave up after {MAX_ATTEMPTS} attempts")

    def _wait(self, response):
        if response.status == 429 and not self.warned:
            self.warned = True
            print("eval: the server limits requests; this is faster with RAGD_RATE_LIMIT_REQUESTS=0", file=sys.stderr)
        after = response.getheader("Retry-After", "")
        time.sleep(min(int(after), 120) if after.isdigit() else 1)


@contextlib.contextmanager
def started(binary, settings):
    """The URL of a new, empty server without a limit. `settings` are flags of `ragd serve`."""
    with tempfile.TemporaryDirectory(prefix="ragd-eval-") as folder:
        port = _free_port()
        command = [str(binary), "serve", "--listen", f"127.0.0.1:{port}", "--data-dir", f"{folder}/data",
                   "--rate-limit-requests", "0", "--drain-delay", "0", "--log-level", "warning", *settings]  # fmt: skip
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("RAGD_", "OPENAI_")) and k != "LOG_LEVEL"}
        with open(f"{folder}/log", "w+b") as log:
            process = subprocess.Popen(command, env=clean, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            try:
                _wait_until_ready(process, port, f"{folder}/log")
                yield f"http://127.0.0.1:{port}"
            finally:
                _stop(process)


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_until_ready(process, port, log):
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("GET", "/health/ready")
            if connection.getresponse().status == 200:
                return
        connection.close()
        time.sleep(0.01)
    with open(log, encoding="utf-8", errors="replace") as lines:
        raise Failure(f"ragd did not start:\n{lines.read()[-2000:]}")


def _stop(process):
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
