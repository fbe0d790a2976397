"""Files from A to C through B, and what a restart of B in mid-transfer does to them."""

import hashlib
import os
import threading
import time
import unittest

from support import MeshTest
from mesh import ApiError, wait_for


def digest(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


class Transfer(MeshTest):
    def test_a_file_arrives_whole_and_is_recorded(self):
        a, b, c = self.mesh.line()
        source = self.mesh.file("report 2026.tar.gz", os.urandom(5_000_000))
        states = []
        sent = a.call("send", {"node": c.id, "path": source},
                      lambda e: states.append(e["transfer"]["state"]))
        self.assertEqual(sent["state"], "done")
        self.assertIn("sending", states)
        (received,) = c.call("inbox")["files"]
        self.assertEqual(received["from"], a.id)
        self.assertEqual(received["name"], "report 2026.tar.gz")
        self.assertEqual(received["size"], 5_000_000)
        self.assertEqual(received["blake3"], sent["blake3"])
        self.assertEqual(digest(received["path"]), digest(source))
        self.assertEqual(os.stat(received["path"]).st_mode & 0o077, 0)
        self.assertGreater(b.call("status")["counters"]["network"]["forwarded"], 1000)

        # The same name again gets a name of its own; an empty file is a file.
        a.call("send", {"node": c.id, "path": source})
        empty = self.mesh.file("empty", b"")
        a.call("send", {"node": c.id, "path": empty})
        files = c.call("inbox")["files"]
        self.assertEqual([os.path.basename(f["path"]) for f in files],
                         ["report 2026.tar.gz", "report 2026 (2).tar.gz", "empty"])
        self.assertEqual(os.listdir(os.path.join(c.data, "incoming")), [])

        # The record outlives the daemon.
        self.assertEqual(c.stop(), 0)
        c.start()
        self.assertEqual(c.call("inbox")["files"], files)

    def test_the_relay_is_killed_and_comes_back(self):
        a, b, c = self.mesh.line()
        source = self.mesh.file("big", os.urandom(120_000_000))
        done = {}
        seen = threading.Event()

        def progress(event):
            if event["transfer"]["bytes_done"] > 2_000_000:
                seen.set()

        def send():
            try:
                done["result"] = a.call("send", {"node": c.id, "path": source}, progress)
            except Exception as e:  # looked at below, in the test's own thread
                done["error"] = e

        sender = threading.Thread(target=send)
        sender.start()
        self.assertTrue(seen.wait(20), "the transfer never began")
        b.kill()
        at_kill = a.call("transfers")["transfers"][0]
        self.assertNotEqual(at_kill["state"], "done", "B was killed too late to matter")
        time.sleep(0.5)
        b.start()
        sender.join(60)
        self.assertFalse(sender.is_alive(), "the transfer did not end after B came back")
        self.assertNotIn("error", done)
        (received,) = c.call("inbox")["files"]
        self.assertEqual(received["blake3"], done["result"]["blake3"])
        self.assertEqual(digest(received["path"]), digest(source))

    def test_refusals_are_answered_in_words(self):
        a, _, c = self.mesh.line()
        cases = [
            ({"node": c.id, "path": "/nonexistent/file"}, "not_found"),
            ({"node": c.id, "path": "/"}, "bad_params"),
            ({"node": c.id, "path": "/dev/zero"}, "bad_params"),
            ({"node": c.id, "path": "relative"}, "bad_params"),
            ({"node": a.id, "path": "/etc/hostname"}, "bad_params"),
            ({"node": "zz", "path": "/etc/hostname"}, "bad_params"),
            ({"node": "ffff", "path": "/etc/hostname"}, "not_found"),
            ({"path": "/etc/hostname"}, "bad_params"),
        ]
        for params, code in cases:
            with self.subTest(params=params), self.assertRaises(ApiError) as raised:
                a.call("send", params)
            self.assertEqual(raised.exception.code, code, params)

    def test_only_listed_nodes_may_send(self):
        a, _, c = self.mesh.line()
        c_id = c.id
        self.assertEqual(c.stop(), 0)
        with open(c.config, "a", encoding="utf-8") as f:
            f.write('accept_files = ["00000000000000000000000000000001"]\n')
        c.start()
        wait_for("the route to C", lambda: a.has_route_to(c_id), 30)
        source = self.mesh.file("unwanted", b"x" * 1000)
        with self.assertRaises(ApiError) as raised:
            a.call("send", {"node": c_id, "path": source})
        self.assertEqual(raised.exception.code, "transfer_failed")
        self.assertEqual(c.call("inbox")["files"], [])

    def test_a_transfer_without_a_route_waits_and_can_be_cancelled(self):
        a, _, _ = self.mesh.line()
        source = self.mesh.file("early", b"x" * 1000)
        number = a.call("send", {"node": "ab" * 16, "path": source, "wait": False})["transfer"]

        def state():
            return next(t for t in a.call("transfers")["transfers"] if t["transfer"] == number)

        wait_for("waiting for a route", lambda: state()["state"] == "waiting for a route")
        a.call("cancel", {"transfer": number})
        wait_for("the end", lambda: state()["state"] == "failed")
        with self.assertRaises(ApiError) as raised:
            a.call("cancel", {"transfer": number})
        self.assertEqual(raised.exception.code, "not_found")


if __name__ == "__main__":
    unittest.main()
