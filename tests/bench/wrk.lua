-- SPDX-License-Identifier: MIT
-- Requests with the headers and the size of a delivery, each signed by OpenSSL.
local ffi = require("ffi")
ffi.cdef [[
    const void *EVP_sha256(void);
    unsigned char *HMAC(const void *md, const void *key, int key_len, const char *data, size_t len, unsigned char *out,
                        unsigned int *out_len);
]]
local crypto = ffi.load("crypto")
local sha256 = crypto.EVP_sha256()
local secret = "benchmark secret"
local digest, digest_len = ffi.new("unsigned char[32]"), ffi.new("unsigned int[1]")

local before = '{"event":"ticket.created","timestamp":"2025-01-15T10:30:00.000Z","data":{"ticket":{' ..
    '"id":"0b2f4f4e-6f0d-4d3b-9a53-7a4a3b1d2c10","number":'
local subject = ',"subject":"Can\'t reset password'
local after = '","status":"open","priority":"high"},"customer":{"email":"user@example.com","name":"Jane Smith"}}}'
local body_size = 312
after = subject .. string.rep("x", body_size - #before - 8 - #subject - #after) .. after
local number = 10000000

local digits = {}
for byte = 0, 255 do digits[byte] = string.format("%02x", byte) end
local pieces = {}

local function sign(body)
    crypto.HMAC(sha256, secret, #secret, body, #body, digest, digest_len)
    for i = 0, 31 do pieces[i + 1] = digits[digest[i]] end
    return table.concat(pieces)
end

local headers = {
    ["Content-Type"] = "application/json",
    ["X-Helmdesk-Event"] = "ticket.created",
    ["User-Agent"] = "bench"
}

function request()
    local body = before .. number .. after
    headers["X-Helmdesk-Signature"] = sign(body)
    headers["X-Helmdesk-Delivery"] = "3f0a5c8e-52d1-4c77-8e0b-0000" .. number
    number = number + 1
    return wrk.format("POST", nil, headers, body)
end
