#include "inspect_command.h"

#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>

#include "client.h"
#include "commands.h"
#include "kinds.h"
#include "mehr/common/text.h"

namespace mehr::cli {
namespace {

constexpr std::size_t kMostInput = 64U << 20;
/// An identity file begins so; it holds a seed and is never shown.
constexpr std::string_view kSeedMagic = "MEHRSEED";

std::string without_blanks(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c != ' ' && c != '\n' && c != '\r' && c != '\t' && c != ':') out += c;
  }
  return out;
}

std::optional<Bytes> hex_of(std::string_view text) {
  if (text.starts_with("0x")) text.remove_prefix(2);
  const std::string digits = without_blanks(text);
  return digits.empty() ? std::nullopt : common::from_hex(digits);
}

// All of @p in behind @p out, what was read of it already.
OrFailure<std::string> read_stream(std::string out, std::FILE* in, const std::string& name) {
  std::array<char, 64 * 1024> block{};
  while (const std::size_t n = std::fread(block.data(), 1, block.size(), in)) {
    out.append(block.data(), n);
    if (out.size() > kMostInput) {
      return tl::unexpected(Failure{exit_code::kUsage, name + " is too long to inspect"});
    }
  }
  if (std::ferror(in) != 0) {
    return tl::unexpected(Failure{exit_code::kFailed, name + ": " + std::strerror(errno)});
  }
  return out;
}

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

// An open input: a file or standard input, and its first bytes.
struct Opened {
  File file{nullptr, &std::fclose};
  std::FILE* in = nullptr;
  std::string name;
  std::string head;
};

OrFailure<Opened> open_input(const std::string& input) {
  Opened out;
  out.in = stdin;
  out.name = "standard input";
  if (input != "-") {
    out.file.reset(std::fopen(input.c_str(), "rbe"));
    out.in = out.file.get();
    out.name = input;
  }
  if (out.in == nullptr) {
    return tl::unexpected(Failure{exit_code::kUsage, input + ": " + std::strerror(errno)});
  }
  std::array<char, kTraceMark.size()> first{};
  out.head.assign(first.data(), std::fread(first.data(), 1, first.size(), out.in));
  return out;
}

OrFailure<Bytes> read_bytes(Opened opened) {
  auto content = read_stream(std::move(opened.head), opened.in, opened.name);
  if (!content) return tl::unexpected(content.error());
  if (content->starts_with(kSeedMagic)) {
    return tl::unexpected(
        Failure{exit_code::kFailed, "this is an identity file: its content is secret, not shown"});
  }
  if (auto bytes = hex_of(*content)) return *bytes;
  const ByteView raw = as_bytes(*content);
  return Bytes(raw.begin(), raw.end());
}

OrFailure<Bytes> read_argument(const std::string& input) {
  if (auto bytes = hex_of(input)) return *bytes;
  return tl::unexpected(
      Failure{exit_code::kUsage,
              "\"" + common::printable(input.substr(0, 64)) +
                  "\" is neither a file nor hexadecimal text (an even number of digits 0-9, a-f)"});
}

int show_bytes(const OrFailure<Bytes>& bytes, const std::string& as) {
  if (!bytes) return complain(bytes.error().exit, bytes.error().message);
  if (bytes->empty()) return complain(exit_code::kUsage, "there is nothing to inspect");
  const auto seen = as.empty() ? identify(*bytes) : show_as(*bytes, as);
  if (!seen) return complain(exit_code::kUsage, seen.error());
  std::printf("%s\n", seen->dump(2, ' ', false, Json::error_handler_t::replace).c_str());
  return exit_code::kGood;
}

}  // namespace

std::string kinds_text() {
  constexpr std::size_t kColumn = 24;  // wider than any name
  std::string out = "Kinds:\n";
  for (const Kind& kind : kinds()) {
    out += "  " + std::string(kind.name) + std::string(kColumn - std::strlen(kind.name), ' ') +
           kind.about + "\n";
  }
  return out;
}

int inspect(const InspectOptions& options) {
  struct stat info {};
  if (options.input != "-" && ::stat(options.input.c_str(), &info) != 0) {
    return show_bytes(read_argument(options.input), options.as);
  }
  auto opened = open_input(options.input);
  if (!opened) return complain(opened.error().exit, opened.error().message);
  if (options.as.empty() && opened->head == kTraceMark) {
    return view_trace(std::move(opened->head), opened->in, opened->name, options.trace);
  }
  return show_bytes(read_bytes(std::move(*opened)), options.as);
}

}  // namespace mehr::cli
