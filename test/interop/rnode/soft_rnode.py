"""RNodes without radios: serial lines that speak their protocol, and one simulated LoRa channel.

soft_rnode.py --radios N --dir DIR [--speed X] [--loss P] [--links 0-1,1-2] [--seed S]

Makes N pseudo-terminals with links DIR/radio0, DIR/radio1, ..., prints "ready", and plays until SIGTERM.
DIR/stats.json has each radio's figures at the end, and after SIGUSR1. SIGHUP pulls radio0 out; it comes
back after three seconds as another terminal under the same name.

The channel: airtime as Semtech's AN1200.13 has it (explicit header, CRC, eight symbols of preamble), in
real time divided by --speed; a body over 254 bytes goes as two radio frames. Who is set to the same
frequency, bandwidth and spreading factor, and is linked, hears a frame, unless it speaks itself, or two
frames overlap at it: then both are lost. A radio that hears a carrier waits for its end and a few slots
more, by chance. Nothing but the standard library.
"""

import argparse
import heapq
import json
import os
import pty
import random
import selectors
import signal
import sys
import termios
import time
import tty

FEND, FESC, TFEND, TFESC = 0xC0, 0xDB, 0xDC, 0xDD
DATA, FREQUENCY, BANDWIDTH, TXPOWER, SF, CR, STATE = 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06
DETECT, LEAVE, ST_ALOCK, LT_ALOCK, READY = 0x08, 0x0A, 0x0B, 0x0C, 0x0F
STAT_RX, STAT_TX, STAT_RSSI, STAT_SNR = 0x21, 0x22, 0x23, 0x24
PLATFORM, MCU, FIRMWARE, ERROR = 0x48, 0x49, 0x50, 0x90
DETECT_REQUEST, DETECT_ANSWER = 0x73, 0x46
ESP32, FIRMWARE_VERSION = 0x80, bytes([1, 74])
QUEUE_FULL = 0x04
WORDS = {FREQUENCY: 4, BANDWIDTH: 4, TXPOWER: 1, SF: 1, CR: 1, STATE: 1, ST_ALOCK: 2, LT_ALOCK: 2}
MOST_BODY, MOST_QUEUED = 508, 8
PAYLOAD = 254  # of a radio frame, after its header byte
RSSI, SNR = 157 - 80, 9 * 4  # -80 dBm, 9 dB
BACK_AFTER = 3.0


