"""Knowledge and terminology replaced under the running service; a store that loses its file. For service_test.py.

The index is made by `medreview terminology import` of the small made release that lies beside the tests of terminology;
in it stands a product of amiloride and furosemide that the shipped table does not know.
"""
import json
import os
import pathlib
import signal
import subprocess

from running import (NAPROXEN, Sandbox, Service, check, check_equal, clean_environment, patient, short, statement,
                     stop_all, until)

RELEASE = pathlib.Path(__file__).parent.parent / "terminology" / "fixtures" / "dmd-made"
BRAND = ("37365811000001102", "A brand that no table knows")  # co-amilofruse 5mg/40mg in the made release
RAMIPRIL = ("318902002", "Ramipril 5mg capsules")


def import_index(program, output, changed=None):
    """`changed`: (file, old, new) in the copy that is imported, so that a second release is another one."""
    folder = output.parent / (output.name + ".release")
    subprocess.run(["cp", "-r", str(RELEASE), str(folder)], check=True)
    if changed:
        file = folder / changed[0]
        file.write_text(file.read_text().replace(changed[1], changed[2]))
    done = subprocess.run([program, "terminology", "import", "--dmd", str(folder), "--bonus", str(folder / "bonus"),
                           "--output", str(output)], env=clean_environment(), capture_output=True, text=True)
    check(output.exists(), f"no index was made: {short(done.stderr)}")


def replace(source, target):
    os.replace(source, target)


class Reloading:
    """A service on an index file, and a sandbox; patients that notices are sent for."""

    def __init__(self, program, folder, keys=None, index=True):
        self.program, self.folder = program, folder
        self.index = folder / "terminology.index"
        self.sandbox = Sandbox(program, folder)
        keys = {"poll.interval_s": "0", "rereview.per_minute": "6000", **(keys or {})}
        if index:
            keys["terminology.index"] = str(self.index)
        self.keys = keys
        self.service = None

    def start(self):
        self.service = Service(self.program, self.folder, self.sandbox.base, self.keys)
        self.service.wait_ready()
        return self.service

    def __enter__(self):
        return self

    def __exit__(self, *_):
        stop_all(self.service, self.sandbox)

    def bring(self, identity, *products):
        self.sandbox.put(patient(identity, "1940-02-01"))
        for i, product in enumerate(products):
            self.sandbox.put(statement(f"{identity}-m{i}", identity, product, start="2024-01-05"))
        check_equal(self.service.post(f"/notify/Patient/{identity}").status, 204, "notice")
        until(lambda: self.review(identity), f"{identity} is reviewed")
        until(self.service.quiet, "the queue is empty")

    def review(self, identity):
        answer = self.service.get(f"/api/v1/patients/{identity}")
        return answer.json if answer.status == 200 else None

    def release(self):
        return self.service.get("/readyz").json["terminology"]

    def logged(self, event):
        return [json.loads(line) for line in self.service.errors().splitlines() if f'"{event}"' in line]

    def served(self, identity):
        return self.service.rows("SELECT done FROM queue WHERE patient=?", identity)[0][0]

    def calm(self):
        """Everything was compared, and everybody due was reviewed."""
        check(self.logged("rereview.end"), "the walk is not over")
        check("rereview" not in self.service.get("/readyz").json, "the walk is not over")
        check(not self.service.rows("SELECT 1 FROM basis WHERE changed=1"), "somebody waits")
        return self.service.quiet()


def reviewed_again(program, folder):
    """A medicine that nobody knew is known by the new index: that patient is reviewed again, the other is not."""
    with Reloading(program, folder) as r:
        first = folder / "first.index"
        # The first release does not have the brand: its id stands for another product there.
        import_index(program, first, ("f_amp2_3161126.xml", "37365811000001102", "222411000001109"))
        replace(first, r.index)
        service = r.start()
        before = r.release()
        r.bring("known", NAPROXEN, RAMIPRIL)
        r.bring("brand", NAPROXEN, BRAND)
        check_equal([m["reason"] for m in r.review("brand")["notAssessed"]], ["not-recognised"], "the brand before")
        check_equal(r.review("brand")["terminology"], before, "the release of the first review")
        titles = {f["harm"] for f in r.review("brand")["findings"]}
        versions = {x["id"]: x["meta"]["versionId"] for kind in ("DetectedIssue", "Task") for x in r.sandbox.all(kind)
                    if "known" in json.dumps(x)}
        served = r.served("known")
        second = folder / "second.index"
        import_index(program, second)
        replace(second, r.index)
        service.process.send_signal(signal.SIGHUP)
        until(lambda: r.release() != before, "the new release is in use")
        until(r.calm, "the walk is over", every=0.1)
        check_equal(r.review("brand")["terminology"], r.release(), "the release of the second review")
        check_equal(r.review("brand")["notAssessed"], [], "the brand after")
        more = {f["harm"] for f in r.review("brand")["findings"]} - titles
        check({"monitoring-gap", "kidney"} <= more,
              f"a diuretic at 86, no kidney check on record, beside an NSAID; the findings more are {sorted(more)}")
        check_equal(r.served("known"), served, "reviews of the patient whose medicines are understood as before")
        check_equal(r.review("known")["terminology"], before, "the release of a review that was not made again")
        check_equal({x["id"]: x["meta"]["versionId"] for kind in ("DetectedIssue", "Task") for x in r.sandbox.all(kind)
                     if "known" in json.dumps(x)}, versions, "versions on the server of that patient")
        said = r.logged("rereview.end")[-1]
        check_equal((said["unchanged"], said["changed"], said["due"]), (1, 1, 1), "what the log counts")
        text = service.get("/metrics").body.decode()
        check(f'medreview_terminology_info{{release="{r.release()}"' in text, "the metric does not name the release")
        check('medreview_terminology_updates_total{result="taken"} 1' in text, "updates are not counted")


