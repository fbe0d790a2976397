"""Keys: made, sealed, backed up, split, rotated, and what mehrd does with them.

Every passphrase goes by a descriptor, a credential or a terminal: there is no other way.
"""

import fcntl
import json
import os
import pty
import re
import select
import signal
import stat
import subprocess
import time
import unittest

from support import MeshTest
from mesh import Node, wait_for

RIGHT = "correct horse battery staple"
WRONG = "incorrect horse"


def descriptor(text):
    """The reading end of a pipe that holds @p text."""
    reading, writing = os.pipe()
    os.write(writing, text.encode() + b"\n")
    os.close(writing)
    return reading


class KeyTest(MeshTest):
    def key(self, *arguments, data=None, passphrase=None, new=None, stdin="", code=0):
        """mehr key ..., its passphrases by descriptors."""
        command = [self.mesh.tool("mehr"), "--data-dir", data or self.data, "key", *arguments]
        ends = []
        for option, text in (("--passphrase-fd", passphrase), ("--new-passphrase-fd", new)):
            if text is not None:
                ends.append(descriptor(text))
                command += [option, str(ends[-1])]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=60,
                              pass_fds=ends, start_new_session=True)
        for end in ends:
            os.close(end)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def setUp(self):
        super().setUp()
        self.data = os.path.join(self.mesh.dir, "keys-of-one")

    def new(self, name="main", data=None, passphrase=RIGHT):
        return self.key("new", name, data=data, passphrase=passphrase).stdout.strip()

    def snapshot(self, data=None):
        directory = os.path.join(data or self.data, "keys")
        out = {}
        for name in sorted(os.listdir(directory)) if os.path.isdir(directory) else []:
            with open(os.path.join(directory, name), "rb") as f:
                out[name] = f.read()
        return out

    def refused(self, done, *words):
        self.assertEqual(len(done.stderr.strip().splitlines()), 1, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)


