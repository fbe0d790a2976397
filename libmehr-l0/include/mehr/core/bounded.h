// A sequence with a capacity fixed at compile time, stored inline.
//
// Place: core vocabulary; what machines return and small tables are made of.
// Shapes: up to N values of T in order of pushing; T must be default-constructible.
// Bounds: N, inline; no heap, so it may live in firmware and on the packet path.
// Failure: `push` on a full sequence stores nothing and returns false, and must be looked at; an
// index past the end is a broken contract and stops the program.
// Threads: as any value: one at a time.
#pragma once

#include <array>
#include <cstddef>
#include <gsl/assert>
#include <utility>

namespace mehr {

template <class T, std::size_t N>
class Bounded {
 public:
  /// Appends; false and no change when N elements are there already.
  [[nodiscard]] constexpr bool push(T value) {
    if (size_ == N) return false;
    items_[size_++] = std::move(value);
    return true;
  }
  /// Appends where the code itself guarantees room; a full sequence is a defect of the caller.
  constexpr void must_push(T value) {
    const bool pushed = push(std::move(value));
    Expects(pushed);
  }
  /// Forgets the elements; they are overwritten, not destroyed, by later pushes.
  constexpr void clear() { size_ = 0; }
  /// Elements pushed since the last clear.
  [[nodiscard]] constexpr std::size_t size() const { return size_; }
  [[nodiscard]] constexpr bool empty() const { return size_ == 0; }
  /// N, whatever is stored.
  static constexpr std::size_t capacity() { return N; }
  /// The element at @p i, which must be below `size()`.
  constexpr T& operator[](std::size_t i) {
    Expects(i < size_);
    return items_[i];
  }
  constexpr const T& operator[](std::size_t i) const {
    Expects(i < size_);
    return items_[i];
  }
  /// Iterators run over the pushed elements only.
  constexpr auto begin() { return items_.begin(); }
  constexpr auto end() { return items_.begin() + static_cast<std::ptrdiff_t>(size_); }
  constexpr auto begin() const { return items_.begin(); }
  constexpr auto end() const { return items_.begin() + static_cast<std::ptrdiff_t>(size_); }

 private:
  std::array<T, N> items_{};  // the first size_ are pushed
  std::size_t size_ = 0;
};

}  // namespace mehr
