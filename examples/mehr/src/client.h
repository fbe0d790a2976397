// A conversation with mehrd over its unix socket: one JSON object per line, each way.
//
// Place: examples/mehr. Blocking; one thread. Failure: `Failure` carries the exit code of the
// program and one sentence for people.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <tl/expected.hpp>

namespace mehr::cli {

using Json = nlohmann::ordered_json;

/// What the program ends with. Documented in docs/daemon.md and `mehr --help`.
namespace exit_code {
inline constexpr int kGood = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;
inline constexpr int kNoDaemon = 3;
inline constexpr int kTransferFailed = 4;
}  // namespace exit_code

struct Failure {
  int exit = exit_code::kFailed;
  std::string message;
};
template <class T>
using OrFailure = tl::expected<T, Failure>;

class Client {
 public:
  static OrFailure<Client> connect(const std::string& socket);
  ~Client();
  Client(Client&& other) noexcept;
  Client& operator=(Client&&) = delete;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Sends one request and waits for its result; @p event hears what comes before.
  OrFailure<Json> call(const std::string& method, const Json& params,
                       const std::function<void(const Json&)>& event = {});

 private:
  Client(int fd, std::string socket) : fd_(fd), socket_(std::move(socket)) {}
  OrFailure<std::string> read_line();

  int fd_;
  std::string socket_;
  std::string received_;
};

}  // namespace mehr::cli
