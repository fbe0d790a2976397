// What every entry of the C ABI passes through: exceptions stop here, and structs of the caller are
// read and written only as far as their struct_size goes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>

#include "mehr/core.h"
#include "mehr/core/bytes.h"
#include "mehr/core/result.h"

namespace mehr::capi {

/// Runs @p body; whatever it throws becomes a status. No C++ exception may meet a C caller.
template <class Body>
mehr_status guard(Body&& body) noexcept {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return MEHR_E_NO_MEMORY;
  } catch (...) {
    return MEHR_E_INTERNAL;
  }
}

/// The status of an Error: its code, negated.
constexpr mehr_status status_of(const Error& error) {
  return -static_cast<std::int32_t>(error.code);
}

// ---- Views ----

inline bool is_valid(const mehr_bytes& view) { return view.data != nullptr || view.size == 0; }
inline bool is_valid(const mehr_buf& room) { return room.data != nullptr || room.size == 0; }
inline bool is_size_query(const mehr_buf& room) { return room.data == nullptr; }
inline ByteView view_of(const mehr_bytes& view) { return {view.data, view.size}; }
inline MutableBytes room_of(const mehr_buf& room) { return {room.data, room.size}; }

/// Hands @p result to the caller by the rules of mehr_buf.
inline mehr_status deliver(ByteView result, const mehr_buf& out, std::size_t* written) {
  *written = result.size();
  if (is_size_query(out)) return MEHR_OK;
  if (out.size < result.size()) return MEHR_E_TOO_BIG;
  copy_bytes(result, room_of(out));
  return MEHR_OK;
}

// ---- Structs that grow ----

/// More than any struct of any version: a larger struct_size was never set.
inline constexpr std::size_t kLargestStruct = 1024;

/// What @p object says its size is. It may be shorter than T, so only this field is touched.
template <class T>
std::uint32_t struct_size_of(const T* object) {
  static_assert(offsetof(T, struct_size) == 0);
  std::uint32_t size = 0;
  std::memcpy(&size, static_cast<const void*>(object), sizeof size);
  return size;
}

/// MEHR_OK when @p object is there and holds at least the first @p least bytes of a T.
template <class T>
mehr_status check_struct(const T* object, std::size_t least) {
  if (object == nullptr) return MEHR_E_INVALID;
  const std::size_t size = struct_size_of(object);
  return size < least || size > kLargestStruct ? MEHR_E_INVALID : MEHR_OK;
}

/// Copies as much of @p in as its struct_size covers; the rest of @p out stays zero.
template <class T>
mehr_status read_struct(const T* in, std::size_t least, T& out) {
  if (const mehr_status good = check_struct(in, least); good < 0) return good;
  const std::size_t size = struct_size_of(in);
  const auto* bytes = static_cast<const std::uint8_t*>(static_cast<const void*>(in));
  for (std::size_t i = sizeof(T); i < size; ++i) {
    if (bytes[i] != 0) return MEHR_E_UNSUPPORTED;  // asks for something this library does not know
  }
  out = T{};
  std::memcpy(&out, bytes, std::min(size, sizeof(T)));
  return MEHR_OK;
}

/// Fills @p out, which `check_struct` passed, as far as its struct_size goes; that field stays.
template <class T>
void write_struct(const T& value, T* out) {
  const std::size_t size = struct_size_of(out);
  auto* to = static_cast<std::uint8_t*>(static_cast<void*>(out));
  const auto* from = static_cast<const std::uint8_t*>(static_cast<const void*>(&value));
  constexpr std::size_t kFirst = sizeof(std::uint32_t);
  std::memcpy(to + kFirst, from + kFirst, std::min(size, sizeof(T)) - kFirst);
  if (size > sizeof(T)) std::memset(to + sizeof(T), 0, size - sizeof(T));
}

/// The least struct_size that covers @p member of @p type.
#define MEHR_COVERS(type, member) (offsetof(type, member) + sizeof(type::member))

}  // namespace mehr::capi