class Store(KeyTest):
    def test_new_and_list(self):
        node = self.new()
        self.assertRegex(node, "^[0-9a-f]{32}$")
        other = self.new("spare")
        keys = json.loads(self.mesh.run("mehr", "--json", "--data-dir", self.data, "key",
                                        "list").stdout)["keys"]
        self.assertEqual({(k["name"], k["kind"]) for k in keys},
                         {("main", "current"), ("main", "next"), ("spare", "current"),
                          ("spare", "next")})
        self.assertIn(node, self.key("list").stdout)
        self.assertIn(other, self.key("list").stdout)
        self.assertEqual(stat.S_IMODE(os.stat(os.path.join(self.data, "keys")).st_mode), 0o700)
        for name, content in self.snapshot().items():
            path = os.path.join(self.data, "keys", name)
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
            self.assertEqual(len(content), 136 if name.endswith(".commitment") else 96)
        before = self.snapshot()
        self.refused(self.key("new", passphrase=RIGHT, code=1), "already", "nothing was changed")
        self.refused(self.key("new", "../x", passphrase=RIGHT, code=1), "no name of a key")
        self.refused(self.key("new", "empty", passphrase="", code=1), "not empty")
        self.refused(self.key("new", "none", code=1), "--passphrase-fd")
        self.assertEqual(self.snapshot(), before)

    def test_wrong_passphrase_and_damage_change_nothing(self):
        self.new()
        before = self.snapshot()
        for command in (["passwd", "main"], ["split", "main", "-k", "2", "-n", "3"],
                        ["rotate", "main", "--yes"], ["advise", "main", "--yes"]):
            new = WRONG if command[0] == "passwd" else None
            self.refused(self.key(*command, passphrase=WRONG, new=new, code=1), "passphrase is wrong")
        self.assertEqual(self.snapshot(), before)
        path = next(os.path.join(self.data, "keys", n) for n in before if n.endswith(".key"))
        for damage, word in ((before[os.path.basename(path)][:50], "96"),
                             (b"MEHRKEY2" + before[os.path.basename(path)][8:], "MEHRKEY1"),
                             (before[os.path.basename(path)][:-1] + b"\0", "damaged")):
            with open(path, "wb") as f:
                f.write(damage)
            self.refused(self.key("split", "-k", "2", "-n", "2", passphrase=RIGHT, code=1), word)
            with open(path, "rb") as f:
                self.assertEqual(f.read(), damage)
        os.chmod(path, 0o644)
        self.refused(self.key("split", "-k", "2", "-n", "2", passphrase=RIGHT, code=1), "chmod 600")

    def test_passphrase_change_keeps_the_key(self):
        node = self.new()
        self.key("passwd", passphrase=RIGHT, new="another")
        self.refused(self.key("passwd", passphrase=RIGHT, new="x", code=1), "passphrase is wrong")
        self.assertIn(node, self.key("list").stdout)
        self.key("passwd", passphrase="another", new=RIGHT)

    def test_a_next_key_that_is_kept_elsewhere(self):
        self.new()
        keys = os.path.join(self.data, "keys")
        away = next(n for n in os.listdir(keys) if n.endswith(".next"))
        os.rename(os.path.join(keys, away), os.path.join(self.mesh.dir, away))
        before = self.snapshot()
        self.refused(self.key("rotate", "--yes", passphrase=RIGHT, code=1), "committed to a next one",
                     "combine --next main")
        self.assertEqual(self.snapshot(), before)
        # Shares of some other key do not take its place.
        self.new("other")
        wrong = self.key("split", "other", "-k", "2", "-n", "2", passphrase=RIGHT).stdout
        before = self.snapshot()
        self.refused(self.key("combine", "--next", passphrase=RIGHT, stdin=wrong, code=1),
                     "committed to another next key", "nothing was changed")
        self.assertEqual(self.snapshot(), before)
        os.rename(os.path.join(self.mesh.dir, away), os.path.join(keys, away))
        # Where one is there, another takes its place, and is the only one to follow.
        self.key("combine", "--next", passphrase=RIGHT, stdin=wrong)
        self.assertIn(away[:-len("next")] + "old", os.listdir(keys))
        other = next(n for n in os.listdir(keys) if n.startswith("main.") and n.endswith(".next"))
        os.rename(os.path.join(keys, other), os.path.join(self.mesh.dir, other))
        os.rename(os.path.join(keys, away[:-len("next")] + "old"), os.path.join(keys, away))
        self.refused(self.key("rotate", "--yes", passphrase=RIGHT, code=1), "committed to another")
        os.rename(os.path.join(keys, away), os.path.join(keys, away[:-len("next")] + "old"))
        os.rename(os.path.join(self.mesh.dir, other), os.path.join(keys, other))
        self.assertIn(self.key("rotate", "--yes", passphrase=RIGHT).stdout.strip(), other)

    def test_one_changes_keys_at_a_time(self):
        self.new()
        before = self.snapshot()
        directory = os.open(os.path.join(self.data, "keys"), os.O_RDONLY)
        fcntl.flock(directory, fcntl.LOCK_EX)
        for command in (["rotate", "--yes"], ["advise", "--yes"], ["passwd"], ["new", "other"]):
            new = "n" if command[0] == "passwd" else None
            self.refused(self.key(*command, passphrase=RIGHT, new=new, code=1), "another program")
        self.assertEqual(self.snapshot(), before)
        os.close(directory)
        self.key("rotate", "--yes", passphrase=RIGHT)

    def test_backup(self):
        node = self.new()
        backup = os.path.join(self.mesh.dir, "backup")
        self.key("export", "main", backup)
        self.assertEqual(os.stat(backup).st_size, 96)
        self.assertEqual(stat.S_IMODE(os.stat(backup + ".next").st_mode), 0o600)
        self.refused(self.key("export", "main", backup, code=1), "nothing was overwritten")
        elsewhere = os.path.join(self.mesh.dir, "elsewhere")
        self.refused(self.key("import", backup, data=elsewhere, passphrase=WRONG, code=1), "wrong")
        self.assertEqual(self.snapshot(elsewhere), {})
        self.assertEqual(self.key("import", backup, data=elsewhere, passphrase=RIGHT).stdout.strip(),
                         node)
        self.assertEqual(self.snapshot(elsewhere).keys(), self.snapshot().keys())  # the next key, too
        self.refused(self.key("import", backup, data=elsewhere, passphrase=RIGHT, code=1), "already")
        self.refused(self.key("import", "/nonexistent", "b", passphrase=RIGHT, code=1), "cannot read")

    def test_shares(self):
        node = self.new()
        shares = self.key("split", "main", "-k", "2", "-n", "3", passphrase=RIGHT).stdout.split()
        self.assertEqual(len(shares), 3)
        for i, pair in enumerate(((0, 1), (2, 0), (1, 2))):
            text = "\n".join(shares[j].lower() for j in pair) + "\n"
            data = os.path.join(self.mesh.dir, f"again{i}")
            self.assertEqual(self.key("combine", data=data, passphrase="new", stdin=text)
                             .stdout.strip(), node)
        asjson = self.mesh.run("mehr", "--json", "--data-dir", self.data, "key", "list").stdout
        following = next(k["node"] for k in json.loads(asjson)["keys"] if k["kind"] == "next")
        nexts = self.key("split", "--next", "-k", "2", "-n", "2", passphrase=RIGHT).stdout
        self.assertEqual(len(nexts.split()), 2)
        # The next key comes back to the present one, in whose place it is to stand.
        data = os.path.join(self.mesh.dir, "again0")
        fresh = self.snapshot(data)
        self.refused(self.key("combine", "--next", data=data, passphrase=WRONG, stdin=nexts, code=1),
                     "passphrase is wrong")
        self.refused(self.key("combine", "--next", data=data, passphrase="new",
                              stdin="\n".join(shares[:2]), code=1), "not its next one")
        self.refused(self.key("combine", "--next", data=os.path.join(self.mesh.dir, "void"),
                              passphrase="new", stdin=nexts, code=1), "combine or import that one first")
        self.assertEqual(self.snapshot(data), fresh)
        self.assertEqual(self.key("combine", "--next", data=data, passphrase="new", stdin=nexts)
                         .stdout.strip(), following)
        self.refused(self.key("combine", "--next", data=data, passphrase="new", stdin=nexts, code=1),
                     "there already")
        name = f"main.{node}.commitment"
        self.assertEqual(self.snapshot(data)[name][:104], self.snapshot()[name][:104])
        self.assertEqual(self.key("rotate", "--yes", data=data, passphrase="new").stdout.strip(),
                         following)
        data = os.path.join(self.mesh.dir, "none")
        combine = dict(data=data, passphrase="new", code=1)
        typo = shares[1][:7] + ("0" if shares[1][7] != "0" else "1") + shares[1][8:]
        self.refused(self.key("combine", stdin=shares[0] + "\n" + typo, **combine),
                     "share 2", "typing mistake")
        self.refused(self.key("combine", stdin=shares[0], **combine), "1 of 2")
        self.refused(self.key("combine", stdin="", **combine), "no share")
        self.refused(self.key("combine", stdin=f"{shares[0]}\n{shares[0]}", **combine), "twice")
        self.new("other")
        foreign = self.key("split", "other", "-k", "2", "-n", "3", passphrase=RIGHT).stdout.split()
        self.refused(self.key("combine", stdin=f"{shares[0]}\n{foreign[1]}", **combine),
                     "different keys")
        again = self.key("split", "main", "-k", "2", "-n", "3", passphrase=RIGHT).stdout.split()
        self.refused(self.key("combine", stdin=f"{shares[0]}\n{again[1]}", **combine),
                     "not of this set")
        self.assertEqual(self.snapshot(data), {})
        for k, n in ((1, 3), (4, 3), (2, 256)):
            self.key("split", "-k", str(k), "-n", str(n), passphrase=RIGHT, code=2)


