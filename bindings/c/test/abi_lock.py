#!/usr/bin/env python3
"""Compares the C ABI with abi.lock: prototypes, callbacks, exported names, constants, layouts.

Usage: abi_lock.py --library libmehr.so [--cc cc] [--nm nm]              compare; 1 when different
       abi_lock.py --library libmehr.so --write                          write abi.lock anew
       abi_lock.py --library libmehr.so --self-test                      show it planted faults

The prototypes, constants and fields are read from the public headers, so none can be forgotten;
a compiler tells the values, sizes and offsets (of a 64-bit machine); nm tells what the library
exports. --write refuses to change the file unless MEHR_ABI_VERSION is above the one in it.
"""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
INCLUDE = HERE.parent / "include"
HEADERS = ["mehr/core.h", "mehr/l0.h", "mehr/l1.h", "mehr/l2.h"]
LOCK = HERE.parent / "abi.lock"

HOW = """
The ABI differs from bindings/c/abi.lock.
 - Nothing should have changed: undo it.
 - Something was added (a function, a constant, a field at the end of a struct with struct_size):
   raise MEHR_ABI_VERSION in mehr/core.h by one, write "Since: ABI n" beside what is new, then run
       bindings/c/test/abi_lock.py --library <build>/lib/libmehr.so --write
 - Something was changed or removed: programs built before would break. Do not, if there is any
   other way. If not: raise SOVERSION in bindings/c/CMakeLists.txt too.
"""


def header_text():
    text = "\n".join((INCLUDE / name).read_text(encoding="utf-8") for name in HEADERS)
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.DOTALL)
    return text.replace("\\\n", " ")


def one_line(declaration):
    line = re.sub(r"\b(MEHR_API|MEHR_NODISCARD|MEHR_NOEXCEPT)\b", " ", declaration)
    return re.sub(r"\s*([(),*])\s*", r"\1", re.sub(r"\s+", " ", line).strip())


def prototypes(text):
    """Each exported function as one line, without the macros that are no part of its type."""
    text = re.sub(r"^\s*#.*$", " ", text, flags=re.MULTILINE)
    for match in re.finditer(r"\bMEHR_API\b([^;]*);", text):
        line = one_line(match.group(1))
        yield re.search(r"(mehr_\w+)\(", line).group(1), line


def callbacks(text):
    """Each type of a callback as one line."""
    found = re.findall(r"\btypedef\b([^;{}]*\(\s*\*\s*mehr_\w+\s*\)[^;{}]*);", text)
    return sorted(one_line(declaration) for declaration in found)


def constants(text):
    names = re.findall(r"^\s*#define\s+(MEHR_\w+)[ \t]+-?\d+[ \t]*$", text, flags=re.MULTILINE)
    for body in re.findall(r"\benum\s*\{([^}]*)\}", text):
        names += re.findall(r"\b(MEHR_\w+)\b", body)
    return names


def structs(text):
    """(name, fields) of each struct; arrays and function pointers by their name."""
    text = re.sub(r"^\s*#.*$", " ", text, flags=re.MULTILINE)
    for body, name in re.findall(r"typedef\s+struct\s+\w+\s*\{([^}]*)\}\s*(\w+)\s*;", text):
        fields = []
        for member in filter(None, (part.strip() for part in body.split(";"))):
            pointer = re.search(r"\(\s*\*\s*(\w+)\s*\)", member)
            fields.append(pointer.group(1) if pointer
                          else re.search(r"(\w+)\s*(\[\w*\])?$", member).group(1))
        yield name, fields


def measured(text, compiler):
    """What only a compiler knows: values, sizes, offsets. Holes in a struct are refused."""
    rows = [f'  printf("constant {n} %lld\\n", (long long)({n}));' for n in constants(text)]
    for name, fields in structs(text):
        rows.append(f'  printf("struct {name} size %zu\\n", sizeof({name}));')
        rows += [f'  printf("field {name}.{f} at %zu size %zu\\n", offsetof({name}, {f}), '
                 f"sizeof((({name}*)0)->{f}));" for f in fields]
    program = "".join(f'#include "{h}"\n' for h in HEADERS)
    program += "#include <stdio.h>\nint main(void) {\n" + "\n".join(rows) + "\n  return 0;\n}\n"
    with tempfile.TemporaryDirectory() as place:
        source, binary = pathlib.Path(place, "abi.c"), pathlib.Path(place, "abi")
        source.write_text(program, encoding="utf-8")
        subprocess.run([compiler, "-std=c11", f"-I{INCLUDE}", str(source), "-o", str(binary)],
                       check=True)
        return subprocess.run([str(binary)], check=True, capture_output=True,
                              text=True).stdout.splitlines()


