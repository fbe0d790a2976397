"""mehr, the command line: what it prints, as JSON and for people, and its exit codes."""

import json
import subprocess
import unittest

from support import MeshTest


class Commands(MeshTest):
    def test_every_command_speaks_json(self):
        a, b, c = self.mesh.line()
        source = self.mesh.file("a file.txt", b"words\n" * 1000)
        sent = json.loads(a.mehr("--json", "send", c.id[:8], source).stdout)
        self.assertEqual((sent["state"], sent["size"]), ("done", 6000))
        for node in (a, b, c):
            for command in ("status", "id", "peers", "links", "routes", "transfers", "inbox",
                            "reputation", "interfaces"):
                for arguments in (["--json", command], [command, "--json"]):
                    self.assertIsInstance(json.loads(node.mehr(*arguments).stdout), dict)
        number = json.loads(a.mehr("--json", "send", "--no-wait", c.id, source).stdout)["transfer"]
        self.assertIn(a.mehr("cancel", str(number), check=False).returncode, (0, 1))

    def test_tables_for_people(self):
        a, b, c = self.mesh.line()
        source = self.mesh.file("a file.txt", b"words\n" * 1000)
        out = a.mehr("send", "--progress", "--name", "über.txt", c.id, source).stdout
        self.assertIn("sent über.txt (6.00 kB) to " + c.id, out)
        self.assertEqual(b.mehr("id").stdout.strip(), b.id)
        self.assertIn(b.id, b.mehr("status").stdout)
        peers = b.mehr("peers").stdout.splitlines()
        self.assertEqual(len(peers), 3)
        self.assertIn("NODE", peers[0])
        self.assertIn(a.id[:12], b.mehr("routes").stdout)
        self.assertNotIn(a.id, b.mehr("routes").stdout)
        self.assertIn(a.id, b.mehr("--wide", "routes").stdout)
        self.assertIn("über.txt", c.mehr("inbox").stdout)
        self.assertIn("done", a.mehr("transfers").stdout)
        self.assertIn("no transfers", b.mehr("transfers").stdout)
        self.assertIn("no files", b.mehr("inbox").stdout)
        self.assertIn("nobody is judged yet", b.mehr("reputation").stdout)

    def test_exit_codes(self):
        a, b, c = self.mesh.line()
        self.assertEqual(self.mesh.run("mehr").returncode, 2)
        unknown = self.mesh.run("mehr", "fly")
        self.assertEqual(unknown.returncode, 2)
        self.assertIn('no command "fly"', unknown.stderr)
        gone = self.mesh.run("mehr", "--socket", "/nonexistent/socket", "status")
        self.assertEqual(gone.returncode, 3)
        self.assertIn("no mehrd answers on /nonexistent/socket", gone.stderr)
        self.assertIn("mehrd --config", gone.stderr)
        self.assertEqual(self.mesh.run("mehr", "--data-dir", a.data, "id").stdout.strip(), a.id)
        self.assertEqual(a.mehr("send", c.id, "/nonexistent", check=False).returncode, 1)
        self.assertEqual(a.mehr("send", "xyz", "/etc/hostname", check=False).returncode, 2)
        self.assertEqual(a.mehr("cancel", "77", check=False).returncode, 1)
        with open(c.config, "a", encoding="utf-8") as f:
            f.write('accept_files = "none"\n')
        self.assertEqual(c.stop(), 0)
        c.start()
        a.wait_route(c.id)
        refused = a.mehr("send", c.id, self.mesh.file("f", b"x"), check=False)
        self.assertEqual(refused.returncode, 4, refused.stderr)
        self.assertTrue(refused.stderr.startswith("mehr: "))


