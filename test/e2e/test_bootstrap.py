"""How a node finds its neighbours: by list, by name, by memory, by word of mouth."""

import os
import sqlite3
import time
import unittest

from support import MeshTest
from mesh import Node, free_port, wait_for

NO_NAME = "no-such-name.invalid"


def here(port):
    return f"127.0.0.1:{port}"


class Bootstrap(MeshTest):
    def seed(self, name="b"):
        """A node that others join at; it looks for nobody itself."""
        port = free_port()
        node = Node(self.mesh, name, listen=[here(port)]).start()
        node.where = here(port)
        return node

    def counters(self, node):
        return node.call("status")["counters"]["bootstrap"]

    def neighbours(self, node):
        return {link["node"] for link in node.call("peers")["links"]}

    def test_a_new_node_joins_by_the_list_alone(self):
        b = self.seed()
        a = Node(self.mesh, "a", bootstrap=[here(free_port()), b.where]).start()
        a.wait_route(b.id)
        self.assertEqual(self.counters(a)["resolved"], 0)
        remembered = a.call("peers")["remembered"]
        self.assertEqual([(r["node"], r["address"]) for r in remembered], [(b.id, b.where)])
        # An inbound connection proves no address: the seed remembers nobody.
        self.assertEqual(b.call("peers")["remembered"], [])

    def test_a_new_node_joins_by_name(self):
        b = self.seed()
        start = time.monotonic()
        port = b.where.split(":")[1]
        a = Node(self.mesh, "a", bootstrap_name=f"localhost:{port}").start()
        a.wait_route(b.id)
        self.assertLess(time.monotonic() - start, 30)
        self.assertEqual(self.counters(a)["resolved"], 1)

    def test_the_list_is_used_when_the_name_fails(self):
        b = self.seed()
        a = Node(self.mesh, "a", bootstrap_name=NO_NAME, bootstrap=[b.where]).start()
        a.wait_route(b.id)
        self.assertEqual(self.counters(a)["resolved"], 1)
        self.assertIn(f"{NO_NAME}:4247: 0 addresses", a.log())

    def test_the_list_is_used_when_nobody_answers_behind_the_name(self):
        b = self.seed()
        a = Node(self.mesh, "a", bootstrap_name=f"localhost:{free_port()}",
                 bootstrap=[b.where]).start()
        a.wait_route(b.id)
        self.assertEqual(self.counters(a)["resolved"], 1)

    def test_a_restart_reuses_remembered_peers(self):
        b = self.seed()
        a = Node(self.mesh, "a", bootstrap=[b.where]).start()
        a.wait_route(b.id)
        self.assertEqual(a.stop(), 0)
        nowhere = here(free_port())
        a.configure(bootstrap_name=NO_NAME, bootstrap=[nowhere])
        a.start()
        a.wait_route(b.id)
        counters = self.counters(a)
        self.assertEqual((counters["resolved"], counters["dials"]), (0, 1))
        # Killed without a word it remembers all the same.
        a.kill()
        a.start()
        a.wait_route(b.id)
        self.assertEqual(self.counters(a)["resolved"], 0)

    def test_a_damaged_memory_is_told_and_forgotten(self):
        b = self.seed()
        a = Node(self.mesh, "a", bootstrap=[b.where]).start()
        a.wait_route(b.id)
        self.assertEqual(a.stop(), 0)
        state = sqlite3.connect(os.path.join(a.data, "state.sqlite"))
        (table,) = state.execute("SELECT name FROM sqlite_master WHERE type='table'").fetchone()
        key, value = [row[1] for row in state.execute(f"PRAGMA table_info({table})")][:2]
        changed = state.execute(f"UPDATE {table} SET {value} = ? WHERE {key} = 'l1/peers'",
                                (b"\x01\xff\xff damaged",)).rowcount
        state.commit()
        state.close()
        self.assertEqual(changed, 1)
        a.start()
        a.wait_route(b.id)
        self.assertIn("bootstrap.not_loaded", a.log())

    def test_peers_beyond_the_first_are_learned(self):
        """Three rounds are 180 s; word of mouth needs no round when the seed knows already."""
        b = self.seed()
        first = Node(self.mesh, "first", listen=["127.0.0.1:0"], bootstrap=[b.where]).start()
        first.wait_route(b.id)
        wait_for("b: a look at whether the first node accepts links",
                 lambda: self.counters(b)["probes"] == 1)
        second = Node(self.mesh, "second", bootstrap=[b.where]).start()
        wait_for("second: links to both", lambda: self.neighbours(second) == {b.id, first.id},
                 180)
        learned = {r["node"] for r in second.call("peers")["remembered"]}
        self.assertEqual(learned, {b.id, first.id})
        # The seed goes away; who was learned stays.
        b.kill()
        second.wait_route(first.id)
        shown = second.mehr("peers").stdout
        wait_for("second: the seed as a remembered peer",
                 lambda: "REMEMBERED PEER" in second.mehr("peers").stdout)
        self.assertIn(first.id[:8], shown)

    def test_an_outbound_only_node_relays_and_is_never_told_of(self):
        x, y = self.seed("x"), self.seed("y")
        relay = Node(self.mesh, "relay", outbound_only=True, bootstrap=[x.where, y.where]).start()
        x.wait_route(y.id)
        y.wait_route(x.id)
        self.assertEqual(relay.call("status")["listening"], [])
        path = self.mesh.file("data", os.urandom(300_000))
        x.call("send", {"node": y.id, "path": path})
        self.assertEqual(len(y.call("inbox")["files"]), 1)
        self.assertGreater(relay.call("status")["counters"]["network"]["forwarded"], 70)
        late = Node(self.mesh, "late", bootstrap=[x.where]).start()
        wait_for("late: word from x", lambda: self.counters(late)["exchanges_received"] > 0)
        self.assertEqual(self.counters(x)["probes"], 0)
        self.assertEqual((self.counters(late)["told_taken"], self.neighbours(late)), (0, {x.id}))

    def test_configured_peers_are_left_to_be_redialled(self):
        b = self.seed()
        a = Node(self.mesh, "a", peers=[b.where], bootstrap=[b.where]).start()
        a.wait_route(b.id)
        b.kill()
        a.wait_links(0)
        b.start()
        a.wait_route(b.id, 60)
        self.assertEqual(self.counters(a)["dials"], 0)
        self.assertEqual(len(a.call("peers")["links"]), 1)

    def test_a_node_without_bootstrap_keeps_to_its_configuration(self):
        a, b, c = self.mesh.line()
        time.sleep(2)
        for node in (a, b, c):
            counters = self.counters(node)
            self.assertEqual((counters["dials"], counters["exchanges_sent"]), (0, 0))
        self.assertEqual(self.neighbours(a), {b.id})


if __name__ == "__main__":
    unittest.main()