def holes(rows):
    """A field appended later would land in a hole and could not be told from garbage."""
    end, size, name = 0, 0, ""
    for row in rows + ["struct end size 0"]:
        if match := re.fullmatch(r"struct (\w+) size (\d+)", row):
            if end != size:
                yield f"{name} has {size - end} bytes of padding at its end: name them reserved"
            name, size, end = match.group(1), int(match.group(2)), 0
        elif match := re.fullmatch(r"field ([\w.]+) at (\d+) size (\d+)", row):
            if int(match.group(2)) != end:
                yield f"{match.group(1)} follows a hole: name it reserved"
            end = int(match.group(2)) + int(match.group(3))


def exported(library, nm):
    out = subprocess.run([nm, "-D", "--defined-only", library], check=True, capture_output=True,
                         text=True).stdout
    return sorted(line.split()[-1] for line in out.splitlines() if line.strip())


def present(arguments):
    """The ABI as it is, and what is wrong with it by itself."""
    text = header_text()
    declared = dict(prototypes(text))
    symbols = exported(arguments.library, arguments.nm)
    rows = measured(text, arguments.cc)
    faults = [f"{s}: exported, but in no public header" for s in symbols if s not in declared]
    faults += [f"{s}: declared, but not exported" for s in declared if s not in symbols]
    faults += [f"{s}: exported names begin with mehr_" for s in symbols
               if not s.startswith("mehr_")]
    faults += list(holes(rows))
    rows = [f"callback {line}" for line in callbacks(text)] + rows
    return [f"function {declared[n]}" for n in sorted(declared)] + rows, faults


def abi_number(rows):
    for row in rows:
        if match := re.fullmatch(r"constant MEHR_ABI_VERSION (\d+)", row):
            return int(match.group(1))
    return 0


def differences(locked, rows):
    return [f"- {r}" for r in locked if r not in rows] + \
        [f"+ {r}" for r in rows if r not in locked] or \
        (["  the order of the entries"] if locked != rows else [])


def self_test(rows):
    """Every kind of change must be seen."""
    for start in ("function ", "callback ", "constant ", "struct ", "field "):
        index = next(i for i, row in enumerate(rows) if row.startswith(start))
        for changed in (rows[index] + "0", None):
            planted = rows[:index] + ([changed] if changed else []) + rows[index + 1:]
            assert differences(planted, rows) and differences(rows, planted), start
    assert not differences(rows, rows) and differences(rows[::-1], rows)
    assert list(holes(["struct s size 8", "field s.a at 0 size 4"]))
    assert list(holes(["struct s size 8", "field s.a at 0 size 1", "field s.b at 4 size 4"]))
    assert not list(holes(["struct s size 8", "field s.a at 0 size 4", "field s.b at 4 size 4"]))
    assert len([r for r in rows if r.startswith("function ")]) >= 30 and abi_number(rows) > 0
    print("abi_lock sees its planted faults")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--library", required=True)
    parser.add_argument("--cc", default="cc")
    parser.add_argument("--nm", default="nm")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--self-test", action="store_true")
    arguments = parser.parse_args()
    rows, faults = present(arguments)
    if arguments.self_test:
        self_test(rows)
        return 0
    for fault in faults:
        print(fault)
    locked = LOCK.read_text(encoding="utf-8").splitlines() if LOCK.exists() else []
    changed = differences(locked, rows)
    for line in changed:
        print(line)
    if not arguments.write:
        if changed:
            print(HOW)
        return 1 if faults or changed else 0
    if changed and locked and abi_number(rows) <= abi_number(locked):
        print("not written: raise MEHR_ABI_VERSION in mehr/core.h first")
        return 1
    LOCK.write_text("\n".join(rows) + "\n", encoding="utf-8")
    print(f"wrote {LOCK.name}: {len(rows)} entries")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
