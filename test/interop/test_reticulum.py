"""mehrd among programs on the reference implementation of Reticulum. spec: L0/8, properties 15 to 17.

Announces are spaced as those peers want them: more than three a second are held for minutes.
"""

import hashlib
import os
import socket
import sys
import threading
import time
import unittest

import reticulum
from reticulum import Peer, client, server

reticulum.or_skip()

from support import MeshTest  # noqa: E402
from mesh import Node, free_port, wait_for  # noqa: E402
from recorder import unframe  # noqa: E402

MEGABYTE = 1_000_000
SPACING = 0.7


def here(port):
    return f"127.0.0.1:{port}"


def dual(port):
    return {"type": "tcp", "mode": "dual", "listen": [here(port)]}


class RawClient:
    """A connection that collects frames and says nothing."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.frames = []
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        rest = b""
        while True:
            try:
                data = self.socket.recv(65536)
            except OSError:
                return
            if not data:
                return
            bodies, rest = unframe(rest + data)
            self.frames += [(time.monotonic(), body) for body in bodies]

    def close(self):
        self.socket.close()


class Reticulum(MeshTest):
    def relay(self, name="relay", listen=(), peers=()):
        """A mehrd for Reticulum peers; its port is `.rns`."""
        port = free_port()
        node = Node(self.mesh, name, listen=listen, peers=peers, interfaces=[dual(port)]).start()
        node.rns = port
        return node

    def two_relays(self):
        """Two of them, joined by a native link."""
        where = here(free_port())
        one = self.relay("one", listen=[where])
        two = self.relay("two", peers=[where])
        one.wait_links(1)
        return one, two

    def counters(self, node):
        return node.call("reticulum")["counters"]

    def programs(self, port_a, port_b):
        """Two programs with a destination each, known to each other; one with ratchets."""
        a, b = Peer(self.mesh, "a", [client(port_a)]), Peer(self.mesh, "b", [client(port_b)])
        a.own, b.own = a.call("destination", name="x"), b.call("destination", name="x", ratchets=True)
        a.call("announce", name="x", data="68656c6c6f")
        heard = b.wait_event("announce", hash=a.own)
        self.assertEqual(bytes.fromhex(heard["data"]), b"hello")
        time.sleep(SPACING)
        b.call("announce", name="x")
        a.wait_event("announce", hash=b.own)
        return a, b

    def everything_works(self, a, b, hops):
        """Data, proofs, path requests, a link, and a megabyte each way."""
        self.assertEqual(a.call("hops", hash=b.own), hops)
        self.assertTrue(a.call("send", hash=b.own, name="x", data="00112233"))
        self.assertEqual(b.wait_event("packet")["data"], "00112233")
        self.assertTrue(b.call("send", hash=a.own, name="x", data="44"))
        a.call("forget", hash=b.own)
        self.assertTrue(a.call("request", hash=b.own), "the path request was not answered")
        link = a.call("connect", hash=b.own, name="x")
        self.assertIsNotNone(link, "no link came about")
        b.wait_event("link")
        self.assertTrue(a.call("link_send", data="aabb"))
        for sender, receiver in ((a, b), (b, a)):
            sent = sender.call("resource", size=MEGABYTE)
            got = receiver.wait_event("resource", seconds=60)
            self.assertEqual((got["size"], got["sha256"]), (MEGABYTE, sent["sha256"]))
        a.call("close")
        b.wait_event("link_closed")
        return link

    # ---- property 17

    def test_two_programs_work_through_one_relay(self):
        relay = self.relay()
        a, b = self.programs(relay.rns, relay.rns)
        link = self.everything_works(a, b, 2)
        self.assertEqual(link["mtu"], 8192)  # they would have agreed on more
        state = self.counters(relay)
        for bad in ("malformed", "bad_proof", "announces_forged", "too_long", "full", "failed"):
            self.assertEqual(state[bad], 0, bad)

    def test_two_programs_work_through_two_relays_and_a_native_link(self):
        one, two = self.two_relays()
        a, b = self.programs(one.rns, two.rns)
        link = self.everything_works(a, b, 3)
        self.assertEqual(link["mtu"], 4096)  # what the native link carries
        self.assertEqual(self.counters(one)["too_long"], 0)

    def test_twenty_destinations_on_each_side_are_known_on_the_other(self):
        one, two = self.two_relays()
        a, b = Peer(self.mesh, "a", [client(one.rns)]), Peer(self.mesh, "b", [client(two.rns)])
        own = {p: [p.call("destination", name=f"d{i}") for i in range(20)] for p in (a, b)}
        for i in range(20):
            for p in (a, b):
                p.call("announce", name=f"d{i}")
            time.sleep(SPACING)
        for p, other in ((a, b), (b, a)):
            for i, destination in enumerate(own[other]):
                p.wait_event("announce", hash=destination, seconds=60)
            self.assertEqual([p.call("hops", hash=d) for d in own[other]], [3] * 20)

    def test_a_program_is_restarted_under_traffic(self):
        relay = self.relay()
        a, b = self.programs(relay.rns, relay.rns)
        self.assertIsNotNone(a.call("connect", hash=b.own, name="x"))
        # Four megabytes under way when it is killed.
        sending = threading.Thread(
            target=lambda: self.fails(lambda: a.call("resource", size=4 * MEGABYTE, seconds=4)))
        sending.start()
        time.sleep(0.1)
        b.kill()
        sending.join()
        b.start()
        self.assertEqual(b.call("destination", name="x", ratchets=True), b.own)
        time.sleep(SPACING)
        b.call("announce", name="x")
        a.wait_event("announce", hash=b.own)
        # It has forgotten whom it knew, and asks.
        self.assertTrue(b.call("request", hash=a.own), "the path request was not answered")
        self.everything_works(a, b, 2)

    def fails(self, what):
        try:
            what()
        except Exception:  # the other end is gone: any failure will do
            pass

    # ---- property 15

    def test_our_announce_is_accepted_and_passed_on_by_an_unmodified_transport_node(self):
        port = free_port()
        Peer(self.mesh, "rnsd", [server(port)], transport=True)
        watcher = RawClient(port)
        self.addCleanup(watcher.close)
        time.sleep(0.5)
        begun = time.monotonic()
        node = Node(self.mesh, "node", interfaces=[
            {"type": "tcp", "mode": "rns", "peers": [here(port)]}]).start()
        own = bytes.fromhex(node.call("reticulum")["address"])
        at, frame = wait_for("the announce on another client",
                             lambda: next((f for f in watcher.frames if own in f[1][:34]), None), 5)
        self.assertEqual(frame[0], 0x51)
        self.assertEqual(frame[1], 1)
        self.assertEqual(frame[18:34], own)
        self.assertEqual(frame[34], 0)
        self.assertLess(at - begun, 60)  # it came at all; two seconds are shown by a quiet machine
        data = frame[35:]
        self.assertEqual(data[148:], bytes.fromhex("4e1000000000ff00ff"))
        name = hashlib.sha256(b"mehr.node").digest()[:10]
        self.assertEqual(data[64:74], name)
        identity = hashlib.sha256(data[:64]).digest()[:16]
        self.assertEqual(hashlib.sha256(name + identity).digest()[:16], own)

    def test_app_data_of_317_bytes_passes_and_of_318_does_not(self):
        relay = self.relay()
        a, b = Peer(self.mesh, "a", [client(relay.rns)]), Peer(self.mesh, "b", [client(relay.rns)])
        long = a.call("destination", name="long")
        fits = a.call("destination", name="fits")
        time.sleep(SPACING)
        a.call("announce", name="long", data="61" * 318)
        time.sleep(SPACING)
        a.call("announce", name="fits", data="62" * 317)
        self.assertEqual(b.wait_event("announce", hash=fits)["data"], "62" * 317)
        self.assertIsNone(b.call("hops", hash=long))

    # ---- native traffic across a Reticulum network

    def across(self, data):
        """Two nodes that nothing but a transport node of the reference implementation joins."""
        port = free_port()
        rnsd = Peer(self.mesh, "rnsd", [server(port)], transport=True)
        nodes = [Node(self.mesh, name, interfaces=[
            {"type": "tcp", "mode": "rns", "peers": [here(port)]}]).start() for name in "cd"]
        c, d = nodes
        c.wait_route(d.id, 60)
        d.wait_route(c.id, 60)
        self.send(c, d, data)
        return rnsd, c, d

    def send(self, sender, receiver, data):
        path = self.mesh.file(f"file-{len(data)}", data)
        sender.mehr("send", receiver.id, path)
        got = [f for f in receiver.call("inbox")["files"] if f["name"] == os.path.basename(path)]
        self.assertEqual(len(got), 1)
        with open(got[0]["path"], "rb") as f:
            self.assertEqual(f.read(), data)

    def test_a_file_crosses_a_transport_node_that_knows_nothing_of_us(self):
        rnsd, c, d = self.across(os.urandom(300_000))
        self.assertEqual(c.call("peers")["links"], [])
        self.assertIn("reticulum", c.mehr("routes").stdout)
        # The transport node is restarted: the way is asked for again, and the next file goes too.
        rnsd.stop()
        wait_for("the loss of the way", lambda: not c.has_route_to(d.id), 30)
        rnsd.start()
        c.wait_route(d.id, 90)
        d.wait_route(c.id, 90)
        self.send(d, c, os.urandom(50_000))

    def test_a_node_behind_a_relay_is_reached_across_a_reticulum_network(self):
        port = free_port()
        Peer(self.mesh, "rnsd", [server(port)], transport=True)
        where = here(free_port())
        rns = [{"type": "tcp", "mode": "rns", "peers": [here(port)]}]
        edge = Node(self.mesh, "edge", listen=[where], interfaces=rns).start()
        inner = Node(self.mesh, "inner", peers=[where], reticulum=True).start()
        far = Node(self.mesh, "far", interfaces=rns).start()
        for one, other in ((inner, far), (far, inner), (edge, far)):
            one.wait_route(other.id, 60)
        self.send(inner, far, os.urandom(20_000))
        self.send(far, inner, os.urandom(20_000))
        # Neighbours go by their link, not around.
        routes = {r["node"]: r for r in inner.call("routes")["routes"] if not r["reticulum"]}
        self.assertIn(edge.id, routes)


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=2))
