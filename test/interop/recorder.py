"""A TCP proxy that writes down every HDLC frame that passes, for transcripts."""

import socket
import threading
import time


def unframe(stream):
    """Bodies of the frames in @p stream, and what is left over."""
    parts = stream.split(b"\x7e")
    bodies = [p.replace(b"\x7d\x5e", b"\x7e").replace(b"\x7d\x5d", b"\x7d") for p in parts[:-1] if p]
    return bodies, parts[-1]


class Recorder:
    """Ports of proxies to one server; frames towards it are "in", frames from it "out"."""

    def __init__(self, server_port):
        self.server_port = server_port
        self.begin = time.monotonic()
        self.lock = threading.Lock()
        self.frames = []
        self.ports = 0

    def open(self):
        """Another proxy; its port."""
        listener = socket.create_server(("127.0.0.1", 0))
        number = self.ports
        self.ports += 1
        threading.Thread(target=self.serve, args=(listener, number), daemon=True).start()
        return listener.getsockname()[1]

    def serve(self, listener, number):
        while True:
            near, _ = listener.accept()
            far = socket.create_connection(("127.0.0.1", self.server_port))
            for a, b, way in ((near, far, "in"), (far, near, "out")):
                threading.Thread(target=self.pump, args=(a, b, number, way), daemon=True).start()

    def pump(self, source, target, number, way):
        rest = b""
        while True:
            try:
                data = source.recv(65536)
            except OSError:
                data = b""
            if not data:
                break
            bodies, rest = unframe(rest + data)
            with self.lock:
                at = int((time.monotonic() - self.begin) * 1000)
                self.frames += [(at, number, way, body) for body in bodies]
            target.sendall(data)
        try:
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass
