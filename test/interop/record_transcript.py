"""Records what two programs on the reference implementation and a relay of ours say to each other.

python3 test/interop/record_transcript.py BIN_DIR > test/interop/transcripts/two_programs.txt

The transcript is played back by test program l0-rns wherever the reference implementation is not to be
had: the relay gets what the programs sent and must say what it said. What the relay announces of itself
is left out, since its time and chance are its own.
"""

import sys
import time

import reticulum
from mesh import Mesh, Node, free_port
from recorder import Recorder


def play(a, b):
    to_a, to_b = a.call("destination", name="a"), b.call("destination", name="b", ratchets=True)
    a.call("announce", name="a", data="68656c6c6f")
    b.wait_event("announce", hash=to_a)
    time.sleep(1)
    b.call("announce", name="b")
    a.wait_event("announce", hash=to_b)
    time.sleep(7)  # the second time that announces are said
    assert a.call("send", hash=to_b, name="b", data="00112233")
    assert b.call("send", hash=to_a, name="a", data="44556677")
    a.call("forget", hash=to_b)
    assert a.call("request", hash=to_b)
    assert a.call("connect", hash=to_b, name="b")
    b.wait_event("link")
    assert a.call("link_send", data="aabbccdd")
    a.call("resource", size=3000)
    b.call("resource", size=3000, seed=2)
    a.call("close")
    b.wait_event("link_closed")
    time.sleep(1)


def main():
    with Mesh(sys.argv[1]) as mesh:
        port = free_port()
        relay = Node(mesh, "relay", interfaces=[
            {"type": "tcp", "mode": "dual", "listen": [f"127.0.0.1:{port}"]}]).start()
        recorder = Recorder(port)
        a = reticulum.Peer(mesh, "a", [reticulum.client(recorder.open())])
        b = reticulum.Peer(mesh, "b", [reticulum.client(recorder.open())])
        play(a, b)
        state = relay.call("reticulum")
        own = bytes.fromhex(state["address"])
        print("# Reticulum 0.9.4, two programs and a relay; see record_transcript.py")
        print("# milliseconds, port, direction as the relay sees it, packet")
        print("transport", state["transport"])
        for at, number, way, body in recorder.frames:
            if way == "in" or own not in body[2:34]:
                print(at, number, way, body.hex())


if __name__ == "__main__":
    main()
