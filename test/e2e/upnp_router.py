"""A router that grants UPnP mappings (InternetGatewayDevice 1), for tests: upnp_router.py ROUTER

Runs in the router's namespace, answers SSDP searches and the three calls that a mapping takes, and
turns each grant into an nft rule. Prints a line for each mapping made and removed.
"""

import http.server
import re
import socket
import subprocess
import sys
import threading

SERVICE = "urn:schemas-upnp-org:service:WANIPConnection:1"
GATEWAY = "urn:schemas-upnp-org:device:InternetGatewayDevice:1"


def service(name, id_):
    return (f"<service><serviceType>{name}</serviceType><serviceId>urn:upnp-org:serviceId:{id_}"
            f"</serviceId><controlURL>/control</controlURL><eventSubURL>/event</eventSubURL>"
            f"<SCPDURL>/scpd.xml</SCPDURL></service>")


def device(name, inside):
    return (f"<device><deviceType>{name}</deviceType><friendlyName>test</friendlyName>"
            f"<manufacturer>test</manufacturer><modelName>test</modelName><UDN>uuid:1</UDN>"
            f"{inside}</device>")


COMMON = "urn:schemas-upnp-org:service:WANCommonInterfaceConfig:1"
CONNECTION = device("urn:schemas-upnp-org:device:WANConnectionDevice:1",
                    f"<serviceList>{service(SERVICE, 'WANIPConn1')}</serviceList>")
WAN = device("urn:schemas-upnp-org:device:WANDevice:1",
             f"<serviceList>{service(COMMON, 'WANCommonIFC1')}</serviceList>"
             f"<deviceList>{CONNECTION}</deviceList>")
DESCRIPTION = ("<?xml version=\"1.0\"?><root xmlns=\"urn:schemas-upnp-org:device-1-0\">"
               "<specVersion><major>1</major><minor>0</minor></specVersion>"
               + device(GATEWAY, f"<deviceList>{WAN}</deviceList>") + "</root>")


def nft(text):
    subprocess.run(["nft", text], check=True, stdin=subprocess.DEVNULL)


class Web(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, text):
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer(DESCRIPTION)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        action = self.headers["SOAPAction"].strip('"').rsplit("#", 1)[1]

        def argument(name):
            found = re.search(f"<{name}>([^<]*)</{name}>", body)
            return found.group(1) if found else ""

        results = {}
        if action == "GetStatusInfo":
            results = {"NewConnectionStatus": "Connected", "NewUptime": "1",
                       "NewLastConnectionError": "ERROR_NONE"}
        elif action == "GetExternalIPAddress":
            # The library takes documentation addresses for unusable ones.
            results = {"NewExternalIPAddress": "9.9.9.9"}
        elif action == "AddPortMapping":
            outside, inside = argument("NewExternalPort"), argument("NewInternalPort")
            client = argument("NewInternalClient")
            nft("flush chain ip nat in")
            nft(f"add rule ip nat in iifname out1 tcp dport {outside} dnat to {client}:{inside}")
            print("mapped", inside, outside, flush=True)
        elif action == "DeletePortMapping":
            nft("flush chain ip nat in")
            print("removed", argument("NewExternalPort"), flush=True)
        inner = "".join(f"<{k}>{v}</{k}>" for k, v in results.items())
        self.answer("<?xml version=\"1.0\"?><s:Envelope "
                    "xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" "
                    "s:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\"><s:Body>"
                    f"<u:{action}Response xmlns:u=\"{SERVICE}\">{inner}</u:{action}Response>"
                    "</s:Body></s:Envelope>")

    def log_message(self, *_):
        pass


def answer_searches(router, port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("", 1900))
        s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                     socket.inet_aton("239.255.255.250") + socket.inet_aton(router))
        print("ready", flush=True)
        while True:
            request, source = s.recvfrom(2048)
            wanted = re.search(rb"(?im)^ST: *(\S+)", request)
            if not request.startswith(b"M-SEARCH") or not wanted:
                continue
            if wanted.group(1).decode() != GATEWAY:
                continue
            s.sendto(f"HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=120\r\nST: {GATEWAY}\r\n"
                     f"USN: uuid:1::{GATEWAY}\r\nEXT:\r\nSERVER: test\r\n"
                     f"LOCATION: http://{router}:{port}/description.xml\r\n\r\n".encode(), source)


def main():
    router = sys.argv[1]
    web = http.server.ThreadingHTTPServer((router, 0), Web)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    answer_searches(router, web.server_address[1])


if __name__ == "__main__":
    main()
