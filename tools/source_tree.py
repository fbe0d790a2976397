"""The files that are ours, and C++ text without its comments and strings.

Used by tools/check-size, tools/check-banned, tools/format and tools/lint.
"""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent
CPP = {".h", ".cpp", ".c"}
SKIPPED_DIRS = {"build", ".git", ".cache", "__pycache__"}
# Data, and sources that are wrong on purpose.
SKIPPED_TREES = ("test/vectors", "test/corpus", "cmake/planted")


def files(root=ROOT):
    """Every file of the tree that people write, in a fixed order."""
    found = []
    pending = [root]
    while pending:
        for path in pending.pop().iterdir():
            where = path.relative_to(root).as_posix()
            if path.is_symlink() or path.name in SKIPPED_DIRS or where in SKIPPED_TREES:
                continue
            if path.is_dir():
                pending.append(path)
            else:
                found.append(path)
    return sorted(found)


def cpp_files(root=ROOT):
    return [path for path in files(root) if path.suffix in CPP]


TOKENS = re.compile(
    r"""(?P<line>//(?:\\\n|[^\n])*)
      | (?P<block>/\*.*?(?:\*/|\Z))
      | (?P<raw>\bu?8?[LUu]?R"(?P<tag>[^()\\\s]{0,16})\(.*?\)(?P=tag)")
      | (?P<string>"(?:\\.|[^"\\\n])*")
      | (?P<number>\b[0-9](?:'?[0-9A-Za-z_.])*)
      | (?P<char>'(?:\\.|[^'\\\n])+')""",
    re.VERBOSE | re.DOTALL,
)


def without_comments_and_strings(text):
    """Text of the same shape: comments become blanks, strings become empty quotes."""

    def blank(match):
        kept = re.sub(r"[^\n]", " ", match.group())
        if match.lastgroup == "number":
            return match.group()
        if match.group("string") is not None or match.group("raw") is not None:
            return '"' + kept[1:-1] + '"' if len(kept) > 1 else kept
        return kept

    return TOKENS.sub(blank, text)


def comment_lines(text):
    """The numbers of the lines that hold a comment or a part of one."""
    lines = set()
    for match in TOKENS.finditer(text):
        if match.group("line") is not None or match.group("block") is not None:
            first = text.count("\n", 0, match.start()) + 1
            lines.update(range(first, first + match.group().count("\n") + 1))
    return lines
