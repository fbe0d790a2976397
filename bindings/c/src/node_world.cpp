// What mehr_node makes of the caller's time, entropy, media and storage.
#include "node_world.h"

#include <algorithm>
#include <gsl/assert>
#include <string>

#include "mehr/core/crypto.h"

namespace mehr::capi {

// ---- Entropy ----

mehr_status ExpandedRandom::freshen() {
  if (!used_) return MEHR_OK;
  Secret<32> fresh;
  if (auto good = fill_random(source_, fresh.expose_mutable()); good < 0) return good;
  crypto::Blake3::derive_key("libmehr C ABI node entropy 1")
      .update(key_.expose())
      .update(fresh.expose())
      .finish(key_.expose_mutable());
  used_ = false;
  return MEHR_OK;
}

void ExpandedRandom::fill(MutableBytes out) {
  constexpr std::array<std::uint8_t, 1> kOutput{0};
  constexpr std::array<std::uint8_t, 1> kNextKey{1};
  crypto::Blake3::keyed(key_.expose()).update(kOutput).finish(out);
  const crypto::Blake3 next = crypto::Blake3::keyed(key_.expose()).update(kNextKey);
  next.finish(key_.expose_mutable());
  used_ = true;
}

// ---- Time ----

void NodeClock::wake_at(Wakeable& who, Millis at) {
  Wake* place = nullptr;
  for (Wake& wake : wakes_) {
    if (wake.who == &who || (wake.who == nullptr && place == nullptr)) place = &wake;
    if (wake.who == &who) break;
  }
  Expects(place != nullptr);
  *place = {at == Millis::never() ? nullptr : &who, at};
}

void NodeClock::run() {
  const Millis at = now();
  for (Wake& wake : wakes_) {
    if (wake.at > at) continue;
    Wakeable& who = *wake.who;
    wake = {};
    who.on_wake(at);
  }
}

Millis NodeClock::next() const {
  Millis first = Millis::never();
  for (const Wake& wake : wakes_) first = std::min(first, wake.at);
  return first;
}

// ---- Media ----

NodeMedium::NodeMedium(Passage& passage, std::uint32_t id, const mehr_medium_opts& opts)
    : passage_(passage), id_(id), opts_(opts) {
  constexpr std::array kModes{InterfaceMode::native, InterfaceMode::rns, InterfaceMode::dual};
  info_.interface = {static_cast<std::uint16_t>(opts.interface_id)};
  info_.mode = kModes.at(opts.mode);
  info_.stream = opts.kind == MEHR_MEDIUM_STREAM;
  info_.half_duplex = opts.half_duplex != 0;
  info_.scans = opts.half_duplex == 2;
  if (opts.bandwidth_bps != 0) info_.bandwidth = {opts.bandwidth_bps};
  if (opts.latency_ms != 0) info_.latency = {opts.latency_ms};
  if (opts.mtu != 0) info_.mtu = {static_cast<std::uint16_t>(opts.mtu)};
}

Status NodeMedium::send(const Remote& to, ByteView frame) {
  mehr_remote remote;
  copy_bytes(to.view(), remote.bytes);
  const mehr_status sent = passage_.call_world([&] {
    return opts_.send(opts_.user, id_, &remote, mehr_bytes{frame.data(), frame.size()});
  });
  if (sent == MEHR_OK) return {};
  if (sent == MEHR_E_FULL) return fail(Errc::full, "the medium has no room");
  if (sent == MEHR_E_BUSY && info_.scans) return fail(Errc::busy, "others speak on the channel");
  return fail(Errc::io, "the medium did not take the frame");
}

void NodeMedium::close() {
  if (!info_.stream || opts_.close == nullptr) return;
  (void)passage_.call_world([&]() -> mehr_status {
    opts_.close(opts_.user, id_);
    return MEHR_OK;
  });
}

// ---- Storage ----

Result<Bytes> NodeStorage::get(std::string_view key) {
  constexpr std::size_t kUsual = 256;
  constexpr std::size_t kMost = 1'048'576;  // nothing that a node keeps comes near
  const std::string name(key);
  Bytes value(kUsual);
  // A second round when the first has told how long the value is.
  for (int round = 0; round < 2; ++round) {
    std::size_t written = 0;
    const mehr_status got = passage_.call_world([&] {
      return callbacks_.get(callbacks_.user, name.c_str(), {value.data(), value.size()}, &written);
    });
    if (got == MEHR_E_NOT_FOUND) return fail(Errc::not_found, "nothing is kept under that key");
    const bool fits = written <= value.size();
    if (got == MEHR_OK && fits) {
      value.resize(written);
      return value;
    }
    if (got != MEHR_E_TOO_BIG || fits || written > kMost) break;
    value.resize(written);
  }
  return fail(Errc::io, "the storage could not be read");
}

Status NodeStorage::put(std::span<const Put> batch) {
  std::vector<std::string> names;
  std::vector<mehr_put> puts;
  names.reserve(batch.size());
  puts.reserve(batch.size());
  for (const Put& put : batch) {
    names.emplace_back(put.key);
    puts.push_back({names.back().c_str(), {put.value.data(), put.value.size()}});
  }
  const mehr_status kept = passage_.call_world(
      [&] { return callbacks_.put(callbacks_.user, puts.data(), puts.size()); });
  if (kept != MEHR_OK) return fail(Errc::io, "the storage did not keep the batch");
  return {};
}

}  // namespace mehr::capi
