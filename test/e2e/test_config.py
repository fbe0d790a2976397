"""What mehrd says when it cannot start, and how it ends."""

import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import time
import unittest

from support import MeshTest
from mesh import Node, free_port

GOOD = 'listen = ["127.0.0.1:0"]\n'
PLAIN = "unsealed_identity = true\n"


class Start(MeshTest):
    def mehrd(self, config, *arguments):
        path = os.path.join(self.mesh.dir, "mehrd.toml")
        with open(path, "w", encoding="utf-8") as f:
            f.write(config)
        return subprocess.run([self.mesh.tool("mehrd"), "--config", path, *arguments],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)

    def test_mistakes_in_the_configuration(self):
        cases = [
            ("listen = [\n", 1, "not TOML"),
            ("a = 1\nlisten = []\n", 1, 'unknown key "a"'),
            ('\n\nlisten = "127.0.0.1:1"\n', 3, "a list of addresses"),
            ('listen = [5]\n', 1, "must be a text"),
            ('listen = ["127.0.0.1:66000"]\n', 1, "127.0.0.1:66000"),
            ('listen = ["127.0.0.1:1", "127.0.0.1:1"]\n', 1, "twice"),
            (GOOD + GOOD, 2, "redefine"),
            (GOOD + 'peers = ["x:1", "x:1"]\n', 2, "twice"),
            (GOOD + 'peers = ["x:0"]\n', 2, "1 to 65535"),
            (GOOD + 'peers = [{ node = "%s" }]\n' % ("0" * 32), 2, "needs an address"),
            (GOOD + 'peers = [{ address = "x:1", node = "12" }]\n', 2, "32 hexadecimal"),
            (GOOD + 'peers = [{ address = "x:1", key = "12" }]\n', 2, 'unknown key "key"'),
            (GOOD + "data_dir = 5\n", 2, "must be a path"),
            (GOOD + 'data_dir = ""\n', 2, "empty"),
            (GOOD + "identity = 5\n", 2, "must be the name of a key"),
            (GOOD + "identity = '../x'\n", 2, "no name of a key"),
            (GOOD + "unsealed_identity = 'yes'\n", 2, "true or false"),
            (GOOD + "cover_traffic = 1\n", 2, "true or false"),
            (GOOD + "log_level = 'loud'\n", 2, "trace, debug, info, warning or error"),
            (GOOD + "log_format = 'xml'\n", 2, "text or json"),
            (GOOD + "max_connections = 0\n", 2, "from 1 to"),
            (GOOD + "max_connections = 1.5\n", 2, "fraction"),
            (GOOD + "mtu = 483\n", 2, "from 484 to 4096"),
            (GOOD + "max_file_size = 'big'\n", 2, "must be a number"),
            (GOOD + "accept_files = 'some'\n", 2, '"all", "none" or a list'),
            (GOOD + "accept_files = ['12']\n", 2, "32 hexadecimal"),
            ("", 1, "give listen or peers"),
            (GOOD + "bootstrap = '192.0.2.1'\n", 2, "a list of addresses"),
            (GOOD + "bootstrap = [1]\n", 2, "must be a text"),
            (GOOD + "bootstrap = ['nodes.example']\n", 2, "bootstrap_name takes a name"),
            (GOOD + "bootstrap = ['192.0.2.1:0']\n", 2, "from 1 to 65535"),
            (GOOD + "bootstrap = ['0.0.0.0:1']\n", 2, "the address of one machine"),
            (GOOD + "bootstrap = ['224.0.0.1:1']\n", 2, "the address of one machine"),
            (GOOD + "bootstrap = ['192.0.2.1:70000']\n", 2, "192.0.2.1:70000"),
            (GOOD + "bootstrap = ['192.0.2.1:1', '192.0.2.1:1']\n", 2, "twice"),
            (GOOD + "bootstrap = [%s]\n" % ", ".join(f"'192.0.2.1:{p}'" for p in range(1, 258)),
             2, "256 are allowed"),
            (GOOD + "bootstrap_name = 5\n", 2, "must be a name"),
            (GOOD + "bootstrap_name = 'a b'\n", 2, "a b"),
            (GOOD + "bootstrap_name = 'x:0'\n", 2, "1 to 65535"),
            (GOOD + "outbound_only = 1\n", 2, "must be true or false"),
            (GOOD + "outbound_only = true\n", 2, "contradict"),
            (GOOD + "port_mapping = 'yes'\n", 2, "must be true or false"),
            ("bootstrap = ['192.0.2.1']\nport_mapping = true\n", 2, "give listen"),
            ("listen = []\nbootstrap = ['192.0.2.1']\nport_mapping = true\n", 3, "give listen"),
            ("bootstrap = []\n", 1, "bootstrap or bootstrap_name"),
        ]
        for config, line, words in cases:
            with self.subTest(config=config):
                done = self.mehrd(config)
                self.assertEqual(done.returncode, 2)
                self.assertRegex(done.stderr, rf"mehrd\.toml:{line}:\d+: ")
                self.assertIn(words, done.stderr)
                self.assertEqual(done.stdout, "")

    def test_all_mistakes_are_told_at_once(self):
        done = self.mehrd('listen = ["x:x"]\nlog_level = 1\nlog_format = 2\nwhat = 3\n')
        lines = re.findall(r"mehrd\.toml:(\d+):", done.stderr)
        self.assertEqual(lines, ["1", "2", "3", "4"])

    def test_arguments(self):
        self.assertEqual(self.mesh.run("mehrd").returncode, 2)
        self.assertEqual(self.mesh.run("mehrd", "--what").returncode, 2)
        self.assertEqual(self.mesh.run("mehrd", "--config", "/nonexistent").returncode, 2)
        self.assertEqual(self.mesh.run("mehrd", "--version").returncode, 0)
        self.assertIn("Exit codes", self.mesh.run("mehrd", "--help").stdout)
        self.assertIn("port mapping: ", self.mesh.run("mehrd", "--version").stdout)
        self.assertEqual(self.mehrd(GOOD, "--check-config").returncode, 0)
        for alone in ("bootstrap = ['192.0.2.1', '[2001:db8::1]:5']", "bootstrap_name = 'x'",
                      "outbound_only = true\nbootstrap_name = 'x:5'"):
            self.assertEqual(self.mehrd(alone + "\n", "--check-config").returncode, 0)
        self.assertEqual(self.mehrd("x = 1", "--check-config").returncode, 2)

    def one_line(self, done, code, *words):
        self.assertEqual(done.returncode, code, done.stderr)
        lines = [x for x in done.stderr.splitlines() if x.startswith("mehrd: ")]
        self.assertEqual(len(lines), 1, done.stderr)
        for word in words:
            self.assertIn(word, lines[0])

    def test_data_directory(self):
        in_the_way = self.mesh.file("file", b"")
        self.one_line(self.mehrd(GOOD + f'data_dir = "{in_the_way}"\n'), 3, "not a directory")
        self.one_line(self.mehrd(GOOD + 'data_dir = "/proc/mehr"\n'), 3, "/proc/mehr")
        if os.geteuid() != 0:
            locked = os.path.join(self.mesh.dir, "locked")
            os.mkdir(locked, 0o500)
            self.one_line(self.mehrd(GOOD + f'data_dir = "{locked}"\n'), 3, "Permission denied")
        node = Node(self.mesh, "n", listen=["127.0.0.1:0"]).start()
        self.one_line(self.mehrd(PLAIN + GOOD + f'data_dir = "{node.data}"\n'), 3, "in use")
        self.assertEqual(node.stop(), 0)
        identity = os.path.join(node.data, "identity")
        self.assertEqual(stat.S_IMODE(os.stat(identity).st_mode), 0o600)
        os.chmod(identity, 0o640)
        self.one_line(self.mehrd(PLAIN + GOOD + f'data_dir = "{node.data}"\n'), 3, "chmod 600")
        os.chmod(identity, 0o600)
        with open(identity, "r+b") as f:
            f.truncate(20)
        self.one_line(self.mehrd(PLAIN + GOOD + f'data_dir = "{node.data}"\n'), 3, "identity")

    def test_addresses_and_socket(self):
        data = os.path.join(self.mesh.dir, "data")
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            where = f"127.0.0.1:{taken.getsockname()[1]}"
            done = self.mehrd(PLAIN + f'listen = ["{where}"]\ndata_dir = "{data}"\n')
            self.one_line(done, 4, where, "in use")
        rest = PLAIN + GOOD + f'data_dir = "{data}"\n'
        self.one_line(self.mehrd(rest + f'socket = "{self.mesh.dir}/none/s"\n'), 4, "none/s")
        self.one_line(self.mehrd(rest + f'socket = "/tmp/{"s" * 120}"\n'), 4, "at most 107")
        in_the_way = self.mesh.file("s", b"precious")
        self.one_line(self.mehrd(rest + f'socket = "{in_the_way}"\n'), 4, "not a socket")
        with open(in_the_way, "rb") as f:
            self.assertEqual(f.read(), b"precious")
        other = Node(self.mesh, "n", listen=["127.0.0.1:0"]).start()
        self.one_line(self.mehrd(rest + f'socket = "{other.socket}"\n'), 4, "answers on")
        self.assertTrue(other.call("id"))


