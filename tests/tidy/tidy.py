#!/usr/bin/env python3
"""The rules of the house that a machine can check, over the tracked sources:

floors       a folder includes only from floors below it, never sideways, never upwards; RocksDB stays in store/
coroutines   co_await stands alone, coroutine lambdas capture nothing, nothing is detached
files        say what they are for, stay under 400 lines, leave no work for others
tests        never sleep, never assert what cannot fail

Run with a folder to check that tree, without to check this one. Exit 1 lists every breach as file:line: rule."""
import re
import sys
from pathlib import Path

FLOORS = {
    "base": 1, "obs": 2, "net": 3, "store": 3, "limit": 3,
    "llm": 4, "embed": 4, "retrieval": 4, "cache": 4, "shared": 4, "export": 4, "load": 4,
    "rag": 5, "api": 6, "app": 7, "cli": 7,
}
MAX_LINES = 400

# The spellings in which g++ 12.2 compiles co_await correctly.
ALONE = [re.compile(p) for p in (
    r"^\s*co_await [^;]*;$",
    r"^\s*(const )?[\w:<>,&*\s]+ \w+ = co_await [^;]*;$",
    r"^\s*[\w.\->\[\]*]+ = co_await [^;]*;$",
    r"^\s*co_return co_await [^;]*;$",
    r"^\s*(const )?auto \[[\w, ]+\] = co_await [^;]*;$",
)]
CAPTURING = re.compile(r"\[([^\]]+)\]\s*(\([^)]*\))?\s*(mutable)?\s*(noexcept)?\s*->\s*[\w:]*(Task|awaitable)<[^{;]*>\s*\{")


def strip_comments(text):
    """Comments and string contents blanked, lines kept."""
    pattern = re.compile(r'R"\((?:.|\n)*?\)"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\'|//[^\n]*|/\*(?:.|\n)*?\*/')

    def blank(match):
        token = match.group(0)
        if token.startswith('"'):
            return '""'
        return "\n" * token.count("\n")
    return pattern.sub(blank, text)


def statements(code):
    """(line, statement) pairs: lines joined until ; { or } so that a wrapped call is judged whole."""
    current, start = "", 1
    for number, line in enumerate(code.split("\n"), 1):
        if not current.strip():
            start = number
            current = line
        else:
            current += " " + line.strip()
        stripped = line.rstrip()
        if stripped.endswith((";", "{", "}", ":")) or not stripped or stripped.startswith("#"):
            yield start, current.rstrip()
            current = ""
    if current.strip():
        yield start, current.rstrip()


def check_floors(path, folder, lines):
    for number, line in enumerate(lines, 1):
        if "#include <rocksdb/" in line and folder != "store":
            yield number, "only store/ includes RocksDB"
        if "#include <boost/asio.hpp>" in line:
            yield number, "include the Asio headers you need, never <boost/asio.hpp>"
        match = re.match(r'#include "(\w+)/', line)
        if not match or folder is None:
            continue
        target = match.group(1)
        if target not in FLOORS:
            yield number, f"unknown folder {target}/"
        elif target != folder and FLOORS[target] >= FLOORS[folder]:
            yield number, f"{folder}/ (floor {FLOORS[folder]}) includes {target}/ (floor {FLOORS[target]})"
    if folder in ("base", "obs"):
        for number, line in enumerate(lines, 1):
            if re.match(r"#include <boost/(asio|beast)", line):
                yield number, f"{folder}/ knows neither Asio nor Beast"


def check_contract(lines):
    allowed = ("<boost/system/result.hpp>", "<boost/asio/awaitable.hpp>", "<boost/asio/io_context.hpp>")
    for number, line in enumerate(lines, 1):
        if line.startswith("#include") and ("/" in line) and "<ragd/" not in line and not any(a in line for a in allowed):
            yield number, "the contract depends on std, boost::system::result and Asio's awaitable and io_context alone"


def check_coroutines(code):
    for number, statement in statements(code):
        if "co_await" in statement:
            text = statement.strip()
            if not any(pattern.match(text) for pattern in ALONE) or text.count("co_await") > 1:
                yield number, "co_await does not stand alone"
            elif re.search(r"co_await [^;]*\[[^\]]*\]\s*\(", text) or re.search(r"co_await [^;]*[\w>]\{", text):
                yield number, "co_await with a lambda or braced temporary in its arguments"
    for match in CAPTURING.finditer(code):
        yield code.count("\n", 0, match.start()) + 1, "a coroutine lambda captures"
    for number, line in enumerate(code.split("\n"), 1):
        if re.search(r"::detached\b|, detached\)", line):
            yield number, "detached: give the co_spawn a named completion handler"
        if "shared_from_this" in line:
            yield number, "no shared_from_this"


def check_file(path, lines):
    if len(lines) > MAX_LINES:
        yield len(lines), f"longer than {MAX_LINES} lines: find the second room in it"
    if path.suffix == ".hpp" and not (lines and lines[0].startswith("// ")):
        yield 1, "a header opens with what it is"
    for number, line in enumerate(lines, 1):
        if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", line):
            yield number, "leaves work for others"


def check_test(lines):
    for number, line in enumerate(lines, 1):
        if re.search(r"sleep_for|sleep_until|\busleep\(|EXPECT_TRUE\(true\)|ASSERT_TRUE\(true\)|SUCCEED\(\)|DISABLED_", line):
            yield number, "a test that sleeps or cannot fail"


def check_tree(root):
    breaches = []
    for base in ("include", "src", "tests", "bench"):
        for path in sorted((root / base).rglob("*.[ch]pp")):
            text = path.read_text(encoding="utf-8")
            lines = text.split("\n")
            if lines and lines[-1] == "":
                lines.pop()
            parts = path.relative_to(root).parts
            folder = parts[1] if base == "src" and len(parts) > 2 else None
            code = strip_comments(text)
            found = list(check_floors(path, folder, lines)) + list(check_coroutines(code)) + list(check_file(path, lines))
            if base == "include":
                found += check_contract(lines)
            if base == "tests":
                found += check_test(lines)
            breaches += [f"{path.relative_to(root)}:{number}: {rule}" for number, rule in found]
    return breaches


if __name__ == "__main__":
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[2]
    problems = check_tree(root)
    print("\n".join(problems) if problems else "tidy")
    sys.exit(1 if problems else 0)
