#!/usr/bin/env python3
"""End to end: the real `medreview serve` against a real FHIR server.

    e2e.py --fhir BASE --medreview PROGRAM [--only NAME]... [--collect FOLDER] [--keep FOLDER]

The server is anything that speaks FHIR R4 and delivers rest-hooks: HAPI, or `medreview sandbox`. Every scenario
makes its own patient, so they can be run alone, in any order and again on the same server. Nothing waits for a fixed
time: every wait is for a thing to be seen, with a deadline.

--collect writes what the service left on the server (every version of every resource with our tag) to files, for
the validator. --keep keeps the configuration, store and log of the service.
"""
import argparse
import datetime
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid

from lib import Failed, call, check, closing_line, run_named, short, until

BASE_URI = "https://medreview.example.org"
TAG = f"{BASE_URI}/tag"
FINDING = f"{BASE_URI}/id/finding"
CONTENT = f"{BASE_URI}/id/content"
REVIEW_TASK = f"{BASE_URI}/id/review-task"
RULE = f"{BASE_URI}/cs/rule"
OUR_TASK = f"{BASE_URI}/cs/task"
BEARER = "interop-not-a-secret-0123456789abcdef"

# What a review may take, from the write on the server to the findings being there. HAPI alone may need 5 s to send.
REVIEW_S = 30
START_S = 30
SUBSCRIBE_S = 90

