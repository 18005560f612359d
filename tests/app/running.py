"""The real binary under test: sandbox and service as processes, a proxy between them, one HTTP exchange, checks.

Nothing here sleeps for a fixed time to let something happen: `until` looks for it, with a deadline. Everything is on
loopback, in a folder of its own, and ends with the test.
"""
import atexit
import collections
import contextlib
import http.client
import http.server
import json
import os
import pathlib
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import urllib.parse

DEADLINE_S = 30  # of any one thing; generous, because test machines are busy
SITE_KEY = "a site key of the tests, known to everybody"


class Failed(Exception):
    """A test did not find what it looked for; the text says what and where."""


class Skipped(Exception):
    """A test cannot be made here; the text says why."""


def check(condition, reason):
    if not condition:
        raise Failed(reason)


def check_equal(found, expected, what):
    check(found == expected, f"{what}: expected {short(expected)}, found {short(found)}")


def short(value, length=600):
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= length else text[:length] + "..."


def until(probe, what, seconds=DEADLINE_S, every=0.02):
    """The first true value of probe(). A Failed from probe means "not yet" and says why."""
    end = time.monotonic() + seconds
    while True:
        why = ""
        try:
            value = probe()
            if value:
                return value
        except Failed as reason:
            why = f" ({reason})"
        if time.monotonic() > end:
            raise Failed(f"{what}: not within {seconds} s{why}")
        time.sleep(every)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# --- one exchange ---------------------------------------------------------------------------------------------------

Answer = collections.namedtuple("Answer", "status headers body json")


def call(method, url, body=None, headers=None, timeout=DEADLINE_S):
    """One exchange on a connection of its own. `body`: bytes, or what becomes JSON. Status 0: nobody answered."""
    to = urllib.parse.urlsplit(url)
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    sent = {"Connection": "close"}
    if data and not isinstance(body, bytes):
        sent["Content-Type"] = "application/fhir+json"
    sent.update(headers or {})
    connection = http.client.HTTPConnection(to.hostname, to.port, timeout=timeout)
    try:
        target = (to.path or "/") + (f"?{to.query}" if to.query else "")
        connection.request(method, target, data, sent)
        answer = connection.getresponse()
        text = answer.read()
        found = {name.lower(): value for name, value in answer.getheaders()}
        status = answer.status
    except (OSError, http.client.HTTPException) as error:
        return Answer(0, {}, str(error).encode(), None)
    finally:
        connection.close()
    try:
        parsed = json.loads(text) if "json" in found.get("content-type", "") else None
    except ValueError:
        parsed = None
    return Answer(status, found, text, parsed)


# --- processes ------------------------------------------------------------------------------------------------------

children = set()


@atexit.register
def no_child_outlives_us():
    for process in list(children):
        if process.poll() is None:
            process.kill()


