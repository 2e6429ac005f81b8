# SPDX-License-Identifier: MIT
"""One row of the table: events are sent to a server at a rhythm, and what the server has seen is compared with what the
library has logged."""
import collections
import dataclasses
import os
import subprocess
import typing

# An attempt that ended so may have reached the server, and nobody can know: the request had left.
UNKNOWN = {"reset", "timeout_total", "bad_response"}

Attempt = collections.namedtuple("Attempt", "delivery number status reason")


@dataclasses.dataclass
class Row:
    name: str
    make: typing.Callable  # the server
    origins: int = 4
    events: int = 500  # for each origin
    every_ms: tuple = (0, 0)  # the first origin, the last one; 0 is as fast as can be
    letters: int = 20
    attempts: int = 1
    meanwhile: typing.Callable = None  # is called with the server while the events are sent
    reasons: tuple = ("delivered",)  # what becomes of deliveries in the end, each of these at least once
    or_reasons: tuple = ()  # and these
    is_exact: bool = True  # no attempt's fate is unknown

    @property
    def expected(self):
        return self.origins * self.events


def run_rhythm(program, ca_file, row, server):
    first, last = row.every_ms
    command = [program, ca_file, row.events, first, last, row.letters, row.attempts, *server.urls(row.origins)]
    with subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True) as process:
        try:
            if row.meanwhile:
                row.meanwhile(server, process)
            out, _ = process.communicate(timeout=200)
        finally:
            process.kill()
    if process.returncode != 0:
        raise RuntimeError(f"{os.path.basename(program)} ended with {process.returncode}")
    return [Attempt(words[0], int(words[1]), int(words[2]), words[3])
            for words in (line.split() for line in out.splitlines())]


def compare(row, attempts, seen):
    """What is wrong, one sentence each."""
    wrong, ends = [], set()
    by_delivery = collections.defaultdict(list)
    for attempt in attempts:
        by_delivery[attempt.delivery].append(attempt)
    posts = collections.Counter(delivery for delivery, _ in seen)
    if len(by_delivery) != row.expected:
        wrong.append(f"{len(by_delivery)} deliveries were logged, not {row.expected}")
    for delivery in posts.keys() - by_delivery.keys():
        wrong.append(f"{delivery} was seen, and nothing of it is logged")
    for delivery, tries in by_delivery.items():
        least = sum(attempt.status > 0 for attempt in tries)
        most = least + sum(attempt.status == 0 and attempt.reason in UNKNOWN for attempt in tries)
        if not least <= posts[delivery] <= most:
            wrong.append(f"{delivery} was seen {posts[delivery]} times, and not {least} to {most}: {tries}")
        if row.is_exact and least != most:
            wrong.append(f"{delivery} is lost: {tries}")
        last = max(tries, key=lambda attempt: attempt.number)
        ends.add(last.reason)
        if last.reason not in row.reasons + row.or_reasons:
            wrong.append(f"{delivery} ended as {last.reason}: {tries}")
    for reason in set(row.reasons) - ends:
        wrong.append(f"no delivery ended as {reason}")
    if row.is_exact and not wrong:
        logged = collections.Counter((attempt.delivery, attempt.status) for attempt in attempts if attempt.status > 0)
        if logged != collections.Counter(seen):
            wrong.append(f"statuses differ: {logged - collections.Counter(seen)}, {collections.Counter(seen) - logged}")
    return wrong


def run_row(program, certificates, row):
    """Returns a line for people and what is wrong."""
    with row.make(certificates) as server:
        attempts = run_rhythm(program, os.path.join(certificates, "cert.pem"), row, server)
        server.stop()  # which writes what it still has in memory
        seen = server.seen()
    reasons = collections.Counter(attempt.reason for attempt in attempts)
    text = ", ".join(f"{count} {reason}" for reason, count in reasons.most_common())
    line = f"{row.name:34} {len(seen):6} POSTs seen, {len(attempts):6} logged: {text}"
    return line, [f"{row.name}: {sentence}" for sentence in compare(row, attempts, seen)]