NAPROXEN = ("329807003", "Naproxen 500mg tablets")
OMEPRAZOLE = ("317291008", "Omeprazole 20mg gastro-resistant capsules")
PARACETAMOL = ("322236009", "Paracetamol 500mg tablets")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Service:
    """One `medreview serve` with its store; may be stopped, killed and started again on the same store."""

    def __init__(self, program, fhir, folder, site):
        self.program, self.fhir, self.folder = program, fhir, pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.site = site
        self.process = None
        self.url = None

    def start(self, manage=True, poll_s=900):
        """poll_s is long by default, so that what is found was found because the server told us."""
        check(self.process is None, "already started")
        # A new port each time: a delivery that a server still tries to make to the last run cannot be mistaken for
        # something that this run found by itself.
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        config = {
            "listen": f"127.0.0.1:{port}",
            "store": f"sqlite:{self.folder / 'store.db'}",
            "fhir": {"base_url": self.fhir, "allow_http": True},
            "site": {"id": self.site, "base_uri": BASE_URI, "key": "interop-site-key-0123456789abcdef0123456789"},
            "notify": {"bearer": BEARER},
            "subscription": {"manage": manage, "endpoint": f"{self.url}/notify"},
            "poll": {"interval_s": poll_s},
            "debounce": {"quiet_ms": 300, "max_ms": 3000},
            "log": {"level": "debug"},
        }
        path = self.folder / "config.json"
        path.write_text(json.dumps(config, indent=1))
        self.log = open(self.folder / "log", "ab")
        self.process = subprocess.Popen([self.program, "serve", "--config", str(path)], cwd=self.folder,
                                        stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        until(START_S, self.alive, "the service answers on /healthz")

    def alive(self):
        code = self.process.poll()
        if code is not None:
            tail = (self.folder / "log").read_text(errors="replace")[-1500:]
            self.process = None
            raise RuntimeError(f"medreview serve ended with {code}; the end of its log:\n{tail}")
        return call("GET", f"{self.url}/healthz", timeout=5)[0] == 200

    def stop(self, how=signal.SIGTERM, seconds=30):
        """Returns the exit code."""
        process, self.process = self.process, None
        if process is None:
            return None
        process.send_signal(how)
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise Failed(f"the service did not end within {seconds} s of signal {how}")
        finally:
            self.log.close()
        return code

    def notify(self, method="POST", tail="", body=b""):
        """One event, as a FHIR server would send it; the service must take it."""
        status, _, answer = call(method, f"{self.url}/notify{tail}", body,
                                 {"Authorization": f"Bearer {BEARER}"})
        check(status == 204, f"{method} /notify{tail}: {status} {short(answer)}")


class Patient:
    """A patient of one scenario and what the service wrote about them."""

    def __init__(self, fhir, run, name, age=70):
        self.fhir, self.run, self.name = fhir, run, name
        self.id = self.unique("pat")
        born = datetime.date.today() - datetime.timedelta(days=int(age * 365.25) + 100)
        self.put({"resourceType": "Patient", "id": self.id, "active": True, "gender": "female",
                  "birthDate": born.isoformat(), "name": [{"family": "Interop", "given": [name]}]})

    def unique(self, kind):
        # The type is in the id: HAPI's subscription queue cannot hold one id for two resource types.
        return f"e2e-{kind}-{self.name.replace('_', '-')}-{self.run}"

    @property
    def ref(self):
        return f"Patient/{self.id}"

    def put(self, resource, headers=None):
        url = f"{self.fhir}/{resource['resourceType']}/{resource['id']}"
        status, _, body = call("PUT", url, resource, headers)
        check(status in (200, 201), f"PUT {url}: {status} {short(body)}")
        return body

    def read(self, reference):
        status, _, body = call("GET", f"{self.fhir}/{reference}")
        check(status == 200, f"GET {reference}: {status} {short(body)}")
        return body

    def medicine(self, kind, product, status="active", coded=True):
        code, text = product
        started = datetime.date.today() - datetime.timedelta(days=1)
        concept = {"text": text}
        if coded:
            concept["coding"] = [{"system": "http://snomed.info/sct", "code": code, "display": text}]
        resource = {"resourceType": "MedicationStatement", "id": self.unique(f"ms-{kind}"), "status": status,
                    "subject": {"reference": self.ref}, "medicationCodeableConcept": concept,
                    "effectivePeriod": {"start": started.isoformat()}}
        if status in ("stopped", "completed"):
            resource["effectivePeriod"]["end"] = datetime.date.today().isoformat()
        self.put(resource)
        return f"MedicationStatement/{resource['id']}"

    def search(self, kind):
        """Everything of this patient and of this type that carries our tag."""
        url, found, pages = f"{self.fhir}/{kind}?patient={self.id}&_count=100", [], 0
        while url:
            status, _, body = call("GET", url)
            check(status == 200, f"GET {url}: {status} {short(body)}")
            for entry in body.get("entry", []):
                resource = entry["resource"]
                if resource["resourceType"] == kind and is_ours(resource):
                    found.append(resource)
            url = next((link["url"] for link in body.get("link", []) if link["relation"] == "next"), None)
            pages += 1
            check(pages < 20, f"the pages of {kind} do not end")
        return found

    def issues(self, rule=None, status=None):
        return [i for i in self.search("DetectedIssue")
                if (rule is None or rule in rules_of(i)) and (status is None or i["status"] == status)]

    def tasks(self, status=None):
        return [t for t in self.search("Task") if status is None or t["status"] == status]

    def versions(self):
        """(type, id) -> versionId of all that is ours, Provenance counted by its number."""
        state = {(r["resourceType"], r["id"]): r["meta"]["versionId"]
                 for r in self.search("DetectedIssue") + self.search("Task")}
        for kind, ident in list(state):
            _, _, body = call("GET", f"{self.fhir}/{kind}/{ident}/_history?_count=100")
            state[(kind, ident, "versions")] = len(body.get("entry", []))
        return state

    # Waits

    def wait_issue(self, rule="PIN-A", status="preliminary", seconds=REVIEW_S):
        def probe():
            found = self.issues(rule, status)
            check(found, f"of ours: {[(rules_of(i), i['status']) for i in self.issues()] or 'nothing'}")
            return found[0]
        return until(seconds, probe, f"a {status} DetectedIssue with {rule} for {self.id}")

    def wait_task(self, status="requested", seconds=REVIEW_S):
        def probe():
            found = self.tasks(status)
            check(found, f"of ours: {[t['status'] for t in self.tasks()] or 'nothing'}")
            return found[0]
        return until(seconds, probe, f"a {status} Task for {self.id}")


def is_ours(resource):
    return any(t.get("system") == TAG and t.get("code") == "medreview"
               for t in resource.get("meta", {}).get("tag", []))


def rules_of(issue):
    return [c["code"] for c in issue.get("code", {}).get("coding", []) if c.get("system") == RULE]


def identifier(resource, system):
    return [i.get("value") for i in resource.get("identifier", []) if i.get("system") == system]


def findings_named(task):
    return sorted(i["valueReference"]["reference"] for i in task.get("input", [])
                  if i.get("type", {}).get("text") == "detected-issue")


def completeness(task):
    return next((i.get("valueCode") for i in task.get("input", [])
                 if i.get("type", {}).get("text") == "data-completeness"), None)


def day(date):
    return date[:10]


class Scenarios:
    ALL = ["ready", "subscriptions", "nsaid_unprotected", "text_only", "protection_added", "replays", "own_writes",
           "person_accepted", "person_rejected", "never_silent", "downtime", "killed"]

    def __init__(self, program, fhir, folder):
        self.program = os.path.abspath(program)
        self.fhir = fhir.rstrip("/")
        self.folder = pathlib.Path(folder)
        self.run = uuid.uuid4().hex[:8]
        self.service = Service(self.program, self.fhir, self.folder / "service", f"e2e-{self.run}")
        self.note = ""

    def close(self):
        if self.service.process is not None:
            self.service.stop()

    def patient(self, name, age=70):
        return Patient(self.fhir, self.run, name, age)

    def running(self):
        """The service, up and told of changes by the server."""
        if self.service.process is None:
            self.service.start()
        self.subscribed()
        return self.service

    def our_subscriptions(self):
        status, _, body = call("GET", f"{self.fhir}/Subscription?_count=100")
        check(status == 200, f"GET Subscription: {status} {short(body)}")
        return [e["resource"] for e in body.get("entry", [])
                if e["resource"]["resourceType"] == "Subscription"
                and e["resource"]["channel"].get("endpoint", "").startswith(self.service.url + "/notify")]

    def subscribed(self):
        def probe():
            ours = self.our_subscriptions()
            states = {s["criteria"]: s["status"] for s in ours}
            check("MedicationStatement?" in states, f"criteria registered: {sorted(states)}")
            waiting = {c: s for c, s in states.items() if s != "active"}
            check(not waiting, f"not active: {waiting}")
            return ours
        return until(SUBSCRIBE_S, probe, "our Subscriptions are registered and active")

    def passed_through(self, name):
        """Shows that the service has dealt with what came before: another patient's change has become a finding."""
        marker = self.patient(f"{name}-marker")
        marker.medicine("nap", NAPROXEN)
        marker.wait_issue()

    def settled(self, patient):
        """The finding and its Task are written."""
        issue = patient.wait_issue()
        task = patient.wait_task()
        return issue, task

    # The scenarios

    def ready(self):
        service = self.running()
        until(START_S, lambda: call("GET", f"{service.url}/readyz")[0] == 200, "/readyz is 200")
        status, _, body = call("GET", f"{service.url}/metrics", headers={"Accept": "text/plain"})
        check(status == 200, f"/metrics: {status}")
        status, _, body = call("GET", f"{service.url}/fhir/metadata")
        check(status == 200 and body.get("resourceType") == "CapabilityStatement", f"/fhir/metadata: {status}")
        status, _, _ = call("POST", f"{service.url}/notify", b"")
        check(status == 401, f"an event without the bearer is answered {status}, not 401")

    def subscriptions(self):
        self.running()
        for subscription in self.our_subscriptions():
            where = f"{subscription['id']} ({subscription['criteria']})"
            check(subscription.get("reason"), f"{where}: no reason")
            check(subscription["channel"]["type"] == "rest-hook", f"{where}: {subscription['channel']['type']}")
            check(f"Authorization: Bearer {BEARER}" in subscription["channel"].get("header", []),
                  f"{where}: no authorization header")
            check("status=" not in subscription["criteria"], f"{where}: a filter on status misses what is stopped")
        self.note = ", ".join(sorted(s["criteria"] for s in self.our_subscriptions()))

    def nsaid_unprotected(self):
        self.running()
        patient = self.patient("nsaid")
        start = time.monotonic()
        statement = patient.medicine("nap", NAPROXEN)
        issue = patient.wait_issue()
        task = patient.wait_task()
        self.note = f"finding and Task after {time.monotonic() - start:.1f} s, rules {rules_of(issue)}"

        check(issue["status"] == "preliminary", f"status {issue['status']}")
        check(issue["severity"] == "high", f"severity {issue['severity']}")
        check(issue["patient"]["reference"] == patient.ref, f"patient {issue['patient']}")
        check(len(identifier(issue, FINDING)) == 1, f"identifiers {issue.get('identifier')}")
        check(len(identifier(issue, CONTENT)) == 1, f"identifiers {issue.get('identifier')}")
        check(issue["id"] == "mr-di-" + identifier(issue, FINDING)[0], f"id {issue['id']} is not the finding key")
        check(statement in [r.get("reference") for r in issue.get("implicated", [])],
              f"implicated {issue.get('implicated')}")
        check("Sources: " in issue.get("detail", ""), f"detail {issue.get('detail')}")
        author = patient.read(issue["author"]["reference"])
        check(author["resourceType"] == "Device" and is_ours(author), f"author {short(author)}")
        check("mitigation" not in issue, "mitigation belongs to people")

        check(len(patient.tasks()) == 1, f"{len(patient.tasks())} Tasks")
        check(len(identifier(task, REVIEW_TASK)) == 1, f"identifiers {task.get('identifier')}")
        check(task["intent"] == "proposal", f"intent {task['intent']}")
        check(task["priority"] in ("routine", "urgent", "asap"), f"priority {task['priority']}")
        check(task["for"]["reference"] == patient.ref, f"for {task['for']}")
        live = sorted(f"DetectedIssue/{i['id']}" for i in patient.issues(status="preliminary"))
        check(findings_named(task) == live, f"inputs {findings_named(task)}, findings {live}")
        check(task["focus"]["reference"] in live, f"focus {task['focus']}")
        check(completeness(task) == "complete", f"data-completeness {completeness(task)}")
        due, today = task["restriction"]["period"]["end"], datetime.date.today()
        check(today.isoformat() <= day(due) <= (today + datetime.timedelta(days=85)).isoformat(), f"due {due}")
        check("Interop" not in json.dumps(task), "the patient's name is in the Task")

    def text_only(self):
        """A medicine that has a name and no code."""
        self.running()
        patient = self.patient("text")
        patient.medicine("nap", NAPROXEN, coded=False)
        self.settled(patient)

    def protection_added(self):
        self.running()
        patient = self.patient("ppi")
        patient.medicine("nap", NAPROXEN)
        issue, task = self.settled(patient)
        patient.medicine("ome", OMEPRAZOLE)
        gone = patient.wait_issue(status="cancelled")
        check(gone["id"] == issue["id"], "another resource was cancelled than the one that was raised")
        live = patient.issues(status="preliminary")
        if live:
            # Something else may have been found; then the Task stays and names what is left.
            now = patient.read(f"Task/{task['id']}")
            check(now["status"] == "requested", f"Task {now['status']} with live findings {rules_of(live[0])}")
            self.note = f"still live: {[rules_of(i) for i in live]}"
            return
        closed = patient.wait_task("cancelled")
        check(closed["id"] == task["id"], "another Task was cancelled than the one that was raised")
        state = [c.get("code") for c in closed.get("businessStatus", {}).get("coding", [])]
        check(state == ["resolved-by-record-change"], f"businessStatus {state}")
        check(len(patient.tasks()) == 1, f"{len(patient.tasks())} Tasks")

    def replays(self):
        """The same events again, in every form that they come in: nothing new is written."""
        service = self.running()
        patient = self.patient("replay")
        statement = patient.medicine("nap", NAPROXEN)
        self.settled(patient)
        self.passed_through("replay-a")
        before = patient.versions()
        body = json.dumps(patient.read(statement)).encode()
        for _ in range(20):
            service.notify("PUT", f"/{statement}", body)
            service.notify("POST", f"/{statement}", body)
            service.notify("POST", "", body)
        service.notify("PUT", f"/{patient.ref}", json.dumps(patient.read(patient.ref)).encode())
        service.notify("POST", "", b"")
        # A new version of the same medicine that says nothing new.
        touched = patient.read(statement)
        touched.setdefault("note", []).append({"text": "seen at the annual check"})
        patient.put(touched)
        self.passed_through("replay-b")
        after = patient.versions()
        check(before == after, f"before {before}, after {after}")

    def own_writes(self):
        """What we write comes back as events (Task is subscribed to); it must not be reviewed round and round."""
        self.running()
        patient = self.patient("loop")
        patient.medicine("nap", NAPROXEN)
        self.settled(patient)
        self.passed_through("loop-a")
        self.passed_through("loop-b")
        state = patient.versions()
        many = {k: v for k, v in state.items() if len(k) == 3 and v > 1}
        check(not many, f"more than one version: {many}")

    def person_accepted(self):
        """A Task that somebody has taken is theirs, whatever the record does afterwards."""
        self.running()
        patient = self.patient("accepted")
        patient.medicine("nap", NAPROXEN)
        issue, task = self.settled(patient)
        self.passed_through("accepted-a")
        task = patient.read(f"Task/{task['id']}")
        task["status"] = "accepted"
        task["owner"] = {"display": "A. Pharmacist"}
        task.setdefault("extension", []).append({"url": "https://worklist.example.org/colour", "valueCode": "blue"})
        version = task["meta"]["versionId"]
        taken = patient.put(task, {"If-Match": f'W/"{version}"'}) or patient.read(f"Task/{task['id']}")
        patient.medicine("nap", NAPROXEN, status="stopped")
        patient.wait_issue(status="cancelled")
        self.passed_through("accepted-b")
        now = patient.read(f"Task/{task['id']}")
        check(now["meta"]["versionId"] == taken["meta"]["versionId"],
              f"the Task was written: version {taken['meta']['versionId']} became {now['meta']['versionId']}, "
              f"status {now['status']}")
        check(len(patient.tasks()) == 1, f"{len(patient.tasks())} Tasks")

    def person_rejected(self):
        """A dismissed finding is closed and stays away while nothing changes."""
        self.running()
        patient = self.patient("rejected")
        patient.medicine("nap", NAPROXEN)
        issue, task = self.settled(patient)
        self.passed_through("rejected-a")
        task = patient.read(f"Task/{task['id']}")
        task["status"] = "rejected"
        task["statusReason"] = {"text": "on a PPI from the hospital"}
        patient.put(task, {"If-Match": f"W/\"{task['meta']['versionId']}\""})
        patient.wait_issue(status="cancelled")
        patient.medicine("par", PARACETAMOL)
        self.passed_through("rejected-b")
        live = [rules_of(i) for i in patient.issues(status="preliminary")]
        check(not any("PIN-A" in rules for rules in live), f"raised again: {live}")
        check(len([t for t in patient.tasks("requested") if f"DetectedIssue/{issue['id']}" in findings_named(t)]) == 0,
              "a new Task asks for the dismissed finding")

    def never_silent(self):
        """A medicine that nobody knows is said, and what it leaves open is not called certain."""
        self.running()
        patient = self.patient("unknown")
        patient.medicine("odd", ("", "Zyxxoplatt 12mg tablets"), coded=False)
        patient.medicine("nap", NAPROXEN)
        issue = patient.wait_issue()
        task = patient.wait_task()

        def incomplete():
            now = patient.wait_task()
            check(completeness(now) == "incomplete", f"data-completeness {completeness(now)}")
            return now
        until(REVIEW_S, incomplete, "the Task says that the data are incomplete")
        self.note = f"urgency shows as {task['priority']}, rules {rules_of(issue)}"

    def downtime(self):
        """Down while the record changes; back at another address, so that no delivery can reach it: it must look."""
        self.running()
        known = self.patient("down-known")
        known.medicine("nap", NAPROXEN)
        self.settled(known)
        self.passed_through("down-a")
        before = known.versions()
        code = self.service.stop()
        check(code == 0, f"exit code {code} after SIGTERM")
        patient = self.patient("down")
        patient.medicine("nap", NAPROXEN)
        check(not patient.issues(), "somebody else reviewed the patient")
        try:
            self.service.start(manage=False, poll_s=2)
            start = time.monotonic()
            self.settled(patient)
            self.note = f"found {time.monotonic() - start:.1f} s after the return"
            check(known.versions() == before, f"before {before}, after {known.versions()}")
        finally:
            self.service.stop()

    def killed(self):
        """Killed as soon as an event is acknowledged: it is reviewed in the end, once."""
        service = self.running()
        patient = self.patient("killed")
        statement = patient.medicine("nap", NAPROXEN)
        service.notify("PUT", f"/{statement}", json.dumps(patient.read(statement)).encode())
        service.stop(signal.SIGKILL)
        try:
            service.start(manage=False)
            self.settled(patient)
            check(len(patient.issues("PIN-A")) == 1, f"{len(patient.issues('PIN-A'))} findings")
            check(len(patient.tasks()) == 1, f"{len(patient.tasks())} Tasks")
        finally:
            service.stop()


def collect(fhir, folder):
    """Every version of what carries our tag, one Bundle a type."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    total = 0
    for kind in ("DetectedIssue", "Task", "Device", "Provenance"):
        entries, url = [], f"{fhir}/{kind}?_tag={TAG}%7Cmedreview&_count=100"
        while url:
            status, _, body = call("GET", url)
            if status != 200:
                raise Failed(f"GET {url}: {status} {short(body)}")
            for entry in body.get("entry", []):
                resource = entry["resource"]
                if resource["resourceType"] != kind or not is_ours(resource):
                    continue
                status, _, history = call("GET", f"{fhir}/{kind}/{resource['id']}/_history?_count=100")
                versions = [e["resource"] for e in history.get("entry", []) if "resource" in e] \
                    if status == 200 else [resource]
                entries += [{"resource": v} for v in versions]
            url = next((link["url"] for link in body.get("link", []) if link["relation"] == "next"), None)
        bundle = {"resourceType": "Bundle", "type": "searchset", "entry": entries}
        (folder / f"{kind}.json").write_text(json.dumps(bundle, indent=1, ensure_ascii=False))
        print(f"collected {len(entries)} versions of {kind}")
        total += len(entries)
    return total


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fhir", required=True)
    parser.add_argument("--medreview", required=True)
    parser.add_argument("--only", action="append", choices=Scenarios.ALL)
    parser.add_argument("--collect")
    parser.add_argument("--keep")
    options = parser.parse_args()

    # Told to stop by whoever bounds the time: the service that was started must not outlive this.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

    folder = options.keep or tempfile.mkdtemp(prefix="medreview-e2e-")
    scenarios = Scenarios(options.medreview, options.fhir, folder)
    try:
        result = run_named(scenarios, options.only or Scenarios.ALL)
    finally:
        try:
            scenarios.close()
        except Failed as reason:
            print(f"at the end: {reason}")
    if options.collect and collect(options.fhir.rstrip("/"), options.collect) == 0:
        # Else the validator that comes next would find nothing wrong with nothing.
        print("FAILED  collect: nothing on the server carries our tag")
        result = (result[0], result[1] + 1, result[2])
    if result[1]:
        print(f"configuration, store and log of the service: {folder}/service")
    elif not options.keep:
        shutil.rmtree(folder, ignore_errors=True)
    print(closing_line(*result))
    return 1 if result[1] else 0


if __name__ == "__main__":
    sys.exit(main())
