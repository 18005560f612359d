#!/usr/bin/env python3
"""Writes the chosen part of data/concepts.tsv and data/units.tsv, and the table in docs/concepts.md.

For maintainers only; the tables are committed and the build does not run this. It reads the tables of a folder with the
reference material and keeps a modest number of codes for each concept:

    python3 service/knowledge/make_concepts.py ../shared

What is chosen, and why, stands in docs/concepts.md, "Core sets". The rows above the mark in concepts.tsv were chosen by
hand, with the shipped rules; they stay as they are, and only codes that end a condition are added to those concepts.
"""
import csv
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path

HOME = Path(__file__).resolve().parent
MARK = "# ---- Written by make_concepts.py from here on; above: chosen by hand. ----"
PLAIN = {"present", "event", "value", "test-done"}
ENDS = {"resolved", "remission", "no-longer", "absent"}
ALL_UP_TO = 24  # a concept with so many plain codes or fewer keeps them all
MOST_PLAIN = 20
MOST_ENDS = 15
MOST_QUALIFIED = 4  # of one qualifying role
SYSTEM = {"http://snomed.info/sct": "sct", "http://loinc.org": "loinc"}

# A key of the catalogue that is no name in a pack.
NAMES = {"life-expectancy<1y": "life-expectancy-under-1y", "life-expectancy<3y": "life-expectancy-under-3y",
         "coronary-stenosis>50%": "coronary-stenosis-over-50"}
# Roles of ours, where the row's role states a degree that the key does not ask for; docs/concepts.md says why.
ROLES = {("asthma-resolved", "resolved"): "present", ("ckd", "stage-3-5"): "present"}
# Terms that our reading of the tables left out of the core: they say something else than the concept, or too much.
ONLY = {"care-home": r"lives in|resident", "osteoarthritis": r"osteoarth|spondylosis",
        "delirium": r"delir|acute confus"}
NOT = {"atrophic-vaginitis": r"vocal cord", "hysterectomy": r"gravid",
       "immunocompromised": r"neutrophilia", "parkinsons": r"parkinsonism",
       "hypotension-symptomatic": r"reading|low blood pressure", "syncope": r"neurotic|anxiety",
       "urinary-incontinence": r"encopresis|prosthes", "end-of-life": r"dying back|carer of",
       "bleeding-disorder": r"thrombocytosis|thrombocythaemia", "copd": r"congenital", "falls": r"^fear"}


def read_tsv(path):
    with open(path, encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE))


def sources_of(row):
    return [s.strip() for s in row["source"].split(";") if s.strip()]


def may_ship(source):
    """annalhead is CC BY-NC-SA."""
    return not source.startswith("annalhead")


def is_weak(source):
    """One file that nobody vouches for, a text search, or a list without a licence."""
    return bool(re.search("file index id|string search|before use|^Exeter-Diabetes|^ssmithm", source))


def seen_in_records(shared):
    """Codes that stand in the public example records."""
    seen = set()
    for path in sorted((shared / "data" / "examples").rglob("*")):
        if path.suffix in {".json", ".ndjson", ".xml"} and path.is_file():
            text = path.read_text(encoding="utf-8", errors="replace")
            seen.update(re.findall(r'"code"\s*:\s*"([0-9]{6,18}|[0-9]{3,5}-[0-9])"', text))
            seen.update(re.findall(r'<code value="([0-9]{6,18}|[0-9]{3,5}-[0-9])"', text))
    return seen


def words_of(row):
    kinds = r"^\[.?\]|\((disorder|finding|situation|procedure|observable entity|event)\)"
    text = re.sub(kinds, "", row["term"].lower())
    return frozenset(re.findall(r"[a-z0-9]+", text))


def ranked(rows, near, seen):
    """The most general first: codes seen in records, then those whose words stand in most of the other terms."""
    all_words = [words_of(r) for r in near]
    spread = {r["code"]: sum(1 for w in all_words if words_of(r) <= w) for r in rows}
    named_by = {r["code"]: len({s.split(":")[-1] for s in sources_of(r)}) for r in rows}
    return sorted(rows, key=lambda r: (r["code"] not in seen, -spread[r["code"]], len(words_of(r)),
                                       -named_by[r["code"]], len(r["code"]), r["code"]))


def choose(rows, seen):
    """Of one concept: the plain codes, those that end it, and of each other role a few."""
    by_role = defaultdict(list)
    for row in rows:
        by_role[row["role"]].append(row)
    plain = ranked([r for role in PLAIN for r in by_role[role]], rows, seen)
    ends = ranked([r for role in ENDS for r in by_role[role]], rows, seen)
    kept = plain if len(plain) <= ALL_UP_TO else plain[:MOST_PLAIN]
    kept = kept + ends[:MOST_ENDS]
    for role in sorted(set(by_role) - PLAIN - ENDS):
        kept += ranked(by_role[role], rows, seen)[:MOST_QUALIFIED]
    return kept


def is_meant(row):
    term = row["term"].lower()
    only, without = ONLY.get(row["key"]), NOT.get(row["key"])
    return (not only or re.search(only, term)) and not (without and re.search(without, term))


def usable(rows):
    """Rows that may ship; of those with weak evidence only where the concept has nothing else in that role."""
    rows = [r for r in rows if is_meant(r) and any(may_ship(s) for s in sources_of(r))]
    strong = [r for r in rows if not all(is_weak(s) for s in sources_of(r) if may_ship(s))]
    roles = {(r["key"], r["role"]) for r in strong}
    weak = [r for r in rows if r not in strong and (r["key"], r["role"]) not in roles]
    return strong + weak, {(r["key"], r["code"]) for r in weak}


