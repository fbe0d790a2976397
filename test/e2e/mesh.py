"""Real mehrd processes on this machine, for tests and for the demonstration.

A Mesh owns a temporary directory and every process started through it; leaving its `with` block
ends them all, by force if need be, and removes the directory. Nothing but the standard library.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time


class Trouble(Exception):
    """Something did not happen in time or went wrong; the text is for people."""


class ApiError(Exception):
    """The daemon answered with an error."""

    def __init__(self, error):
        super().__init__(f"{error.get('code')}: {error.get('message')}")
        self.code = error.get("code")


def free_port(host="127.0.0.1"):
    """A port that nobody listens on right now."""
    with socket.socket() as s:
        s.bind((host, 0))
        return s.getsockname()[1]


def wait_for(what, check, seconds=20.0, every=0.05):
    """The first true answer of `check`, or Trouble after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        answer = check()
        if answer:
            return answer
        if time.monotonic() > end:
            raise Trouble(f"{what} did not happen within {seconds:.0f} s")
        time.sleep(every)


class Api:
    """One connection to a daemon's socket."""

    def __init__(self, path, timeout=60.0):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        try:
            self.socket.connect(path)
        except OSError:
            self.socket.close()
            raise
        self.lines = self.socket.makefile("r", encoding="utf-8", newline="\n")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.lines.close()
        self.socket.close()

    def raw(self, data):
        self.socket.sendall(data)

    def read(self):
        line = self.lines.readline()
        if not line:
            raise Trouble("the daemon closed the connection")
        return json.loads(line)

    def call(self, method, params=None, on_event=None):
        request = {"id": 7, "method": method, "params": params or {}}
        self.raw(json.dumps(request).encode() + b"\n")
        while True:
            answer = self.read()
            if answer.get("id") != 7:
                raise Trouble(f"answer to another request: {answer}")
            if "event" in answer:
                if on_event:
                    on_event(answer["event"])
            elif "result" in answer:
                return answer["result"]
            else:
                raise ApiError(answer["error"])


class Node:
    """One mehrd: its directory, its configuration and, while it runs, its process."""

    def __init__(self, mesh, name, listen=(), peers=(), **settings):
        self.mesh = mesh
        self.name = name
        self.dir = os.path.join(mesh.dir, name)
        os.makedirs(self.dir)
        self.data = os.path.join(self.dir, "data")
        self.socket = os.path.join(self.data, "mehrd.sock")
        self.config = os.path.join(self.dir, "mehrd.toml")
        self.log_path = os.path.join(self.dir, "log")
        self.process = None
        self._id = None
        self.configure(listen, peers, **settings)

    def configure(self, listen=(), peers=(), interfaces=(), **settings):
        """Writes the configuration, @p interfaces as tables; it counts from the next start on."""
        settings = {
            "listen": list(listen),
            "peers": list(peers),
            "data_dir": self.data,
            "unsealed_identity": True,
            **settings,
        }
        with open(self.config, "w", encoding="utf-8") as f:
            for key, value in settings.items():
                f.write(f"{key} = {json.dumps(value)}\n")
            for table in interfaces:
                f.write("\n[[interface]]\n")
                for key, value in table.items():
                    f.write(f"{key} = {json.dumps(value)}\n")

    def start(self, wrapper=()):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [*wrapper, self.mesh.tool("mehrd"), "--config", self.config],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.mesh.processes.append(self.process)
        wait_for(f"{self.name}: the start of mehrd", self.is_up, 60.0)
        return self

    def is_up(self):
        if self.process.poll() is not None:
            raise Trouble(f"{self.name}: mehrd ended with {self.process.returncode}:\n{self.log()}")
        try:
            with self.api():
                return True
        except OSError:
            return False

    def api(self, timeout=60.0):
        return Api(self.socket, timeout)

    def call(self, method, params=None, on_event=None, timeout=60.0):
        with self.api(timeout) as api:
            return api.call(method, params, on_event)

    @property
    def id(self):
        if self._id is None:
            self._id = self.call("id")["node"]
        return self._id

    def stop(self, seconds=20.0):
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as f:
            return f.read()

    def has_route_to(self, node_id):
        return any(r["node"] == node_id and r["state"] == "fresh"
                   for r in self.call("routes")["routes"])

    def wait_route(self, node_id, seconds=30.0):
        wait_for(f"{self.name}: a route to {node_id}", lambda: self.has_route_to(node_id), seconds)

    def wait_links(self, count, seconds=30.0):
        wait_for(f"{self.name}: {count} links",
                 lambda: len(self.call("peers")["links"]) == count, seconds)

    def resident_bytes(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as f:
            for line in f:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) * 1024
        return 0

    def mehr(self, *arguments, check=True, **more):
        """Runs the command line against this node."""
        done = subprocess.run([self.mesh.tool("mehr"), "--socket", self.socket, *arguments],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=120, **more)
        if check and done.returncode != 0:
            raise Trouble(f"mehr {' '.join(arguments)} ended with {done.returncode}: {done.stderr}")
        return done


class Mesh:
    """All processes and files of one run."""

    def __init__(self, bin_dir):
        self.bin = bin_dir
        self.dir = tempfile.mkdtemp(prefix="mehr-")
        self.processes = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        for process in self.processes:
            if process.poll() is None:
                process.terminate()
        for process in self.processes:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            for stream in (process.stdin, process.stdout):
                if stream:
                    stream.close()
        shutil.rmtree(self.dir, ignore_errors=True)

    def tool(self, name):
        return os.path.join(self.bin, name)

    def run(self, name, *arguments, timeout=120):
        return subprocess.run([self.tool(name), *map(str, arguments)], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=timeout)

    def start_tool(self, name, *arguments, log):
        return self.start_command([self.tool(name), *map(str, arguments)], log)

    def start_command(self, command, log):
        with open(log, "ab") as out:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        self.processes.append(process)
        return process

    def line(self):
        """Three nodes A - B - C; A and C know the address of B only."""
        where = f"127.0.0.1:{free_port()}"
        b = Node(self, "b", listen=[where]).start()
        a = Node(self, "a", peers=[where]).start()
        c = Node(self, "c", peers=[where]).start()
        a.wait_route(c.id)
        c.wait_route(a.id)
        return a, b, c

    def file(self, name, data):
        path = os.path.join(self.dir, name)
        with open(path, "wb") as f:
            f.write(data)
        return path
