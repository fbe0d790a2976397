#include "trace_view.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <optional>

#include "client.h"
#include "commands.h"
#include "kinds.h"
#include "meanings.h"
#include "mehr/common/text.h"
#include "trace_words.h"

namespace mehr::cli {
namespace {

constexpr std::size_t kMostLine = 64U << 20;

// Whole lines of a stream whose beginning was read already.
class Lines {
 public:
  Lines(std::string head, std::FILE* in) : held_(std::move(head)), in_(in) {}

  /// Nothing at the end, or when `problem` says why there is no line.
  std::optional<std::string> next() {
    std::size_t looked = from_;
    for (;;) {
      const std::size_t end = held_.find('\n', looked);
      if (end != std::string::npos) return take(end, end + 1);
      if (held_.size() - from_ > kMostLine) {
        problem_ = "a line of a trace has at most 64 MiB";
        return std::nullopt;
      }
      held_.erase(0, from_);
      from_ = 0;
      looked = held_.size();
      if (read()) continue;
      if (std::ferror(in_) != 0) problem_ = std::strerror(errno);
      if (held_.empty() || !problem_.empty()) return std::nullopt;
      return take(held_.size(), held_.size());
    }
  }
  [[nodiscard]] std::size_t number() const { return number_; }
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  bool read() {
    std::array<char, 64 * 1024> block{};
    const std::size_t n = std::fread(block.data(), 1, block.size(), in_);
    held_.append(block.data(), n);
    return n != 0;
  }
  std::string take(std::size_t end, std::size_t next) {
    std::string out = held_.substr(from_, end - from_);
    from_ = next;
    ++number_;
    return out;
  }

  std::string held_;
  std::size_t from_ = 0;
  std::FILE* in_;
  std::size_t number_ = 0;
  std::string problem_;
};

// Why a line is refused, or nothing.
using Problem = std::optional<std::string>;

class TraceView {
 public:
  explicit TraceView(const TraceOptions& options) : options_(options) {}
  Problem begin(const std::string& line);
  Problem show(const std::string& line);

 private:
  Problem read_nodes(const Json& head);
  Problem choose_node();
  Problem read(const std::string& line, TraceLine& out) const;
  [[nodiscard]] bool is_wanted(const TraceLine& line) const;
  void print_json(const TraceLine& line) const;
  void print_text(const TraceLine& line) const;

