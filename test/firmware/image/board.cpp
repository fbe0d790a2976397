// A Cortex-M4 without operating system, as qemu has it: start, heap, voice by semihosting.
//
// Also here is what L0 and L1 ask of a platform besides the seams of mehr/core: operator new, and
// the functions by which libstdc++ would throw. A port to a real board has a file like this one.
#include "board.h"

#include <array>
#include <cstdlib>
#include <exception>
#include <new>

#include "../village.h"

namespace mehr::firmware {

namespace {

constexpr std::size_t kHeapSize = 1U << 20;
constexpr std::uint32_t kPaint = 0xC0DEC0DE;

alignas(std::max_align_t) std::array<std::byte, kHeapSize> heap;
std::size_t used = 0;
bool closed = false;

int semihosting(int operation, const void* argument) {
  register int r0 asm("r0") = operation;
  register const void* r1 asm("r1") = argument;
  asm volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

}  // namespace

std::size_t heap_used() { return used; }

namespace board {

extern "C" {
// NOLINTBEGIN(modernize-avoid-c-arrays): the linker script's names
extern std::uint32_t board_stack[];
extern std::uint32_t board_stack_top[];
extern std::uint32_t board_data_in_flash[];
extern std::uint32_t board_data[];
extern std::uint32_t board_data_end[];
extern std::uint32_t board_bss[];
extern std::uint32_t board_bss_end[];
using Initialiser = void (*)();
extern const Initialiser board_init_array[];
extern const Initialiser board_init_array_end[];
// NOLINTEND(modernize-avoid-c-arrays)
int firmware_main();
[[noreturn]] void board_reset();
[[noreturn]] void board_fault();
}

void say(const char* text) { semihosting(0x04, text); }

void say(const char* name, std::uint64_t value) {
  std::array<char, 24> digits{};
  std::size_t at = digits.size() - 1;
  digits[--at] = '\n';
  do {
    digits[--at] = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  say(name);
  say(" ");
  say(&digits[at]);
}

void end(int code) {
  const std::array<std::uint32_t, 2> reason{0x20026, static_cast<std::uint32_t>(code)};
  semihosting(0x20, reason.data());
  for (;;) {
  }
}

void rewind_heap(std::size_t mark) { used = mark; }

void close_heap() { closed = true; }

std::size_t stack_used() {
  const std::uint32_t* at = board_stack;
  while (*at == kPaint) ++at;
  return static_cast<std::size_t>(board_stack_top - at) * sizeof(kPaint);
}

void board_reset() {
  std::uint32_t* top = nullptr;
  asm volatile("mov %0, sp" : "=r"(top));
  for (std::uint32_t* at = board_stack; at < top; ++at) *at = kPaint;
  const std::uint32_t* from = board_data_in_flash;
  for (std::uint32_t* to = board_data; to < board_data_end;) *to++ = *from++;
  for (std::uint32_t* to = board_bss; to < board_bss_end;) *to++ = 0;
  for (const Initialiser* at = board_init_array; at < board_init_array_end; ++at) (*at)();
  end(firmware_main());
}

void board_fault() {
  say("FAILED: the processor stopped\n");
  end(1);
}

struct Vectors {
  std::uint32_t* stack;
  std::array<void (*)(), 15> handlers;
};
[[gnu::section(".vectors"), gnu::used]] const Vectors vectors{
    board_stack_top,
    {board_reset, board_fault, board_fault, board_fault, board_fault, board_fault, board_fault,
     board_fault, board_fault, board_fault, board_fault, board_fault, board_fault, board_fault,
     board_fault}};

namespace {
[[noreturn]] void stop(const char* why) {
  say("FAILED: ");
  say(why);
  say("\n");
  end(1);
}
}  // namespace

}  // namespace board
}  // namespace mehr::firmware

void* operator new(std::size_t size) {
  using namespace mehr::firmware;
  if (closed) board::stop("heap was asked for after the start");
  constexpr std::size_t kAlign = alignof(std::max_align_t);
  const std::size_t rounded = (size + kAlign - 1) / kAlign * kAlign;
  if (rounded > heap.size() - used) board::stop("the heap is used up");
  used += rounded;
  return &heap[used - rounded];
}
void* operator new[](std::size_t size) { return operator new(size); }
// libstdc++'s algorithms that would like a buffer ask in this way; their answer too is no.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return operator new(size); }
// What is given back is not used again: nothing is made twice before the heap closes.
void operator delete(void*) noexcept {}
void operator delete(void*, std::size_t) noexcept {}
void operator delete[](void*) noexcept {}
void operator delete[](void*, std::size_t) noexcept {}

// libstdc++'s own would bring exceptions, and messages with the text of printf.
namespace std {
[[noreturn]] void terminate() noexcept { mehr::firmware::board::stop("a contract was broken"); }
[[noreturn]] void __throw_bad_alloc() { terminate(); }
[[noreturn]] void __throw_bad_array_new_length() { terminate(); }
[[noreturn]] void __throw_bad_function_call() { terminate(); }
[[noreturn]] void __throw_length_error(const char*) { terminate(); }
[[noreturn]] void __throw_logic_error(const char*) { terminate(); }
[[noreturn]] void __throw_out_of_range_fmt(const char*, ...) { terminate(); }
}  // namespace std

extern "C" {
[[noreturn]] void abort() { mehr::firmware::board::stop("abort was called"); }
[[noreturn]] void __cxa_pure_virtual() { std::terminate(); }
// Nothing is destroyed at the end: there is no end.
int __aeabi_atexit(void*, void (*)(void*), void*) { return 0; }
void* __dso_handle = nullptr;
}
