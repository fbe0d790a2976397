#include "disk_file_store.h"

#include <algorithm>

namespace mehr::sim_programs {

namespace {

using transfer::FileReader;
using transfer::FileWriter;

constexpr std::string_view kIncoming = "incoming/";
constexpr std::string_view kInbox = "inbox/";

// "name.tar.gz", 2 -> "name (2).tar.gz"; a leading dot is part of the name.
std::string inbox_name(const std::string& name, int number) {
  std::string path(kInbox);
  if (number == 1) return path += name;
  const std::size_t dot = std::min(name.find('.', 1), name.size());
  path.append(name, 0, dot).append(" (").append(std::to_string(number)).append(")");
  return path.append(name, dot);
}

}  // namespace

class DiskFileStore::Reader final : public FileReader {
 public:
  Reader(sim::Disk& disk, std::string file, std::uint64_t size)
      : disk_(disk), file_(std::move(file)), size_(size) {}
  [[nodiscard]] std::uint64_t size() const override { return size_; }
  Status read_at(std::uint64_t offset, MutableBytes out) override {
    return disk_.read(file_, offset, out);
  }

 private:
  sim::Disk& disk_;
  std::string file_;
  std::uint64_t size_;
};

class DiskFileStore::Writer final : public FileWriter {
 public:
  Writer(DiskFileStore& store, std::string partial, std::string name, std::uint64_t size)
      : store_(store), partial_(std::move(partial)), name_(std::move(name)), missing_(size) {
    store_.promised_ += missing_;
  }
  ~Writer() override { discard(); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  Status write_at(std::uint64_t offset, ByteView bytes) override {
    const Status written = store_.disk_.write(partial_, offset, bytes);
    if (written) came(bytes.size());
    return written;
  }
  Status read_at(std::uint64_t offset, MutableBytes out) override {
    return store_.disk_.read(partial_, offset, out);
  }
  Result<std::string> commit(const ContentHash& hash) override;
  void abort() override { discard(); }

 private:
  void discard() {
    came(missing_);
    if (!partial_.empty()) (void)store_.disk_.remove(partial_);
    partial_.clear();
  }
  void came(std::uint64_t bytes) {
    bytes = std::min(bytes, missing_);
    missing_ -= bytes;
    store_.promised_ -= bytes;
  }

  DiskFileStore& store_;
  std::string partial_;  // empty once the file has its name or is gone
  std::string name_;
  std::uint64_t missing_;  // part of the store's promise
};

Result<std::string> DiskFileStore::Writer::commit(const ContentHash&) {
  sim::Disk& disk = store_.disk_;
  if (const Status synced = disk.sync(partial_); !synced) return fail(synced);
  int number = 1;
  while (disk.size(inbox_name(name_, number))) ++number;
  std::string path = inbox_name(name_, number);
  if (const Status named = disk.rename(partial_, path); !named) return fail(named);
  partial_.clear();
  return path;
}

DiskFileStore::DiskFileStore(sim::Disk& disk) : disk_(disk) {
  for (const std::string& left : disk_.list(kIncoming)) (void)disk_.remove(left);
}

Result<std::unique_ptr<FileReader>> DiskFileStore::open(std::string_view token) {
  const auto size = disk_.size(token);
  if (!size) return fail(size);
  return std::make_unique<Reader>(disk_, std::string(token), *size);
}

Result<std::unique_ptr<FileWriter>> DiskFileStore::create(const NodeId&, std::string_view name,
                                                          std::uint64_t size) {
  const std::uint64_t free = disk_.capacity() - disk_.used();
  // What the files under way still lack is spoken for; sums would overflow, differences cannot.
  if (free < promised_ || free - promised_ < size) {
    return fail(Errc::full, "the disk has no room for this file");
  }
  std::string partial;
  do {
    partial = std::string(kIncoming) + std::to_string(++begun_);
  } while (disk_.size(partial));
  if (const Status made = disk_.write(partial, 0, {}); !made) return fail(made);
  return std::make_unique<Writer>(*this, std::move(partial), std::string(name), size);
}

}  // namespace mehr::sim_programs
