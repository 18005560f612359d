#!/usr/bin/env python3
"""`kill -9` at random moments: nothing acknowledged is lost, nothing is written twice.

    kill9.py --medreview PROGRAM [--patients N] [--rounds N] [--kills N] [--seed N]

The same story is told twice, each time to a sandbox and a service of its own: patients come, and in every round each of
them changes once (a medicine starts, stops, is deleted, a diagnosis or a result comes, somebody takes or rejects the Task).
The first time nobody disturbs the service, and what stands on the FHIR server after each round is written down. The
second time the service is killed and started again at random moments, `kills` times a round; then too, by rest-hooks
and catch-up alone, the server must come to stand as written down: the same DetectedIssues and Tasks, with the same
content and the same number of versions. At the end nothing is parked, no lease is left and no finding is there twice.

One change a patient and round, because a review that sees two changes at once rightly never writes what was true in
between. Polling is done at start only (poll.interval_s 0), so that it cannot cover for a lost event.
"""
import argparse
import json
import pathlib
import random
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "app"))
from running import (Run, Sandbox, Service, check, check_equal, free_port, patient, short,  # noqa: E402
                     statement, stop_all, until)

FINDING, REVIEW_TASK = (f"https://medreview.example.org/id/{kind}" for kind in ("finding", "review-task"))
ROUND_S = 90  # for a round's reviews; a sandbox repeats a delivery for 60 s
MEDICINES = [("", name) for name in (
    "Naproxen 500mg tablets", "Ibuprofen 400mg tablets", "Omeprazole 20mg gastro-resistant capsules",
    "Warfarin 5mg tablets", "Aspirin 75mg dispersible tablets", "Clopidogrel 75mg tablets", "Methotrexate 2.5mg tablets",
    "Amitriptyline 50mg tablets", "Oxybutynin 5mg tablets", "Propranolol 40mg tablets", "Bisoprolol 5mg tablets",
    "Furosemide 40mg tablets", "Ramipril 5mg capsules", "Amiodarone 200mg tablets", "Paracetamol 500mg tablets",
    "Zyxxoplatt 12mg tablets")]
DIAGNOSES = [("195967001", "Asthma"), ("13200003", "Peptic ulcer"), ("84114007", "Heart failure")]


# --- the story ------------------------------------------------------------------------------------------------------

class Person:
    """What has happened to one patient so far; decides what happens next. Depends on the seed alone."""

    def __init__(self, number, seed):
        self.id = f"k{number:03d}"
        self.chance = random.Random(f"{seed}/{number}")
        self.active, self.stopped, self.serial = {}, [], 0
        self.born = f"{self.chance.randint(1935, 1975)}-0{self.chance.randint(1, 9)}-15"

    def next_id(self, kind):
        self.serial += 1
        return f"{self.id}-{kind}{self.serial}"

    def starts(self):
        identity, product = self.next_id("m"), self.chance.choice(MEDICINES)
        self.active[identity] = product
        return statement(identity, self.id, product, start=f"2026-10-{self.chance.randint(10, 28)}")

    def arrival(self):
        resources = [patient(self.id, self.born)] + [self.starts() for _ in range(self.chance.randint(0, 4))]
        return [("PUT", f"/{r['resourceType']}/{r['id']}", r) for r in resources]

    def change(self):
        """(method, path, body); or ("TASK", status, None): what a person does to the open Task, if there is one."""
        kind = self.chance.choices(("start", "stop", "delete", "dose", "again", "diagnosis", "result", "note", "accepted", "rejected"),
                                   (34, 16, 8, 8, 6, 6, 8, 6, 4, 4))[0]
        if kind in ("accepted", "rejected"):
            return "TASK", kind, None
        if kind == "diagnosis":
            code, text = self.chance.choice(DIAGNOSES)
            return self.put({"resourceType": "Condition", "id": self.next_id("c"), "subject": {"reference": f"Patient/{self.id}"},
                             "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]},
                             "code": {"coding": [{"system": "http://snomed.info/sct", "code": code}], "text": text}})
        if kind == "result":
            return self.put({"resourceType": "Observation", "id": self.next_id("o"), "status": "final",
                             "subject": {"reference": f"Patient/{self.id}"}, "effectiveDateTime": "2026-11-0" + str(self.chance.randint(1, 9)),
                             "code": {"coding": [{"system": "http://snomed.info/sct", "code": "1011481000000105"}], "text": "eGFR"},
                             "valueQuantity": {"value": self.chance.randint(15, 90), "unit": "mL/min/1.73m2"}})
        if kind == "again" and self.stopped:
            identity, product = self.stopped.pop(self.chance.randrange(len(self.stopped)))
            self.active[identity] = product
            return self.put(statement(identity, self.id, product, start="2026-11-01"))
        if kind in ("start", "again") or not self.active:
            return self.put(self.starts())
        identity = self.chance.choice(sorted(self.active))
        if kind == "dose":
            return self.put(statement(identity, self.id, self.active[identity], start="2026-11-02", dosage=[{"text": "one twice a day"}]))
        if kind == "note":
            return self.put(statement(identity, self.id, self.active[identity], start="2026-11-03", note=[{"text": f"seen {self.serial}"}]))
        product = self.active.pop(identity)
        if kind == "delete":
            return "DELETE", f"/MedicationStatement/{identity}", None
        self.stopped.append((identity, product))
        return self.put(statement(identity, self.id, product, status="stopped", start="2026-11-01"))

    @staticmethod
    def put(resource):
        return "PUT", f"/{resource['resourceType']}/{resource['id']}", resource


