// The unix socket that local programs talk to: lines in, lines out.
//
// Place: examples/mehrd, on the node's own loop; knows bytes and lines, not what they say. Seam:
// LineHandler. Shapes: UTF-8 lines ended by \n. The socket file has mode 0600.
// Machine of a client: open -> gone, by its end, an error, a line over the limit or `drop`.
// Bounds: 32 clients, further ones are told so and closed; 64 KiB per request line; a client that
// lets 1 MiB of answers wait is dropped at the next one, so one answer may be longer.
// Failure: `listen` answers one sentence. A socket file that a crashed daemon left is replaced; one
// that somebody answers on is not. Threads: the loop's.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "mehr/linux/log.h"
#include "mehr/linux/loop.h"

namespace mehr::daemon {

using ClientId = std::uint64_t;

class LineHandler {
 public:
  virtual ~LineHandler() = default;
  /// One line without its end, never empty. May call `send` and `drop`.
  virtual void on_line(ClientId client, std::string_view line) = 0;
  virtual void on_too_long(ClientId client) = 0;  ///< the client is dropped afterwards
  virtual void on_gone(ClientId client) = 0;
};

class ApiServer {
 public:
  static constexpr std::size_t kMostClients = 32;
  static constexpr std::size_t kLongestLine = 64 * 1024;
  static constexpr std::size_t kMostWaiting = 1024 * 1024;

  static linux_port::OrMessage<std::unique_ptr<ApiServer>> listen(linux_port::Loop& loop,
                                                                  const std::string& path,
                                                                  LineHandler& handler);
  /// Ends every client without a word to the handler and removes the socket file.
  ~ApiServer();
  ApiServer(const ApiServer&) = delete;
  ApiServer& operator=(const ApiServer&) = delete;

  /// Queues @p line and its end; ignored when the client is gone.
  void send(ClientId client, std::string line);
  /// Ends @p client; what is queued is not waited for.
  void drop(ClientId client);

 private:
  struct Listener;
  struct Client;
  ApiServer(linux_port::Loop& loop, std::string path, LineHandler& handler);
  void accept();
  void feed(Client& client, std::string_view bytes);
  void end(ClientId id, bool tell);

  linux_port::Loop& loop_;
  std::string path_;
  LineHandler& handler_;
  Listener* listener_ = nullptr;
  ClientId last_id_ = 0;
  std::map<ClientId, Client*> clients_;  // each goes in its close callback
};

}  // namespace mehr::daemon
