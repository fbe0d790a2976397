#!/usr/bin/env python3
"""Packets per second through mehrd as a Reticulum transport node, beside the reference implementation's.

Usage: test/bench/reticulum_relay.py [DIRECTORY_OF_PROGRAMS]     (build/release/bin)

One connection sends 500-byte packets in transport, all different, as fast as they are taken; another one
has announced the destination and counts what arrives. Both transport nodes get the same, one after the
other, in turns. Needs the reference implementation: tools/setup --interop; else it says so and ends.
"""

import os
import socket
import statistics
import sys
import threading
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
PYTHON = os.path.join(ROOT, "build", ".venv", "bin", "python")
sys.path.insert(0, os.path.join(ROOT, "test", "interop"))

if not os.path.exists(PYTHON):
    print("skipped: no Reticulum here; tools/setup --interop puts it into build/.venv")
    sys.exit(0)
if os.path.realpath(sys.prefix) != os.path.realpath(os.path.join(ROOT, "build", ".venv")):
    os.execv(PYTHON, [PYTHON, "-B", *sys.argv])

import RNS  # noqa: E402

import reticulum  # noqa: E402
from mesh import Mesh, Node, Trouble, free_port, wait_for  # noqa: E402
from recorder import unframe  # noqa: E402

PACKET = 500
OURS, THEIRS = 400_000, 8_000
RUNS = 3
FLAG = b"\x7e"


def frame(body):
    return FLAG + body.replace(b"\x7d", b"\x7d\x5d").replace(b"\x7e", b"\x7d\x5e") + FLAG


def announce_of(name):
    """DATA and address of an announce, made by the reference implementation."""
    identity = RNS.Identity()
    made = RNS.Destination(identity, RNS.Destination.IN, RNS.Destination.SINGLE, "bench", name)
    packet = made.announce(send=False)
    packet.pack()
    return made.hash, packet.raw


class Counter(threading.Thread):
    """Reads a connection and counts frames of the length that is looked for."""

    def __init__(self, connection):
        super().__init__(daemon=True)
        self.connection = connection
        self.flags = 0
        self.last = 0.0
        self.start()

    def run(self):
        buffer = bytearray(1 << 20)
        view = memoryview(buffer)
        while True:
            try:
                n = self.connection.recv_into(view)
            except OSError:
                return
            if n == 0:
                return
            self.flags += buffer.count(FLAG, 0, n)
            self.last = time.monotonic()

    @property
    def frames(self):
        return self.flags // 2


def transport_id(connection, destination):
    """Who passes on the announce of @p destination, from the echo on @p connection."""
    rest = b""
    end = time.monotonic() + 30
    connection.settimeout(30)
    while time.monotonic() < end:
        bodies, rest = unframe(rest + connection.recv(65536))
        for body in bodies:
            if body[0] == 0x51 and body[18:34] == destination:
                return body[2:18]
    raise Trouble("the announce was not passed on")


def processor_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(port, pid, count, name):
    """Packets a second, packets a second of the node's processor, share that arrived."""
    destination, announce = announce_of(name)
    receiver = socket.create_connection(("127.0.0.1", port))
    sender = socket.create_connection(("127.0.0.1", port))
    time.sleep(2)  # whoever greets a newcomer has done so
    receiver.sendall(frame(announce))
    transport = transport_id(sender, destination)
    head = bytes([0x50, 0]) + transport + destination + b"\x00"
    blob = b"".join(frame(head + i.to_bytes(8, "big") + b"\x55" * (PACKET - len(head) - 8))
                    for i in range(count))
    time.sleep(7)  # the announce is said a second time
    counter = Counter(receiver)
    time.sleep(0.2)
    before, busy = counter.frames, processor_seconds(pid)
    begun = time.monotonic()
    sender.sendall(blob)
    arrived = -1
    while counter.frames != arrived:
        arrived = counter.frames
        time.sleep(1.0)
    span = counter.last - begun
    busy = processor_seconds(pid) - busy
    for connection in (receiver, sender):
        connection.close()
    arrived -= before
    return arrived / span, arrived / busy if busy else 0.0, arrived / count


def show(name, rows):
    rate, processor, arrived = (statistics.median(column) for column in zip(*rows))
    print(f"| {name} | {rate:,.0f} | {rate * PACKET / 1e6:.1f} | {processor:,.0f} | "
          f"{100 * arrived:.1f} % | {min(r for r, _, _ in rows):,.0f} to "
          f"{max(r for r, _, _ in rows):,.0f} |", flush=True)
    return rate


def main():
    bin_dir = os.path.abspath(sys.argv[1] if len(sys.argv) > 1
                              else os.path.join(ROOT, "build", "release", "bin"))
    with Mesh(bin_dir) as mesh:
        quiet = os.path.join(mesh.dir, "bench")
        reticulum.write_config(quiet, [])
        RNS.Reticulum(configdir=quiet, loglevel=RNS.LOG_CRITICAL)
        ports = free_port(), free_port()
        ours = Node(mesh, "ours", interfaces=[
            {"type": "tcp", "mode": "dual", "listen": [f"127.0.0.1:{ports[0]}"]}]).start()
        theirs = reticulum.Peer(mesh, "theirs", [reticulum.server(ports[1])], transport=True)
        wait_for("the reference implementation", lambda: theirs.process.poll() is None)
        rows = {"ours": [], "theirs": []}
        for run in range(RUNS):
            rows["theirs"].append(measure(ports[1], theirs.process.pid, THEIRS, f"t{run}"))
            rows["ours"].append(measure(ports[0], ours.process.pid, OURS, f"o{run}"))
        print(f"| {PACKET}-byte packets, median of {RUNS} | packets/s | MB/s | "
              "packets a second of its processor | arrived | runs |")
        print("| --- | --- | --- | --- | --- | --- |")
        fast = show("mehrd, mode dual", rows["ours"])
        slow = show(f"Reticulum {RNS.__version__}", rows["theirs"])
        print(f"\nratio: {fast / slow:.0f}")
    os._exit(0)  # the library's own threads never end


if __name__ == "__main__":
    try:
        main()
    except (Trouble, OSError) as e:
        print(f"reticulum_relay: {e}", file=sys.stderr)
        os._exit(1)
