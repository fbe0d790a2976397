"""A program on the reference implementation of Reticulum, told what to do line by line.

Run by build/.venv/bin/python with the directory of its configuration. Reads one JSON object a line
from standard input, {"do": NAME, ...}, and answers each with one line, {"ok": ...} or {"error": TEXT};
what happens meanwhile is told as {"event": NAME, ...}. Nothing of libmehr is in here.
"""

import hashlib
import json
import os
import sys
import threading
import time

import RNS

APP = "mehrtest"
OUT = threading.Lock()


def say(**words):
    with OUT:
        sys.stdout.write(json.dumps(words) + "\n")
        sys.stdout.flush()


def wait_until(check, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if check():
            return True
        time.sleep(0.02)
    return bool(check())


class Announces:
    aspect_filter = None
    receive_path_responses = True

    def received_announce(self, destination_hash, announced_identity, app_data):
        say(event="announce", hash=destination_hash.hex(), data=(app_data or b"").hex(),
            hops=RNS.Transport.hops_to(destination_hash))


class Peer:
    def __init__(self, directory):
        self.reticulum = RNS.Reticulum(configdir=directory, loglevel=int(os.environ.get("RNS_LOG", "1")),
                                       logdest=RNS.LOG_FILE)
        self.identity_path = os.path.join(directory, "identity")
        if os.path.exists(self.identity_path):
            self.identity = RNS.Identity.from_file(self.identity_path)
        else:
            self.identity = RNS.Identity()
            self.identity.to_file(self.identity_path)
        self.directory = directory
        self.destinations = {}
        self.link = None
        self.links = []
        RNS.Transport.register_announce_handler(Announces())

    # ---- what a line may ask for

    def destination(self, name, ratchets=False):
        made = RNS.Destination(self.identity, RNS.Destination.IN, RNS.Destination.SINGLE, APP, name)
        made.set_proof_strategy(RNS.Destination.PROVE_ALL)
        made.set_packet_callback(
            lambda data, packet: say(event="packet", name=name, data=data.hex(), hops=packet.hops))
        made.set_link_established_callback(self.linked)
        if ratchets:
            made.enable_ratchets(os.path.join(self.directory, f"ratchets-{name}"))
        self.destinations[name] = made
        return made.hash.hex()

    def announce(self, name, data=""):
        self.destinations[name].announce(app_data=bytes.fromhex(data) if data else None)

    def hops(self, hash):
        wanted = bytes.fromhex(hash)
        return RNS.Transport.hops_to(wanted) if RNS.Transport.has_path(wanted) else None

    def forget(self, hash):
        RNS.Transport.path_table.pop(bytes.fromhex(hash), None)

    def request(self, hash, seconds=15):
        wanted = bytes.fromhex(hash)
        RNS.Transport.request_path(wanted)
        return wait_until(lambda: RNS.Transport.has_path(wanted), seconds)

    def to(self, hash, name):
        identity = RNS.Identity.recall(bytes.fromhex(hash))
        if identity is None:
            raise ValueError(f"nothing is known of {hash}")
        return RNS.Destination(identity, RNS.Destination.OUT, RNS.Destination.SINGLE, APP, name)

    def send(self, hash, name, data, seconds=15):
        receipt = RNS.Packet(self.to(hash, name), bytes.fromhex(data)).send()
        if not receipt:
            raise ValueError("the packet was not sent")
        return wait_until(lambda: receipt.status == RNS.PacketReceipt.DELIVERED, seconds)

    def raw(self, packet):
        """Sends bytes as they are on every interface."""
        for interface in RNS.Transport.interfaces:
            if interface.OUT:
                interface.process_outgoing(bytes.fromhex(packet))

    def connect(self, hash, name, seconds=30):
        self.link = RNS.Link(self.to(hash, name))
        self.listen_to(self.link)
        if not wait_until(lambda: self.link.status == RNS.Link.ACTIVE, seconds):
            return None
        return {"mtu": self.link.mtu, "rtt": self.link.rtt}

    def link_send(self, data, seconds=15):
        receipt = RNS.Packet(self.some_link(), bytes.fromhex(data)).send()
        return wait_until(lambda: receipt.status == RNS.PacketReceipt.DELIVERED, seconds)

    def resource(self, size, seed=1, seconds=120):
        block = hashlib.sha256(str(seed).encode()).digest()
        data = b"".join(hashlib.sha256(block + i.to_bytes(4, "big")).digest()
                        for i in range(size // 32 + 1))[:size]
        begin = time.monotonic()
        sent = RNS.Resource(data, self.some_link(), auto_compress=False)
        done = wait_until(lambda: sent.status >= RNS.Resource.COMPLETE, seconds)
        if not done or sent.status != RNS.Resource.COMPLETE:
            raise ValueError(f"the resource ended with status {sent.status}")
        return {"sha256": hashlib.sha256(data).hexdigest(), "seconds": time.monotonic() - begin}

    def close(self):
        if self.link:
            self.link.teardown()

    # ---- links

    def some_link(self):
        return self.link or self.links[-1]

    def linked(self, link):
        self.links.append(link)
        self.listen_to(link)
        say(event="link", mtu=link.mtu)

    def listen_to(self, link):
        def arrived(resource):
            data = resource.data.read() if resource.status == RNS.Resource.COMPLETE else b""
            say(event="resource", size=len(data), sha256=hashlib.sha256(data).hexdigest())

        def packet(data, received):
            say(event="link_packet", data=data.hex())
            received.prove()

        link.set_resource_strategy(RNS.Link.ACCEPT_ALL)
        link.set_resource_concluded_callback(arrived)
        link.set_packet_callback(packet)
        link.set_link_closed_callback(lambda _: say(event="link_closed"))


def main():
    peer = Peer(sys.argv[1])
    say(event="ready", identity=peer.identity.hash.hex())
    for line in sys.stdin:
        words = json.loads(line)
        what = words.pop("do")
        try:
            say(ok=getattr(peer, what)(**words))
        except Exception as error:  # told to whoever asked, who knows what it means
            say(error=f"{what}: {type(error).__name__}: {error}")
    os._exit(0)


if __name__ == "__main__":
    main()
