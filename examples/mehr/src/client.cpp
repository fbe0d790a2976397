#include "client.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

// As in ports/linux/src/loop.cpp: no program with a socket has the simulator's stand-in cipher.
extern "C" {
extern const char mehr_real_crypto_only_programs_open_sockets[];
[[gnu::used]] const char mehr_real_crypto_only_programs_open_sockets[] = "and this one may";
}

namespace mehr::cli {
namespace {

tl::unexpected<Failure> no_daemon(const std::string& socket, int error) {
  if (error == EACCES || error == EPERM) {
    return tl::unexpected(Failure{
        exit_code::kNoDaemon,
        "you may not use the socket " + socket + "; run mehr as the user that mehrd runs as"});
  }
  return tl::unexpected(
      Failure{exit_code::kNoDaemon, "no mehrd answers on " + socket +
                                        "; start one with: mehrd --config FILE, or name its socket "
                                        "with --socket or --data-dir"});
}

int exit_of(const std::string& code) {
  if (code == "transfer_failed") return exit_code::kTransferFailed;
  if (code == "bad_params" || code == "ambiguous") return exit_code::kUsage;
  return exit_code::kFailed;
}

}  // namespace

OrFailure<Client> Client::connect(const std::string& socket) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket.empty() || socket.size() >= sizeof address.sun_path) {
    return tl::unexpected(
        Failure{exit_code::kUsage, "the socket path has 1 to 107 bytes: " + socket});
  }
  socket.copy(address.sun_path, sizeof address.sun_path - 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return no_daemon(socket, errno);
  Client client(fd, socket);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return no_daemon(socket, errno);
  }
  return client;
}

Client::~Client() {
  if (fd_ >= 0) ::close(fd_);
}

Client::Client(Client&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      socket_(std::move(other.socket_)),
      received_(std::move(other.received_)) {}

OrFailure<std::string> Client::read_line() {
  for (;;) {
    if (const std::size_t end = received_.find('\n'); end != std::string::npos) {
      std::string line = received_.substr(0, end);
      received_.erase(0, end + 1);
      return line;
    }
    std::array<char, 64 * 1024> block{};
    const ssize_t n = ::recv(fd_, block.data(), block.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      return tl::unexpected(Failure{exit_code::kNoDaemon,
                                    "the mehrd on " + socket_ + " went away before it answered"});
    }
    received_.append(block.data(), static_cast<std::size_t>(n));
  }
}

OrFailure<Json> Client::call(const std::string& method, const Json& params,
                             const std::function<void(const Json&)>& event) {
  const Json request{{"id", 1}, {"method", method}, {"params", params}};
  const std::string line = request.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  std::size_t sent = 0;
  while (sent < line.size()) {
    const ssize_t n = ::send(fd_, line.data() + sent, line.size() - sent, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;  // the answer, if any, says why
    sent += static_cast<std::size_t>(n);
  }
  for (;;) {
    const auto answer = read_line();
    if (!answer) return tl::unexpected(answer.error());
    const Json json = Json::parse(*answer, nullptr, false);
    if (!json.is_object()) {
      return tl::unexpected(
          Failure{exit_code::kFailed, "what answers on " + socket_ + " is not a mehrd"});
    }
    if (json.contains("event")) {
      if (event) event(json["event"]);
    } else if (json.contains("result")) {
      return json["result"];
    } else {
      const Json error = json.value("error", Json::object());
      return tl::unexpected(Failure{exit_of(error.value("code", std::string())),
                                    error.value("message", std::string("the daemon refused"))});
    }
  }
}

}  // namespace mehr::cli
