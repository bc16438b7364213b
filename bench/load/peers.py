"""How each server of the comparison is started, warmed and stopped.

Every server is a child of this process in a session of its own, dies with it even after SIGKILL, is pinned to one CPU,
listens on 127.0.0.1 alone, and keeps its files in the directory it is given.
"""

import dataclasses
import getpass
import grp
import http.client
import os
import pathlib
import signal
import string
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent
PATIENCE_S = 60.0
ALL_CPUS = ",".join(str(cpu) for cpu in sorted(os.sched_getaffinity(0)))
QUESTION = {"question": "How long does a cached answer stay valid?"}

# Everything on. The limit is checked for every request and never refuses, as with nginx and HAProxy.
RAGD_SETTINGS = (
    "--rate-limit-requests", "1000000",
    "--rate-limit-window", "1s",
    "--rate-limit-algorithm", "gcra",
    "--cors-origins", "https://app.example.com",
    "--log-level", "info",
    "--drain-delay", "0",
)  # fmt: skip


class Failure(Exception):
    """The comparison cannot go on; the text says why."""


@dataclasses.dataclass
class Server:
    """One server process (with its children). `ready` is the path that answers 200 once it serves;
    `fresh` ones are started anew for every sample, because their cost grows with what they have seen. `origin` is whom
    a cache asks for what it has not got."""

    name: str
    port: int
    command: list[str]
    directory: pathlib.Path
    ready: str = "/health"
    cpu: int | None = 0
    fresh: bool = False
    origin: "Server | None" = None
    environment: dict[str, str] = dataclasses.field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    started_in_s: float = 0.0

    @property
    def pid(self) -> int:
        assert self.process is not None, f"{self.name} was not started"
        return self.process.pid

    def start(self) -> "Server":
        self.directory.mkdir(parents=True, exist_ok=True)
        self.directory.chmod(0o755)  # Varnish and nginx give up root and must still get in
        cpus = ALL_CPUS if self.cpu is None else str(self.cpu)
        began = time.monotonic()
        with open(self.directory / f"{self.name}.log", "ab") as log:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", "taskset", "-c", cpus, *self.command],
                env={**_clean_environment(), **self.environment},
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._wait_until_ready(began + PATIENCE_S)
        self.started_in_s = time.monotonic() - began
        return self

    def _wait_until_ready(self, end: float) -> None:
        while time.monotonic() < end:
            if self.pid and self.process and self.process.poll() is not None:
                raise Failure(f"{self.name} ended at its start:\n{self.log_tail()}")
            try:
                if self.request("GET", self.ready)[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.0005)
        raise Failure(f"{self.name} was not ready within {PATIENCE_S:.0f} s:\n{self.log_tail()}")

    def log_tail(self) -> str:
        return (self.directory / f"{self.name}.log").read_text(errors="replace")[-2000:]

    def stop(self) -> None:
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)  # its own session: nobody else is in this group
                self.process.wait()
        self.process = None

    def request(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
            response = connection.getresponse()
            return response.status, response.read()
        except http.client.HTTPException as problem:
            raise Failure(f"{self.name}: {method} {path}: {problem!r}") from problem
        finally:
            connection.close()


def _clean_environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith(("RAGD_", "OPENAI_")) and k != "LOG_LEVEL"}


def _filled(template: str, directory: pathlib.Path, **values: object) -> pathlib.Path:
    """A configuration file made from conf/TEMPLATE."""
    directory.mkdir(parents=True, exist_ok=True)
    text = string.Template((HERE / "conf" / template).read_text()).substitute(dir=directory, **values)
    path = directory / template
    path.write_text(text)
    return path


def ragd(
    binary: pathlib.Path,
    directory: pathlib.Path,
    port: int,
    *settings: str,
    name: str = "ragd",
    cpu: int | None = 0,
    threads: int = 1,
) -> Server:
    command = [str(binary), "serve", "--listen", f"127.0.0.1:{port}", "--data-dir", str(directory / f"{name}-data")]
    command += ["--threads", str(threads), *RAGD_SETTINGS, *settings]
    return Server(name, port, command, directory, ready="/health/ready", cpu=cpu)


def build_floor(binary: pathlib.Path) -> pathlib.Path:
    subprocess.run(["gcc", "-O2", "-Wall", "-o", str(binary), str(HERE / "floor.c")], check=True)
    return binary


def floor(
    binary: pathlib.Path, directory: pathlib.Path, port: int, response: bytes, name: str = "floor", cpu: int | None = 0
) -> Server:
    """`response` is a whole HTTP response, head and body: it is the answer to everything."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{name}.response"
    path.write_bytes(response)
    return Server(name, port, [str(binary), str(port), str(path)], directory, cpu=cpu)


# How nginx reads the cached answer's file: as Debian ships it, and as is fastest for answers of 1 KB.
NGINX_FILES = {
    "nginx": "sendfile on; tcp_nopush on;",
    "nginx-tuned": "sendfile off; open_file_cache max=10000 inactive=1h; open_file_cache_valid 1h;",
}


def nginx(directory: pathlib.Path, port: int, origin: Server, health: bytes, name: str = "nginx") -> Server:
    folder = directory / name
    conf = _filled(
        "nginx.conf", folder, port=port, origin=origin.port, health=health.decode(), files=NGINX_FILES[name],
        user=getpass.getuser(), group=grp.getgrgid(os.getgid()).gr_name,
    )  # fmt: skip
    command = [_sbin("nginx"), "-c", str(conf), "-e", str(folder / "error.log")]
    return Server(name, port, command, folder, origin=origin)


def haproxy(directory: pathlib.Path, port: int, origin: Server) -> Server:
    conf = _filled("haproxy.cfg", directory, port=port, origin=origin.port)
    return Server("haproxy", port, [_sbin("haproxy"), "-db", "-f", str(conf)], directory, ready="/query", origin=origin)


def varnish(directory: pathlib.Path, port: int, origin: Server) -> Server:
    conf = _filled("varnish.vcl", directory, origin=origin.port)
    command = [_sbin("varnishd"), "-F", "-j", "none", "-n", str(directory / "varnish"), "-a", f"127.0.0.1:{port}"]
    command += ["-T", "none", "-f", str(conf), "-s", "malloc,64m"]
    return Server("varnish", port, command, directory, ready="/query", origin=origin)


def fastapi(directory: pathlib.Path, port: int, answer: bytes, name: str = "fastapi", limiter: bool = True) -> Server:
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "sketch.answer.json"
    path.write_bytes(answer)
    command = ["/usr/bin/python3", "-m", "uvicorn", "sketch:app", "--app-dir", str(HERE), "--host", "127.0.0.1"]
    command += ["--port", str(port), "--workers", "1", "--loop", "uvloop", "--http", "httptools"]
    command += ["--no-access-log", "--log-level", "warning"]
    settings = {"SKETCH_ANSWER": str(path), "SKETCH_LIMITER": "on" if limiter else "off"}
    environment = {**settings, "PYTHONDONTWRITEBYTECODE": "1"}
    return Server(name, port, command, directory, fresh=limiter, environment=environment)


def _sbin(program: str) -> str:
    """Debian keeps servers where a user's PATH does not look."""
    for folder in (*os.environ.get("PATH", "").split(":"), "/usr/sbin"):
        if os.access(pathlib.Path(folder) / program, os.X_OK):
            return str(pathlib.Path(folder) / program)
    raise Failure(f"{program} is not installed: see packaging/debian-packages-bench.txt")


def as_response(body: bytes, *headers: str) -> bytes:
    """A whole HTTP response for the floor to serve."""
    head = ["HTTP/1.1 200 OK", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body
