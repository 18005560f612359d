#!/usr/bin/env python3
"""Does the validator notice what it is there for? Each case spoils one example and must be refused.

A validator that is set up wrongly passes everything; so its silence is worth something only after this.
"""
import argparse
import copy
import json
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
EXAMPLES = HERE.parent.parent / "fhir_profiles" / "examples"


def drop(*path):
    def spoil(resource):
        for step in path[:-1]:
            resource = resource[step]
        del resource[path[-1]]
    return spoil


def put(value, *path):
    def spoil(resource):
        for step in path[:-1]:
            resource = resource[step]
        resource[path[-1]] = value
    return spoil


# name of the case, example, what is done to it
CASES = [
    # the base specification
    ("unknown-element", "detected-issue-one-source", put("x", "subject")),
    ("bad-status", "detected-issue-one-source", put("bogus", "status")),
    ("bad-date", "task-requested", put("21/11/2026", "authoredOn")),
    ("no-intent", "task-requested", drop("intent")),
    ("modified-before-authored", "task-requested", put("2020-01-01T00:00:00Z", "lastModified")),
    ("two-values", "task-requested", put("x", "input", 0, "valueString")),
    ("bundle-without-request", "transaction", drop("entry", 0, "request")),
    ("bundle-bad-entry", "transaction", put("bogus", "entry", 1, "resource", "severity")),
    # our profiles
    ("issue-one-identifier", "detected-issue-one-source", drop("identifier", 1)),
    ("issue-foreign-identifier", "detected-issue-one-source", put("urn:x:y", "identifier", 0, "system")),
    ("issue-short-key", "detected-issue-one-source", put("6f1c", "identifier", 0, "value")),
    ("issue-no-rule", "detected-issue-one-source", drop("code", "coding", 0)),
    ("issue-no-text", "detected-issue-one-source", drop("code", "text")),
    ("issue-no-severity", "detected-issue-one-source", drop("severity")),
    ("issue-no-patient", "detected-issue-one-source", drop("patient")),
    ("issue-no-author", "detected-issue-one-source", drop("author")),
    ("issue-no-detail", "detected-issue-one-source", drop("detail")),
    ("issue-no-source", "detected-issue-one-source", drop("meta", "source")),
    ("issue-status-not-ours", "detected-issue-one-source", put("registered", "status")),
    ("task-no-episode", "task-requested", put("1f0c7b2a9d8e4b6fa1c2d3e4f5a6b7c8", "identifier", 0, "value")),
    ("task-unassessed-as-code", "task-requested",
     put({"type": {"text": "cannot-assess"}, "valueCode": "egfr"}, "input", 2)),
    ("task-stat", "task-requested", put("stat", "priority")),
    ("task-intent-plan", "task-requested", put("plan", "intent")),
    ("task-other-code", "task-requested", put("something-else", "code", "coding", 0, "code")),
    ("task-no-due-date", "task-requested", drop("restriction", "period", "end")),
    ("task-no-completeness", "task-requested", drop("input", 3)),
    ("task-completeness-other", "task-requested", put("perhaps", "input", 3, "valueCode")),
    ("task-finding-as-text", "task-requested",
     put({"type": {"text": "detected-issue"}, "valueString": "x"}, "input", 0)),
    ("task-no-requester", "task-requested", drop("requester")),
    ("task-unknown-state", "task-requested",
     put("unheard-of", "businessStatus", "coding", 0, "code")),
    ("device-one-version", "device", drop("version", 1)),
    ("device-inactive", "device", put("inactive", "status")),
    ("rule-no-facts", "plan-definition", drop("extension")),
    ("rule-urgency-not-ours", "plan-definition", put("tomorrow", "extension", 0, "extension", 5, "valueCode")),
    ("rule-no-harm", "plan-definition", drop("extension", 0, "extension", 6)),
    ("rule-no-condition", "plan-definition", drop("action", 0, "condition")),
    ("rule-no-language", "plan-definition", drop("action", 0, "condition", 0, "expression", "_language")),
    ("rule-no-source", "plan-definition", drop("relatedArtifact")),
]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--keep", help="folder to leave the spoiled examples in")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(options.keep or scratch)
        folder.mkdir(parents=True, exist_ok=True)
        for name, example, spoil in CASES:
            resource = copy.deepcopy(json.loads((EXAMPLES / f"{example}.json").read_text()))
            spoil(resource)
            (folder / f"{name}.json").write_text(json.dumps(resource))
        answer = subprocess.run([HERE / "hapi" / "validate.sh", "--apply-profiles", folder],
                                capture_output=True, text=True, timeout=600)
    refused = {}
    for line in answer.stdout.splitlines():
        place, _, rest = line.partition(": ")
        if rest.startswith(("error", "fatal")):
            refused.setdefault(pathlib.PurePath(place.split("#")[0]).stem, rest)
    failed = 0
    for name, _, _ in CASES:
        if name in refused:
            print(f"ok      refused {name}: {refused[name][:150]}")
        else:
            failed += 1
            print(f"FAILED  {name} was let through")
    if failed:
        print(answer.stderr[-2000:], file=sys.stderr)
    print(f"{len(CASES) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
