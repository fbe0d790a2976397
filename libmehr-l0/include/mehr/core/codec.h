// The wire codec: a structure names its fields once, in order, and gets its decoder, encoder,
// size and view for people from that list.
//
//   struct Ping {
//     std::uint32_t token = 0;
//     static constexpr auto wire = std::tuple{field("token", &Ping::token)};
//     constexpr bool operator==(const Ping&) const = default;
//   };
//   static_assert(wire_size<Ping> == 4);                     // the table in the spec says 4
//
//   const Result<Ping> ping = decode<Ping>(received);          // the whole input, or an Error
//   const std::array<std::uint8_t, 4> bytes = encode_fixed(*ping);
//
// A structure that ends in bytes of any length has a `Tail` as its last field; one whose fields
// must fit each other says so in `check`:
//
//   struct Note {
//     std::uint8_t kind = 0;
//     Tail text;
//     static constexpr auto wire = std::tuple{field("kind", &Note::kind), field("text",
//     &Note::text)}; Status check() const;                                  // asked after the last
//     field was read
//   };
//
// Place: core. `Reader` and `Writer` are the only byte arithmetic in the code base: offsets counted
// by hand anywhere else are a defect, since a length check forgotten once is a hole for ever.
// Shapes: unsigned integers little-endian (spec: README/2.1); FixedBytes raw; `Constant` one fixed
// value that must match; enums by their underlying integer, valid when `is_valid(e)`, found by
// argument-dependent lookup, says so; nested structures in place; `Tail` the rest of the input.
// A structure may add `Status check() const` for rules between or on fields.
// What a list gives: `decode<T>` and `encode` of whole structures, `encode_fixed` where no field
// varies, `wire_size<T>` at compile time (asserted against the spec beside each structure),
// `describe` for people (describe.h), and the fuzz target that holds decode and encode to each
// other. Ownership: views in decoded structures borrow from the input. Threads: any, one per
// object. Failure: decoding never throws, never reads past the end, never allocates; the first
// failure sticks; trailing bytes are refused (spec: README/2.5). Encoding into too small a buffer
// fails.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <type_traits>

#include "mehr/core/bytes.h"
#include "mehr/core/ids.h"
#include "mehr/core/result.h"

namespace mehr {

/// One entry of a `wire` list: the name people read, and the member.
template <class C, class M>
struct Field {
  std::string_view name;
  M C::*member;
};

/// Names a member for a `wire` list; the name is what people read in decoded output.
template <class C, class M>
constexpr Field<C, M> field(std::string_view name, M C::*member) {
  return {name, member};
}

/// A field that always holds @p Value; anything else on the wire is refused.
/// It takes no choice when encoding and shows its value to people.
template <auto Value>
struct Constant {
  using Repr = std::remove_const_t<decltype(Value)>;
  static constexpr Repr value = Value;
  constexpr bool operator==(const Constant&) const = default;
};

/// The rest of a structure, borrowed from the decoded input. Only as last field.
struct Tail {
  ByteView bytes;
  friend constexpr bool operator==(const Tail& a, const Tail& b) {
    return same_bytes(a.bytes, b.bytes);
  }
};

/// A structure that lists its fields.
template <class T>
concept HasWire = requires {
  T::wire;
};
/// An integer with a wire form; a bool has its own.
template <class T>
concept WireUnsigned = std::unsigned_integral<T> && !std::same_as<T, bool>;
/// A structure with rules beyond its field types.
template <class T>
concept HasCheck = requires(const T& v) {
  { v.check() } -> std::same_as<Status>;
};

// How many bytes a type takes is computed from the field lists, never written by hand.
namespace detail {
// True for Constant<...>.
template <class T>
struct IsConstant : std::false_type {};
template <auto V>
struct IsConstant<Constant<V>> : std::true_type {};
// True for FixedBytes<...>.
template <class T>
struct IsFixedBytes : std::false_type {};
template <std::size_t N, class Tag>
struct IsFixedBytes<FixedBytes<N, Tag>> : std::true_type {};

template <class T>
constexpr std::size_t fixed_size();

// The sum over a field list; nested structures add theirs.
template <class T>
constexpr std::size_t fields_size() {
  return std::apply(
      [](auto... f) {
        return (std::size_t{0} + ... +
                fixed_size<std::remove_cvref_t<decltype(std::declval<T>().*(f.member))>>());
      },
      T::wire);
}

// Bytes of one field of type T; a type without a wire form does not compile.
template <class T>
constexpr std::size_t fixed_size() {
  if constexpr (std::is_same_v<T, Tail>) {
    return 0;
  } else if constexpr (std::is_same_v<T, bool>) {
    return 1;
  } else if constexpr (HasWire<T>) {
    return fields_size<T>();
  } else if constexpr (IsConstant<T>::value) {
    return sizeof(typename T::Repr);
  } else if constexpr (IsFixedBytes<T>::value) {
    return T::kSize;
  } else if constexpr (std::is_enum_v<T>) {
    return sizeof(std::underlying_type_t<T>);
  } else {
    static_assert(WireUnsigned<T>, "this type has no wire form");
    return sizeof(T);
  }
}
}  // namespace detail

/// Bytes of T on the wire, without the bytes of a `Tail`.
template <class T>
inline constexpr std::size_t wire_size = detail::fixed_size<T>();

/// Takes fields off the front of a borrowed run of bytes. The first failure sticks: later gets
/// leave their target unchanged.
/// A failed reader is cheap to go on with: a decoder asks `finish` once instead of each get.
class Reader {
 public:
  /// Reads @p in, which must outlive the reader and every `Tail` or view taken from it.
  explicit constexpr Reader(ByteView in) : in_(in) {}

