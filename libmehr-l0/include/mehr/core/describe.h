// A wire structure shown to people: the same field list that encodes it, walked with names.
//
// Place: core. The layers know nothing of JSON: a `Describer` above ports/ turns the calls into it.
// Shapes: one call per field, in wire order; a nested structure is bracketed by begin and end; unit
// types (one field) show their number; a `Tail` is bytes.
// Ownership: names and views are borrowed for the call. Bounds: nothing is stored here.
#pragma once

#include <string_view>

#include "mehr/core/codec.h"

namespace mehr {

/// Receives one structure, field by field, in wire order. Views are borrowed for the call.
class Describer {
 public:
  virtual ~Describer() = default;
  virtual void begin(std::string_view name) = 0;  ///< a nested structure opens
  virtual void end() = 0;                         ///< ... and closes
  /// Integers, enumerations, yes-or-no values and constants.
  virtual void number(std::string_view name, std::uint64_t value) = 0;
  /// Ids, keys, signatures and the rest of a structure.
  virtual void bytes(std::string_view name, ByteView value) = 0;
};

/// Walks one field: what `describe` does for each member of a structure.
template <class T>
void describe_field(std::string_view name, const T& v, Describer& out) {
  if constexpr (std::is_same_v<T, Tail>) {
    out.bytes(name, v.bytes);
  } else if constexpr (detail::IsFixedBytes<T>::value) {
    out.bytes(name, v.view());
  } else if constexpr (detail::IsConstant<T>::value) {
    out.number(name, static_cast<std::uint64_t>(T::value));
  } else if constexpr (HasWire<T>) {
    if constexpr (std::tuple_size_v<decltype(T::wire)> == 1) {
      describe_field(name, v.*(std::get<0>(T::wire).member), out);  // a unit type shows its number
    } else {
      out.begin(name);
      std::apply([&](auto... f) { (describe_field(f.name, v.*(f.member), out), ...); }, T::wire);
      out.end();
    }
  } else {
    out.number(name, static_cast<std::uint64_t>(v));
  }
}

/// Walks every field of @p v in wire order.
template <HasWire T>
void describe(const T& v, Describer& out) {
  std::apply([&](auto... f) { (describe_field(f.name, v.*(f.member), out), ...); }, T::wire);
}

}  // namespace mehr
