// What a program has of the board: a voice, a heap that closes, a look at its stack.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mehr::firmware::board {

void say(const char* text);
/// @p name and @p value on a line of their own, for tools/firmware-size.
void say(const char* name, std::uint64_t value);
/// Ends the program; zero is success.
[[noreturn]] void end(int code);
/// Forgets what was taken since `heap_used` was @p mark; nothing of it may be in use.
void rewind_heap(std::size_t mark);
/// From here on a request for heap ends the program with a message.
void close_heap();
/// Deepest stack so far, in bytes.
std::size_t stack_used();

}  // namespace mehr::firmware::board
