"""The soft RNode itself: its airtime, its protocol, its channel."""

import os
import sys
import tempfile
import time
import tty
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import soft_rnode as s  # noqa: E402


class Airtime(unittest.TestCase):
    def test_known_figures(self):
        # Semtech's calculator, 10, 50 and 254 bytes with a header byte each.
        self.assertAlmostEqual(s.airtime(9, 125_000, 7, 5), 0.041216, places=6)
        self.assertAlmostEqual(s.airtime(49, 125_000, 9, 5), 0.328704, places=6)
        self.assertAlmostEqual(s.airtime(19, 125_000, 12, 5), 1.318912, places=6)

    def test_a_long_body_goes_as_two_frames(self):
        one = s.airtime(254, 125_000, 7, 5)
        self.assertAlmostEqual(s.airtime(508, 125_000, 7, 5), 2 * one)
        self.assertGreater(s.airtime(255, 125_000, 7, 5), one)


class Host:
    """The other end of a radio's line."""

    def __init__(self, path):
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self.fd)
        os.set_blocking(self.fd, False)
        self.rest = b""
        self.frames = []

    def say(self, command, body=b""):
        os.write(self.fd, bytes([s.FEND, command]) + s.escape(body) + bytes([s.FEND]))

    def read(self):
        try:
            data = os.read(self.fd, 65536)
        except BlockingIOError:
            return
        parts = (self.rest + data).split(bytes([s.FEND]))
        self.rest = parts.pop()
        self.frames += [s.unescape(p) for p in parts if p]

    def bring_up(self, frequency=868_000_000):
        for command, value in ((s.FREQUENCY, frequency), (s.BANDWIDTH, 500_000)):
            self.say(command, value.to_bytes(4, "big"))
        for command, value in ((s.TXPOWER, 7), (s.SF, 7), (s.CR, 5), (s.STATE, 1)):
            self.say(command, bytes([value]))


class Channel(unittest.TestCase):
    def air(self, *more):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        air = s.Air(s.parse(["--dir", directory.name, "--speed", "20", *more]))
        self.hosts = [Host(r.link) for r in air.radios]
        return air

    def play(self, air, until, seconds=5.0):
        end = time.monotonic() + seconds
        while time.monotonic() < end and not until():
            air.turn(0.01)
            for host in self.hosts:
                host.read()
        return until()

    def data(self, host):
        return [f[1:] for f in host.frames if f[0] == s.DATA]

    def test_the_conversation_of_bringing_up(self):
        air = self.air()
        host = self.hosts[0]
        host.say(s.DETECT, bytes([s.DETECT_REQUEST]))
        host.say(s.FIRMWARE, b"\0")
        host.bring_up()
        self.assertTrue(self.play(air, lambda: bytes([s.STATE, 1]) in host.frames))
        self.assertEqual(host.frames[0], bytes([s.DETECT, s.DETECT_ANSWER]))
        self.assertEqual(host.frames[1], bytes([s.FIRMWARE, 1, 74]))
        self.assertIn(bytes([s.FREQUENCY]) + (868_000_000).to_bytes(4, "big"), host.frames)

    def test_a_frame_arrives_with_its_signal_and_not_elsewhere(self):
        air = self.air("--radios", "3")
        for host, frequency in zip(self.hosts, (868_000_000, 868_000_000, 869_000_000)):
            host.bring_up(frequency)
        self.play(air, lambda: all(r.is_on() for r in air.radios))
        body = bytes(range(256)) + b"\xc0\xdb" * 20
        self.hosts[0].say(s.DATA, body)
        self.assertTrue(self.play(air, lambda: self.data(self.hosts[1])))
        self.assertEqual(self.data(self.hosts[1]), [body])
        self.assertIn(bytes([s.STAT_RSSI, s.RSSI]), self.hosts[1].frames)
        self.assertEqual(self.data(self.hosts[2]), [])
        self.assertGreater(air.radios[0].stats["airtime_ms"], 0)
        self.assertIn(bytes([s.READY, 1]), self.hosts[0].frames)

    def test_two_that_do_not_hear_each_other_collide(self):
        air = self.air("--radios", "3", "--links", "0-1,1-2")
        for host in self.hosts:
            host.bring_up()
        self.play(air, lambda: all(r.is_on() for r in air.radios))
        self.hosts[0].say(s.DATA, b"a" * 400)
        self.hosts[2].say(s.DATA, b"b" * 400)
        self.play(air, lambda: air.radios[1].stats["collisions"] == 2)
        self.assertEqual(air.radios[1].stats["collisions"], 2)
        self.assertEqual(self.data(self.hosts[1]), [])

    def test_two_that_hear_each_other_take_turns(self):
        air = self.air()
        for host in self.hosts:
            host.bring_up()
        self.play(air, lambda: all(r.is_on() for r in air.radios))
        self.hosts[0].say(s.DATA, b"a" * 400)
        air.turn(0.001)
        self.hosts[1].say(s.DATA, b"b" * 400)
        self.play(air, lambda: self.data(self.hosts[0]) and self.data(self.hosts[1]))
        self.assertEqual(self.data(self.hosts[1]), [b"a" * 400])
        self.assertEqual(self.data(self.hosts[0]), [b"b" * 400])

    def test_a_radio_that_is_off_refuses(self):
        air = self.air()
        self.hosts[0].say(s.DATA, b"x")
        error = bytes([s.ERROR, s.QUEUE_FULL])
        self.assertTrue(self.play(air, lambda: error in self.hosts[0].frames))


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=2))