  const TraceOptions& options_;
  TraceNames names_;
  std::optional<std::size_t> node_;
};

std::optional<Json> parsed(const std::string& line) {
  Json out = Json::parse(line, nullptr, false);
  if (!out.is_object()) return std::nullopt;
  return out;
}

Problem TraceView::begin(const std::string& line) {
  const auto head = parsed(line);
  if (!head) return "the first line of a trace is a JSON object";
  const auto version = head->find("version");
  if (version == head->end() || *version != 1) {
    return "this mehr reads version 1 of the format; \"version\" says " +
           (version == head->end() ? "nothing" : common::printable(version->dump()));
  }
  if (auto problem = read_nodes(*head)) return problem;
  const auto seed = head->find("seed");
  if (!options_.json && seed != head->end() && seed->is_number_unsigned()) {
    std::printf("trace of %zu nodes, seed 0x%llx\n", names_.nodes.size(),
                seed->get<unsigned long long>());
  }
  return options_.node.empty() ? std::nullopt : choose_node();
}

Problem TraceView::read_nodes(const Json& head) {
  const auto nodes = head.find("nodes");
  if (nodes == head.end() || !nodes->is_array()) {
    return "\"nodes\" must be a list of {\"name\", \"id\"}";
  }
  for (const Json& node : *nodes) {
    const auto name = node.is_object() ? node.find("name") : node.end();
    const auto id = node.is_object() ? node.find("id") : node.end();
    if (name == node.end() || id == node.end() || !name->is_string() || !id->is_string()) {
      return "node " + std::to_string(names_.nodes.size()) +
             " must have a \"name\" and an \"id\", both texts";
    }
    const auto bytes = common::parse_node_id(id->get<std::string>());
    if (!bytes) {
      return "\"id\" of node " + std::to_string(names_.nodes.size()) +
             " must be the 32 hexadecimal digits of a NodeID";
    }
    names_.by_id.emplace(*bytes, names_.nodes.size());
    names_.nodes.push_back(common::printable(name->get<std::string>()));
  }
  const auto channels = head.find("channels");
  if (channels == head.end() || !channels->is_array()) return std::nullopt;
  for (const Json& channel : *channels) {
    const auto media = channel.is_object() ? channel.find("media") : channel.end();
    const bool is_named = media != channel.end() && media->is_string();
    names_.channels.push_back(is_named ? common::printable(media->get<std::string>()) : "?");
  }
  return std::nullopt;
}

Problem TraceView::choose_node() {
  const auto found =
      std::find(names_.nodes.begin(), names_.nodes.end(), common::printable(options_.node));
  if (found != names_.nodes.end()) {
    node_ = static_cast<std::size_t>(found - names_.nodes.begin());
    return std::nullopt;
  }
  const bool is_number = options_.node.size() < 10 &&
                         options_.node.find_first_not_of("0123456789") == std::string::npos;
  if (is_number) node_ = std::stoul(options_.node);
  if (node_ && *node_ < names_.nodes.size()) return std::nullopt;
  return "no node of this trace is called \"" + common::printable(options_.node) + "\"";
}

// A count that may be absent; a problem when it is anything else.
Problem read_count(const Json& line, const char* key, std::optional<std::uint64_t>& out) {
  const auto at = line.find(key);
  if (at == line.end()) return std::nullopt;
  if (!at->is_number_unsigned()) return "\"" + std::string(key) + "\" must be a whole number";
  out = at->get<std::uint64_t>();
  return std::nullopt;
}

Problem read_text(const Json& line, const char* key, std::string& out) {
  const auto at = line.find(key);
  if (at == line.end()) return std::nullopt;
  if (!at->is_string()) return "\"" + std::string(key) + "\" must be a text";
  out = at->get<std::string>();
  return std::nullopt;
}

Problem TraceView::read(const std::string& line, TraceLine& out) const {
  const auto json = parsed(line);
  if (!json) return "every line of a trace is a JSON object";
  std::optional<std::uint64_t> at;
  std::string hex;
  for (const auto& [key, to] : {std::pair{"at_ns", &at},
                                {"node", &out.node},
                                {"peer", &out.peer},
                                {"channel", &out.channel},
                                {"size", &out.size}}) {
    if (auto problem = read_count(*json, key, *to)) return problem;
  }
  for (const auto& [key, to] :
       {std::pair{"what", &out.what}, {"text", &out.text}, {"bytes", &hex}}) {
    if (auto problem = read_text(*json, key, *to)) return problem;
  }
  if (!at) return "\"at_ns\" is missing: when it happened, in nanoseconds";
  if (out.what.empty()) return "\"what\" is missing: what happened";
  for (const auto& node : {out.node, out.peer}) {
    if (node && *node >= names_.nodes.size()) {
      return "there is no node " + std::to_string(*node) + "; the first line names " +
             std::to_string(names_.nodes.size());
    }
  }
  auto bytes = common::from_hex(hex);
  if (!bytes) return "\"bytes\" must be an even number of hexadecimal digits";
  out.at_ns = *at;
  out.bytes = std::move(*bytes);
  out.is_cut = out.size && *out.size > out.bytes.size();
  if (out.size && *out.size < out.bytes.size()) return "\"bytes\" are more than \"size\" says";
  return std::nullopt;
}

bool TraceView::is_wanted(const TraceLine& line) const {
  if (node_ && line.node != *node_ && line.peer != *node_) return false;
  return options_.whats.empty() ||
         std::find(options_.whats.begin(), options_.whats.end(), line.what) != options_.whats.end();
}

void TraceView::print_json(const TraceLine& line) const {
  Json out{{"at_ns", line.at_ns}, {"time", clock_text(line.at_ns)}, {"what", line.what}};
  if (line.node) out["node"] = names_.nodes[*line.node];
  if (line.peer) out["peer"] = names_.nodes[*line.peer];
  if (line.channel) out["channel"] = *line.channel;
  if (line.size) out["size"] = *line.size;
  if (!line.text.empty()) out["text"] = line.text;
  if (line.is_cut) out["cut"] = true;
  if (!line.bytes.empty()) out["decoded"] = decoded(line);
  std::printf("%s\n", out.dump(-1, ' ', false, Json::error_handler_t::replace).c_str());
}

// Blanks up to column @p column, at least one; continuation bytes of UTF-8 take no room.
void pad_to(std::string& out, std::size_t column) {
  const auto width = static_cast<std::size_t>(std::count_if(out.begin(), out.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
  out.append(width < column ? column - width : 1, ' ');
}

void TraceView::print_text(const TraceLine& line) const {
  std::string out = clock_text(line.at_ns) + "  ";
  if (line.node) out += names_.nodes[*line.node];
  if (line.peer) out += (line_points_back(line.what) ? " <- " : " -> ") + names_.nodes[*line.peer];
  pad_to(out, 34);
  out += common::printable(line.what);
  pad_to(out, 53);
  if (line.channel && *line.channel < names_.channels.size()) {
    out += names_.channels[*line.channel] + "#" + std::to_string(*line.channel) + "  ";
  }
  out += summary_of(line, names_);
  if (!line.text.empty()) out += (line.bytes.empty() ? "" : "  ") + common::printable(line.text);
  out.erase(out.find_last_not_of(' ') + 1);
  std::printf("%s\n", out.c_str());
}

Problem TraceView::show(const std::string& line) {
  TraceLine happening;
  if (auto problem = read(line, happening)) return problem;
  if (!is_wanted(happening)) return std::nullopt;
  if (options_.json) {
    print_json(happening);
  } else {
    print_text(happening);
  }
  return std::nullopt;
}

}  // namespace

int view_trace(std::string head, std::FILE* in, const std::string& name,
               const TraceOptions& options) {
  Lines lines(std::move(head), in);
  TraceView view(options);
  Problem problem;
  while (!problem) {
    const auto line = lines.next();
    if (!line) break;
    if (line->find_first_not_of(" \r\t") == std::string::npos) continue;
    problem = lines.number() == 1 ? view.begin(*line) : view.show(*line);
  }
  if (!problem && !lines.problem().empty()) problem = lines.problem();
  if (!problem) return exit_code::kGood;
  std::fflush(stdout);
  const std::size_t where = std::max<std::size_t>(lines.number(), 1);
  return complain(exit_code::kUsage, name + ":" + std::to_string(where) + ": " + *problem);
}

}  // namespace mehr::cli
