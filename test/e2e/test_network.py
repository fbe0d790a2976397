"""mehr routes, path, probe and links, on three real daemons in a line."""

import json
import os
import signal
import subprocess
import threading
import unittest

from mesh import ApiError, Node, free_port, wait_for
from support import MeshTest

STRANGER = "ab" * 16


class Line(MeshTest):
    """A test on a - b - c."""

    def setUp(self):
        super().setUp()
        self.a, self.b, self.c = self.mesh.line()

    def fails(self, node, *arguments, code=1, words=()):
        done = node.mehr(*arguments, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertTrue(done.stderr.startswith("mehr: ") or code == 2, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)
        return done


class Routes(Line):
    def test_raw_numbers_and_words(self):
        routes = self.a.call("routes")["routes"]
        self.assertEqual([(r["node"], r["relays"]) for r in routes],
                         [(self.b.id, 0), (self.c.id, 1)])
        far = routes[1]
        self.assertEqual((far["next_hop"], far["cost_per_byte"], far["state"], far["ways"]),
                         (self.b.id, 0, "fresh", 1))
        self.assertIsNone(far["reliability"])
        self.assertGreaterEqual(far["mtu"], 1500)
        self.assertGreater(far["bandwidth_bps"], 1_000_000)
        title, near_line, far_line = self.a.mehr("routes").stdout.splitlines()
        for word in ("NODE", "NEXT HOP", "COST", "RELIABLE", "WAYS", "AGE"):
            self.assertIn(word, title)
        self.assertTrue(near_line.startswith(self.b.id[:12]))
        self.assertIn("free", far_line)
        self.assertIn("bit/s", far_line)


class Paths(Line):
    def test_the_way_by_each_policy(self):
        for policy in ("cheapest", "fastest", "reliable", "mtu", "balanced", "balanced=1,2,0.5"):
            with self.subTest(policy=policy):
                out = self.a.mehr("path", self.c.id[:8], "--policy", policy).stdout
                self.assertIn(f"next hop     {self.b.id}, 1 relay on the way", out)
                self.assertIn(f"policy       {policy.split('=')[0]}: ", out)
                self.assertIn("cost         free", out)
        shown = json.loads(self.a.mehr("--json", "path", self.c.id, "--policy",
                                       "balanced=1,2,0").stdout)
        weights = shown["weights"]
        self.assertAlmostEqual(weights["cost"] * 2, weights["latency"])
        self.assertAlmostEqual(sum(weights.values()), 1.0)
        self.assertEqual([(w["chosen"], w["next_hop"]) for w in shown["ways"]],
                         [(True, self.b.id)])

    def test_a_neighbour_is_its_own_next_hop(self):
        out = self.a.mehr("path", self.b.id).stdout
        self.assertIn("next hop     itself, a neighbour", out)
        self.assertEqual(self.a.call("path", {"node": self.b.id})["way"], "neighbour")

    def test_an_mtu_that_no_way_has(self):
        out = self.a.mehr("path", self.c.id, "--min-mtu", "60000").stdout
        self.assertIn("no way has an MTU of 60000; the largest is ", out)
        self.assertNotIn("caution", self.a.mehr("path", self.c.id, "--min-mtu", "484").stdout)

    def test_wrong_arguments(self):
        a, c = self.a, self.c
        for arguments, words in [
                ((c.id, "--policy", "scenic"), ['no policy "scenic"', "cheapest", "balanced=COST"]),
                ((c.id, "--policy", ""), ["no policy", "cheapest"]),
                ((c.id, "--policy", "balanced=1,2"), ["three numbers"]),
                ((c.id, "--policy", "balanced=1,2,3,4"), ["three numbers"]),
                ((c.id, "--policy", "balanced=1,2,x"), ["three numbers"]),
                ((c.id, "--policy", "balanced=0,0,0"), ["above zero"]),
                ((c.id, "--policy", "balanced=-1,2,3"), ["not negative"]),
                ((c.id, "--policy", "balanced=nan,2,3"), ["finite"]),
                ((c.id, "--min-mtu", "70000"), ["--min-mtu", "65535"]),
                ((c.id, "--min-mtu", "0"), ["--min-mtu", "65535"]),
                ((c.id, "--min-mtu", "-1"), ["--min-mtu"]),
                ((a.id,), ["this node itself"]),
                (("xyz",), ["not a NodeID"]),
                ((), ["node is required"])]:
            with self.subTest(arguments=arguments):
                self.fails(a, "path", *arguments, code=2, words=words)
        self.fails(a, "path", "abcdef0123", words=["no known route leads"])

    def test_without_a_route_the_neighbours_are_asked(self):
        before = self.network_counters(self.a)["path_requests_sent"]
        done = self.fails(self.a, "path", STRANGER,
                          words=[f"no route to {STRANGER} is known", "neighbours were asked"])
        self.assertEqual(done.stdout, "")
        self.assertEqual(self.network_counters(self.a)["path_requests_sent"], before + 1)
        shown = self.a.mehr("--json", "path", STRANGER, check=False)
        self.assertEqual((shown.returncode, json.loads(shown.stdout)["route"]), (1, False))
        self.fails(self.a, "path", STRANGER, "--wait", words=["no neighbour told one within 15"])

    @staticmethod
    def network_counters(node):
        return node.call("status")["counters"]["network"]

    def test_a_node_without_links_says_so(self):
        lonely = Node(self.mesh, "lonely", listen=[f"127.0.0.1:{free_port()}"]).start()
        self.fails(lonely, "path", STRANGER, words=["has no links", "nobody could be asked"])
        self.fails(lonely, "probe", STRANGER, words=["no route to", "nobody could be asked"])
        self.assertEqual(lonely.mehr("links").stdout, "no links\n")

    def test_waiting_ends_when_the_route_appears(self):
        self.assertEqual(self.c.stop(), 0)
        late = Node(self.mesh, "late", listen=[f"127.0.0.1:{free_port()}"]).start()
        late_id = late.id
        self.assertEqual(late.stop(), 0)
        with open(self.c.config, encoding="utf-8") as f:
            peers = next(line for line in f if line.startswith("peers"))
        with open(late.config, "w", encoding="utf-8") as f:
            f.write(peers + f"data_dir = {json.dumps(late.data)}\nunsealed_identity = true\n")
        waiting = {}

        def wait():
            waiting["done"] = self.a.mehr("path", late_id, "--wait", check=False)

        thread = threading.Thread(target=wait)
        thread.start()
        wait_for("a question for the late node",
                 lambda: self.network_counters(self.a)["path_requests_sent"] > 0)
        late.start()
        thread.join(30)
        self.assertEqual(waiting["done"].returncode, 0, waiting["done"].stderr)
        self.assertIn(f"next hop     {self.b.id}, 1 relay", waiting["done"].stdout)


class Probes(Line):
    def test_an_answer(self):
        with self.a.api() as watcher:
            watcher.raw(b'{"id":1,"method":"watch"}\n')
            self.a.call("id")
            out = self.a.mehr("probe", self.c.id[:8]).stdout
            event = watcher.read()["event"]
        self.assertEqual(event, {"kind": "probe", "node": self.c.id, "size": 484,
                                 "answered": True})
        self.assertIn(f"{self.c.id} answered a packet of 484 bytes", out)
        for word in ("round trip", "throughput", "far link     MTU "):
            self.assertIn(word, out)
        self.assertEqual(self.b.call("status")["counters"]["network"]["probes_passed"], 1)
        self.assertEqual(self.c.call("status")["counters"]["network"]["probes_answered"], 1)
        self.fails(self.a, "probe", self.c.id, words=["less than 60 seconds ago", "--last"])
        last = json.loads(self.a.mehr("--json", "probe", self.c.id, "--last").stdout)
        self.assertEqual((last["answered"], last["failed"], last["largest_passed"]), (1, 0, 484))
        self.assertGreaterEqual(last["responder_mtu"], 1500)
        self.assertIn("1 answered, 0 not", self.a.mehr("probe", self.c.id, "--last").stdout)
        far = [r for r in self.a.call("routes")["routes"] if r["node"] == self.c.id][0]
        self.assertEqual(far["reliability"], 128)
        self.assertIn("50 %", self.a.mehr("routes").stdout)
        neighbour = json.loads(self.a.mehr("--json", "probe", self.b.id, "--size", "32").stdout)
        self.assertEqual((neighbour["size"], neighbour["answered"]), (32, 1))

    def test_no_answer(self):
        os.kill(self.c.process.pid, signal.SIGSTOP)
        try:
            self.fails(self.a, "probe", self.c.id, words=["no answer came to the probe of 484"])
        finally:
            os.kill(self.c.process.pid, signal.SIGCONT)
        self.assertIn("0 answered, 1 not", self.a.mehr("probe", self.c.id, "--last").stdout)

    def test_a_search_goes_on_in_the_background(self):
        with self.a.api() as follower:
            follower.raw(json.dumps({"id": 1, "method": "probe", "params": {
                "node": self.c.id, "mtu": True, "wait": True}}).encode() + b"\n")
            event = follower.read()["event"]
            self.assertEqual((event["kind"], event["size"], event["answered"]),
                             ("probe", 512, True))
            self.assertEqual(event["report"]["largest_passed"], 512)
        self.assertIn("under way", self.a.mehr("probe", self.c.id, "--last").stdout)
        self.fails(self.a, "probe", self.c.id, words=["under way"])
        self.fails(self.a, "probe", self.c.id, "--mtu", words=["under way"])
        out = self.a.mehr("probe", self.b.id, "--mtu").stdout
        self.assertIn("one probe a minute", out)
        self.assertIn(f"mehr probe {self.b.id} --last", out)

    def test_a_search_that_is_followed_tells_its_steps(self):
        follower = subprocess.Popen(
            [self.mesh.tool("mehr"), "--socket", self.a.socket, "probe", self.c.id, "--mtu",
             "--wait"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True)
        self.mesh.processes.append(follower)
        self.assertIn("512 bytes: answered after", follower.stdout.readline())
        self.assertEqual(self.c.stop(), 0)
        # The route is kept for a while, but no link leads there: at once from b, later from a.
        self.assertEqual(self.b.stop(), 0)
        _, said = follower.communicate(timeout=20)
        self.assertEqual(follower.returncode, 1)
        self.assertIn("the route was lost", said)

    def test_refusals(self):
        self.fails(self.a, "probe", STRANGER, words=["no route to", "neighbours were asked"])
        self.fails(self.a, "probe", self.c.id, "--last", words=["nothing is known"])
        for arguments, words in [
                ((self.a.id,), ["this node itself"]),
                ((self.c.id, "--size", "31"), ["--size", "32"]),
                ((self.c.id, "--size", "4097"), ["--size", "4096"]),
                ((self.c.id, "--size", "big"), ["--size"]),
                ((self.c.id, "--size", "100", "--mtu"), ["--size"]),
                ((self.c.id, "--mtu", "--last"), ["--mtu"]),
                ((self.c.id, "--wait"), ["--mtu"])]:
            with self.subTest(arguments=arguments):
                self.fails(self.a, "probe", *arguments, code=2, words=words)
        with self.a.api() as api:
            for params in ({"node": self.c.id, "mtu": 1}, {"node": self.c.id, "wait": "yes"},
                           {"node": self.c.id, "size": 100, "mtu": True},
                           {"node": self.c.id, "size": -5}, {"node": self.c.id, "size": 31},
                           {"node": self.c.id, "size": 4097}, {"node": self.c.id, "last": 1}, {}):
                with self.subTest(params=params), self.assertRaises(ApiError) as refused:
                    api.call("probe", params)
                self.assertEqual(refused.exception.code, "bad_params")


class Links(Line):
    def test_numbers(self):
        source = self.mesh.file("file", os.urandom(200_000))
        self.a.mehr("send", self.c.id, source)
        links = self.b.call("links")["links"]
        self.assertEqual([x["node"] for x in links], sorted([self.a.id, self.c.id]))
        to_c = next(x for x in links if x["node"] == self.c.id)
        self.assertGreater(to_c["user_bytes"], 200_000)
        self.assertGreater(to_c["gossip_bytes"], 0)
        self.assertGreater(to_c["packets_out"], 50)
        self.assertEqual((to_c["role"], to_c["conduct"], to_c["price_per_byte"]),
                         ("responder", 0, 0))
        self.assertEqual(to_c["packets_lost"], 0, to_c)
        self.assertEqual(len(to_c["dropped"]["aged"]), 4)
        self.assertEqual(to_c["gossip_mode"], "normal")
        self.assertIsNone(to_c["signalled"])
        self.assertGreater(to_c["measured_bps"], 1_000_000)
        self.assertGreater(to_c["queue_capacity"], to_c["queue_bytes"])

    def test_tables(self):
        lines = self.b.mehr("links").stdout.splitlines()
        self.assertEqual(len(lines), 3)
        self.assertTrue(all(len(line) <= 100 for line in lines), lines)
        for word in ("ADDRESS", "RATE", "RTT", "MTU", "QUEUE", "LOSS", "GOSSIP", "STATE"):
            self.assertIn(word, lines[0])
        self.assertIn("127.0.0.1:", lines[1])
        self.assertIn("good", lines[1])
        wide = self.b.mehr("--wide", "links").stdout
        self.assertIn(self.a.id, wide)
        for word in ("responder", "CONFIGURED", "AGED", "normal", "free"):
            self.assertIn(word, wide)

    def test_counters_of_every_machine(self):
        counters = self.b.call("status")["counters"]
        self.assertGreaterEqual(counters["network"]["announces_stored"], 2)
        self.assertIn("gossip_items_taken", counters["network"])
        self.assertIn("rounds_ok", counters["gossip"])
        self.assertIn("granted", counters["reservations"])


if __name__ == "__main__":
    unittest.main()
