// The steady path allocates nothing: whole transfers of different length cost the same number of
// allocations beyond their set-up.
#include <rapidcheck.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <new>

#include "mehr/transfer/messages.h"
#include "mehr/transfer/transfer_service.h"

namespace {
std::atomic<std::size_t> allocations{0};
}  // namespace

void* operator new(std::size_t n) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* p = std::malloc(n == 0 ? 1 : n)) return p;
  throw std::bad_alloc();
}
void* operator new(std::size_t n, const std::nothrow_t&) noexcept {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return std::malloc(n == 0 ? 1 : n);
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }

namespace {

using namespace mehr;
using namespace mehr::transfer;

/// Hands datagrams over through a ring that was allocated beforehand.
class Wire final : public Messenger,
                   public StreamMessenger,
                   public Random,
                   public Clock,
                   public Timers {
 public:
  struct Slot {
    bool stream = false;
    StreamId id;
    std::array<std::uint8_t, 4096> bytes{};
    std::size_t size = 0;
  };
  Wire() : ring_(512) {}
  Status send(const NodeId&, Protocol, ByteView body, const SendOptions&) override {
    return put(false, StreamId{}, body);
  }
  void on(Protocol, MessageHandler h) override { control_ = std::move(h); }
  [[nodiscard]] std::size_t max_body(const NodeId&) const override { return 3900; }
  void on_writable(std::function<void()> h) override { writable_ = std::move(h); }
  Status accept_stream(const StreamId& id, MessageHandler h) override {
    id_ = id;
    stream_ = std::move(h);
    return {};
  }
  void drop_stream(const StreamId&) override { id_ = StreamId{}; }
  Status send_stream(const NodeId&, std::uint8_t, const StreamId& id, ByteView sealed) override {
    return put(true, id, sealed);
  }
  [[nodiscard]] std::size_t max_sealed(const NodeId&) const override { return 4069; }
  void fill(MutableBytes out) override {
    for (auto& b : out) b = ++byte_;
  }
  Millis now() override { return now_; }
  NodeTime node_time() override { return {}; }
  void wake_at(Wakeable& who, Millis at) override {
    who_ = &who;
    at_ = at;
  }
  void wake() {
    if (at_ > now_) return;
    at_ = Millis::never();
    who_->on_wake(now_);
  }
  /// Hands everything queued to @p to.
  bool drain(Wire& to, const PublicKey& from) {
    const bool any = head_ != tail_;
    while (head_ != tail_) {
      Slot& s = ring_[head_++ % ring_.size()];
      const MutableBytes body = MutableBytes(s.bytes).first(s.size);
      if (!s.stream) {
        to.control_(Message{kControl, from, body});
      } else if (s.id == to.id_) {
        to.stream_(Message{Protocol{context::kBulk, 0}, std::nullopt, body});
      }
    }
    if (std::exchange(full_, false)) writable_();
    return any;
  }
  void advance() { ++now_.count; }

 private:
  Status put(bool stream, const StreamId& id, ByteView body) {
    if (tail_ - head_ == ring_.size()) {
      full_ = true;
      return fail(Errc::full, "full");
    }
    Slot& s = ring_[tail_++ % ring_.size()];
    s.stream = stream;
    s.id = id;
    s.size = body.size();
    copy_bytes(body, s.bytes);
    return {};
  }
  std::vector<Slot> ring_;
  std::size_t head_ = 0, tail_ = 0;
  bool full_ = false;
  MessageHandler control_, stream_;
  StreamId id_;
  std::function<void()> writable_;
  std::uint8_t byte_ = 0;
  Millis now_{1};
  Wakeable* who_ = nullptr;
  Millis at_ = Millis::never();
};

/// Zeros to send, and a place where received bytes vanish.
class Zeros final : public FileStore {
 public:
  explicit Zeros(std::uint64_t size) : size_(size) {}
  Result<std::unique_ptr<FileReader>> open(std::string_view) override {
    struct R final : FileReader {
      explicit R(std::uint64_t n) : n_(n) {}
      [[nodiscard]] std::uint64_t size() const override { return n_; }
      Status read_at(std::uint64_t, MutableBytes out) override {
        std::fill(out.begin(), out.end(), std::uint8_t{0});
        return {};
      }
      std::uint64_t n_;
    };
    return std::make_unique<R>(size_);
  }
  Result<std::unique_ptr<FileWriter>> create(const NodeId&, std::string_view,
                                             std::uint64_t) override {
    struct W final : FileWriter {
      Status write_at(std::uint64_t, ByteView) override { return {}; }
      Status read_at(std::uint64_t, MutableBytes out) override {
        std::fill(out.begin(), out.end(), std::uint8_t{0});
        return {};
      }
      Result<std::string> commit(const ContentHash&) override { return std::string(); }
      void abort() override {}
    };
    return std::make_unique<W>();
  }

 private:
  std::uint64_t size_;
};

struct Cost {
  std::size_t allocations;
  bool done;
};

Cost transfer_of(std::uint64_t size) {
  Wire a, b;
  PublicKey ka, kb;
  ka.bytes.fill(1);
  kb.bytes.fill(2);
  Zeros disk(size);
  TransferService from(a, a, a, a, a, disk, {}), to(b, b, b, b, b, disk, {});
  bool done = false;
  from.on_events(
      {.accept = {}, .changed = [&](const TransferStatus& s) { done |= s.state == State::done; }});
  const std::size_t before = allocations.load();
  const bool sent = from.send(crypto::node_id_of(kb), "", "zeros").has_value();
  for (int i = 0; sent && !done && i < 100'000; ++i) {
    a.wake();
    b.wake();
    const bool there = a.drain(b, ka);
    const bool back = b.drain(a, kb);
    if (!there && !back) {
      a.advance();
      b.advance();
    }
  }
  return {allocations.load() - before, done};
}

}  // namespace

TEST_CASE("transfer: no allocation per chunk", "[transfer][allocation]") {
  transfer_of(1'000'000);  // whatever is allocated once in a process
  const Cost small = transfer_of(4'000'000);
  const Cost large = transfer_of(40'000'000);
  CHECK(small.done);
  CHECK(large.done);
  CHECK(small.allocations > 0);
  CHECK(large.allocations <= small.allocations + 8);  // 8,900 chunks more
}
