# SPDX-License-Identifier: MIT
"""Python's own server: answers 200, and notes each POST.

  answer.py PORT LOG PROTOCOL    HTTP/1.0 or HTTP/1.1
"""
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LOG = os.open(sys.argv[2], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)


class Answer(BaseHTTPRequestHandler):
    protocol_version = sys.argv[3]
    timeout = 1

    def do_POST(self):
        left = int(self.headers["Content-Length"])
        while left > 0:
            piece = self.rfile.read(min(left, 65536))
            if not piece:
                return  # half a request
            left -= len(piece)
        os.write(LOG, f"{self.headers['X-Helmdesk-Delivery']} 200\n".encode())
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True


Server(("127.0.0.1", int(sys.argv[1])), Answer).serve_forever()
