"""mehr-sim, the program: what it prints and writes, its exit codes, and that a seed repeats a run."""

import json
import os
import re
import signal
import subprocess
import tempfile
import unittest

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
BIN = os.environ.get("MEHR_BIN", os.path.join(ROOT, "build", "dev", "bin"))
SMALL = ["first-light-tcp", "first-light-wifi", "first-light-lora", "partition", "mobile",
         "byzantine", "small-world", "village"]

TINY = """
name = "tiny"
about = "three nodes in a line"
duration = "5s"
settle = "5min"

[topology]
shape = "line"
nodes = 3
media = "tcp"
"""


class SimTest(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.dir = holder.name

    def path(self, name, text=None):
        path = os.path.join(self.dir, name)
        if text is not None:
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
        return path

    def sim(self, *arguments, code=0, program="mehr-sim"):
        done = subprocess.run([os.path.join(BIN, program), *arguments], capture_output=True,
                              text=True, timeout=300, cwd=self.dir)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def fingerprint(self, *arguments, code=0):
        last = self.sim(*arguments, code=code).stdout.splitlines()[-1]
        self.assertRegex(last, r"^fingerprint [0-9a-f]{64}$")
        return last.split()[1]


class BuiltIn(SimTest):
    def test_each_small_one_ends_well(self):
        for name in SMALL:
            with self.subTest(scenario=name):
                lines = self.sim("run", name, "--seed", "1").stdout.splitlines()
                self.assertEqual(lines[0], "seed 0x1")
                self.assertRegex(lines[-1], r"^fingerprint [0-9a-f]{64}$")

    def test_list_names_them_all(self):
        listed = self.sim("list").stdout
        for name in SMALL + ["thousand", "ten-thousand", "swarm"]:
            self.assertRegex(listed, rf"(?m)^{name} +\S.*\.$")
        self.assertIn("drops", self.sim("list", "--behaviours").stdout)
        for what in ("--plants", "--hazards"):
            self.assertRegex(self.sim("list", what).stdout, r"(?m)^l[0-2]\.\w+ +\S")

    def test_show(self):
        shown = self.sim("show", "village", "--svg", self.path("v.svg"), "--json",
                         self.path("v.json")).stdout
        self.assertRegex(shown, r"(?m)^nodes +\d+ ")
        self.assertRegex(shown, r"(?m)^medium +\w+: lora")
        with open(self.path("v.svg"), encoding="utf-8") as f:
            self.assertTrue(f.read().startswith("<svg"))
        again = self.sim("show", self.path("v.json")).stdout
        pick = re.compile(r"(?m)^(?:nodes|links|neighbours|medium) .*$")
        self.assertEqual(pick.findall(again), pick.findall(shown))


class Determinism(SimTest):
    def test_a_seed_repeats_a_run_and_another_does_not(self):
        first = self.fingerprint("run", "first-light-wifi", "--seed", "0x5eed")
        self.assertEqual(first, self.fingerprint("run", "first-light-wifi", "--seed", "24301"))
        self.assertNotEqual(first, self.fingerprint("run", "first-light-wifi", "--seed", "2"))

    def test_looking_changes_nothing(self):
        plain = self.fingerprint("run", "first-light-tcp", "--seed", "3")
        self.assertEqual(plain, self.fingerprint(
            "run", "first-light-tcp", "--seed", "3", "--trace", self.path("t"), "--report",
            self.path("r"), "--svg", self.path("s.svg")))

    def test_without_a_seed_one_is_drawn_and_said(self):
        tiny = self.path("tiny.toml", TINY)
        runs = [self.sim("run", tiny).stdout.splitlines() for _ in range(2)]
        self.assertNotEqual(runs[0][0], runs[1][0])
        self.assertEqual(runs[0][-1].split()[1],
                         self.fingerprint("run", tiny, "--seed", runs[0][0].split()[1]))

    def test_fast_crypto_is_another_program_and_another_run(self):
        tiny = self.path("tiny.toml", TINY)
        fast = self.fingerprint("run", tiny, "--seed", "1", "--fast-crypto")
        self.assertNotEqual(fast, self.fingerprint("run", tiny, "--seed", "1"))
        direct = self.sim("run", tiny, "--seed", "1", program="mehr-sim-fast").stdout
        self.assertEqual(direct.splitlines()[-1], "fingerprint " + fast)


class Outputs(SimTest):
    def test_trace_report_and_picture(self):
        self.sim("run", "first-light-tcp", "--seed", "1", "--trace", self.path("t.jsonl"),
                 "--report", self.path("deep/report"), "--svg", self.path("t.svg"))
        with open(self.path("t.jsonl"), encoding="utf-8") as f:
            for line in f:
                json.loads(line)
        with open(self.path("deep/report/index.html"), encoding="utf-8") as f:
            page = f.read()
        self.assertIn("<svg", page)
        self.assertNotRegex(page, r"(src|href)=[\"']?https?:")
        with open(self.path("t.svg"), encoding="utf-8") as f:
            self.assertTrue(f.read().startswith("<svg"))

    @unittest.skipUnless(os.path.exists(os.path.join(BIN, "mehr")), "mehr is not built")
    def test_mehr_inspect_reads_a_trace(self):
        self.sim("run", self.path("tiny.toml", TINY), "--seed", "1", "--trace", self.path("t.jsonl"))
        done = subprocess.run([os.path.join(BIN, "mehr"), "inspect", self.path("t.jsonl")],
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("announce", done.stdout)

    def test_what_cannot_be_written_is_said(self):
        done = self.sim("run", self.path("tiny.toml", TINY), "--trace", "/nonexistent/t", code=2)
        self.assertIn("/nonexistent/t", done.stderr)


class BadInput(SimTest):
    def test_a_mistake_in_a_file_has_its_line(self):
        for text, line, words in [
                ('name = "x"\n[topology]\nshape = "line"\nnodes = 3\nmedia = "tpc"\n', 5, "tpc"),
                ('name = "x"\n[topology\n', 2, ""),
                (TINY + '\n[[program]]\nkind = "massages"\nnode = "n0"\n', None, "massages"),
                (TINY + '\n[[program]]\nkind = "file"\nnode = "n9"\n', None, "n9"),
                (TINY + '\n[[program]]\nkind = "file"\nnode = "n0"\nto = "n7"\n', None, "n7"),
                (TINY + '\n[[program]]\nkind = "file"\nnode = "n0"\nto = "n2"\nsice = "2MB"\n',
                 None, "sice"),
                (TINY + '\n[[fault]]\nkind = "crash"\nat = "1s"\nnode = "n4"\n', None, "n4")]:
            with self.subTest(words=words):
                bad = self.path("bad.toml", text)
                said = self.sim("run", bad, code=2).stderr
                self.assertRegex(said, rf"bad\.toml:{line or r'[1-9][0-9]*'}: ")
                self.assertIn(words, said)

    def test_arguments(self):
        for arguments, words in [
                (["run", "no-such-thing"], "no-such-thing"),
                (["run", "first-light-tcp", "--seed", "x"], "seed"),
                (["run", "first-light-tcp", "--plant", "flowers"], "flowers"),
                (["run", "first-light-tcp", "--virtual-limit", "soon"], "give a time"),
                (["swarm"], "--seeds"),
                (["swarm", "--seeds", "9..1"], "FIRST..LAST"),
                (["scale", "--nodes", "0"], "--nodes"),
                (["fly"], ""),
                ([], "")]:
            with self.subTest(arguments=arguments):
                self.assertIn(words, self.sim(*arguments, code=2).stderr)


class Ends(SimTest):
    def test_a_run_that_cannot_end_reaches_its_virtual_limit(self):
        endless = self.path("endless.toml", TINY.replace('"5s"', '"2000h"'))
        done = self.sim("run", endless, "--virtual-limit", "20s", code=3)
        self.assertIn("virtual-time limit of 20 s", done.stderr)
        self.assertIn("fingerprint ", done.stdout)

    def test_a_run_that_takes_too_long_reaches_its_real_limit(self):
        endless = self.path("endless.toml", TINY.replace('"5s"', '"80000h"'))
        done = self.sim("run", endless, "--virtual-limit", "80000h", "--real-limit", "1s", code=3)
        self.assertIn("real-time limit of 1 s", done.stderr)

    def test_what_does_not_settle_is_a_failure(self):
        cut_off = self.path("cut.toml", TINY.replace('"5min"', '"1ms"').replace('"5s"', '"0s"'))
        done = self.sim("run", cut_off, code=1)
        self.assertIn("not every", done.stderr)

    def test_an_interrupt_ends_with_the_fingerprint_up_to_then(self):
        endless = self.path("endless.toml", TINY.replace('"5s"', '"80000h"'))
        child = subprocess.Popen([os.path.join(BIN, "mehr-sim"), "run", endless, "--virtual-limit",
                                  "80000h"], stdout=subprocess.PIPE, text=True)
        self.assertRegex(child.stdout.readline(), r"^seed ")
        child.send_signal(signal.SIGINT)
        out, _ = child.communicate(timeout=60)
        self.assertEqual(child.returncode, 130)
        self.assertRegex(out.splitlines()[-1], r"^fingerprint [0-9a-f]{64}$")


class Many(SimTest):
    def test_swarm_counts_and_repeats(self):
        done = self.sim("swarm", "--seeds", "1..4", "--twice-every", "2", "--no-progress")
        self.assertRegex(done.stdout.splitlines()[-1],
                         r"^4 seeds, 2 of them run twice, 0 failed, [0-9.]+ s$")

    def test_scale_writes_a_table_and_a_plot(self):
        done = self.sim("scale", "--nodes", "5,10", "--announcing", "all", "--report",
                        self.path("scale"))
        with open(self.path("scale/scale.md"), encoding="utf-8") as f:
            table = f.read()
        self.assertIn(table, done.stdout)
        self.assertEqual(len(table.splitlines()), 4)
        with open(self.path("scale/scale.svg"), encoding="utf-8") as f:
            self.assertEqual(f.read().count("<circle"), 6)


if __name__ == "__main__":
    unittest.main()
