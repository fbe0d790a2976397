// Fields out of JSON, and the count of what passed.
#include "case.h"

#include <fmt/format.h>

#include <cstdio>

namespace vectors {

namespace {

constexpr std::size_t kShownDigits = 192;

std::string shown(ByteView value) {
  if (value.empty()) return "nothing";
  const std::string digits = hex(value);
  if (digits.size() <= kShownDigits) return digits;
  return fmt::format("{}... ({} bytes)", digits.substr(0, kShownDigits), value.size());
}

std::string one_line(std::string line) {
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  return line;
}

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string hex(ByteView value) {
  std::string out;
  for (const std::uint8_t byte : value) out += fmt::format("{:02x}", byte);
  return out;
}

const Json& member(const Json& from, const char* name) {
  if (!from.is_object()) throw CaseError("is no object");
  const auto found = from.find(name);
  if (found == from.end()) throw CaseError(fmt::format("lacks the field '{}'", name));
  return *found;
}

std::string text(const Json& from, const char* name) {
  const Json& value = member(from, name);
  if (!value.is_string()) throw CaseError(fmt::format("'{}' is no string", name));
  return value.get<std::string>();
}

Bytes bytes_of_hex(const std::string& digits, const char* name) {
  if (digits.size() % 2 != 0) throw CaseError(fmt::format("'{}' has half a byte", name));
  Bytes out;
  out.reserve(digits.size() / 2);
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    const int high = digit_of(digits[i]);
    const int low = digit_of(digits[i + 1]);
    if (high < 0 || low < 0) throw CaseError(fmt::format("'{}' is no hexadecimal string", name));
    out.push_back(static_cast<std::uint8_t>(high * 16 + low));
  }
  return out;
}

Bytes bytes(const Json& from, const char* name) { return bytes_of_hex(text(from, name), name); }

bool flag(const Json& from, const char* name) {
  const Json& value = member(from, name);
  if (!value.is_boolean()) throw CaseError(fmt::format("'{}' is neither true nor false", name));
  return value.get<bool>();
}

std::size_t number(const Json& from, const char* name, std::size_t most) {
  const Json& value = member(from, name);
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > most) {
    throw CaseError(fmt::format("'{}' is no number from 0 to {}", name, most));
  }
  return value.get<std::size_t>();
}

mehr::Secret<32> secret_of(ByteView from) {
  if (from.size() != 32) throw CaseError(fmt::format("a secret of {} bytes, not 32", from.size()));
  return mehr::Secret<32>::copy_of(from.first<32>());
}

mehr::Secret<32> secret32(const Json& from, const char* name) {
  return secret_of(bytes(from, name));
}

void Case::same(std::string_view what, ByteView expected, ByteView came) {
  if (!mehr::same_bytes(expected, came)) differs(what, shown(expected), shown(came));
}

void Case::same(std::string_view what, bool expected, bool came) {
  if (expected != came) {
    differs(what, expected ? "accepted" : "rejected", came ? "accepted" : "rejected");
  }
}

void Case::differs(std::string_view what, std::string_view expected, std::string_view came) {
  if (!faults_.empty()) faults_ += "; ";
  faults_ += fmt::format("{}: expected {}, came {}", what, expected, came);
}

void Report::skip(const std::string& name, std::string_view why) {
  std::fputs(one_line(fmt::format("{}: {}: left out: {}", file_, name, why)).c_str(), stderr);
  std::fputc('\n', stderr);
}

void Report::count(const std::string& name, const std::string& comment, const Case& one) {
  if (one.faults().empty()) {
    ++passed_;
    return;
  }
  ++failed_;
  const std::string about = comment.empty() ? "" : fmt::format(" ({})", comment);
  std::puts(one_line(fmt::format("{}: {}{}: {}", file_, name, about, one.faults())).c_str());
}

}  // namespace vectors
