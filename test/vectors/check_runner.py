#!/usr/bin/env python3
"""Shows mehr-vectors planted faults: each must be seen, and none may stop the other files.

Usage: check_runner.py PROGRAM
Exit code: 0 every fault was seen, 1 not.
"""

import copy
import json
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
NATIVE = sorted(HERE.glob("*.json"))
STYLE = sorted((HERE / "wycheproof-style").glob("*.json"))
# Fields whose bytes a case is about; turning a bit of one must fail its case.
CHECKED = {"sk", "pk", "msg", "sig", "scalar", "u", "out", "key", "nonce", "aad", "pt", "ct", "tag",
           "ikm", "salt", "info", "prk", "okm", "alpha", "x", "H", "k_string", "k", "U", "V", "pi",
           "beta", "hash", "keyed_hash", "derive_key", "public", "private", "shared", "iv"}
OPTIONAL = {"name", "comment", "flags", "tcId", "x", "h2c_ctr", "H", "k_string", "k", "U", "V"}


class Checker:
    def __init__(self, program, folder):
        self.program, self.folder = program, pathlib.Path(folder)
        self.planted, self.missed = 0, []

    def run(self, *arguments):
        done = subprocess.run([self.program, *map(str, arguments)], capture_output=True, text=True,
                              errors="replace", check=False, timeout=60)
        closing = re.search(r"^(\d+) passed, (\d+) failed$", done.stdout, re.MULTILINE)
        counts = tuple(map(int, closing.groups())) if closing else None
        return done.returncode, counts, done.stdout, done.stderr

    def expect(self, what, good, shown):
        self.planted += 1
        if not good:
            self.missed.append(f"{what}: {shown}")

    def write(self, content):
        path = self.folder / "planted.json"
        text = content if isinstance(content, (str, bytes)) else json.dumps(content)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def one_fails(self, what, content, total, word=""):
        path = self.write(content)
        code, counts, out, err = self.run(path)
        good = code == 1 and counts == (total - 1, 1) and str(path) in out and word in out
        self.expect(what, good, (code, counts, out, err))

    def file_refused(self, what, content, word):
        path = self.write(content)
        code, counts, out, err = self.run(path, STYLE[0])
        good = code == 2 and counts is not None and counts[0] > 0 and counts[1] == 0
        self.expect(what, good and str(path) in err and word in err, (code, counts, out, err))


def lists_of(data):
    """Every list of cases in a file."""
    if "testGroups" in data:
        return [group["tests"] for group in data["testGroups"]]
    return [data[key] for key in ("vectors", "cases", "all_zero_output") if key in data]


def turned(digits):
    """A bit turned that the clamping of an X25519 secret leaves alone."""
    return f"{int(digits[:2], 16) ^ 0x10:02x}{digits[2:]}"


def is_positive(case):
    return case.get("valid", True) and case.get("result", "valid") == "valid" and (
        "scalar" not in case or "out" in case)


def each_field(checker, name, data, total):
    for where, cases in enumerate(lists_of(data)):
        for at in sorted({0, 1, len(cases) - 1} & set(range(len(cases)))):
            for field, value in cases[at].items():
                place = f"{name}, list {where}, case {at}, {field}"
                planted = copy.deepcopy(data)
                target = lists_of(planted)[where][at]
                if field in CHECKED and value and is_positive(cases[at]):
                    target[field] = turned(value)
                    checker.one_fails(f"{place} turned", planted, total)
                if field in OPTIONAL:
                    continue
                for wrong in ("0", "zz", 7.5, None, ["00"]):
                    target[field] = wrong
                    checker.one_fails(f"{place} = {wrong!r}", planted, total)
                    if where or at:
                        break
                del target[field]
                checker.one_fails(f"{place} left out", planted, total,
                                  f"lacks the field '{field}'")


def verdicts(checker, name, data, total):
    for where, cases in enumerate(lists_of(data)):
        for at, case in enumerate(cases):
            planted = copy.deepcopy(data)
            target = lists_of(planted)[where][at]
            if "valid" in case:
                target["valid"] = not case["valid"]
            elif case.get("result") in ("valid", "invalid"):
                target["result"] = "valid" if case["result"] == "invalid" else "invalid"
            else:
                continue
            checker.one_fails(f"{name}, list {where}, case {at}: other verdict", planted, total)


def wrong_acceptable(checker):
    for version in (0, 1):
        data = json.loads((HERE / f"wycheproof-style/x25519_v{version}.json").read_text())
        total = len(data["testGroups"][0]["tests"])
        for at, case in enumerate(data["testGroups"][0]["tests"]):
            if case["result"] != "acceptable" or set(case["shared"]) == {"0"}:
                continue
            planted = copy.deepcopy(data)
            planted["testGroups"][0]["tests"][at]["shared"] = turned(case["shared"])
            checker.one_fails(f"x25519 v{version}: acceptable, another output", planted, total,
                              f"tcId {case['tcId']}")


