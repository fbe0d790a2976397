#include "children.h"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>

namespace mehr::sim_cli {
namespace {

void write_all(int to, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(to, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

[[noreturn]] void be_child(int to, const std::function<std::string()>& task) {
  int code = 0;
  try {
    write_all(to, task());
  } catch (const std::exception& e) {
    std::fprintf(stderr, "mehr-sim: %s\n", e.what());
    code = 1;
  }
  std::fflush(stderr);
  ::_exit(code);  // what the parent had buffered is the parent's to write
}

}  // namespace

std::string Children::Ended::how() const {
  if (WIFSIGNALED(status)) return "ended by signal " + std::to_string(WTERMSIG(status));
  return "ended with code " + std::to_string(WEXITSTATUS(status));
}

Children::~Children() {
  for (Child& child : running_) {
    ::kill(child.pid, SIGKILL);
    ::close(child.pipe);
    ::waitpid(child.pid, nullptr, 0);
  }
}

bool Children::start(std::uint64_t name, const std::function<std::string()>& task) {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) return false;
  std::fflush(nullptr);
  const pid_t pid = ::fork();
  if (pid < 0) {
    ::close(ends[0]);
    ::close(ends[1]);
    return false;
  }
  if (pid == 0) {
    ::close(ends[0]);
    for (const Child& child : running_) ::close(child.pipe);
    be_child(ends[1], task);
  }
  ::close(ends[1]);
  running_.push_back({name, pid, ends[0], {}});
  return true;
}

std::optional<Children::Ended> Children::wait() {
  std::vector<pollfd> watched;
  while (!running_.empty()) {
    watched.clear();
    for (const Child& child : running_) watched.push_back({child.pipe, POLLIN, 0});
    if (::poll(watched.data(), watched.size(), -1) < 0) return std::nullopt;
    for (std::size_t i = 0; i < watched.size(); ++i) {
      if (watched[i].revents == 0) continue;
      Child& child = running_[i];
      std::array<char, 4096> room{};
      const ssize_t n = ::read(child.pipe, room.data(), room.size());
      if (n > 0) child.text.append(room.data(), static_cast<std::size_t>(n));
      if (n > 0 || (n < 0 && errno == EINTR)) continue;
      Ended out;
      out.name = child.name;
      out.text = std::move(child.text);
      ::close(child.pipe);
      ::wait4(child.pid, &out.status, 0, &out.used);
      running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(i));
      return out;
    }
  }
  return std::nullopt;
}

}  // namespace mehr::sim_cli
