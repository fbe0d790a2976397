#include "file_program.h"

#include <algorithm>

#include "mehr/sim/chance.h"
#include "mehr/sim/sim.h"

namespace mehr::sim_programs {
namespace {

constexpr Millis kAgain = Millis::seconds(10);
constexpr std::size_t kPiece = 64 * 1024;

/// Calls @p use with each piece of the content, and where it begins.
template <class Use>
Status each_piece(std::uint64_t seed, std::uint64_t node, std::uint64_t number, std::uint64_t size,
                  Use use) {
  sim::Chance chance(seed, "file", node, number);
  Bytes piece;
  for (std::uint64_t at = 0; at < size; at += piece.size()) {
    piece.resize(static_cast<std::size_t>(std::min<std::uint64_t>(size - at, kPiece)));
    chance.fill(piece);
    if (Status used = use(at, ByteView(piece)); !used) return used;
  }
  return {};
}

}  // namespace

FileProgram::FileProgram(sim::Node& node, FilePlan plan)
    : node_(node),
      plan_(std::move(plan)),
      post_(FilePost::of(node, plan_.slow)),
      receiver_(FilePost::of(node.sim().node(plan_.to), plan_.slow)),
      number_(node.programs().size()),
      token_("source/" + std::to_string(number_)) {
  crypto::Blake3 hash;
  static_cast<void>(each_piece(node_.sim().seed(), node_.index(), number_, plan_.size,
                               [&](std::uint64_t, ByteView piece) -> Status {
                                 hash.update(piece);
                                 return {};
                               }));
  content_ = hash.finish();
}

void FileProgram::start(sim::Node&) {
  if (is_finished_) return;
  node_.wake_at(*this, node_.now() + (was_started_ ? Millis{0} : plan_.first));
  was_started_ = true;
}

void FileProgram::stop(sim::Node&) { node_.wake_at(*this, Millis::never()); }

bool FileProgram::is_done() const { return receiver_.has(node_.id(), content_); }

std::string FileProgram::state() const {
  return plan_.name + ": " + (last_.empty() ? "not begun" : last_);
}

void FileProgram::on_wake(Millis now) {
  const sim::AccountScope account(node_.program_memory());
  Status begun = write_source();
  if (begun) {
    const auto id = post_.send(node_.sim().node(plan_.to).id(), token_, plan_.name, *this);
    if (!id) begun = fail(id);
  }
  if (!begun) {
    last_ = begun.error().text;
    return node_.wake_at(*this, now + kAgain);
  }
  if (!was_sent_) node_.sent(plan_.to, content_.view());
  was_sent_ = true;
}

void FileProgram::changed(const transfer::TransferStatus& status) {
  last_ = std::string(transfer::name_of(status.state)) + ", " + std::to_string(status.bytes_done) +
          " of " + std::to_string(status.size) + " bytes";
  if (!status.error.empty()) last_ += ": " + status.error;
  if (status.state == transfer::State::done) is_finished_ = true;
  if (status.state == transfer::State::failed) {
    node_.note(state());
    node_.wake_at(*this, node_.now() + kAgain);
  }
}

Status FileProgram::write_source() {
  Status written = each_piece(
      node_.sim().seed(), node_.index(), number_, plan_.size,
      [&](std::uint64_t at, ByteView piece) { return node_.disk().write(token_, at, piece); });
  if (!written) return written;
  if (plan_.size == 0) {
    if (Status made = node_.disk().write(token_, 0, {}); !made) return made;
  }
  return node_.disk().sync(token_);
}

}  // namespace mehr::sim_programs
