#!/usr/bin/env python3
"""Each rule of tidy.py fires on the breach it is for, and stays silent on the spelling the house allows."""
import tempfile
import unittest
from pathlib import Path

import tidy


def breaches(path, text):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / path
        file.parent.mkdir(parents=True)
        file.write_text(text, encoding="utf-8")
        return [line.split(": ", 1)[1] for line in tidy.check_tree(Path(folder))]


class Floors(unittest.TestCase):
    def test_upward_and_sideways_includes_are_refused(self):
        self.assertIn("rag/ (floor 5) includes api/ (floor 6)", breaches("src/rag/a.cpp", '#include "api/x.hpp"\n'))
        self.assertIn("llm/ (floor 4) includes cache/ (floor 4)", breaches("src/llm/a.cpp", '#include "cache/x.hpp"\n'))

    def test_downward_includes_and_the_own_folder_are_fine(self):
        self.assertEqual([], breaches("src/rag/a.cpp", '#include "base/x.hpp"\n#include "rag/y.hpp"\n'))

    def test_outside_systems_stay_in_their_room(self):
        self.assertIn("only store/ includes RocksDB", breaches("src/cache/a.cpp", "#include <rocksdb/db.h>\n"))
        self.assertIn("base/ knows neither Asio nor Beast", breaches("src/base/a.cpp", "#include <boost/asio/post.hpp>\n"))
        self.assertEqual(1, len(breaches("include/ragd/a.hpp", "// A.\n#include <boost/beast/http.hpp>\n")))


class Coroutines(unittest.TestCase):
    def fires(self, statement):
        return breaches("src/net/a.cpp", f"Task<void> f() {{\n  {statement}\n}}\n")

    def test_co_await_inside_an_expression_is_refused(self):
        for statement in ("if (co_await g()) {", "auto x = h(co_await g());", "auto x = T{co_await g()};",
                          "auto x = a ? co_await g() : 0;", "for (auto x : co_await g()) {",
                          "co_return h(co_await g());", "while (!co_await g()) {", "return_value(\n      co_await g());",
                          "co_await g([&] { return 1; });", "co_await g(Options{1});"):
            self.assertTrue(self.fires(statement), statement)

    def test_co_await_alone_is_fine(self):
        for statement in ("co_await g(named);", "auto x = co_await g();", "Result<int> x = co_await a.b(c, std::move(d));",
                          "x = co_await g();", "co_return co_await g();", "const auto [e, n] = co_await g(named);",
                          "Result<std::map<int, int>> x =\n      co_await g();"):
            self.assertEqual([], self.fires(statement), statement)

    def test_a_capturing_coroutine_lambda_is_refused(self):
        self.assertTrue(self.fires("auto f = [this]() -> Task<void> { co_return; };"))
        self.assertEqual([], self.fires("auto f = []() -> Task<void> { co_return; };"))

    def test_detached_is_refused(self):
        self.assertTrue(self.fires("co_spawn(ex, f(), boost::asio::detached);"))


class Files(unittest.TestCase):
    def test_long_files_nameless_headers_and_left_work_are_refused(self):
        self.assertTrue(breaches("src/base/a.cpp", "int x;\n" * 401))
        self.assertEqual([], breaches("src/base/a.cpp", "int x;\n" * 400))
        self.assertTrue(breaches("src/base/a.hpp", "#pragma once\n"))
        self.assertTrue(breaches("src/base/a.cpp", "// TO" + "DO: later\n"))

    def test_tests_that_sleep_or_cannot_fail_are_refused(self):
        self.assertTrue(breaches("tests/base/a_test.cpp", "std::this_thread::sleep_for(1s);\n"))
        self.assertTrue(breaches("tests/base/a_test.cpp", "EXPECT_TRUE(true);\n"))


if __name__ == "__main__":
    unittest.main()