def read_all(shared):
    by_key = defaultdict(list)
    for row in read_tsv(shared / "data" / "concept-codes.tsv"):
        row["role"] = ROLES.get((row["key"], row["role"]), row["role"])
        row["key"] = NAMES.get(row["key"], row["key"])
        by_key[row["key"]].append(row)
    return by_key


def hand_part():
    text = (HOME / "data" / "concepts.tsv").read_text(encoding="utf-8")
    head = text.split(MARK)[0]
    rows = [line.split("\t") for line in head.splitlines() if line and not line.startswith("#")][1:]
    return head, rows


def write_codes(shared, by_key):
    seen = seen_in_records(shared)
    head, hand = hand_part()
    mine = {(r[0], SYSTEM.get(r[1], r[1]), r[2]) for r in hand}
    by_hand = {r[0] for r in hand}
    out, weak_out = [], []
    for key in sorted(by_key):
        rows, weak = usable(by_key[key])
        picked = choose(rows, seen)
        if key in by_hand:
            picked = [r for r in picked if r["role"] in ENDS]
        for r in sorted(picked, key=lambda r: (SYSTEM[r["system"]], r["code"])):
            if (key, SYSTEM[r["system"]], r["code"]) in mine:
                continue
            out.append((key, SYSTEM[r["system"]], r["code"], r["role"]))
            if (key, r["code"]) in weak:
                weak_out.append(f"{key} {r['code']}")
    lines = [MARK]
    for i in range(0, len(weak_out), 6):
        lines.append("# Weak evidence, one file only, nothing better known: " + ", ".join(weak_out[i:i + 6]))
    text = head + "\n".join(lines + ["\t".join(r) for r in out]) + "\n"
    (HOME / "data" / "concepts.tsv").write_text(text, encoding="utf-8")
    return hand + [list(r) for r in out]


def write_units(shared):
    path = HOME / "data" / "units.tsv"
    head = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    rows = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith(("#", "concept\t")):
            r = line.split("\t")
            rows[(r[0], r[1])] = r
    for r in read_tsv(shared / "data" / "observation-units.tsv"):
        factor, offset = r["factor_to_canonical"], "0"
        linear = re.fullmatch(r"([0-9.]+)\*\(x-([0-9.]+)\)", factor)
        if linear:
            factor, offset = linear.group(1), "-" + linear.group(2)
        if factor:
            row = [r["key"], r["unit_as_seen"], r["canonical_unit"], factor, offset]
            rows.setdefault((row[0], row[1]), row)
    body = ["\t".join(rows[k]) for k in sorted(rows)]
    text = "\n".join(head + ["concept\tunit\tcanonical\tfactor\toffset"] + body) + "\n"
    path.write_text(text, encoding="utf-8")
    return {k[0] for k in rows}


def concepts():
    """Names and members as concepts.yaml has them: one line a concept."""
    found = {}
    text = (HOME / "data" / "concepts.yaml").read_text(encoding="utf-8").replace(",\n    members", ", members")
    for line in text.splitlines():
        m = re.match(r"  ([a-z][a-z0-9-]*): \{name: (\"[^\"]+\"|[^,}]+)", line)
        if m:
            members = re.search(r"members: \[([^\]]*)\]", line)
            found[m.group(1)] = (m.group(2).strip('"'), members.group(1) if members else "")
    return found


def write_doc(by_key, shipped, known):
    path = HOME.parent.parent / "docs" / "concepts.md"
    counts, roles = Counter(r[0] for r in shipped), defaultdict(Counter)
    for r in shipped:
        roles[r[0]][r[3]] += 1
    rows = ["| concept | name | shipped | in the tables | roles shipped | counts too |", "|---|---|---:|---:|---|---|"]
    for key in sorted(known):
        said = ", ".join(f"{role} {n}" for role, n in sorted(roles[key].items(), key=lambda x: (-x[1], x[0])))
        size, (name, members) = len(by_key.get(key, [])), known[key]
        rows.append(f"| `{key}` | {name} | {counts[key]} | {size} | {said} | {members} |")
    text = path.read_text(encoding="utf-8")
    begin, end = "<!-- table: make_concepts.py -->\n", "<!-- end -->"
    before, after = text.split(begin)[0], text.split(end)[1]
    path.write_text(before + begin + "\n".join(rows) + "\n" + end + after, encoding="utf-8")


def main():
    shared = Path(sys.argv[1])
    by_key, known = read_all(shared), concepts()
    shipped = write_codes(shared, by_key)
    with_units = write_units(shared)
    unions = {(NAMES.get(r["key"], r["key"]), NAMES.get(r["member_key"], r["member_key"]))
              for r in read_tsv(shared / "data" / "concept-unions.tsv")}
    for key in sorted(({r[0] for r in shipped} | with_units | {k for u in unions for k in u}) - set(known)):
        print(f"concepts.yaml has no {key}")
    for key, member in sorted(unions):
        if member not in known.get(key, ("", ""))[1].split(", "):
            print(f"concepts.yaml: {member} is no member of {key}")
    write_doc(by_key, shipped, known)
    print(f"{len(shipped)} codes of {len(known)} concepts")


if __name__ == "__main__":
    main()
