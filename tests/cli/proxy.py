# SPDX-License-Identifier: MIT
"""An HTTP proxy that makes tunnels, to 127.0.0.1 whatever host is named, for those who know the password.

proxy.py FILE USER:PASSWORD [CERTIFICATE]: writes its port into FILE, and appends to FILE.log the line of each request.
The certificate, with its key, is for those who are to speak TLS with it."""

import base64
import os
import select
import socket
import ssl
import sys
import threading

place, wanted = sys.argv[1], base64.b64encode(sys.argv[2].encode()).decode()
context = None
if len(sys.argv) > 3:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[3])


def relay(a, b):
    while True:
        ready = [a] if context and a.pending() else select.select([a, b], [], [])[0]
        for one in ready:
            got = one.recv(16384)
            if not got:
                return
            (b if one is a else a).sendall(got)


def serve(client):
    try:
        if context:
            client = context.wrap_socket(client, server_side=True)
        head = b''
        while not head.endswith(b'\r\n\r\n'):
            got = client.recv(4096)
            if not got:
                return
            head += got
        line = head.decode('latin-1').split('\r\n')
        with open(place + '.log', 'a', encoding='utf-8') as log:
            log.write(line[0] + '\n')
        if f'Proxy-Authorization: Basic {wanted}' not in line:
            client.sendall(b'HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm="p"\r\n\r\n')
            return
        with socket.create_connection(('127.0.0.1', int(line[0].split()[1].rsplit(':', 1)[1]))) as server:
            client.sendall(b'HTTP/1.1 200 Yes\r\n\r\n')
            relay(client, server)
    except OSError:
        pass
    finally:
        client.close()


listener = socket.create_server(('127.0.0.1', 0))
with open(place + '.new', 'w', encoding='utf-8') as file:
    file.write(str(listener.getsockname()[1]))
os.rename(place + '.new', place)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