class End(MeshTest):
    def test_signals_end_it_cleanly(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(signal=number):
                a, b, c = (self.mesh.line())
                self.assertEqual(stat.S_IMODE(os.stat(b.socket).st_mode), 0o600)
                b.process.send_signal(number)
                self.assertEqual(b.process.wait(10), 0)
                self.assertFalse(os.path.exists(b.socket))
                self.assertIn("daemon.stopped", b.log())
                # The neighbours were told, not left to find out.
                self.assertIn('reason="shut down"', a.log())
                self.assertEqual((a.stop(), c.stop()), (0, 0))
                self.mesh.close()
                self.setUp()

    def test_a_crash_leaves_nothing_in_the_way(self):
        node = Node(self.mesh, "n", listen=["127.0.0.1:0"]).start()
        first = node.id
        node.kill()
        self.assertTrue(os.path.exists(node.socket))
        leftover = os.path.join(node.data, "incoming", "0123.part")
        with open(leftover, "wb") as f:
            f.write(b"half")
        node.start()
        self.assertEqual(node.call("id")["node"], first)
        self.assertFalse(os.path.exists(leftover))
        self.assertEqual(node.stop(), 0)

    def test_it_stops_while_a_transfer_is_under_way(self):
        a, b, c = self.mesh.line()
        source = self.mesh.file("big", os.urandom(30_000_000))
        a.call("send", {"node": c.id, "path": source, "wait": False})
        time.sleep(0.2)
        self.assertEqual([n.stop() for n in (c, b, a)], [0, 0, 0])

    @unittest.skipIf(os.environ.get("MEHR_SANITIZE"), "sanitizers look for themselves")
    @unittest.skipUnless(shutil.which("valgrind"), "valgrind is not installed")
    def test_valgrind_finds_nothing_lost(self):
        under = ["valgrind", "-q", "--leak-check=full", "--error-exitcode=99"]
        where = f"127.0.0.1:{free_port()}"
        b = Node(self.mesh, "b", listen=[where]).start(under)
        a = Node(self.mesh, "a", peers=[where]).start(under)
        a.wait_route(b.id)
        source = self.mesh.file("some", os.urandom(1_000_000))
        self.assertEqual(a.call("send", {"node": b.id, "path": source})["state"], "done")
        # One more is under way, and somebody watches, when they are stopped.
        a.call("send", {"node": b.id, "path": source, "wait": False})
        with a.api() as watcher:
            watcher.raw(b'{"id":1,"method":"watch"}\n')
            self.assertEqual((a.stop(30), b.stop(30)), (0, 0), a.log() + b.log())

    def test_json_log(self):
        where = f"127.0.0.1:{free_port()}"
        b = Node(self.mesh, "b", listen=[where], log_format="json", log_level="debug").start()
        a = Node(self.mesh, "a", peers=[where]).start()
        a.wait_route(b.id)
        self.assertEqual((a.stop(), b.stop()), (0, 0))
        events = [json.loads(line) for line in b.log().splitlines() if line]
        names = [e["event"] for e in events]
        for name in ("daemon.started", "link.up", "route.appeared", "link.down", "daemon.stopped"):
            self.assertIn(name, names)
        up = next(e for e in events if e["event"] == "link.up")
        self.assertEqual(up["mtu"], 4096)
        self.assertEqual(up["level"], "info")


if __name__ == "__main__":
    unittest.main()
