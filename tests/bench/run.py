#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the benchmark: the library, and its peers, in turn against one receiver, round after round.

   run.py BUILD       programs are in BUILD/tests/bench, peers in peers there; writes BUILD/bench.json
   ROUNDS=5           rounds of everything that is measured against the clock
   ONLY=a,b           some of: micro delivery webhooks isolation https instructions signatures store log
   BEFORE=PROGRAM     tests/bench/sender of another version (0.1.0 for the goals), beside ours over HTTPS

Senders run on the first processor and the receiver on the second. CPU is that of the sender alone, its callers
included, and medians of ratios are those of the rounds: the machine is noisy, a ratio within one round much less.
"""
import json
import os
import re
import statistics
import subprocess
import sys
import urllib.request

BUILD = os.path.abspath(sys.argv[1])
BENCH = os.path.join(BUILD, "tests", "bench")
PEERS = os.path.join(BENCH, "peers")
ROUNDS = int(os.environ.get("ROUNDS", "5"))
ONLY = os.environ.get("ONLY", "micro,delivery,webhooks,isolation,https,instructions,signatures,store,log").split(",")
BEFORE = os.environ.get("BEFORE")
PROCESSORS = sorted(os.sched_getaffinity(0))
SENDER, RECEIVER = PROCESSORS[0], PROCESSORS[-1]
results = []


def pinned(processor):
    return lambda: os.sched_setaffinity(0, {processor})


def run(command, timeout=300, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=timeout,
                          preexec_fn=pinned(SENDER), **options).stdout


class Receiver:
    """The receiver of the benchmark, for as long as a with statement lasts."""

    def __init__(self, *arguments):
        self.arguments = arguments

    def __enter__(self):
        self.process = subprocess.Popen([os.path.join(BENCH, "receiver"), *self.arguments], stdout=subprocess.PIPE,
                                        text=True, preexec_fn=pinned(RECEIVER))
        self.port = int(self.process.stdout.readline())
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def stats(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/stats") as answer:
            return [int(number) for number in answer.read().split()]


def figure(line):
    """CPU and wall time of a delivery in microseconds, from what a sender prints."""
    count, cpu, wall = (float(number) for number in line.split())
    return cpu / count, wall / count


def ours(port, count, *options, warmup=10000, program=os.path.join(BENCH, "sender")):
    return figure(run([program, str(port), str(count), str(warmup), *options]))


def peer(name, port, count, warmup=5000):
    if name in FLOORS:
        return figure(run([os.path.join(BENCH, name), str(port), str(count), "64", str(warmup)]))
    if name == "wrk":
        return wrk(port)
    url = f"http://127.0.0.1:{port}/ok"
    return figure(run([os.path.join(PEERS, name), url, str(count), "64", str(warmup)]))


def wrk(port):
    """For two seconds, without a warm-up."""
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "wrk.lua")
    before = os.times()
    text = run(["wrk", "-t1", "-c64", "-d2s", "-s", script, f"http://127.0.0.1:{port}/ok"])
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    count = int(re.search(r"(\d+) requests in", text).group(1))
    return cpu * 1e6 / count, 2e6 / count


def add(name, unit, value, other, ratio, goal=None, at_most=True, ratios=()):
    """One line of the table and one object of the list. Of several rounds' ratios the spread is shown too."""
    ok = None if goal is None else (ratio <= goal if at_most else ratio >= goal)
    text = None if goal is None else f"{'<=' if at_most else '>='} {goal:g}"
    results.append({"name": name, "unit": unit, "ours": value, "peer": other, "ratio": ratio, "goal": text, "ok": ok,
                    "ratios": [round(each, 3) for each in ratios]})
    spread = f" ({min(ratios):.2f}..{max(ratios):.2f})" if ratios else ""
    shown = [f"{number:10.2f}" if number is not None else " " * 10 for number in (value, other, ratio)]
    verdict = "" if ok is None else "ok" if ok else "MISSED"
    print(f"{name + spread:58} {unit:8} {shown[0]} {shown[1]} {shown[2]}  {text or '':9} {verdict}", flush=True)


def part(name):
    return name in ONLY


