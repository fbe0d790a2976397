"""What mehrd says of the [[interface]] tables of its configuration, and what mehr shows of them."""

import json
import os
import subprocess
import unittest

from support import MeshTest
from mesh import Node, free_port

RADIO = {"type": '"rnode"', "device": '"/dev/null"', "frequency": "867200000",
         "bandwidth": "125000", "spreading_factor": "8", "coding_rate": "5", "tx_power": "7"}
SERIAL = {"type": '"serial"', "device": '"/dev/ttyX"', "speed": "9600"}
TCP = {"type": '"tcp"', "listen": '["127.0.0.1:0"]'}
UDP = {"type": '"udp"'}
PIPE = {"type": '"pipe"', "command": '["cat"]'}


def table(base, **changes):
    """TOML of a table: @p base with some keys changed, or left out where None."""
    keys = {**base, **changes}
    return "[[interface]]\n" + "".join(f"{k} = {v}\n" for k, v in keys.items() if v is not None)


class Interfaces(MeshTest):
    def check(self, config):
        path = os.path.join(self.mesh.dir, "mehrd.toml")
        with open(path, "w", encoding="utf-8") as f:
            f.write(config)
        return subprocess.run([self.mesh.tool("mehrd"), "--config", path, "--check-config"],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)

    def test_good_tables_of_every_type(self):
        good = [TCP, {**TCP, "mode": '"dual"', "peers": '["node.example:4242"]'},
                {**UDP, "multicast": '"239.1.2.3:5000"', "device": '"lo"'},
                {**UDP, "multicast": "false", "peers": '["192.0.2.1"]'},
                SERIAL, {**SERIAL, "framing": '"kiss"', "mode": '"rns"', "bitrate": "1200"},
                RADIO, {**RADIO, "flow_control": "true", "duty_cycle": "1"},
                PIPE, {**PIPE, "name": '"ssh-1"', "cost": "3", "latency_ms": "80", "mtu": "1500"}]
        for one in good:
            with self.subTest(table=one):
                done = self.check(table(one))
                self.assertEqual((done.returncode, done.stderr), (0, ""))
        everything = "".join(table(one, name=f'"i{i}"', device=f'"/dev/x{i}"' if "speed" in one or
                                   "tx_power" in one else one.get("device"))
                             for i, one in enumerate(good))
        self.assertEqual(self.check(everything).stderr, "")

    def test_mistakes(self):
        cases = [
            ('interface = 5\n', 1, "write [[interface]]"),
            ("[[interface]]\nmode = \"dual\"\n", 1, "needs a type"),
            (table(TCP, type='"lora"'), 2, "tcp, udp, serial, rnode or pipe"),
            (table(TCP, type="5"), 2, "type must be"),
            (table(TCP, mode='"both"'), 4, "native for nodes of ours"),
            (table(TCP, name='"My radio"'), 4, "1 to 32 of a-z"),
            (table(TCP, name='"tcp"'), 1, "choose another"),
            (table(TCP, nmae='"x"'), 4, 'unknown key "nmae"'),
            (table(TCP, speed="9600"), 4, "takes no speed; that is for serial"),
            (table(TCP, listen=None), 1, "needs listen or peers"),
            (table(TCP, listen='["1.2.3.4:99999"]'), 3, "99999"),
            (table(TCP, max_connections="0"), 4, "from 1 to"),
            (table(TCP, mtu="100"), 4, "from 484 to 4096"),
            (table(TCP, bitrate="0"), 4, "bitrate must be from 5"),
            (table(TCP, cost="-1"), 4, "cost must be from 0"),
            (table(TCP, latency_ms='"fast"'), 4, "latency_ms must be a number"),
            (table(UDP, listen="5"), 3, "one address"),
            (table(UDP, multicast='"192.0.2.1:1"'), 3, "is no multicast group"),
            (table(UDP, multicast="false"), 3, "needs peers"),
            (table(SERIAL, device=None), 1, "needs device: the path of the line"),
            (table(SERIAL, speed=None), 1, "needs speed: bits per second"),
            (table(SERIAL, framing='"slip"'), 5, "use hdlc or kiss"),
            (table(RADIO, frequency=None), 1, "needs frequency: Hz"),
            (table(RADIO, frequency="868"), 4, "from 137000000"),
            (table(RADIO, spreading_factor="13"), 6, "from 5 to 12"),
            (table(RADIO, duty_cycle="2"), 9, "from 0.001 to 1"),
            (table(RADIO, duty_cycle='"1%"'), 9, "a share such as 0.01"),
            (table(RADIO, bitrate="5000"), 9, "takes no bitrate"),
            (table(RADIO, mtu="1500"), 9, "carries 484 bytes"),
            (table(PIPE, command='"cat"'), 3, "command must be a list"),
            (table(PIPE, command="[]"), 3, "must name a program"),
            (table(PIPE, command=None), 1, "needs command"),
            (table(SERIAL) + table(SERIAL, name='"other"'), 5, "one line serves one"),
            (table(TCP, name='"a"') + table(UDP, name='"a"'), 5, 'two interfaces are named "a"'),
            (table(PIPE) * 33, 1, "32 are allowed"),
            ('reticulum = "yes"\n' + table(TCP), 1, "true or false"),
        ]
        for config, line, words in cases:
            with self.subTest(config=config):
                done = self.check(config)
                self.assertEqual(done.returncode, 2)
                self.assertRegex(done.stderr, rf"mehrd\.toml:{line}:\d+: ")
                self.assertIn(words, done.stderr)

    def test_all_mistakes_are_told_at_once(self):
        done = self.check(table(TCP, mtu="1", mode='"x"') + table(SERIAL, speed=None))
        self.assertEqual(len(done.stderr.splitlines()), 3)

    def test_what_is_shown(self):
        node = Node(self.mesh, "a", interfaces=[
            {"type": "tcp", "name": "door", "mode": "dual", "cost": 7,
             "listen": [f"127.0.0.1:{free_port()}"]},
            {"type": "serial", "name": "line", "device": "/dev/no-such-line", "speed": 9600}]).start()
        shown = node.call("interfaces")["interfaces"]
        self.assertEqual([(i["name"], i["type"], i["mode"], i["up"]) for i in shown],
                         [("door", "tcp", "dual", True), ("line", "serial", "native", False)])
        self.assertEqual((shown[0]["cost"], shown[1]["bitrate"]), (7, 7680))
        text = node.mehr("interfaces").stdout
        self.assertIn("down: cannot open /dev/no-such-line: No such file or directory", text)
        self.assertEqual(json.loads(node.mehr("--json", "interfaces").stdout)["interfaces"], shown)
        self.assertIn("nobody has announced anything yet", node.mehr("reticulum").stdout)
        quiet = Node(self.mesh, "b", listen=["127.0.0.1:0"]).start()
        self.assertIn("does not relay for Reticulum", quiet.mehr("reticulum").stdout)
        self.assertEqual([i["name"] for i in quiet.call("interfaces")["interfaces"]], ["tcp"])

    def test_the_dearer_interface_is_avoided(self):
        ports = free_port(), free_port(), free_port()
        b = Node(self.mesh, "b", listen=[f"127.0.0.1:{ports[0]}"]).start()
        near = {"type": "tcp", "name": "near", "listen": [f"127.0.0.1:{ports[1]}"]}
        dear = {"type": "tcp", "name": "dear", "listen": [f"127.0.0.1:{ports[2]}"]}
        c = Node(self.mesh, "c", interfaces=[near, dear],
                 peers=[f"127.0.0.1:{ports[0]}"]).start()
        a = Node(self.mesh, "a", interfaces=[
            {"type": "tcp", "name": "metered", "cost": 1000,
             "peers": [f"127.0.0.1:{ports[1]}"]}]).start()
        a.wait_route(b.id)
        c.wait_route(a.id)
        links = {link["node"]: link for link in a.call("links")["links"]}
        self.assertEqual(links[c.id]["price_per_byte"], 1000)


if __name__ == "__main__":
    unittest.main()
