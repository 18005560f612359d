#!/usr/bin/env python3
"""The service as an operator meets it: start, events, a FHIR server that is away, SIGTERM, logs, memory, exit codes.

    service_test.py --medreview PROGRAM

The real binary with an SQLite store, against `medreview sandbox`; a proxy between them sees and holds what passes.
"""
import argparse
import json
import pathlib
import re
import signal
import sqlite3
import sys

import reload_cases
from running import (NAPROXEN, OMEPRAZOLE, Proxy, Run, Sandbox, Service, Skipped, call, check, check_equal, clean_environment,
                     free_port, patient, short, spawn, statement, stop_all, until, environment_name, SITE_KEY)

MIB = 1 << 20
RSS_MB = 30  # of the idle service: the aim
QUEUE_IDLE, QUEUE_LEASED = 0, 2  # docs/store.md


class Scene:
    """Sandbox and service, ended whatever happens."""

    def __init__(self, program, folder, keys=None, proxied=False):
        self.program, self.folder, self.keys = program, folder, keys or {}
        self.sandbox = Sandbox(program, folder)
        self.proxy = Proxy(self.sandbox.base) if proxied else None
        self.service = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        stop_all(self.proxy, self.service, self.sandbox)

    def start(self, keys=None):
        base = self.proxy.base if self.proxy else self.sandbox.base
        self.service = Service(self.program, self.folder, base, {**self.keys, **(keys or {})})
        self.service.wait_ready()
        return self.service

    def known_to_the_store(self, reference):
        kind, identity = reference.split("/")
        return self.service.rows("SELECT 1 FROM queue WHERE patient=?1 UNION SELECT 1 FROM hint WHERE type=?2 AND id=?1",
                                 identity, kind)


# --- events ---------------------------------------------------------------------------------------------------------

def an_event_becomes_a_task(program, folder):
    """The main job, driven by the server's own Subscription."""
    port = free_port()
    with Scene(program, folder, {"listen": f"127.0.0.1:{port}", "subscription.endpoint": f"http://127.0.0.1:{port}/notify"}) as s:
        service = s.start()
        until(lambda: len([x for x in s.sandbox.all("Subscription") if x["status"] == "active"]) == 7, "Subscriptions are active")
        s.sandbox.put(patient("ev1"))
        s.sandbox.put(statement("ev1-m1", "ev1", NAPROXEN))
        task = until(lambda: s.sandbox.all("Task", "&subject=Patient/ev1"), "a Task")[0]
        check_equal(task["status"], "requested", "its status")
        s.sandbox.put(statement("ev1-m1", "ev1", NAPROXEN, status="stopped"))
        until(lambda: s.sandbox.read(f"Task/{task['id']}")["status"] == "cancelled", "the Task is cancelled")
        until(service.quiet, "the queue is empty")
        check_equal(service.stop(), 0, "exit code")


def every_form_of_a_notice(program, folder):
    with Scene(program, folder, proxied=True) as s:
        # Long quiet time, and a FHIR server that does not answer: what a notice recorded stays to be seen.
        service = s.start({"debounce.quiet_ms": "60000", "debounce.max_ms": "60000", "poll.interval_s": "0"})
        s.proxy.hold()
        resource = json.dumps(statement("m", "whole", NAPROXEN)).encode()
        seen = "queue WHERE patient=?", "hint WHERE type || '/' || id=?"
        for what, method, path, body, where, key in (
                ("a full resource by POST", "POST", "/notify", resource, seen[0], "whole"),
                ("by PUT with type and id behind the endpoint, as HAPI sends", "PUT", "/notify/MedicationStatement/m",
                 resource.replace(b"whole", b"tail"), seen[0], "tail"),
                ("PUT with a tail and no body", "PUT", "/notify/MedicationStatement/m-empty", b"", seen[1], "MedicationStatement/m-empty"),
                ("DELETE with a tail", "DELETE", "/notify/Condition/c-gone", b"", seen[1], "Condition/c-gone"),
                ("type and id only", "POST", "/notify", b'{"resourceType":"Observation","id":"o-only"}', seen[1], "Observation/o-only"),
                ("a Patient by its tail", "POST", "/notify/Patient/by-tail", b"", seen[0], "by-tail"),
                ("the source named", "POST", "/notify/default/Patient/by-source", b"", seen[0], "by-source")):
            answer = call_notify(service, method, path, body)
            check_equal((answer.status, answer.body), (204, b""), what)
            check(service.rows(f"SELECT 1 FROM {where}", key), f"{what}: 204, and {key} is not in the store")
        for what, path, body, headers, expected in (
                ("garbage", "/notify", b"\x00\xff not JSON", {}, 400),
                ("cut off", "/notify", resource[:-20], {}, 400),
                ("JSON that is no resource", "/notify", b'{"hello": 1}', {}, 400),
                ("deeper than any resource", "/notify", b"[" * 5000 + b"]" * 5000, {}, 413),
                ("a tail that is no type and id", "/notify/MedicationStatement/../m", b"", {}, 400),
                ("XML by its type", "/notify", b"x", {"Content-Type": "application/fhir+xml"}, 415),
                ("XML by its look", "/notify", b"<Patient xmlns='http://hl7.org/fhir'/>", {}, 415),
                ("more than 4 MiB", "/notify", b" " * (4 * MIB + 1), {}, 413),
                ("another source", "/notify/elsewhere", b"", {}, 404)):
            answer = call_notify(service, "POST", path, body, headers)
            check_equal(answer.status, expected, what)
            check_equal(answer.json["status"], expected, f"{what}: problem+json")
        check_equal(service.rows("SELECT count(*) FROM queue")[0][0], 4, "patients in the queue: what was refused left nothing")


