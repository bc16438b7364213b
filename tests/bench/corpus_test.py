#!/usr/bin/env python3
"""What bench/corpus makes of documentation: text from its formats, passages, questions, and the table of a run."""

import json
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "bench" / "corpus"), str(ROOT / "bench" / "load")]
sys.dont_write_bytecode = True

import engine
import gather
import html_text
import measure
import outcome
import packages
import passages
import plain_text
import questions
import stream

PAGE = """<html><head><title>Guide - Site</title><style>p{}</style></head><body>
<nav><ul><li>Home</li></ul></nav><div class="sphinxsidebar"><div>Contents</div>Up</div>
<h1>Install<a class="headerlink" href="#x">&para;</a></h1><p>Fetch the   <b>package</b> &amp; unpack it.</p>
<pre>a  b
c</pre><table><tr><td>key</td><td>value</td></tr></table><h2>Next</h2><ul><li>one<li>two</ul>
<footer>Copyright</footer></body></html>"""
MANUAL = r""".de XX
.. ignored
.TH PIPE 7 2023 Linux
.SH NAME
pipe \- overview of \fIpipes\fP
.SH DESCRIPTION
.BR read (2)
and
.I write
.nf
int p[2];
.fi
.PP
The end.
"""
RST = """=====
Title
=====

Some :ref:`text <x>` and ``code``.

.. toctree::
   :maxdepth: 1

   other

Part
----

.. note:: Keep this.

Last::

   shell
"""


class Text(unittest.TestCase):
    def test_of_a_page_is_what_is_its_own(self):
        title, text = html_text.html_text(PAGE)
        self.assertEqual("Install", title)
        for kept in ("# Install\n", "Fetch the package & unpack it.", "```\na  b\nc\n```", "key | value", "## Next", "- one\n- two"):
            self.assertIn(kept, text)
        for dropped in ("Home", "Contents", "Up", "Copyright", "p{}", "¶"):
            self.assertNotIn(dropped, text)

    def test_of_a_page_with_a_main_element_is_that_of_the_element(self):
        text = html_text.html_text("<p>Menu</p><main><h1>One</h1><p>Two</p></main>")[1]
        self.assertEqual("# One\n\nTwo", text)

    def test_comes_out_of_broken_markup_too(self):
        self.assertIn("left", html_text.html_text("<p>left <b>over</p><div class='toc'><div>x")[1])

    def test_of_a_manual_page_begins_at_its_first_section(self):
        title, text = plain_text.man_text(MANUAL)
        self.assertEqual("pipe(7)", title)
        for kept in ("## NAME\npipe - overview of pipes", "read(2)\nand\nwrite", "```\nint p[2];\n```", "The end."):
            self.assertIn(kept, text.replace("\n\n", "\n"))
        self.assertNotIn("ignored", text)

    def test_of_restructured_text_keeps_notes_and_drops_directives(self):
        title, text = plain_text.rst_text(RST)
        self.assertEqual("Title", title)
        for kept in ("# Title", "Some text and code.", "## Part", "Keep this.", "Last:", "   shell"):
            self.assertIn(kept, text)
        for dropped in ("toctree", "other", "===", "maxdepth"):
            self.assertNotIn(dropped, text)

    def test_of_a_dictionary_has_a_paragraph_a_headword(self):
        text = plain_text.dictionary_text("00-database-short\n   About.\nash\n   a tree\nbeech\n   another\n")[1]
        self.assertEqual("ash\n   a tree\n\nbeech\n   another", text)


