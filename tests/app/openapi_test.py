#!/usr/bin/env python3
"""Holds the running service to openapi/medreview.yaml, and the file to the service.

    openapi_test.py --medreview PROGRAM

Every path and method is called; each answer must be listed with its status, headers, type and schema; each status that
is listed must have been seen, or stand in UNSEEN with the reason; the routes table and the file list the same paths.
"""
import argparse
import contextlib
import hashlib
import hmac
import json
import pathlib
import re
import socket
import sqlite3
import sys

from running import (Answer, NAPROXEN, OMEPRAZOLE, Run, Sandbox, Service, call, check, check_equal, patient, short,
                     statement, stop_all, until)

try:
    from contract import Contract
except ModuleNotFoundError as reason:
    print(f"FAILED needs the Debian package python3-yaml: {reason}\n0 passed, 1 failed")
    sys.exit(1)

TOP = pathlib.Path(__file__).resolve().parents[2]
API = {"Authorization": "Bearer api-token-of-the-tests-0123"}
NOTIFY = {"Authorization": "Bearer notify-token-of-the-tests-0123"}
SECRET = "hmac-secret-of-the-tests-0123"
MIB = 1 << 20

# Listed, and not provoked here: why.
UNSEEN = {
    ("medicationReview", "503"): "memory short, or stopping at that moment",
    **{(name + one, "503"): "memory short"
       for name in ("rulesInFhir", "groupsInFhir", "profilesInFhir") for one in ("", "One")},
    ("notifyResource", "404"): "needs a configuration without the source default: seen for /notify",
    ("notifyResourcePut", "404"): "the same",
    ("notifyResourceDelete", "404"): "the same",
}

# Examples for the parameters of paths.
HERE = {"{source}": "default", "{type}": "MedicationStatement", "{id}": "oa1"}


KNOWLEDGE = {"PlanDefinition": "PIN-A", "ValueSet": "group-nsaid-oral", "StructureDefinition": "medreview-task"}


def fill(template, **other):
    values = {**HERE, **{f"{{{k}}}": v for k, v in other.items()}}
    if template.startswith("/fhir/") and template.endswith("/{id}"):
        values["{id}"] = KNOWLEDGE[template.split("/")[2]]
    return "/".join(values.get(part, part) for part in template.split("/"))


# --- the file by itself ---------------------------------------------------------------------------------------------

def file_is_whole(contract):
    names = [operation["operationId"] for _, _, operation, _ in contract.operations()]
    check(len(names) == len(set(names)), "an operationId stands twice")
    for method, path, operation, parameters in contract.operations():
        where = f"{method} {path}"
        in_path = {p["name"] for p in parameters if p["in"] == "path"}
        check_equal(in_path, set(re.findall(r"{(\w+)}", path)), f"{where}: parameters of the path")
        check(operation.get("summary"), f"{where}: no summary")
        check(operation.get("tags"), f"{where}: no tag")
        for status, response in operation["responses"].items():
            check(contract.resolve(response).get("description"), f"{where}: {status} is not described")
    for schema in contract.schemas():
        walk_schema(contract, schema, set())
    return f"{len(names)} operations"


def walk_schema(contract, schema, done):
    """Each keyword is one that the checker knows; else an answer would pass it unchecked."""
    if "$ref" in schema:
        if schema["$ref"] in done:
            return
        done.add(schema["$ref"])
        schema = contract.resolve(schema)
    for keyword, said in schema.items():
        check(keyword in ("description", "default", "example") or hasattr(contract, "check_" + keyword),
              f"the keyword {keyword} is not known to this test")
        if keyword == "properties":
            for each in said.values():
                walk_schema(contract, each, done)
        elif keyword == "items":
            walk_schema(contract, said, done)


def routes_are_the_same(contract):
    source = (TOP / "service/app/routes.c").read_text()
    table = set(re.findall(r'{"([A-Z]+)", "([^"]+)", (OPEN|API), ', source))
    check(len(table) > 5, "the table was not found in routes.c")
    listed = {(method, path, "API" if contract.secured(operation) else "OPEN")
              for method, path, operation, _ in contract.operations() if not path.startswith("/notify")}
    check_equal(sorted(listed), sorted(table), "paths of the file against the table in routes.c")


# --- the service ----------------------------------------------------------------------------------------------------

