// Where the Linux port says what happened, and how it says what went wrong.
//
// Place: ports/linux vocabulary. The port knows no logging library: whoever builds a node gives
// each part a `LogSink`. Only rare events are told (a listener opened, a dial failed, a limit
// reached); whatever a stranger can cause at will is counted instead and told at most once a
// minute. Threads: the sink is called on the loop's thread. Errors: operations that a person starts
// (listening, opening files) answer with one clear sentence
// (`OrMessage`); operations that the layers start answer with the core's `Result`.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace mehr::linux_port {

enum class LogLevel : std::uint8_t { debug, info, warning, error };

/// @p event is a stable dotted name ("tcp.listening"); @p text is for people. Both borrowed.
/// An empty sink is allowed and hears nothing.
using LogSink = std::function<void(LogLevel level, std::string_view event, std::string_view text)>;

/// A value, or a sentence that says what is wrong and what would be right.
template <class T>
using OrMessage = tl::expected<T, std::string>;

}  // namespace mehr::linux_port