class TlsReceivers:
    """Two receivers that differ in nothing but TLS, for as long as a with statement lasts."""

    def __enter__(self):
        self.process = subprocess.Popen([os.path.join(BENCH, "tls")], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, preexec_fn=pinned(RECEIVER))
        self.plain_port, self.tls_port, self.ca = self.process.stdout.readline().split()
        return self

    def __exit__(self, *error):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def authorities(own):
    """A file of an authority and of those that the system trusts."""
    name = os.path.join(BENCH, "authorities.pem")
    with open(name, "w", encoding="utf-8") as out:
        for each in (own, "/etc/ssl/certs/ca-certificates.crt"):
            if os.path.exists(each):
                with open(each, encoding="utf-8") as file:
                    out.write(file.read())
    return name


def micro():
    with Receiver() as receiver, TlsReceivers() as tls:
        # On all processors: how a caller and the worker meet is a part of it.
        lines = subprocess.run([os.path.join(BENCH, "micro"), str(receiver.port), tls.tls_port, authorities(tls.ca)],
                               check=True, capture_output=True, text=True, timeout=300).stdout.splitlines()
    values = {line.split()[0]: float(line.split()[1]) for line in lines}

    def single(name, unit, key, goal=None):
        add(name, unit, values[key], None, values[key], goal)

    single("send, worker busy: median", "ns", "send_busy_ns", 100)
    single("send, worker napping: median", "ns", "send_napping_p50_ns")
    single("send, worker napping: p99", "ns", "send_napping_p99_ns", 1000)
    single("send, worker asleep: median", "ns", "send_sleeping_p50_ns")
    single("send, 16 callers at once: p99.9 of CPU", "ns", "send_16_callers_p999_ns", 50000)
    for key, name, goal in (("hmac", "HMAC of 312 bytes, key kept, vs mbedtls_md_hmac", 0.75),
                            ("sign", "hd_sign of 312 bytes vs mbedtls_md_hmac", None),
                            ("verify", "hd_verify of 312 bytes vs mbedtls_md_hmac", None),
                            ("payload", "JSON body vs Jansson's pack and dump", None)):
        add(name, "ns", values[key + "_ns"], values[key + "_peer_ns"], values[key + "_ratio"], goal)
    single("allocations of ours per 1,000 deliveries", "", "allocations_per_1000", 0)
    single("heap per idle connection", "bytes", "idle_connection_bytes", 14 * 1024)
    single("heap per idle connection with TLS", "bytes", "idle_tls_connection_bytes", 45 * 1024)
    single("memory of a queued event, beyond the event", "bytes", "queued_event_bytes", 100)


FLOORS = ("raw", "libcurl")
COUNTS = {"raw": 200000, "libcurl": 80000, "wrk": 0, "evhttp": 60000, "hyper": 100000, "nethttp": 50000, "undici": 50000,
          "nodehttp": 20000, "aiohttp": 6000}
GOALS = {"raw": 1.7, "libcurl": 0.52, "wrk": 0.9, "evhttp": 1.9, "hyper": 1.1, "nethttp": 2.2, "undici": 2.7,
         "nodehttp": 4.5, "aiohttp": 15}


def available(name):
    if name in FLOORS:
        return True
    if name == "wrk":
        return subprocess.run(["sh", "-c", "command -v wrk"], capture_output=True).returncode == 0
    return os.access(os.path.join(PEERS, name), os.X_OK)


def delivery():
    names = [name for name in COUNTS if available(name)]
    for name in COUNTS:
        if name not in names:
            print(f"{name}: skipped, it is not there")
    mine, theirs = [], {name: [] for name in names}
    with Receiver() as receiver:
        for _ in range(ROUNDS):
            mine.append(ours(receiver.port, 60000)[0])
            for name in names:
                theirs[name].append(peer(name, receiver.port, COUNTS[name])[0])
    for name in names:
        less = name in FLOORS  # they: how many times as much; the others: how many times as many
        ratios = [a / b if less else b / a for a, b in zip(mine, theirs[name])]
        label = f"CPU vs {'raw sockets' if name == 'raw' else 'libcurl alone'}" if less else f"deliveries per CPU-second vs {name}"
        add(label, "us", statistics.median(mine), statistics.median(theirs[name]),
            statistics.median(ratios), GOALS.get(name), less, ratios)


