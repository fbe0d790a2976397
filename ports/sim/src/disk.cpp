#include "mehr/sim/disk.h"

#include <algorithm>

#include "mehr/sim/memory.h"

namespace mehr::sim {

namespace {

constexpr std::uint64_t kMostUnsyncedBytes = 16ULL << 20;
constexpr std::uint64_t kMostUnsyncedWrites = 4096;

constexpr auto kNoFile = "there is no such file on the disk";
constexpr auto kDiskFailed = "the disk failed";

Bytes::iterator at(Bytes& bytes, std::uint64_t offset) {
  return bytes.begin() + static_cast<std::ptrdiff_t>(offset);
}

}  // namespace

Disk::Disk(std::uint64_t seed, NodeIndex node, std::uint64_t capacity)
    : chance_(seed, "disk", node), capacity_(capacity) {}

bool Disk::begin(double error_rate) {
  ++calls_;
  delay_ += faults.latency;
  if (faults.calls_left) {
    if (*faults.calls_left == 0) return false;
    --*faults.calls_left;
  }
  return !chance_.happens(error_rate);
}

// ---- What a node asks
// ----------------------------------------------------------------------------

Status Disk::write(std::string_view file, std::uint64_t offset, ByteView bytes) {
  const AccountScope world;
  if (!begin(faults.write_error_rate)) return fail(Errc::io, kDiskFailed);
  const auto known = files_.find(file);
  const std::uint64_t old_size = known == files_.end() ? 0 : known->second.newest.size();
  const bool absurd = offset > capacity_ || bytes.size() > capacity_ - offset;
  const std::uint64_t end = bytes.empty() ? old_size : offset + bytes.size();
  const std::uint64_t growth = end > old_size ? end - old_size : 0;
  if (faults.full || absurd || growth > capacity_ - used_) {
    return fail(Errc::io, "the disk is full");
  }
  File& f = known == files_.end() ? files_[std::string(file)] : known->second;
  if (!bytes.empty()) note_write(f, offset, bytes);
  return {};
}

void Disk::note_write(File& file, std::uint64_t offset, ByteView bytes) {
  Write& w = file.unsynced.emplace_back();
  w.offset = offset;
  w.bytes.assign(bytes.begin(), bytes.end());
  w.old_size = file.newest.size();
  if (offset < w.old_size) {
    const std::uint64_t end = std::min<std::uint64_t>(w.old_size, offset + bytes.size());
    w.covered.assign(at(file.newest, offset), at(file.newest, end));
  }
  ++unsynced_writes_;
  unsynced_bytes_ += w.held();
  put(file, w, 0, bytes.size());
  used_ += file.newest.size() - w.old_size;
  while (!file.unsynced.empty() &&
         (unsynced_bytes_ > kMostUnsyncedBytes || unsynced_writes_ > kMostUnsyncedWrites)) {
    forget_oldest(file);
  }
}

Status Disk::read(std::string_view file, std::uint64_t offset, MutableBytes out) {
  if (!begin(faults.read_error_rate)) return fail(Errc::io, kDiskFailed);
  const auto known = files_.find(file);
  if (known == files_.end()) return fail(Errc::not_found, kNoFile);
  const Bytes& bytes = known->second.newest;
  if (offset > bytes.size() || out.size() > bytes.size() - offset) {
    return fail(Errc::truncated, "the file ends before that");
  }
  copy_bytes(ByteView(bytes).subspan(offset, out.size()), out);
  return {};
}

Result<std::uint64_t> Disk::size(std::string_view file) const {
  const auto known = files_.find(file);
  if (known == files_.end()) return fail(Errc::not_found, kNoFile);
  return known->second.newest.size();
}

Status Disk::sync(std::string_view file) {
  if (!begin(faults.write_error_rate)) return fail(Errc::io, kDiskFailed);
  const auto known = files_.find(file);
  if (known == files_.end()) return fail(Errc::not_found, kNoFile);
  if (!chance_.happens(faults.lying_sync_rate)) forget_all(known->second);
  return {};
}

Status Disk::rename(std::string_view from, std::string_view to) {
  const AccountScope world;
  if (!begin(0)) return fail(Errc::io, kDiskFailed);
  const auto source = files_.find(from);
  if (source == files_.end()) return fail(Errc::not_found, kNoFile);
  if (from == to) return {};
  if (const auto target = files_.find(to); target != files_.end()) drop(target);
  auto node = files_.extract(source);
  node.key() = std::string(to);
  files_.insert(std::move(node));
  return {};
}

Status Disk::remove(std::string_view file) {
  if (!begin(0)) return fail(Errc::io, kDiskFailed);
  const auto known = files_.find(file);
  if (known == files_.end()) return fail(Errc::not_found, kNoFile);
  drop(known);
  return {};
}

std::vector<std::string> Disk::list(std::string_view prefix) const {
  std::vector<std::string> out;
  for (auto i = files_.lower_bound(prefix); i != files_.end() && i->first.starts_with(prefix);
       ++i) {
    out.push_back(i->first);
  }
  return out;
}

Duration Disk::take_delay() { return std::exchange(delay_, Duration{0}); }

// ---- What is not synced
// --------------------------------------------------------------------------

void Disk::forget_oldest(File& file) {
  unsynced_bytes_ -= file.unsynced.front().held();
  --unsynced_writes_;
  file.unsynced.pop_front();
}

void Disk::forget_all(File& file) {
  while (!file.unsynced.empty()) forget_oldest(file);
}

void Disk::drop(Files::iterator file) {
  forget_all(file->second);
  used_ -= file->second.newest.size();
  files_.erase(file);
}

// Bytes [from, to) of the write.
void Disk::put(File& file, const Write& write, std::size_t from, std::size_t to) {
  const std::uint64_t end = write.offset + to;
  if (file.newest.size() < end) file.newest.resize(end);
  std::copy_n(write.bytes.begin() + static_cast<std::ptrdiff_t>(from), to - from,
              at(file.newest, write.offset + from));
}

void Disk::crash() {
  const AccountScope world;
  delay_ = Duration{0};
  faults.calls_left.reset();
  for (auto& [name, file] : files_) {
    if (file.unsynced.empty()) continue;
    used_ -= file.newest.size();
    // Back to what is durable, then forward again as far as chance would have it.
    for (auto w = file.unsynced.rbegin(); w != file.unsynced.rend(); ++w) {
      file.newest.resize(w->old_size);
      if (!w->covered.empty()) {
        std::copy(w->covered.begin(), w->covered.end(), at(file.newest, w->offset));
      }
    }
    replay(file, file.unsynced);
    forget_all(file);
    used_ += file.newest.size();
  }
}

void Disk::replay(File& file, const std::deque<Write>& writes) {
  if (chance_.happens(0.5)) {
    const std::uint64_t kept = chance_.below(writes.size() + 1);
    for (std::uint64_t i = 0; i < kept; ++i) put(file, writes[i], 0, writes[i].bytes.size());
    if (kept < writes.size()) tear(file, writes[kept]);
    return;
  }
  for (const Write& w : writes) {
    switch (chance_.below(3)) {
      case 0:
        put(file, w, 0, w.bytes.size());
        break;
      case 1:
        tear(file, w);
        break;
      default:
        break;
    }
  }
}

// Half of all tears stop at a sector, the others leave any sectors out.
void Disk::tear(File& file, const Write& write) {
  const std::uint64_t end = write.offset + write.bytes.size();
  const std::uint64_t first = write.offset / kSector;
  const std::uint64_t sectors = (end + kSector - 1) / kSector - first;
  const bool in_order = chance_.happens(0.5);
  const std::uint64_t stop = in_order ? chance_.below(sectors + 1) : 0;
  for (std::uint64_t i = 0; i < sectors; ++i) {
    const bool kept = in_order ? i < stop : chance_.happens(0.5);
    if (!kept) continue;
    const std::uint64_t from = std::max(write.offset, (first + i) * kSector);
    const std::uint64_t to = std::min(end, (first + i + 1) * kSector);
    put(file, write, from - write.offset, to - write.offset);
  }
}

}  // namespace mehr::sim
