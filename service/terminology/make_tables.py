#!/usr/bin/env python3
"""Writes data/substances.tsv and data/vmps.tsv, the shipped tables of the terminology room.

For maintainers only; the tables are committed and the build does not run this. It takes the dm+d facts (names and ids,
Open Government Licence v3.0) of a folder with the reference material, and our own decisions from make_tables_words.py:
synonyms, which product names are aliases of which drug-group name, how combinations expand.

    python3 service/terminology/make_tables.py ../shared

What is left out on purpose, and why, stands in docs/licences.md.
"""
import csv
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path

import make_tables_words as words

COLUMNS = ["key", "names", "vtm", "vtm_previous", "isid", "atc", "rxnorm", "bnf", "members", "kept", "variant"]
HEAD = """\
# The shipped substance table of medreview: what a medicine may be called and coded as. Written by make_tables.py.
# key        our name, in lower case, exactly as the drug groups write it
# names      other names, separated by | (dm+d VTM names; British, international and American names: our own list)
# vtm        dm+d VTM ids, 2019 and later; vtm_previous: ids they had before        NHSBSA dm+d, OGL v3.0
# isid       dm+d ingredient ids                                                     NHSBSA dm+d, OGL v3.0
# atc        for substances of a drug group only, as single facts; * after a class that is one key as a whole
# rxnorm     RxNorm ingredient ids given by CPIC                                     CC0
# bnf        first nine characters of the BNF code (chemical substance)              NHSBSA, OGL v3.0
# members    a combination: its ingredients in the order of the strengths in its name
# kept       a combination: empty, it is its ingredients; also, its own name stands beside them; whole, instead of them;
#            more, with at least one more ingredient; soluble, beside them in soluble and effervescent products.
#            A single substance: the key of the class that stands beside it (insulin)
# variant    KEY@PLACE: the name of KEY in products for that route or form
# Contains public sector information licensed under the Open Government Licence v3.0 (NHS Business Services Authority, dm+d).
"""


def read_tsv(path):
    with open(path, encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f, delimiter="\t"))


def sctid_ok(code):
    d = ((0, 1, 2, 3, 4, 5, 6, 7, 8, 9), (1, 2, 3, 4, 0, 6, 7, 8, 9, 5), (2, 3, 4, 0, 1, 7, 8, 9, 5, 6), (3, 4, 0, 1, 2, 8, 9, 5, 6, 7),
         (4, 0, 1, 2, 3, 9, 5, 6, 7, 8), (5, 9, 8, 7, 6, 0, 4, 3, 2, 1), (6, 5, 9, 8, 7, 1, 0, 4, 3, 2), (7, 6, 5, 9, 8, 2, 1, 0, 4, 3),
         (8, 7, 6, 5, 9, 3, 2, 1, 0, 4), (9, 8, 7, 6, 5, 4, 3, 2, 1, 0))
    p = [tuple(range(10)), (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)]
    while len(p) < 8:
        p.append(tuple(p[-1][i] for i in p[1]))
    c = 0
    for i, ch in enumerate(reversed(code)):
        c = d[c][p[i % 8][int(ch)]]
    return 6 <= len(code) <= 18 and c == 0


def words_of(kind):
    """The closed lists that the parser uses too."""
    lines = (Path(__file__).resolve().parent / "data/words.tsv").read_text(encoding="utf-8").splitlines()
    return {line.split("\t")[1] for line in lines if line.startswith(kind + "\t")}


class Row:
    def __init__(self, key):
        self.key = key
        self.names, self.vtm, self.previous, self.isid = set(), set(), set(), set()
        self.atc, self.rxnorm, self.bnf = set(), set(), set()
        self.members, self.kept, self.variant = [], "", ""

    def fields(self):
        join = lambda s: "|".join(sorted(s))
        return [self.key, join(self.names - {self.key.lower()}), join(self.vtm), join(self.previous - self.vtm), join(self.isid),
                join(self.atc), join(self.rxnorm), join(self.bnf), "|".join(self.members), self.kept, self.variant]


