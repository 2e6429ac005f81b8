# SPDX-License-Identifier: MIT
# A receiver for the tests of the tool: receiver.py DIRECTORY [CERTIFICATE [AUTHORITY]]. The certificate, which has its key,
# is for TLS; with the authority it wants certificates of clients, and writes their names down. Its port is in the file "port"
# there. It writes a line for each request into "requests", and answers 500 below /fail, after 50 ms below /fail/later, 429
# below /busy, and below /slow not before there is a file "release".
import http.server, json, os, ssl, sys, threading, time

directory = sys.argv[1]
lock = threading.Lock()

class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def client(self):
        certificate = self.connection.getpeercert() if hasattr(self.connection, "getpeercert") else None
        return dict(part[0] for part in certificate["subject"])["commonName"] if certificate else None

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        line = {"path": self.path, "body": body.decode(), "tenant": self.headers["X-Tenant"],
                "client": self.client(), "signature": self.headers["X-Helmdesk-Signature"], "delivery": self.headers["X-Helmdesk-Delivery"]}
        with lock, open(directory + "/requests", "a", encoding="utf-8") as requests:
            requests.write(json.dumps(line) + "\n")
        while self.path.startswith("/slow") and not os.path.exists(directory + "/release"):
            time.sleep(0.01)
        if self.path.startswith("/fail/later"):
            time.sleep(0.05)
        answer = b"\x1b[31m<red>\n"
        self.send_response(500 if self.path.startswith("/fail") else 429 if self.path.startswith("/busy") else 200)
        if self.path.startswith("/busy"):
            self.send_header("Retry-After", "200")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *arguments):
        pass

class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):  # the tool leaves a kept connection when it ends
        pass

server = Server(("127.0.0.1", 0), Receiver)
if len(sys.argv) > 2:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2])
    if len(sys.argv) > 3:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(sys.argv[3])
    server.socket = context.wrap_socket(server.socket, server_side=True)
with open(directory + "/port.new", "w", encoding="utf-8") as port:
    port.write(str(server.server_port))
os.rename(directory + "/port.new", directory + "/port")
server.serve_forever()