EPHEMERAL = "11" * 32
SAMPLES = [
    ("init", "80100101" + "00" * 16 + EPHEMERAL),
    ("resp", "811001010202" + EPHEMERAL + "22" * 128),
    ("auth", "820202" + "22" * 128),
    ("data-frame", "93010205000000" + "33" * 17),
    ("beacon", "86" + "00" * 20),
    ("broadcast", "87e0" + "55" * 9),
    ("rekey-request", "8001" + EPHEMERAL),
    ("rekey-ack", "8101" + EPHEMERAL),
    ("close", "8206"),
    ("ping", "8301020304"),
    ("pong", "84010203040500"),
    ("packet-too-big", "88" + "44" * 16 + "e401"),
    ("congestion-signal", "8940dc05"),
    ("path-update", "8a01" + "44" * 16 + "05" + "00" * 7 + "19000300a202ff"),
    ("path-request", "8b" + "44" * 16 + "0102030405060708" + "10"),
    ("reservation-request", "8c0100" + "44" * 16 + "0000100000000000" + "00000000"
     + "3200000000000000" + "100e0000" + "02"),
    ("reservation-commitment", "8d010000" + "40420f00" + "0c00000000000000" + "ff" * 8),
    ("reservation-release", "8e0100" + "0000100000000000" + "03"),
    ("delivery-receipt", "8f0100" + "02000000" + "00001000" + "05" + "00" * 7),
    ("gossip-beat", "90" + "01000000" + "02" + "00" * 7 + "0f" + "aa" * 8),
    ("gossip-summary", "91" + "01000000" + "02" + "00" * 7 + "8303" + "0000" + "0100"
     + "78563412" + "0800" + "00" * 8),
    ("gossip-delta", "92" + "01000000" + "02" + "00" * 7 + "0101" + "660200abcd"),
    ("gossip-pull", "93" + "01000000" + "0c" + "00100000"),
    ("peer-exchange", "980101" + "04c00002019710" + "44" * 16 + "0500"),
    ("probe-request", "01" + "0700" + "2800" + "00" * 8 + "1122334455667788"),
    ("probe-response", "02" + "0700" + "2800" + "1122334455667788" + "dc05" + "40420f00"),
    ("mep", "07000000" + "0500" + "hello".encode().hex() + "44" * 16 + "0001" + "02000000"
     + "55" * 32 + "00" + "09" + "00" * 7 + "66" * 64),
    ("packet", "0001" + "44" * 16 + "e3" + "77" * 60),
    ("path-cost", "00000000ff00ff"),
    ("hdlc", "7e82067e7e0001" + "44" * 16 + "e3017e"),
    ("kiss", "c0000001" + "44" * 16 + "e301c0"),
    ("extension", "4e1000000000ff00ff040101"),
    ("transfer-cancel", "0104" + "99" * 8),
]


