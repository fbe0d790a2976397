// A world without a heap: virtual time, seeded chance, radios that are rings of frames.
//
// For the firmware's programs, which count what the layers allocate and so may not allocate
// themselves, on the device and on the host alike. Time moves only in `World::pass`.
#pragma once

#include <algorithm>
#include <array>
#include <gsl/assert>

#include "mehr/core/clock.h"
#include "mehr/core/random.h"
#include "mehr/core/timers.h"
#include "mehr/l0/links.h"
#include "mehr/l0/packet.h"

namespace mehr::firmware {

/// Different for each seed, the same for the same one. Nothing secret.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
  void fill(MutableBytes out) override {
    for (auto& byte : out) {
      state_ += 0x9E3779B97F4A7C15;
      std::uint64_t z = state_;
      z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
      byte = static_cast<std::uint8_t>(z >> 56);
    }
  }

 private:
  std::uint64_t state_;
};

/// One end of a radio channel between two nodes, as slow as LoRa and with its frame size.
class Radio final : public Medium {
 public:
  static constexpr std::size_t kFrames = 8;
  static constexpr Mtu kMtu = l0::kConstrainedMtu;

  explicit Radio(std::uint16_t interface) {
    info_.interface = {interface};
    info_.stream = false;
    info_.half_duplex = true;
    info_.bandwidth = BitsPerSecond{20'000};
    info_.latency = Millis{1000};
    info_.mtu = kMtu;
  }
  void join(Radio& other) {
    other_ = &other;
    other.other_ = this;
  }
  /// Whose radio it is.
  void belongs_to(l0::Links& links) { links_ = &links; }

  [[nodiscard]] const MediumInfo& info() const override { return info_; }
  Status send(const Remote&, ByteView frame) override {
    Expects(frame.size() <= sizeof(Frame::bytes));
    if (other_->waiting_ == kFrames) {
      blocked_ = true;
      return fail(Errc::full, "the radio's ring is full");
    }
    Frame& to = other_->frames_[(other_->first_ + other_->waiting_) % kFrames];
    copy_bytes(frame, to.bytes);
    to.size = frame.size();
    if (l0::is_data_frame(frame[0])) key_epoch_ = frame[0] & 0x0F;
    ++other_->waiting_;
    return {};
  }
  void close() override {}

  /// Epoch of the key under which the last DATA frame left, modulo 16.
  [[nodiscard]] std::uint32_t key_epoch() const { return key_epoch_; }

  /// Hands over the oldest frame that waits here; false when there is none.
  bool deliver_one() {
    if (waiting_ == 0) return false;
    Frame frame = frames_[first_];
    first_ = (first_ + 1) % kFrames;
    --waiting_;
    if (receiver_handle != 0) {
      links_->on_frame(*this, {}, MutableBytes(frame.bytes).first(frame.size));
    }
    if (std::exchange(other_->blocked_, false)) other_->links_->on_writable(*other_);
    return true;
  }

 private:
  struct Frame {
    std::array<std::uint8_t, kMtu.bytes + l0::kLinkOverhead> bytes{};
    std::size_t size = 0;
  };
  MediumInfo info_;
  Radio* other_ = nullptr;
  l0::Links* links_ = nullptr;
  std::array<Frame, kFrames> frames_{};
  std::size_t first_ = 0;
  std::size_t waiting_ = 0;
  bool blocked_ = false;
  std::uint32_t key_epoch_ = 0;
};

class World final : public Clock, public Timers {
 public:
  Millis now() override { return now_; }
  NodeTime node_time() override { return {1'700'000'000'000 + now_.count}; }
  void wake_at(Wakeable& who, Millis at) override {
    const auto free = [](const Wake& w) { return w.who == nullptr; };
    auto place =
        std::find_if(wakes_.begin(), wakes_.end(), [&](const Wake& w) { return w.who == &who; });
    if (place == wakes_.end()) place = std::find_if(wakes_.begin(), wakes_.end(), free);
    Expects(place != wakes_.end());
    *place = at == Millis::never() ? Wake{} : Wake{&who, at};
  }
  void add(Radio& radio) { radios_.must_push(&radio); }

  /// Lets @p span pass: frames arrive at once, everybody is woken when they asked for it.
  void pass(Millis span) {
    const Millis end = now_ + span;
    for (settle();; settle()) {
      const auto next = std::min_element(wakes_.begin(), wakes_.end(),
                                         [](const Wake& a, const Wake& b) { return a.at < b.at; });
      if (next->who == nullptr || next->at > end) break;
      Wakeable& who = *next->who;
      now_ = std::max(now_, next->at);
      *next = {};
      who.on_wake(now_);
    }
    now_ = end;
  }

 private:
  struct Wake {
    Wakeable* who = nullptr;
    Millis at = Millis::never();
  };
  void settle() {
    for (bool moved = true; moved;) {
      moved = false;
      for (Radio* radio : radios_) moved = radio->deliver_one() || moved;
    }
  }

  Millis now_{1000};
  std::array<Wake, 16> wakes_{};
  Bounded<Radio*, 8> radios_;
};

}  // namespace mehr::firmware
