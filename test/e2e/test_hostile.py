"""Strangers that forge, babble, dawdle and crowd, while honest nodes get their work done."""

import os
import random
import resource
import socket
import threading
import time
import unittest

from support import MeshTest
from mesh import wait_for

ATTACKER = "127.0.0.66"
# What a crowd of strangers may cost in memory; sanitizers keep what was freed.
ROOM = (64 << 20) if not os.environ.get("MEHR_SANITIZE") else (512 << 20)


def connect(port, timeout=5.0):
    s = socket.socket()
    s.settimeout(timeout)
    s.bind((ATTACKER, 0))
    s.connect(("127.0.0.1", port))
    return s


def port_of(node):
    return int(node.call("status")["listening"][0].rsplit(":", 1)[1])


def init_frame(noise):
    return b"\x7e\x80\x10\x01\x01" + bytes(16) + noise.randbytes(32).replace(
        b"\x7e", b"\x00").replace(b"\x7d", b"\x00") + b"\x7e"


class Hostile(MeshTest):
    def test_a_forged_identity_is_refused_and_the_log_says_why(self):
        _, b, c = self.mesh.line()
        key = c.call("id")["public_key"]
        before = b.call("status")["counters"]["links"]["handshake_refused"]
        done = self.mesh.run("forger", port_of(b), key)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("refused", done.stdout)
        self.assertIn(c.id, done.stdout)
        line = wait_for("a line in the log", lambda: [
            x for x in b.log().splitlines() if "link.refused" in x])[0]
        self.assertIn("from=127.0.0.1", line)
        self.assertIn("reason=", line)
        self.assertEqual(b.call("status")["counters"]["links"]["handshake_refused"], before + 1)
        # The real C keeps its link.
        self.assertIn(c.id, [l["node"] for l in b.call("peers")["links"]])

    def babble(self, port, stop, noise, counts):
        """One hostile connection after another, each wrong in its own way."""
        while not stop.is_set():
            kind = noise.randrange(6)
            counts[kind] = counts.get(kind, 0) + 1
            try:
                with connect(port) as s:
                    if kind == 0:
                        s.sendall(noise.randbytes(20_000))
                    elif kind == 1:
                        s.sendall(init_frame(noise)[:noise.randrange(1, 50)])
                    elif kind == 2:
                        s.sendall(init_frame(noise))
                        s.recv(400)
                        s.sendall(b"\x7e\x82" + noise.randbytes(130) + b"\x7e")
                    elif kind == 3:
                        s.sendall((b"\x7e" + noise.randbytes(noise.randrange(1, 300))) * 40)
                    elif kind == 4:
                        s.sendall(b"\x7e\x90" + noise.randbytes(100) + b"\x7e")
                    else:
                        s.sendall(b"\x00" * 60_000)
            except OSError:
                pass

    def test_garbage_speakers_do_not_disturb_a_transfer(self):
        a, b, c = self.mesh.line()
        port = port_of(b)
        before = b.resident_bytes()
        stop = threading.Event()
        counts = {}
        # Slow ones first: they hold their connections and say next to nothing.
        slow = [connect(port) for _ in range(200)]
        for i, s in enumerate(slow):
            s.sendall(b"\x7e\x80\x10" if i % 2 else b"\x7e")
        babblers = [threading.Thread(target=self.babble, daemon=True,
                                     args=(port, stop, random.Random(seed), counts))
                    for seed in range(3)]
        for t in babblers:
            t.start()
        try:
            source = self.mesh.file("honest", os.urandom(10_000_000))
            for _ in range(3):
                sent = a.call("send", {"node": c.id, "path": source})
                self.assertEqual(sent["state"], "done")
        finally:
            stop.set()
            for t in babblers:
                t.join(10)
        self.assertGreater(sum(counts.values()), 50)
        self.assertEqual(len(counts), 6)
        self.assertEqual(len(c.call("inbox")["files"]), 3)
        status = b.call("status")
        self.assertEqual(status["links"], 2)
        self.assertLessEqual(status["half_open"], 64)
        links = status["counters"]["links"]
        dropped = sum(links[k] for k in ("init_rate", "init_half_open", "init_malformed",
                                         "unknown_type", "unknown_link", "handshake_refused",
                                         "handshake_timeout", "clear_packet", "empty_frame"))
        self.assertGreater(dropped, 50)
        # Those who say nothing are shown the door.
        wait_for("the end of the slow ones",
                 lambda: b.call("status")["connections"] <= 2, 40)
        for s in slow:
            s.close()
        self.assertLess(b.resident_bytes() - before, ROOM)
        # One refusal of a kind per second at most reaches the log.
        self.assertLess(len(b.log().splitlines()), 400)

    def test_ten_thousand_connections(self):
        a, b, c = self.mesh.line()
        port = port_of(b)
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        at_once = min(2_000, hard - 200)
        before = b.resident_bytes()
        refused = opened = 0
        start = time.monotonic()
        while opened < 10_000:
            crowd = []
            try:
                for _ in range(min(at_once, 10_000 - opened)):
                    opened += 1
                    try:
                        crowd.append(connect(port))
                        crowd[-1].sendall(b"\x7e\x80")
                    except OSError:
                        refused += 1
                self.assertLessEqual(b.call("status")["connections"], 512 + 2)
            finally:
                for s in crowd:
                    s.close()
        took = time.monotonic() - start
        counters = b.call("status")["counters"]["tcp"]
        print(f"10,000 connections in {took:.1f} s: {counters['accepted']} accepted, "
              f"{counters['over_limit']} over the limit, {refused} failed here; "
              f"{(b.resident_bytes() - before) / 1e6:.1f} MB more", flush=True)
        self.assertGreater(counters["over_limit"], 0)
        self.assertLess(b.resident_bytes() - before, ROOM)
        self.assertEqual(len(b.call("peers")["links"]), 2)
        source = self.mesh.file("after", os.urandom(1_000_000))
        self.assertEqual(a.call("send", {"node": c.id, "path": source})["state"], "done")

    def test_the_api_survives_bad_clients(self):
        _, b, _ = self.mesh.line()
        with b.api() as api:
            for line, code in [
                    (b"not json\n", "bad_json"),
                    (b"[]\n", "bad_json"),
                    (b"\xff\xfe\n", "bad_json"),
                    (b"{}\n", "bad_request"),
                    (b'{"method":5}\n', "bad_request"),
                    (b'{"method":"status","params":[]}\n', "bad_request"),
                    (b'{"id":{},"method":"status"}\n', "bad_request"),
                    (b'{"id":1,"method":"nothing"}\n', "unknown_method"),
                    (b'{"id":1,"method":"cancel","params":{"transfer":-1}}\n', "bad_params"),
                    (b'{"id":1,"method":"cancel","params":{"transfer":99}}\n', "not_found"),
                    (b'{"id":1,"method":"send","params":{"node":7}}\n', "bad_params")]:
                api.raw(line)
                self.assertEqual(api.read()["error"]["code"], code, line)
            api.raw(b'\n \r\n{"id":"x","method":"id"}\r\n{"id":2,"method":"id"}\n')
            self.assertEqual(api.read()["id"], "x")
            self.assertEqual(api.read()["id"], 2)
            api.raw(b'{"id":1,"method":"' + b"a" * 70_000)
            self.assertEqual(api.read()["error"]["code"], "too_long")
            self.assertEqual(api.lines.readline(), "")
        # Too many at once: told so; when they go there is room again.
        crowd = [b.api() for _ in range(40)]
        told = 0
        for api in crowd:
            api.socket.settimeout(0.2)
            try:
                told += '"busy"' in api.lines.readline()
            except OSError:
                pass
        for api in crowd:
            api.close()
        self.assertEqual(told, 8)
        wait_for("room", lambda: b.call("id"))
        # A client that asks and never reads is dropped; the daemon stays as it is.
        before = b.resident_bytes()
        with b.api() as deaf:
            try:
                for _ in range(200):
                    deaf.raw(b'{"id":1,"method":"status"}\n' * 100)
            except OSError:
                pass
            self.assertEqual(b.call("id")["node"], b.id)
            self.assertLess(b.resident_bytes() - before, ROOM)


if __name__ == "__main__":
    unittest.main()
