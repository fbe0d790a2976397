"""A small internet of network namespaces: public hosts, a router that translates, a home behind it.

Everything happens inside namespaces that a Nat makes and removes itself; the machine's own network
is not touched. It takes root and a kernel that lets it; `missing` says what is not there.
"""

import os
import shutil
import subprocess

PUBLIC = ["198.51.100.1", "198.51.100.2", "198.51.100.3", "198.51.100.4"]
OUTSIDE = "198.51.100.254"  # the router as the public hosts see it
ROUTER = "192.168.7.1"
HOME = "192.168.7.2"


def run(*words):
    return subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=30)


def missing():
    """Why there can be no namespaces here; empty when there can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    for tool in ("ip", "nft"):
        if shutil.which(tool) is None:
            return f"the program {tool} is not installed"
    name = f"mehr-{os.getpid()}-try"
    made = run("ip", "netns", "add", name)
    if made.returncode != 0:
        return f"the kernel forbids network namespaces: {made.stderr.strip()}"
    try:
        rules = "table ip t { chain c { type nat hook postrouting priority 100; masquerade; }; }"
        nat = run("ip", "netns", "exec", name, "nft", rules)
        if nat.returncode != 0:
            return f"the kernel forbids address translation: {nat.stderr.strip()}"
        return ""
    finally:
        run("ip", "netns", "delete", name)


class Nat:
    """Namespaces `public`, `router` and `home`, joined by two cables."""

    def __init__(self):
        base = f"mehr-{os.getpid()}"
        self.public, self.router, self.home = (f"{base}-{n}" for n in ("pub", "nat", "home"))

    def __enter__(self):
        for name in (self.public, self.router, self.home):
            self.must("ip", "netns", "add", name)
            self.inside(name, "ip", "link", "set", "lo", "up")
        self.cable(self.public, "out0", self.router, "out1")
        self.cable(self.router, "in0", self.home, "in1")
        for address in PUBLIC:
            self.inside(self.public, "ip", "address", "add", f"{address}/24", "dev", "out0")
        self.inside(self.router, "ip", "address", "add", f"{OUTSIDE}/24", "dev", "out1")
        self.inside(self.router, "ip", "address", "add", f"{ROUTER}/24", "dev", "in0")
        self.inside(self.home, "ip", "address", "add", f"{HOME}/24", "dev", "in1")
        self.inside(self.home, "ip", "route", "add", "default", "via", ROUTER)
        self.inside(self.router, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
        self.inside(self.router, "nft", """
            add table ip nat
            add chain ip nat in { type nat hook prerouting priority -100; }
            add chain ip nat out { type nat hook postrouting priority 100; }
            add rule ip nat out oifname out1 masquerade
            add table ip filter
            add chain ip filter pass { type filter hook forward priority 0; policy drop; }
            add rule ip filter pass ct state established,related accept
            add rule ip filter pass iifname in0 accept
            add rule ip filter pass ct status dnat accept
        """)
        return self

    def __exit__(self, *_):
        for name in (self.public, self.router, self.home):
            run("ip", "netns", "delete", name)

    def cable(self, a, end_a, b, end_b):
        self.inside(a, "ip", "link", "add", end_a, "type", "veth", "peer", "name", end_b, "netns", b)
        self.inside(a, "ip", "link", "set", end_a, "up")
        self.inside(b, "ip", "link", "set", end_b, "up")

    def must(self, *words):
        done = run(*words)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(words)}: {done.stderr.strip()}")

    def inside(self, name, *words):
        self.must(*self.within(name), *words)

    @staticmethod
    def within(name):
        """What goes before a command to run it in that namespace."""
        return ("ip", "netns", "exec", name)
