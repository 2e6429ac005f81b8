/* SPDX-License-Identifier: MIT */
#include "notations.h"

#include "helmdesk.h"
#include "zone.h"

const struct notation notations[] = {
    {"http://127.0.0.1", "/", HD_E_URL_ADDRESS},
    {"HTTP://127.0.0.1", "/", HD_E_URL_ADDRESS},
    {"http://127.1", "/", HD_E_URL_ADDRESS},
    {"http://127.0.1", "/", HD_E_URL_ADDRESS},
    {"http://127.255.255.254", "/", HD_E_URL_ADDRESS},
    {"http://2130706433", "/", HD_E_URL_ADDRESS},
    {"http://0x7f000001", "/", HD_E_URL_ADDRESS},
    {"http://0X7F000001", "/", HD_E_URL_ADDRESS},
    {"http://0X7F.1", "/", HD_E_URL_ADDRESS},
    {"http://0x7f.0x0.0x0.0x1", "/", HD_E_URL_ADDRESS},
    {"http://0x7f.1", "/", HD_E_URL_ADDRESS},
    {"http://017700000001", "/", HD_E_URL_ADDRESS},
    {"http://0177.0.0.1", "/", HD_E_URL_ADDRESS},
    {"http://0177.0x0.0.01", "/", HD_E_URL_ADDRESS},
    {"http://127.000.000.001", "/", HD_E_URL_ADDRESS},
    {"http://0", "/", HD_E_URL_ADDRESS},
    {"http://0.0.0.0", "/", HD_E_URL_ADDRESS},
    {"http://127%2e0%2e0%2e1", "/", HD_E_URL_ADDRESS},
    {"http://%31%32%37.0.0.1", "/", HD_E_URL_ADDRESS},
    {"http://%32130706433", "/", HD_E_URL_ADDRESS},
    {"http://0%58%37%46000001", "/", HD_E_URL_ADDRESS},
    {"http://127.0.0.1", "?@example.com/", HD_E_URL_ADDRESS},
    {"http://127.0.0.1", "/@example.com/", HD_E_URL_ADDRESS},
    {"http://[::1]", "/", HD_E_URL_ADDRESS},
    {"http://[0:0:0:0:0:0:0:1]", "/", HD_E_URL_ADDRESS},
    {"http://[::]", "/", HD_E_URL_ADDRESS},
    {"http://[::ffff:127.0.0.1]", "/", HD_E_URL_ADDRESS},
    {"http://[::ffff:7f00:1]", "/", HD_E_URL_ADDRESS},
    {"http://[::FFFF:7F00:0001]", "/", HD_E_URL_ADDRESS},
    {"http://[::127.0.0.1]", "/", HD_E_URL_ADDRESS},
    {"http://[64:ff9b::127.0.0.1]", "/", HD_E_URL_ADDRESS},
    {"http://[2002:7f00:1::]", "/", HD_E_URL_ADDRESS},
    {"http://[fe80::1]", "/", HD_E_URL_ADDRESS},
    {"http://[::1%25lo]", "/", HD_E_URL_HOST},
    {"http://[fe80::1%25lo]", "/", HD_E_URL_HOST},
    {"http://::1", "/", HD_E_URL_HOST},
    {"http://[::1", "/", HD_E_URL_HOST},
    {"http://127.0.0.1.", "/", HD_E_URL_HOST},
    {"http://127.1.", "/", HD_E_URL_HOST},
    {"http://0X7F000001.", "/", HD_E_URL_HOST},
    {"http://127.0.0.1%2e", "/", HD_E_URL_HOST},
    {"http://127.0.0.08", "/", HD_E_URL_HOST},
    {"http://0x7f.0x", "/", HD_E_URL_HOST},
    {"http://%5B::1%5D", "/", HD_E_URL_HOST},
    {"http://256.256.256.256", "/", HD_E_URL_HOST},
    {"http://4294967297", "/", HD_E_URL_HOST},
    {"http://1.2.3.4.5", "/", HD_E_URL_HOST},
    {"http://localhost", "/", HD_E_URL_HOST},
    {"http://LOCALHOST", "/", HD_E_URL_HOST},
    {"http://localhost.", "/", HD_E_URL_HOST},
    {"http://foo.localhost", "/", HD_E_URL_HOST},
    {"http://foo.LocalHost.", "/", HD_E_URL_HOST},
    {"http://%6cocalhost", "/", HD_E_URL_HOST},
    {"http://loopback", "/", HD_E_URL_HOST},
    /* full-width digits, circled ones, ideographic full stops, a circled letter, a soft hyphen */
    {"http://\xEF\xBC\x91\xEF\xBC\x92\xEF\xBC\x97.0.0.1", "/", HD_E_URL},
    {"http://%EF%BC%91%EF%BC%92%EF%BC%97.0.0.1", "/", HD_E_URL_HOST},
    {"http://\xE2\x91\xA0\xE2\x91\xA1\xE2\x91\xA6.\xE2\x93\xAA.\xE2\x93\xAA.\xE2\x91\xA0", "/", HD_E_URL},
    {"http://127\xE3\x80\x82"
     "0\xE3\x80\x82"
     "0\xE3\x80\x82"
     "1",
     "/", HD_E_URL},
    {"http://127%E3%80%820%E3%80%820%E3%80%821", "/", HD_E_URL_HOST},
    {"http://\xE2\x93\x9Bocalhost", "/", HD_E_URL},
    {"http://loc\xC2\xAD"
     "alhost",
     "/", HD_E_URL},
    {"http://loc%C2%ADalhost", "/", HD_E_URL_HOST},
    {"http://user@127.0.0.1", "/", HD_E_URL_USERINFO},
    {"http://user:word@127.0.0.1", "/", HD_E_URL_USERINFO},
    {"http://@127.0.0.1", "/", HD_E_URL_USERINFO},
    {"http://example.com@127.0.0.1", "/", HD_E_URL_USERINFO},
    {"http://example.com\\@127.0.0.1", "/", HD_E_URL_USERINFO},
    {"http://127.0.0.1", "\\@example.com/", HD_E_URL_USERINFO},
    {"http://127.0.0.1\\.example.com", "/", HD_E_URL_HOST},
    {"http://127.0.0.1\\", "/", HD_E_URL_HOST},
    {"http://127.0.0.1", "#@example.com/", HD_E_URL},
    {"http:/127.0.0.1", "/", HD_E_URL},
    {"http:///127.0.0.1", "/", HD_E_URL},
    {"http:////127.0.0.1", "/", HD_E_URL},
    {"http:127.0.0.1", "/", HD_E_URL},
    {"http:\\\\127.0.0.1", "/", HD_E_URL},
    {"http:/\\127.0.0.1", "/", HD_E_URL},
    {"//127.0.0.1", "/", HD_E_URL},
    {"127.0.0.1", "/", HD_E_URL_SCHEME},
    {" http://127.0.0.1", "/", HD_E_URL},
    {"http://127.0.0.1\t", "/", HD_E_URL},
    {"ftp://127.0.0.1", "/", HD_E_URL_SCHEME},
    {"gopher://127.0.0.1", "/_POST", HD_E_URL_SCHEME},
    {"file://127.0.0.1", "/etc/passwd", HD_E_URL_SCHEME},
    /* what only the name server knows */
    {"http://v4.example.com", "/", HD_OK},
    {"http://V4.example.com", "/", HD_OK},
    {"http://v6.example.com", "/", HD_OK},
    {"http://mapped.example.com", "/", HD_OK},
    {"http://compatible.example.com", "/", HD_OK},
    {"http://zero.example.com", "/", HD_OK},
    {"http://unspecified.example.com", "/", HD_OK},
    {"http://nat64.example.com", "/", HD_OK},
    {"http://6to4.example.com", "/", HD_OK},
    {"http://private.example.com", "/", HD_OK},
    {"http://127.0.0.1.nip.io", "/", HD_OK},
    {"http://localhost.example.com", "/", HD_OK},
};

const size_t notations_count = sizeof notations / sizeof notations[0];

void notations_name(void) {
    zone_set("v4.example.com", "127.0.0.1");
    zone_set("V4.example.com", "127.0.0.1");
    zone_set("v6.example.com", "::1");
    zone_set("mapped.example.com", "::ffff:127.0.0.1");
    zone_set("compatible.example.com", "::127.0.0.1");
    zone_set("zero.example.com", "0.0.0.0");
    zone_set("unspecified.example.com", "::");
    zone_set("nat64.example.com", "64:ff9b::7f00:1");
    zone_set("6to4.example.com", "2002:7f00:1::");
    zone_set("private.example.com", "10.0.0.1,192.168.0.1,fd00::1");
    zone_set("127.0.0.1.nip.io", "127.0.0.1");
    zone_set("localhost.example.com", "127.0.0.1,::1");
}
