#!/usr/bin/env python3
"""Unsafe functions, and reading the clock or chance outside net/loop, are absent (tests/lint/banned.txt)."""
import fnmatch, os, re, sys

root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
banned = {}
for line in open(os.path.join(root, "tests/lint/banned.txt")):
    if line.strip() and not line.startswith("#"):
        name, where = line.split()
        banned[name] = where
pattern = re.compile(r"(?<![\w.>])(" + "|".join(map(re.escape, banned)) + r")\s*\(")


def code_only(text):
    """Comments and strings blanked, line numbers kept."""
    def blank(m):
        return re.sub(r"[^\n]", " ", m.group(0))
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', blank, text, flags=re.S)


bad = 0
for top in ("service", "include"):
    for folder, _, files in os.walk(os.path.join(root, top)):
        for name in sorted(files):
            if not name.endswith((".c", ".h", ".cpp")):
                continue
            path = os.path.relpath(os.path.join(folder, name), root)
            for number, line in enumerate(code_only(open(os.path.join(root, path), encoding="utf-8").read()).split("\n"), 1):
                for m in pattern.finditer(line):
                    if not fnmatch.fnmatch(path, banned[m.group(1)]):
                        print(f"{path}:{number}: {m.group(1)}() is not used here (tests/lint/banned.txt)")
                        bad += 1
sys.exit(1 if bad else 0)
