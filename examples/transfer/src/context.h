// What every transfer of a service shares.
#pragma once

#include "mehr/core/clock.h"
#include "mehr/core/messenger.h"
#include "mehr/core/random.h"
#include "mehr/transfer/file_store.h"
#include "mehr/transfer/limits.h"
#include "mehr/transfer/messages.h"
#include "mehr/transfer/status.h"

namespace mehr::transfer {

/// Borrowed from the service; lives as long as it. `scratch` is free between two calls.
struct Context {
  Messenger& messenger;
  StreamMessenger& streams;
  Clock& clock;
  Random& random;
  FileStore& files;
  const TransferLimits limits;
  TransferCounters counters{};
  Bytes scratch{};

  /// Sends a control message and wipes its bytes, which may hold a key.
  template <class T>
  Status send_control(const NodeId& to, const T& message) {
    std::array<std::uint8_t, wire_size<Offer> + 255> room{};
    auto bytes = encode(message, room);
    if (!bytes) return fail(bytes);
    Status sent = messenger.send(to, kControl, *bytes, SendOptions{});
    crypto::wipe(room);
    return sent;
  }
  template <class T>
  T draw() {
    T v;
    random.fill(v.mutable_view());
    return v;
  }
};

/// Feeds the next at most @p budget bytes of @p file up to @p end into @p hash; @p at moves on.
template <class File>
Status hash_slice(File& file, crypto::Blake3& hash, std::uint64_t& at, std::uint64_t end,
                  std::size_t budget, MutableBytes room) {
  while (at < end && budget > 0) {
    const auto n = static_cast<std::size_t>(
        std::min<std::uint64_t>({end - at, budget, std::uint64_t{room.size()}}));
    if (auto got = file.read_at(at, room.first(n)); !got) return got;
    hash.update(room.first(n));
    at += n;
    budget -= n;
  }
  return {};
}

}  // namespace mehr::transfer
