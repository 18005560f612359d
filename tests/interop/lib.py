"""What the interoperability tests share: one HTTP exchange, waiting with a deadline, running named tests."""
import json
import time
import traceback
import urllib.error
import urllib.request


class Failed(Exception):
    """A test did not find what it looked for; the text says what and where."""


class Skipped(Exception):
    """A test cannot be made on this server; the text says why."""


def check(condition, reason):
    if not condition:
        raise Failed(reason)


def short(value, length=400):
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= length else text[:length] + "…"


def call(method, url, body=None, headers=None, timeout=30):
    """One exchange; returns (status, headers, parsed body or None). Status 0: nobody answered."""
    data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method)
    request.add_header("Accept", "application/fhir+json")
    # A stock HAPI repeats the answer to an earlier search for up to a minute unless asked not to.
    request.add_header("Cache-Control", "no-cache")
    if data:
        request.add_header("Content-Type", "application/fhir+json")
    for name, value in (headers or {}).items():
        request.add_header(name, value)
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            status, head, text = answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        status, head, text = error.code, error.headers, error.read()
    except (urllib.error.URLError, OSError) as error:
        return 0, {}, {"unreachable": str(error)}
    try:
        parsed = json.loads(text) if text else None
    except ValueError:
        parsed = text.decode(errors="replace")
    return status, head, parsed


def until(seconds, probe, what, every=0.1):
    """Waits for a true value of probe(), with a deadline. A Failed from probe means "not yet" and says why."""
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


def run_named(owner, names):
    """Runs the methods so named, one line each; returns (passed, failed, skipped)."""
    passed = failed = skipped = 0
    for name in names:
        owner.note = ""
        start = time.monotonic()
        try:
            getattr(owner, name)()
        except Failed as reason:
            failed += 1
            line = f"FAILED  {name}: {reason}"
        except Skipped as reason:
            skipped += 1
            line = f"skipped {name}: {reason}"
        except Exception:
            failed += 1
            line = f"FAILED  {name}: {traceback.format_exc(limit=3)}"
        else:
            passed += 1
            line = f"ok      {name}" + (f": {owner.note}" if owner.note else "")
        print(f"{line} [{time.monotonic() - start:.1f} s]", flush=True)
    return passed, failed, skipped


def closing_line(passed, failed, skipped=0):
    return f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else "")
