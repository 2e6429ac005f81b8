// SPDX-License-Identifier: MIT
// The same as consumer.c, in C++, and a receiver held by a smart pointer.
#include <helmdesk.h>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

template <typename T> using Handle = std::unique_ptr<T, void (*)(T *)>;

static int accept(const std::string &body, const std::string &secret, const std::string &signature) {
    hd_receiver *made = nullptr;
    hd_request *asked = nullptr;
    hd_acceptance *accepted = nullptr;
    int status = hd_receiver_new(&made);
    const Handle<hd_receiver> receiver(made, hd_receiver_free);
    if (status == HD_OK)
        status = hd_receiver_add_secret(receiver.get(), secret.data(), secret.size());
    if (status == HD_OK)
        status = hd_request_new(&asked);
    const Handle<hd_request> request(asked, hd_request_free);
    hd_request_add_header(request.get(), "x-helmdesk-signature", HD_TEXT_NUL, signature.data(), signature.size());
    hd_request_add_body(request.get(), body.data(), body.size());
    if (status == HD_OK)
        status = hd_receiver_accept(receiver.get(), request.get(), &accepted);
    const Handle<hd_acceptance> acceptance(accepted, hd_acceptance_free);
    return status;
}

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
    // "{}" is genuine, and no event.
    if (accept(body, secret, signature.data()) != HD_E_JSON_KEY ||
        accept(body, "another", signature.data()) != HD_E_SIGNATURE_MISMATCH)
        return 1;
    std::cout << "libhelmdesk " << hd_version() << ' ' << signature.data() << '\n';
    return 0;
}
