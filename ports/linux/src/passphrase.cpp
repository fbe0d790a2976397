#include "mehr/linux/passphrase.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <termios.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "descriptor.h"

namespace mehr::linux_port {
namespace {

using Buffer = Secret<l2::Passphrase::kLongest + 2>;

tl::unexpected<std::string> trouble(const std::string& what) { return tl::unexpected(what); }

OrMessage<l2::Passphrase> without_line_end(ByteView bytes, const std::string& where) {
  if (!bytes.empty() && bytes.back() == '\n') bytes = bytes.first(bytes.size() - 1);
  if (!bytes.empty() && bytes.back() == '\r') bytes = bytes.first(bytes.size() - 1);
  auto out = l2::Passphrase::of(bytes);
  if (!out) return trouble(fmt::format("{}: {}", where, out.error().text));
  return std::move(*out);
}

// Everything up to the end of input, or of the line where @p one_line.
OrMessage<l2::Passphrase> read_from(int fd, const std::string& where, bool one_line) {
  Buffer buffer;
  const auto out = buffer.expose_mutable();
  std::size_t size = 0;
  while (size < out.size()) {
    const ssize_t n = ::read(fd, out.data() + size, one_line ? 1 : out.size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      return trouble(
          fmt::format("cannot read the passphrase from {}: {}", where, std::strerror(errno)));
    }
    if (n == 0) break;
    size += static_cast<std::size_t>(n);
    if (one_line && out[size - 1] == '\n') break;
  }
  return without_line_end(ByteView(out).first(size), where);
}

/// The terminal without echo, for as long as this lives. Signals that would end the program with
/// the echo off wait until it is on again.
class Quiet {
 public:
  explicit Quiet(int fd) : fd_(fd) {
    sigset_t held;
    sigemptyset(&held);
    for (const int s : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP}) sigaddset(&held, s);
    ::sigprocmask(SIG_BLOCK, &held, &before_);
    if (::tcgetattr(fd_, &old_) != 0) return;
    termios quiet = old_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    // Interrupting ends the question: without ISIG the key arrives as a byte.
    quiet.c_lflag &= ~static_cast<tcflag_t>(ISIG);
    changed_ = ::tcsetattr(fd_, TCSAFLUSH, &quiet) == 0;
  }
  ~Quiet() {
    if (changed_) ::tcsetattr(fd_, TCSAFLUSH, &old_);
    ::sigprocmask(SIG_SETMASK, &before_, nullptr);
  }
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;
  [[nodiscard]] bool works() const { return changed_; }

 private:
  int fd_;
  termios old_{};
  sigset_t before_{};
  bool changed_ = false;
};

void say(int fd, const std::string& text) {
  [[maybe_unused]] const ssize_t n = ::write(fd, text.data(), text.size());
}

bool was_interrupted(const l2::Passphrase& typed) {
  constexpr std::uint8_t kInterrupt = 3;
  const ByteView bytes = typed.expose();
  return std::find(bytes.begin(), bytes.end(), kInterrupt) != bytes.end();
}

}  // namespace

OrMessage<std::optional<l2::Passphrase>> given_passphrase(std::optional<int> descriptor) {
  if (descriptor) {
    auto read = read_from(*descriptor, fmt::format("file descriptor {}", *descriptor), true);
    if (!read) return trouble(read.error());
    return std::optional(std::move(*read));
  }
  const char* const directory = std::getenv("CREDENTIALS_DIRECTORY");
  if (directory == nullptr || *directory == '\0') return std::optional<l2::Passphrase>{};
  const std::string path = fmt::format("{}/{}", directory, kPassphraseCredential);
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file.is_open() && errno == ENOENT) return std::optional<l2::Passphrase>{};
  if (!file.is_open()) {
    return trouble(fmt::format("cannot read the credential {}: {}", path, std::strerror(errno)));
  }
  auto read = read_from(file.get(), path, false);
  if (!read) return trouble(read.error());
  return std::optional(std::move(*read));
}

bool can_prompt() {
  const Descriptor terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
  // In the background a question would stop the program for good.
  return terminal.is_open() && ::isatty(STDIN_FILENO) == 1 &&
         ::tcgetpgrp(terminal.get()) == ::getpgrp();
}

OrMessage<l2::Passphrase> prompt_passphrase(const std::string& question) {
  const Descriptor terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
  if (!terminal.is_open()) {
    return trouble(fmt::format("there is no terminal to ask on: {}", std::strerror(errno)));
  }
  const Quiet quiet(terminal.get());
  if (!quiet.works()) return trouble("the terminal's echo cannot be turned off");
  say(terminal.get(), question + ": ");
  auto typed = read_from(terminal.get(), "the terminal", true);
  say(terminal.get(), "\n");
  if (typed && was_interrupted(*typed)) return trouble("interrupted");
  return typed;
}

OrMessage<l2::Passphrase> prompt_new_passphrase(const std::string& question) {
  auto first = prompt_passphrase(question);
  if (!first) return first;
  if (first->empty()) return trouble("the passphrase is empty; nothing was made");
  const auto second = prompt_passphrase("once more");
  if (!second) return trouble(second.error());
  if (!first->equals(*second)) return trouble("the two passphrases differ; nothing was made");
  return first;
}

}  // namespace mehr::linux_port
