# SPDX-License-Identifier: MIT
# A server that has a store open and delivers from it, for the tests of the tool: server.py BUILD DIRECTORY [AUTHORITIES]. It says "ready",
# then answers each line of its input with a line:
#
#   send PROJECT NUMBER   an event: "sent"
#   mode ID               the mode of a webhook: "on", "held" or "off"; "none" if there is no such webhook
#   quit                  closes and ends
import ctypes
import sys

build, directory, *authorities = sys.argv[1:]
core = ctypes.CDLL(build + "/libhelmdesk.so")
sqlite = ctypes.CDLL(build + "/libhelmdesk-sqlite.so")
core.hd_strerror.restype = core.hd_mode_name.restype = ctypes.c_char_p
core.hd_options_allow_ports.argtypes = [ctypes.c_void_p, ctypes.c_uint16, ctypes.c_uint16]
core.hd_event_set_ticket.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int64] + 3 * [ctypes.c_char_p]


def check(status):
    if status != 0:
        sys.exit("server.py: " + core.hd_strerror(status).decode())


def made(function, *arguments):
    handle = ctypes.c_void_p()
    check(function(*arguments, ctypes.byref(handle)))
    return handle


store = made(sqlite.hd_store_sqlite_open, directory.encode(), None, ctypes.c_size_t(0))
options = made(core.hd_options_new)
check(core.hd_options_allow_http(options, 1))
check(core.hd_options_allow_network(options, b"127.0.0.0/8"))
check(core.hd_options_allow_ports(options, 1, 65535))
check(core.hd_options_set_pause_rule(options, 3, 3600000))
if authorities:
    check(core.hd_options_set_ca_file(options, authorities[0].encode()))
check(core.hd_options_set_store(options, store))
client = made(core.hd_client_new, options)
core.hd_options_free(options)


def send(project, number):
    event = made(core.hd_event_new, 1)
    name = project.encode()
    check(core.hd_event_set(event, core.hd_field_from_name(b"project"), name, ctypes.c_size_t(len(name))))
    check(core.hd_event_set_ticket(event, b"t", int(number), b"A ticket", b"open", b"high"))
    check(core.hd_event_set_customer(event, b"jane@example.com", b"Jane"))
    check(core.hd_webhook_send(client, event, None))
    core.hd_event_free(event)
    return "sent"


def mode(webhook_id):
    webhook = ctypes.c_void_p()
    if core.hd_client_get_webhook(client, webhook_id.encode(), ctypes.byref(webhook)) != 0:
        return "none"
    name = core.hd_mode_name(core.hd_webhook_mode(webhook)).decode()
    core.hd_webhook_free(webhook)
    return name


print("ready", flush=True)
for line in sys.stdin:
    command, *words = line.split()
    if command == "quit":
        break
    print({"send": send, "mode": mode}[command](*words), flush=True)
core.hd_client_close(client, 2000)
core.hd_client_free(client)
core.hd_store_free(store)
