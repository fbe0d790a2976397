#include "file_post.h"

#include <algorithm>
#include <gsl/assert>

#include "installed.h"
#include "mehr/sim/sim.h"

namespace mehr::sim_programs {
namespace {

transfer::TransferLimits usual_limits() {
  transfer::TransferLimits out;
  out.read_block = 64 * 1024;
  out.write_block = 64 * 1024;
  out.give_up_after = Millis::seconds(3'600);
  return out;
}

// For paths where one packet takes a second and a round trip takes ten: few chunks in flight, and
// nothing is taken for lost before the channel had its turn.
transfer::TransferLimits slow_limits() {
  transfer::TransferLimits out = usual_limits();
  out.window = 16;
  out.initial_window = 8;
  out.ack_every = 8;
  out.read_block = 4096;
  out.write_block = 4096;
  out.ack_delay = Millis::seconds(3);
  out.rto_min = Millis::seconds(20);
  out.rto_max = Millis::seconds(300);
  out.offer_wait = Millis::seconds(20);
  out.offer_wait_max = Millis::seconds(160);
  out.route_wait = Millis::seconds(5);
  out.reshape_after = Millis::seconds(120);
  out.give_up_after = Millis::seconds(6 * 3'600);
  out.unstarted_after = Millis::seconds(1'800);
  return out;
}

/// The content of a file on @p disk; nothing when it cannot be read.
std::optional<ContentHash> hash_of(sim::Disk& disk, const std::string& file) {
  const auto size = disk.size(file);
  if (!size) return std::nullopt;
  crypto::Blake3 hash;
  Bytes piece;
  for (std::uint64_t at = 0; at < *size; at += piece.size()) {
    piece.resize(static_cast<std::size_t>(std::min<std::uint64_t>(*size - at, 64 * 1024)));
    if (!disk.read(file, at, piece)) return std::nullopt;
    hash.update(piece);
  }
  return hash.finish();
}

}  // namespace

FilePost& FilePost::of(sim::Node& node, bool slow) {
  FilePost* post = installed<FilePost>(node);
  if (post == nullptr) {
    auto made = std::make_unique<FilePost>();
    post = made.get();
    node.install(std::move(made));
  }
  post->slow_ = post->slow_ || slow;
  return *post;
}

void FilePost::start(sim::Node& node) {
  store_ = std::make_unique<DiskFileStore>(node.disk());
  door_ = std::make_unique<ProgramDoor>(node);
  service_ = std::make_unique<transfer::TransferService>(
      *door_, *door_, node, *door_, node.random(), *store_, slow_ ? slow_limits() : usual_limits());
  service_->on_events({{}, [this, &node](const transfer::TransferStatus& s) { changed(node, s); }});
}

void FilePost::stop(sim::Node&) {
  sending_.clear();
  service_.reset();
  door_.reset();
  store_.reset();
}

Result<transfer::TransferId> FilePost::send(const NodeId& to, std::string_view token,
                                            std::string_view name, TransferSink& sink) {
  Expects(service_ != nullptr);
  const auto id = service_->send(to, token, name);
  if (id) sending_.push_back({*id, &sink});
  return id;
}

bool FilePost::has(const NodeId& sender, const ContentHash& content) const {
  return std::find(received_.begin(), received_.end(), Received{sender, content}) !=
         received_.end();
}

void FilePost::changed(sim::Node& node, const transfer::TransferStatus& status) {
  const bool over =
      status.state == transfer::State::done || status.state == transfer::State::failed;
  if (status.direction == transfer::Direction::in) {
    if (status.state == transfer::State::done) keep(node, status);
    return;
  }
  const auto it = std::find_if(sending_.begin(), sending_.end(),
                               [&](const Sending& s) { return s.id == status.id; });
  if (it == sending_.end()) return;
  TransferSink& sink = *it->sink;
  if (over) sending_.erase(it);
  sink.changed(status);
}

// A sender that crashed before it heard of its success sends again: the same content twice is one.
void FilePost::keep(sim::Node& node, const transfer::TransferStatus& status) {
  const auto found = hash_of(node.disk(), status.path);
  if (found && *found != status.hash) {
    return node.note("\"" + status.path + "\" is not what was received");
  }
  if (has(status.peer, status.hash)) return;
  received_.push_back({status.peer, status.hash});
  node.delivered(node.sim().find(status.peer), status.hash.view());
}

}  // namespace mehr::sim_programs
