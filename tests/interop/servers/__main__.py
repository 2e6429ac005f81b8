# SPDX-License-Identifier: MIT
"""POSTs seen = POSTs logged, with servers that are in use everywhere.

  python3 servers RHYTHM    the program rhythm; ROWS=text runs the rows whose name has that text
"""
import concurrent.futures
import contextlib
import os
import signal
import sys
import tempfile
import time

from daemon import make_certificate
from kinds import Apache, Haproxy, Lighttpd, Nginx, Node, Python
from rows import Row, run_row

SHOWN = 5  # sentences of a row


def of(kind, **options):
    return lambda certificates: kind(certificates, **options)


@contextlib.contextmanager
def proxied(certificates):
    with Node(certificates, silent=True) as backend, Haproxy(certificates, backend=backend) as front:
        yield front


def reloads(number, times, pause_s):
    def meanwhile(server, _):
        for _ in range(times):
            time.sleep(pause_s)
            server.signal(number)
    return meanwhile


def restarts(server, _):
    time.sleep(1)
    server.stop()
    time.sleep(0.5)
    server.start()


def backend_is_gone(server, _):
    backend = server.options["backend"]
    time.sleep(1)
    backend.stop()
    time.sleep(1)
    backend.start()


EACH_SECOND = {"origins": 50, "events": 20, "every_ms": (1000, 1000)}
AROUND = {"origins": 50, "events": 20, "every_ms": (700, 1300)}
STEADY = {"origins": 20, "events": 150, "every_ms": (20, 20), "attempts": 8, "is_exact": False}
BIG = {"origins": 4, "events": 15, "letters": 200000}

ALL = {"nginx": of(Nginx), "nginx, TLS": of(Nginx, tls=True), "Apache": of(Apache), "Apache, TLS": of(Apache, tls=True),
       "haproxy": proxied, "lighttpd": of(Lighttpd), "Node": of(Node), "Node, silent": of(Node, silent=True),
       "Python, HTTP/1.0": of(Python), "Python, HTTP/1.1": of(Python, keeps=True)}

# They wait most of the time, and do so at once.
SLOW = [Row(f"{name}: one each second", make, **EACH_SECOND) for name, make in ALL.items()] + [
    Row(f"{name}: one each 0.7 to 1.3 s", ALL[name], **AROUND) for name in ("nginx", "nginx, TLS", "Apache", "Apache, TLS")]

FAST = [Row(f"{name}: burst", make) for name, make in ALL.items()] + [
    Row(f"{name}: big bodies", make, **BIG) for name, make in ALL.items()] + [
    Row("nginx: too big", of(Nginx, body_limit="1k"), reasons=("http_413",), **BIG),
    Row("Apache: too big", of(Apache, body_limit=1024), reasons=("http_413",), **BIG),
    Row("nginx: reload", of(Nginx, keep_s=60), meanwhile=reloads(signal.SIGHUP, 5, 0.5), **STEADY),
    Row("nginx, TLS: reload", of(Nginx, tls=True, keep_s=60), meanwhile=reloads(signal.SIGHUP, 5, 0.5), **STEADY),
    Row("Apache: graceful", of(Apache, keep_s=60), meanwhile=reloads(signal.SIGUSR1, 3, 0.8), **STEADY),
    Row("nginx: restart", of(Nginx), meanwhile=restarts, **STEADY),
    Row("haproxy: backend is gone", proxied, meanwhile=backend_is_gone, reasons=("delivered", "http_5xx"),
        or_reasons=("reset",), **{**STEADY, "attempts": 1}),  # over a kept connection to a dead backend it says nothing
]


def main():
    wanted = os.environ.get("ROWS", "")
    wrong, count = [], 0
    with tempfile.TemporaryDirectory(prefix="helmdesk-interop.") as certificates:
        make_certificate(certificates)
        for rows, at_once in ((SLOW, len(SLOW)), (FAST, 1)):
            with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
                chosen = [row for row in rows if wanted in row.name]
                for line, sentences in pool.map(lambda row: run_row(sys.argv[1], certificates, row), chosen):
                    print(f"# {line}", flush=True)
                    wrong += sentences[:SHOWN] + (["..."] if len(sentences) > SHOWN else [])
                    count += 1
    if count == 0:
        wrong.append(f"no row has {wanted!r} in its name")
    for sentence in wrong:
        print(sentence)
    return 1 if wrong else 0


sys.exit(main())
