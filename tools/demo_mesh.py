#!/usr/bin/env python3
"""The demonstration itself; tools/demo builds the programs and starts it.

Usage: tools/demo_mesh.py DIRECTORY_OF_PROGRAMS
"""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "test", "e2e"))

from mesh import ApiError, Mesh, Node, Trouble, free_port, wait_for  # noqa: E402

LEAST = 20_000_000
BEST = range(60_000_000, 250_000_000)
PLACES = ["/usr/lib", "/usr/bin", "/usr/libexec", "/usr/local", "/usr/share", "/opt", "/boot"]
TERMINAL = sys.stdout.isatty()


def title(text):
    print(f"\n{chr(27)}[1m== {text}{chr(27)}[0m" if TERMINAL else f"\n== {text}", flush=True)


def say(text=""):
    print(text, flush=True)


def size_text(count):
    return f"{count / 1e6:.1f} MB"


def regular_files():
    """(size, path) of what may be read below PLACES, links left out."""
    for place in PLACES:
        for folder, _, names in os.walk(place):
            for name in names:
                path = os.path.join(folder, name)
                try:
                    if os.path.islink(path) or not os.access(path, os.R_OK):
                        continue
                    info = os.stat(path)
                except OSError:
                    continue
                if info.st_size > 0 and os.path.isfile(path):
                    yield info.st_size, path


def real_file(mesh):
    """A real file of this machine of at least 20 MB, one that takes a moment if there is one."""
    files = sorted(regular_files(), reverse=True)
    good = [f for f in files if f[0] in BEST] or [f for f in files if f[0] >= LEAST]
    if good:
        # The largest that is not out of all proportion, else the smallest.
        return good[0][1] if good[0][0] in BEST else good[-1][1]
    path = os.path.join(mesh.dir, "real-files.tar")
    with tarfile.open(path, "w") as tar:
        for _, name in files:
            tar.add(name)
            if tar.offset > LEAST * 3:
                break
    if os.path.getsize(path) < LEAST:
        raise Trouble(f"this machine has no {LEAST // 1_000_000} MB of readable files below "
                      + ", ".join(PLACES))
    return path


def blake3_of(mesh, path):
    """By b3sum if there is one, else by a program of a dozen lines over the official C code."""
    tool = shutil.which("b3sum") or mesh.tool("mehr-b3sum")
    return subprocess.run([tool, path], check=True, capture_output=True, text=True).stdout.split()[0]


def sha256_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as f:
        while block := f.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def same_on_both_ends(mesh, source, received):
    for name, one, other in [
            ("BLAKE3", blake3_of(mesh, source), blake3_of(mesh, received["path"])),
            ("SHA-256", sha256_of(source), sha256_of(received["path"]))]:
        say(f"  {name:8} at A  {one}")
        say(f"  {name:8} at C  {other}")
        if one != other:
            raise Trouble(f"{name} differs: the file that arrived is another one")
    if received["blake3"] != blake3_of(mesh, source):
        raise Trouble("the daemon recorded another BLAKE3 than the file has")
    say("  equal on both ends")


def start_line(mesh):
    title("Three mehrd processes in a line: A - B - C")
    where = f"127.0.0.1:{free_port()}"
    began = time.monotonic()
    b = Node(mesh, "b", listen=[where]).start()
    a = Node(mesh, "a", peers=[where]).start()
    c = Node(mesh, "c", peers=[where]).start()
    for node, role in ((a, f"dials {where}, listens nowhere"), (b, f"listens on {where}"),
                       (c, f"dials {where}, listens nowhere")):
        say(f"  {node.name.upper()}  {node.id}  process {node.process.pid:<7} {role}")
    a.wait_route(c.id)
    c.wait_route(a.id)
    took = time.monotonic() - began
    say(f"  A and C do not know each other's address; they have routes to each other after {took:.2f} s")
    for command in ("peers", "routes"):
        for node in (a, b, c):
            say(f"\n  {node.name.upper()}: mehr {command}")
            for line in node.mehr(command).stdout.splitlines():
                say(f"    {line}")
    return a, b, c, where, took


def start_send(mesh, a, c, source, *more):
    sys.stdout.flush()
    process = subprocess.Popen(
        [mesh.tool("mehr"), "--socket", a.socket, "send", "--progress", *more, c.id, source],
        stdin=subprocess.DEVNULL)
    mesh.processes.append(process)
    return process


def finish_send(process, seconds):
    try:
        code = process.wait(seconds)
    except subprocess.TimeoutExpired:
        raise Trouble(f"mehr send did not end within {seconds} s") from None
    if code != 0:
        raise Trouble(f"mehr send ended with {code}")


def last_transfer(node):
    return node.call("transfers")["transfers"][-1]


def first_transfer(mesh, a, b, c, source):
    title(f"A sends {source} ({size_text(os.path.getsize(source))}) to C")
    finish_send(start_send(mesh, a, c, source), 300)
    same_on_both_ends(mesh, source, c.call("inbox")["files"][-1])
    relayed = b.call("status")["counters"]["network"]["forwarded"]
    say(f"  B relayed {relayed} packets and could read none of them")
    return last_transfer(a)


