"""What a relay learns: every byte it handles is recorded and searched."""

import json
import os
import shutil
import struct
import unittest

from support import MeshTest, bin_dir
from mesh import Node, free_port, wait_for


class Privacy(MeshTest):
    def search(self, source, record, *nodes):
        done = self.mesh.run("find-runs", source, record, *nodes)
        self.assertEqual(done.returncode, 0, done.stderr)
        found = json.loads(done.stdout)
        self.assertTrue(found["whole"], "the record is cut short")
        return found

    def test_the_relay_sees_neither_the_file_nor_a_source(self):
        port = free_port()
        record = os.path.join(self.mesh.dir, "record")
        log = os.path.join(self.mesh.dir, "relay.log")
        relay = self.mesh.start_tool("recording-relay", port, record, log=log)
        wait_for("the relay", lambda: os.path.getsize(log) > 0)
        where = f"127.0.0.1:{port}"
        a = Node(self.mesh, "a", peers=[where]).start()
        c = Node(self.mesh, "c", peers=[where]).start()
        a.wait_route(c.id)
        c.wait_route(a.id)

        # A real file: the daemon's own program.
        source = os.path.join(self.mesh.dir, "file")
        with open(os.path.join(bin_dir(), "mehrd"), "rb") as f, open(source, "wb") as out:
            out.write(f.read(5_000_000))
        size = os.path.getsize(source)
        sent = a.call("send", {"node": c.id, "path": source})
        self.assertEqual(c.call("inbox")["files"][0]["blake3"], sent["blake3"])
        back = c.call("send", {"node": a.id, "path": source})
        self.assertEqual(back["state"], "done")
        nodes = [",".join([i["node"], i["public_key"], i["x25519_key"]])
                 for i in (a.call("id"), c.call("id"))]
        self.assertEqual((a.stop(), c.stop()), (0, 0))
        relay.terminate()
        self.assertEqual(relay.wait(10), 0)

        found = self.search(source, record, *nodes)
        # The whole file passed, both ways, and each byte of it in at least four records.
        self.assertGreater(found["bytes"], 8 * size)
        self.assertGreater(found["data_packets"], 2 * 2 * size // 4096)
        self.assertGreater(found["frames"], found["data_packets"])
        self.assertEqual(found["with_run"], 0, "a run of the file is in the relay's record")
        self.assertEqual(found["naming_a_source"], 0, "a packet names its source")
        self.controls(source, record, nodes)
        self.announces_can_be_read(record, nodes)

    def announces_can_be_read(self, record, nodes):
        """`mehr inspect` on what really travelled: announces of A and C whose signature holds."""
        origins = set()
        for kind, body in self.records(record):
            if kind not in b"pq" or body[0] & 3 != 1:
                continue
            packet = os.path.join(self.mesh.dir, "packet")
            with open(packet, "wb") as f:
                f.write(body)
            shown = json.loads(self.mesh.run("mehr", "inspect", packet).stdout)
            self.assertEqual(shown["kind"], "packet")
            announce = shown["meaning"]["announce"]["meaning"]
            self.assertTrue(announce["signature_holds"])
            self.assertTrue(announce["destination_matches_key"])
            origins.add(announce["origin"])
        self.assertLessEqual({n.split(",")[0] for n in nodes}, origins)

    @staticmethod
    def records(record):
        with open(record, "rb") as f:
            content = f.read()
        at = 0
        while at < len(content):
            kind, size = struct.unpack_from("<BI", content, at)
            yield kind, content[at + 5:at + 5 + size]
            at += 5 + size

    def controls(self, source, record, nodes):
        """The search finds what is planted, at any alignment: its silence means something."""
        with open(source, "rb") as f:
            content = f.read()
        run = next(content[i + 3:i + 35] for i in range(0, len(content), 64)
                   if len(set(content[i:i + 48])) > 24)
        planted = record + ".planted"
        a_id, a_key, a_x25519 = (bytes.fromhex(x) for x in nodes[0].split(","))
        c_id = bytes.fromhex(nodes[1].split(",")[0])
        for body, runs, named in [
                (b"?" * 7 + run + b"!" * 5, 1, 0),
                (b"?" * 7 + run[:31] + b"!" * 5, 0, 0),
                (b"\x00\x01" + c_id + b"\xe3" + b"." * 50 + a_id + b".", 0, 1),
                (b"\x00\x01" + c_id + b"\xe3" + a_key, 0, 1),
                (b"\x10\x05" + c_id + b"\xe1" + a_x25519 + b"." * 9, 0, 1),
                (b"\x00\x01" + a_id + b"\xe3" + b"." * 50, 0, 0),
        ]:
            shutil.copyfile(record, planted)
            with open(planted, "ab") as f:
                f.write(b"p" + struct.pack("<I", len(body)) + body)
            found = self.search(source, planted, *nodes)
            self.assertEqual((found["with_run"], found["naming_a_source"]), (runs, named), body)


if __name__ == "__main__":
    unittest.main()