class Inspect(MeshTest):
    def inspect(self, *arguments, **more):
        return self.mesh.run("mehr", "inspect", *arguments, **more)

    def test_samples_are_recognised(self):
        for kind, text in SAMPLES:
            with self.subTest(kind=kind):
                done = self.inspect(text)
                self.assertEqual(done.returncode, 0, done.stderr)
                shown = json.loads(done.stdout)
                self.assertEqual(shown["kind"], kind)
                self.assertEqual(shown["size"], len(text) // 2)
                again = self.inspect("--as", kind, text.upper())
                self.assertEqual(json.loads(again.stdout)["fields"], shown["fields"])

    def test_fields_and_meaning(self):
        shown = json.loads(self.inspect(dict(SAMPLES)["packet-too-big"]).stdout)
        self.assertEqual(shown["fields"], {"type": 0x88, "destination": "44" * 16,
                                           "link_mtu": 484})
        shown = json.loads(self.inspect(dict(SAMPLES)["close"]).stdout)
        self.assertEqual(shown["meaning"]["reason"], "idle")
        frames = json.loads(self.inspect(dict(SAMPLES)["hdlc"]).stdout)["fields"]["frames"]
        self.assertEqual([f["kind"] for f in frames], [None, "packet"])

    def meaning(self, kind):
        return json.loads(self.inspect(dict(SAMPLES)[kind]).stdout)["meaning"]

    def test_what_control_messages_mean(self):
        self.assertEqual(self.meaning("congestion-signal"),
                         {"severity": "severe", "scope": "this link", "drained_in": "1.5 s"})
        item = self.meaning("path-update")["items"][0]
        self.assertEqual((item["destination"], item["emitted"]), ("44" * 16, 5))
        self.assertEqual(item["path_cost"], {"latency_ms": 3, "bandwidth_bps": 1_246_974,
                                             "relays": 2, "mtu": 4096, "micro_mhr_per_byte": 2})
        wish = self.meaning("reservation-request")
        self.assertEqual((wish["at_least"], wish["at_most"], wish["for"], wish["may_reroute"]),
                         ("whatever there is", "50 uMHR per byte", "1 h 00 m", True))
        self.assertEqual(self.meaning("reservation-commitment"),
                         {"status": "accepted", "rate": "1.00 Mbit/s", "price": "12 uMHR per byte"})
        self.assertEqual(self.meaning("reservation-release")["reason"], "cancelled by the sender")
        self.assertEqual(self.meaning("gossip-beat")["tiers"][0], "routing")
        self.assertEqual(self.meaning("gossip-summary"),
                         {"tiers": ["routing", "payment and key safety"], "reply": True,
                          "part": "1 of 1"})
        delta = self.meaning("gossip-delta")
        self.assertTrue(delta["last"])
        self.assertEqual([(i["name"], i["tier"], i["body"]) for i in delta["items"]],
                         [("key compromise advisory", 2, "abcd")])
        self.assertEqual(self.meaning("gossip-pull")["tiers"], ["capabilities", "trust and names"])

    def test_what_carries_lists_is_taken_apart(self):
        peers = json.loads(self.inspect(dict(SAMPLES)["peer-exchange"]).stdout)
        self.assertEqual(peers["fields"]["peers"], [{"address": "192.0.2.1:4247",
                                                     "node": "44" * 16, "age_minutes": 5}])
        self.assertTrue(peers["meaning"]["wants_reply"])
        v6 = self.inspect("980001" + "06" + "20010db8" + "00" * 11 + "01" + "9710" + "00" * 16
                          + "ffff")
        self.assertEqual(json.loads(v6.stdout)["fields"]["peers"],
                         [{"address": "[2001:db8::1]:4247", "node": None, "age_minutes": 65535}])
        mep = json.loads(self.inspect(dict(SAMPLES)["mep"]).stdout)
        self.assertEqual((mep["fields"]["title"], mep["fields"]["reference_impl_hash"]),
                         ("hello", None))
        self.assertEqual((mep["meaning"]["status"], mep["meaning"]["category"],
                          mep["meaning"]["target_version"]), ("draft", "hard change", "2.0"))

    def test_probes_inside_packets(self):
        request = "0001" + "44" * 16 + "f2" + dict(SAMPLES)["probe-request"]
        probe = json.loads(self.inspect(request).stdout)["meaning"]["probe"]
        self.assertEqual((probe["kind"], probe["fields"]["payload_size"]), ("probe-request", 40))
        answer = "0301" + "44" * 16 + "f2" + dict(SAMPLES)["probe-response"]
        probe = json.loads(self.inspect(answer).stdout)["meaning"]["probe"]
        self.assertEqual((probe["fields"]["responder_mtu"], probe["meaning"]["measured"]),
                         (1500, "1.00 Mbit/s"))

    def test_extension_fields(self):
        fields = ("0104" + "10000200" + "0202" + "0102" + "0306" + "01" + "0700000001"
                  + "0404" + "03000540" + "0502" + "1020" + "8101" + "ff" + "0304" + "00000000")
        shown = json.loads(self.inspect("4e1000000000ff00ff" + fields).stdout)
        tlvs = shown["meaning"]["tlvs"]
        self.assertEqual([t.get("meaning") for t in tlvs[:5]], [
            {"version": "16.2"},
            {"suites": ["Ed25519, X25519, ECVRF", "ML-DSA-44"]},
            {"votes": [{"mep": 7, "vote": "oppose"}]},
            {"offers": ["relay", "gateway"], "cost_tier": 5, "load": 64},
            {"versions": ["1.0", "2.0"]}])
        self.assertNotIn("meaning", tlvs[5])
        self.assertIn("ignored", tlvs[6])
        future = json.loads(self.inspect("4ef200000000ff00ff" + "0104" + "10000200").stdout)
        self.assertEqual(future["meaning"]["version"], "16.2")
        self.assertEqual(json.loads(self.inspect("--as", "tlvs", fields).stdout)["fields"]["tlvs"],
                         tlvs)
        presence = json.loads(self.inspect("--as", "presence", "03000540").stdout)
        self.assertEqual(presence["meaning"], tlvs[3]["meaning"])
        wrong = self.inspect("--as", "presence", "030005")
        self.assertEqual((wrong.returncode, wrong.stdout), (2, ""))

    def test_forms_of_input(self):
        kind, text = SAMPLES[0]
        raw = self.mesh.file("raw", bytes.fromhex(text))
        spaced = self.mesh.file("hex", " ".join(text[i:i + 2] for i in range(0, len(text), 2))
                                .encode() + b"\n")
        for name in (raw, spaced, "0x" + text):
            self.assertEqual(json.loads(self.inspect(name).stdout)["kind"], kind)
        piped = subprocess.run([self.mesh.tool("mehr"), "inspect", "-"], input=text,
                               capture_output=True, text=True, check=True)
        self.assertEqual(json.loads(piped.stdout)["kind"], kind)

    def test_what_cannot_be_read(self):
        for arguments, words in [
                (["80"], "nothing that mehr knows"),
                (["xyz"], "neither a file nor hexadecimal"),
                (["123"], "neither a file nor hexadecimal"),
                (["fe" * 60], "--as"),
                (["8a0200"], "as path-update: the count of a PathUpdate"),
                (["8b" + "44" * 16 + "01" * 8 + "11"], "as path-request: the ttl"),
                (["--as", "resp", "8206"], "no resp"),
                (["--as", "dream", "8206"], "no kind"),
                ([self.mesh.file("empty", b"")], "nothing to inspect")]:
            with self.subTest(arguments=arguments):
                done = self.inspect(*arguments)
                self.assertEqual(done.returncode, 2, done.stdout)
                self.assertIn(words, done.stderr)
                self.assertEqual(done.stdout, "")
        seed = self.inspect(self.mesh.file("identity", b"MEHRSEED" + b"s" * 36))
        self.assertEqual(seed.returncode, 1)
        self.assertIn("secret", seed.stderr)
        self.assertNotIn("7373", seed.stdout + seed.stderr)


if __name__ == "__main__":
    unittest.main()