def wrong_files(checker):
    ed25519 = json.loads((HERE / "rfc8032_ed25519.json").read_text())
    eddsa = json.loads((HERE / "wycheproof-style/eddsa_v1.json").read_text())
    xdh = json.loads((HERE / "wycheproof-style/x25519_v1.json").read_text())
    blake3 = json.loads((HERE / "blake3_test_vectors.json").read_text())
    text = json.dumps(ed25519)
    refused = checker.file_refused
    refused("an empty file", "", "no JSON")
    refused("a file cut short", text[:len(text) // 2], "no JSON")
    refused("bytes that are no UTF-8", b'{"algorithm": "\xff\xfe", "vectors": []}', "no JSON")
    refused("brackets without end", "[" * 100000, "no JSON")
    refused("an array", "[1, 2]", "no JSON object")
    refused("an unknown form", {"algorithm": "Ed25519"}, "none of")
    refused("no algorithm", {"vectors": []}, "lacks the field 'algorithm'")
    refused("an algorithm that is a number", {"algorithm": 1, "vectors": []}, "no string")
    for algorithm in ("RSA", "", "ed25519 "):
        refused(f"algorithm {algorithm!r}", {**ed25519, "algorithm": algorithm}, "not known")
        refused(f"Wycheproof {algorithm!r}", {**eddsa, "algorithm": algorithm}, "not known")
    refused("no case", {**ed25519, "vectors": []}, "no case")
    refused("no group", {**eddsa, "testGroups": []}, "no case")
    refused("no case in BLAKE3", {**blake3, "cases": []}, "no case")
    refused("cases that are no list", {**ed25519, "vectors": {"a": 1}}, "no array")
    refused("groups that are no list", {**eddsa, "testGroups": 3}, "no array")
    refused("a group that is no object", {**eddsa, "testGroups": [3]}, "no object")
    refused("a group without tests", {**xdh, "testGroups": [{"curve": "curve25519"}]}, "'tests'")
    for lost in (0, -1):
        planted = copy.deepcopy(eddsa)
        del planted["testGroups"][0]["tests"][lost]
        refused(f"case {lost} lost", planted, "announces")
    refused("a number of tests in words", {**eddsa, "numberOfTests": "24"}, "announces")
    refused("a short BLAKE3 key", {**blake3, "key": "short"}, "32 bytes")
    for data, path, value, word in (
            (eddsa, ("publicKey", "curve"), "edwards448", "edwards25519"),
            (xdh, ("curve",), "curve448", "curve25519"), (xdh, ("type",), "XdhAsnComp", "XdhComp")):
        planted = copy.deepcopy(data)
        target = planted["testGroups"][0]
        for key in path[:-1]:
            target = target[key]
        target[path[-1]] = value
        refused(value, planted, word)
        del target[path[-1]]
        if value != "XdhAsnComp":
            refused(f"no {path[-1]}", planted, "lacks the field")
    planted = copy.deepcopy(eddsa)
    del planted["testGroups"][0]["publicKey"]
    refused("a group without key", planted, "lacks the field 'key'")
    checker.one_fails("a case that is no object", {**ed25519, "vectors": ed25519["vectors"] + [3]},
                      len(ed25519["vectors"]) + 1, "no object")
    for size in (-1, 1 << 62, 1e300, "12"):
        planted = copy.deepcopy(blake3)
        planted["cases"][3]["input_len"] = size
        checker.one_fails(f"input_len {size}", planted, len(blake3["cases"]), "input_len")


def arguments(checker):
    lost = checker.folder / "lost.json"
    for bad in (lost, checker.folder):
        code, counts, out, err = checker.run(bad, STYLE[0])
        checker.expect(f"unreadable {bad}", code == 2 and counts and counts[0] > 0 and
                       str(bad) in err, (code, out, err))
    code, counts, out, err = checker.run()
    checker.expect("no argument", code == 2 and "usage" in err and not counts, (code, out, err))
    code, counts, out, err = checker.run("--nonsense", STYLE[0])
    checker.expect("an unknown option", code == 2 and "--nonsense" in err, (code, out, err))
    code, counts, out, err = checker.run("--help")
    checker.expect("help", code == 0 and "usage" in out, (code, out, err))


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        checker = Checker(sys.argv[1], folder)
        for path in NATIVE + STYLE:
            data = json.loads(path.read_text())
            code, counts, out, err = checker.run(path)
            total = sum(map(len, lists_of(data))) + (2 if "iterated" in data else 0)
            good = code == 0 and counts == (total, 0)
            checker.expect(f"{path.name} unchanged", good, (code, counts, out, err))
            each_field(checker, path.name, data, total)
            verdicts(checker, path.name, data, total)
        wrong_acceptable(checker)
        wrong_files(checker)
        arguments(checker)
    for line in checker.missed[:20]:
        print(line)
    print(f"{checker.planted - len(checker.missed)} of {checker.planted} behaved")
    return 1 if checker.missed else 0


if __name__ == "__main__":
    sys.exit(main())
