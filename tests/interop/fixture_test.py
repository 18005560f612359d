#!/usr/bin/env python3
"""Is the FHIR server under the tests what they take it for?

Run against the HAPI fixture before the end-to-end test, so that a server that does not deliver, page or refuse is
reported as such and not as a fault of medreview.

    fixture_test.py --fhir BASE [--only NAME]
"""
import argparse
import http.server
import json
import sys
import threading
import time
import uuid

from lib import call, check, closing_line, run_named, short, until


class Receiver:
    """A rest-hook endpoint that remembers what it was sent."""

    def __enter__(self):
        self.seen = []
        seen = self.seen

        class Handler(http.server.BaseHTTPRequestHandler):
            def take(self):
                length = int(self.headers.get("Content-Length") or 0)
                seen.append((self.command, self.path, dict(self.headers), self.rfile.read(length)))
                self.send_response(204)
                self.end_headers()

            do_POST = do_PUT = do_DELETE = take

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class Tests:
    def __init__(self, base):
        self.base = base.rstrip("/")
        self.run = uuid.uuid4().hex[:8]

    def id(self, kind):
        # HAPI keys its subscription queue by id and version without the type: one id must never stand for two types.
        return f"fx-{kind}-{self.run}"

    def put(self, resource, expect=(200, 201), headers=None):
        url = f"{self.base}/{resource['resourceType']}/{resource['id']}"
        status, head, body = call("PUT", url, resource, headers)
        check(status in expect, f"PUT {url}: {status} {short(body)}")
        return head, body

    def capability(self):
        status, _, body = call("GET", f"{self.base}/metadata")
        check(status == 200, f"metadata: {status}")
        check(body["fhirVersion"].startswith("4.0"), f"fhirVersion {body['fhirVersion']}")
        rest = body["rest"][0]
        check(any(i["code"] == "transaction" for i in rest["interaction"]), "no transaction interaction")
        types = {r["type"]: r for r in rest["resource"]}
        for wanted in ("DetectedIssue", "Task", "Provenance", "Subscription", "MedicationStatement"):
            check(wanted in types, f"{wanted} is not supported")
        # HAPI 8.8 creates by PUT and yet does not say so here: a client that trusts this member alone would not try.
        self.note = f"{body['software']['name']} {body['software'].get('version', '')}, updateCreate said: " \
                    f"{types['DetectedIssue'].get('updateCreate', 'nothing')}"

    def update_as_create(self):
        patient = {"resourceType": "Patient", "id": self.id("pat-a"), "birthDate": "1951-03-02"}
        head, _ = self.put(patient, expect=(201,))
        check(head.get("ETag") == 'W/"1"', f"ETag {head.get('ETag')}")
        self.put(patient, expect=(200,))

    def if_match(self):
        task = {"resourceType": "Task", "id": self.id("task-a"), "status": "requested", "intent": "proposal"}
        self.put(task, expect=(201,))
        task["status"] = "accepted"
        self.put(task, expect=(200,), headers={"If-Match": 'W/"1"'})
        task["status"] = "cancelled"
        self.put(task, expect=(409, 412), headers={"If-Match": 'W/"1"'})
        _, _, now = call("GET", f"{self.base}/Task/{task['id']}")
        check(now["status"] == "accepted", f"status after the refused write: {now['status']}")

    def transaction(self):
        issue, task = self.id("issue-t"), self.id("task-t")
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [
            {"resource": {"resourceType": "Patient", "id": self.id("pat-t")},
             "request": {"method": "PUT", "url": f"Patient/{self.id('pat-t')}"}},
            {"resource": {"resourceType": "DetectedIssue", "id": issue, "status": "preliminary",
                          "patient": {"reference": f"Patient/{self.id('pat-t')}"}},
             "request": {"method": "PUT", "url": f"DetectedIssue/{issue}"}},
            {"resource": {"resourceType": "Task", "id": task, "status": "requested", "intent": "proposal",
                          "focus": {"reference": f"DetectedIssue/{issue}"}},
             "request": {"method": "PUT", "url": f"Task/{task}"}},
            {"fullUrl": f"urn:uuid:{uuid.uuid4()}",
             "resource": {"resourceType": "Provenance", "target": [{"reference": f"DetectedIssue/{issue}"}],
                          "recorded": "2026-03-02T09:15:07.214Z",
                          "agent": [{"who": {"display": "medreview"}}]},
             "request": {"method": "POST", "url": "Provenance"}}]}
        status, _, body = call("POST", self.base, bundle, {"Prefer": "return=minimal"})
        check(status == 200, f"transaction: {status} {short(body)}")
        states = [e["response"]["status"][:3] for e in body["entry"]]
        check(states == ["201"] * 4, f"entry states {states}")
        # One refused entry refuses all of it.
        bundle["entry"] = bundle["entry"][:2]
        bundle["entry"][0]["resource"]["active"] = True
        bundle["entry"][1]["request"]["ifMatch"] = 'W/"77"'
        status, _, _ = call("POST", self.base, bundle)
        check(status in (409, 412), f"transaction with a stale entry: {status}")
        _, _, patient = call("GET", f"{self.base}/Patient/{self.id('pat-t')}")
        check(patient["meta"]["versionId"] == "1", "a refused transaction left a change behind")

    def include_and_paging(self):
        patient = self.id("pat-p")
        self.put({"resourceType": "Patient", "id": patient})
        self.put({"resourceType": "Medication", "id": self.id("med-p"), "code": {"text": "Naproxen 500mg tablets"}})
        for number in range(5):
            self.put({"resourceType": "MedicationStatement", "id": self.id(f"ms-p{number}"), "status": "active",
                      "subject": {"reference": f"Patient/{patient}"},
                      "medicationReference": {"reference": f"Medication/{self.id('med-p')}"}})
        url = (f"{self.base}/MedicationStatement?patient={patient}"
               f"&_include=MedicationStatement:medication&_count=2")
        found, included, pages = set(), set(), 0
        while url:
            status, _, body = call("GET", url)
            check(status == 200, f"page {pages + 1}: {status}")
            pages += 1
            check(pages < 10, "the pages do not end")
            for entry in body.get("entry", []):
                mode = entry["search"]["mode"]
                (found if mode == "match" else included).add(entry["resource"]["id"])
            url = next((link["url"] for link in body["link"] if link["relation"] == "next"), None)
        check(len(found) == 5, f"{len(found)} of 5 statements over {pages} pages")
        check(pages >= 3, f"only {pages} pages")
        check(included == {self.id("med-p")}, f"included {included}")

    def deleted_is_gone(self):
        patient = {"resourceType": "Patient", "id": self.id("pat-d")}
        self.put(patient)
        url = f"{self.base}/Patient/{patient['id']}"
        status, _, _ = call("DELETE", url)
        check(status in (200, 204), f"DELETE: {status}")
        status, _, _ = call("GET", url)
        check(status == 410, f"GET after DELETE: {status}")

    def rest_hook(self):
        with Receiver() as receiver:
            subscription = {
                "resourceType": "Subscription", "id": self.id("sub-a"), "status": "requested",
                "reason": "is a change delivered?", "criteria": "MedicationStatement?",
                "channel": {"type": "rest-hook", "endpoint": f"{receiver.url}/notify",
                            "payload": "application/fhir+json", "header": ["Authorization: Bearer not-a-secret"],
                            "extension": [{"url": "http://hapifhir.io/fhir/StructureDefinition/"
                                                  "subscription-send-delete-messages", "valueBoolean": True}]}}
            self.put(subscription)
            url = f"{self.base}/Subscription/{subscription['id']}"
            try:
                until(30, lambda: call("GET", url)[2]["status"] == "active", "subscription active")
                statement = {"resourceType": "MedicationStatement", "id": self.id("ms-s"), "status": "active",
                             "subject": {"display": "nobody"},
                             "medicationCodeableConcept": {"text": "Naproxen 500mg tablets"}}
                path = f"/notify/MedicationStatement/{statement['id']}"
                start = time.monotonic()
                self.put(statement)
                hit = until(30, lambda: next((s for s in receiver.seen if s[:2] == ("PUT", path)), None),
                            "delivery of the creation")
                self.note = f"delivered after {time.monotonic() - start:.1f} s"
                check(json.loads(hit[3])["id"] == statement["id"], "the delivered body is another resource")
                check(hit[2].get("Authorization") == "Bearer not-a-secret", "channel.header was not sent")
                call("DELETE", f"{self.base}/MedicationStatement/{statement['id']}")
                until(30, lambda: any(s[:2] == ("DELETE", path) for s in receiver.seen), "delivery of the deletion")
            finally:
                call("DELETE", url)

    ALL = ["capability", "update_as_create", "if_match", "transaction", "include_and_paging", "deleted_is_gone",
           "rest_hook"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--fhir", required=True)
    parser.add_argument("--only", action="append", choices=Tests.ALL)
    options = parser.parse_args()
    result = run_named(Tests(options.fhir), options.only or Tests.ALL)
    print(closing_line(*result))
    return 1 if result[1] else 0


if __name__ == "__main__":
    sys.exit(main())
