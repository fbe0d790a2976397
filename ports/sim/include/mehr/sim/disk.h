// A node's disk in memory: files whose unsynced writes a crash may lose, keep or tear.
//
// Place: ports/sim. DiskStorage (core Storage) and programs stand on it. It outlives its node.
// Machine: `write` changes what readers see at once; `sync` makes a file durable; `rename` and
// `remove` are durable at once, as after a sync of their directory, and so is that a file exists; a
// renamed file takes its unsynced writes along. `crash`: by chance, the unsynced writes of a file
// are kept up to one that is torn, as on a disk that writes in order, or each is kept, lost or torn
// by itself. A tear leaves whole 512-byte sectors; holes read as zeros.
// Faults: full (writes fail with Errc::io and change nothing), read errors, slowness (each call
// keeps the node busy for `latency`), a sync that lies.
// Bounds: `capacity` bytes over all files; beyond it writes fail as on a full disk. Unsynced writes
// take at most 16 MiB and 4,096 calls: the oldest become durable by themselves, as an operating
// system writes back. None of it is charged to the node's memory.
// Threads: one. Chance: its own stream.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mehr/core/crypto.h"
#include "mehr/core/storage.h"
#include "mehr/sim/chance.h"
#include "mehr/sim/recorder.h"

namespace mehr::sim {

struct DiskFaults {
  bool full = false;
  double read_error_rate = 0;   ///< per read
  double write_error_rate = 0;  ///< per write or sync
  double lying_sync_rate = 0;   ///< a sync that answers success and does nothing
  Duration latency{0};          ///< of each call
  /// Calls that still work; every later one fails with Errc::io: what a crash interrupts.
  std::optional<std::uint64_t> calls_left;
};

class Disk {
 public:
  static constexpr std::size_t kSector = 512;

  Disk(std::uint64_t seed, NodeIndex node, std::uint64_t capacity = 1ULL << 30);

  /// Makes the file when it is missing; a gap before @p offset reads as zeros.
  Status write(std::string_view file, std::uint64_t offset, ByteView bytes);
  /// Fills all of @p out or fails: Errc::not_found, Errc::truncated past the end, Errc::io.
  Status read(std::string_view file, std::uint64_t offset, MutableBytes out);
  [[nodiscard]] Result<std::uint64_t> size(std::string_view file) const;
  Status sync(std::string_view file);
  /// Replaces @p to. Errc::not_found when there is no @p from.
  Status rename(std::string_view from, std::string_view to);
  Status remove(std::string_view file);
  /// In the order of their bytes.
  [[nodiscard]] std::vector<std::string> list(std::string_view prefix) const;
  [[nodiscard]] std::uint64_t used() const { return used_; }
  [[nodiscard]] std::uint64_t capacity() const { return capacity_; }

  /// Power was lost. Calls work again afterwards (`calls_left` is forgotten), other faults stay.
  void crash();
  DiskFaults faults;
  /// How long the calls since the last question kept the node busy.
  Duration take_delay();
  /// Writes, reads, syncs, renames and removes so far.
  [[nodiscard]] std::uint64_t calls() const { return calls_; }

 private:
  /// An unsynced write, and what it takes to undo it.
  struct Write {
    std::uint64_t offset = 0;
    Bytes bytes;
    Bytes covered;               // what it wrote over, to the end of the file as it was
    std::uint64_t old_size = 0;  // of the file
    [[nodiscard]] std::uint64_t held() const { return bytes.size() + covered.size(); }
  };
  struct File {
    Bytes newest;  // what readers see
    std::deque<Write> unsynced;
  };
  using Files = std::map<std::string, File, std::less<>>;

  /// Counts a call; false when it fails for @p error_rate or a lack of `calls_left`.
  bool begin(double error_rate);
  void note_write(File& file, std::uint64_t offset, ByteView bytes);
  void forget_oldest(File& file);
  void forget_all(File& file);
  void drop(Files::iterator file);
  void replay(File& file, const std::deque<Write>& writes);
  static void put(File& file, const Write& write, std::size_t from, std::size_t to);
  void tear(File& file, const Write& write);

  Chance chance_;
  std::uint64_t capacity_;
  std::uint64_t used_ = 0;
  std::uint64_t unsynced_bytes_ = 0;
  std::uint64_t unsynced_writes_ = 0;
  std::uint64_t calls_ = 0;
  Duration delay_{0};
  Files files_;
};

/// Storage as one log of checksummed records, read back and compacted when it is opened.
///
/// The log is a file of records: length u32, B2 over the previous record's B2, the length and the
/// payload, then the payload, the puts of one batch. A batch is acknowledged when its record is
/// synced. Whatever does not fit the chain is a torn tail. After a tail or a failed write the next
/// batch goes into a new log beside the old one, which is synced and takes the old one's name; so
/// it does when garbage dominates.
/// Bounds: the keys and values live in memory too; the log is at most the larger of 4 KiB and four
/// times what lives, unless the disk has no room for a second one.
/// Failure: a log that cannot be read answers Errc::io to everything, and is tried again each time.
class DiskStorage final : public Storage {
 public:
  /// Reads what @p disk holds; a torn tail is cut off and counted.
  explicit DiskStorage(Disk& disk);
  Result<Bytes> get(std::string_view key) override;
  Status put(std::span<const Put> batch) override;
  [[nodiscard]] std::uint64_t torn_records() const { return torn_; }

 private:
  using State = std::map<std::string, Bytes, std::less<>>;

  Status open();
  void replay(ByteView log);
  /// A new log of one record that holds @p state.
  Status rewrite(const State& state);
  /// Puts the batch in a record's payload into @p state; false, and no change, for nonsense.
  [[nodiscard]] static bool apply(ByteView payload, State& state);
  static void store(std::span<const Put> batch, State& state);

  Disk& disk_;
  State state_;
  bool opened_ = false;
  bool must_rewrite_ = false;     // the log ends in something else than a record
  std::uint64_t end_ = 0;         // of the last good record
  std::uint64_t compact_at_ = 0;  // length of the log
  Hash256 chain_;
  std::uint64_t torn_ = 0;
};

}  // namespace mehr::sim
