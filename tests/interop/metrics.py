#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prometheus' own client library for Python reads what hd_client_metrics() writes: as OpenMetrics, and as the older
text form.

  metrics.py LIBRARY
"""
import ctypes
import http.server
import sys
import threading
from ctypes import byref, c_char_p, c_int, c_size_t, c_uint16, c_uint32, c_void_p, create_string_buffer

from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_older

NAME = 'a "name" \\ with\u2028all {of}=it, N\u00e4me'

hd = ctypes.CDLL(sys.argv[1])
hd.hd_strerror.restype = c_char_p
hd.hd_webhook_free.restype = hd.hd_event_free.restype = hd.hd_options_free.restype = hd.hd_client_free.restype = None


def must(function, *arguments):
    status = getattr(hd, function)(*arguments)
    assert status == 0, f"{function}: {hd.hd_strerror(status).decode()}"


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(500 if self.path == "/bad" else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def put(client, webhook_id, url):
    webhook = c_void_p()
    must("hd_webhook_new", byref(webhook))
    must("hd_webhook_set_id", webhook, webhook_id.encode())
    must("hd_webhook_set_project", webhook, b"p\"\\")
    must("hd_webhook_set_name", webhook, NAME.encode())
    must("hd_webhook_set_url", webhook, url.encode())
    must("hd_client_put_webhook", client, webhook)
    hd.hd_webhook_free(webhook)


def send(client):
    event = c_void_p()
    must("hd_event_new_sample", c_int(hd.hd_event_type_from_name(b"ticket.created")), byref(event))
    must("hd_event_set", event, c_int(hd.hd_field_from_name(b"project")), b"p\"\\", c_size_t(3))
    must("hd_webhook_send", client, event, None)
    hd.hd_event_free(event)


def metrics_of(client):
    length = c_size_t()
    hd.hd_client_metrics(client, None, c_size_t(0), byref(length))
    text = create_string_buffer(length.value + 4096)
    must("hd_client_metrics", client, text, c_size_t(len(text)), byref(length))
    return text.raw[:length.value].decode()


def samples_of(families):
    samples = {}
    for family in families:
        for sample in family.samples:
            key = (sample.name, frozenset(sample.labels.items()))
            assert key not in samples, key
            samples[key] = sample.value
    return samples


def check(samples):
    def value(name, webhook=None, **more):
        labels = {"webhook": webhook, "project": "p\"\\", "name": NAME} if webhook else {}
        return samples[(name, frozenset({**labels, **more}.items()))]

    assert value("helmdesk_events_accepted_total") == 3
    assert value("helmdesk_webhook_deliveries_total", "good", outcome="delivered") == 3
    assert value("helmdesk_webhook_deliveries_total", "bad", outcome="failed") == 3
    assert value("helmdesk_webhook_failures_total", "bad", reason="http_5xx") == 3
    assert value("helmdesk_webhook_state", "good", helmdesk_webhook_state="active") == 1
    assert value("helmdesk_webhook_attempt_duration_seconds_bucket", "good", le="+Inf") == 3
    assert value("helmdesk_webhook_queue_duration_seconds_count", "bad") == 3


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    options, client = c_void_p(), c_void_p()
    must("hd_options_new", byref(options))
    must("hd_options_allow_loopback", options)
    must("hd_client_new", options, byref(client))
    hd.hd_options_free(options)
    for webhook_id in ("good", "bad"):
        put(client, webhook_id, f"http://127.0.0.1:{server.server_port}/{webhook_id}")
    for _ in range(3):
        send(client)
    must("hd_client_flush", client, c_uint32(30000))
    text = metrics_of(client)
    hd.hd_client_free(client)
    server.shutdown()
    families = list(read_openmetrics(text))
    units = {family.name: family.unit for family in families}
    assert units["helmdesk_webhook_attempt_duration_seconds"] == "seconds"
    check(samples_of(families))
    check(samples_of(read_older(text)))
    print(f"# {len(families)} families of metrics, read by prometheus_client")


main()
