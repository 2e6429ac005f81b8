# SPDX-License-Identifier: MIT
"""A server of a test: a folder with its configuration and its log, ports of 127.0.0.1, and a process."""
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time

PATIENCE_S = 60
NAMES = "hooks.localhost"  # RFC 6761 6.3: any name below localhost is this machine


def free_ports(count):
    """Ports that nobody listened on a moment ago."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def accepts(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


def wait_until(condition, what):
    end = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError(f"{what}: not within {PATIENCE_S} s")
        time.sleep(0.01)


def nobody():
    """Who servers run as: nobody, where the test is root and may say so."""
    if os.geteuid() != 0:
        return {}
    entry = pwd.getpwnam("nobody")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def tied(command):
    """The command, as one that ends when the test is killed, where the system can do that."""
    return ["setpriv", "--pdeathsig", "TERM", *command] if shutil.which("setpriv") else command


def make_certificate(folder):
    """A certificate for names below NAMES that is its own authority: folder/cert.pem, folder/key.pem."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-subj", "/CN=helmdesk interop", "-addext", f"subjectAltName=DNS:*.{NAMES}", "-days", "2",
                    "-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem"], check=True, capture_output=True)


class Daemon:
    """A subclass has configure(), which writes what it needs into self.folder and returns the command, and seen(),
    which returns (delivery id, status) of each POST in its log. Its port is self.port, for self.scheme."""

    unprivileged = True
    ends_by = signal.SIGTERM

    def __init__(self, certificates, tls=False, **options):
        self.certificates, self.tls, self.options = certificates, tls, options
        self.scheme = "https" if tls else "http"
        self.process = None

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="helmdesk-interop.")
        (self.port,) = free_ports(1)
        self.command = self.configure()
        self.who = nobody() if self.unprivileged else {}
        if self.who:
            for path in [self.folder] + [entry.path for entry in os.scandir(self.folder)]:
                os.chown(path, self.who["user"], self.who["group"])
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="ascii") as file:
            file.write(text)
        return self.path(name)

    def copy_certificate(self):
        for name in ("cert.pem", "key.pem"):
            shutil.copy(os.path.join(self.certificates, name), self.folder)

    def lines(self, name):
        with open(self.path(name), encoding="latin-1") as file:
            return file.read().splitlines()

    def start(self):
        with open(self.path("output"), "ab") as output:
            self.process = subprocess.Popen(tied(self.command), stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                            cwd=self.folder, **self.who)
        wait_until(lambda: self.process.poll() is not None or accepts(self.port), self.command[0])
        if self.process.poll() is not None:
            raise RuntimeError("\n".join([f"{self.command[0]} ended with {self.process.returncode}", *self.lines("output")]))

    def stop(self):
        """Ends the process, which takes the ones that it has started with it."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(self.ends_by)
            try:
                self.process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

    def signal(self, number):
        self.process.send_signal(number)

    def urls(self, count, path="/"):
        """So many origins, which are all this server."""
        return [f"{self.scheme}://o{i}.{NAMES}:{self.port}{path}" for i in range(count)]
