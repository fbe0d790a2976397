"""`mehr inspect` of a simulator's trace: lines for people, JSON lines, filters, and what is wrong."""

import hashlib
import json
import subprocess
import unittest

from support import MeshTest

KEY = bytes(range(32))
ORIGIN = hashlib.blake2b(KEY, digest_size=32).hexdigest()[:32]
ANNOUNCE = (KEY + bytes(8) + bytes(64)).hex() + "4e1000000000ff00ff"
HEAD = {"format": "mehr-trace", "version": 1, "seed": 0x5EED,
        "nodes": [{"name": "alice", "id": "44" * 16}, {"name": "böb", "id": ORIGIN},
                  {"name": "c\x1b[31m", "id": "66" * 16}],
        "channels": [{"media": "tcp", "kind": "stream"}]}
CLIENT = {"node": 0, "peer": 1, "channel": 0}


def happening(at_ns, what, data="", **more):
    line = {"at_ns": at_ns, "what": what, **more}
    if data:
        line |= {"size": len(data) // 2, "bytes": data}
    return line


LINES = [
    happening(0, "booted", node=0),
    happening(1_000_000, "frame-sent", "80100101" + "44" * 16 + "11" * 32, **CLIENT),
    happening(2_500_000, "frame-arrived", "93010205000000" + "33" * 17, node=1, peer=0, channel=0),
    happening(3_600_000_000_000, "packet-in", "1102" + ORIGIN + "00" + ANNOUNCE, node=0, peer=1),
    happening(3_661_002_000_000, "packet-out", "1001" + "66" * 16 + "e3" + "77" * 60, node=0,
              peer=1),
    happening(3_661_003_000_000, "packet-out", "1001" + "99" * 16 + "e3" + "77" * 60, node=0),
    happening(3_661_004_000_000, "control-in", "8206", node=1, peer=0),
    happening(3_661_004_000_000, "control-in", "8b" + "44" * 16 + "01" * 8 + "10", node=1, peer=0),
    happening(3_661_004_000_000, "control-out", "92" + "01000000" + "02" + "00" * 7 + "0101"
              + "660200abcd", node=1, peer=0),
    happening(3_661_004_000_000, "control-out", "8a01" + ORIGIN + "05" + "00" * 7
              + "ffff0300a202ff", node=0, peer=1),
    happening(3_661_005_000_000, "frame-lost", "ff", text="loss", **CLIENT),
    happening(3_661_006_000_000, "fault", text="cut alice - böb"),
    happening(3_661_007_000_000, "link-down", node=2, peer=0, text="idle\x1b"),
    happening(3_661_008_000_000, "packet-out", "1001", node=0, peer=1) | {"size": 5000,
                                                                         "cut": True},
    happening(3_661_009_000_000, "route-lost", ORIGIN, node=0, peer=1),
    happening(3_661_009_000_000, "message-sent", "0123456789abcdef" * 3, node=0, peer=1),
]

SHOWN = r"""trace of 3 nodes, seed 0x5eed
00:00:00.000  alice               booted
00:00:00.001  alice -> böb        frame-sent         tcp#0  init, link 257, to alice, 52 bytes
00:00:00.002  böb <- alice        frame-arrived      tcp#0  data-frame, link 513, key epoch 3, counter 5, 24 bytes
01:00:00.000  alice <- böb        packet-in          announce of böb, 0 relays, 0 ms, 3.94 Gbit/s, hops 2, 132 bytes
01:01:01.002  alice -> böb        packet-out         data packet to c\x1b[31m, datagram, bulk (P3), hops 1, 79 bytes
01:01:01.003  alice               packet-out         data packet to 99999999, datagram, bulk (P3), hops 1, 79 bytes
01:01:01.004  böb <- alice        control-in         close: idle, 2 bytes
01:01:01.004  böb <- alice        control-in         path-request: to alice, ttl 16, 26 bytes
01:01:01.004  böb -> alice        control-out        gossip-delta: 1 item, the last, round 1, 20 bytes
01:01:01.004  alice -> böb        control-out        path-update: böb no way, 33 bytes
01:01:01.005  alice -> böb        frame-lost         tcp#0  no frame that mehr knows: ff, 1 bytes  loss
01:01:01.006                      fault              cut alice - böb
01:01:01.007  c\x1b[31m -> alice  link-down          idle\x1b
01:01:01.008  alice -> böb        packet-out         too long to decode, 5000 bytes
01:01:01.009  alice -> böb        route-lost         to böb
01:01:01.009  alice -> böb        message-sent       0123456789abcdef0123456789abcdef...
"""


class InspectTrace(MeshTest):
    def trace(self, *lines, head=None):
        every = [HEAD if head is None else head, *lines]
        text = "".join((x if isinstance(x, str) else json.dumps(
            x, ensure_ascii=False, separators=(",", ":"))) + "\n" for x in every)
        return self.mesh.file("trace", text.encode())

    def inspect(self, *arguments):
        return self.mesh.run("mehr", "inspect", *arguments)

    def test_lines_for_people(self):
        done = self.inspect(self.trace(*LINES))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.maxDiff = None
        self.assertEqual(done.stdout, SHOWN)
        with open(self.trace(*LINES), "rb") as f:
            piped = subprocess.run([self.mesh.tool("mehr"), "inspect", "-"], stdin=f,
                                   capture_output=True, text=True, check=True)
        self.assertEqual(piped.stdout, SHOWN)

    def test_json_lines_hold_the_full_decoding(self):
        done = self.inspect("--json", self.trace(*LINES))
        self.assertEqual(done.returncode, 0, done.stderr)
        shown = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([s["what"] for s in shown], [line["what"] for line in LINES])
        self.assertEqual(shown[0], {"at_ns": 0, "time": "00:00:00.000", "what": "booted",
                                    "node": "alice"})
        self.assertEqual(shown[1]["decoded"]["kind"], "init")
        self.assertEqual(shown[1]["decoded"]["fields"]["target"], "44" * 16)
        self.assertEqual(shown[3]["peer"], "böb")
        self.assertEqual(shown[3]["decoded"]["meaning"]["announce"]["meaning"]["origin"], ORIGIN)
        self.assertEqual(shown[6]["decoded"]["meaning"], {"reason": "idle"})
        self.assertEqual(shown[7]["decoded"]["kind"], "path-request")
        self.assertEqual(shown[8]["decoded"]["meaning"]["items"][0]["body"], "abcd")
        self.assertEqual(shown[10]["decoded"], {"kind": None, "size": 1, "bytes": "ff"})
        self.assertTrue(shown[13]["cut"])

    def test_filters(self):
        trace = self.trace(*LINES)
        lines = self.inspect("--what", "control-in,link-down", trace).stdout.splitlines()[1:]
        self.assertEqual([line.split()[0] for line in lines],
                         ["01:01:01.004", "01:01:01.004", "01:01:01.007"])
        for name in ("c\x1b[31m", "2"):
            lines = self.inspect(trace, "--node", name).stdout.splitlines()[1:]
            self.assertEqual([line.split()[0] for line in lines], ["01:01:01.007"])
        done = self.inspect(trace, "--node", "böb", "--what", "packet-in", "--json")
        self.assertEqual([json.loads(x)["at_ns"] for x in done.stdout.splitlines()],
                         [3_600_000_000_000])
        unknown = self.inspect(trace, "--node", "eve")
        self.assertEqual(unknown.returncode, 2)
        self.assertIn('no node of this trace is called "eve"', unknown.stderr)

    def test_an_unfinished_last_line_and_blank_lines_are_told_apart(self):
        self.assertEqual(self.inspect(self.trace("", LINES[0], "  ")).returncode, 0)
        done = self.inspect(self.trace(LINES[0], '{"at_ns":5,"wh'))
        self.assertEqual(done.returncode, 2)
        self.assertIn("trace:3: every line of a trace is a JSON object", done.stderr)
        self.assertIn("booted", done.stdout)

    def test_what_cannot_be_read_is_named_with_its_line(self):
        good = happening(0, "booted", node=0)
        for line, words in [
                ("nonsense", "every line of a trace is a JSON object"),
                ("[" * 100_000, "every line of a trace is a JSON object"),
                (good | {"node": 3}, "there is no node 3; the first line names 3"),
                (good | {"node": -1}, '"node" must be a whole number'),
                (good | {"peer": "alice"}, '"peer" must be a whole number'),
                (good | {"what": 5}, '"what" must be a text'),
                (good | {"bytes": "abc"}, "even number of hexadecimal digits"),
                (good | {"bytes": "abcd", "size": 1}, 'more than "size" says'),
                ({"what": "booted"}, '"at_ns" is missing'),
                ({"at_ns": 0}, '"what" is missing')]:
            with self.subTest(words=words):
                name = self.trace(good, line)
                done = self.inspect(name)
                self.assertEqual(done.returncode, 2, done.stdout)
                self.assertIn(f"{name}:3: ", done.stderr)
                self.assertIn(words, done.stderr)

    def test_what_the_first_line_must_say(self):
        for more, words in [
                ({"version": 2}, 'this mehr reads version 1 of the format; "version" says 2'),
                ({"nodes": 5}, '"nodes" must be a list'),
                ({"nodes": [5]}, 'node 0 must have a "name" and an "id"'),
                ({"nodes": [{"name": "a", "id": "44"}]}, '"id" of node 0 must be the 32')]:
            with self.subTest(words=words):
                name = self.trace(head=HEAD | more)
                done = self.inspect(name)
                self.assertEqual(done.returncode, 2, done.stdout)
                self.assertIn(f"{name}:1: {words}", done.stderr)
        cut = self.inspect(self.mesh.file("cut", b'{"format":"mehr-trace","ver'))
        self.assertEqual(cut.returncode, 2)
        self.assertIn("cut:1: the first line of a trace is a JSON object", cut.stderr)


if __name__ == "__main__":
    unittest.main()
