#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The receiver through a foreign function interface: ctypes, the shared library, and nothing else. The requests are
signed by Python's own hmac.

  ffi.py LIBRARY
"""
import base64
import ctypes
import hashlib
import hmac
import sys
import threading
import time
from ctypes import POINTER, byref, c_char_p, c_int, c_size_t, c_uint, c_void_p

SECRET = b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OLD_SECRET = b"what it was before"
BODY = (b'{"event":"message.received","timestamp":"2025-01-15T10:30:00.000Z","data":{"ticket":{"id":"t1","number":42,'
        b'"subject":"J\xc3\xa4ne","status":"open","priority":"high"},"customer":{"email":"a@example.com","name":"A"}}}')
STANDARD = 512

hd = ctypes.CDLL(sys.argv[1])
for name, result, arguments in [
    ("hd_strerror", c_char_p, [c_int]),
    ("hd_status_name", c_char_p, [c_int]),
    ("hd_receiver_new", c_int, [POINTER(c_void_p)]),
    ("hd_receiver_free", None, [c_void_p]),
    ("hd_receiver_add_secret", c_int, [c_void_p, c_char_p, c_size_t]),
    ("hd_receiver_set_schemes", c_int, [c_void_p, c_uint]),
    ("hd_receiver_set_replay_memory", c_int, [c_void_p, c_size_t]),
    ("hd_request_new", c_int, [POINTER(c_void_p)]),
    ("hd_request_free", None, [c_void_p]),
    ("hd_request_add_header", c_int, [c_void_p, c_char_p, c_size_t, c_char_p, c_size_t]),
    ("hd_request_add_body", c_int, [c_void_p, c_char_p, c_size_t]),
    ("hd_receiver_accept", c_int, [c_void_p, c_void_p, POINTER(c_void_p)]),
    ("hd_receiver_http_status", c_int, [c_int]),
    ("hd_acceptance_event", c_void_p, [c_void_p]),
    ("hd_acceptance_secret", c_size_t, [c_void_p]),
    ("hd_acceptance_forget", None, [c_void_p]),
    ("hd_acceptance_free", None, [c_void_p]),
    ("hd_event_name", c_char_p, [c_void_p]),
    ("hd_field_from_name", c_int, [c_char_p]),
    ("hd_event_get", c_char_p, [c_void_p, c_int, POINTER(c_size_t)]),
    ("hd_event_json", c_char_p, [c_void_p, POINTER(c_size_t)]),
]:
    function = getattr(hd, name)
    function.restype, function.argtypes = result, arguments


def expect(status, name):
    seen = hd.hd_status_name(status).decode()
    assert seen == name, f"{seen}, not {name}: {hd.hd_strerror(status).decode()}"


class Receiver:
    def __init__(self):
        self.handle = c_void_p()
        expect(hd.hd_receiver_new(byref(self.handle)), "HD_OK")
        for secret in (SECRET, OLD_SECRET):
            expect(hd.hd_receiver_add_secret(self.handle, secret, len(secret)), "HD_OK")

    def accept(self, body, headers, forget=False):
        request, acceptance = c_void_p(), c_void_p()
        expect(hd.hd_request_new(byref(request)), "HD_OK")
        for name, value in headers:
            hd.hd_request_add_header(request, name, len(name), value, len(value))
        hd.hd_request_add_body(request, body, len(body))
        status = hd.hd_receiver_accept(self.handle, request, byref(acceptance))
        hd.hd_request_free(request)
        read = None
        if acceptance:
            event = hd.hd_acceptance_event(acceptance)
            assert hd.hd_event_json(event, None) == body
            subject = hd.hd_event_get(event, hd.hd_field_from_name(b"ticket_subject"), None)
            read = (hd.hd_event_name(event).decode(), subject.decode(), hd.hd_acceptance_secret(acceptance))
        if forget:
            hd.hd_acceptance_forget(acceptance)
        hd.hd_acceptance_free(acceptance)
        return status, read


def helmdesk_headers(body, secret=SECRET):
    return [(b"X-Helmdesk-Signature", hmac.new(secret, body, hashlib.sha256).hexdigest().encode())]


def standard_headers(body, request_id):
    seconds = str(int(time.time())).encode()
    mac = hmac.new(base64.b64decode(SECRET[6:]), request_id + b"." + seconds + b"." + body, hashlib.sha256).digest()
    return [(b"webhook-id", request_id), (b"webhook-timestamp", seconds),
            (b"webhook-signature", b"v1," + base64.b64encode(mac))]


def check_statuses():
    receiver = Receiver()
    status, read = receiver.accept(BODY, helmdesk_headers(BODY))
    expect(status, "HD_OK")
    assert read == ("message.received", "J\u00e4ne", 0), read
    status, read = receiver.accept(BODY, helmdesk_headers(BODY, OLD_SECRET))
    expect(status, "HD_OK")
    assert read[2] == 1, read
    status, read = receiver.accept(BODY + b" ", helmdesk_headers(BODY))
    expect(status, "HD_E_SIGNATURE_MISMATCH")
    assert read is None and hd.hd_receiver_http_status(status) == 401
    expect(receiver.accept(b"\0", helmdesk_headers(b"\0"))[0], "HD_E_JSON")
    expect(hd.hd_receiver_set_schemes(receiver.handle, STANDARD), "HD_OK")
    expect(receiver.accept(BODY, helmdesk_headers(BODY))[0], "HD_E_HEADER_MISSING")
    hd.hd_receiver_free(receiver.handle)


def check_threads():
    """Each request is accepted once, whichever of the threads brings it first."""
    receiver = Receiver()
    requests = []
    for i in range(500):
        body = BODY.replace(b'"t1"', b'"t%d"' % i)
        requests.append((body, standard_headers(body, b"msg_%d" % i)))
    accepted = []
    expect(hd.hd_receiver_set_replay_memory(receiver.handle, len(requests)), "HD_OK")

    def bring():
        accepted.append(sum(receiver.accept(*request)[0] == 0 for request in requests))

    threads = [threading.Thread(target=bring) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(accepted) == len(requests), accepted
    expect(receiver.accept(*requests[0])[0], "HD_E_REPLAYED")
    body = BODY.replace(b'"t1"', b'"t%d"' % len(requests))
    another = (body, standard_headers(body, b"msg_another"))
    expect(receiver.accept(*another, forget=True)[0], "HD_OK")
    expect(receiver.accept(*another)[0], "HD_OK")
    expect(receiver.accept(*another)[0], "HD_E_REPLAYED")
    hd.hd_receiver_free(receiver.handle)
    return len(requests)


check_statuses()
print(f"# ctypes: statuses, events and secrets as they should be; {check_threads()} requests from 4 threads, each accepted once")