def story(options):
    """Rounds of (patient id, requests). The first one brings the patients."""
    people = [Person(n, options.seed) for n in range(options.patients)]
    rounds = [[(p.id, p.arrival()) for p in people]]
    for number in range(options.rounds):
        order = people[:]
        random.Random(f"{options.seed}/round {number}").shuffle(order)
        rounds.append([(p.id, [p.change()]) for p in order])
    return rounds


# --- the stage ------------------------------------------------------------------------------------------------------

class Stage:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.sandbox = Sandbox(program, folder)
        self.port = free_port()
        self.service, self.starts = None, 0

    def start(self):
        """Does not wait: events and the next kill may come while it starts."""
        self.starts += 1
        self.service = Service(self.program, self.folder, self.sandbox.base, {
            "listen": f"127.0.0.1:{self.port}", "subscription.endpoint": f"http://127.0.0.1:{self.port}/notify",
            "poll.interval_s": "0", "clock.as_of": "2026-11-21", "debounce.quiet_ms": "30", "debounce.max_ms": "150"},
            wait=False, name="serve")
        self.service.url = f"http://127.0.0.1:{self.port}"

    def ready(self):
        self.service.alive_or_fail("medreview serve")
        return self.service.ready()

    def kill(self):
        self.service.stop(signal.SIGKILL)

    def act(self, whose, requests):
        """One patient's part of a round, at once: a patient arrives as one transaction."""
        if len(requests) > 1:
            entries = [{"request": {"method": m, "url": path[1:]}, "resource": body} for m, path, body in requests]
            self.sandbox.send("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": entries})
            return
        method, path, body = requests[0]
        if method == "TASK":
            for task in self.sandbox.all("Task", f"&subject=Patient/{whose}"):
                if task["status"] == "requested":
                    self.sandbox.put({**task, "status": path}, {"If-Match": f'W/"{task["meta"]["versionId"]}"'})
        else:
            self.sandbox.send(method, path, body)

    def findings(self):
        """What the service wrote, without the times of reviews."""
        found = {}
        for kind in ("DetectedIssue", "Task"):
            for resource in self.sandbox.all(kind):
                version = resource["meta"].pop("versionId")
                del resource["meta"]["lastUpdated"]
                for time_of_review in ("identifiedDateTime", "authoredOn", "lastModified"):
                    resource.pop(time_of_review, None)
                found[f"{kind}/{resource['id']}"] = (version, json.dumps(resource, sort_keys=True))
        return found


def differences(found, expected):
    out = []
    for name in sorted(found.keys() | expected.keys()):
        if name not in found:
            out.append(f"{name} is missing: {short(expected[name][1], 300)}")
        elif name not in expected:
            out.append(f"{name} is too many: {short(found[name][1], 300)}")
        elif found[name] != expected[name]:
            out.append(f"{name}: expected version {expected[name][0]} {short(expected[name][1], 900)}, "
                       f"found version {found[name][0]} {short(found[name][1], 900)}")
    return out


def same(stage, expected):
    different = differences(stage.findings(), expected)
    check(not different, f"{len(different)} differ, such as {different[:1]}")
    return True


def undisturbed(program, folder, rounds):
    """What stands on the server after each round when everybody was reviewed."""
    stage = Stage(program, folder)
    try:
        stage.start()
        until(stage.ready, "ready")
        states = []
        for part in rounds:
            for whose, requests in part:
                stage.act(whose, requests)
            for whose, _ in part:
                answer = stage.service.post(f"/api/v1/patients/{whose}/review")
                check_equal(answer.status, 202, f"asking for a review of {whose}")
            until(stage.service.quiet, "the queue is empty", ROUND_S)
            states.append(stage.findings())
        check_equal(stage.service.stop(), 0, "exit code")
        return states
    finally:
        stop_all(stage.service, stage.sandbox)