def webhooks():
    counts = (1, 90, 1000, 10000)
    cpu = {count: [] for count in counts}
    with Receiver() as receiver:
        for _ in range(ROUNDS):
            for count in counts:
                options = () if count == 1 else (f"webhooks={count}",)
                cpu[count].append(ours(receiver.port, 60000, *options, warmup=max(10000, 3 * count))[0])
    for count in (1, 1000, 10000):
        ratios = [a / b for a, b in zip(cpu[count], cpu[90])]
        add(f"CPU with {count:,} webhooks vs 90", "us", statistics.median(cpu[count]),
            statistics.median(cpu[90]), statistics.median(ratios), 1.25 if count == 10000 else None, True, ratios)


def isolation():
    for healthy, silent, in_flight in ((90, 10, 64), (900, 100, 256)):
        with_silent, without, ratios = [], [], []
        options = (f"webhooks={healthy}", f"in_flight={in_flight}")
        with Receiver() as receiver:
            for _ in range(ROUNDS):
                without.append(1e6 / ours(receiver.port, 250000, *options)[1])
                with_silent.append(1e6 / ours(receiver.port, 250000, *options, f"silent={silent}")[1])
                ratios.append(with_silent[-1] / without[-1])
        add(f"deliveries/s, {silent} of {healthy + silent:,} silent, vs {healthy} alone", "1/s",
            statistics.median(with_silent), statistics.median(without), statistics.median(ratios),
            0.95 if silent == 10 else 0.9, False, ratios)


def https():
    plain, kept, fresh, kept_before, fresh_before = [], [], [], [], []
    with TlsReceivers() as receivers:
        port, ca = receivers.tls_port, f"ca={receivers.ca}"
        for _ in range(ROUNDS):
            plain.append(ours(receivers.plain_port, 20000, warmup=2000)[0])
            kept.append(ours(port, 20000, ca, warmup=2000)[0])
            fresh.append(ours(port, 1000, ca, "kept=1", warmup=100)[0])
            if BEFORE:
                kept_before.append(ours(port, 20000, ca, warmup=2000, program=BEFORE)[0])
                fresh_before.append(ours(port, 1000, ca, "kept=1", warmup=100, program=BEFORE)[0])
    ratios = [a / b for a, b in zip(kept, plain)]
    add("CPU with HTTPS, kept alive, vs HTTP", "us", statistics.median(kept),
        statistics.median(plain), statistics.median(ratios), None, True, ratios)
    ratios = [a / b for a, b in zip(fresh, plain)]
    add("CPU with HTTPS, new connections, vs HTTP", "us", statistics.median(fresh),
        statistics.median(plain), statistics.median(ratios), None, True, ratios)
    if BEFORE:
        https_before("kept alive", kept, kept_before, 0.55)
        https_before("new connections", fresh, fresh_before, 0.65 if resumes() else None)


def https_before(what, mine, before, goal):
    ratios = [a / b for a, b in zip(mine, before)]
    add(f"CPU with HTTPS, {what}, vs BEFORE", "us", statistics.median(mine), statistics.median(before),
        statistics.median(ratios), goal, True, ratios)


def resumes():
    """Whether TLS sessions are resumed over new connections, which libcurl 8.12 and later can."""
    return subprocess.run(["pkg-config", "--atleast-version=8.12", "libcurl"]).returncode == 0


def instruction_counts(command):
    """Instructions in all, those of mbedTLS and OpenSSL, and those of the transport's own files, by callgrind."""
    out = os.path.join(BENCH, "callgrind.out")
    run(["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={out}", *command], timeout=600)
    total = hmac = transport = 0
    inside = False
    files, file = {}, ""
    with open(out, encoding="utf-8", errors="replace") as lines:
        objects, current, called = {}, "", False
        for line in lines:
            if match := re.match(r"ob=\((\d+)\)(?: (.*))?", line):
                if match.group(2):
                    objects[match.group(1)] = match.group(2)
                current = objects.get(match.group(1), "")
            elif match := re.match(r"f[lie]=\((\d+)\)(?: (.*))?", line):
                if match.group(2):
                    files[match.group(1)] = match.group(2)
                file = files.get(match.group(1), "")
            elif match := re.match(r"cf[il]=\((\d+)\) (.*)", line):
                files[match.group(1)] = match.group(2)
            elif match := re.match(r"cob=\((\d+)\) (.*)", line):
                objects[match.group(1)] = match.group(2)
            elif line.startswith("calls="):
                called = True
            elif line.startswith("fn="):
                inside = True
            elif inside and re.match(r"[+\-*\d]", line):
                cost = int(line.split()[-1])
                if not called:
                    total += cost
                    hmac += cost if "mbedcrypto" in current or "libcrypto" in current else 0
                    transport += cost if "src/transport/" in file else 0
                called = False
    return total, hmac, transport


