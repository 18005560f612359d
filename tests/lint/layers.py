#!/usr/bin/env python3
"""Reads every #include below service/ and include/ and holds it to tests/lint/layers.txt."""
import fnmatch, os, re, sys

root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
SYSTEM = set("""assert.h ctype.h dirent.h errno.h fcntl.h float.h inttypes.h limits.h locale.h math.h pthread.h signal.h stdalign.h
stdarg.h stdatomic.h stdbool.h stddef.h stdint.h stdio.h stdlib.h string.h strings.h sys/file.h sys/mman.h sys/random.h sys/stat.h
sys/statfs.h sys/types.h sys/vfs.h sys/wait.h getopt.h sys/resource.h time.h unistd.h""".split())
CXX = {"new", "cstring", "cstdint", "cstddef", "utility", "string_view", "memory", "limits", "cmath", "cstdlib", "array", "algorithm"}

rooms, outside = {}, {}
for line in open(os.path.join(root, "tests/lint/layers.txt")):
    if line.startswith("#") or not line.strip():
        continue
    room, lower, libraries = (part.strip() for part in line.split("|"))
    rooms[room] = set(lower.split()) | {room}
    outside[room] = [(h.split(":") + ["*"])[:2] for h in libraries.split()]

bad = 0
for top in ("service", "include/medreview"):
    for folder, _, files in os.walk(os.path.join(root, top)):
        room = os.path.relpath(folder, os.path.join(root, top)).split(os.sep)[0]
        for name in sorted(files):
            if room not in rooms or not name.endswith((".c", ".h", ".cpp")):
                continue
            path = os.path.join(folder, name)
            for number, text in enumerate(open(path, encoding="utf-8"), 1):
                m = re.match(r'\s*#\s*include\s*[<"]([^>"]+)[>"]', text)
                if not m:
                    continue
                header = m.group(1)
                if header.startswith("medreview/"):
                    ok = header.split("/")[1] in rooms[room]
                elif header in SYSTEM or (name.endswith(".cpp") and header in CXX):
                    ok = True
                elif any(header == h and fnmatch.fnmatch(name, p) for h, p in outside[room]):
                    ok = True
                else:
                    ok = os.path.exists(os.path.join(folder, header))
                if not ok:
                    print(f"{os.path.relpath(path, root)}:{number}: {room} may not see <{header}>")
                    bad += 1
sys.exit(1 if bad else 0)
