# SPDX-License-Identifier: MIT
"""Peer of `make bench`: the HTTP client of aiohttp."""
import asyncio
import hmac
import itertools
import sys
import time

import aiohttp
import yarl

BODY_SIZE = 312
HEAD = (
    b'{"event":"ticket.created","timestamp":"2025-01-15T10:30:00.000Z","data":{"ticket":{'
    b'"id":"0b2f4f4e-6f0d-4d3b-9a53-7a4a3b1d2c10","number":'
)
SUBJECT = b',"subject":"Can\'t reset password'
END = b'","status":"open","priority":"high"},"customer":{"email":"user@example.com","name":"Jane Smith"}}}'
TAIL = SUBJECT + b"x" * (BODY_SIZE - len(HEAD) - 8 - len(SUBJECT) - len(END)) + END


async def send(session, url, numbers):
    for number in numbers:
        body = b"%b%d%b" % (HEAD, number, TAIL)
        headers = {
            "Content-Type": "application/json",
            "X-Helmdesk-Event": "ticket.created",
            "X-Helmdesk-Signature": hmac.digest(b"benchmark secret", body, "sha256").hex(),
            "X-Helmdesk-Delivery": f"3f0a5c8e-52d1-4c77-8e0b-0000{number}",
            "User-Agent": "bench",
        }
        async with session.post(url, data=body, headers=headers) as response:
            await response.read()
            if response.status != 200:
                raise RuntimeError(f"the status is {response.status}")


async def main(url, count, connections, warmup):
    url = yarl.URL(url)
    numbers = itertools.count(10000000)
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections),
        cookie_jar=aiohttp.DummyCookieJar(),
        skip_auto_headers=("Accept", "Accept-Encoding"),
    ) as session:

        async def run(many):
            share = itertools.islice(numbers, many)
            await asyncio.gather(*(send(session, url, share) for _ in range(connections)))

        await run(warmup)
        cpu, wall = time.process_time_ns(), time.monotonic_ns()
        await run(count)
        cpu, wall = time.process_time_ns() - cpu, time.monotonic_ns() - wall
        print(count, cpu // 1000, wall // 1000)


if len(sys.argv) != 5 or not all(text.isdecimal() for text in sys.argv[2:]) or int(sys.argv[3]) == 0:
    sys.exit("aiohttp: usage: aiohttp URL COUNT CONNECTIONS WARMUP")
try:
    asyncio.run(main(sys.argv[1], *map(int, sys.argv[2:])))
except (aiohttp.ClientError, OSError, RuntimeError, ValueError, asyncio.TimeoutError) as error:
    sys.exit(f"aiohttp: {error or type(error).__name__}")