def instructions():
    each = {}
    for name, options in (("sender", ("100", "queue=256", "in_flight=16")), ("libcurl", ("16", "100"))):
        with Receiver() as receiver:
            few, many = (instruction_counts([os.path.join(BENCH, name), str(receiver.port), str(count), *options])
                         for count in (2000, 6000))
        hmac = (many[1] - few[1]) / 4000
        each[name] = (many[0] - few[0]) / 4000 - hmac
        if name == "sender":
            add("user instructions of HMAC", "", hmac, None, hmac)
            transport = (many[2] - few[2]) / 4000
            add("user instructions of the transport's own code", "", transport, None, transport, 5000)
    add("user instructions of libcurl alone, without HMAC", "", each["libcurl"], None, each["libcurl"])
    add("user instructions per delivery, without HMAC", "", each["sender"], None, each["sender"], 18000)


def signatures():
    names = [name for name in COUNTS if available(name)]
    with Receiver("verify") as receiver:
        ours(receiver.port, 20000)
        seen, missing, wrong = receiver.stats()
        add("deliveries of ours without or with a wrong signature", "", missing + wrong, None, missing + wrong, 0)
        for name in names:
            peer(name, receiver.port, 2000, warmup=100)
        everything, missing, wrong = receiver.stats()
        print(f"{seen:,} deliveries of ours and {everything - seen:,} of peers verified")
        if missing + wrong:
            sys.exit(f"{missing + wrong} deliveries of peers had no or a wrong signature")


def store_figures(port, *parts, processors=None):
    """What the parts of the store's benchmark print, by name, each of which may come several times."""
    pin = (lambda: os.sched_setaffinity(0, processors)) if processors else None
    lines = subprocess.run([os.path.join(BENCH, "store"), str(port), *parts], check=True, capture_output=True,
                           text=True, timeout=900, preexec_fn=pin).stdout.splitlines()
    values = {}
    for line in lines:
        values.setdefault(line.split()[0], []).append(float(line.split()[1]))
    return values


def store_rounds(port, *parts, processors=None):
    """The same of all rounds."""
    rounds = {}
    for _ in range(ROUNDS):
        for name, values in store_figures(port, *parts, processors=processors).items():
            rounds.setdefault(name, []).extend(values)
    return rounds


def store_life(port):
    values = store_rounds(port, "life")
    for batch in (1, 10, 100):
        rate = statistics.median(values[f"store_life_batch_{batch}"])
        add(f"store alone: life of a delivery, synced, {batch} a step", "1/s", rate, None, rate)
    size = values["store_bytes_batch_100"][0]
    add("store alone: disk of a delivery in the log", "bytes", size, None, size)


def store_rates(port):
    for name, processors, goal in (("all processors", None, 0.75), ("one processor", {SENDER}, None)):
        values = store_rounds(port, "rates", processors=processors)
        with_, without = values["deliveries_stored"], values["deliveries_memory"]
        ratios = [a / b for a, b in zip(with_, without)]
        add(f"deliveries/s with the store vs in memory, {name}", "1/s", statistics.median(with_),
            statistics.median(without), statistics.median(ratios), goal, False, ratios)
    with_, without = values["cpu_stored"], values["cpu_memory"]
    ratios = [a / b for a, b in zip(with_, without)]
    add("CPU of a delivery with the store vs in memory, one processor", "us", statistics.median(with_),
        statistics.median(without), statistics.median(ratios), None, True, ratios)


