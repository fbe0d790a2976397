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
            for command in ("status", "id", "peers", "routes", "transfers", "inbox"):
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
