#!/usr/bin/env python3
"""The hazard log is data: every hazard whole, its risks as the matrix has them, and each test it names really there.

A control is worth what shows it. When a test is renamed or removed, this fails until the log names one that exists.
"""
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
LOG = TOP / "docs/safety/hazards.tsv"
COLUMNS = ["id", "hazard", "cause", "effect", "severity", "likelihood", "risk", "control", "tests",
           "residual_likelihood", "residual_risk", "site"]
MAY_BE_EMPTY = {"site"}
SEVERITIES = ["minor", "significant", "considerable", "major", "catastrophic"]
# The example matrix of the guidance to DCB0129; by likelihood, from minor to catastrophic.
MATRIX = {
    "very high": [3, 4, 4, 5, 5],
    "high": [2, 3, 3, 4, 5],
    "medium": [2, 2, 3, 3, 4],
    "low": [1, 2, 2, 3, 4],
    "very low": [1, 1, 2, 2, 3],
}
LIKELIHOODS = ["very low", "low", "medium", "high", "very high"]
ACCEPTABLE = 3  # above it a hazard may not stand after its controls


def case_is_there(text, name, suffix):
    word = re.escape(name)
    if suffix == ".py":
        # A function, or a case that stands in a table under its name.
        return re.search(rf"\bdef {word}\(", text) or re.search(rf'^\s*\("{word}",', text, re.M)
    # Defined, and listed to run: a function that nobody calls shows nothing.
    defined = re.search(rf"^static void {word}\(void \*\*", text, re.M)
    return defined and len(re.findall(rf"\b{word}\b", text)) > 1


def test_fault(where):
    path, _, name = where.partition(":")
    file = TOP / path
    if not path.startswith("tests/") or not name:
        return f"'{where}' is not tests/FILE:CASE"
    if not file.is_file():
        return f"there is no {path}"
    if not case_is_there(file.read_text(), name, file.suffix):
        return f"{path} has no case {name}"
    return None


def risk_faults(row):
    if row["severity"] not in SEVERITIES:
        return [f"severity '{row['severity']}' is none of {', '.join(SEVERITIES)}"]
    faults = []
    for likelihood, risk in (("likelihood", "risk"), ("residual_likelihood", "residual_risk")):
        if row[likelihood] not in MATRIX:
            return [f"{likelihood} '{row[likelihood]}' is none of {', '.join(LIKELIHOODS)}"]
        right = MATRIX[row[likelihood]][SEVERITIES.index(row["severity"])]
        if row[risk] != str(right):
            faults.append(f"{risk} is {row[risk]}, the matrix gives {right}")
    if LIKELIHOODS.index(row["residual_likelihood"]) > LIKELIHOODS.index(row["likelihood"]):
        faults.append("the controls make it more likely")
    if not faults and int(row["residual_risk"]) > ACCEPTABLE:
        faults.append(f"residual risk {row['residual_risk']}: above {ACCEPTABLE} it may not be released")
    if not faults and int(row["residual_risk"]) >= ACCEPTABLE and not row["site"]:
        faults.append("residual risk 3 without a word to the site")
    return faults


def row_faults(row, number):
    faults = [] if row["id"] == f"H-{number:02d}" else [f"the id is {row['id']}, expected H-{number:02d}"]
    faults += [f"{name} is empty" for name in COLUMNS if not row[name].strip() and name not in MAY_BE_EMPTY]
    faults += risk_faults(row)
    tests = row["tests"].split()
    faults += [fault for fault in map(test_fault, tests) if fault]
    if len(tests) != len(set(tests)):
        faults.append("a test stands twice")
    return faults


def main():
    lines = [line for line in LOG.read_text().splitlines() if line and not line.startswith("#")]
    faults, shown = [], set()
    if lines[0].split("\t") != COLUMNS:
        faults.append(f"{LOG.name}: the columns are {' '.join(COLUMNS)}")
    for number, line in enumerate(lines[1:], 1):
        fields = line.split("\t")
        if len(fields) != len(COLUMNS):
            faults.append(f"{LOG.name}: line {number}: {len(fields)} fields, expected {len(COLUMNS)}")
            continue
        row = dict(zip(COLUMNS, fields))
        shown.update(row["tests"].split())
        faults += [f"{LOG.name}: {row['id']}: {fault}" for fault in row_faults(row, number)]
    ids = {line.split("\t")[0] for line in lines[1:]}
    for page in sorted(LOG.parent.glob("*.md")):
        named = set(re.findall(r"\bH-\d+\b", page.read_text()))
        faults += [f"{page.name}: there is no {name}" for name in sorted(named - ids)]
    for fault in faults:
        print(fault)
    print(f"{len(lines) - 1} hazards, {len(shown)} tests named, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
