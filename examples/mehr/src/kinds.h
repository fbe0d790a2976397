// Every wire structure that `mehr inspect` knows, and how bytes are recognised as one.
//
// Place: examples/mehr. Fields come from the structures' own lists (core/describe.h); besides them
// stands what they mean, under "meaning". Adding a structure is one line in kinds.cpp.
// Recognition: a kind is marked when its bytes tell it from others (a type byte, a magic, lengths
// that must agree, a signature that holds); marked kinds are tried first, in order. Loose ones fit
// almost any bytes of their length: they are taken only when a single one fits. What would fit
// nearly everything is only ever shown when asked for by name.
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

/// How sure a look at the bytes alone is.
enum class Mark : std::uint8_t { marked, loose, by_name };

/// Where such bytes are met; a set of them says what to try.
enum class Family : std::uint8_t {
  stream,   ///< bytes of a stream or a serial line
  frame,    ///< what a medium carries
  control,  ///< inside a link's frame, one hop
  packet,   ///< inside a link's frame, relayed
  probe,    ///< DATA of a packet of context f2
  data,     ///< DATA of other packets, or a structure in it
};

struct Kind {
  const char* name;
  const char* about;
  Family family;
  Mark mark;
  /// Fields and meaning, or why it cannot be this.
  Result<Json> (*show)(ByteView bytes);
  int first = -1;  ///< the byte that it begins with; -1: no single one
};

[[nodiscard]] std::span<const Kind> kinds();
/// {"kind", "size", "fields", "meaning", "could_also_be"}; else one sentence for people.
[[nodiscard]] tl::expected<Json, std::string> identify(ByteView bytes);
[[nodiscard]] tl::expected<Json, std::string> show_as(ByteView bytes, const std::string& kind);
/// The first kind of @p family that fits; {"kind": null, "size", "bytes"} when none does.
[[nodiscard]] Json identify_among(ByteView bytes, Family family);
/// What a medium carries: the first link frame that fits, or a clear packet.
[[nodiscard]] Json identify_frame(ByteView bytes);

}  // namespace mehr::cli