def killed_transfer(mesh, a, b, c, source):
    title("The same again, and B is killed with SIGKILL on the way")
    before = len(a.call("transfers")["transfers"])
    process = start_send(mesh, a, c, source, "--name", "second-" + os.path.basename(source))
    size = os.path.getsize(source)

    def a_third():
        transfers = a.call("transfers")["transfers"]
        return len(transfers) > before and transfers[-1]["bytes_done"] > size * 0.3

    wait_for("30 % of the second transfer", a_third, 120, every=0.005)
    b.kill()
    killed = time.monotonic()
    at_kill = last_transfer(a)
    if at_kill["state"] in ("done", "failed", "verifying"):
        raise Trouble(f"B was killed too late: the transfer was {at_kill['state']} already")
    done = at_kill["bytes_done"]
    say(f"\n  B is killed at {done * 100 // size} % ({size_text(done)})")
    wait_for("the loss of the route at A", lambda: not a.has_route_to(c.id), 30)
    time.sleep(1.0)
    b.start()
    if TERMINAL:
        say()  # below the progress line
    say(f"  B is started again after {time.monotonic() - killed:.1f} s; A and C redial within 5 s")
    finish_send(process, 120)
    after = time.monotonic() - killed
    say(f"  the transfer went on where it was and ended {after:.1f} s after the kill")
    same_on_both_ends(mesh, source, c.call("inbox")["files"][-1])
    return last_transfer(a), after


def forged_identity(mesh, b, c, where):
    title("A fourth process claims to be C, with C's public key and without C's secret")
    links = len(b.call("peers")["links"])
    done = mesh.run("forger", where.rsplit(":", 1)[1], c.call("id")["public_key"])
    for line in done.stdout.splitlines():
        say(f"  {line}")
    if done.returncode != 0:
        raise Trouble(f"the forger was not refused: {done.stdout}{done.stderr}")
    lines = wait_for("a log line of the refusal", lambda: [
        x for x in b.log().splitlines() if "link.refused" in x], 10)
    say(f"  the log of B: {lines[-1]}")
    if len(b.call("peers")["links"]) != links:
        raise Trouble("the links of B changed")


def stop_all(*nodes):
    title("SIGTERM to all three")
    codes = [node.stop() for node in nodes]
    say("  exit codes " + ", ".join(f"{n.name.upper()} {code}" for n, code in zip(nodes, codes)))
    if any(codes):
        raise Trouble("a daemon did not end cleanly")
    left = [node.socket for node in nodes if os.path.exists(node.socket)]
    if left:
        raise Trouble(f"sockets were left behind: {left}")


def summary(source, routes_after, plain, killed, after):
    title("Summary")
    size = os.path.getsize(source)
    rows = [("routes A - C known after", f"{routes_after:.2f} s"),
            ("file", f"{os.path.basename(source)}, {size_text(size)}")]
    for name, transfer in (("through B", plain), ("with B killed on the way", killed)):
        seconds = transfer["elapsed_ms"] / 1000
        rows.append((name, f"{seconds:.2f} s, {size / 1e6 / seconds:.0f} MB/s, hashing included"))
    rate = plain["bytes_per_second"] / 1e6
    rows.append(("rate of the plain one, once chunks flow", f"{rate:.0f} MB/s"))
    rows.append(("from the kill of B to the end", f"{after:.1f} s"))
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        say(f"  {name:{width}}  {value}")


def show(mesh):
    source = real_file(mesh)
    a, b, c, where, routes_after = start_line(mesh)
    plain = first_transfer(mesh, a, b, c, source)
    killed, after = killed_transfer(mesh, a, b, c, source)
    forged_identity(mesh, b, c, where)
    stop_all(a, b, c)
    summary(source, routes_after, plain, killed, after)


def show_logs(mesh):
    for name in ("a", "b", "c"):
        path = os.path.join(mesh.dir, name, "log")
        if os.path.exists(path):
            with open(path, encoding="utf-8", errors="replace") as f:
                lines = f.readlines()[-20:]
            print(f"--- the last lines of {name.upper()}'s log", "".join(lines), sep="\n",
                  file=sys.stderr)


def interrupted(number, _):
    raise KeyboardInterrupt(signal.Signals(number).name)


def main():
    if len(sys.argv) != 2:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)
    mesh = Mesh(os.path.abspath(sys.argv[1]))
    with mesh:
        try:
            show(mesh)
        except (Trouble, ApiError, OSError, subprocess.SubprocessError) as e:
            show_logs(mesh)
            print(f"\ntools/demo: {e}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print("\ntools/demo: interrupted", file=sys.stderr)
            return 130
    alive = [p.pid for p in mesh.processes if p.poll() is None]
    if alive or os.path.exists(mesh.dir):
        print(f"tools/demo: left behind: {alive or mesh.dir}", file=sys.stderr)
        return 1
    say("\nEverything arrived; nothing is left running, no file is left behind.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
