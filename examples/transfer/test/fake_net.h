// Two nodes, a mesh between them and their disks, all in memory and in virtual time.
//
// The same seed gives the same run. The mesh loses, doubles, delays and reorders datagrams, has a
// bounded queue per node that answers full, and a route that can vanish.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "mehr/transfer/messages.h"
#include "mehr/transfer/transfer_service.h"

namespace mehr::transfer::test {

class World final : public Clock, public Timers {
 public:
  Millis now() override { return now_; }
  NodeTime node_time() override { return NodeTime{now_.count}; }
  void wake_at(Wakeable& who, Millis at) override {
    for (auto& [w, t] : wakes_) {
      if (w == &who) {
        t = at;
        return;
      }
    }
    wakes_.emplace_back(&who, at);
  }
  std::size_t wakes = 0;  ///< how often somebody was woken
  /// Runs @p what at @p at.
  void schedule(Millis at, std::function<void()> what) {
    events_.emplace(std::pair{std::max(at, now_), serial_++}, std::move(what));
  }
  /// Lets the world run until @p until or until @p stop says so; true when it did.
  bool run(Millis until, const std::function<bool()>& stop = {}) {
    while (true) {
      if (stop && stop()) return true;
      const Millis event = events_.empty() ? Millis::never() : events_.begin()->first.first;
      const auto wake = std::min_element(wakes_.begin(), wakes_.end(),
                                         [](auto& a, auto& b) { return a.second < b.second; });
      const Millis due = wake == wakes_.end() ? Millis::never() : wake->second;
      const Millis next = std::max(std::min(event, due), now_);
      if (next > until) break;
      now_ = next;
      if (event <= due) {
        auto node = events_.extract(events_.begin());
        node.mapped()();
      } else {
        wake->second = Millis::never();
        ++wakes;
        wake->first->on_wake(now_);
      }
    }
    now_ = until;
    return false;
  }

 private:
  Millis now_{1000};
  std::vector<std::pair<Wakeable*, Millis>> wakes_;
  std::map<std::pair<Millis, std::uint64_t>, std::function<void()>> events_;
  std::uint64_t serial_ = 0;
};

struct Path {
  double loss = 0;
  double doubled = 0;
  Millis delay{5};
  Millis jitter{0};               ///< drawn anew for each datagram, so it reorders
  std::size_t queue = 512;        ///< datagrams under way from one node before it says full
  std::size_t max_sealed = 4069;  ///< 4,077 of the Bulk class less the stream id
  bool up = true;
};

class Node;

class Mesh {
 public:
  Mesh(World& w, std::uint64_t seed) : world(w), chance(seed) {}
  bool happens(double p) { return std::uniform_real_distribution<>(0, 1)(chance) < p; }

  World& world;
  std::mt19937_64 chance;
  Path path;
  std::vector<Node*> nodes;
};

/// One node's door of L2, and its entropy.
class Node final : public Messenger, public StreamMessenger, public Random {
 public:
  Node(Mesh& mesh, std::uint8_t name) : mesh_(mesh), chance_(mesh.chance()) {
    key.bytes.fill(name);
    id = crypto::node_id_of(key);
    mesh.nodes.push_back(this);
  }
  ~Node() override { std::erase(mesh_.nodes, this); }

  Status send(const NodeId& to, Protocol protocol, ByteView body, const SendOptions&) override {
    if (body.size() > mesh_.path.max_sealed - 150) return fail(Errc::too_big, "too big");
    return queue(to, protocol, std::nullopt, body);
  }
  void on(Protocol protocol, MessageHandler handler) override {
    handlers_[protocol] = std::move(handler);
  }
  [[nodiscard]] std::size_t max_body(const NodeId&) const override {
    return mesh_.path.up ? mesh_.path.max_sealed - 150 : 0;
  }
  void on_writable(std::function<void()> handler) override { writable_ = std::move(handler); }
  Status accept_stream(const StreamId& stream, MessageHandler handler) override {
    if (streams.size() >= 64) return fail(Errc::full, "too many streams");
    streams[stream] = std::move(handler);
    return {};
  }
  void drop_stream(const StreamId& stream) override { streams.erase(stream); }
  Status send_stream(const NodeId& to, std::uint8_t context, const StreamId& stream,
                     ByteView sealed) override {
    if (sealed.size() > mesh_.path.max_sealed) return fail(Errc::too_big, "too big");
    if (on_stream) on_stream(stream, sealed);
    return queue(to, Protocol{context, 0}, stream, sealed);
  }
  [[nodiscard]] std::size_t max_sealed(const NodeId&) const override {
    return mesh_.path.up ? mesh_.path.max_sealed : 0;
  }
  void fill(MutableBytes out) override {
    for (auto& b : out) b = static_cast<std::uint8_t>(chance_());
  }

