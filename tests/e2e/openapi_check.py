"""Holds answers of the server against docs/openapi.yaml."""
import json
import os
import re

import jsonschema
import yaml

from harness import ROOT

with open(os.path.join(ROOT, "docs", "openapi.yaml"), encoding="utf-8") as f:
    DOCUMENT = yaml.safe_load(f)


def look_up(reference):
    """What "#/components/schemas/Page" stands for. All of the document's references are such."""
    assert reference.startswith("#/components/"), reference
    value = DOCUMENT
    for part in reference[2:].split("/"):
        value = value[part]
    return value


def resolve(value):
    while isinstance(value, dict) and "$ref" in value:
        value = look_up(value["$ref"])
    return value


def operation(method, path):
    """(template, operation) of a request; None when the document does not know it."""
    path = path.partition("?")[0]
    for template, item in sorted(DOCUMENT["paths"].items(), key=lambda t: "{" in t[0]):
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path) and method.lower() in item:
            return template, item[method.lower()]
    return None


def check(method, path, answer):
    """Raises AssertionError when the answer is not as the document says."""
    found = operation("GET" if method == "HEAD" else method, path)
    assert found, f"{method} {path} is not in the document"
    responses = found[1]["responses"]
    response = resolve(responses.get(str(answer.status), responses.get("default")))
    assert response is not None, f"{method} {path}: status {answer.status} is not in the document"
    for name in response.get("headers", {}):
        assert answer.headers[name], f"{method} {path} {answer.status}: header {name} is missing"
    if "content" not in response:
        assert answer.body == b"", f"{method} {path} {answer.status}: has a body"
        return found[0]
    kind = answer.headers["Content-Type"]
    assert kind in response["content"], f"{method} {path} {answer.status}: content type {kind}"
    if "json" in kind and method != "HEAD":
        # In one document with what it refers to: every version of jsonschema finds that by itself.
        schema = {**response["content"][kind]["schema"], "components": DOCUMENT["components"]}
        validator = jsonschema.Draft202012Validator(schema)
        errors = [
            f"{list(e.absolute_path)}: {e.message[:300]}"
            for e in validator.iter_errors(json.loads(answer.body))
        ]
        assert not errors, f"{method} {path}: {errors[:3]}"
    return found[0]


def references(value):
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for v in value.values():
            yield from references(v)
    elif isinstance(value, list):
        for v in value:
            yield from references(v)


def faults_of_document():
    """What is wrong with the document itself."""
    used = set(references(DOCUMENT))
    for reference in used:
        look_up(reference)
    defined = {
        f"#/components/{part}/{name}"
        for part, items in DOCUMENT["components"].items() if part != "securitySchemes"
        for name in items
    }
    faults = [f"unused: {r}" for r in sorted(defined - used)]
    for schema in DOCUMENT["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    ids = [o["operationId"] for item in DOCUMENT["paths"].values() for o in item.values()]
    faults += [f"twice: {i}" for i in set(ids) if ids.count(i) > 1]
    with open(os.path.join(ROOT, "core", "api", "api.c"), encoding="utf-8") as f:
        routes = set(re.findall(r'\{"(/[^"]+)", HTTP_(\w+)', f.read()))
    documented = {(re.sub(r"\{\w+\}", "*", path), method.upper())
                  for path, item in DOCUMENT["paths"].items()
                  for method in item}
    return faults + [f"route and document differ: {d}" for d in sorted(routes ^ documented)]
