// What an operation gives back when it can fail.
//
// Place: core vocabulary. An `Error` is a code for programs and a sentence for people; the sentence
// has static lifetime, so making, copying and dropping an error never allocates.
// `Result<T>` must be looked at: it is [[nodiscard]]. In L0 to L2 test it and use `*`; `.value()`
// is banned there, since without exceptions tl::expected would go on with garbage.
#pragma once

#include <cstdint>
#include <tl/expected.hpp>

namespace mehr {

/// Kinds of failure. Numbers are stable: the C ABI hands them out negated (0 is success).
enum class Errc : std::int32_t {
  truncated = 1,       ///< input ends before the structure does
  trailing = 2,        ///< bytes after a complete structure
  bad_value = 3,       ///< a field outside its allowed range
  too_big = 4,         ///< longer than the layout, the link or the buffer allows
  full = 5,            ///< a table or queue is at its `Limits`; try again later
  not_found = 6,       ///< nothing known under that name
  no_route = 7,        ///< no link leads towards the destination
  no_key = 8,          ///< the public key of that NodeID is not known
  bad_signature = 9,   ///< a signature or a key does not verify
  bad_seal = 10,       ///< an authenticated ciphertext does not open
  replayed = 11,       ///< seen before, or too old to tell
  wrong_state = 12,    ///< the machine cannot do that now
  wrong_version = 13,  ///< a protocol version this code does not speak
  wrong_peer = 14,     ///< somebody else than the one asked for
  denied = 15,         ///< refused by policy or permission
  io = 16,             ///< the world below a port failed
  unsupported = 17,    ///< not built or not offered here
  busy = 18,           ///< the channel is busy: others speak on it
};

/// A failure: a code for programs, a sentence for people.
struct [[nodiscard]] Error {
  Errc code;
  const char* text;  ///< static lifetime; says what is wrong and, where known, what would be right

  friend bool operator==(const Error& a, const Error& b) { return a.code == b.code; }
};

template <class T>
using Result = tl::expected<T, Error>;

/// Success without a value, or an Error.
using Status = Result<void>;

/// An Error wrapped for returning from a function that gives a Result.
inline tl::unexpected<Error> fail(Errc code, const char* text) {
  return tl::unexpected<Error>(Error{code, text});
}

/// Passes the error of another Result on.
template <class T>
tl::unexpected<Error> fail(const Result<T>& other) {
  return tl::unexpected<Error>(other.error());
}

}  // namespace mehr
