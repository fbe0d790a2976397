// A wire structure as a JSON object, through its own field list.
//
// Place: examples/mehr. Byte strings become hexadecimal text; numbers stay numbers.
#pragma once

#include <vector>

#include "kinds.h"
#include "mehr/common/text.h"
#include "mehr/core/describe.h"

namespace mehr::cli {

class JsonDescriber final : public Describer {
 public:
  void begin(std::string_view name) override {
    open_.push_back(&(*open_.back())[std::string(name)]);
    *open_.back() = Json::object();
  }
  void end() override { open_.pop_back(); }
  void number(std::string_view name, std::uint64_t value) override {
    (*open_.back())[std::string(name)] = value;
  }
  void bytes(std::string_view name, ByteView value) override {
    (*open_.back())[std::string(name)] = common::to_hex(value);
  }
  [[nodiscard]] Json take() { return std::move(root_); }

 private:
  Json root_ = Json::object();
  std::vector<Json*> open_{&root_};
};

template <HasWire T>
Json fields_of(const T& value) {
  JsonDescriber out;
  describe(value, out);
  return out.take();
}

}  // namespace mehr::cli