  /// A control message or datagram as if @p from had sent it.
  void deliver(const PublicKey& from, Protocol protocol, std::optional<StreamId> stream,
               Bytes body) {
    if (stream) {
      const auto it = streams.find(*stream);
      if (it != streams.end()) it->second(Message{protocol, std::nullopt, body});
      return;
    }
    const auto it = handlers_.find(protocol);
    if (it != handlers_.end() && it->second) it->second(Message{protocol, from, body});
  }
  void deliver_unproven(Protocol protocol, Bytes body) {
    handlers_[protocol](Message{protocol, std::nullopt, body});
  }
  template <class T>
  void inject(const PublicKey& from, const T& message) {
    Bytes room(1024);
    const auto bytes = encode(message, room);
    deliver(from, kControl, std::nullopt, Bytes(bytes->begin(), bytes->end()));
  }

  PublicKey key;
  NodeId id;
  std::map<StreamId, MessageHandler> streams;
  std::function<void(const StreamId&, ByteView)> on_stream;  ///< sees what this node sends
  std::function<void(ByteView)> on_control;                  ///< ... and its control messages
  std::size_t refused_full = 0;

 private:
  Status queue(const NodeId& to, Protocol protocol, std::optional<StreamId> stream, ByteView body) {
    const Path& path = mesh_.path;
    if (!path.up) return fail(Errc::no_route, "no link leads to the receiver");
    if (queued_ >= path.queue) {
      was_full_ = true;
      ++refused_full;
      return fail(Errc::full, "the queue is full");
    }
    if (!stream && on_control) on_control(body);
    ++queued_;
    World& world = mesh_.world;
    world.schedule(world.now() + Millis{1}, [this] { leave(); });
    const int copies = mesh_.happens(path.doubled) ? 2 : 1;
    for (int i = 0; i < copies; ++i) {
      if (mesh_.happens(path.loss)) continue;
      const Millis extra{path.jitter.count == 0 ? 0 : mesh_.chance() % path.jitter.count};
      world.schedule(world.now() + path.delay + extra,
                     [&mesh = mesh_, to, from = key, protocol, stream,
                      copy = Bytes(body.begin(), body.end())] {
                       if (!mesh.path.up) return;
                       for (Node* n : mesh.nodes) {
                         if (n->id == to) return n->deliver(from, protocol, stream, copy);
                       }
                     });
    }
    return {};
  }
  void leave() {
    --queued_;
    if (was_full_ && queued_ <= mesh_.path.queue / 2) {
      was_full_ = false;
      if (writable_) writable_();
    }
  }

  Mesh& mesh_;
  std::mt19937_64 chance_;
  std::map<Protocol, MessageHandler> handlers_;
  std::function<void()> writable_;
  std::size_t queued_ = 0;
  bool was_full_ = false;
};

/// A disk in memory: sources by token, and what was committed.
class Disk final : public FileStore {
 public:
  struct Kept {
    NodeId sender;
    std::string name;
    Bytes bytes;
  };
  std::map<std::string, Bytes, std::less<>> sources;
  std::vector<Kept> kept;
  std::size_t open_writers = 0, created = 0, aborted = 0;
  std::optional<std::uint64_t> room;  ///< bytes that fit before writes fail
  bool refuse = false, fail_commit = false;
  std::size_t writes = 0, reads = 0;

  Result<std::unique_ptr<FileReader>> open(std::string_view token) override {
    const auto it = sources.find(token);
    if (it == sources.end()) return fail(Errc::not_found, "no such file");
    return std::make_unique<Reading>(*this, it->second);
  }
  Result<std::unique_ptr<FileWriter>> create(const NodeId& sender, std::string_view name,
                                             std::uint64_t size) override {
    if (refuse) return fail(Errc::io, "the disk is full");
    ++created;
    return std::make_unique<Writing>(*this, Kept{sender, std::string(name), Bytes(size)});
  }

