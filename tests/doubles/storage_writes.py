"""The writing half of the storage API, for a real Firefox: PUT, POST with its batches, DELETE, and
their conditions. Served only while the setting `writable` is on."""
import json
import re
import secrets
import urllib.parse

from storage import decimal
from storage_api import (BAD_COLLECTION, LIMITS, NAME, UNKNOWN, Malformed, conditional, json_answer,
                         refuse)

ID = re.compile(r"^[\x20-\x2b\x2d-\x7e]{1,64}$")
BAD_BODY, BAD_BSO, OVER_LIMIT = "6", "8", "17"  # weave codes


class Batches:
    """What was uploaded and is not committed yet: id -> (account, collection, records)."""
    def __init__(self):
        self.open = {}

    def begin(self, account, name):
        batch = secrets.token_hex(8)
        self.open[batch] = (account, name, [])
        return batch

    def records(self, batch, account, name):
        """Its list; None: nobody's, or another's."""
        known = self.open.get(batch)
        return known[2] if known and known[:2] == (account, name) else None


def _bso(record, bso_id=None):
    """What Account.put() takes; Malformed when the server would not keep it."""
    if not isinstance(record, dict):
        raise Malformed("no object")
    bso_id = record.get("id", bso_id)
    payload, index, ttl = (record.get(n) for n in ("payload", "sortindex", "ttl"))
    if not isinstance(bso_id, str) or not ID.match(bso_id):
        raise Malformed("id")
    if payload is not None and not isinstance(payload, str):
        raise Malformed("payload")
    if payload is not None and len(payload.encode()) > LIMITS["max_record_payload_bytes"]:
        raise Malformed("size")
    if any(n is not None and (not isinstance(n, int) or isinstance(n, bool)) for n in (index, ttl)):
        raise Malformed("number")
    return {"id": bso_id, "payload": payload, "sortindex": index, "ttl": ttl}


def _list_of(body, headers):
    """The records of a POST."""
    text = body.decode()
    if "application/newlines" in (headers.get("Content-Type") or ""):
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    records = json.loads(text)
    if not isinstance(records, list):
        raise ValueError("a list")
    return records


def _keep(account, name, records):
    """All with one time, which is answered. A record without a payload keeps what it had."""
    old = account.collection(name).bsos
    whole = [{
        **r, "payload": r["payload"] if r["payload"] is not None else
        old[r["id"]].payload if r["id"] in old else ""
    } for r in records]
    modified = account.put(name, whole)
    if name == "crypto" and "keys" in account.collection(name).bsos:
        account.adopt_keys()
    return modified


def _stamped(value, modified, status=200, **more):
    return json_answer(value, status, {"X-Last-Modified": decimal(modified), **more})


def _post(account, name, query, headers, body, batches):
    """`batch=true` begins one, `batch=ID` goes on, `commit` ends it."""
    try:
        sent = _list_of(body, headers)
    except ValueError:
        return refuse(400, BAD_BODY)
    if len(sent) > LIMITS["max_post_records"] or len(body) > LIMITS["max_request_bytes"]:
        return refuse(400, OVER_LIMIT)
    good, failed = [], {}
    for record in sent:
        try:
            good.append(_bso(record))
        except Malformed as fault:
            failed[str(record.get("id") if isinstance(record, dict) else record)] = str(fault)
    result = {"success": [r["id"] for r in good], "failed": failed}
    batch, commit = query.get("batch"), "commit" in query
    if batch is None or (batch == "true" and commit):
        modified = _keep(account, name, good)
        return _stamped({"modified": float(decimal(modified)), **result}, modified)
    if batch == "true":
        batch = batches.begin(account, name)
    waiting = batches.records(batch, account, name)
    if waiting is None:
        return refuse(400, BAD_BODY)
    waiting.extend(good)
    if len(waiting) > LIMITS["max_total_records"]:
        return refuse(400, OVER_LIMIT)
    if not commit:
        known = account.collections.get(name)
        return _stamped({"batch": batch, **result}, known.modified if known else 0, 202)
    del batches.open[batch]
    modified = _keep(account, name, waiting)
    return _stamped({"modified": float(decimal(modified)), **result}, modified)


def _put(account, name, bso_id, body):
    try:
        record = _bso(json.loads(body), bso_id)
    except ValueError:
        return refuse(400, BAD_BODY)
    except Malformed:
        return refuse(400, BAD_BSO)
    if record["id"] != bso_id:
        return refuse(400, BAD_BSO)
    modified = _keep(account, name, [record])
    return _stamped(decimal(modified), modified)


def _delete(account, parts, query):
    """Real deletion: of a record, of some, of a collection, of everything."""
    if len(parts) < 2:
        account.collections = {}
        return _stamped(decimal(account.now()), account.clock)
    name = parts[1]
    known = account.collections.get(name)
    if len(parts) == 3 and (known is None or parts[2] not in known.bsos):
        return refuse(404)
    ids = [parts[2]] if len(parts) == 3 else query["ids"].split(",") if "ids" in query else None
    if ids is not None:
        modified = account.delete(name, ids)
    else:
        account.collections.pop(name, None)
        modified = account.now()
    return _stamped({"modified": float(decimal(modified))}, modified)


def write(account, request, path, query_text, body, batches):
    """path: below the endpoint, e.g. "/storage/history"."""
    query = dict(urllib.parse.parse_qsl(query_text, keep_blank_values=True))
    parts = [urllib.parse.unquote(p) for p in path.strip("/").split("/") if p]
    if parts and parts[0] != "storage" or len(parts) > 3:
        return refuse(404)
    if len(parts) > 1 and not NAME.match(parts[1]):
        return refuse(400, BAD_COLLECTION)
    collection = account.collections.get(parts[1]) if len(parts) > 1 else None
    modified = collection.modified if collection else 0
    if len(parts) == 3:
        bso = collection.bsos.get(parts[2]) if collection else None
        modified = bso.modified if bso else 0
    try:
        stopped = conditional(modified if len(parts) > 1 else account.latest(), request.headers)
    except Malformed:
        return refuse(400)
    if stopped:
        return stopped
    if request.method == "DELETE":
        return _delete(account, parts, query)
    if request.method == "PUT" and len(parts) == 3:
        return _put(account, parts[1], parts[2], body)
    if request.method == "POST" and len(parts) == 2:
        return _post(account, parts[1], query, request.headers, body, batches)
    return refuse(405, UNKNOWN)