class Disturbed:
    def __init__(self, program, folder, rounds, states, options):
        self.rounds, self.states, self.options = rounds, states, options
        self.stage = Stage(program, folder)
        self.chance = random.Random(f"{options.seed}/kills")
        self.kills = 0

    def kill_and_start(self):
        self.stage.kill()
        self.kills += 1
        self.stage.start()

    def one_round(self, number, part):
        moments = sorted(self.chance.sample(range(2 * len(part)), min(self.options.kills, 2 * len(part))))
        for step in range(2 * len(part)):
            if step in moments:
                self.kill_and_start()
            if step < len(part):
                self.stage.act(*part[step])
            else:
                time.sleep(0.01)  # the second half of the kills falls into the time of the reviews
        until(lambda: same(self.stage, self.states[number]), f"round {number} stands as undisturbed", ROUND_S, every=0.1)

    def run(self):
        self.stage.start()
        until(self.stage.ready, "ready")
        for number, part in enumerate(self.rounds):
            self.one_round(number, part)
        # A kill between a write and its settlement leaves a review to repeat: it writes nothing, which the version says.
        until(self.stage.service.quiet, "the queue is empty", ROUND_S)
        return f"{self.kills} kills in {len(self.rounds)} rounds"

    def ends_as_undisturbed(self):
        different = differences(self.stage.findings(), self.states[-1])
        check(not different, f"{len(different)} differ, such as {different[:1]}")
        open_issues = sum('"preliminary"' in text for _, text in self.states[-1].values())
        check(open_issues > self.options.patients / 4, f"the story raises too little to show anything: {open_issues} open issues")
        return f"{len(self.states[-1])} resources, {open_issues} open issues"

    def no_duplicates(self):
        for kind, system in (("DetectedIssue", FINDING), ("Task", REVIEW_TASK)):
            values = [i["value"] for r in self.stage.sandbox.all(kind) for i in r["identifier"] if i["system"] == system]
            check(len(values) >= 1, f"no {kind} has an identifier {system}")
            check_equal(len(values), len(set(values)), f"{kind} by identifier")
        metrics = self.stage.service.get("/metrics").body.decode()
        check("\nmedreview_duplicates_found_total 0\n" in metrics, "the service counted duplicates")

    def nothing_parked(self):
        check_equal(self.stage.service.get("/api/v1/parked").json["items"], [], "parked patients")

    def orderly_end(self):
        check_equal(self.stage.service.stop(), 0, "exit code after SIGTERM")
        check_equal(self.stage.service.rows("SELECT patient,state FROM queue WHERE state<>0 OR wanted<>done"), [], "rows that are not idle")
        check_equal(self.stage.service.rows("SELECT * FROM hint"), [], "notices that are not resolved")
        check_equal(self.stage.service.rows("PRAGMA integrity_check"), [("ok",)], "the store's file")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--medreview", required=True)
    parser.add_argument("--patients", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=9, help="beside the one that brings the patients")
    parser.add_argument("--kills", type=int, default=3, help="a round")
    parser.add_argument("--seed", type=int, default=20261121)
    options = parser.parse_args()
    program = str(pathlib.Path(options.medreview).resolve())
    run = Run()
    rounds = story(options)
    print(f"seed {options.seed}, {options.patients} patients, {sum(len(part) for part in rounds)} events", flush=True)
    states = []

    def first():
        states.extend(undisturbed(program, run.folder("undisturbed"), rounds))
        return f"{len(states[-1])} resources"
    run.test("undisturbed", first)
    if len(states) == len(rounds):
        disturbed = Disturbed(program, run.folder("killed"), rounds, states, options)
        try:
            for name, function in (("killed again and again, every round stands as undisturbed", disturbed.run),
                                   ("ends as undisturbed, version by version", disturbed.ends_as_undisturbed),
                                   ("no finding and no Task twice", disturbed.no_duplicates),
                                   ("nothing parked", disturbed.nothing_parked),
                                   ("an orderly end, no lease", disturbed.orderly_end)):
                run.test(name, function)
        finally:
            stop_all(disturbed.stage.service, disturbed.stage.sandbox)
    return run.finish()


if __name__ == "__main__":
    sys.exit(main())
