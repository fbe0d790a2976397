#!/usr/bin/env python3
"""Packets per second through mehrd: a file from A to C by way of the relay B, over loopback TCP.

Usage: test/bench/through_mehrd.py [DIRECTORY_OF_PROGRAMS]     (build/release/bin)

Counted at the relay, from its own `status`, while the file is under way: packets passed on in a second
of time and in a second of the relay's processor. Beside it what bench-relay passes on in memory, sealing
and opening included, measured in the same run. The file stays below what a link takes in one go before
its nominal rate holds it back (2 s of 1 Gbit/s), so it is the work that is measured, not the rate.
"""

import json
import os
import subprocess
import sys
import threading
import time

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "test", "e2e"))

from mesh import Mesh, Node, Trouble, free_port  # noqa: E402

FILES = {484: 60_000_000, 4096: 180_000_000}
EVERY = 0.05
RUNS = 3


def processor_seconds(node):
    with open(f"/proc/{node.process.pid}/stat", encoding="ascii") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Watch:
    """Samples of (time, packets passed on, processor seconds) of a relay while a file is under way."""

    def __init__(self, relay):
        self.relay = relay
        self.samples = []
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        with self.relay.api() as api:
            while not self.over.is_set():
                forwarded = api.call("status")["counters"]["network"]["forwarded"]
                self.samples.append((time.monotonic(), forwarded, processor_seconds(self.relay)))
                time.sleep(EVERY)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()

    def result(self):
        """From the last sample before the first chunk to the first after the last one."""
        moves = [i for i in range(1, len(self.samples))
                 if self.samples[i][1] - self.samples[i - 1][1] > 100]
        if not moves:
            raise Trouble("the relay passed nothing on")
        first, last = self.samples[moves[0] - 1], self.samples[moves[-1]]
        packets = last[1] - first[1]
        return packets, packets / (last[0] - first[0]), packets / (last[2] - first[2])


def in_memory(mesh, size):
    done = mesh.run("bench-relay", f"--benchmark_filter=^relay/{size}$", "--benchmark_format=json")
    return json.loads(done.stdout)["benchmarks"][0]["items_per_second"]


def measure(bin_dir, size):
    with Mesh(bin_dir) as mesh:
        where = f"127.0.0.1:{free_port()}"
        b = Node(mesh, "b", listen=[where], mtu=size).start()
        a = Node(mesh, "a", peers=[where]).start()
        c = Node(mesh, "c", peers=[where]).start()
        a.wait_route(c.id)
        c.wait_route(a.id)
        mtus = {link["mtu"] for link in b.call("links")["links"]}
        if mtus != {size}:
            raise Trouble(f"the relay's links have MTUs {mtus}, not {size}")
        source = mesh.file("file", os.urandom(FILES[size]))
        with Watch(b) as watch:
            a.call("send", {"node": c.id, "path": source}, timeout=120)
        (lost,) = [sum(n.call("status")["counters"]["network"]["link_full"] for n in (a, b, c))]
        packets, rate, per_processor = watch.result()
        memory = in_memory(mesh, size)
        print(f"| {size} bytes | {packets:,} | {rate:,.0f} | {per_processor:,.0f} | {memory:,.0f} | "
              f"{100 * per_processor / memory:.0f} % | {lost} |", flush=True)


def main():
    bin_dir = os.path.abspath(sys.argv[1] if len(sys.argv) > 1
                              else os.path.join(ROOT, "build", "release", "bin"))
    print("| packets of | passed on | a second | a second of the relay's processor | in memory | "
          "ratio | refused by full queues |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for size in FILES:
        for _ in range(RUNS):
            measure(bin_dir, size)


if __name__ == "__main__":
    try:
        main()
    except (Trouble, OSError, subprocess.SubprocessError) as e:
        sys.exit(f"through_mehrd: {e}")
