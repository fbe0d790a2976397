// What serial lines, radios behind them and piped programs have in common: one datagram medium over
// a line of bytes that may vanish and come back.
//
// Place: private to ports/linux, under SerialInterface, RnodeInterface and PipeInterface, which
// open the line, cut its bytes into frames, and say when the medium may be used.
// Machine: down (waiting `kReopen`) -> open (the line is there) -> up (`raise`: the host has the
// medium) -> down, with a sentence that says why, told once per reason. `shut_down` ends it from
// any state.
// Sending: at `kHighWater` queued bytes `send` answers Errc::full, at `kLowWater` comes
// `on_writable`. Bounds: those, and one frame. Failure: a vanished line is a medium closed, no
// more. Threads: the loop's.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "fd_line.h"
#include "mehr/linux/interface.h"
#include "mehr/linux/log.h"
#include "mehr/linux/medium_host.h"

namespace mehr::linux_port {

class LinePort : public Interface, public Medium, public FdLine::Owner, private Wakeable {
 public:
  static constexpr Millis kReopen = Millis::seconds(5);
  static constexpr std::size_t kHighWater = 16 * 1024;
  static constexpr std::size_t kLowWater = 4 * 1024;

  ~LinePort() override;
  LinePort(const LinePort&) = delete;
  LinePort& operator=(const LinePort&) = delete;

  // Interface
  void start() override { try_open(loop_.now()); }
  [[nodiscard]] InterfaceStatus status() const override;
  void shut_down() override;
  [[nodiscard]] bool is_idle() const override { return line_ == nullptr; }

  // Medium
  [[nodiscard]] const MediumInfo& info() const override { return info_; }
  Status send(const Remote& to, ByteView frame) override;
  void close() override {}

 protected:
  /// @p name and @p what are for logs: "serial0", "/dev/ttyUSB0".
  struct Parts {
    Loop& loop;
    MediumHost& host;
    LogSink log;
    std::string name;
    std::string what;
    MediumInfo info;
    std::size_t frame_limit = 0;
  };
  struct Opened {
    int read_fd = -1;
    int write_fd = -1;
  };
  explicit LinePort(Parts parts);

  virtual OrMessage<Opened> open_line() = 0;
  /// The line is there. Says `raise` now or later.
  virtual void on_open() = 0;
  virtual void on_line_bytes(MutableBytes bytes) = 0;
  /// The line is gone, and the medium with it.
  virtual void on_gone() {}
  /// Most bytes that @p frame takes on the line, and the bytes themselves.
  [[nodiscard]] virtual std::size_t most_encoded(std::size_t frame) const = 0;
  virtual std::size_t encode(ByteView frame, MutableBytes out) = 0;
  /// Asked before each frame; a failure is answered in its place.
  virtual Status may_send(ByteView frame) {
    (void)frame;
    return {};
  }
  virtual void on_sent(ByteView frame) { (void)frame; }
  /// The owner's own deadlines.
  virtual void on_time(Millis now) { (void)now; }
  [[nodiscard]] virtual Millis next_deadline() const { return Millis::never(); }
  virtual void add_to(InterfaceStatus& status) const { (void)status; }

  void raise();
  /// Ends the line from the next turn on.
  void fail_line(std::string why);
  void give(const FrameInfo& info, MutableBytes frame);
  void write(ByteView bytes);
  /// Room again, where `may_send` said full.
  void tell_writable();
  void rearm();
  [[nodiscard]] Loop& loop() const { return loop_; }
  [[nodiscard]] bool is_up() const { return up_; }
  void tell(LogLevel level, std::string_view event, const std::string& text) const;
  void set_info(const MediumInfo& info) { info_ = info; }

 private:
  void on_bytes(MutableBytes bytes) final { on_line_bytes(bytes); }
  void on_progress() final;
  void on_broken(int error) final;
  void on_wake(Millis now) final;
  void try_open(Millis now);
  void down(const std::string& why, Millis now);

  Loop& loop_;
  MediumHost& host_;
  LogSink log_;
  std::string name_;
  std::string what_;
  MediumInfo info_;
  std::size_t frame_limit_;
  BlockPool pool_;
  std::unique_ptr<FdLine> line_;
  bool up_ = false;
  bool over_ = false;
  bool wants_writable_ = false;
  Millis reopen_at_ = Millis::never();
  std::string state_ = "not opened yet";
  std::optional<std::string> failing_;
  InterfaceStatus past_;  // counters of lines that are gone, and of frames
};

}  // namespace mehr::linux_port