class Table:
    def __init__(self, shared):
        self.groups = read_tsv(shared / "clinical/drug-groups.tsv")
        self.known = {r["inn"] for r in self.groups}
        self.rows = {}
        self.salts = words_of("salt")
        self.vehicles = words_of("vehicle")
        self.synonym = {name: key for key, names in words.SYNONYMS.items() for name in names}
        for name in sorted(self.known):
            self.row(name)

    def row(self, key):
        key = words.ALIAS.get(key, key)
        return self.rows.setdefault(key, Row(key))

    def key_of(self, name):
        """The key for a dm+d name: a drug-group name when one fits, else the name itself in lower case."""
        name = words.ALIAS.get(name, name)
        name = self.synonym.get(name, name)
        if name in self.rows:
            return name
        parts = name.split()
        while len(parts) > 1 and parts[-1] in self.salts:
            parts.pop()
            if " ".join(parts) in self.known or " ".join(parts) in self.single:
                return words.ALIAS.get(" ".join(parts), " ".join(parts))
        return name

    def add_moieties(self, shared):
        rows = [r for r in read_tsv(shared / "data/drug-substances.tsv")]
        vtms = re.findall(r"<VTM>(.*?)</VTM>", (shared / "data/dmd/trud-layout-2019-04/f_vtm2_3010419.xml").read_text(), re.S)
        isids = dict(re.findall(r"<ISID>(\d+)</ISID>.*?<NM>(.*?)</NM>", (shared / "data/dmd/trud-layout-2019-04/f_ingredient2_3010419.xml").read_text(), re.S))
        isid_by_name = {n.lower(): i for i, n in isids.items()}
        vtm_by_name = {}
        for v in vtms:
            name = re.search("<NM>(.*?)</NM>", v).group(1)
            prev = re.search("<VTMIDPREV>(.*?)</VTMIDPREV>", v)
            if "homeopathic" in name.lower() or "invalid" in name.lower() or name.lower() in self.vehicles:
                continue
            vtm_by_name[name.lower()] = (re.search("<VTMID>(.*?)</VTMID>", v).group(1), prev.group(1) if prev else "")
        self.single = {name for name in vtm_by_name if " + " not in name}
        for r in rows:
            name = r["inn"].lower()
            row = self.row(words.WHOLE.get(name) or self.key_of(name))
            if r["kind"] == "combination" and " + " in name:
                row.members = row.members or [self.key_of(p) for p in name.split(" + ")]
            row.names.add(name)
            row.vtm |= {r["vtm_id_2019"], r["vtm_id_later"]} - {""}
            row.previous |= set(r["vtm_prev_id_2019"].split()) - {""}
            row.isid |= {r["isid_2019"]} - {""}
            if "CPIC" in r["src_rxnorm"]:
                row.rxnorm.add(r["rxnorm_in"])
        for name in sorted(self.single) + words.MORE:
            row = self.row(self.key_of(name))
            row.names.add(name)
            if " + " in name:
                row.members = name.split(" + ")
        for row in list(self.rows.values()):
            for name in {row.key.lower()} | row.names | set(words.SYNONYMS.get(row.key, [])):
                if name in vtm_by_name and not row.variant:
                    vtm, prev = vtm_by_name[name]
                    row.vtm.add(vtm)
                    row.previous |= {prev} - {""}
                if name in isid_by_name and " + " not in name:
                    row.isid.add(isid_by_name[name])

    def add_words(self):
        for alias, key in words.ALIAS.items():
            self.row(key).names.add(alias.lower())
        for key, names in words.SYNONYMS.items():
            self.row(key).names |= set(names)
        for key, (members, kept) in words.COMBINATIONS.items():
            row = self.row(key)
            row.members, row.kept = list(members), kept
        for row in list(self.rows.values()):
            for m in row.members:
                self.row(m)
        for key, variant in words.VARIANTS.items():
            self.row(key).variant = variant
        for row in self.rows.values():
            if row.key.startswith("insulin ") and not row.members:
                row.kept = "insulin"

    def add_atc(self):
        seen = defaultdict(set)
        for r in self.groups:
            seen[words.ATC_FIX.get(r["atc"], r["atc"])].add(words.ALIAS.get(r["inn"], r["inn"]))
        for code, keys in sorted(seen.items()):
            keys -= words.NO_ATC
            if len(code) == 7 and len(keys) == 1:
                self.row(keys.pop()).atc.add(code)
            elif len(code) < 7 and code in words.ATC_WHOLE_CLASS:
                self.row(keys.pop()).atc.add(code + "*")

    def add_bnf(self, products):
        """The chemical-substance part of BNF codes, where every generic product under it names the same substance."""
        votes = defaultdict(Counter)
        for p in products:
            if len(p["bnf_code"]) == 15 and p["parsed_vtm"] and p["level"] == "VMP":
                votes[p["bnf_code"][:9]][self.key_of(p["parsed_vtm"])] += 1
        for chem, keys in votes.items():
            if len(keys) == 1:
                key = next(iter(keys))
                if key in self.known and not self.rows[key].members:
                    self.rows[key].bnf.add(chem)

    def write(self, path):
        refuse_shared_ids(self.rows)
        with open(path, "w", encoding="utf-8", newline="\n") as f:
            f.write(HEAD + "\t".join(COLUMNS) + "\n")
            for key in sorted(self.rows):
                f.write("\t".join(self.rows[key].fields()) + "\n")


