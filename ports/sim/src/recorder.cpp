#include "mehr/sim/recorder.h"

#include <algorithm>
#include <gsl/assert>

#include "mehr/sim/memory.h"
#include "words.h"

namespace mehr::sim {

namespace {

constexpr std::array<std::string_view, kWhatCount> kNames = {"frame-sent",
                                                             "frame-arrived",
                                                             "frame-lost",
                                                             "frame-refused",
                                                             "frame-corrupted",
                                                             "frame-doubled",
                                                             "frame-collided",
                                                             "stream-opened",
                                                             "stream-closed",
                                                             "link-up",
                                                             "link-down",
                                                             "packet-out",
                                                             "packet-in",
                                                             "control-out",
                                                             "control-in",
                                                             "message-sent",
                                                             "message-delivered",
                                                             "route-appeared",
                                                             "route-changed",
                                                             "route-lost",
                                                             "booted",
                                                             "crashed",
                                                             "paused",
                                                             "resumed",
                                                             "announced",
                                                             "fault",
                                                             "healed",
                                                             "note"};

// A run of this length costs the hash least per byte.
constexpr std::size_t kGather = 64 * 1024;

template <class T>
void append(Bytes& out, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  }
}

}  // namespace

std::string_view name_of(What what) { return kNames[static_cast<std::size_t>(what)]; }

Recorder::Recorder() { pending_.reserve(kGather + 16 * 1024); }

void Recorder::record(const Happening& h) {
  ++counts_[static_cast<std::size_t>(h.what)];
  feed(h);
  Kept& kept = kept_[recorded_++ % kept_.size()];
  kept.at = h.at;
  kept.what = h.what;
  kept.node = h.node;
  kept.peer = h.peer;
  kept.channel = h.channel;
  kept.is_text = !h.text.empty();
  const ByteView head = kept.is_text ? as_bytes(h.text) : h.bytes;
  kept.size = head.size();
  std::copy_n(head.begin(), std::min(head.size(), kept.head.size()), kept.head.begin());
  const AccountScope world;  // what observers keep is not the node's
  for (const Listener& listener : listeners_) {
    if (listener.wanted.has(h.what)) listener.observer->on_happening(h);
  }
}

void Recorder::feed(const Happening& h) {
  append(pending_, static_cast<std::uint64_t>(h.at.time_since_epoch().count()));
  pending_.push_back(static_cast<std::uint8_t>(h.what));
  append(pending_, h.node);
  append(pending_, h.peer);
  append(pending_, h.channel.index);
  append(pending_, static_cast<std::uint32_t>(h.bytes.size()));
  append(pending_, static_cast<std::uint32_t>(h.text.size()));
  pending_.insert(pending_.end(), h.bytes.begin(), h.bytes.end());
  pending_.insert(pending_.end(), h.text.begin(), h.text.end());
  if (pending_.size() < kGather) return;
  hash_.update(pending_);
  pending_.clear();
}

ContentHash Recorder::fingerprint() const {
  crypto::Blake3 hash = hash_;
  hash.update(pending_);
  return hash.finish();
}

void Recorder::add(Observer& observer, WhatSet wanted) {
  listeners_.push_back({&observer, wanted});
}

void Recorder::remove(Observer& observer) {
  std::erase_if(listeners_, [&](const Listener& l) { return l.observer == &observer; });
}

std::vector<std::string> Recorder::last(std::size_t most, NodeIndex node) const {
  std::vector<std::string> out;
  const std::uint64_t have = std::min<std::uint64_t>(recorded_, kept_.size());
  for (std::uint64_t back = 1; back <= have && out.size() < most; ++back) {
    const Kept& kept = kept_[(recorded_ - back) % kept_.size()];
    if (node != kNoNode && kept.node != node && kept.peer != node) continue;
    std::string line = clock_text(kept.at) + " " + std::string(name_of(kept.what));
    if (kept.node != kNoNode) line += " node " + std::to_string(kept.node);
    if (kept.peer != kNoNode) line += " peer " + std::to_string(kept.peer);
    if (kept.channel != ChannelId{}) line += " channel " + std::to_string(kept.channel.index);
    const std::size_t shown = std::min(kept.size, kept.head.size());
    const ByteView head = ByteView(kept.head).first(shown);
    if (kept.is_text) {
      line += ": " + std::string(head.begin(), head.end());
    } else if (kept.size != 0) {
      line += " " + std::to_string(kept.size) + " bytes " + hex_text(head);
    }
    if (shown < kept.size) line += "...";
    out.push_back(std::move(line));
  }
  std::reverse(out.begin(), out.end());
  return out;
}

}  // namespace mehr::sim