  /// Little-endian. spec: README/2.1
  template <WireUnsigned T>
  constexpr void get(T& out) {
    ByteView b;
    if (!take(sizeof(T), b)) return;
    T v = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      v = static_cast<T>(v | static_cast<T>(static_cast<T>(b[i]) << (8 * i)));
    }
    out = v;
  }
  /// One byte, 0 or 1; anything else is refused.
  constexpr void get(bool& out) {
    std::uint8_t v = 0;
    get(v);
    if (v > 1) return refuse(Errc::bad_value, "a yes-or-no byte must be 0 or 1");
    if (ok()) out = v == 1;
  }
  template <class T>
  requires std::is_enum_v<T>
  constexpr void get(T& out) {
    std::underlying_type_t<T> v = 0;
    get(v);
    if (!ok()) return;
    if (!is_valid(static_cast<T>(v))) return refuse(Errc::bad_value, "unknown enumeration value");
    out = static_cast<T>(v);
  }
  /// Takes the bytes and compares: another value is refused.
  template <auto V>
  constexpr void get(Constant<V>&) {
    typename Constant<V>::Repr v{};
    get(v);
    if (ok() && v != V) refuse(Errc::bad_value, "a fixed field holds another value");
  }
  /// N raw bytes.
  template <std::size_t N, class Tag>
  constexpr void get(FixedBytes<N, Tag>& out) {
    ByteView b;
    if (take(N, b)) out = FixedBytes<N, Tag>::from(b);
  }
  /// Everything that is left, borrowed.
  constexpr void get(Tail& out) { out.bytes = rest(); }
  /// Field by field in the order of its list, then its own `check`.
  template <HasWire T>
  constexpr void get(T& out) {
    std::apply([&](auto... f) { (get(out.*(f.member)), ...); }, T::wire);
    if constexpr (HasCheck<T>) {
      if (!ok()) return;
      if (auto good = out.check(); !good) refuse(good.error().code, good.error().text);
    }
  }

  /// Takes @p n bytes; false, and the failure sticks, when fewer are left.
  constexpr bool take(std::size_t n, ByteView& out) {
    if (!ok()) return false;
    if (in_.size() < n) {
      refuse(Errc::truncated, "the input ends before the structure does");
      return false;
    }
    out = in_.first(n);
    in_ = in_.subspan(n);
    return true;
  }
  /// Everything that is left; nothing after a failure.
  constexpr ByteView rest() {
    if (!ok()) return {};
    const ByteView all = in_;
    in_ = {};
    return all;
  }
  /// Makes this the failure, unless one sticks already. @p text has static lifetime.
  constexpr void refuse(Errc code, const char* text) {
    if (ok()) error_ = Error{code, text};
  }
  /// False once any get or take failed.
  [[nodiscard]] constexpr bool ok() const { return error_.text == nullptr; }
  /// Bytes not taken yet.
  [[nodiscard]] constexpr std::size_t left() const { return in_.size(); }
  /// Success only when no get failed and nothing is left over.
  /// Ask it last: a structure is good only when this is.
  [[nodiscard]] constexpr Status finish() const {
    if (!ok()) return tl::unexpected<Error>(error_);
    if (!in_.empty()) return fail(Errc::trailing, "bytes follow the complete structure");
    return {};
  }