def refuse_shared_ids(rows):
    owner = {}
    for row in rows.values():
        for kind, ids in (("sct", row.vtm | row.previous | row.isid), ("atc", row.atc), ("rxnorm", row.rxnorm), ("bnf", row.bnf),
                          ("name", row.names | {row.key.lower()})):
            for i in ids:
                if kind == "sct" and not sctid_ok(i):
                    sys.exit(f"{row.key}: {i} is no SNOMED CT id")
                if owner.setdefault((kind, i), row.key) != row.key:
                    sys.exit(f"{kind} {i}: {owner[kind, i]} or {row.key}?")


def write_vmps(path, products, previous):
    vmps = {r["older_vpid"] for r in previous} | {r["newer_vpid"] for r in previous}
    by_name = defaultdict(set)
    for p in products:
        core = p["code"][-10:-3] != "1000001"  # every AMP is in the UK drug namespace: a core id is a VMP
        if sctid_ok(p["code"]) and (p["level"] == "VMP" or p["code"] in vmps or (not p["level"] and core)):
            by_name[p["name"]].add(p["code"])
    for r in previous:
        for code in (r["older_vpid"], r["newer_vpid"]):
            if sctid_ok(code):
                by_name[r["name_of_either"]].add(code)
    missing = []
    with open(path, "w", encoding="utf-8", newline="\n") as f:
        f.write("# dm+d VMP ids of common products, single facts chosen by name (make_tables_words.py).\n"
                "# The name is the dm+d name; substances, strength, form and route are read from it (name_parse.c).\n"
                "# Contains public sector information licensed under the Open Government Licence v3.0 (NHSBSA, dm+d).\n"
                "vpid\tname\n")
        for name in sorted(set(words.PRODUCTS)):
            codes = sorted(by_name.get(name, []))
            if not codes:
                missing.append(name)
            for code in codes:
                f.write(f"{code}\t{name}\n")
    for name in missing:
        print("no code seen for", name, file=sys.stderr)


def main():
    shared = Path(sys.argv[1])
    here = Path(__file__).resolve().parent / "data"
    products = read_tsv(shared / "data/dmd/dmd-code-names-from-codelists.tsv")
    table = Table(shared)
    table.add_moieties(shared)
    table.add_words()
    table.add_moieties(shared)
    table.add_atc()
    table.add_bnf(products)
    table.write(here / "substances.tsv")
    write_vmps(here / "vmps.tsv", products, read_tsv(shared / "data/dmd/vmp-previous-ids-from-codelists.tsv"))
    print(len(table.rows), "substances")


if __name__ == "__main__":
    main()
