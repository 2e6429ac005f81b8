#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares the JSON of the dashboard's API with that of the tool, and both with their schemas: see json_forms_test.sh."""
import json
import subprocess
import sys
import time
import urllib.parse
import urllib.request

import jsonschema

url, token, helmdesk, store, data = sys.argv[1:]
END_BY = time.monotonic() + 120


def fail(*words):
    sys.exit(" ".join(str(word) for word in words))


# ---- The two sides ----

browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
seen = []  # all that either has told, for the search for secrets


def page(path, **query):
    target = f"{url}/admin/api/v1/{path}" + ("?" + urllib.parse.urlencode(query) if query else "")
    text = browser.open(target, timeout=30).read().decode()
    seen.append(text)
    return text


def tool(*arguments):
    command = [helmdesk, *arguments, "--json", "--store", f"sqlite:{store}"]
    text = subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=60).stdout.decode()
    seen.append(text)
    return [json.loads(line) for line in text.splitlines()]


# ---- Schemas ----

def read_schema(name):
    with open(f"{data}/{name}.schema.json", encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


schemas = {name: read_schema(name) for name in ("report", "webhook", "stats", "change")}


def form(name, value):
    """What the library wrote of an object: the members that the schema knows, after the schema was checked."""
    for error in schemas[name].iter_errors(value):
        fail(f"{name}: {error.message} at {list(error.path)} in {value}")
    known = schemas[name].schema["properties"]
    return {key: member for key, member in value.items() if key in known}


def whole(name, value):
    """The same for an object that nothing is added to."""
    extra = value.keys() - schemas[name].schema["properties"].keys()
    if extra:
        fail(f"{name}: the schema does not know {extra}")
    return form(name, value)


def same(what, ours, theirs):
    if ours != theirs or list(ours) != list(theirs):
        fail(f"{what}: the page says\n{ours}\nand the tool\n{theirs}")


def spoils(name, value, key, wrong):
    """The schema would see this."""
    if schemas[name].is_valid({**value, key: wrong}):
        fail(f"{name}: the schema takes {wrong!r} for {key}")


# ---- Comparing ----

def compare_webhooks(project):
    """Returns how many there are. One may be changed in between: then they are read again."""
    while True:
        before = json.loads(page(f"projects/{project}/webhooks"))["data"]
        told = {webhook["id"]: form("webhook", webhook) for webhook in tool("webhooks", "list", "--project", project)}
        after = json.loads(page(f"projects/{project}/webhooks"))["data"]
        if [w["version"] for w in before] == [w["version"] for w in after]:
            break
        if time.monotonic() > END_BY:
            fail("the webhooks keep changing")
    for webhook in before:
        ours = form("webhook", webhook)
        address = ours.pop("url")
        same("webhook", ours, told.pop(ours["id"]))
        revealed = form("webhook", tool("webhooks", "get", ours["id"], "--reveal")[0])
        if revealed["url"] != address or [name for name, _ in revealed["headers"]] != [n for n, _ in ours["headers"]]:
            fail("webhook: --reveal shows another one:", revealed)
        form("report", webhook["last_delivery"]) if webhook["last_delivery"] else None
        form("stats", webhook["stats24h"])
        for key, wrong in (("schema", 2), ("mode", "maybe"), ("headers", [["name"]]), ("rate", {}), ("version", -1)):
            spoils("webhook", webhook, key, wrong)
    if told:
        fail("the tool lists more webhooks:", told)
    return len(before)


def compare_reports(project):
    """Returns the reports that both have: the demo goes on meanwhile."""
    lines, cursor = [], None
    while cursor is None or cursor:
        answer = browser.open(f"{url}/admin/api/v1/projects/{project}/deliveries.ndjson" +
                              (f"?cursor={cursor}" if cursor else ""), timeout=30)
        lines += answer.read().decode().splitlines()
        cursor = answer.headers.get("X-Next-Cursor", "")
    seen.extend(lines)
    name = lambda report: (report["id"], report["attempt"], report["outcome"])
    told = {name(report): whole("report", report) for report in tool("deliveries", "export", "--project", project)}
    both = []
    for line in lines:
        report = whole("report", json.loads(line))
        if name(report) in told:
            same("report", report, told[name(report)])
            both.append(report)
    return both


def compare_lists(project):
    listed = json.loads(page(f"projects/{project}/deliveries", limit=200))["data"]
    told = {(r["id"], r["attempt"]): r for r in tool("deliveries", "list", "--project", project, "--limit", "1000")
            if "id" in r}
    common = [report for report in listed if (report["id"], report["attempt"]) in told]
    for report in common:
        same("listed report", whole("report", report), told[report["id"], report["attempt"]])
        if "request" in report or "response" in report:
            fail("a list has requests:", report)
    if not common:
        fail("no report in both lists")


def compare_stats(project):
    """What is counted may grow in between: then it is counted again."""
    while True:
        before = json.loads(page(f"projects/{project}/stats", range="24h"))
        told = tool("stats", "--project", project, "--since", before["since"], "--until", before["until"],
                    "--bucket", "1h")[0]
        after = json.loads(page(f"projects/{project}/stats", range="24h"))
        if before == after:
            break
        if time.monotonic() > END_BY:
            fail("the statistics keep changing")
    same("statistics", before, told)
    whole_stats = {key: value for key, value in before.items() if key not in ("since", "until", "waiting")}
    for key, wrong in (("buckets", [{}]), ("success_percent", 101), ("reasons", {"dns": "1"}), ("ms", {"p50": 1})):
        spoils("stats", whole("stats", whole_stats), key, wrong)
    return before


def compare_changes(project):
    """Returns how many both have. The demo may change something in between: what is newer is left out."""
    listed = json.loads(page(f"projects/{project}/changes", limit=200))["data"]
    told = {change["id"]: change for change in tool("webhooks", "changes", "--project", project, "--limit", "200")}
    common = [change for change in listed if change["id"] in told]
    for change in common:
        same("change", whole("change", change), told[change["id"]])
        for key, wrong in (("action", "lost"), ("at", "yesterday"), ("by", ""), ("fields", [{}]), ("object", "7")):
            spoils("change", change, key, wrong)
    return len(common)


def main():
    login = urllib.request.Request(f"{url}/login", data=token.encode(), method="POST")
    browser.open(login, timeout=30)
    projects = json.loads(page("me"))["projects"]
    reports = []
    while len(reports) < 100 and time.monotonic() < END_BY:
        reports = [report for project in projects for report in compare_reports(project)]
        time.sleep(0.1)
    webhooks = sum(compare_webhooks(project) for project in projects)
    changes = sum(compare_changes(project) for project in projects)
    for project in projects:
        compare_lists(project)
    reached = sum(compare_stats(project)["delivered"] for project in projects)
    outcomes, formats = {report["outcome"] for report in reports}, {report["format"] for report in reports}
    if len(reports) < 100 or webhooks < 3 or changes < 3 or reached < 1 or not outcomes >= {"delivered", "failed"}:
        fail(f"too little to compare: {len(reports)} reports {outcomes} {formats}, {webhooks} webhooks, {changes} changes")
    for key, wrong in (("outcome", "lost"), ("created_at", "yesterday"), ("status", 7), ("id", ""), ("attempt", 1.5),
                       ("request", {"line": None}), ("ticket_number", 2**53)):
        spoils("report", reports[0], key, wrong)
    if any("whsec_" in text for text in seen):
        fail("a secret was told")


main()