 private:
  ByteView in_;  // what is not taken yet
  Error error_{Errc::truncated, nullptr};
};

/// The other direction: it puts fields to the front of a borrowed buffer. Overflow sticks and
/// writes nothing further.
/// Like a reader, it is asked once, at the end.
class Writer {
 public:
  /// Writes into @p out, which must outlive the writer.
  explicit constexpr Writer(MutableBytes out) : out_(out) {}

  /// Little-endian. spec: README/2.1
  template <WireUnsigned T>
  constexpr void put(T v) {
    std::array<std::uint8_t, sizeof(T)> b{};
    for (std::size_t i = 0; i < sizeof(T); ++i) b[i] = static_cast<std::uint8_t>(v >> (8 * i));
    bytes(b);
  }
  /// 0 or 1 in one byte.
  // One overload a shape, as in Reader.
  constexpr void put(bool v) { put(static_cast<std::uint8_t>(v ? 1 : 0)); }
  template <class T>
  requires std::is_enum_v<T>
  constexpr void put(T v) { put(static_cast<std::underlying_type_t<T>>(v)); }
  /// The one value it can have.
  template <auto V>
  constexpr void put(const Constant<V>&) {
    put(V);
  }
  /// N raw bytes.
  template <std::size_t N, class Tag>
  constexpr void put(const FixedBytes<N, Tag>& v) {
    bytes(v.bytes);
  }
  /// As it is, without a length: it is the last field.
  constexpr void put(const Tail& v) { bytes(v.bytes); }
  /// Field by field in the order of its list. `check` is not run: a caller may build bad bytes in
  /// a test.
  template <HasWire T>
  constexpr void put(const T& v) {
    std::apply([&](auto... f) { (put(v.*(f.member)), ...); }, T::wire);
  }
  /// Raw bytes as they are. What does not fit whole is not written at all, nor is anything after
  /// it. (Half a structure on the wire would be worse than none.)
  constexpr void bytes(ByteView b) {
    if (!ok_ || out_.size() - used_ < b.size()) {
      ok_ = false;
      return;
    }
    copy_bytes(b, out_.subspan(used_));
    used_ += b.size();
  }
  /// False once something did not fit.
  [[nodiscard]] constexpr bool ok() const { return ok_; }
  /// What was written so far, borrowed from the buffer.
  [[nodiscard]] constexpr MutableBytes written() const { return out_.first(used_); }

 private:
  MutableBytes out_;      // the whole buffer
  std::size_t used_ = 0;  // written so far
  bool ok_ = true;
};

/// A whole structure out of a whole input; truncated or trailing input is refused.
/// Errors: truncated, trailing, bad_value, or what the structure's `check` answers.
/// A `Tail` in the result borrows from @p in.
template <class T>
constexpr Result<T> decode(ByteView in) {
  T v{};
  Reader r(in);
  r.get(v);
  if (auto end = r.finish(); !end) return fail(end);
  return v;
}

/// Writes @p v to the front of @p out; the returned view is the written part of it.
/// Errors: too_big when @p out is shorter than the structure; its contents are then undefined.
template <class T>
constexpr Result<MutableBytes> encode(const T& v, MutableBytes out) {
  Writer w(out);
  w.put(v);
  if (!w.ok()) return fail(Errc::too_big, "the structure does not fit the buffer");
  return w.written();
}

/// The bytes of a structure of fixed size, by value: for frames and control messages, and wherever
/// a buffer would only be in the way. A structure with a `Tail` gives its fixed part.
template <class T>
constexpr std::array<std::uint8_t, wire_size<T>> encode_fixed(const T& v) {
  std::array<std::uint8_t, wire_size<T>> out{};
  Writer w(out);
  w.put(v);
  return out;
}

}  // namespace mehr
