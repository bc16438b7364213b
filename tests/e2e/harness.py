"""Starts the real binary on a free port with a temporary data directory, and talks to it as a user would.

RAGD_BINARY names the binary. Nothing sleeps for a fixed time: waiting is for an event, with a bound."""
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

BINARY = os.environ["RAGD_BINARY"]
PATIENCE = 30  # seconds; sanitizer builds on a busy machine are slow, a hang is still a failure


def wait_until(what, condition):
    """Polls until `condition()` is true; fails naming `what` when patience ends."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"waited {PATIENCE} s in vain for: {what}")


def clean_environment(**more):
    """This process's environment without settings of ragd, and with `more`."""
    return {**{k: v for k, v in os.environ.items() if not k.startswith("RAGD_")}, **more}


class Answer:
    def __init__(self, response, body):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)


class Ragd:
    """One server. `directory` is kept between restarts; settings are environment names without RAGD_."""

    def __init__(self, directory, **settings):
        self.directory = directory
        self.settings = {"LISTEN": "127.0.0.1:0", "RATE_LIMIT_REQUESTS": "0", "THREADS": "2",
                         "DRAIN_DELAY": "0", **settings}
        self.process = None
        self.port = None
        self.lines = []

    def environment(self):
        clean = clean_environment()
        clean["RAGD_DATA_DIR"] = os.path.join(self.directory, "data")
        clean.update({f"RAGD_{name}": str(value) for name, value in self.settings.items()})
        return clean

    def launch(self, *arguments):
        self.lines = []
        self.process = subprocess.Popen([BINARY, "serve", *arguments], env=self.environment(), cwd=self.directory,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.reader = threading.Thread(target=self._read, args=(self.process.stdout,), daemon=True)
        self.reader.start()
        return self

    def _read(self, stream):
        for line in stream:
            self.lines.append(line.decode("utf-8", "replace").rstrip("\n"))

    def start(self, *arguments):
        self.launch(*arguments)
        self.port = wait_until("the port", self._find_port)
        wait_until("readiness", lambda: self.get("/health/ready").status == 200)
        return self

    def _find_port(self):
        for line in list(self.lines):
            match = re.search(r'"msg":"listening".*"port":(\d+)', line)
            if match:
                return int(match.group(1))
        if self.process.poll() is not None:
            raise AssertionError("ragd ended:\n" + "\n".join(self.lines))
        return None

    def stop(self):
        """SIGTERM, if it still runs, and the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(PATIENCE)
        self._close()
        return code

    def kill(self):
        self.process.kill()
        self.process.wait(PATIENCE)
        self._close()

    def _close(self):
        self.reader.join(PATIENCE)
        self.process.stdout.close()

    def request(self, method, path, body=None, headers=None, connection=None):
        own = connection is None
        connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            return Answer(response, response.read())
        finally:
            if own:
                connection.close()

    def get(self, path, **more):
        return self.request("GET", path, **more)

    def post(self, path, value, headers=None, **more):
        body = value if isinstance(value, (bytes, str)) else json.dumps(value)
        return self.request("POST", path, body=body, headers={"Content-Type": "application/json", **(headers or {})}, **more)

    def ask(self, question, headers=None, **fields):
        return self.post("/query", {"question": question, **fields}, headers=headers)

    def put(self, *documents, headers=None):
        return self.post("/documents", {"documents": list(documents)}, headers=headers)

    def raw(self, data, close_write=False):
        """Sends bytes as they are; everything that comes back until the server closes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as connection:
            connection.sendall(data)
            if close_write:
                connection.shutdown(socket.SHUT_WR)
            received = b""
            while True:
                try:
                    part = connection.recv(65536)
                except ConnectionResetError:
                    return received
                if not part:
                    return received
                received += part

    def metric(self, name, **labels):
        """The value of one series; None when it is not there."""
        text = self.get("/metrics").body.decode()
        for line in text.splitlines():
            match = re.match(r"(\w+)(?:\{(.*)\})? (\S+)$", line)
            if match and match.group(1) == name:
                found = dict(re.findall(r'(\w+)="((?:\\.|[^"\\])*)"', match.group(2) or ""))
                if found == labels:
                    return float(match.group(3))
        return None

    def cli(self, *arguments, stdin=None):
        environment = self.environment()
        environment["RAGD_URL"] = f"http://127.0.0.1:{self.port}"
        return run(*arguments, environment=environment, cwd=self.directory, stdin=stdin)


def run(*arguments, environment=None, cwd=None, stdin=None):
    return subprocess.run([BINARY, *arguments], env=environment, cwd=cwd, input=stdin, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=4 * PATIENCE, text=True)


class Case(unittest.TestCase):
    """A test with a temporary directory; servers it starts are ended with it and must end cleanly."""

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="ragd-e2e-")
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)

    def server(self, *arguments, **settings):
        server = Ragd(self.directory, **settings)
        self.addCleanup(self._end, server)
        return server.start(*arguments)

    def _end(self, server):
        self.assertEqual(0, server.stop(), "\n".join(server.lines[-20:]))

    def assert_metric(self, server, expected, name, **labels):
        """The series comes to that value: a request is counted after its last byte, so a client may look too early."""
        wait_until(f"{name}{labels} = {expected}", lambda: server.metric(name, **labels) == expected)

    def assert_problem(self, answer, status):
        self.assertEqual(status, answer.status, answer.body)
        self.assertEqual("application/problem+json", answer.headers["content-type"])
        problem = answer.json
        for member in ("type", "title", "status", "error", "request_id"):
            self.assertIn(member, problem)
        self.assertEqual(status, problem["status"])
        self.assertEqual(answer.headers["x-request-id"], problem["request_id"])
        return problem


RENDER = {"id": "render", "title": "Rendering", "source": "docs/render.md",
          "text": "The renderer draws tiles in parallel.\n\nThe tile size is 256 pixels. Larger tiles cost memory."}
BILLING = {"id": "billing", "title": "Billing", "source": "docs/billing.md",
           "text": "Invoices are sent on the first day of the month.\n\nRefunds take five working days."}
