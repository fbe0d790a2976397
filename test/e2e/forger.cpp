// Claims to be another node: shows that a link layer which checks nothing but the claim would let
// it in. Dials a node, goes through the handshake with somebody else's public key and signs with a
// key of its own.
//
// Usage: forger PORT PUBLIC_KEY_OF_ANOTHER, against 127.0.0.1. Exit codes: 0 refused, 1 let in,
// 2 nothing could be tried.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>

#include "mehr/common/text.h"
#include "mehr/l0/handshake.h"
#include "mehr/l0/hdlc.h"
#include "mehr/l0/identity.h"
#include "mehr/linux/system_random.h"

namespace {

using namespace mehr;

/// Says it is the owner of one key and signs with another.
class ForgedSigner final : public Signer {
 public:
  ForgedSigner(const PublicKey& claimed, const l0::Identity& own)
      : claimed_(claimed), id_(crypto::node_id_of(claimed)), own_(own) {}
  const PublicKey& public_key() const override { return claimed_; }
  const NodeId& node_id() const override { return id_; }
  Signature sign(std::string_view label, ByteView message) const override {
    return own_.sign(label, message);
  }
  Result<Secret<32>> agree(const X25519Key& peer) const override { return own_.agree(peer); }
  const X25519Key& x25519_key() const override { return own_.x25519_key(); }

 private:
  PublicKey claimed_;
  NodeId id_;
  const l0::Identity& own_;
};

int dial(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_port = htons(port);
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval patience{10, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0) {
    std::perror("forger: connect");
    std::exit(2);
  }
  return fd;
}

void send_frame(int fd, ByteView body) {
  Bytes out(l0::hdlc_max_encoded(body.size()));
  const std::size_t size = l0::hdlc_encode(body, out);
  if (::send(fd, out.data(), size, MSG_NOSIGNAL) != static_cast<ssize_t>(size)) {
    std::perror("forger: send");
    std::exit(2);
  }
}

// The next frame, empty when the other side ended the connection.
Bytes receive_frame(int fd) {
  static l0::HdlcDecoder decoder;
  static Bytes received;
  for (;;) {
    MutableBytes rest(received);
    while (!rest.empty()) {
      const MutableBytes body = decoder.next(rest);
      if (body.empty()) continue;
      Bytes out(body.begin(), body.end());
      received = Bytes(rest.begin(), rest.end());
      return out;
    }
    received.resize(4096);
    const ssize_t n = ::recv(fd, received.data(), received.size(), 0);
    received.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    if (n == 0) return {};
    if (n < 0) {
      std::perror("forger: the node neither answers nor hangs up");
      std::exit(1);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto claimed = argc == 3 ? common::from_hex(argv[2]) : std::nullopt;
  if (!claimed || claimed->size() != PublicKey::kSize) {
    std::fprintf(stderr, "usage: forger PORT PUBLIC_KEY\n");
    return 2;
  }
  linux_port::SystemRandom random;
  const l0::Identity own = l0::Identity::generate(random);
  const ForgedSigner signer(PublicKey::from(*claimed), own);
  const int fd = dial(static_cast<std::uint16_t>(std::atoi(argv[1])));

  Secret<32> ephemeral;
  random.fill(ephemeral.expose_mutable());
  l0::InitiatorHandshake handshake(signer, {}, 0x0101, std::nullopt, std::move(ephemeral));
  send_frame(fd, handshake.init());
  const Bytes resp = receive_frame(fd);
  if (auto good = handshake.on_resp(resp, {}); !good) {
    std::fprintf(stderr, "forger: no usable RESP: %s\n", good.error().text);
    return 2;
  }
  std::printf("forger: claims to be %s\n", common::to_text(signer.node_id()).c_str());
  send_frame(fd, handshake.auth());
  const Bytes after = receive_frame(fd);
  ::close(fd);
  if (!after.empty()) {
    std::printf("forger: was let in\n");
    return 1;
  }
  std::printf("forger: refused, the connection was closed\n");
  return 0;
}