class Gathering(unittest.TestCase):
    def test_leaves_out_a_section_that_stood_there_before(self):
        repeats, licence = gather.Repeats(), "## Licence\n" + "All rights are reserved. " * 10 + "\n"
        self.assertIn("Licence", repeats.without("# A\n" + licence))
        self.assertEqual("# B\nshort\n", repeats.without("# B\nshort\n" + licence))

    def test_keeps_a_text_of_one_section(self):
        text = "# One\n" + "word " * 100
        self.assertEqual(text, gather.Repeats().without(text))

    def test_cuts_a_long_text_where_a_section_or_paragraph_begins(self):
        text = "".join(f"# {i}\n{'x' * 30_000}\n\n{'y' * 50_000}\n" for i in range(3))
        pieces = list(gather.parts(text))
        self.assertEqual(text, "".join(pieces))
        self.assertTrue(all(len(piece) <= gather.MAX_BYTES for piece in pieces))
        self.assertGreater(len(pieces), 3)

    def test_knows_pages_that_only_list_others(self):
        package = packages.Package("x", skip="/old/")
        self.assertFalse(package.wants("/usr/share/doc/x/genindex.html"))
        self.assertFalse(package.wants("/usr/share/doc/x/old/a.html"))
        self.assertTrue(package.wants("/usr/share/doc/x/guide.html"))

    def test_reads_a_package_without_unpacking_it(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder) / "root"
            control = "Package: x\nVersion: 1\nArchitecture: all\nMaintainer: x <x@x>\nDescription: x\n"
            for name, text in (("DEBIAN/control", control), ("usr/share/doc/x/a.html", PAGE), ("usr/share/doc/x/b.png", "")):
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text)
            deb = pathlib.Path(folder) / "x_1_all.deb"
            try:
                subprocess.run(["dpkg-deb", "-b", str(root), str(deb)], check=True, capture_output=True)
            except FileNotFoundError:
                self.skipTest("there is no dpkg-deb")
            wanted = packages.Package("x")
            files = list(packages.files(deb, lambda path: gather._is_read(wanted, path)))
            self.assertEqual([("/usr/share/doc/x/a.html", PAGE.encode())], files)

    def test_reads_only_what_lies_in_its_folders(self):
        package = packages.Package("x", ("usr/share/man",))
        self.assertTrue(package.wants("/usr/share/man/man1/x.1.gz"))
        self.assertFalse(package.wants("/usr/share/doc/x/guide.html"))

    def test_has_a_small_corpus_for_a_quick_look(self):
        self.assertTrue(any(package.quick for package in packages.PACKAGES))

    def test_names_each_package_once(self):
        names = [package.name for package in packages.PACKAGES]
        self.assertEqual(len(names), len(set(names)))


class Passages(unittest.TestCase):
    def test_are_whole_sections(self):
        sections = [f"## Part {i}\n\n{'some words here. ' * 20}" for i in range(3)]
        self.assertEqual(3, len(list(passages.cut("\n\n".join(sections)))))

    def test_of_short_sections_are_joined(self):
        self.assertEqual(1, len(list(passages.cut("# A\n\nfew\n\n# B\n\nwords\n"))))

    def test_of_a_long_section_end_with_a_sentence(self):
        cut = list(passages.cut("# A\n\n" + " ".join(["Each sentence has some words in it."] * 200)))
        self.assertTrue(all(len(passage) <= passages.TARGET_BYTES for passage in cut[:-1]))
        self.assertTrue(all(passage.endswith(".") for passage in cut))

    def test_do_not_cut_code(self):
        code = "```\n" + "line. Next\n" * 100 + "```"
        cut = list(passages.cut("# A\n\n" + "Words. " * 200 + "\n\n" + code))
        self.assertEqual(1, sum(code in passage for passage in cut))


class Corpus(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name) / "corpus.ndjson"
        sentence = "However, the {0} server keeps every pending connection {0} open until its client has closed the socket. "
        documents = [
            {"id": f"d{i}", "title": f"T{i}", "text": f"# See also this\n\n# About heading {'abcdefghij'[i]} alone\n\nYes. {sentence.format('blue')}\n"}
            for i in range(10)
        ]
        self.path.write_text("".join(json.dumps(document) + "\n" for document in documents))

    def test_gives_batches_of_whole_documents(self):
        corpus = stream.Documents(self.path)
        self.assertEqual(10, len(corpus))
        self.assertEqual("d7", json.loads(corpus.line(7))["id"])
        self.assertEqual(4, corpus.reaching(3, 1, 10))  # at least one
        self.assertEqual(5, corpus.reaching(3, 2 * (len(corpus.line(3)) + 1), 10))
        self.assertEqual(10, corpus.reaching(3, 1 << 20, 10))
        batch = json.loads(stream.body([corpus.line(0), corpus.line(1)]))
        self.assertEqual(["d0", "d1"], [document["id"] for document in batch["documents"]])

    def test_has_questions_always_the_same(self):
        made = questions.make(self.path, 12)
        self.assertEqual(made, questions.make(self.path, 12))
        self.assertNotEqual(made, questions.make(self.path, 12, seed=2))

    def test_has_questions_of_headings_that_occur_once_and_of_content_words(self):
        made = questions.make(self.path, 40)
        headings = [question for question in made if "heading" in question.text]
        self.assertEqual(10, len(headings))
        self.assertTrue(all(question.document == f"d{question.position}" for question in made))
        for question in made:
            self.assertNotIn("also", question.text)
            if question not in headings:
                self.assertTrue(questions.LEAST <= len(question.text.split()) <= questions.MOST, question)
                self.assertNotIn("the", question.text.split())

    def test_of_passages_is_searched_by_the_other_engines(self):
        try:
            found = engine.Fts5(self.path.parent)
        except Exception as problem:  # an SQLite without FTS5
            self.skipTest(str(problem))
        prepared = passages.prepare(self.path, 1)
        self.assertEqual(prepared, passages.prepare(self.path, 1))
        self.assertEqual(4, len(list(passages.read(str(prepared), 3, 7))))
        self.assertEqual(10, found.add(passages.read(str(prepared), 0, 10)))
        found.commit()
        self.assertEqual("d3", found.search(["heading", "d"])[0])


