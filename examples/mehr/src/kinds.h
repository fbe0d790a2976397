// Every wire structure that `mehr inspect` knows, and how bytes are recognised as one.
//
// Place: examples/mehr. Fields come from the structures' own lists (core/describe.h); besides them
// stands what they mean, under "meaning". Adding a structure is one line in kinds.cpp.
// Recognition: a kind is marked when its bytes tell it from others (a type byte, a magic, a fixed
// length with a signature that holds); marked kinds are tried first, in order. Unmarked ones fit
// almost any bytes of their length: they are taken only when a single one fits.
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "mehr/core/bytes.h"
#include "mehr/core/result.h"

namespace mehr::cli {

using Json = nlohmann::ordered_json;

struct Kind {
  const char* name;
  const char* about;
  bool marked;
  /// Fields and meaning, or why it cannot be this.
  Result<Json> (*show)(ByteView bytes);
};

[[nodiscard]] std::span<const Kind> kinds();
/// {"kind", "size", "fields", "meaning", "could_also_be"}; else one sentence for people.
[[nodiscard]] tl::expected<Json, std::string> identify(ByteView bytes);
[[nodiscard]] tl::expected<Json, std::string> show_as(ByteView bytes, const std::string& kind);
/// The first kind of @p names that fits; {"kind": null, "size", "bytes"} when none does.
[[nodiscard]] Json identify_among(ByteView bytes, std::span<const std::string_view> names);
/// The first marked kind among link frames, control messages and packets, for frames of a stream.
[[nodiscard]] Json identify_frame(ByteView bytes);

}  // namespace mehr::cli
