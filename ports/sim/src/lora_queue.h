// Frames that wait for their turn to speak, in one run of bytes.
//
// Place: private to LoraChannel. Each frame is kept behind its length in two bytes, so that a queue
// that has seen its peak allocates nothing. Bounds: the owner's. Threads: one.
#pragma once

#include <cstddef>
#include <gsl/gsl>

#include "mehr/core/bytes.h"

namespace mehr::sim {

class LoraQueue {
 public:
  [[nodiscard]] bool empty() const { return begin_ == store_.size(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }  ///< of frames, without lengths
  /// Borrowed until the next change.
  [[nodiscard]] ByteView front() const {
    Expects(!empty());
    return ByteView(store_).subspan(begin_ + kLength, length());
  }
  /// @p frame has at most 65,535 bytes.
  void push(ByteView frame) {
    const auto size = gsl::narrow<std::uint16_t>(frame.size());
    store_.push_back(static_cast<std::uint8_t>(size & 0xFF));
    store_.push_back(static_cast<std::uint8_t>(size >> 8));
    store_.insert(store_.end(), frame.begin(), frame.end());
    bytes_ += frame.size();
  }
  void pop() {
    Expects(!empty());
    const std::size_t gone = length();
    begin_ += kLength + gone;
    bytes_ -= gone;
    if (2 * begin_ < store_.size()) return;
    store_.erase(store_.begin(), store_.begin() + gsl::narrow<std::ptrdiff_t>(begin_));
    begin_ = 0;
  }
  void clear() {
    store_.clear();
    begin_ = 0;
    bytes_ = 0;
  }

 private:
  static constexpr std::size_t kLength = 2;
  [[nodiscard]] std::size_t length() const {
    return store_[begin_] + (std::size_t{store_[begin_ + 1]} << 8);
  }

  Bytes store_;
  std::size_t begin_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace mehr::sim
