#!/usr/bin/env python3
"""A PostgreSQL with pgvector for tests: found on the machine, or unpacked from Debian's packages into a cache directory.

    postgres.py run -- COMMAND...   runs the command with RAGD_TEST_POSTGRES_URL set; without it where there is no server
    postgres.py serve               starts a server, prints its URL, stops it when standard input ends

Debian 12 has no pgvector, Debian 13 has: its packages are downloaded with this machine's own apt source, unpacked (not
installed, no root needed) and run with their own C library. The server listens on loopback, on a port and with a data
directory of its own, never as root. RAGD_TEST_POSTGRES_URL in the environment is taken instead of all this."""
import fcntl
import os
import pathlib
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

SUITE = "trixie"
VERSION = "17"
PACKAGES = [f"postgresql-{VERSION}", f"postgresql-{VERSION}-pgvector"]
# Of what these depend on only libraries are needed, and the compiler of queries (100 MB) is not.
LIBRARY = re.compile(r"^(lib(?!perl|llvm|z3|json-perl|io-pty|ipc-run|text-|pam-modules|debconf|semanage|audit)|zlib1g$)")
CONFIGURATION = """
listen_addresses = '127.0.0.1'
max_connections = 200
shared_buffers = 64MB
fsync = off
logging_collector = off
timezone = 'UTC'
log_timezone = 'UTC'
"""


class Unavailable(Exception):
    """No server can be had here, and why."""


def cache_directory():
    chosen = os.environ.get("RAGD_TEST_CACHE")
    if chosen:
        return pathlib.Path(chosen)
    if os.geteuid() == 0:  # not below /root, where the server's user cannot read
        return pathlib.Path("/var/cache/ragd-tests")
    return pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "ragd-tests"


def installed():
    """The programs' folder of a PostgreSQL on this machine that has pgvector, or None."""
    for control in sorted(pathlib.Path("/usr/share/postgresql").glob("*/extension/vector.control"), reverse=True):
        programs = pathlib.Path("/usr/lib/postgresql") / control.parts[4] / "bin"
        if (programs / "postgres").exists():
            return programs
    return None


def unpacked(root):
    programs = root / "usr/lib/postgresql" / VERSION / "bin"
    return programs if (programs / "postgres").exists() else None


def debian_source():
    """URI and keyring of the source this machine has its Debian packages from."""
    for path in sorted(pathlib.Path("/etc/apt").glob("sources.list.d/*.sources")):
        for stanza in path.read_text().split("\n\n"):
            fields = dict(re.findall(r"^(\S+):\s*(.*)$", stanza, re.M))
            if fields.get("Suites", "").split()[:1] in (["bookworm"], [SUITE]) and "main" in fields.get("Components", ""):
                return fields["URIs"].split()[0], fields.get("Signed-By", "")
    lists = [pathlib.Path("/etc/apt/sources.list"), *sorted(pathlib.Path("/etc/apt").glob("sources.list.d/*.list"))]
    for path in lists:
        for line in path.read_text().splitlines() if path.exists() else []:
            match = re.match(rf"deb\s+(?:\[(.*)\]\s+)?(\S+)\s+(?:bookworm|{SUITE})\s.*\bmain\b", line)
            if match:
                key = re.search(r"signed-by=(\S+)", match[1] or "")
                return match[2], key[1] if key else ""
    raise Unavailable("this machine has no apt source of Debian 12 or 13")


def quiet(command, what, **options):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=900, **options)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"{what}: {error}") from error
    if done.returncode != 0:
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise Unavailable(f"{what}: {''.join(last)}")
    return done.stdout


def apt_options(work):
    uri, keyring = debian_source()
    for folder in ("lists/partial", "archives/partial"):
        (work / folder).mkdir(parents=True)
    (work / "status").touch()
    signed = f" [signed-by={keyring}]" if keyring else ""
    (work / "source.list").write_text(f"deb{signed} {uri} {SUITE} main\n")
    options = {"Dir::Etc::sourcelist": work / "source.list", "Dir::Etc::sourceparts": "/dev/null",
               "Dir::State::lists": work / "lists", "Dir::State::status": work / "status", "Dir::Cache": work,
               "Dir::Cache::archives": work / "archives", "Dir::Etc::preferences": "/dev/null",
               "Dir::Etc::preferencesparts": "/dev/null", "APT::Install-Recommends": "0", "APT::Sandbox::User": "root",
               "APT::Update::Post-Invoke-Success": "", "Acquire::Languages": "none"}
    return [argument for key, value in options.items() for argument in ("-o", f"{key}={value}")]


def give_own_library(root):
    """Each program becomes a script that starts it with the unpacked C library, not this machine's."""
    loader = next(root.glob("usr/lib/*/ld-linux-*.so.*"), None)
    if loader is None:
        raise Unavailable("the unpacked packages have no dynamic loader")
    for program in ("postgres", "initdb"):
        path = root / "usr/lib/postgresql" / VERSION / "bin" / program
        path.rename(path.with_name(program + ".real"))
        path.write_text('#!/bin/sh\nhere=$(dirname "$0")\n'
                        f'libraries="$here/{os.path.relpath(loader.parent, path.parent)}"\n'
                        f'exec "$libraries/{loader.name}" --library-path "$libraries" --argv0 "$0" "$0.real" "$@"\n')
        path.chmod(0o755)


