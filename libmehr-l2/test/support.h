// What the tests of this layer share: known identities, a seeded Random, a Clock to set, and an L1
// door of a few lines that only remembers.
#pragma once

#include <catch2/catch.hpp>
#include <map>
#include <string_view>

#include "mehr/core/clock.h"
#include "mehr/core/crypto.h"
#include "mehr/core/key_table.h"
#include "mehr/core/messenger.h"
#include "mehr/core/storage.h"
#include "mehr/l0/identity.h"
#include "mehr/l2/envelope.h"

namespace mehr::l2::test {

inline Bytes hex(std::string_view text) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  Bytes out;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    out.push_back(static_cast<std::uint8_t>(digit(text[i]) * 16 + digit(text[i + 1])));
  }
  return out;
}

inline Bytes bytes_of(ByteView view) { return {view.begin(), view.end()}; }
inline Bytes text(std::string_view s) { return bytes_of(as_bytes(s)); }
/// Both runs in one. Not inlined: GCC 12 sees overruns in joined vectors that are not there.
[[gnu::noinline]] inline Bytes join(ByteView a, ByteView b) {
  Bytes out(a.size() + b.size());
  copy_bytes(b, copy_bytes(a, out));
  return out;
}
/// @p bytes with bits of its last byte changed.
[[gnu::noinline]] inline Bytes spoilt(Bytes bytes) {
  if (!bytes.empty()) bytes.back() ^= 1;
  return bytes;
}
inline Bytes pattern(std::size_t n) {
  Bytes out(n);
  for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<std::uint8_t>(i * 7 + 3);
  return out;
}

/// The identity whose seed counts up from @p first: 0 is I of the specification, 32 is R.
inline l0::Identity identity(std::uint8_t first) {
  crypto::Seed seed;
  for (auto& b : seed.expose_mutable()) b = first++;
  return l0::Identity::from_seed(seed);
}

inline Secret<32> repeated(std::uint8_t byte) {
  Secret<32> s;
  std::fill(s.expose_mutable().begin(), s.expose_mutable().end(), byte);
  return s;
}

inline const Bytes kHello = text("hello mehr");
inline constexpr std::uint8_t kContext = 0xE1;
inline constexpr std::array<std::uint8_t, 4> kDatagramContexts{0xE0, 0xE1, 0xE2, 0xE3};

class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed = 1) : state_(seed) {}
  void fill(MutableBytes out) override {
    for (auto& b : out) {
      state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
      b = static_cast<std::uint8_t>(state_ >> 56);
    }
  }

 private:
  std::uint64_t state_;
};

class SetClock final : public Clock {
 public:
  Millis at{1000};
  Millis now() override { return at; }
  NodeTime node_time() override { return {at.count}; }
};

class KeyBook final : public KeyTable {
 public:
  void add(const l0::Identity& who) { keys_[who.node_id()] = who.public_key(); }
  void put(const NodeId& id, const PublicKey& key) { keys_[id] = key; }
  [[nodiscard]] std::optional<PublicKey> key_of(const NodeId& node) const override {
    const auto at = keys_.find(node);
    return at == keys_.end() ? std::nullopt : std::optional(at->second);
  }

 private:
  std::map<NodeId, PublicKey> keys_;
};

/// What survives a restart, in memory.
class MemoryStorage final : public Storage {
 public:
  std::map<std::string, Bytes, std::less<>> values;
  bool broken = false;
  Result<Bytes> get(std::string_view key) override {
    const auto at = values.find(key);
    if (at == values.end()) return fail(Errc::not_found, "nothing there");
    return at->second;
  }
  Status put(std::span<const Put> batch) override {
    if (broken) return fail(Errc::io, "the disk is broken");
    for (const Put& p : batch) values[std::string(p.key)] = bytes_of(p.value);
    return {};
  }
};

/// L1's door: remembers what was sent, hands in what the test says.
class FakeFloor : public Messenger {
 public:
  struct Sent {
    NodeId to;
    Protocol protocol;
    Bytes body;
    SendOptions options;
  };
  std::vector<Sent> sent;
  std::size_t room = 4077;
  Status answer{};
  std::map<Protocol, MessageHandler> handlers;
  std::function<void()> writable;

  Status send(const NodeId& to, Protocol protocol, ByteView body,
              const SendOptions& options) override {
    if (answer) sent.push_back({to, protocol, bytes_of(body), options});
    return answer;
  }
  void on(Protocol protocol, MessageHandler handler) override {
    if (handler) {
      handlers[protocol] = std::move(handler);
    } else {
      handlers.erase(protocol);
    }
  }
  [[nodiscard]] std::size_t max_body(const NodeId&) const override { return room; }
  void on_writable(std::function<void()> handler) override { writable = std::move(handler); }

  void deliver(std::uint8_t context, Bytes data, std::uint32_t link = 0) {
    handlers.at({context, 0})({{context, 0}, std::nullopt, data, link});
  }
};

}  // namespace mehr::l2::test
