"""openapi/medreview.yaml as something to hold answers against: finding the operation, and checking status, headers, type
and body. The schemas use a part of JSON Schema 2020-12; a keyword that is not known here is an error, never ignored."""
import datetime
import re

import yaml  # Debian: python3-yaml

from running import Failed, check, short

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
# What the listener says before it routes; described in the file's introduction.
BEFORE_ROUTING = {400, 408, 413, 417, 431, 501, 503, 505}

TYPES = {
    "object": lambda v: isinstance(v, dict),
    "array": lambda v: isinstance(v, list),
    "string": lambda v: isinstance(v, str),
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "number": lambda v: isinstance(v, (int, float)) and not isinstance(v, bool),
    "boolean": lambda v: isinstance(v, bool),
    "null": lambda v: v is None,
}
SAYS_NOTHING = {"description", "default", "example", "examples"}


def is_date(text):
    datetime.date.fromisoformat(text)


def is_instant(text):
    if not re.search(r"T.*(Z|[+-][0-9]{2}:[0-9]{2})$", text):
        raise ValueError("no time or no offset")
    datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


FORMATS = {"date": is_date, "date-time": is_instant}


class Contract:
    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.document = yaml.safe_load(file)
        self.seen = set()  # (operationId, status as it stands in the file)

    # --- the file ---

    def resolve(self, node):
        while isinstance(node, dict) and "$ref" in node:
            check(set(node) == {"$ref"}, f"beside $ref {node['$ref']} nothing else may stand")
            target = self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                check(part in target, f"{node['$ref']} leads nowhere")
                target = target[part]
            node = target
        return node

    def operations(self):
        """(method, path template, operation, parameters)"""
        for path, item in self.document["paths"].items():
            for method in METHODS:
                if method in item:
                    operation = item[method]
                    named = item.get("parameters", []) + operation.get("parameters", [])
                    yield method.upper(), path, operation, [self.resolve(p) for p in named]

    def secured(self, operation):
        return operation.get("security", self.document["security"])

    def schemas(self, node=None):
        """Every schema that stands in the file, wherever."""
        node = self.document if node is None else node
        if isinstance(node, list):
            for each in node:
                yield from self.schemas(each)
        elif isinstance(node, dict):
            for name, value in node.items():
                if name == "schema":
                    yield value
                elif name == "schemas":
                    yield from value.values()
                if name not in ("schema", "schemas", "example", "examples", "value"):
                    yield from self.schemas(value)

    # --- matching ---

    def find(self, method, path):
        """The operation that a request means: a path without parameters before one with (OpenAPI 3.1, 4.8.8.2)."""
        candidates = []
        for template in self.document["paths"]:
            want, have = template.split("/"), path.split("?")[0].split("/")
            if len(want) == len(have) and all(w == h or w.startswith("{") for w, h in zip(want, have)):
                if self.names_fit(template, want, have):
                    candidates.append((template.count("{"), template))
        for _, template in sorted(candidates):
            operation = self.document["paths"][template].get(method.lower())
            if operation:
                return template, operation
        raise Failed(f"{method} {path} is no operation of the file")

    def names_fit(self, template, want, have):
        """/notify/{source}/... and /notify/{type}/... differ by the pattern of their first parameter only."""
        if not template.startswith("/notify/"):
            return True
        first = next(i for i, part in enumerate(want) if part.startswith("{"))
        return (want[first] == "{source}") == have[first][:1].islower()

    # --- holding an answer to it ---

    def hold(self, method, path, answer):
        """Fails unless the file says that this request may be answered so. Returns the operation's id."""
        _, operation = self.find(method, path)
        name, listed = operation["operationId"], operation["responses"]
        where = f"{method} {path} ({name}): {answer.status}"
        key = str(answer.status)
        if key not in listed:
            check(answer.status in BEFORE_ROUTING and "default" in listed,
                  f"{where} is not listed; listed are {sorted(listed)}; {short(answer.body.decode(errors='replace'))}")
            key = "default"
        response = self.resolve(listed[key])
        for header, said in response.get("headers", {}).items():
            value = answer.headers.get(header.lower())
            check(value is not None or not said.get("required"), f"{where}: the header {header} is missing")
            if value is not None:
                self.conforms(value, said["schema"], f"{where} {header}")
        self.hold_body(answer, response.get("content"), where)
        self.seen.add((name, key))
        return name

    def hold_body(self, answer, content, where):
        kind = answer.headers.get("content-type")
        if content is None:
            check(not answer.body and kind is None, f"{where}: a body, though none is listed: {kind}")
            return
        check(kind in content, f"{where}: Content-Type {kind}, listed are {sorted(content)}")
        if "json" in kind:
            check(answer.json is not None, f"{where}: no JSON: {short(answer.body.decode(errors='replace'))}")
        value = answer.json if "json" in kind else answer.body.decode()
        self.conforms(value, content[kind]["schema"], where)

    # --- JSON Schema ---

    def conforms(self, value, schema, where):
        schema = self.resolve(schema)
        for keyword, said in schema.items():
            rule = getattr(self, "check_" + keyword, None)
            check(rule is not None or keyword in SAYS_NOTHING, f"the schema keyword {keyword} is not known to this test")
            if rule:
                rule(value, said, schema, where)

    def check_type(self, value, said, _, where):
        kinds = said if isinstance(said, list) else [said]
        check(any(TYPES[kind](value) for kind in kinds), f"{where}: expected {said}, found {short(value)}")

    def check_const(self, value, said, _, where):
        check(value == said, f"{where}: expected {said!r}, found {short(value)}")

    def check_enum(self, value, said, _, where):
        check(value in said, f"{where}: {value!r} is none of {said}")

    def check_pattern(self, value, said, _, where):
        if isinstance(value, str):
            check(re.search(said, value), f"{where}: {short(value)} does not match {said}")

    def check_format(self, value, said, _, where):
        if isinstance(value, str):
            try:
                FORMATS[said](value)
            except ValueError as reason:
                raise Failed(f"{where}: {value!r} is no {said}: {reason}") from None

    def check_minLength(self, value, said, _, where):
        check(not isinstance(value, str) or len(value) >= said, f"{where}: shorter than {said}")

    def check_minimum(self, value, said, _, where):
        check(not TYPES["number"](value) or value >= said, f"{where}: {value} is less than {said}")

    def check_maximum(self, value, said, _, where):
        check(not TYPES["number"](value) or value <= said, f"{where}: {value} is more than {said}")

    def check_minItems(self, value, said, _, where):
        check(not isinstance(value, list) or len(value) >= said, f"{where}: fewer than {said}")

    def check_maxItems(self, value, said, _, where):
        check(not isinstance(value, list) or len(value) <= said, f"{where}: more than {said}")

    def check_items(self, value, said, _, where):
        for number, each in enumerate(value if isinstance(value, list) else []):
            self.conforms(each, said, f"{where}[{number}]")

    def check_required(self, value, said, _, where):
        missing = [name for name in said if name not in value] if isinstance(value, dict) else []
        check(not missing, f"{where}: without {missing}")

    def check_properties(self, value, said, _, where):
        for name, schema in said.items():
            if isinstance(value, dict) and name in value:
                self.conforms(value[name], schema, f"{where}.{name}")

    def check_additionalProperties(self, value, said, schema, where):
        check(said is False, "additionalProperties other than false is not known to this test")
        more = set(value) - set(schema.get("properties", {})) if isinstance(value, dict) else set()
        check(not more, f"{where}: members that the file does not list: {sorted(more)}")