def download(cache):
    """Unpacks what is needed below the cache directory; the programs' folder."""
    work = pathlib.Path(tempfile.mkdtemp(prefix="download-", dir=cache))
    try:
        work.chmod(0o755)
        options = apt_options(work)
        environment = {**os.environ, "LC_ALL": "C"}
        quiet(["apt-get", *options, "-qq", "update"], "apt's lists", env=environment)
        plan = quiet(["apt-get", *options, "-qq", "-s", "install", *PACKAGES], "apt's plan", env=environment)
        names = re.findall(r"^Inst (\S+)", plan, re.M)
        wanted = PACKAGES + sorted(name for name in set(names) if LIBRARY.match(name))
        quiet(["apt-get", *options, "-qq", "download", *wanted], "download", cwd=work, env=environment)
        for package in work.glob("*.deb"):
            quiet(["dpkg", "-x", str(package), str(work / "root")], f"unpacking {package.name}")
        give_own_library(work / "root")
        (work / "root").rename(cache / f"postgresql-{VERSION}")
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return unpacked(cache / f"postgresql-{VERSION}")


def programs(may_download=True):
    """The folder of postgres and initdb; Unavailable where there is none and none can be had."""
    found = installed() or unpacked(cache_directory() / f"postgresql-{VERSION}")
    if found:
        return found
    if not may_download:
        raise Unavailable("none is prepared on this machine")
    cache = cache_directory()
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with open(cache / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            return unpacked(cache / f"postgresql-{VERSION}") or download(cache)
    except OSError as error:
        raise Unavailable(str(error)) from error


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """One server with a data directory of its own; `url` is a superuser's. stop() removes all of it."""

    def __init__(self, may_download=True):
        self.programs = programs(may_download)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ragd-postgres-"))
        self.data = self.folder / "data"
        self.process = None
        self.port = free_port()
        self.password = secrets.token_hex(8)
        self.url = f"postgresql://ragd:{self.password}@127.0.0.1:{self.port}/postgres"
        self.account = {}
        try:
            self._prepare()
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise

    def _prepare(self):
        password = self.folder / "password"
        password.write_text(self.password)
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            self.account = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            for path in (self.folder, password):
                os.chown(path, nobody.pw_uid, nobody.pw_gid)
        # A collation that is not the bytes' order, as real databases have: ragd must not depend on it.
        quiet([self.programs / "initdb", "-D", self.data, "-U", "ragd", "--pwfile", password, "-A", "scram-sha-256", "-E",
               "UTF8", "--no-locale", "--locale-provider=icu", "--icu-locale=en", "--no-sync"], "initdb",
              cwd=self.folder, **self.account)
        with open(self.data / "postgresql.conf", "a") as configuration:
            configuration.write(CONFIGURATION + f"port = {self.port}\nunix_socket_directories = '{self.folder}'\n")

    def start(self):
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen([self.programs / "postgres", "-D", self.data], stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL, cwd=self.folder, start_new_session=True,
                                            **self.account)
        limit = time.monotonic() + 60
        while not self._is_ready():
            if self.process.poll() is not None or time.monotonic() > limit:
                raise Unavailable("the server does not start: " + self.log().strip()[-300:])
            time.sleep(0.02)
        return self

    def _is_ready(self):
        # Its last line, once recovery is over; earlier starts wrote theirs before this one's first.
        begun = self.log().rpartition("starting PostgreSQL")[2]
        return "database system is ready to accept connections" in begun

    def log(self):
        return (self.folder / "log").read_text(errors="replace")

    def _processes(self):
        """The server's and its children's, which have process groups of their own."""
        children = []
        for status in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                parent = status.read_text().rpartition(")")[2].split()[1]
            except OSError:  # ended meanwhile
                continue
            if int(parent) == self.process.pid:
                children.append(int(status.parent.name))
        return [self.process.pid, *children]

    def _signal(self, processes, number):
        for process in processes:
            try:
                os.kill(process, number)
            except ProcessLookupError:
                pass

    def kill(self):
        """All of its processes at once, as the machine's end would."""
        processes = self._processes()
        self._signal(processes, signal.SIGKILL)
        self.process.wait()
        while any(pathlib.Path(f"/proc/{process}").exists() for process in processes[1:]):
            time.sleep(0.01)

    def freeze(self):
        """It takes connections, and answers nothing."""
        self._signal(self._processes(), signal.SIGSTOP)

    def thaw(self):
        self._signal(self._processes(), signal.SIGCONT)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.thaw()
            self.process.send_signal(signal.SIGINT)  # a fast shutdown
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *exception):
        self.stop()


def run(command):
    if os.environ.get("RAGD_TEST_POSTGRES_URL"):
        return subprocess.call(command)
    try:
        server = Server().start()
    except Unavailable as error:
        print(f"postgres.py: no PostgreSQL with pgvector, its tests are skipped: {error}", file=sys.stderr)
        return subprocess.call(command)
    try:
        return subprocess.call(command, env={**os.environ, "RAGD_TEST_POSTGRES_URL": server.url})
    finally:
        server.stop()


def serve():
    try:
        with Server() as server:
            print(server.url, flush=True)
            sys.stdin.read()
    except Unavailable as error:
        sys.exit(f"postgres.py: no PostgreSQL with pgvector: {error}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["run"] and "--" in sys.argv:
        sys.exit(run(sys.argv[sys.argv.index("--") + 1:]))
    if sys.argv[1:] == ["serve"]:
        serve()
    else:
        sys.exit(__doc__)
