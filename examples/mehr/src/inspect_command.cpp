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

OrFailure<std::string> read_stream(std::FILE* in, const std::string& name) {
  std::string out;
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

OrFailure<std::string> read_file(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"),
                                                             &std::fclose);
  if (!file) {
    return tl::unexpected(Failure{exit_code::kUsage, path + ": " + std::strerror(errno)});
  }
  return read_stream(file.get(), path);
}

OrFailure<Bytes> read_input(const std::string& input) {
  struct stat info {};
  const bool is_file = ::stat(input.c_str(), &info) == 0;
  if (input != "-" && !is_file) {
    if (auto bytes = hex_of(input)) return *bytes;
    return tl::unexpected(Failure{
        exit_code::kUsage,
        "\"" + common::printable(input.substr(0, 64)) +
            "\" is neither a file nor hexadecimal text (an even number of digits 0-9, a-f)"});
  }
  auto content = input == "-" ? read_stream(stdin, "standard input") : read_file(input);
  if (!content) return tl::unexpected(content.error());
  if (content->starts_with(kSeedMagic)) {
    return tl::unexpected(
        Failure{exit_code::kFailed, "this is an identity file: its content is secret, not shown"});
  }
  if (auto bytes = hex_of(*content)) return *bytes;
  const ByteView raw = as_bytes(*content);
  return Bytes(raw.begin(), raw.end());
}

}  // namespace

std::string kinds_text() {
  std::string out = "Kinds:\n";
  for (const Kind& kind : kinds()) {
    out += "  " + std::string(kind.name) + std::string(18 - std::strlen(kind.name), ' ') +
           kind.about + "\n";
  }
  return out;
}

int inspect(const InspectOptions& options) {
  const auto bytes = read_input(options.input);
  if (!bytes) return complain(bytes.error().exit, bytes.error().message);
  if (bytes->empty()) return complain(exit_code::kUsage, "there is nothing to inspect");
  const auto seen = options.as.empty() ? identify(*bytes) : show_as(*bytes, options.as);
  if (!seen) return complain(exit_code::kUsage, seen.error());
  std::printf("%s\n", seen->dump(2, ' ', false, Json::error_handler_t::replace).c_str());
  return exit_code::kGood;
}

}  // namespace mehr::cli
