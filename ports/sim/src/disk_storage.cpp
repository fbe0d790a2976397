#include <algorithm>
#include <limits>

#include "mehr/core/codec.h"
#include "mehr/sim/disk.h"

namespace mehr::sim {

namespace {

constexpr std::string_view kLog = "storage.log";
constexpr std::string_view kNewLog = "storage.new";
constexpr std::size_t kHeader = sizeof(std::uint32_t) + Hash256::kSize;
constexpr std::uint64_t kCompactLeast = 4ULL << 10;
constexpr std::uint64_t kMostGarbage = 4;  // times what lives

std::size_t size_of(const Storage::Put& put) {
  return sizeof(std::uint16_t) + put.key.size() + sizeof(std::uint32_t) + put.value.size();
}

Hash256 chained(const Hash256& before, ByteView length, ByteView payload) {
  return crypto::b2(before.view(), length, payload);
}

/// One whole record; @p chain becomes its hash.
Bytes record_of(std::span<const Storage::Put> batch, std::size_t payload, Hash256& chain) {
  Bytes out(kHeader + payload);
  const MutableBytes whole(out);
  Writer body(whole.subspan(kHeader));
  for (const Storage::Put& put : batch) {
    body.put(static_cast<std::uint16_t>(put.key.size()));
    body.bytes(as_bytes(put.key));
    body.put(static_cast<std::uint32_t>(put.value.size()));
    body.bytes(put.value);
  }
  Writer head(whole);
  head.put(static_cast<std::uint32_t>(payload));
  chain = chained(chain, head.written(), whole.subspan(kHeader));
  head.put(chain);
  return out;
}

Result<std::size_t> payload_of(std::span<const Storage::Put> batch) {
  std::uint64_t sum = 0;
  for (const Storage::Put& put : batch) {
    if (put.key.size() > std::numeric_limits<std::uint16_t>::max()) {
      return fail(Errc::bad_value, "a storage key has at most 65,535 bytes");
    }
    sum += size_of(put);
  }
  if (sum > std::numeric_limits<std::uint32_t>::max()) {
    return fail(Errc::too_big, "a storage batch has less than 4 GiB");
  }
  return static_cast<std::size_t>(sum);
}

std::vector<Storage::Put> puts_of(const std::map<std::string, Bytes, std::less<>>& state) {
  std::vector<Storage::Put> out;
  out.reserve(state.size());
  for (const auto& [key, value] : state) out.push_back({key, value});
  return out;
}

std::string_view text_of(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

DiskStorage::DiskStorage(Disk& disk) : disk_(disk) { (void)open(); }

Status DiskStorage::open() {
  if (opened_) return {};
  const auto size = disk_.size(kLog);
  Bytes log(size ? *size : 0);
  if (!log.empty()) {
    if (const Status read = disk_.read(kLog, 0, log); !read) return read;
  }
  opened_ = true;
  replay(log);
  // What a crash left of a new log. Where it cannot be removed now, the next one does.
  if (disk_.size(kNewLog)) (void)disk_.remove(kNewLog);
  if (must_rewrite_ || end_ > compact_at_) (void)rewrite(state_);
  return {};
}

void DiskStorage::replay(ByteView log) {
  std::uint64_t live = 0;
  Reader r(log);
  while (end_ < log.size()) {
    std::uint32_t length = 0;
    Hash256 hash;
    ByteView payload;
    r.get(length);
    r.get(hash);
    const bool whole = r.take(length, payload);
    if (!whole || chained(chain_, log.subspan(end_, sizeof(length)), payload) != hash ||
        !apply(payload, state_)) {
      ++torn_;
      must_rewrite_ = true;
      break;
    }
    chain_ = hash;
    end_ += kHeader + length;
  }
  for (const Put& put : puts_of(state_)) live += size_of(put);
  compact_at_ = std::max(kCompactLeast, live * kMostGarbage);
}

bool DiskStorage::apply(ByteView payload, State& state) {
  std::vector<Put> batch;
  Reader r(payload);
  while (r.left() != 0) {
    std::uint16_t key_size = 0;
    std::uint32_t value_size = 0;
    ByteView key;
    ByteView value;
    r.get(key_size);
    r.take(key_size, key);
    r.get(value_size);
    if (!r.take(value_size, value)) return false;
    batch.push_back({text_of(key), value});
  }
  store(batch, state);
  return true;
}

void DiskStorage::store(std::span<const Put> batch, State& state) {
  for (const Put& p : batch) {
    state.insert_or_assign(std::string(p.key), Bytes(p.value.begin(), p.value.end()));
  }
}

Result<Bytes> DiskStorage::get(std::string_view key) {
  if (const Status ready = open(); !ready) return fail(ready);
  const auto found = state_.find(key);
  if (found == state_.end()) return fail(Errc::not_found, "nothing is stored under that key");
  return found->second;
}

Status DiskStorage::put(std::span<const Put> batch) {
  if (const Status ready = open(); !ready) return ready;
  if (batch.empty()) return {};
  const auto payload = payload_of(batch);
  if (!payload) return fail(payload);
  if (must_rewrite_) {
    State next = state_;
    store(batch, next);
    if (const Status done = rewrite(next); !done) return done;
    state_ = std::move(next);
    return {};
  }
  Hash256 chain = chain_;
  const Bytes record = record_of(batch, *payload, chain);
  Status done = disk_.write(kLog, end_, record);
  if (done) done = disk_.sync(kLog);
  if (!done) {
    must_rewrite_ = true;  // nobody knows what is there now
    return done;
  }
  end_ += record.size();
  chain_ = chain;
  store(batch, state_);
  // Compaction is a favour: the batch is stored whether it succeeds or not.
  if (end_ > compact_at_ && !rewrite(state_)) compact_at_ = end_ * 2;
  return {};
}

Status DiskStorage::rewrite(const State& state) {
  const auto puts = puts_of(state);
  const auto payload = payload_of(puts);
  if (!payload) return fail(payload);
  Hash256 chain;
  const Bytes record = record_of(puts, *payload, chain);
  // A longer one of an earlier attempt would leave its tail behind.
  Status done = disk_.size(kNewLog) ? disk_.remove(kNewLog) : Status{};
  if (done) done = disk_.write(kNewLog, 0, record);
  if (done) done = disk_.sync(kNewLog);
  if (done) done = disk_.rename(kNewLog, kLog);
  if (!done) return done;
  end_ = record.size();
  chain_ = chain;
  must_rewrite_ = false;
  compact_at_ = std::max(kCompactLeast, *payload * kMostGarbage);
  return {};
}

}  // namespace mehr::sim
