"""Nodes behind a router that translates addresses; exit code 77 where there can be none."""

import os
import sys
import unittest

from support import MeshTest
from mesh import Node, wait_for
from netns import HOME, OUTSIDE, PUBLIC, ROUTER, Nat, missing

SKIPPED = 77


class BehindNat(MeshTest):
    def setUp(self):
        super().setUp()
        self.nat = Nat()
        self.addCleanup(self.nat.__exit__)
        self.nat.__enter__()

    def start(self, name, where, **settings):
        """A node in the namespace @p where; its API is a unix socket, which all of them share."""
        return Node(self.mesh, name, **settings).start(self.nat.within(where))

    def public(self, name, index, **settings):
        node = self.start(name, self.nat.public, listen=[f"{PUBLIC[index]}:4247"], **settings)
        node.where = f"{PUBLIC[index]}:4247"
        return node

    def counters(self, node):
        return node.call("status")["counters"]["bootstrap"]

    def neighbours(self, node):
        return {link["node"]: link["address"] for link in node.call("peers")["links"]}

    def test_a_node_behind_nat_joins_and_relays(self):
        b, d = self.public("b", 0), self.public("d", 1)
        home = self.start("home", self.nat.home, bootstrap=[b.where, d.where])
        b.wait_route(d.id)
        d.wait_route(b.id)
        self.assertTrue(self.neighbours(b)[home.id].startswith(OUTSIDE + ":"))
        path = self.mesh.file("data", os.urandom(200_000))
        b.call("send", {"node": d.id, "path": path})
        self.assertEqual(len(d.call("inbox")["files"]), 1)
        self.assertGreater(home.call("status")["counters"]["network"]["forwarded"], 40)

    def test_a_node_that_cannot_be_reached_is_not_told_of(self):
        b = self.public("b", 0)
        home = self.start("home", self.nat.home, listen=[f"{HOME}:4247"], bootstrap=[b.where])
        home.wait_route(b.id)
        wait_for("b: a look at the home node", lambda: self.counters(b)["probes"] == 1)
        late = self.start("late", self.nat.public, bootstrap=[b.where])
        late.wait_route(home.id)
        wait_for("late: word from b", lambda: self.counters(late)["exchanges_received"] > 0)
        self.assertEqual(self.counters(late)["told_taken"], 0)
        self.assertEqual(set(self.neighbours(late)), {b.id})

    def mapped(self, method, program, external, *arguments):
        """A node behind a router that grants a port, and one that is told of it."""
        if method not in self.mesh.run("mehrd", "--version").stdout:
            self.skipTest(f"mehrd was built without {method}")
        log = os.path.join(self.mesh.dir, "router.log")
        path = os.path.join(os.path.dirname(os.path.abspath(__file__)), program)
        self.mesh.start_command([*self.nat.within(self.nat.router), sys.executable, "-B", path,
                                 ROUTER, *arguments], log=log)

        def said(text):
            with open(log, encoding="utf-8") as f:
                return text in f.read()

        wait_for("the router's start", lambda: said("ready"))
        b = self.public("b", 0)
        home = self.start("home", self.nat.home, listen=[f"{HOME}:4248"], bootstrap=[b.where],
                          port_mapping=True)
        home.wait_route(b.id)
        wait_for("home: a mapping", lambda: said(f"mapped 4248 {external}"))
        # The first word may have gone out before the router granted: the next one is 60 s later.
        late = self.start("late", self.nat.public, bootstrap=[b.where])
        wait_for("late: a link through the router",
                 lambda: self.neighbours(late).get(home.id) == f"{OUTSIDE}:{external}", 180)
        self.assertIn(f"by {method}", home.log())
        self.assertEqual(home.stop(), 0)
        self.assertTrue(said("removed"))

    def test_a_port_mapped_by_nat_pmp_makes_a_node_reachable(self):
        self.mapped("NAT-PMP", "nat_pmp_router.py", "40247", "40247")

    def test_a_port_mapped_by_upnp_makes_a_node_reachable(self):
        self.mapped("UPnP", "upnp_router.py", "4248")


if __name__ == "__main__":
    reason = missing()
    if reason:
        print(f"skipped: {reason}")
        sys.exit(SKIPPED)
    unittest.main()
