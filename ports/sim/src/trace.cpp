#include "mehr/sim/trace.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "mehr/sim/sim.h"
#include "report_words.h"
#include "trace_lines.h"

namespace mehr::sim {
namespace {

// Two digits of each byte, so that a byte is one copy.
constexpr auto kHex = [] {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<std::array<char, 2>, 256> out{};
  for (std::size_t i = 0; i < 256; ++i) out[i] = {kDigits[i >> 4], kDigits[i & 15]};
  return out;
}();

void append_number(std::string& out, std::uint64_t value) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

void append_hex(std::string& out, ByteView bytes) {
  const std::size_t before = out.size();
  out.resize(before + 2 * bytes.size());
  char* to = out.data() + before;
  for (const std::uint8_t b : bytes) to = std::copy_n(kHex[b].data(), 2, to);
}

void append_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : readable(text)) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  out += '"';
}

void append_field(std::string& out, std::string_view name, std::uint64_t value) {
  out += ",\"";
  out += name;
  out += "\":";
  append_number(out, value);
}

}  // namespace

std::string trace_head(std::uint64_t seed, const std::vector<TraceNode>& nodes,
                       const std::vector<TraceChannel>& channels) {
  std::string out = "{\"format\":\"mehr-trace\",\"version\":1";
  append_field(out, "seed", seed);
  out += ",\"nodes\":[";
  for (const TraceNode& node : nodes) {
    if (&node != nodes.data()) out += ',';
    out += "{\"name\":";
    append_string(out, node.name);
    out += ",\"id\":\"";
    append_hex(out, node.id.view());
    out += "\"}";
  }
  out += "],\"channels\":[";
  for (const TraceChannel& channel : channels) {
    if (&channel != channels.data()) out += ',';
    out += "{\"media\":";
    append_string(out, channel.media);
    out += ",\"kind\":";
    append_string(out, channel.kind);
    out += '}';
  }
  return out + "]}\n";
}

void append_line(std::string& out, const Happening& h) {
  out += "{\"at_ns\":";
  append_number(out, static_cast<std::uint64_t>(h.at.time_since_epoch().count()));
  out += ",\"what\":\"";
  out += name_of(h.what);
  out += '"';
  if (h.node != kNoNode) append_field(out, "node", h.node);
  if (h.peer != kNoNode) append_field(out, "peer", h.peer);
  if (h.channel != ChannelId{}) append_field(out, "channel", h.channel.index);
  if (!h.bytes.empty()) {
    append_field(out, "size", h.bytes.size());
    out += ",\"bytes\":\"";
    append_hex(out, h.bytes.first(std::min(h.bytes.size(), kMostTraceBytes)));
    out += '"';
    if (h.bytes.size() > kMostTraceBytes) out += ",\"cut\":true";
  }
  if (!h.text.empty()) {
    out += ",\"text\":";
    append_string(out, h.text);
  }
  out += "}\n";
}

Trace::Trace(Sim& sim, std::function<void(std::string_view)> write)
    : sim_(sim), write_(std::move(write)) {
  std::vector<TraceNode> nodes;
  for (std::size_t i = 0; i < sim_.size(); ++i) {
    const Node& node = sim_.node(static_cast<NodeIndex>(i));
    nodes.push_back({node.name(), node.id()});
  }
  std::vector<TraceChannel> channels;
  for (const auto& channel : sim_.channels()) {
    channels.push_back({channel->media().name, name_of(channel->media().kind)});
  }
  write_(trace_head(sim_.seed(), nodes, channels));
  sim_.recorder().add(*this, WhatSet::all());
}

Trace::~Trace() { sim_.recorder().remove(*this); }

void Trace::on_happening(const Happening& happening) {
  line_.clear();
  append_line(line_, happening);
  write_(line_);
}

}  // namespace mehr::sim
