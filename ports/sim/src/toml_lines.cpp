#include "toml_lines.h"

#include <toml++/toml.h>

#include <algorithm>

#include "report_words.h"

namespace mehr::sim {
namespace {

InputValue convert(const toml::node& node, std::size_t depth);

InputValue::Table convert_table(const toml::table& table, std::size_t depth) {
  struct Placed {
    toml::source_position at;
    InputMember member;
  };
  std::vector<Placed> placed;
  for (const auto& [key, node] : table) {
    const toml::source_position at = key.source().begin;
    placed.push_back({at, {std::string(key.str()), at.line, convert(node, depth)}});
  }
  // The table is sorted by key; people read from the top.
  std::stable_sort(placed.begin(), placed.end(),
                   [](const Placed& a, const Placed& b) { return a.at < b.at; });
  InputValue::Table out;
  for (Placed& entry : placed) out.push_back(std::move(entry.member));
  return out;
}

InputValue convert(const toml::node& node, std::size_t depth) {
  InputValue out;
  out.line = node.source().begin.line;
  if (depth == kInputDepth) {
    refuse(out.line, "lists and tables nest more than " + std::to_string(kInputDepth) +
                         " deep; no format here does");
  }
  if (const auto* text = node.as_string()) {
    out.data = text->get();
  } else if (const auto* whole = node.as_integer()) {
    out.data = whole->get();
  } else if (const auto* number = node.as_floating_point()) {
    out.data = number->get();
  } else if (const auto* flag = node.as_boolean()) {
    out.data = flag->get();
  } else if (const auto* table = node.as_table()) {
    out.data = convert_table(*table, depth + 1);
  } else if (const auto* array = node.as_array()) {
    InputValue::List list;
    for (const toml::node& entry : *array) list.push_back(convert(entry, depth + 1));
    out.data = std::move(list);
  } else {
    out.data = Unusable{"a date or time"};
  }
  return out;
}

}  // namespace

InputValue parse_toml(std::string_view text) {
  try {
    return convert(toml::parse(text), 0);
  } catch (const toml::parse_error& error) {
    refuse(error.source().begin.line, "this is not TOML: " + shortened(error.description(), 200));
  }
}

}  // namespace mehr::sim
