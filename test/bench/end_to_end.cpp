// A file from A to C through relay B over loopback TCP: three nodes, three threads, real sockets.
//
// `transfer` is everything a file costs: reading, sealing for C, link sealing, framing, the relay's
// work, acknowledgements, opening, hashing, writing (to memory). `plain_tcp` moves the same bytes
// over two TCP connections through a thread that only copies: what this machine's loopback gives.
#include <arpa/inet.h>
#include <benchmark/benchmark.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <future>
#include <thread>

#include "mehr/l0/identity.h"
#include "mehr/linux/loop.h"
#include "mehr/linux/system_random.h"
#include "mehr/linux/tcp.h"
#include "mehr/stack/node.h"
#include "mehr/transfer/transfer_service.h"

namespace {

using namespace mehr;

[[noreturn]] void stop(const char* why) {
  std::fprintf(stderr, "end_to_end: %s\n", why);
  std::abort();
}

// ---- The files: one that repeats a block for ever, one that is only counted
// ----------------------

constexpr std::size_t kBlock = 1U << 20;

class EndlessReader final : public transfer::FileReader {
 public:
  EndlessReader(std::uint64_t size, const Bytes& block) : size_(size), block_(block) {}
  [[nodiscard]] std::uint64_t size() const override { return size_; }
  Status read_at(std::uint64_t offset, MutableBytes out) override {
    while (!out.empty()) {
      const std::size_t at = offset % kBlock;
      const std::size_t n = std::min(out.size(), kBlock - at);
      out = copy_bytes(ByteView(block_).subspan(at, n), out);
      offset += n;
    }
    return {};
  }

 private:
  std::uint64_t size_;
  const Bytes& block_;
};

class CountingWriter final : public transfer::FileWriter {
 public:
  explicit CountingWriter(std::uint64_t size) : bytes_(size) {}
  Status write_at(std::uint64_t offset, ByteView bytes) override {
    copy_bytes(bytes, MutableBytes(bytes_).subspan(offset));
    return {};
  }
  Status read_at(std::uint64_t offset, MutableBytes out) override {
    copy_bytes(ByteView(bytes_).subspan(offset, out.size()), out);
    return {};
  }
  Result<std::string> commit(const ContentHash&) override { return std::string("memory"); }
  void abort() override {}

 private:
  Bytes bytes_;
};

class MemoryFiles final : public transfer::FileStore {
 public:
  MemoryFiles() : block_(kBlock) {
    linux_port::SystemRandom random;
    random.fill(block_);
  }
  std::uint64_t size = 0;
  Result<std::unique_ptr<transfer::FileReader>> open(std::string_view) override {
    return std::make_unique<EndlessReader>(size, block_);
  }
  Result<std::unique_ptr<transfer::FileWriter>> create(const NodeId&, std::string_view,
                                                       std::uint64_t bytes) override {
    return std::make_unique<CountingWriter>(bytes);
  }

 private:
  Bytes block_;
};

// ---- A node with its own thread
// ------------------------------------------------------------------

class Host final : public linux_port::MediumHost {
 public:
  explicit Host(l0::Links& links) : links_(links) {}
  Status opened(Medium& medium, const SourceKey&, bool dialled,
                std::optional<NodeId> expected) override {
    if (Status attached = links_.attach(medium); !attached) return attached;
    if (!dialled) return {};
    const auto link = links_.establish(medium, Remote{}, expected);
    return link ? Status{} : Status(fail(link));
  }
  void on_frame(Medium& medium, const FrameInfo& info, MutableBytes frame) override {
    links_.on_frame(medium, info, frame);
  }
  void on_writable(Medium& medium) override { links_.on_writable(medium); }
  void on_closed(Medium& medium) override { links_.on_closed(medium); }

 private:
  l0::Links& links_;
};

struct Peer {
  Peer()
      : loop(std::move(*linux_port::Loop::create())),
        identity(l0::Identity::generate(random)),
        node({}, identity, {*loop, *loop, random}),
        host(node.links()),
        tcp(*loop, host, random, {}),
        files(),
        service(node.messages(), node.messages(), *loop, *loop, random, files, {}) {}

