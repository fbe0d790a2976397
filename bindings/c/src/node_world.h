// The seams of mehr/core/ on top of what a C caller hands in: time, entropy, media, storage.
#pragma once

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "handles.h"
#include "mehr/core/clock.h"
#include "mehr/core/medium.h"
#include "mehr/core/storage.h"
#include "mehr/core/timers.h"
#include "mehr/l1.h"

namespace mehr::capi {

/// Where the node is while its calls run: how deep, in whose code, and what a callback threw.
struct Passage {
  unsigned depth = 0;      ///< calls on the node under way, one within a callback of the other
  bool in_world = false;   ///< a callback of the world runs: no call on the node may be made
  mehr_status thrown = 0;  ///< what the first callback that threw made of the outermost call

  /// Runs a callback of the caller; false when it threw, which the outermost call will answer.
  template <class Callback>
  bool call(Callback&& callback) noexcept {
    const mehr_status status = guard([&] {
      callback();
      return MEHR_OK;
    });
    if (status < 0 && thrown == 0) thrown = status;
    return status == 0;
  }
  /// Likewise, for one that must not call back. MEHR_E_INTERNAL when it threw.
  template <class Callback>
  mehr_status call_world(Callback&& callback) noexcept {
    const bool before = std::exchange(in_world, true);
    mehr_status answer = MEHR_E_INTERNAL;
    call([&] { answer = callback(); });
    in_world = before;
    return answer;
  }
};

/// Entropy that cannot fail in the middle of a call: 32 bytes of the caller's go into a key before
/// a call that may need much, what the node draws is expanded from the key, and the key is replaced
/// with each draw, so that what was drawn cannot be found out later.
class ExpandedRandom final : public Random {
 public:
  explicit ExpandedRandom(const mehr_random& source) : source_(source) {}
  /// Mixes fresh bytes in when any were drawn since. Errors: io; the key stays as it was.
  mehr_status freshen();
  void fill(MutableBytes out) override;

 private:
  mehr_random source_;
  Secret<32> key_;
  bool used_ = true;
};

/// The caller's two clocks, as they stood at the last step, and who wants to be woken when.
class NodeClock final : public Clock, public Timers {
 public:
  Millis now() override { return at(); }
  [[nodiscard]] Millis at() const { return {steady_ms_}; }
  mehr::NodeTime node_time() override { return {node_ms_}; }
  void wake_at(Wakeable& who, Millis at) override;

  void set(const mehr_now& now) {
    steady_ms_ = now.steady_ms;
    node_ms_ = now.node_ms;
  }
  /// Wakes each who is due once; whoever is due again then waits for the next step.
  void run();
  [[nodiscard]] Millis next() const;

 private:
  struct Wake {
    Wakeable* who = nullptr;
    Millis at = Millis::never();
  };
  std::array<Wake, 8> wakes_;  // the two layers, and room for parts of theirs
  std::uint64_t steady_ms_ = 0;
  std::uint64_t node_ms_ = 0;
};

/// A medium of the caller's.
class NodeMedium final : public Medium {
 public:
  NodeMedium(Passage& passage, std::uint32_t id, const mehr_medium_opts& opts);
  [[nodiscard]] const MediumInfo& info() const override { return info_; }
  Status send(const Remote& to, ByteView frame) override;
  void close() override;
  [[nodiscard]] std::uint32_t id() const { return id_; }

 private:
  Passage& passage_;
  std::uint32_t id_;
  mehr_medium_opts opts_;
  MediumInfo info_;
};

/// The caller's storage.
class NodeStorage final : public Storage {
 public:
  NodeStorage(Passage& passage, const mehr_storage& callbacks)
      : passage_(passage), callbacks_(callbacks) {}
  Result<Bytes> get(std::string_view key) override;
  Status put(std::span<const Put> batch) override;

 private:
  Passage& passage_;
  mehr_storage callbacks_;
};

}  // namespace mehr::capi