def spawn(arguments, folder, env, out, err):
    process = subprocess.Popen(arguments, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
    children.add(process)
    return process


def clean_environment(extra=None):
    env = {name: value for name, value in os.environ.items() if not name.startswith("MEDREVIEW_")}
    env.update(extra or {})
    return env


class Process:
    """A child whose output goes to files; `ready` takes the address out of what it prints."""

    def __init__(self, arguments, folder, name, env=None):
        self.folder = pathlib.Path(folder)
        self.out, self.err = self.folder / f"{name}.out", self.folder / f"{name}.err"
        self.begins = self.err.stat().st_size if self.err.exists() else 0  # of this run in the file of all runs
        with open(self.out, "wb") as out, open(self.err, "ab") as err:
            self.process = spawn(arguments, self.folder, clean_environment(env), out, err)

    def errors(self):
        with open(self.err, "rb") as file:
            file.seek(self.begins)
            return file.read().decode(errors="replace")

    def ended(self):
        return self.process.poll() is not None

    def alive_or_fail(self, what):
        check(not self.ended(), f"{what} ended with {self.process.returncode}: {short(self.errors()[-800:])}")

    def stop(self, how=signal.SIGTERM, seconds=DEADLINE_S):
        """The exit code."""
        if not self.ended():
            self.process.send_signal(how)
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise Failed(f"no end within {seconds} s of signal {how}: {short(self.errors()[-800:])}") from None
        children.discard(self.process)
        return code


class Sandbox(Process):
    """`medreview sandbox`, with the few FHIR exchanges that tests need."""

    def __init__(self, program, folder, listen="127.0.0.1:0"):
        super().__init__([program, "sandbox", "--listen", listen], folder, "sandbox")
        self.base = until(self.first_line, "the sandbox says where it listens")

    def first_line(self):
        self.alive_or_fail("medreview sandbox")
        text = self.out.read_text()
        return text.strip() if text.endswith("\n") else None

    def send(self, method, path, body=None, headers=None):
        answer = call(method, f"{self.base}{path}", body, headers)
        check(200 <= answer.status < 300, f"{method} {path}: {answer.status} {short(answer.body.decode())}")
        return answer

    def put(self, resource, headers=None):
        return self.send("PUT", f"/{resource['resourceType']}/{resource['id']}", resource, headers).json

    def read(self, reference):
        return self.send("GET", f"/{reference}").json

    def all(self, kind, query=""):
        """Every resource of a search, page by page."""
        found, url = [], f"{self.base}/{kind}?_count=200{query}"
        while url:
            answer = call("GET", url)
            check(answer.status == 200, f"GET {url}: {answer.status} {short(answer.body.decode())}")
            found += [e["resource"] for e in answer.json.get("entry", []) if e["resource"]["resourceType"] == kind]
            url = next((link["url"] for link in answer.json["link"] if link["relation"] == "next"), None)
        return found


class Service(Process):
    """`medreview serve`, configured by environment as a container would be."""

    def __init__(self, program, folder, fhir, keys=None, name="serve", wait=True, config=None):
        self.store = pathlib.Path(folder) / "medreview.db"
        settings = {
            "listen": "127.0.0.1:0",
            "store": f"sqlite:{self.store}",
            "fhir.base_url": fhir,
            "fhir.allow_http": "true",
            "site.key": SITE_KEY,
            "debounce.quiet_ms": "20",
            "debounce.max_ms": "200",
        }
        settings.update(keys or {})
        env = {environment_name(key): value for key, value in settings.items() if value is not None}
        arguments = [program, "serve"] + (["--config", str(config)] if config else [])
        super().__init__(arguments, folder, name, env)
        self.url = until(self.address, "the service says where it listens") if wait else None

    def address(self):
        self.alive_or_fail("medreview serve")
        said = [line for line in self.errors().splitlines() if line.startswith("medreview: listening on ")]
        return said[0].split()[-1] if said else None

    def get(self, path, headers=None):
        return call("GET", f"{self.url}{path}", headers=headers)

    def post(self, path, body=b"", headers=None):
        return call("POST", f"{self.url}{path}", body, headers)

    def ready(self):
        answer = self.get("/readyz")
        check(answer.status == 200, f"/readyz {answer.status} {short(answer.body.decode())}")
        return answer.json

    def wait_ready(self):
        return until(self.ready, "the service is ready")

    def jobs(self):
        items, path = [], "/api/v1/jobs"
        while path:
            answer = self.get(path)
            check(answer.status == 200, f"{path}: {answer.status} {short(answer.body.decode())}")
            items += answer.json["items"]
            path = answer.json.get("next")
        return items

    def rows(self, sql, *values):
        """Looks into the store's file, as an operator's tool might while the service runs."""
        with contextlib.closing(sqlite3.connect(f"file:{self.store}?mode=ro", uri=True, timeout=DEADLINE_S)) as store:
            return store.execute(sql, values).fetchall()

    def quiet(self):
        """True when no patient is due or under way and no notice waits to be resolved."""
        busy = self.rows("SELECT patient,state,why FROM queue WHERE wanted>done AND state<>3")
        check(not busy, f"{len(busy)} in the queue, such as {busy[:1]}")
        hints = self.rows("SELECT type,id,attempt FROM hint")
        check(not hints, f"{len(hints)} notices not resolved, such as {hints[:1]}")
        return True

    def rss_mb(self):
        for line in open(f"/proc/{self.process.pid}/status", encoding="ascii"):
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        raise Failed("no VmRSS in /proc")


def environment_name(key):
    return "MEDREVIEW_" + key.upper().replace(".", "_")


# --- a proxy that sees and holds what passes ------------------------------------------------------------------------

class Proxy:
    """Between the service and a FHIR server: counts what passes, and can hold it back until it is let go.

    Links in the answers are rewritten, so that the service sees one server with one origin.
    """

    def __init__(self, target):
        self.target = target
        self.seen = []  # (method, path)
        self.open = threading.Event()
        self.open.set()
        self.held = 0
        self.lock = threading.Lock()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # a service that is killed resets its connections
        self.base = f"http://127.0.0.1:{self.server.server_address[1]}/fhir"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def handler(proxy):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def pass_on(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) or None
                path = self.path.removeprefix("/fhir")
                with proxy.lock:
                    proxy.seen.append((self.command, path))
                    proxy.held += not proxy.open.is_set()
                proxy.open.wait(60)
                headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "connection")}
                answer = call(self.command, proxy.target + path, body, headers)
                text = answer.body.replace(proxy.target.encode(), proxy.base.encode())
                try:
                    self.send_response(answer.status or 502)
                    for name in ("content-type", "etag", "location", "last-modified"):
                        if name in answer.headers:
                            self.send_header(name, answer.headers[name].replace(proxy.target, proxy.base))
                    self.send_header("Content-Length", str(len(text)))
                    self.end_headers()
                    self.wfile.write(text)
                except OSError:
                    self.close_connection = True  # the service gave up meanwhile

            do_GET = do_POST = do_PUT = do_DELETE = pass_on

            def log_message(self, *_):
                pass

        return Handler

    def hold(self):
        with self.lock:
            self.held = 0
            self.open.clear()

    def let_go(self):
        self.open.set()

    def close(self):
        self.let_go()
        self.server.shutdown()
        self.server.server_close()


