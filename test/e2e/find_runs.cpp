// Looks through the record of a relay for what must not be there.
//
// Usage: find-runs FILE RECORD [NODE_ID,ED25519_KEY,X25519_KEY]...
// Prints one JSON object: records and bytes looked through, how many 32-byte runs of FILE are in
// any record, and how many DATA packets hold an id or key of a listed node that is not the packet's
// own destination.
// How: 32 bytes in a row always contain one whole block of 16 that is aligned in FILE; every
// position of every record is looked up among those blocks, and a hit is extended both ways.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "mehr/common/text.h"
#include "mehr/l0/packet.h"

namespace {

using namespace mehr;

constexpr std::size_t kRun = 32;
constexpr std::size_t kBlock = 16;

Bytes read_file(const char* path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path, "rb"), &std::fclose);
  if (!file) {
    std::perror(path);
    std::exit(2);
  }
  Bytes out;
  std::vector<std::uint8_t> block(1 << 20);
  while (const std::size_t n = std::fread(block.data(), 1, block.size(), file.get())) {
    out.insert(out.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(n));
  }
  return out;
}

std::uint64_t word_at(const std::uint8_t* p) {
  std::uint64_t w = 0;
  std::memcpy(&w, p, sizeof w);
  return w;
}

/// Answers whether a record holds a run of the file.
class RunFinder {
 public:
  explicit RunFinder(ByteView file) : file_(file), maybe_(kFilter / 8) {
    for (std::size_t at = 0; at + kBlock <= file.size(); at += kBlock) {
      const std::uint64_t word = word_at(&file[at]);
      // Equal blocks (zeros, padding) need only a few places: any run through them is as good.
      auto& places = places_[word];
      if (places.size() < 4) places.push_back(at);
      mark(word);
    }
  }
  [[nodiscard]] bool found_in(ByteView record) const {
    if (record.size() < kRun) return false;
    for (std::size_t at = 0; at + kBlock <= record.size(); ++at) {
      const std::uint64_t word = word_at(&record[at]);
      if (!marked(word)) continue;
      const auto hit = places_.find(word);
      if (hit == places_.end()) continue;
      for (const std::size_t place : hit->second) {
        if (common_run(record, at, place) >= kRun) return true;
      }
    }
    return false;
  }

 private:
  static constexpr std::size_t kFilter = std::size_t{1} << 26;
  static std::size_t slot(std::uint64_t word) {
    return static_cast<std::size_t>((word * 0x9E3779B97F4A7C15ULL) >> 38);
  }
  void mark(std::uint64_t word) {
    maybe_[slot(word) / 8] =
        static_cast<std::uint8_t>(maybe_[slot(word) / 8] | 1U << slot(word) % 8);
  }
  [[nodiscard]] bool marked(std::uint64_t word) const {
    return (maybe_[slot(word) / 8] >> slot(word) % 8 & 1) != 0;
  }
  // Length of the longest common run through record[at] and file[place].
  [[nodiscard]] std::size_t common_run(ByteView record, std::size_t at, std::size_t place) const {
    std::size_t before = 0;
    while (before < at && before < place && record[at - before - 1] == file_[place - before - 1]) {
      ++before;
    }
    std::size_t after = 0;
    while (at + after < record.size() && place + after < file_.size() &&
           record[at + after] == file_[place + after]) {
      ++after;
    }
    return before + after;
  }

  ByteView file_;
  std::unordered_map<std::uint64_t, std::vector<std::size_t>> places_;
  std::vector<std::uint8_t> maybe_;
};

struct Party {
  Bytes id;
  std::vector<Bytes> needles;
};

Party parse_party(std::string text) {
  Party out;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const auto bytes = common::from_hex(text.substr(0, comma));
    if (!bytes || bytes->size() < NodeId::kSize) {
      std::fprintf(stderr, "find-runs: not an id or a key: %s\n", text.c_str());
      std::exit(2);
    }
    out.needles.push_back(*bytes);
    text.erase(0, comma + 1);
  }
  out.id = out.needles.front();
  return out;
}

bool names_a_source(ByteView bytes, const std::vector<Party>& parties) {
  const auto packet = decode<l0::Packet>(bytes);
  if (!packet || packet->flags.type() != l0::PacketType::data) return false;
  for (const Party& party : parties) {
    if (same_bytes(packet->destination.view(), party.id)) continue;
    for (const Bytes& needle : party.needles) {
      if (std::search(bytes.begin(), bytes.end(), needle.begin(), needle.end()) != bytes.end()) {
        return true;
      }
    }
  }
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: find-runs FILE RECORD [ID,ED25519,X25519]...\n");
    return 2;
  }
  const Bytes file = read_file(argv[1]);
  const Bytes record = read_file(argv[2]);
  std::vector<Party> parties;
  for (int i = 3; i < argc; ++i) parties.push_back(parse_party(argv[i]));
  const RunFinder finder(file);
  unsigned long long records = 0, frames = 0, packets = 0, data_packets = 0, with_run = 0,
                     named = 0;
  Reader reader(record);
  while (reader.ok() && reader.left() > 0) {
    std::uint8_t kind = 0;
    std::uint32_t size = 0;
    ByteView bytes;
    reader.get(kind);
    reader.get(size);
    if (!reader.take(size, bytes)) break;
    ++records;
    if (kind == 'f' || kind == 'g') ++frames;
    if (finder.found_in(bytes)) ++with_run;
    if (kind != 'p' && kind != 'q') continue;
    ++packets;
    const auto packet = decode<l0::Packet>(bytes);
    if (packet && packet->flags.type() == l0::PacketType::data) ++data_packets;
    if (names_a_source(bytes, parties)) ++named;
  }
  std::printf(
      "{\"records\":%llu,\"frames\":%llu,\"packets\":%llu,\"data_packets\":%llu,"
      "\"bytes\":%zu,\"with_run\":%llu,\"naming_a_source\":%llu,\"whole\":%s}\n",
      records, frames, packets, data_packets, record.size(), with_run, named,
      reader.ok() ? "true" : "false");
  return 0;
}
