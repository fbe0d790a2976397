// A relay that writes down every byte it handles: what a curious operator could learn.
//
// The same L0 and L1 over the same TCP port that mehrd runs on, with a recorder on every edge:
// frames as they come and go on the wire, and the packets and control messages inside them after
// the link's encryption is off.
// Usage: recording-relay PORT RECORD_FILE; ends on SIGTERM. One record: kind u8, length u32, bytes.
// Kinds: 'f' frame in, 'g' frame out, 'p' packet in, 'q' packet out, 'c' control in, 'd' out.
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>

#include "mehr/core/codec.h"
#include "mehr/l0/identity.h"
#include "mehr/l0/links.h"
#include "mehr/l1/network.h"
#include "mehr/linux/loop.h"
#include "mehr/linux/system_random.h"
#include "mehr/linux/tcp.h"

namespace {

using namespace mehr;

class Recorder {
 public:
  explicit Recorder(const char* path) : file_(std::fopen(path, "wb")) {
    if (file_ == nullptr) {
      std::perror(path);
      std::exit(2);
    }
  }
  ~Recorder() { std::fclose(file_); }
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;
  void put(char kind, ByteView bytes) {
    std::array<std::uint8_t, 5> head{};
    Writer w(head);
    w.put(static_cast<std::uint8_t>(kind));
    w.put(static_cast<std::uint32_t>(bytes.size()));
    std::fwrite(head.data(), 1, head.size(), file_);
    std::fwrite(bytes.data(), 1, bytes.size(), file_);
  }

 private:
  std::FILE* file_;
};

/// Between L0 and L1: sees packets and control messages in the clear.
class RecordingLayer final : public l0::LinkLayer, public l0::LinkListener {
 public:
  RecordingLayer(l0::Links& below, Recorder& record) : below_(below), record_(record) {
    below_.set_listener(this);
  }
  void set_listener(l0::LinkListener* listener) override { above_ = listener; }
  Status send_packet(l0::LinkId link, ByteView packet, l0::Padding padding) override {
    record_.put('q', packet);
    return below_.send_packet(link, packet, padding);
  }
  Status send_control(l0::LinkId link, ByteView message) override {
    record_.put('d', message);
    return below_.send_control(link, message);
  }
  void signal_too_big(l0::LinkId upstream, const NodeId& destination, Mtu mtu) override {
    below_.signal_too_big(upstream, destination, mtu);
  }
  void report_malformed(l0::LinkId link) override { below_.report_malformed(link); }
  void close(l0::LinkId link, l0::CloseReason reason) override { below_.close(link, reason); }

  void on_link_up(const l0::LinkInfo& link) override { above_->on_link_up(link); }
  void on_link_down(l0::LinkId link, l0::CloseReason reason) override {
    above_->on_link_down(link, reason);
  }
  void on_packet(l0::LinkId from, MutableBytes packet) override {
    record_.put('p', packet);
    above_->on_packet(from, packet);
  }
  void on_control(l0::LinkId from, ByteView message) override {
    record_.put('c', message);
    above_->on_control(from, message);
  }
  void on_packet_too_big(l0::LinkId from, const NodeId& destination, Mtu mtu) override {
    above_->on_packet_too_big(from, destination, mtu);
  }
  void on_link_writable(l0::LinkId link) override { above_->on_link_writable(link); }
  void on_round_trip(l0::LinkId link, Millis rtt) override { above_->on_round_trip(link, rtt); }

 private:
  l0::Links& below_;
  l0::LinkListener* above_ = nullptr;
  Recorder& record_;
};

/// A medium that writes down what is sent over it.
class RecordingMedium final : public Medium {
 public:
  RecordingMedium(Medium& inner, Recorder& record) : inner_(inner), record_(record) {}
  const MediumInfo& info() const override { return inner_.info(); }
  Status send(const Remote& to, ByteView frame) override {
    record_.put('g', frame);
    return inner_.send(to, frame);
  }
  void close() override { inner_.close(); }

 private:
  Medium& inner_;
  Recorder& record_;
};

class RecordingHost final : public linux_port::MediumHost {
 public:
  RecordingHost(l0::Links& links, Recorder& record) : links_(links), record_(record) {}
  Status opened(Medium& medium, const SourceKey&, bool, std::optional<NodeId>) override {
    auto wrapped = std::make_unique<RecordingMedium>(medium, record_);
    if (auto attached = links_.attach(*wrapped); !attached) return attached;
    media_[&medium] = std::move(wrapped);
    return {};
  }
  void on_frame(Medium& medium, const FrameInfo& info, MutableBytes frame) override {
    record_.put('f', frame);
    links_.on_frame(*media_.at(&medium), info, frame);
  }
  void on_writable(Medium& medium) override { links_.on_writable(*media_.at(&medium)); }
  void on_closed(Medium& medium) override {
    links_.on_closed(*media_.at(&medium));
    media_.erase(&medium);
  }

 private:
  l0::Links& links_;
  Recorder& record_;
  std::map<Medium*, std::unique_ptr<RecordingMedium>> media_;
};

int run(std::uint16_t port, const char* path) {
  auto loop = linux_port::Loop::create();
  if (!loop) return 2;
  linux_port::SystemRandom random;
  const l0::Identity identity = l0::Identity::generate(random);
  Recorder record(path);
  l0::Links links({{Mtu{4096}, l0::feature::kL1Relay | l0::feature::kGossip}, Limits::standard()},
                  identity, **loop, **loop, random);
  RecordingLayer layer(links, record);
  l1::Network network(layer, **loop, **loop, random, identity, nullptr, Limits::standard());
  RecordingHost host(links, record);
  linux_port::TcpInterface tcp(**loop, host, random, {});
  if (auto where = tcp.listen({"127.0.0.1", port}); !where) {
    std::fprintf(stderr, "recording-relay: %s\n", where.error().c_str());
    return 2;
  }
  (*loop)->on_signal([&loop](int) { (*loop)->stop(); });
  std::printf("ready\n");
  std::fflush(stdout);
  (*loop)->run();
  std::printf("forwarded %llu\n", static_cast<unsigned long long>(network.counters().forwarded));
  links.close_all(l0::CloseReason::shutdown);
  tcp.shut_down();
  (*loop)->run_until([&tcp] { return tcp.connection_count() == 0; }, Millis{2000});
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: recording-relay PORT RECORD_FILE\n");
    return 2;
  }
  return run(static_cast<std::uint16_t>(std::atoi(argv[1])), argv[2]);
}