# --- records --------------------------------------------------------------------------------------------------------

SNOMED = "http://snomed.info/sct"
NAPROXEN = ("329807003", "Naproxen 500mg tablets")
OMEPRAZOLE = ("317291008", "Omeprazole 20mg gastro-resistant capsules")
PARACETAMOL = ("322236009", "Paracetamol 500mg tablets")


def patient(identity, born="1950-02-01", **more):
    return {"resourceType": "Patient", "id": identity, "gender": "female", "birthDate": born, **more}


def statement(identity, whose, product, status="active", start="2026-01-05", **more):
    code, text = product
    return {"resourceType": "MedicationStatement", "id": identity, "status": status,
            "subject": {"reference": f"Patient/{whose}"}, "effectivePeriod": {"start": start},
            "medicationCodeableConcept": {"coding": [{"system": SNOMED, "code": code}], "text": text}, **more}


# --- named tests ----------------------------------------------------------------------------------------------------

class Run:
    """Runs test functions in order, one line each, every one in a folder of its own."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="medreview-test-"))
        atexit.register(shutil.rmtree, self.root, ignore_errors=True)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what is registered above still runs

    def folder(self, name):
        path = self.root / name
        path.mkdir()
        return path

    def test(self, name, function, *arguments):
        note = ""
        try:
            note = function(*arguments)
        except Failed as reason:
            self.failed += 1
            print(f"FAILED {name}: {reason}", flush=True)
        except Skipped as reason:
            self.skipped += 1
            print(f"skipped {name}: {reason}", flush=True)
        except Exception:  # a fault of the test is a failure of that test, not the end of the others
            self.failed += 1
            print(f"FAILED {name}: {traceback.format_exc(limit=4)}", flush=True)
        else:
            self.passed += 1
            print(f"ok {name}" + (f": {note}" if isinstance(note, str) and note else ""), flush=True)

    def finish(self):
        tail = f", {self.skipped} skipped" if self.skipped else ""
        print(f"{self.passed} passed, {self.failed} failed{tail}")
        return 1 if self.failed else 0


def stop_all(*processes):
    """For `finally`: whatever became of the test, nothing of it goes on."""
    for each in processes:
        if isinstance(each, Proxy):
            each.close()
        elif each is not None and not each.ended():
            each.stop(signal.SIGKILL)
