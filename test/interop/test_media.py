"""Real daemons over lines, radios, datagrams and pipes. spec: L0/4, L0/7; BR R3, R3.3; HW R3.3a, 7"""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import threading
import tty
import unittest

import reticulum  # finds the end-to-end tests' helpers

from support import MeshTest
from mesh import Node, free_port, wait_for

HERE = os.path.dirname(os.path.abspath(__file__))
FAST = {"frequency": 867_200_000, "bandwidth": 500_000, "spreading_factor": 7, "coding_rate": 5,
        "tx_power": 7}


class NullModem:
    """Two serial lines, joined; `paths` are theirs."""

    def __init__(self):
        self.ends = [pty.openpty() for _ in range(2)]
        for _, slave in self.ends:
            tty.setraw(slave)
        self.paths = [os.ttyname(slave) for _, slave in self.ends]
        self.over = False
        threading.Thread(target=self.carry, daemon=True).start()

    def carry(self):
        a, b = (master for master, _ in self.ends)
        while not self.over:
            for fd in select.select([a, b], [], [], 0.2)[0]:
                os.write(b if fd == a else a, os.read(fd, 65536))


class Media(MeshTest):
    def node(self, name, interfaces, **more):
        return Node(self.mesh, name, interfaces=interfaces, **more).start()

    def radios(self, count=2, *more):
        """A channel with that many soft RNodes; its directory."""
        where = os.path.join(self.mesh.dir, "air")
        self.air = subprocess.Popen(
            [sys.executable, "-B", os.path.join(HERE, "rnode", "soft_rnode.py"), "--radios",
             str(count), "--dir", where, *more], stdout=subprocess.PIPE, text=True)
        self.mesh.processes.append(self.air)
        self.assertEqual(self.air.stdout.readline().strip(), "ready")
        return where

    def stats(self, where):
        path = os.path.join(where, "stats.json")
        if os.path.exists(path):
            os.unlink(path)
        self.air.send_signal(signal.SIGUSR1)
        wait_for("the radios' figures", lambda: os.path.exists(path))
        with open(path, encoding="utf-8") as f:
            return json.load(f)

    def rnode(self, where, number, **more):
        return {"type": "rnode", "name": "radio", "device": os.path.join(where, f"radio{number}"),
                "duty_cycle": 1.0, **FAST, **more}

    def status(self, node, name):
        return next(i for i in node.call("interfaces")["interfaces"] if i["name"] == name)

    def deliver(self, sender, receiver, size, seconds=120):
        sender.wait_route(receiver.id, seconds)
        receiver.wait_route(sender.id, seconds)
        data = os.urandom(size)
        path = self.mesh.file(f"f{size}", data)
        done = subprocess.run([self.mesh.tool("mehr"), "--socket", sender.socket, "send",
                               receiver.id, path], capture_output=True, text=True, timeout=seconds)
        self.assertEqual(done.returncode, 0, done.stderr)
        got = [f for f in receiver.call("inbox")["files"] if f["size"] == size]
        with open(got[-1]["path"], "rb") as f:
            self.assertEqual(f.read(), data)

    # ---- each medium

    def test_udp_by_configured_peers(self):
        ports = free_port(), free_port()
        a, b = (self.node(name, [{"type": "udp", "listen": f"127.0.0.1:{own}",
                                  "peers": [f"127.0.0.1:{other}"]}])
                for name, own, other in (("a", *ports), ("b", *reversed(ports))))
        self.deliver(a, b, 2_000_000)
        self.assertIn(str(ports[1]), a.call("peers")["links"][0]["address"])

    def test_a_serial_line_at_an_odd_speed(self):
        modem = NullModem()
        a, b = (self.node(name, [{"type": "serial", "name": "line", "device": path,
                                  "speed": 250_000, "framing": "kiss"}])
                for name, path in zip("ab", modem.paths))
        self.deliver(a, b, 20_000)
        self.assertEqual(self.status(a, "line")["bad_frames"], 0)
        modem.over = True

    def test_a_pipe_to_any_program(self):
        path = os.path.join(self.mesh.dir, "socket")
        a, b = (self.node(name, [{"type": "pipe", "name": "pipe", "command": [
            sys.executable, "-B", os.path.join(HERE, "pipe_end.py"), how, path]}])
                for name, how in (("a", "listen"), ("b", "connect")))
        self.deliver(a, b, 200_000)
        self.assertIn("joined", a.log())

    def test_radios_by_their_own_protocol_and_airtime(self):
        where = self.radios()
        a = self.node("a", [self.rnode(where, 0)])
        b = self.node("b", [self.rnode(where, 1, flow_control=True)])
        self.deliver(a, b, 3_000)
        shown = self.status(a, "radio")
        self.assertTrue(shown["up"])
        self.assertEqual(shown["rssi_dbm"], -80)
        figures = self.stats(where)["radios"][0]
        told = shown["airtime_used"] * 3_600_000
        spoken = figures["airtime_ms"]
        self.assertAlmostEqual(told, spoken, delta=0.1 * spoken + 300)
        self.assertIn("radio", a.mehr("interfaces").stdout)

    # ---- what may go wrong

    def test_a_radio_that_is_pulled_out_comes_back(self):
        where = self.radios()
        a, b = (self.node(name, [self.rnode(where, i)]) for i, name in enumerate("ab"))
        a.wait_links(1, 60)
        self.air.send_signal(signal.SIGHUP)
        wait_for("the interface going down", lambda: not self.status(a, "radio")["up"])
        self.assertEqual(a.call("peers")["links"], [])
        wait_for("the radio coming back", lambda: self.status(a, "radio")["up"], 30)
        self.assertEqual(self.status(a, "radio")["lost"], 1)
        # B learns that its link is dead when the new one is there.
        self.deliver(a, b, 500)

    def test_a_radio_that_is_not_there_is_waited_for(self):
        a = self.node("a", [self.rnode("/nowhere", 0)])
        shown = self.status(a, "radio")
        self.assertFalse(shown["up"])
        self.assertIn("No such file", shown["state"])
        self.assertIn("down: cannot open /nowhere/radio0", a.mehr("interfaces").stdout)

    def test_the_duty_cycle_is_kept(self):
        where = self.radios()
        a, b = (self.node(name, [self.rnode(where, i, duty_cycle=0.001)])
                for i, name in enumerate("ab"))
        a.wait_route(b.id, 60)
        # 3.6 s in an hour, and this would take more than ten.
        a.mehr("send", "--no-wait", b.id, self.mesh.file("long", os.urandom(20_000)))
        wait_for("the airtime to run out", lambda: self.status(a, "radio")["full"] > 0, 60)
        sent = self.stats(where)["radios"][0]["sent"]
        wait_for("silence", lambda: self.is_silent(where), 30)
        for radio in self.stats(where)["radios"]:
            self.assertLessEqual(radio["airtime_ms"], 3_600)
        self.assertGreater(sent, 0)
        self.assertLessEqual(self.status(a, "radio")["airtime_used"], 0.001)
        self.assertEqual(self.status(a, "radio")["airtime_limit"], 0.001)

    def is_silent(self, where):
        """Nothing was said by either within two seconds."""
        before = [r["sent"] for r in self.stats(where)["radios"]]
        select.select([], [], [], 2.0)
        return before == [r["sent"] for r in self.stats(where)["radios"]]

    # ---- the chain of the roadmap's LoRa milestone

    def test_phone_wifi_lora_wifi_server(self):
        where = self.radios()
        ports = [free_port() for _ in range(4)]

        def udp(own, other):
            return {"type": "udp", "name": "wifi", "listen": f"127.0.0.1:{ports[own]}",
                    "peers": [f"127.0.0.1:{ports[other]}"]}

        phone = self.node("phone", [udp(0, 1)])
        near = self.node("near", [udp(1, 0), self.rnode(where, 0, duty_cycle=0.1)])
        far = self.node("far", [udp(2, 3), self.rnode(where, 1, duty_cycle=0.1)])
        server = self.node("server", [udp(3, 2)])
        self.deliver(phone, server, 1_000, 180)
        self.deliver(server, phone, 800, 180)
        path = phone.call("path", {"node": server.id})["ways"][0]
        self.assertEqual((path["relays"], path["mtu"]), (2, 484))
        figures = self.stats(where)
        for radio, node in zip(figures["radios"], (near, far)):
            self.assertLessEqual(radio["airtime_ms"], 0.1 * 3_600_000)
            self.assertLessEqual(self.status(node, "radio")["airtime_used"], 0.1)
            self.assertGreater(radio["received"], 0)
        # And what went by WiFi alone did not wait for the radio.
        self.assertEqual(near.call("path", {"node": phone.id})["ways"][0]["mtu"], 1500)

    # ---- programs on the reference implementation, over a radio

    @unittest.skipUnless(reticulum.is_here(), "no Reticulum here")
    def test_a_program_with_an_rnode_reaches_one_on_the_network(self):
        where = self.radios()
        port = free_port()
        relay = self.node("relay", [
            self.rnode(where, 0, mode="rns"),
            {"type": "tcp", "mode": "dual", "listen": [f"127.0.0.1:{port}"]}])
        wait_for("the radio", lambda: self.status(relay, "radio")["up"])
        radio = (f"type = RNodeInterface\nenabled = yes\nport = {where}/radio1\n"
                 f"frequency = {FAST['frequency']}\nbandwidth = {FAST['bandwidth']}\n"
                 f"txpower = 7\nspreadingfactor = 7\ncodingrate = 5\n")
        a = reticulum.Peer(self.mesh, "a", [radio])
        b = reticulum.Peer(self.mesh, "b", [reticulum.client(port)])
        to_a, to_b = (p.call("destination", name="x") for p in (a, b))
        b.call("announce", name="x")
        a.wait_event("announce", hash=to_b, seconds=60)
        a.call("announce", name="x")
        b.wait_event("announce", hash=to_a, seconds=60)
        self.assertTrue(a.call("send", hash=to_b, name="x", data="0011", seconds=30))
        self.assertIsNotNone(a.call("connect", hash=to_b, name="x", seconds=60))
        sent = a.call("resource", size=1_500)
        self.assertEqual(b.wait_event("resource", seconds=60)["sha256"], sent["sha256"])


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=2))