class Percentiles(unittest.TestCase):
    def test_are_told_when_enough_lies_above_them(self):
        self.assertEqual({"p50_ms": 10.0, "p95_ms": None, "p99_ms": None}, engine.percentiles([float(i) for i in range(1, 21)]))
        values = [float(i) for i in range(1, 1001)]
        random.Random(1).shuffle(values)
        self.assertEqual({"p50_ms": 500.0, "p95_ms": 950.0, "p99_ms": 990.0}, engine.percentiles(values))


class Markers(unittest.TestCase):
    def test_are_words_of_their_own(self):
        words = {measure._word(number) for number in range(1000)}
        self.assertEqual(1000, len(words))
        self.assertTrue(all(word.isalpha() for word in words))


def size(passages_, **changed):
    figures = {"p50_ms": 1.0, "p95_ms": 4.0, "p99_ms": 8.0, "disturbed": None}
    return {
        "target": passages_, "passages": passages_, "documents": passages_ // 9, "bytes": passages_ * 600,
        "ingest": {"passages": passages_, "passages_per_s": 20_000, "cpu_s": 1.0, "visible": 3, "visible_max_ms": 2.0},
        "settle_s": 1.0, "memory": {"bytes_a_passage": 300.0, "peak_bytes_a_passage": 500.0}, "disk_bytes": passages_ * 700,
        "idle": figures, "ingesting": {**figures, "writer": {"passages_per_s": 2000}},
        "restart": {"ready_s": 1.5, "bytes_a_passage": 280.0}, **changed,
    }  # fmt: skip


def result(sizes, **changed):
    machine = {"cpu": "x", "cpus": 2, "virtual": True, "memory_gib": 4, "kernel": "6", "system": "Debian"}
    other = {"engine": "fts5", "documents": 10, "passages": 10_000, "built_s": 2.0, "disk_bytes": 10**7, "asked": 40,
             "found": 0.9, "p50_ms": 20.0, "p95_ms": None, "p99_ms": None}  # fmt: skip
    return {
        "date": "2026-01-01", "commit": "abc", "command": "./dev bench --corpus", "machine": machine, "versions": {"ragd": "1"},
        "discarded": [], "took_s": 1, "packages": ["a-doc_1"], "questions": 4000, "rate": 50.0, "stopped": "", "found": 0.91,
        "quick": False, "sizes": sizes, "others": [other], **changed,
    }  # fmt: skip


class Table(unittest.TestCase):
    def test_says_which_goals_are_met_at_the_last_size(self):
        slow = size(1_000_000, ingest={**size(1)["ingest"], "passages_per_s": 14_000, "passages": 9})
        text = outcome.table(result([size(10_000), slow]))
        self.assertIn("at 1,000,000 passages", text)
        self.assertIn("| ingestion | 14,000 passages/s | >= 15,000 passages/s | no |", text)
        self.assertIn("| memory a passage | 300 bytes | <= 400 bytes | yes |", text)
        self.assertIn("| found by the query behind the 200 | 6 of 6 documents | all | yes |", text)
        self.assertIn("ragd 91%, SQLite FTS5 90%", text)

    def test_owns_up_to_disturbed_samples_and_an_early_end(self):
        disturbed = {**size(1)["idle"], "disturbed": "others 9%"}
        text = outcome.table(result([size(10_000, idle=disturbed)], stopped="The run ended at 10,000 passages: x."))
        self.assertIn("**1 were disturbed all the same (*)**", text)
        self.assertIn("**The run ended at 10,000 passages", text)

    def test_has_no_verdict_on_what_was_not_measured(self):
        few = {**size(1)["ingesting"], "p95_ms": None}
        self.assertIn("| top 10 beside ingestion, p95 | - | <= 10.00 ms | - |", outcome.table(result([size(10, ingesting=few)])))

    def test_comes_with_well_formed_plots(self):
        files = outcome.files(result([size(10_000), size(30_123)]))
        plots = {name for name in files if name.endswith(".svg")}
        self.assertEqual({"latency-by-size.svg", "cost-by-size.svg"}, plots)
        self.assertEqual({"corpus-2026-01-01.json", "corpus-2026-01-01.md"}, set(files) - plots)
        for plot in plots:
            xml.etree.ElementTree.fromstring(files[plot])


if __name__ == "__main__":
    unittest.main()