def picked_up_by_itself(program, folder):
    """A file that is put in the place of the old one, without a signal; and across a restart."""
    with Reloading(program, folder) as r:
        import_index(program, r.index, ("f_amp2_3161126.xml", "37365811000001102", "222411000001109"))
        service = r.start()
        before = r.release()
        r.bring("brand", NAPROXEN, RAMIPRIL, BRAND)
        second = folder / "second.index"
        import_index(program, second)
        replace(second, r.index)
        until(lambda: r.release() != before, "the file is noticed", every=0.1)
        until(lambda: r.review("brand")["notAssessed"] == [], "the brand is known", every=0.1)
        # While it is stopped the first release comes back: the next start finds who is concerned.
        check_equal(service.stop(), 0, "exit code")
        import_index(program, folder / "third.index", ("f_amp2_3161126.xml", "37365811000001102", "222411000001109"))
        replace(folder / "third.index", r.index)
        r.start()
        check_equal(r.release(), before, "the same release has the same name")
        until(lambda: r.review("brand")["notAssessed"] != [], "reviewed again after the start", every=0.1)


def broken_index_keeps_the_old(program, folder):
    with Reloading(program, folder) as r:
        import_index(program, r.index)
        service = r.start()
        before, good = r.release(), r.index.read_bytes()
        broken = folder / "broken"
        broken.write_bytes(good[:-40] + b"x" * 40)
        replace(broken, r.index)
        service.process.send_signal(signal.SIGHUP)
        failed = until(lambda: service.get("/readyz").json.get("updateFailed"), "the failure is told", every=0.1)
        check("terminology.update-failed" in failed and str(r.index) in failed, f"it does not say what and where: {failed}")
        check_equal((service.get("/readyz").status, r.release()), (200, before), "ready, on the old release")
        check(r.logged("terminology.update-failed")[0]["kept"] == before, "the log does not say what was kept")
        check("medreview_terminology_update_failed 1" in service.get("/metrics").body.decode(), "the metric")
        r.bring("brand", NAPROXEN, BRAND)
        check_equal(r.review("brand")["terminology"], before, "reviews go on")
        whole = folder / "whole"
        whole.write_bytes(good)
        replace(whole, r.index)
        service.process.send_signal(signal.SIGHUP)
        until(lambda: "updateFailed" not in service.get("/readyz").json, "taken back when the file is whole", every=0.1)
        r.index.unlink()
        service.process.send_signal(signal.SIGHUP)
        until(lambda: service.get("/readyz").json.get("updateFailed"), "a missing file is told", every=0.1)
        check_equal(service.stop(), 0, "exit code")
        for name, content, word in (("missing", None, "cannot be opened"), ("foreign", b"hello " * 100, ""),
                                    ("damaged", good[:-40] + b"x" * 40, "import` again")):
            if content is not None:
                r.index.write_bytes(content)
            refused = Service(program, folder, r.sandbox.base, r.keys, name=name, wait=False)
            check_equal(refused.process.wait(30), 2, f"exit code with a {name} index")
            check("terminology.index: " in refused.errors() and word in refused.errors(),
                  f"{name}: it does not say why: {short(refused.errors())}")


def the_operation_names_the_release(program, folder):
    with Reloading(program, folder) as r:
        import_index(program, r.index)
        r.start()
        r.bring("brand", NAPROXEN, RAMIPRIL, BRAND)
        check_equal(r.review("brand")["terminology"], r.release(), "the release in the stored review")
        bundle = {"resourceType": "Bundle", "type": "collection", "entry": [
            {"resource": patient("b", "1940-02-01")}, {"resource": statement("b-m", "b", NAPROXEN)},
            {"resource": statement("b-n", "b", RAMIPRIL)}, {"resource": statement("b-o", "b", BRAND)}]}
        answer = r.service.post("/fhir/$medication-review", json.dumps(bundle).encode(),
                                {"Content-Type": "application/fhir+json"})
        check_equal(answer.status, 200, "the operation")
        check("not-recognised" not in answer.body.decode(), "the operation does not know the index")


def a_store_that_lost_its_file(program, folder):
    """Deleted under the running service: never a 204 for what nobody keeps."""
    with Reloading(program, folder, index=False) as r:
        service = r.start()
        r.bring("before", NAPROXEN)
        for name in ("medreview.db", "medreview.db-wal", "medreview.db-shm"):
            (folder / name).unlink(missing_ok=True)
        answer = service.post("/notify/Patient/after")
        check_equal(answer.status, 503, "a notice after the file was removed")
        away = until(lambda: (a := service.get("/readyz")).status == 503 and a.json, "not ready", every=0.1)
        check(any("cannot be written to" in reason for reason in away["reasons"]), f"the reason: {away['reasons']}")
        check_equal(service.get("/healthz").status, 200, "/healthz")
        check("was removed or replaced" in service.errors(), "the log does not say what happened")


CASES = (
    ("an update reviews whom it concerns, and nobody else", reviewed_again),
    ("a new index is picked up by itself, and after a restart", picked_up_by_itself),
    ("a broken index keeps the old one; at start it is refused", broken_index_keeps_the_old),
    ("every output names the release", the_operation_names_the_release),
    ("a store that lost its file says so", a_store_that_lost_its_file),
)
