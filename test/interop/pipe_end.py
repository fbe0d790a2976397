"""Joins its standard input and output to a unix socket: one end of a pipe between two programs.

pipe_end.py listen|connect PATH
"""

import os
import socket
import sys
import threading
import time


def main():
    how, path = sys.argv[1:3]
    if how == "listen":
        if os.path.exists(path):
            os.unlink(path)
        server = socket.socket(socket.AF_UNIX)
        server.bind(path)
        server.listen(1)
        line, _ = server.accept()
    else:
        line = socket.socket(socket.AF_UNIX)
        while True:
            try:
                line.connect(path)
                break
            except OSError:
                time.sleep(0.1)
    print("joined", file=sys.stderr, flush=True)

    def out():
        while True:
            data = line.recv(65536)
            if not data:
                os._exit(0)
            os.write(1, data)
    threading.Thread(target=out, daemon=True).start()
    while True:
        data = os.read(0, 65536)
        if not data:
            os._exit(0)
        line.sendall(data)


if __name__ == "__main__":
    main()