class Scene:
    """Sandbox, service with all tokens set, and patients of every kind."""

    def __init__(self, program, folder, contract):
        self.program, self.folder, self.contract = program, folder, contract
        self.sandbox = Sandbox(program, folder)
        self.service = Service(program, folder, self.sandbox.base, {
            "api.bearer": API["Authorization"].split()[1], "notify.bearer": NOTIFY["Authorization"].split()[1],
            "notify.hmac_secret": SECRET, "review.max_bytes": str(MIB), "clock.as_of": "2026-11-21"})
        self.service.wait_ready()

    def ask(self, method, path, expected, body=None, headers=None):
        answer = call(method, self.service.url + path, body, headers)
        name = self.contract.hold(method, path, answer)
        check_equal(answer.status, expected, f"{method} {path[:200]} ({name}), {short(answer.body.decode(errors='replace'), 200)}")
        return answer

    def fill_records(self):
        put = self.sandbox.put
        put(patient("oa1"))
        put(statement("oa1-m1", "oa1", NAPROXEN, dosage=[{"timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}},
            "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "tablet"}}]}]))
        put({"resourceType": "Observation", "id": "oa1-o1", "status": "final", "subject": {"reference": "Patient/oa1"},
             "code": {"coding": [{"system": "http://snomed.info/sct", "code": "1000731000000107"}]},
             "effectiveDateTime": "2026-10-01", "valueQuantity": {"value": 90, "unit": "umol/L"}})
        put(patient("oa2"))
        put(statement("oa2-m1", "oa2", ("", "Zyxxoplatt 12mg tablets")))
        put(statement("oa2-m2", "oa2", OMEPRAZOLE, status="on-hold"))
        put({"resourceType": "MedicationRequest", "id": "oa2-r1", "status": "active", "intent": "order",
             "subject": {"reference": "Patient/oa2"}, "medicationReference": {"reference": "Medication/nowhere"}})
        put(patient("oa3"))  # nothing to say about this one
        put(patient("oa4"))
        put(statement("oa4-m1", "oa4", NAPROXEN))
        put(patient("oa5"))  # too much for review.max_bytes: parked
        for block in range(4):
            entries = [{"request": {"method": "PUT", "url": f"MedicationStatement/oa5-{block}-{i}"},
                        "resource": statement(f"oa5-{block}-{i}", "oa5", ("", "Zyxxoplatt " + "x" * 900))} for i in range(500)]
            self.sandbox.send("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": entries})
        for name in ("oa1", "oa2", "oa3", "oa4", "oa5"):
            self.ask("POST", f"/notify/Patient/{name}", 204, b"", NOTIFY)
        until(self.service.quiet, "all patients are reviewed")
        task = self.sandbox.all("Task", "&subject=Patient/oa4")[0]
        task["status"] = "rejected"
        task = self.sandbox.put(task, {"If-Match": f'W/"{task["meta"]["versionId"]}"'})
        self.ask("POST", "/notify", 204, task, NOTIFY)
        until(lambda: self.service.quiet() and self.ask("GET", "/api/v1/patients/oa4", 200, None, API).json["suppressed"],
              "the dismissed finding is suppressed")


def everybody(scene, method, path, operation):
    """What an operation says without its token, and to HEAD."""
    if scene.contract.secured(operation):
        scene.ask(method, path, 401)
        scene.ask(method, path, 401, None, {"Authorization": "Bearer something else altogether"})
        scene.ask(method, path, 401, None, {"Authorization": "Basic " + "YTpi"})
    if method == "GET":
        whole = scene.ask("GET", path, 200, None, API)
        head = call("HEAD", scene.service.url + path, None, API)
        check_equal((head.status, head.body, head.headers["content-type"]), (200, b"", whole.headers["content-type"]),
                    f"HEAD {path}")


def every_operation_answers(scene):
    for method, template, operation, _ in scene.contract.operations():
        everybody(scene, method, fill(template), operation)


def wrong_methods(scene):
    paths = {}
    for method, template, _, _ in scene.contract.operations():
        paths.setdefault(template, set()).add(method)
    for template, methods in paths.items():
        allowed = methods | ({"HEAD"} if "GET" in methods else set())
        for method in ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
            if method in methods:
                continue
            answer = call(method, scene.service.url + fill(template), None, {**API})
            check_equal(answer.status, 405, f"{method} {template}")
            check_equal(set(answer.headers.get("allow", "").split(", ")), allowed, f"{method} {template}: Allow")
            hold_error(scene.contract, template, answer)


def hold_error(contract, path, answer):
    fhir = path.startswith("/fhir")
    content = {"application/fhir+json": {"schema": {"$ref": "#/components/schemas/OperationOutcome"}}} if fhir else \
        {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    contract.hold_body(answer, content, f"{path}: {answer.status}")
    if not fhir:
        check_equal(answer.json["status"], answer.status, f"{path}: status in the body")


def unknown_paths(scene):
    for path in ("/nowhere", "/fhir", "/fhir/Patient/1", "/fhir/metadata/x", "/api/v1", "/api/v1/worklist/", "/api/v2/worklist",
                 "/healthz/x", "/patients/", "/patients/a/b", "/notifyx", "/%66hir/nothing", "/api/v1/patients/" + "a" * 80):
        answer = call("GET", scene.service.url + path, None, API)
        check_equal(answer.status, 404, f"GET {path}")
        hold_error(scene.contract, path.replace("%66", "f"), answer)


def notifications(scene):
    good = json.dumps({"resourceType": "MedicationStatement", "id": "oa1-m1", "subject": {"reference": "Patient/oa1"}}).encode()
    for method, template, operation, _ in scene.contract.operations():
        if not template.startswith("/notify"):
            continue
        path = fill(template, id="oa1-m1")
        if "requestBody" in operation:
            scene.ask(method, path, 204, good, NOTIFY)
        scene.ask(method, path, 204, b"", NOTIFY)
        scene.ask(method, path, 400, b'{"resourceType": "Medica', NOTIFY)
        scene.ask(method, path, 415, b"<MedicationStatement xmlns='http://hl7.org/fhir'/>",
                  {**NOTIFY, "Content-Type": "application/fhir+xml"})
        many = [{"eventType": "Microsoft.HealthcareApis.FhirResourceUpdated", "data":
                 {"resourceType": "Condition", "resourceFhirId": f"c{i}"}} for i in range(10001)]
        scene.ask(method, path, 413, json.dumps(many).encode(), NOTIFY)
        if "{source}" in template:
            scene.ask(method, fill(template, source="elsewhere"), 404, b"", NOTIFY)


def signatures(scene):
    body = b'{"resourceType": "MedicationStatement", "id": "oa1-m1"}'
    good = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    scene.ask("POST", "/notify", 204, body, {"X-Signature": good})
    scene.ask("POST", "/notify", 204, body, {"X-Signature": "sha256=" + good.upper()})
    scene.ask("POST", "/notify", 401, body + b" ", {"X-Signature": good})
    scene.ask("POST", "/notify", 401, body, {"X-Signature": good[:-1]})
    # The API's token opens no notifications, and the other way round.
    scene.ask("POST", "/notify", 401, body, API)
    scene.ask("GET", "/api/v1/worklist", 401, None, NOTIFY)


def review_operation(scene):
    path = "/fhir/$medication-review"
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [
        {"resource": patient("op1")}, {"resource": statement("op1-m", "op1", NAPROXEN)}]}
    found = scene.ask("POST", path, 200, bundle, API).json
    kinds = sorted(e["resource"]["resourceType"] for e in found["entry"])
    check_equal(kinds, ["DetectedIssue", "Task"], "what a review of one NSAID gives")
    parameters = {"resourceType": "Parameters", "parameter": [{"name": "patient", "resource": bundle}]}
    check_equal(scene.ask("POST", path, 200, parameters, API).json, found, "the same in Parameters")
    alone = scene.ask("POST", path, 200, {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": patient("op1")}]}, API)
    # What could not be assessed may be told.
    kinds = {e["resource"]["resourceType"] for e in alone.json.get("entry", [])}
    check(kinds <= {"GuidanceResponse"}, f"findings without medicines: {kinds}")
    for bad in (b"", b"no JSON", b'{"a": 1}', b"[]", {"resourceType": "Parameters"}, {"resourceType": "Bundle", "entry": [
            {"resource": patient("op1")}, {"resource": patient("op2")}]}):
        scene.ask("POST", path, 400, bad, API)
    large = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": patient("op1")}] + [
        {"resource": statement(f"op1-{i}", "op1", ("", "Zyxxoplatt " + "x" * 900))} for i in range(2000)]}
    answer = scene.ask("POST", path, 413, large, API)
    check_equal(answer.json["resourceType"], "OperationOutcome", "a record beyond review.max_bytes")


def knowledge(scene):
    """The knowledge in FHIR: each type paged to its end gives every resource once, and each can be read."""
    for kind, one in KNOWLEDGE.items():
        seen, path = [], f"/fhir/{kind}?_count=7"
        while path:
            page = scene.ask("GET", path, 200, None, API).json
            check(len(page.get("entry", [])) <= 7, f"{path}: more than asked for")
            seen += [entry["resource"] for entry in page.get("entry", [])]
            path = next((f"/fhir/{link['url']}" for link in page["link"] if link["relation"] == "next"), None)
        ids = [resource["id"] for resource in seen]
        check_equal(len(ids), len(set(ids)), f"{kind}: ids that stand twice")
        check_equal(len(ids), page["total"], f"{kind}: total")
        check(one in ids and all(resource["resourceType"] == kind for resource in seen), f"{kind}: {short(ids)}")
        alone = scene.ask("GET", f"/fhir/{kind}/{one}", 200, None, API).json
        check_equal(alone, seen[ids.index(one)], f"{kind}/{one} by itself")
        found = scene.ask("GET", f"/fhir/{kind}?_id={one}", 200, None, API).json
        check_equal([entry["resource"] for entry in found["entry"]], [alone], f"{kind}?_id={one}")
        for path, total in (("?_id=nobody", 0), ("?_count=0", len(ids)), ("?_offset=999999", len(ids))):
            empty = scene.ask("GET", f"/fhir/{kind}{path}", 200, None, API).json
            check_equal((empty.get("entry"), empty["total"]), (None, total), f"{kind}{path}")
        page = scene.ask("GET", f"/fhir/{kind}?_count=5000", 200, None, API).json
        check(len(page["entry"]) <= 100, f"{kind}: a page beyond bounds")
        scene.ask("GET", f"/fhir/{kind}/nobody", 404, None, API)
        for bad in ("?title=x", "?_count=-1", "?_count=x", "?_offset=1000001", "?_id=a_b", "?_count=7&url=x"):
            scene.ask("GET", f"/fhir/{kind}{bad}", 400, None, API)
    listed = scene.ask("GET", "/fhir/metadata", 200, None, API).json["rest"][0]["resource"]
    check_equal(sorted(resource["type"] for resource in listed), sorted(KNOWLEDGE), "what /fhir/metadata lists")
    rule = scene.ask("GET", "/fhir/PlanDefinition/PIN-A", 200, None, API).json
    check(rule["action"][0]["condition"][0]["expression"]["expression"].startswith("age >= 65 and "), f"PIN-A: {short(rule)}")


def lists(scene):
    until(scene.service.quiet, "nothing is under way")
    worklist = scene.ask("GET", "/api/v1/worklist", 200, None, API).json
    check("Patient/oa1" in [i["patient"] for i in worklist["items"]], f"oa1 is not in the worklist: {short(worklist)}")
    check("next" not in worklist, "a next page of a list that is whole")
    for first, most in (("/api/v1/jobs?limit=1", 9), ("/api/v1/worklist?limit=1", 9), ("/api/v1/parked?limit=1", 9)):
        whole = scene.ask("GET", first.split("?")[0], 200, None, API).json["items"]
        path, items = first, []
        while path:
            page = scene.ask("GET", path, 200, None, API).json
            check(len(page["items"]) <= 1 and len(items) <= most, f"{path}: {short(page)}")
            items += page["items"]
            path = page.get("next")
        check_equal(items, whole, f"{first} and its next pages, against the list whole")
    for path in ("/api/v1/worklist?limit=1001", "/api/v1/worklist?offset=-1", "/api/v1/worklist?offset=x", "/api/v1/jobs?limit=",
                 "/api/v1/parked?limit=1e3"):
        scene.ask("GET", path, 400, None, API)
    for path in ("/api/v1/jobs?after=oa1&source=elsewhere", "/api/v1/parked?after=oa1&source=elsewhere"):
        scene.ask("GET", path, 404, None, API)


def reviews(scene):
    review = scene.ask("GET", "/api/v1/patients/oa1", 200, None, API).json
    sources = [x["rule"] for f in review["findings"] for x in f["sources"]]
    check("PIN-A" in sources, f"the findings of oa1 come from {sources}")
    check(review["medicines"][0].get("dailyDose"), f"no daily dose: {review['medicines'][0]}")
    review = scene.ask("GET", "/api/v1/patients/oa2", 200, None, API).json
    check(not review["complete"], "oa2 is said to be complete")
    check_equal(sorted(n["reason"] for n in review["notAssessed"]), ["not-recognised", "reference-not-found"], "notAssessed of oa2")
    review = scene.ask("GET", "/api/v1/patients/oa3", 200, None, API).json
    check_equal((review["task"], review["findings"]), (None, []), "task and findings of oa3")
    review = scene.ask("GET", "/api/v1/patients/oa4", 200, None, API).json
    check_equal([s["by"] for s in review["suppressed"]], ["dismissal"], "suppressed of oa4")
    # Notices that name nobody had the service look for itself, which wakes a parked patient.
    parked = until(lambda: scene.ask("GET", "/api/v1/parked", 200, None, API).json["items"], "somebody is parked")
    check_equal([p["patient"] for p in parked], ["Patient/oa5"], "parked patients")
    check(parked[0].get("reason") and parked[0].get("why"), f"no reason: {parked}")
    scene.ask("POST", "/api/v1/patients/oa1/review", 202, b"", API)
    # A notice that was still on its way may wake the patient between our look and our call; it is parked again then.
    until(lambda: scene.ask("POST", "/api/v1/parked/oa5/retry", 202, b"", API), "a parked patient is tried again")
    for template, method in (("/api/v1/patients/{}", "GET"), ("/api/v1/patients/{}/review", "POST"),
                             ("/api/v1/parked/{}/retry", "POST")):
        scene.ask(method, template.format("a_b"), 400, None, API)
        scene.ask(method, template.format("a" * 65), 400, None, API)
        scene.ask(method, template.format("oa1") + "?source=elsewhere", 404, None, API)
    scene.ask("GET", "/api/v1/patients/nobody", 404, None, API)
    scene.ask("POST", "/api/v1/parked/oa1/retry", 404, None, API)


def store_away(scene):
    """Tables taken away under the service: every operation on the store says 503 and when to come back."""
    until(scene.service.quiet, "nothing is under way")
    tables = ("queue", "hint", "belongs", "written", "watermark", "work_item", "review")
    with contextlib.closing(sqlite3.connect(scene.service.store, timeout=10, isolation_level=None)) as store:
        for table in tables:
            store.execute(f"ALTER TABLE {table} RENAME TO gone_{table}")
        try:
            for method, template, operation, _ in scene.contract.operations():
                if "503" in operation["responses"] and not template.startswith("/fhir"):
                    headers = NOTIFY if template.startswith("/notify") else API
                    scene.ask(method, fill(template), 503, None, headers)
        finally:
            for table in tables:
                store.execute(f"ALTER TABLE gone_{table} RENAME TO {table}")
    answer = until(lambda: scene.service.ready(), "ready again when the store is back")
    check(answer["ready"], "ready")
    scene.ask("POST", "/notify/Patient/oa1", 204, b"", NOTIFY)
    until(scene.service.quiet, "reviews go on")


def raw(scene, text, end=True):
    """Bytes as they are; the answer read to the end of the connection."""
    host, port = scene.service.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as s:
        s.sendall(text)
        if end:
            s.shutdown(socket.SHUT_WR)
        found = b""
        while True:
            more = s.recv(65536)
            if not more:
                break
            found += more
    head, _, body = found.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
    parsed = json.loads(body) if "json" in headers.get("content-type", "") else None
    return Answer(int(lines[0].split()[1]), headers, body, parsed)


def refused_before_routing(scene):
    get = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"
    cases = [
        (400, "/healthz", get + b"No colon\r\n\r\n"),
        (400, "/healthz", b"GET /healthz HTTP/1.1\r\n\r\n"),
        (413, "/healthz", get + b"Content-Length: 1\r\n\r\nx"),
        (413, "/notify", b"POST /notify HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (4 * MIB + 1)),
        (413, "/fhir/$medication-review", b"POST /fhir/$medication-review HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (32 * MIB + 1)),
        (417, "/healthz", get + b"Expect: a miracle\r\n\r\n"),
        (431, "/healthz", get + b"X-Long: " + b"x" * 17000 + b"\r\n\r\n"),
        (501, "/healthz", b"BREW /healthz HTTP/1.1\r\nHost: x\r\n\r\n"),
        (505, "/healthz", b"GET /healthz HTTP/3.0\r\nHost: x\r\n\r\n"),
    ]
    for status, path, text in cases:
        answer = raw(scene, text)
        check_equal(answer.status, status, f"{text[:60]!r}: status")
        scene.contract.hold("POST" if text.startswith(b"POST") else "GET", path, answer)
        check_equal(answer.headers.get("connection"), "close", f"{text[:60]!r}: Connection")


def refused_everywhere(scene):
    """The answer `default`, of every operation: a request whose header is too large."""
    for method, template, _, _ in scene.contract.operations():
        path = fill(template)
        answer = raw(scene, f"{method} {path} HTTP/1.1\r\nHost: x\r\nX-Long: {'x' * 17000}\r\n\r\n".encode())
        check_equal(answer.status, 431, f"{method} {path}")
        scene.contract.hold(method, path, answer)


def several_sources(program, folder, contract):
    """sources[] instead of one server: paths name the source, and so do the lists."""
    sandbox = service = None
    try:
        sandbox = Sandbox(program, folder)
        config = folder / "config.json"
        config.write_text(json.dumps({"sources": [{"id": "north", "fhir": {"base_url": sandbox.base}}, {"id": "south", "fhir.base_url": sandbox.base}]}))
        service = Service(program, folder, None, {"fhir.base_url": None}, config=config)
        service.wait_ready()
        sandbox.put(patient("oa1"))
        sandbox.put(statement("oa1-m1", "oa1", NAPROXEN))

        def ask(method, path, expected):
            answer = call(method, service.url + path)
            contract.hold(method, path, answer)
            check_equal(answer.status, expected, f"{method} {path}")
            return answer.json
        for method in ("POST", "PUT", "DELETE"):
            ask(method, "/notify", 404)
            ask(method, "/notify/south", 204)
        ask("POST", "/notify/south/Patient/oa1", 204)
        until(service.quiet, "south is reviewed")
        items = ask("GET", "/api/v1/worklist", 200)["items"]
        check_equal([(i["source"], i["patient"]) for i in items], [("south", "Patient/oa1")], "the worklist")
        ask("GET", "/api/v1/patients/oa1?source=south", 200)
        ask("GET", "/api/v1/patients/oa1", 404)
    finally:
        stop_all(service, sandbox)


def ready_or_not(program, folder, contract):
    """The FHIR server is away: /readyz says so, in the form that is listed."""
    service = None
    try:
        service = Service(program, folder, "http://127.0.0.1:9/fhir")
        answer = service.get("/readyz")
        check_equal(contract.hold("GET", "/readyz", answer), "ready", "operation")
        check_equal((answer.status, answer.json["ready"]), (503, False), "readiness")
    finally:
        stop_all(service)


def everything_was_seen(contract):
    listed = {(operation["operationId"], status) for _, _, operation, _ in contract.operations()
              for status in operation["responses"]}
    missing = sorted(listed - contract.seen - set(UNSEEN))
    check(not missing, f"listed and never seen: {missing}")
    stale = sorted(contract.seen & set(UNSEEN))
    check(not stale, f"seen after all, take it from UNSEEN: {stale}")
    return f"{len(contract.seen)} answers of {len(listed)} listed"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--medreview", required=True)
    program = str(pathlib.Path(parser.parse_args().medreview).resolve())
    contract = Contract(TOP / "openapi/medreview.yaml")
    run = Run()
    run.test("the file is whole", file_is_whole, contract)
    run.test("the routes table and the file list the same", routes_are_the_same, contract)
    scene = None
    try:
        scene = Scene(program, run.folder("scene"), contract)
        run.test("records of every kind are reviewed", scene.fill_records)
        for name, function in (("every operation answers as listed, without its token 401", every_operation_answers),
                               ("notifications in every form", notifications), ("signatures", signatures),
                               ("$medication-review", review_operation), ("knowledge in FHIR", knowledge),
                               ("reviews and parked patients", reviews),
                               ("lists and their pages", lists), ("wrong methods are 405 with Allow", wrong_methods),
                               ("unknown paths are 404", unknown_paths),
                               ("refused before routing", refused_before_routing),
                               ("any operation can be refused before routing", refused_everywhere),
                               ("503 while the store is away", store_away)):
            run.test(name, function, scene)
    finally:
        if scene:
            stop_all(scene.service, scene.sandbox)
    run.test("several sources", several_sources, program, run.folder("sources"), contract)
    run.test("not ready", ready_or_not, program, run.folder("away"), contract)
    run.test("every answer that is listed was seen", everything_was_seen, contract)
    return run.finish()


if __name__ == "__main__":
    sys.exit(main())
