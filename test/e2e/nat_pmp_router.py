"""A router that grants NAT-PMP mappings (RFC 6886), for tests: nat_pmp_router.py ROUTER EXTERNAL_PORT

Runs in the router's namespace, answers on ROUTER:5351 and turns each grant into an nft rule. It
grants EXTERNAL_PORT whatever was wished. Prints a line for each mapping made and removed.
"""

import socket
import struct
import subprocess
import sys


def nft(text):
    subprocess.run(["nft", text], check=True, stdin=subprocess.DEVNULL)


def main():
    router, external = sys.argv[1], int(sys.argv[2])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind((router, 5351))
        print("ready", flush=True)
        while True:
            request, source = s.recvfrom(64)
            if len(request) != 12 or request[1] != 2:  # TCP mappings only
                continue
            _, _, _, inside, _, seconds = struct.unpack(">BBHHHI", request)
            nft("flush chain ip nat in")
            if seconds > 0:
                nft(f"add rule ip nat in iifname out1 tcp dport {external} "
                    f"dnat to {source[0]}:{inside}")
            print("mapped" if seconds > 0 else "removed", inside, external, flush=True)
            answer = struct.pack(">BBHIHHI", 0, 130, 0, 1, inside, external if seconds else 0,
                                 seconds)
            s.sendto(answer, source)


if __name__ == "__main__":
    main()