def airtime(body, bandwidth, factor, rate):
    """Seconds on the air of a body, as one radio frame or two."""
    if body > PAYLOAD:
        return (airtime(PAYLOAD, bandwidth, factor, rate) +
                airtime(body - PAYLOAD, bandwidth, factor, rate))
    symbol = 2 ** factor / bandwidth
    optimised = 2 if symbol > 0.016 else 0
    bits = 8 * (body + 1) - 4 * factor + 28 + 16
    blocks = -(-bits // (4 * (factor - optimised)))
    return (8 + 4.25 + 8 + max(0, blocks) * rate) * symbol


def escape(data):
    return data.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc")


def unescape(data):
    return data.replace(b"\xdb\xdc", b"\xc0").replace(b"\xdb\xdd", b"\xdb")


class Radio:
    """One RNode: its line, its settings, what it is about to say."""

    def __init__(self, number, air):
        self.number = number
        self.air = air
        self.link = os.path.join(air.dir, f"radio{number}")
        self.master = None
        self.queue = []
        self.speaking_until = 0.0
        self.waiting = False
        self.stats = {"sent": 0, "received": 0, "collisions": 0, "deaf": 0, "lost": 0,
                      "refused": 0, "airtime_ms": 0.0}
        self.reset()
        self.plug_in()

    def reset(self):
        self.settings = {FREQUENCY: 0, BANDWIDTH: 0, SF: 0, CR: 0, TXPOWER: 0, STATE: 0}
        self.rest = b""
        self.queue.clear()

    # ---- the line

    def plug_in(self):
        self.master, slave = pty.openpty()
        tty.setraw(slave, termios.TCSANOW)
        os.set_blocking(self.master, False)
        name = os.ttyname(slave)
        # Held open, so that the line does not hang up between two programs that use it.
        self.slave = slave
        if os.path.lexists(self.link):
            os.unlink(self.link)
        os.symlink(name, self.link)
        self.air.selector.register(self.master, selectors.EVENT_READ, self)

    def pull_out(self):
        self.air.selector.unregister(self.master)
        os.unlink(self.link)
        os.close(self.slave)
        os.close(self.master)
        self.master = None
        self.reset()

    def say(self, command, body):
        if self.master is None:
            return
        try:
            os.write(self.master, bytes([FEND, command]) + escape(body) + bytes([FEND]))
        except BlockingIOError:
            pass  # nobody reads

    def read(self):
        try:
            data = os.read(self.master, 65536)
        except (BlockingIOError, OSError):
            return
        frames = (self.rest + data).split(bytes([FEND]))
        self.rest = frames.pop()[-4096:]
        for frame in frames:
            if frame:
                body = unescape(frame)
                self.take(body[0], body[1:])

    # ---- the protocol

    def take(self, command, body):
        if command == DATA:
            self.take_data(body)
        elif command == DETECT and body[:1] == bytes([DETECT_REQUEST]):
            self.say(DETECT, bytes([DETECT_ANSWER]))
        elif command == FIRMWARE:
            self.say(FIRMWARE, FIRMWARE_VERSION)
        elif command in (PLATFORM, MCU):
            self.say(command, bytes([ESP32]))
        elif command in (STAT_RX, STAT_TX):
            count = self.stats["received" if command == STAT_RX else "sent"]
            self.say(command, count.to_bytes(4, "big"))
        elif command == LEAVE:
            self.settings[STATE] = 0
        elif command in WORDS and len(body) == WORDS[command]:
            self.settings[command] = int.from_bytes(body, "big")
            self.say(command, body)

    def take_data(self, body):
        if not self.is_on() or not 0 < len(body) <= MOST_BODY or len(self.queue) >= MOST_QUEUED:
            self.stats["refused"] += 1
            self.say(ERROR, bytes([QUEUE_FULL]))
            return
        self.queue.append(bytes(body))
        self.air.try_to_speak(self)

    def is_on(self):
        return self.settings[STATE] == 1 and self.settings[BANDWIDTH] > 0

    def span(self, body):
        s = self.settings
        return airtime(len(body), s[BANDWIDTH], s[SF], s[CR]) / self.air.speed

    def hears(self, other):
        same = all(self.settings[k] == other.settings[k] for k in (FREQUENCY, BANDWIDTH, SF))
        return self is not other and self.is_on() and same and self.air.linked(self, other)

    def receive(self, body):
        self.stats["received"] += 1
        self.say(STAT_RSSI, bytes([RSSI]))
        self.say(STAT_SNR, bytes([SNR]))
        self.say(DATA, body)


class Transmission:
    def __init__(self, radio, body, begin, end):
        self.radio, self.body, self.begin, self.end = radio, body, begin, end
        self.over = False


class Air:
    """The channel, the clock and all radios."""

    def __init__(self, arguments):
        self.dir = arguments.dir
        self.speed = arguments.speed
        self.loss = arguments.loss
        self.chance = random.Random(arguments.seed)
        self.pairs = arguments.links
        self.selector = selectors.DefaultSelector()
        self.events = []
        self.counter = 0
        self.under_way = []
        self.begun = time.monotonic()
        os.makedirs(self.dir, exist_ok=True)
        self.radios = [Radio(i, self) for i in range(arguments.radios)]

    def linked(self, a, b):
        return self.pairs is None or frozenset((a.number, b.number)) in self.pairs

    def at(self, when, what):
        self.counter += 1
        heapq.heappush(self.events, (when, self.counter, what))

    def carrier_until(self, radio, now):
        """When the last transmission that @p radio hears now ends; 0 when it hears none."""
        return max((t.end for t in self.under_way if t.end > now and radio.hears(t.radio)),
                   default=0.0)

    def slot(self, radio):
        return 24 * 2 ** radio.settings[SF] / radio.settings[BANDWIDTH] / self.speed

    def try_to_speak(self, radio):
        now = time.monotonic()
        if radio.waiting or not radio.queue or now < radio.speaking_until or not radio.is_on():
            return
        busy = self.carrier_until(radio, now)
        if busy:
            radio.waiting = True
            pause = self.slot(radio) * self.chance.randint(1, 15)

            def again():
                radio.waiting = False
                self.try_to_speak(radio)
            self.at(busy + pause, again)
            return
        body = radio.queue.pop(0)
        span = radio.span(body)
        radio.speaking_until = now + span
        radio.stats["sent"] += 1
        radio.stats["airtime_ms"] += span * 1000 * self.speed
        sent = Transmission(radio, body, now, now + span)
        self.under_way.append(sent)
        self.at(sent.end, lambda: self.ended(sent))

    def ended(self, sent):
        for radio in self.radios:
            if not radio.hears(sent.radio):
                continue
            others = [t for t in self.under_way
                      if t is not sent and t.begin < sent.end and t.end > sent.begin]
            if any(t.radio is radio for t in others):
                radio.stats["deaf"] += 1
            elif any(radio.hears(t.radio) for t in others):
                radio.stats["collisions"] += 1
            elif self.chance.random() < self.loss:
                radio.stats["lost"] += 1
            else:
                radio.receive(sent.body)
        sent.radio.say(READY, b"\x01")
        # What overlapped with something that is still on the air counts until that ends too.
        sent.over = True
        oldest = min((t.begin for t in self.under_way if not t.over), default=sent.end)
        self.under_way = [t for t in self.under_way if t.end > oldest]
        self.try_to_speak(sent.radio)

    def pull_out(self, *_):
        radio = self.radios[0]
        if radio.master is None:
            return
        radio.pull_out()
        self.at(time.monotonic() + BACK_AFTER, radio.plug_in)

    def write_stats(self, *_):
        elapsed = (time.monotonic() - self.begun) * 1000
        path = os.path.join(self.dir, "stats.json")
        with open(path + ".new", "w", encoding="utf-8") as f:
            json.dump({"elapsed_ms": elapsed, "speed": self.speed,
                       "radios": [r.stats for r in self.radios]}, f)
        os.replace(path + ".new", path)

    def turn(self, longest=1.0):
        now = time.monotonic()
        wait = min(longest, max(0.0, self.events[0][0] - now)) if self.events else longest
        for key, _ in self.selector.select(wait):
            if key.data.master is not None:
                key.data.read()
        while self.events and self.events[0][0] <= time.monotonic():
            heapq.heappop(self.events)[2]()


def pairs_of(text):
    return {frozenset(int(n) for n in pair.split("-")) for pair in text.split(",")}


def parse(arguments):
    parser = argparse.ArgumentParser(description="RNodes without radios")
    parser.add_argument("--radios", type=int, default=2)
    parser.add_argument("--dir", required=True)
    parser.add_argument("--speed", type=float, default=1.0, help="how much faster than real time")
    parser.add_argument("--loss", type=float, default=0.0, help="share of frames that are lost")
    parser.add_argument("--links", type=pairs_of, help="who hears whom, as 0-1,1-2; else everybody")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args(arguments)


def main():
    air = Air(parse(sys.argv[1:]))
    stop = []
    signal.signal(signal.SIGTERM, lambda *_: stop.append(True))
    signal.signal(signal.SIGINT, lambda *_: stop.append(True))
    signal.signal(signal.SIGHUP, air.pull_out)
    signal.signal(signal.SIGUSR1, air.write_stats)
    print("ready", flush=True)
    while not stop:
        air.turn(0.2)
    air.write_stats()


if __name__ == "__main__":
    main()
