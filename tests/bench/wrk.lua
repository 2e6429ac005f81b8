-- SPDX-License-Identifier: MIT
-- One constant request, with the headers and the size of a delivery.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["X-Helmdesk-Event"] = "ticket.created"
wrk.headers["X-Helmdesk-Signature"] = string.rep("0", 64)
wrk.headers["X-Helmdesk-Delivery"] = "0b2f4f4e-6f0d-4d3b-9a53-7a4a3b1d2c10"
wrk.headers["User-Agent"] = "bench"
wrk.body = string.rep("x", 312)
