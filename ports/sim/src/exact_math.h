// Logarithm and power of ten that give the same bits on every machine.
//
// Place: private to ports/sim; signal strengths are made of it. libm differs between versions, so
// only + - * / and the bits of a double are used here. Error below 1e-12 of a unit. Threads: any.
#pragma once

#include <cstdint>

namespace mehr::sim {

/// @p x must be a positive finite number.
[[nodiscard]] double exact_log10(double x);
/// 10 to the power @p x, which must lie in [-300, 300].
[[nodiscard]] double exact_exp10(double x);
/// To the nearest integer, halves away from zero. @p x must be within 2^62.
[[nodiscard]] std::int64_t exact_round(double x);

}  // namespace mehr::sim