  linux_port::SystemRandom random;
  std::unique_ptr<linux_port::Loop> loop;
  l0::Identity identity;
  stack::Node node;
  Host host;
  linux_port::TcpInterface tcp;
  MemoryFiles files;
  transfer::TransferService service;
};

class Line {
 public:
  Line() {
    const auto where = b_.tcp.listen({"127.0.0.1", 0});
    if (!where) stop("cannot listen on loopback");
    a_.tcp.dial({*where, std::nullopt});
    c_.tcp.dial({*where, std::nullopt});
    c_.service.on_events({{}, [](const transfer::TransferStatus&) {}});
    a_.service.on_events({{}, [this](const transfer::TransferStatus& s) {
                            if (s.state == transfer::State::failed) stop("failed");
                            if (s.state == transfer::State::done) done_.set_value();
                          }});
    for (Peer* peer : {&a_, &b_, &c_}) {
      threads_.emplace_back([peer] { peer->loop->run(); });
    }
    for (int n = 0; n < 3000 && !routed(); ++n) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    if (!routed()) stop("no route after 30 s");
  }
  ~Line() {
    for (Peer* peer : {&a_, &b_, &c_}) peer->loop->stop();
    for (auto& thread : threads_) thread.join();
  }
  void carry(std::uint64_t bytes) {
    done_ = {};
    auto finished = done_.get_future();
    a_.loop->post([this, bytes] {
      a_.files.size = bytes;
      if (!a_.service.send(c_.node.id(), "endless", "endless")) stop("send was refused");
    });
    finished.wait();
  }

 private:
  bool routed() {
    std::promise<bool> answer;
    a_.loop->post([&] { answer.set_value(a_.node.network().max_body(c_.node.id()) == 4077); });
    return answer.get_future().get();
  }

  Peer a_, b_, c_;
  std::promise<void> done_;
  std::vector<std::thread> threads_;
};

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void transfer_through_relay(benchmark::State& state) {
  Line line;
  const auto bytes = static_cast<std::uint64_t>(state.range(0)) << 20;
  line.carry(bytes);  // windows open, pages are there
  for (auto _ : state) state.SetIterationTime(seconds_of([&] { line.carry(bytes); }));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
}

// ---- The limit: the same bytes over two plain connections
// ----------------------------------------

struct Socket {
  explicit Socket(int number) : fd(number) {
    if (fd < 0) stop("no socket");
  }
  ~Socket() { ::close(fd); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int fd;
};

sockaddr* generic(sockaddr_in& address) {
  return static_cast<sockaddr*>(static_cast<void*>(&address));
}

void listen_on_loopback(const Socket& socket, sockaddr_in& address) {
  address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  if (::bind(socket.fd, generic(address), length) != 0 || ::listen(socket.fd, 1) != 0 ||
      ::getsockname(socket.fd, generic(address), &length) != 0) {
    stop("cannot listen on loopback");
  }
}

void pump(int from, int to, std::uint64_t bytes) {
  Bytes buffer(256 * 1024);
  while (bytes > 0) {
    const auto got = from < 0 ? static_cast<ssize_t>(std::min<std::uint64_t>(bytes, buffer.size()))
                              : ::read(from, buffer.data(), buffer.size());
    if (got <= 0) stop("read failed");
    for (ssize_t done = 0; to >= 0 && done < got;) {
      const auto put = ::write(to, buffer.data() + done, static_cast<std::size_t>(got - done));
      if (put <= 0) stop("write failed");
      done += put;
    }
    bytes -= static_cast<std::uint64_t>(got);
  }
}

void plain_tcp_through_relay(benchmark::State& state) {
  const auto bytes = static_cast<std::uint64_t>(state.range(0)) << 20;
  for (auto _ : state) {
    Socket listen_b(::socket(AF_INET, SOCK_STREAM, 0)), listen_c(::socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in at_b{}, at_c{};
    listen_on_loopback(listen_b, at_b);
    listen_on_loopback(listen_c, at_c);
    Socket a(::socket(AF_INET, SOCK_STREAM, 0)), b_out(::socket(AF_INET, SOCK_STREAM, 0));
    if (::connect(a.fd, generic(at_b), sizeof(at_b)) != 0) stop("connect failed");
    if (::connect(b_out.fd, generic(at_c), sizeof(at_c)) != 0) stop("connect failed");
    Socket b_in(::accept(listen_b.fd, nullptr, nullptr)),
        c(::accept(listen_c.fd, nullptr, nullptr));
    state.SetIterationTime(seconds_of([&] {
      std::thread relay([&] { pump(b_in.fd, b_out.fd, bytes); });
      std::thread sink([&] { pump(c.fd, -1, bytes); });
      pump(-1, a.fd, bytes);
      relay.join();
      sink.join();
    }));
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
}

}  // namespace

BENCHMARK(plain_tcp_through_relay)->Arg(256)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK(transfer_through_relay)->Arg(256)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK_MAIN();