class Daemon(KeyTest):
    def node(self, name="n", **settings):
        return Node(self.mesh, name, listen=["127.0.0.1:0"], unsealed_identity=False, **settings)

    def run_to_end(self, node, *arguments, pass_fds=(), env=None):
        """mehrd that is to give up at once, without a terminal."""
        return subprocess.run([self.mesh.tool("mehrd"), "--config", node.config, *arguments],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                              pass_fds=pass_fds, env=env, start_new_session=True)

    def start(self, node, *arguments, **how):
        """mehrd that is to run; its NodeID."""
        log = open(node.log_path, "ab")
        self.addCleanup(log.close)
        process = subprocess.Popen([self.mesh.tool("mehrd"), "--config", node.config, *arguments],
                                   stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                   start_new_session=True, **how)
        self.addCleanup(self.stop, process)
        wait_for("the socket", lambda: os.path.exists(node.socket) or process.poll() is not None)
        self.assertIsNone(process.poll(), "mehrd ended: see its log")
        return process, wait_for("an answer", lambda: self.ask(node))

    def ask(self, node):
        try:
            return node.call("id")["node"]
        except OSError:
            return None

    def stop(self, process):
        if process.poll() is None:
            process.terminate()
        self.assertEqual(process.wait(20), 0)

    def test_without_any_passphrase(self):
        node = self.node()
        done = self.run_to_end(node)
        self.assertEqual(done.returncode, 3)
        self.refused(done, "--passphrase-fd", "mehr-passphrase", "mehr key new", "unsealed_identity")
        self.assertEqual(os.path.exists(os.path.join(node.data, "keys")), False)

    def test_descriptor_and_credential(self):
        node = self.node()
        end = descriptor(RIGHT)
        process, made = self.start(node, "--passphrase-fd", str(end), pass_fds=[end])
        os.close(end)
        self.stop(process)
        self.assertIn(made, " ".join(self.snapshot(node.data)))
        self.assertFalse(os.path.exists(os.path.join(node.data, "identity")))
        before = self.snapshot(node.data)
        end = descriptor(WRONG)
        done = self.run_to_end(node, "--passphrase-fd", str(end), pass_fds=[end])
        os.close(end)
        self.assertEqual(done.returncode, 3)
        self.refused(done, "passphrase is wrong, or the key file is damaged")
        self.refused(self.run_to_end(node), "is sealed", "--passphrase-fd")
        self.refused(self.run_to_end(node, "--passphrase-fd", "77"), "descriptor 77")
        self.assertEqual(self.snapshot(node.data), before)
        credentials = os.path.join(self.mesh.dir, "credentials")
        os.mkdir(credentials, 0o700)
        with open(os.path.join(credentials, "mehr-passphrase"), "w", encoding="utf-8") as f:
            f.write(RIGHT + "\n")
        process, again = self.start(node, env={**os.environ, "CREDENTIALS_DIRECTORY": credentials})
        self.assertEqual(again, made)
        # Nothing of it in what others may read of the process.
        for name in ("cmdline", "environ"):
            path = f"/proc/{process.pid}/{name}"
            if os.access(path, os.R_OK):
                with open(path, "rb") as f:
                    self.assertNotIn(RIGHT.encode(), f.read())
        with open(node.log_path, "rb") as f:
            self.assertNotIn(RIGHT.encode(), f.read())

    def test_plain_identity_is_sealed_at_the_first_chance(self):
        node = Node(self.mesh, "n", listen=["127.0.0.1:0"]).start()
        made = node.call("id")["node"]
        self.assertEqual(node.stop(), 0)
        node.configure(listen=["127.0.0.1:0"], unsealed_identity=False)
        process, as_before = self.start(node)  # nobody gives a passphrase: it runs, and says so
        self.stop(process)
        self.assertEqual(as_before, made)
        with open(node.log_path, encoding="utf-8") as f:
            self.assertIn("identity.unsealed", f.read())
        plain = os.path.join(node.data, "identity")
        with open(plain, "rb") as f:
            content = f.read()
        for leftover in (False, True):  # as if the last start had been cut short
            if leftover:
                with open(plain, "wb", opener=lambda p, flags: os.open(p, flags, 0o600)) as f:
                    f.write(content)
            end = descriptor(RIGHT)
            process, sealed = self.start(node, "--passphrase-fd", str(end), pass_fds=[end])
            os.close(end)
            self.stop(process)
            self.assertEqual(sealed, made)
            self.assertFalse(os.path.exists(plain))
            self.assertIn(made, " ".join(self.snapshot(node.data)))

    def terminal(self, arguments, answers, seconds=30):
        """Runs a program at a terminal of its own; @p answers to what it asks. (text, code or pid)."""
        pid, fd = pty.fork()
        if pid == 0:
            os.execv(arguments[0], arguments)
        shown = b""
        end = time.monotonic() + seconds
        answers = list(answers)
        asked = 0
        while time.monotonic() < end:
            ready, _, _ = select.select([fd], [], [], 0.2)
            if ready:
                try:
                    data = os.read(fd, 4096)
                except OSError:
                    data = b""
                if not data:
                    break
                shown += data
            # A question ends in a colon and a blank, and nothing follows.
            if answers and shown.count(b": ") > asked and shown.rstrip(b" ").endswith(b":"):
                asked = shown.count(b": ")
                os.write(fd, answers.pop(0).encode() + b"\n")
            if not answers and b"daemon.started" in shown:
                return shown.decode(errors="replace"), pid, fd
        _, status = os.waitpid(pid, 0)
        os.close(fd)
        return shown.decode(errors="replace"), os.waitstatus_to_exitcode(status), None

    def test_terminal(self):
        node = self.node()
        mehrd = [self.mesh.tool("mehrd"), "--config", node.config]
        text, code, fd = self.terminal(mehrd, [RIGHT, WRONG])
        self.assertIsNone(fd)
        self.assertEqual(code, 3, text)
        self.assertIn("the two passphrases differ; nothing was made", text)
        text, pid, fd = self.terminal(mehrd, [RIGHT, RIGHT])
        self.assertIsNotNone(fd, text)
        self.assertNotIn(RIGHT, text)  # no echo
        made = self.ask(node)
        os.kill(pid, signal.SIGTERM)
        os.waitpid(pid, 0)
        os.close(fd)
        text, pid, fd = self.terminal(mehrd, [WRONG, RIGHT])
        self.assertIsNotNone(fd, text)
        self.assertIn("passphrase is wrong", text)
        self.assertEqual(self.ask(node), made)
        os.kill(pid, signal.SIGTERM)
        os.waitpid(pid, 0)
        os.close(fd)
        text, code, fd = self.terminal(mehrd, [WRONG] * 3)
        self.assertIsNone(fd)
        self.assertEqual(code, 3, text)
        self.assertEqual(len(re.findall("passphrase is wrong", text)), 3)

    def cut_short(self, node, before_the_renames):
        """A key of @p node in the middle of its rotation, as when the power goes; old and new."""
        old = self.key("new", data=node.data, passphrase=RIGHT).stdout.strip()
        now = self.key("rotate", "--yes", data=node.data, passphrase=RIGHT).stdout.strip()
        keys = os.path.join(node.data, "keys")
        for name in os.listdir(keys):
            if name.endswith(".next") or name == f"main.{now}.commitment":
                os.remove(os.path.join(keys, name))
        os.rename(os.path.join(keys, f"main.{now}.key"), os.path.join(keys, f"main.{now}.next"))
        if before_the_renames:
            os.rename(os.path.join(keys, f"main.{old}.old"), os.path.join(keys, f"main.{old}.key"))
        return keys, old, now

    def test_a_rotation_that_was_cut_short_is_finished(self):
        for before_the_renames in (False, True):
            with self.subTest(before_the_renames=before_the_renames):
                self.finished(self.node(name=f"one{before_the_renames}"), before_the_renames)

    def test_a_rotation_that_was_cut_short_is_finished_by_the_next(self):
        node = self.node(name="one")
        keys, old, now = self.cut_short(node, False)
        later = self.key("rotate", "--yes", data=node.data, passphrase=RIGHT).stdout.strip()
        names = os.listdir(keys)
        for name in (f"main.{later}.key", f"main.{now}.old", f"main.{old}.old"):
            self.assertIn(name, names)
        self.assertEqual(sum(n.endswith((".next", ".key")) for n in names), 2)

    def finished(self, node, before_the_renames):
        keys, old, now = self.cut_short(node, before_the_renames)
        end = descriptor(RIGHT)
        process, running = self.start(node, "--passphrase-fd", str(end), pass_fds=[end])
        os.close(end)
        self.stop(process)
        self.assertEqual(running, now)
        names = os.listdir(keys)
        for name in (f"main.{now}.key", f"main.{now}.commitment", f"main.{old}.old"):
            self.assertIn(name, names)
        self.assertEqual(sum(n.endswith(".next") for n in names), 1)
        self.assertNotIn(f"main.{now}.next", names)

    def test_rotation_reaches_a_neighbour(self):
        node = self.node(name="one")
        old = self.key("new", data=node.data, passphrase=RIGHT).stdout.strip()
        end = descriptor(RIGHT)
        process, running = self.start(node, "--passphrase-fd", str(end), pass_fds=[end])
        os.close(end)
        self.assertEqual(running, old)
        self.refused(self.key("rotate", data=node.data, passphrase=RIGHT, code=1), "nothing was changed")
        port = node.call("status")["listening"][0]
        other = Node(self.mesh, "two", peers=[port]).start()
        wait_for("the link", lambda: other.call("peers")["links"])
        new = self.key("rotate", "--yes", data=node.data, passphrase=RIGHT).stdout.strip()
        self.assertNotEqual(new, old)
        listed = self.mesh.run("mehr", "--json", "--data-dir", node.data, "key", "list").stdout
        keys = {(k["kind"], k["node"]) for k in json.loads(listed)["keys"]}
        self.assertIn(("current", new), keys)
        self.assertIn(("old", old), keys)
        # Gossip runs once a minute.
        known = wait_for("the advisory", lambda: other.call("advisories")["keys"], seconds=150)
        self.assertEqual((known[0]["node"], known[0]["successor"], known[0]["committed"]),
                         (old, new, True))
        self.assertIn("followed by " + new[:12], other.mehr("key", "advisories").stdout)
        self.stop(process)
        end = descriptor(RIGHT)
        process, running = self.start(node, "--passphrase-fd", str(end), pass_fds=[end])
        os.close(end)
        self.assertEqual(running, new)
        # Its own keys of before are known to it, and that another is to come.
        held = node.call("advisories")
        self.assertEqual([k["node"] for k in held["keys"]], [old])
        self.assertEqual(held["held"], 3)

    def test_notices_that_are_none(self):
        node = Node(self.mesh, "n", listen=["127.0.0.1:0"]).start()
        for notice in ("", "00", "zz", "00" * 145, "00" * 209, "00" * 136):
            with self.assertRaises(Exception) as raised:
                node.call("advise", {"notice": notice})
            self.assertIn(raised.exception.code, ("bad_params", "refused"))
        self.assertEqual(node.call("advisories")["held"], 0)


if __name__ == "__main__":
    unittest.main()