 private:
  class Reading final : public FileReader {
   public:
    Reading(Disk& disk, const Bytes& bytes) : disk_(disk), bytes_(bytes), size_(bytes.size()) {}
    [[nodiscard]] std::uint64_t size() const override { return size_; }
    Status read_at(std::uint64_t at, MutableBytes out) override {
      ++disk_.reads;
      if (at + out.size() > bytes_.size()) return fail(Errc::io, "the file became shorter");
      copy_bytes(ByteView(bytes_).subspan(at, out.size()), out);
      return {};
    }

   private:
    Disk& disk_;
    const Bytes& bytes_;
    std::uint64_t size_;
  };
  class Writing final : public FileWriter {
   public:
    Writing(Disk& disk, Kept file) : disk_(disk), file_(std::move(file)) { ++disk_.open_writers; }
    ~Writing() override { --disk_.open_writers; }
    Status write_at(std::uint64_t at, ByteView bytes) override {
      ++disk_.writes;
      if (at + bytes.size() > file_.bytes.size()) return fail(Errc::bad_value, "beyond the end");
      if (disk_.room && at + bytes.size() > *disk_.room) return fail(Errc::io, "disk full");
      copy_bytes(bytes, MutableBytes(file_.bytes).subspan(at));
      return {};
    }
    Status read_at(std::uint64_t at, MutableBytes out) override {
      copy_bytes(ByteView(file_.bytes).subspan(at, out.size()), out);
      return {};
    }
    Result<std::string> commit(const ContentHash&) override {
      if (disk_.fail_commit) return fail(Errc::io, "rename failed");
      disk_.kept.push_back(file_);
      return "inbox/" + file_.name;
    }
    void abort() override { ++disk_.aborted; }

   private:
    Disk& disk_;
    Kept file_;
  };
};

/// A node with a disk and a service, and what the service told.
struct End {
  End(Mesh& mesh, std::uint8_t name, const TransferLimits& l = {})
      : node(mesh, name), limits(l), world(mesh.world) {
    start();
  }
  /// The program starts, or starts again with its memory gone.
  void start() {
    service.reset();
    node.streams.clear();
    service = std::make_unique<TransferService>(node, node, world, world, node, disk, limits);
    service->on_events({.accept = [this](const NodeId& s, std::string_view n,
                                         std::uint64_t z) { return !accept || accept(s, n, z); },
                        .changed = [this](const TransferStatus& s) { told.push_back(s); }});
  }
  [[nodiscard]] std::optional<TransferStatus> last() const {
    for (auto it = told.rbegin(); it != told.rend(); ++it) {
      if (it->state == State::done || it->state == State::failed) return *it;
    }
    return std::nullopt;
  }

  Node node;
  Disk disk;
  TransferLimits limits;
  World& world;
  std::function<bool(const NodeId&, std::string_view, std::uint64_t)> accept;
  std::vector<TransferStatus> told;
  std::unique_ptr<TransferService> service;
};

/// Anne sends to Carl.
struct Pair {
  explicit Pair(std::uint64_t seed = 1, const TransferLimits& limits = {})
      : mesh(world, seed), anne(mesh, 'a', limits), carl(mesh, 'c', limits) {}
  TransferId send(Bytes bytes, std::string_view name = "file.bin") {
    anne.disk.sources["token"] = std::move(bytes);
    const auto id = anne.service->send(carl.node.id, "token", name);
    return id ? *id : TransferId{};
  }
  /// Runs until the sender's transfer is over, at most for @p most.
  bool run(Millis most = Millis::seconds(3600)) {
    return world.run(world.now() + most, [this] { return anne.last().has_value(); });
  }
  [[nodiscard]] Bytes random_bytes(std::size_t n) {
    Bytes b(n);
    for (auto& x : b) x = static_cast<std::uint8_t>(mesh.chance());
    return b;
  }

  World world;
  Mesh mesh;
  End anne;
  End carl;
};

}  // namespace mehr::transfer::test