def store_sends(port):
    """Beside SQLite alone, which writes the least that a store has to keep."""
    values = store_rounds(port, "bare", "sends")
    for part_ in ("p50", "p99"):
        ours_, memory = (statistics.median(values[f"send_{mode}_{part_}"]) for mode in ("fast", "memory"))
        add(f"send with the store, fast: {part_} vs in memory", "us", ours_, memory, ours_ / memory)
    sync = values["sync_p50"]  # before and after each round
    syncs = [(before + after) / 2 for before, after in zip(sync[::2], sync[1::2])]
    for part_, goal in (("p50", 2), ("p99", None)):
        ours_ = values[f"send_committed_{part_}"]
        ratios = [a / b for a, b in zip(ours_, syncs)]
        add(f"send with the store, committed: {part_} vs a sync", "us", statistics.median(ours_),
            statistics.median(syncs), statistics.median(ratios), goal, True, ratios)
    commits = values["bare_commit_p50"]
    ratios = [a / b for a, b in zip(commits, syncs)]
    add("SQLite alone: commit of four events vs a sync", "us", statistics.median(commits), statistics.median(syncs),
        statistics.median(ratios), None, True, ratios)
    rate = statistics.median(values["bare_lives"])
    add("SQLite alone: life of a delivery, not synced, 1,000 a commit", "1/s", rate, None, rate)


def store_million(port):
    values = {name: of_name[0] for name, of_name in store_figures(port, "million").items()}
    few, many = values["claim_of_16_at_1k"], values["claim_of_16_at_1M"]
    add("claim of 16, 1,000,000 queued vs 1,000", "us", many, few, many / few, 3)
    few, many = values["memory_with_none_queued"], values["memory_with_1M_queued"]
    add("resident memory, 1,000,000 queued vs none", "KiB", many, few, many / few)
    memory = values["log_memory_10k_page_of_50"]
    for key, name in (("page_of_50", "first page"), ("page_in_the_middle", "page in the middle"),
                      ("one_webhook", "one webhook"), ("failed", "failed ones"), ("time_range", "range of time")):
        value = values["log_1M_" + key]
        add(f"log of 1,000,000, 50 reports: {name} vs 10,000 in memory", "us", value, memory, value / memory)


def store_waits(port):
    values = {name: of_name[0] for name, of_name in store_figures(port, "idle", "others").items()}
    add("processor time of an idle client with a store, a second", "us", values["idle_cpu"], None, values["idle_cpu"],
        1000)
    add("event of another process: until its request is there, p50", "ms", values["other_process_p50"], None,
        values["other_process_p50"])
    add("event of another process: until its request is there, max", "ms", values["other_process_max"], None,
        values["other_process_max"], 100)


def store():
    with Receiver() as receiver:
        for measure in (store_life, store_rates, store_sends, store_million, store_waits):
            measure(receiver.port)


def log():
    with Receiver() as receiver:
        values = {name: of_name[0] for name, of_name in store_figures(receiver.port, "search").items()}
    for key, name in (("rare", "a text in 3 of them"), ("common", "a text in 5 %"), ("absent", "a text that is nowhere"),
                      ("mail", "part of an e-mail address"), ("number", "a ticket's number"), ("id", "a ticket's id"),
                      ("two", "two characters"), ("two_absent", "two characters that are nowhere")):
        with_, without = values[f"search_{key}_with"], values[f"search_{key}_without"]
        short = key.startswith("two")
        add(f"log of 1,000,000: {name}, index vs none", "ms", with_, without, with_ / without)
        if not short:
            add(f"log of 1,000,000: {name}, first page", "ms", with_, None, with_, 50)
    for key, name in (("all", "all of them"), ("webhook", "one webhook")):
        with_, without = values[f"stats_{key}_with"], values[f"stats_{key}_without"]
        add(f"statistics of {name} of 1,000,000, index vs none", "ms", with_, without, with_ / without)
        add(f"statistics of {name} of 1,000,000", "ms", with_, None, with_, 100)
    with_, without = values["search_size_with"], values["search_size_without"]
    add("log of 1,000,000: size with the index vs without", "MB", with_, without, with_ / without)
    add("processor time of the index vs storing, a report", "us", values["search_index"], values["search_fill"],
        values["search_index"] / values["search_fill"])
    add("a piece of the index's work, 99 %", "ms", values["search_index_piece"], None, values["search_index_piece"])


def main():
    print(f"{'':58} {'unit':8} {'ours':>10} {'peer':>10} {'ratio':>10}  goal")
    for measure in (micro, delivery, webhooks, isolation, https, instructions, signatures, store, log):
        if part(measure.__name__):
            measure()
    with open(os.path.join(BUILD, "bench.json"), "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1)
    missed = sum(1 for result in results if result["ok"] is False)
    print(f"{len(results)} figures in {os.path.relpath(BUILD)}/bench.json, {missed} goals missed")


main()
