#include "received_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "mehr/common/text.h"

namespace mehr::daemon {
namespace {

std::string to_line(const ReceivedFile& file) {
  const nlohmann::ordered_json line{{"from", common::to_text(file.from)},
                                    {"name", file.name},
                                    {"path", file.path},
                                    {"size", file.size},
                                    {"blake3", common::to_hex(file.hash.view())},
                                    {"received_ms", file.received_ms}};
  return line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::optional<ReceivedFile> from_line(const std::string& text) {
  const auto line = nlohmann::json::parse(text, nullptr, false);
  if (!line.is_object()) return std::nullopt;
  try {
    ReceivedFile file;
    const auto from = common::parse_node_id(line.at("from").get<std::string>());
    const auto hash = common::from_hex(line.at("blake3").get<std::string>());
    if (!from || !hash || hash->size() != ContentHash::kSize) return std::nullopt;
    file.from = *from;
    file.hash = ContentHash::from(*hash);
    file.name = line.at("name");
    file.path = line.at("path");
    file.size = line.at("size");
    file.received_ms = line.at("received_ms");
    return file;
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

bool write_line(int fd, const std::string& line) {
  return ::write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size()) &&
         ::fdatasync(fd) == 0;
}

}  // namespace

ReceivedLog::ReceivedLog(std::string path) : path_(std::move(path)) {
  std::ifstream in(path_);
  for (std::string line; std::getline(in, line); ++lines_) {
    if (line.empty()) continue;
    if (auto file = from_line(line)) files_.push_back(std::move(*file));
    if (files_.size() > kMost) files_.pop_front();
  }
  if (lines_ > 2 * kMost) rewrite();
}

bool ReceivedLog::add(const ReceivedFile& file) {
  files_.push_back(file);
  if (files_.size() > kMost) files_.pop_front();
  const int fd = ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return false;
  // A crash may have cut the last line short: a line break first keeps this one whole.
  const bool good = write_line(fd, "\n" + to_line(file));
  ::close(fd);
  lines_ += 2;
  if (lines_ > 4 * kMost) rewrite();
  return good;
}

void ReceivedLog::rewrite() {
  lines_ = files_.size();  // also when it fails: not tried again at each file
  const std::string fresh = path_ + ".new";
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return;
  std::string all;
  for (const ReceivedFile& file : files_) all += to_line(file);
  const bool good = write_line(fd, all);
  ::close(fd);
  if (!good || ::rename(fresh.c_str(), path_.c_str()) != 0) ::unlink(fresh.c_str());
}

}  // namespace mehr::daemon