def call_notify(service, method, path, body=b"", headers=None):
    return call(method, service.url + path, body, {"Content-Type": "application/fhir+json", **(headers or {})})


def durable_before_204(program, folder):
    """Killed right after the 204, the notice is there at the next start; a store that cannot write is a 503."""
    with Scene(program, folder) as s:
        keys = {"debounce.quiet_ms": "60000", "debounce.max_ms": "60000"}
        service = s.start(keys)
        s.sandbox.put(patient("du1"))
        s.sandbox.put(statement("du1-m1", "du1", NAPROXEN))
        check_equal(call_notify(service, "POST", "/notify/Patient/du1").status, 204, "notice")
        service.stop(signal.SIGKILL)
        check(service.rows("SELECT 1 FROM queue WHERE patient='du1' AND wanted>done"), "acknowledged, and lost by a SIGKILL")
        service = s.start(keys)
        with sqlite3.connect(service.store, isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")  # another program writes: ours cannot
            answer = call_notify(service, "POST", "/notify/Patient/du2")
            other.execute("ROLLBACK")
        other.close()
        check_equal((answer.status, answer.headers.get("retry-after")), (503, "30"), "a notice while the store cannot write")
        check(not s.known_to_the_store("Patient/du2"), "503, and yet stored")
        check_equal(call_notify(service, "POST", "/notify/Patient/du2").status, 204, "the same notice, sent again")
        check(s.known_to_the_store("Patient/du2"), "204, and not stored")


def replays_write_nothing(program, folder):
    with Scene(program, folder, proxied=True) as s:
        service = s.start()
        s.sandbox.put(patient("re1"))
        s.sandbox.put(statement("re1-m1", "re1", NAPROXEN))
        call_notify(service, "POST", "/notify/Patient/re1")
        until(lambda: s.sandbox.all("Task"), "a Task")
        until(service.quiet, "the queue is empty")
        seen = len(s.proxy.seen)
        for _ in range(10):
            call_notify(service, "POST", "/notify/Patient/re1")
            until(service.quiet, "the queue is empty")
        after = s.proxy.seen[seen:]
        check(len(after) >= 10, f"it was not reviewed again: {len(after)} requests")
        check_equal({method for method, path in after if "_search" not in path}, {"GET"}, "methods after the first review")


# --- a FHIR server that comes and goes ------------------------------------------------------------------------------

def ready_when_the_server_is(program, folder):
    port = free_port()
    sandbox = service = None
    try:
        service = Service(program, folder, f"http://127.0.0.1:{port}/fhir")
        check_equal(service.get("/healthz").status, 200, "/healthz without a FHIR server")
        away = service.get("/readyz")
        check_equal((away.status, away.json["ready"]), (503, False), "/readyz without a FHIR server")
        # The first reason stands before anything was tried; the one after it says what came of trying.
        reason = until(lambda: [r for r in service.get("/readyz").json["reasons"] if "default: " in r and "not reached yet" not in r],
                       "a reason that names the source and what went wrong")[0]
        check_equal(call_notify(service, "POST", "/notify/Patient/aw1").status, 204, "a notice meanwhile")
        sandbox = Sandbox(program, folder, f"127.0.0.1:{port}")
        sandbox.put(patient("aw1"))
        sandbox.put(statement("aw1-m1", "aw1", NAPROXEN))
        check_equal(service.wait_ready()["reasons"], [], "reasons when ready")
        until(lambda: sandbox.all("Task"), "the notice of that time is reviewed")
        sandbox.stop()
        # Events make it notice that the server has gone again.
        until(lambda: call_notify(service, "POST", "/notify/Patient/aw1").status == 204 and service.get("/readyz").status == 503,
              "not ready when the server has gone again")
        return reason
    finally:
        stop_all(service, sandbox)


# --- the end --------------------------------------------------------------------------------------------------------

def leases(service):
    return service.rows("SELECT patient FROM queue WHERE state=? OR lease_until_ms>0 AND state<>?", QUEUE_LEASED, QUEUE_IDLE)


def under_way(s, service, n):
    """n reviews that wait for the FHIR server, which is held."""
    for i in range(n):
        s.sandbox.put(patient(f"dr{i}"))
        s.sandbox.put(statement(f"dr{i}-m1", f"dr{i}", NAPROXEN))
    s.proxy.hold()
    for i in range(n):
        check_equal(call_notify(service, "POST", f"/notify/Patient/dr{i}").status, 204, "notice")
    until(lambda: s.proxy.held >= n, "every review waits for the FHIR server")
    check_equal(len(service.rows("SELECT 1 FROM queue WHERE state=?", QUEUE_LEASED)), n, "leases before SIGTERM")


def drain_hands_back(program, folder):
    """SIGTERM, and the FHIR server does not answer: after drain_ms the work is handed back and done at the next start."""
    with Scene(program, folder, {"drain_ms": "300", "poll.interval_s": "0"}, proxied=True) as s:
        service = s.start()
        under_way(s, service, 5)
        check_equal(service.stop(), 0, "exit code")
        check_equal([p.name for p in folder.glob("*.db*")], ["medreview.db"], "what stays of the store after an orderly stop")
        check_equal(leases(service), [], "leases after the end")
        due = service.rows("SELECT patient FROM queue WHERE wanted>done ORDER BY patient")
        check_equal(due, [(f"dr{i}",) for i in range(5)], "due again")
        s.proxy.let_go()
        service = s.start()
        until(lambda: len(s.sandbox.all("Task")) == 5, "all are reviewed after the next start")
        check_equal(service.stop(), 0, "exit code")


def drain_lets_finish(program, folder):
    """SIGTERM, and the FHIR server answers in time: the reviews under way are finished, new requests are not taken."""
    with Scene(program, folder, {"drain_ms": "60000", "poll.interval_s": "0"}, proxied=True) as s:
        service = s.start()
        under_way(s, service, 5)
        service.process.send_signal(signal.SIGTERM)
        until(lambda: service.get("/healthz").status == 0, "the listener is closed")
        check(not service.ended(), "ended before the reviews did")
        s.proxy.let_go()
        check_equal(service.process.wait(60), 0, "exit code")
        check_equal(leases(service), [], "leases after the end")
        check_equal(service.rows("SELECT patient FROM queue WHERE wanted>done"), [], "due after the end")
        check_equal(len(s.sandbox.all("Task")), 5, "Tasks")
        log = service.errors()
        check("service.stopping" in log, "the log does not say that it was stopping")


def twice_is_at_once(program, folder):
    """A second SIGTERM ends at once; what was under way is due at the next start."""
    with Scene(program, folder, {"drain_ms": "60000", "poll.interval_s": "0"}, proxied=True) as s:
        service = s.start()
        under_way(s, service, 2)
        service.process.send_signal(signal.SIGTERM)
        until(lambda: service.get("/healthz").status == 0, "the listener is closed")
        check_equal(service.stop(), 3, "exit code after the second SIGTERM")
        s.proxy.let_go()
        s.start()
        until(lambda: len(s.sandbox.all("Task")) == 2, "both are reviewed after the next start")


# --- refusals at start ----------------------------------------------------------------------------------------------

def one_store_one_service(program, folder):
    with Scene(program, folder) as s:
        first = s.start()
        second = Service(program, folder, s.sandbox.base, name="second", wait=False)
        check_equal(second.process.wait(30), 3, "exit code of the second instance")
        check(str(first.process.pid) in second.errors(), f"it does not name the pid of the first: {second.errors()}")
        check_equal(first.get("/healthz").status, 200, "the first one")


def refused_with_exit_code(program, folder):
    """What it says, and 2 for what the operator wrote, 3 for what the machine could not."""
    taken = free_port()
    (folder / "not-a-database").write_text("hello, this is a text and not a database\n" * 100)
    with Scene(program, folder) as s:
        s.start({"listen": f"127.0.0.1:{taken}"})
        base = {"fhir.base_url": s.sandbox.base, "fhir.allow_http": "true", "site.key": SITE_KEY, "listen": "127.0.0.1:0", "store": "memory:"}
        for expected, word, change in (
                (2, "fhir.base_url", {"fhir.base_url": "ftp://x"}),
                (2, "site.key", {"site.key": None}),
                (2, "write.mode", {"write.mode": "sometimes"}),
                (2, "knowledge.disabled: there is no rule \"PIN-Z\"", {"knowledge.disabled": '["PIN-Z"]'}),
                (2, "timezone: \"Europe/Londn\"", {"timezone": "Europe/Londn"}),
                (2, "listen", {"listen": "localhost"}),
                (2, "MEDREVIEW_LISTN", {"listn": "127.0.0.1:0"}),
                (2, "serve: store: expected", {"store": "oracle:x"}),
                (2, "knowledge.dir: /nowhere/at/all", {"knowledge.dir": "/nowhere/at/all"}),
                (3, f"127.0.0.1:{taken}", {"listen": f"127.0.0.1:{taken}"}),
                (3, "/nowhere/at/all", {"store": "sqlite:/nowhere/at/all.db"}),
                (2, "serve: store: /", {"store": f"sqlite:{folder}/not-a-database"}),
                (2, "fhir.ca_file: /nowhere/ca.pem", {"fhir.ca_file": "/nowhere/ca.pem"})):
            env = {environment_name(k): v for k, v in {**base, **change}.items() if v is not None}
            check_exit(program, folder, ["serve"], env, expected, word)
        check_exit(program, folder, ["serve", "--config", "/nowhere.json"], {}, 2, "/nowhere.json")
        check_exit(program, folder, ["serve", "--no-such-option"], {}, 2, "--no-such-option")
        env = {environment_name(k): v for k, v in base.items()}
        check_exit(program, folder, ["serve", "--check-config"], env, 0, "accepted")
        check_exit(program, folder, ["serve", "--check-config"], {**env, "MEDREVIEW_FHIR_ALLOW_HTTP": "false"}, 2, "fhir.allow_http")
        check_exit(program, folder, ["no-such-command"], {}, 2, "no-such-command")


def check_exit(program, folder, arguments, env, expected, word):
    path = folder / "refused"
    with open(path, "wb") as out:
        process = spawn([program, *arguments], folder, clean_environment(env), out, out)
    code, text = process.wait(30), path.read_text()
    check_equal(code, expected, f"exit code of {arguments} with {env}: {short(text)}")
    check(word in text, f"{arguments}: \"{word}\" is not in: {short(text)}")
    check(SITE_KEY not in text, f"{arguments}: the site key is in the output")


# --- what must not be seen ------------------------------------------------------------------------------------------

def no_patient_data_in_logs(program, folder):
    """At log.level debug, through reviews, parked records, refused notices and a server that goes away."""
    nhs, family, given, product = "9990000018", "Quillfeather", "Ottoline", "Zyxxoplatt 12mg tablets"
    with Scene(program, folder, {"log.level": "debug", "review.max_bytes": str(MIB)}) as s:
        service = s.start()
        identity = "pid-7f3c1d5e"
        s.sandbox.put(patient(identity, name=[{"family": family, "given": [given]}],
                              identifier=[{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": nhs}]))
        s.sandbox.put(statement("sid-51a7bb02", identity, NAPROXEN, note=[{"text": f"asked by {given} {family}"}]))
        s.sandbox.put(statement("sid-51a7bb03", identity, ("", product)))
        big = "pid-0dd0big1"
        s.sandbox.put(patient(big))
        for block in range(4):
            s.sandbox.send("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": [
                {"request": {"method": "PUT", "url": f"MedicationStatement/b{block}-{i}"},
                 "resource": statement(f"b{block}-{i}", big, ("", product + "x" * 900))} for i in range(500)]})
        for each in (identity, big, "pid-nobody-99"):
            call_notify(service, "POST", f"/notify/Patient/{each}")
        call_notify(service, "PUT", "/notify/MedicationStatement/sid-51a7bb02")
        call_notify(service, "DELETE", "/notify/MedicationStatement/sid-unknown-77")
        call_notify(service, "POST", "/notify", f'{{"resourceType":"Patient","id":"pid 7f3c1d5e {family}"}}'.encode())
        service.get(f"/api/v1/patients/{identity}")
        service.get(f"/api/v1/patients/{family}/nothing")
        until(lambda: s.sandbox.all("Task"), "a Task")
        until(service.quiet, "the queue is empty")
        parked = service.get("/api/v1/parked").body.decode()
        metrics = service.get("/metrics").body.decode()
        s.sandbox.stop(signal.SIGKILL)
        call_notify(service, "POST", f"/notify/Patient/{identity}")
        until(lambda: "source.blocked" in service.errors() or service.get("/readyz").status == 503 or "retry" in service.errors(),
              "the lost server shows")
        check_equal(service.stop(), 0, "exit code")
        log = service.errors()
        check("review.done" in log and "pid" not in log.replace('"pid":', ""), "the log holds a patient id, or no review")
        for word in (identity, big, "pid-nobody", nhs, family, given, "Zyxxoplatt", "sid-51a7", "sid-unknown", "Naproxen", "1950-02-01"):
            check(word not in log, f"the log holds {word}: {short([line for line in log.splitlines() if word in line])}")
            check(word not in metrics, f"/metrics holds {word}")
        for word in (nhs, family, given, "Zyxxoplatt"):
            check(word not in parked, f"/api/v1/parked holds {word}")
        lines = [line for line in log.splitlines() if not line.startswith("medreview: listening on ")]
        for line in lines:
            check(set(json.loads(line)) >= {"time", "level", "event"}, f"no event: {line}")
        return f"{len(lines)} log lines"


def shadow_writes_nothing(program, folder):
    with Scene(program, folder, {"write.mode": "shadow"}, proxied=True) as s:
        port = free_port()
        service = s.start({"listen": f"127.0.0.1:{port}", "subscription.endpoint": f"http://127.0.0.1:{port}/notify"})
        s.sandbox.put(patient("sh1"))
        s.sandbox.put(statement("sh1-m1", "sh1", NAPROXEN))
        call_notify(service, "POST", "/notify/Patient/sh1")
        until(lambda: "PIN-A" in service.get("/api/v1/patients/sh1").body.decode(), "a review with the finding")
        until(service.quiet, "the queue is empty")
        check_equal(service.ready()["writeMode"], "shadow", "/readyz")
        check_equal(service.stop(), 0, "exit code")
        writes = [(method, path) for method, path in s.proxy.seen if method != "GET" and not path.endswith("/_search")]
        check_equal(writes, [], "writes to the FHIR server")
        for kind in ("DetectedIssue", "Task", "Device", "Provenance", "Subscription"):
            check_equal(s.sandbox.all(kind), [], kind)


def pinned_clock(program, folder):
    with Scene(program, folder, {"clock.as_of": "2024-02-29"}) as s:
        service = s.start()
        check_equal(service.ready().get("clockPinnedTo"), "2024-02-29", "/readyz")
        s.sandbox.put(patient("cl1"))
        s.sandbox.put(statement("cl1-m1", "cl1", NAPROXEN, start="2024-01-10"))
        call_notify(service, "POST", "/notify/Patient/cl1")
        task = until(lambda: s.sandbox.all("Task"), "a Task")[0]
        check("2024-02-29" in task["description"], f"the Task does not say so: {task['description']}")
        check_equal(task["restriction"]["period"]["end"], "2024-03-28", "due, 4 weeks from the pinned date")
        check(not task["authoredOn"].startswith("2024-02-29"), "authoredOn is the pinned date and not the time of the review")
        check('"as_of":"2024-02-29"' in service.errors(), "the log does not say so")
        metrics = service.get("/metrics").body.decode()
        check("medreview_clock_pinned 1" in metrics.splitlines(), "/metrics does not say so")
        service.stop()
        free = s.start({"clock.as_of": ""})
        check("clockPinnedTo" not in free.ready(), "still said to be pinned")


# --- memory ---------------------------------------------------------------------------------------------------------

def idle_memory(program, folder):
    if b"__asan_init" in pathlib.Path(program).read_bytes() or b"__tsan_init" in pathlib.Path(program).read_bytes():
        raise Skipped("a sanitizer's memory is not ours")
    with Scene(program, folder, {"poll.interval_s": "0"}) as s:
        service = s.start()
        first = service.rss_mb()
        for i in range(50):
            s.sandbox.put(patient(f"me{i}"))
            for k, product in enumerate((NAPROXEN, OMEPRAZOLE)):
                s.sandbox.put(statement(f"me{i}-m{k}", f"me{i}", product, status="active" if k == 0 else "stopped"))
            check_equal(call_notify(service, "POST", f"/notify/Patient/me{i}").status, 204, "notice")
        until(lambda: len(s.sandbox.all("Task")) == 50, "50 Tasks")
        until(service.quiet, "the queue is empty")
        after = service.rss_mb()
        note = f"{first:.1f} MB when ready, {after:.1f} MB after 50 reviews"
        check(first < RSS_MB and after < RSS_MB, f"{note}; at most {RSS_MB}")
        return note


# --- odds and ends --------------------------------------------------------------------------------------------------

def metrics_count(program, folder):
    """Counters say what happened."""
    def value(text, name):
        found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.M)
        check(found, f"/metrics has no {name}")
        return int(found.group(1))

    with Scene(program, folder, {"poll.interval_s": "0"}) as s:
        service = s.start()
        s.sandbox.put(patient("co1"))
        s.sandbox.put(statement("co1-m1", "co1", NAPROXEN))
        call_notify(service, "POST", "/notify/Patient/co1")
        call_notify(service, "POST", "/notify", b"garbage")
        call_notify(service, "POST", "/notify", b'{"resourceType":"Appointment","id":"a1"}')
        until(lambda: s.sandbox.all("Task"), "a Task")
        until(service.quiet, "the queue is empty")
        findings = service.get("/api/v1/patients/co1").json["findings"]
        check("PIN-A" in [x["rule"] for f in findings for x in f["sources"]], "an NSAID without protection")
        text = service.get("/metrics").body.decode()
        for name, expected in (('medreview_events_total{result="accepted"}', 1), ('medreview_events_total{result="refused"}', 1),
                               ('medreview_events_total{result="ignored"}', 1), ('medreview_reviews_total{result="done"}', 1),
                               ("medreview_findings_total", len(findings)), ("medreview_clock_pinned", 0)):
            check_equal(value(text, name), expected, name)
        check(value(text, 'medreview_writes_total{kind="create"}') >= 2, "writes")


TESTS = [
    ("an event becomes a Task, and goes again", an_event_becomes_a_task),
    ("every form of a notice", every_form_of_a_notice),
    ("durable before 204", durable_before_204),
    ("replays write nothing", replays_write_nothing),
    ("ready when the FHIR server is", ready_when_the_server_is),
    ("SIGTERM hands back what cannot finish", drain_hands_back),
    ("SIGTERM lets reviews finish", drain_lets_finish),
    ("a second SIGTERM ends at once", twice_is_at_once),
    ("one store, one service", one_store_one_service),
    ("refused, with exit code and reason", refused_with_exit_code),
    ("no patient data in logs and metrics", no_patient_data_in_logs),
    ("shadow writes nothing", shadow_writes_nothing),
    ("a pinned clock is told", pinned_clock),
    ("memory of the idle service", idle_memory),
    ("counters", metrics_count),
    *reload_cases.CASES,
]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--medreview", required=True)
    parser.add_argument("--only", help="part of a test's name")
    options = parser.parse_args()
    program = str(pathlib.Path(options.medreview).resolve())
    run = Run()
    for number, (name, function) in enumerate(TESTS):
        if not options.only or options.only in name:
            run.test(name, function, program, run.folder(str(number)))
    return run.finish()


if __name__ == "__main__":
    sys.exit(main())
