// SPDX-License-Identifier: MIT
// The same as consumer.c, in C++.
#include <helmdesk.h>
#include <iostream>
#include <string>
#include <vector>

int main() {
    const std::string body = "{}";
    const std::string secret = "secret";
    std::vector<char> signature(hd_signature_size());
    const int status =
        hd_sign(body.data(), body.size(), secret.data(), secret.size(), signature.data(), signature.size());
    if (status != HD_OK) {
        std::cerr << hd_strerror(status) << '\n';
        return 1;
    }
    std::cout << "libhelmdesk " << hd_version() << ' ' << signature.data() << '\n';
    return 0;
}
