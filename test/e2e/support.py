"""What the end-to-end tests share."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from mesh import Mesh  # noqa: E402


def bin_dir():
    """Where the programs under test are: $MEHR_BIN, else the everyday build."""
    root = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
    return os.environ.get("MEHR_BIN", os.path.join(root, "build", "dev", "bin"))


class MeshTest(unittest.TestCase):
    """A test with a mesh of its own; shows the daemons' logs when it fails."""

    def setUp(self):
        self.mesh = Mesh(bin_dir())
        self.addCleanup(self.mesh.close)
        self.addCleanup(self.show_logs)

    def show_logs(self):
        # Python 3.11 and older keep errors here; newer ones in the result.
        outcome = getattr(self._outcome, "result", None)
        bad = outcome and any(t is self for t, _ in outcome.failures + outcome.errors)
        if not bad:
            bad = any(error for _, error in getattr(self._outcome, "errors", []) or [])
        if not bad or not os.path.isdir(self.mesh.dir):
            return
        for name in sorted(os.listdir(self.mesh.dir)):
            path = os.path.join(self.mesh.dir, name, "log")
            if os.path.exists(path):
                with open(path, encoding="utf-8", errors="replace") as f:
                    lines = f.readlines()[-40:]
                print(f"--- log of {name}", "".join(lines), sep="\n", file=sys.stderr)
