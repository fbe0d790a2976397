// The daemon's log: one event per line, with named values.
//
// Place: examples/mehrd, the only part that knows spdlog. Lines go to standard error from a thread
// of their own, so that a slow terminal never holds up the loop.
// Shapes: text: `2026-01-31 12:00:00.123 info link.up peer=… mtu=4096`; json: one object per line
// with "time", "level", "event" and the same names. Texts of strangers (file names) are escaped.
// Bounds: 8,192 lines wait at most; then the oldest are lost, never the loop held up.
// What belongs here: rare events. What a stranger can cause at will goes through `RateGate` first,
// and nothing is logged per packet. No field ever holds a secret.
// Threads: `write` from any thread.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "mehr/core/ids.h"
#include "mehr/core/units.h"

namespace mehr::daemon {

enum class Level : std::uint8_t { trace, debug, info, warning, error };
enum class LogFormat : std::uint8_t { text, json };

/// One named value of a line.
struct Field {
  std::string_view key;
  std::string value;
  bool quoted = true;  ///< a text; numbers are written as they are

  Field(std::string_view k, std::string_view v) : key(k), value(v) {}
  Field(std::string_view k, const char* v) : key(k), value(v) {}
  Field(std::string_view k, const std::string& v) : key(k), value(v) {}
  Field(std::string_view k, const NodeId& v);
  template <std::integral T>
  Field(std::string_view k, T v) : key(k), value(std::to_string(v)), quoted(false) {}
};

class Log {
 public:
  Log(Level level, LogFormat format);
  ~Log();  ///< writes what is waiting
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  void write(Level level, std::string_view event, std::initializer_list<Field> fields = {});
  [[nodiscard]] bool wants(Level level) const { return level >= level_; }

 private:
  struct Impl;
  Level level_;
  LogFormat format_;
  std::unique_ptr<Impl> impl_;
};

/// Lets one event per reason and second pass and counts the others.
class RateGate {
 public:
  /// How many were held back since the last one that passed; nothing: hold this one back too.
  /// @p reason is static text, so the map stays as small as the code.
  std::optional<std::uint64_t> pass(std::string_view reason, Millis now);

 private:
  struct State {
    Millis open_at;
    std::uint64_t held_back = 0;
  };
  std::map<std::string_view, State> states_;
};

}  // namespace mehr::daemon
