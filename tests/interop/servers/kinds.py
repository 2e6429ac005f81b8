# SPDX-License-Identifier: MIT
"""The servers that Debian has, each with what it needs to take POSTs and to note their X-Helmdesk-Delivery."""
import os
import signal
import sys

from daemon import Daemon

HERE = os.path.dirname(os.path.abspath(__file__))


class Nginx(Daemon):
    """Sends no Keep-Alive field."""

    ends_by = signal.SIGQUIT  # by SIGTERM, it notes nothing of what it has just answered

    def configure(self):
        tls, limit, keep = "", self.options.get("body_limit", "8m"), self.options.get("keep_s", 1)
        if self.tls:
            self.copy_certificate()
            tls = f"ssl_certificate {self.path('cert.pem')}; ssl_certificate_key {self.path('key.pem')};"
        places = " ".join(f"{name}_temp_path {self.path(name)};"
                          for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        config = self.write("nginx.conf", f"""
            daemon off; worker_processes 2; pid {self.path('pid')}; error_log {self.path('error')};
            events {{ worker_connections 1024; }}
            http {{
                {places} {tls}
                log_format seen '$http_x_helmdesk_delivery $status'; access_log {self.path('seen')} seen;
                keepalive_timeout {keep}s; keepalive_requests 100; client_max_body_size {limit};
                server {{ listen 127.0.0.1:{self.port} {'ssl' if self.tls else ''}; location / {{ return 200 "ok"; }} }}
            }}""")
        return ["nginx", "-e", self.path("error"), "-c", config]

    def seen(self):
        return read_pairs(self.lines("seen"))


class Apache(Daemon):
    """Sends Keep-Alive: timeout."""

    def configure(self):
        tls, limit, keep = "", self.options.get("body_limit", 0), self.options.get("keep_s", 1)
        if self.tls:
            self.copy_certificate()
            tls = f"""LoadModule ssl_module modules/mod_ssl.so
                SSLEngine on
                SSLCertificateFile {self.path('cert.pem')}
                SSLCertificateKeyFile {self.path('key.pem')}"""
        os.mkdir(self.path("www"))
        self.write("www/index", "ok")
        config = self.write("httpd.conf", f"""
            ServerRoot /usr/lib/apache2
            LoadModule mpm_event_module modules/mod_mpm_event.so
            LoadModule authz_core_module modules/mod_authz_core.so
            {tls}
            DefaultRuntimeDir {self.folder}
            PidFile {self.path('pid')}
            ErrorLog {self.path('error')}
            ServerName localhost
            Listen 127.0.0.1:{self.port}
            KeepAlive On
            KeepAliveTimeout {keep}
            MaxKeepAliveRequests 100
            LimitRequestBody {limit}
            LogFormat "%{{X-Helmdesk-Delivery}}i %>s" seen
            CustomLog {self.path('seen')} seen
            DocumentRoot {self.path('www')}
            """)
        return ["apache2", "-DFOREGROUND", "-f", config]

    def urls(self, count, path="/index"):
        return super().urls(count, path)

    def seen(self):
        return read_pairs(self.lines("seen"))


class Haproxy(Daemon):
    """In front of self.options["backend"], another server of a test."""

    def configure(self):
        config = self.write("haproxy.cfg", f"""
global
    log stdout format raw local0 info
    nbthread 1
defaults
    mode http
    log global
    retries 0
    timeout connect 1s
    timeout client 10s
    timeout server 10s
    timeout http-keep-alive 1s
    log-format "seen %[capture.req.hdr(0)] %ST"
frontend front
    bind 127.0.0.1:{self.port}
    http-request capture req.hdr(X-Helmdesk-Delivery) len 64
    default_backend back
backend back
    server one 127.0.0.1:{self.options['backend'].port}
""")
        return ["haproxy", "-db", "-f", config]

    def seen(self):
        return read_pairs([line[5:] for line in self.lines("output") if line.startswith("seen ")])


class Lighttpd(Daemon):
    """Closes a connection after a few requests."""

    def configure(self):
        os.mkdir(self.path("www"))
        self.write("www/index.txt", "ok")
        config = self.write("lighttpd.conf", f"""
server.modules = ("mod_accesslog")
server.bind = "127.0.0.1"
server.port = {self.port}
server.document-root = "{self.path('www')}"
server.errorlog = "{self.path('error')}"
server.max-keep-alive-requests = 5
server.max-keep-alive-idle = 1
accesslog.filename = "{self.path('seen')}"
accesslog.format = "%{{X-Helmdesk-Delivery}}i %s"
""")
        return ["lighttpd", "-D", "-f", config]

    def urls(self, count, path="/index.txt"):
        return super().urls(count, path)

    def seen(self):
        return read_pairs(self.lines("seen"))


class Node(Daemon):
    """Says for how long it keeps a connection, unless self.options["silent"]."""

    unprivileged = False  # where its program is, not everybody may look

    def configure(self):
        return ["node", os.path.join(HERE, "answer.mjs"), str(self.port), self.path("seen"),
                "silent" if self.options.get("silent") else ""]

    def seen(self):
        return read_pairs(self.lines("seen"))


class Python(Daemon):
    """Closes each connection; with self.options["keeps"] it speaks HTTP/1.1, and closes one that is idle for a second."""

    unprivileged = False

    def configure(self):
        return [sys.executable, os.path.join(HERE, "answer.py"), str(self.port), self.path("seen"),
                "HTTP/1.1" if self.options.get("keeps") else "HTTP/1.0"]

    def seen(self):
        return read_pairs(self.lines("seen"))


def read_pairs(lines):
    """Of what was no POST of the library there is "-", or nothing, in the place of an id."""
    pairs = [line.split() for line in lines]
    return [(pair[0], int(pair[1])) for pair in pairs if len(pair) == 2 and len(pair[0]) > 1]
