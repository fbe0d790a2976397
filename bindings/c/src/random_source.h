// Entropy of the caller's for calls without a handle: all of it is drawn before anything happens.
#pragma once

#include <gsl/assert>
#include <optional>
#include <vector>

#include "handles.h"

namespace mehr::capi {

/// What one call takes: an ephemeral, or salt and nonce; 64 bytes at most.
class RandomSource {
 public:
  mehr_status open(const mehr_random* random) {
    mehr_random source;
    if (auto good = read_random(random, source); good < 0) return good;
    pooled_.emplace(source);
    return MEHR_OK;
  }
  mehr_status refill() { return pooled_->refill(); }
  Random& random() { return *pooled_; }

 private:
  std::optional<PooledRandom> pooled_;
};

/// A known amount of them, for calls that take more.
class CallerBytes final : public Random {
 public:
  explicit CallerBytes(std::size_t size) : bytes_(size) {}
  ~CallerBytes() override { crypto::wipe(bytes_); }
  CallerBytes(const CallerBytes&) = delete;
  CallerBytes& operator=(const CallerBytes&) = delete;
  mehr_status draw(const mehr_random* random) {
    mehr_random source;
    if (auto good = read_random(random, source); good < 0) return good;
    return fill_random(source, bytes_);
  }
  void fill(MutableBytes out) override {
    Expects(out.size() <= bytes_.size() - used_);
    copy_bytes(ByteView(bytes_).subspan(used_, out.size()), out);
    used_ += out.size();
  }

 private:
  Bytes bytes_;
  std::size_t used_ = 0;
};

}  // namespace mehr::capi
