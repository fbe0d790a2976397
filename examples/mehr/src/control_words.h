// A control message on part of a line, for traces.
//
// Place: examples/mehr, below trace_words.h. Pure functions.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "mehr/core/bytes.h"
#include "mehr/core/ids.h"

namespace mehr::cli {

/// Who is who in a trace, as its first line says; printable.
struct TraceNames {
  std::vector<std::string> nodes;
  std::map<NodeId, std::size_t> by_id;
  std::vector<std::string> channels;  ///< their media
};

/// The node's name, else the first digits of its id.
[[nodiscard]] std::string node_text(const NodeId& id, const TraceNames& names);
/// At most 16 bytes in hexadecimal digits.
[[nodiscard]] std::string short_hex(ByteView bytes);
/// What the message says, without checking signatures.
[[nodiscard]] std::string control_text(ByteView bytes, const TraceNames& names);

}  // namespace mehr::cli
