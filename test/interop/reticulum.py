"""Programs on the reference implementation, for tests: found, started, spoken to, ended."""

import json
import os
import queue
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PYTHON = os.path.join(ROOT, "build", ".venv", "bin", "python")
VERSION = "0.9.4"
SKIPPED = 77

sys.path.insert(0, os.path.join(ROOT, "test", "e2e"))

from mesh import Trouble  # noqa: E402


def is_here():
    """True when the version that the tests are for can be run."""
    try:
        found = subprocess.run([PYTHON, "-c", "import RNS; print(RNS.__version__)"],
                               capture_output=True, text=True, timeout=60, check=False)
    except OSError:
        return False
    return found.stdout.strip() == VERSION


def or_skip():
    if not is_here():
        print("skipped: no Reticulum here")
        sys.exit(SKIPPED)


def client(port, host="127.0.0.1"):
    return f"type = TCPClientInterface\nenabled = yes\ntarget_host = {host}\ntarget_port = {port}\n"


def server(port, host="127.0.0.1"):
    return f"type = TCPServerInterface\nenabled = yes\nlisten_ip = {host}\nlisten_port = {port}\n"


def write_config(directory, interfaces, transport=False):
    os.makedirs(directory, exist_ok=True)
    with open(os.path.join(directory, "config"), "w", encoding="utf-8") as f:
        f.write(f"[reticulum]\nenable_transport = {'yes' if transport else 'no'}\n"
                "share_instance = no\npanic_on_interface_error = no\n\n"
                "[logging]\nloglevel = 3\n\n[interfaces]\n")
        for i, text in enumerate(interfaces):
            f.write(f"[[port {i}]]\n{text}\n")


class Peer:
    """One rns_peer.py. Calls answer with its result; events are kept for `wait_event`."""

    def __init__(self, mesh, name, interfaces, transport=False):
        self.mesh = mesh
        self.name = name
        self.dir = os.path.join(mesh.dir, name)
        write_config(self.dir, interfaces, transport)
        self.process = None
        self.start()

    def start(self):
        self.answers = queue.Queue()
        self.events = []
        self.changed = threading.Condition()
        errors = open(os.path.join(self.dir, "stderr"), "ab")
        self.process = subprocess.Popen(
            [PYTHON, "-B", os.path.join(HERE, "rns_peer.py"), self.dir],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True)
        errors.close()
        self.mesh.processes.append(self.process)
        threading.Thread(target=self.read, args=(self.process.stdout,), daemon=True).start()
        self.wait_event("ready", seconds=60)
        return self

    def read(self, lines):
        for line in lines:
            try:
                words = json.loads(line)
            except ValueError:
                continue  # the library's own chatter
            if "event" in words:
                with self.changed:
                    self.events.append({**words, "at": time.monotonic()})
                    self.changed.notify_all()
            else:
                self.answers.put(words)

    def call(self, what, timeout=150, **words):
        self.process.stdin.write(json.dumps({"do": what, **words}) + "\n")
        self.process.stdin.flush()
        try:
            answer = self.answers.get(timeout=timeout)
        except queue.Empty:
            raise Trouble(f"{self.name}: no answer to {what} within {timeout} s") from None
        if "error" in answer:
            raise Trouble(f"{self.name}: {answer['error']}")
        return answer["ok"]

    def wait_event(self, kind, seconds=20, **words):
        """The first event of @p kind with these words, taken off."""
        end = time.monotonic() + seconds
        with self.changed:
            while True:
                for i, event in enumerate(self.events):
                    if event["event"] == kind and all(event.get(k) == v for k, v in words.items()):
                        return self.events.pop(i)
                left = end - time.monotonic()
                if left <= 0 or not self.changed.wait(left):
                    raise Trouble(f"{self.name}: no {kind} {words} within {seconds} s; "
                                  f"there were {self.events[-5:]}")

    def stop(self):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def kill(self):
        self.process.kill()
        self.process.wait()
