#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <functional>
#include <span>
#include <utility>

#include "descriptor.h"
#include "framed_line.h"

namespace mehr::linux_port {
namespace {

constexpr std::size_t kLongestLine = 512;

/// What a program says on standard error, one line at a time; the rest of a line that is too long
/// is left out. `end` frees it, by itself when the program has closed its end.
class ErrorReader {
 public:
  using Line = std::function<void(const std::string&)>;
  ErrorReader(Loop& loop, Descriptor fd, Line line, std::function<void()> over)
      : fd_(std::move(fd)), line_(std::move(line)), over_(std::move(over)) {
    ::fcntl(fd_.get(), F_SETFL, O_NONBLOCK);
    uv_poll_init(loop.uv(), &poll_, fd_.get());
    poll_.data = this;
    uv_poll_start(&poll_, UV_READABLE | UV_DISCONNECT,
                  [](uv_poll_t* p, int, int) { static_cast<ErrorReader*>(p->data)->read(); });
  }
  void end() {
    uv_close(reinterpret_cast<uv_handle_t*>(&poll_),
             [](uv_handle_t* handle) { delete static_cast<ErrorReader*>(handle->data); });
  }

 private:
  void read() {
    std::array<char, 1024> block{};
    const ssize_t n = ::read(fd_.get(), block.data(), block.size());
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) {
      over_();
      end();
      return;
    }
    for (const char c : std::span(block).first(static_cast<std::size_t>(n))) {
      if (c == '\n') {
        if (!text_.empty()) line_(text_);
        text_.clear();
      } else if (text_.size() < kLongestLine) {
        text_ += c;
      }
    }
  }

  Descriptor fd_;
  uv_poll_t poll_{};
  Line line_;
  std::function<void()> over_;
  std::string text_;
};

void free_process(uv_process_t* process) {
  uv_close(reinterpret_cast<uv_handle_t*>(process),
           [](uv_handle_t* handle) { delete reinterpret_cast<uv_process_t*>(handle); });
}

class PipeInterface final : public FramedLine {
 public:
  PipeInterface(Loop& loop, MediumHost& host, const PipeConfig& config, LogSink log)
      : FramedLine(loop, host, config.line, config.command.front(), std::move(log)),
        command_(config.command) {}
  ~PipeInterface() override;
  [[nodiscard]] bool is_idle() const override { return LinePort::is_idle() && process_ == nullptr; }

 private:
  OrMessage<Opened> open_line() override;
  void on_gone() override;

  std::vector<std::string> command_;
  uv_process_t* process_ = nullptr;  // until the program has ended
  ErrorReader* errors_ = nullptr;
};

struct Pipe {
  Descriptor read;
  Descriptor write;
};

bool make_pipe_pair(Pipe& out) {
  std::array<int, 2> fds{};
  if (::pipe2(fds.data(), O_CLOEXEC) != 0) return false;
  out = {Descriptor(fds[0]), Descriptor(fds[1])};
  return true;
}

OrMessage<LinePort::Opened> PipeInterface::open_line() {
  if (process_ != nullptr) {
    uv_process_kill(process_, SIGKILL);  // asked to end five seconds ago
    return tl::unexpected(std::string("the program before has not ended yet"));
  }
  Pipe in;
  Pipe out;
  Pipe err;
  if (!make_pipe_pair(in) || !make_pipe_pair(out) || !make_pipe_pair(err)) {
    return tl::unexpected(fmt::format("cannot make a pipe: {}", std::strerror(errno)));
  }
  std::vector<char*> words;
  for (std::string& word : command_) words.push_back(word.data());
  words.push_back(nullptr);
  std::array<uv_stdio_container_t, 3> stdio{};
  const std::array<int, 3> ends{in.read.get(), out.write.get(), err.write.get()};
  for (std::size_t i = 0; i < stdio.size(); ++i) {
    stdio[i].flags = UV_INHERIT_FD;
    stdio[i].data.fd = ends[i];
  }
  uv_process_options_t options{};
  options.file = words.front();
  options.args = words.data();
  options.stdio = stdio.data();
  options.stdio_count = static_cast<int>(stdio.size());
  options.exit_cb = [](uv_process_t* process, std::int64_t, int) {
    static_cast<PipeInterface*>(process->data)->process_ = nullptr;
    free_process(process);
  };
  process_ = new uv_process_t{};
  process_->data = this;
  if (const int error = uv_spawn(loop().uv(), process_, &options); error != 0) {
    free_process(std::exchange(process_, nullptr));
    return tl::unexpected(
        fmt::format("cannot run {}: {}; check command", command_.front(), uv_strerror(error)));
  }
  errors_ = new ErrorReader(
      loop(), std::move(err.read),
      [this](const std::string& line) { tell(LogLevel::info, "pipe.says", line); },
      [this] { errors_ = nullptr; });
  return Opened{out.read.release(), in.write.release()};
}

void PipeInterface::on_gone() {
  if (errors_ != nullptr) std::exchange(errors_, nullptr)->end();
  if (process_ != nullptr) uv_process_kill(process_, SIGTERM);
}

PipeInterface::~PipeInterface() {
  if (errors_ != nullptr) errors_->end();
  if (process_ == nullptr) return;
  uv_process_kill(process_, SIGKILL);
  free_process(process_);
}

}  // namespace

std::unique_ptr<Interface> make_pipe(Loop& loop, MediumHost& host, const PipeConfig& config,
                                     LogSink log) {
  return std::make_unique<PipeInterface>(loop, host, config, std::move(log));
}

}  // namespace mehr::linux_port
