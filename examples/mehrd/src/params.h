// What requests carry besides their method, read and checked. Place: examples/mehrd. Failure: one
// sentence for people.
#pragma once

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>
#include <tl/expected.hpp>

namespace mehr::daemon {

using Json = nlohmann::ordered_json;

/// A text, or null when there is none.
inline const std::string* text_of(const Json& params, const char* key) {
  const auto found = params.find(key);
  return found == params.end() ? nullptr : found->get_ptr<const std::string*>();
}

/// A yes or no, @p otherwise when absent.
inline tl::expected<bool, std::string> flag_of(const Json& params, const char* key,
                                               bool otherwise) {
  const auto found = params.find(key);
  if (found == params.end()) return otherwise;
  if (found->is_boolean()) return found->get<bool>();
  return tl::unexpected(fmt::format("params.{} is true or false", key));
}

/// A whole number up to @p most, @p otherwise when absent.
inline tl::expected<std::uint64_t, std::string> number_of(const Json& params, const char* key,
                                                          std::uint64_t otherwise,
                                                          std::uint64_t most) {
  const auto found = params.find(key);
  if (found == params.end()) return otherwise;
  if (found->is_number_unsigned() && found->get<std::uint64_t>() <= most) {
    return found->get<std::uint64_t>();
  }
  return tl::unexpected(fmt::format("params.{} is a whole number up to {}", key, most));
}

}  // namespace mehr::daemon
