#include "api_server.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <uv.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <gsl/util>
#include <vector>

namespace mehr::daemon {
namespace {

constexpr std::string_view kTooMany =
    R"({"id":null,"error":{"code":"busy","message":"too many programs talk to mehrd; try again"}})";

// True when a program accepts connections on the socket file @p path.
bool somebody_answers(const std::string& path) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  const auto closing = gsl::finally([fd] { ::close(fd); });
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

// Makes room for a socket file at @p path, or says why not.
linux_port::OrMessage<void> clear_path(const std::string& path) {
  if (path.size() >= sizeof(sockaddr_un::sun_path)) {
    return tl::unexpected(
        fmt::format("the socket path {} has {} bytes; at most {} are possible, set another with "
                    "socket = \"...\"",
                    path, path.size(), sizeof(sockaddr_un::sun_path) - 1));
  }
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return {};
  if (!S_ISSOCK(info.st_mode)) {
    return tl::unexpected(
        fmt::format("{} exists and is not a socket; move it away or set another socket", path));
  }
  if (somebody_answers(path)) {
    return tl::unexpected(fmt::format(
        "another program answers on the socket {}; stop it or set another socket", path));
  }
  ::unlink(path.c_str());
  return {};
}

/// One line on its way out; deletes itself.
struct Write {
  uv_write_t request{};
  std::string bytes;
};

}  // namespace

struct ApiServer::Listener {
  uv_pipe_t pipe{};
  ApiServer* server = nullptr;
};

struct ApiServer::Client {
  uv_pipe_t pipe{};
  ApiServer* server = nullptr;  // null: closing
  ClientId id = 0;
  std::string line;  // received without an end yet
  std::array<char, 16 * 1024> buffer{};

  [[nodiscard]] uv_stream_t* stream() { return reinterpret_cast<uv_stream_t*>(&pipe); }
  void close() {
    server = nullptr;
    uv_close(reinterpret_cast<uv_handle_t*>(&pipe),
             [](uv_handle_t* handle) { delete static_cast<Client*>(handle->data); });
  }
};

ApiServer::ApiServer(linux_port::Loop& loop, std::string path, LineHandler& handler)
    : loop_(loop), path_(std::move(path)), handler_(handler) {}

linux_port::OrMessage<std::unique_ptr<ApiServer>> ApiServer::listen(linux_port::Loop& loop,
                                                                    const std::string& path,
                                                                    LineHandler& handler) {
  if (auto clear = clear_path(path); !clear) return tl::unexpected(clear.error());
  std::unique_ptr<ApiServer> server(new ApiServer(loop, path, handler));
  server->listener_ = new Listener;
  Listener& l = *server->listener_;
  l.server = server.get();
  uv_pipe_init(loop.uv(), &l.pipe, 0);
  l.pipe.data = &l;
  // Nobody else may connect, not even between the two calls.
  const mode_t old = ::umask(0177);
  const int bound = uv_pipe_bind(&l.pipe, path.c_str());
  ::umask(old);
  int code = bound;
  if (code == 0) {
    code = uv_listen(reinterpret_cast<uv_stream_t*>(&l.pipe), 128, [](uv_stream_t* s, int status) {
      auto* const self = static_cast<Listener*>(s->data);
      if (status == 0 && self->server != nullptr) self->server->accept();
    });
  }
  if (bound != 0) server->path_.clear();  // not ours to remove
  if (code != 0) {
    return tl::unexpected(fmt::format("cannot listen on the socket {}: {}; set another socket",
                                      path, uv_strerror(code)));
  }
  return server;
}

ApiServer::~ApiServer() {
  while (!clients_.empty()) end(clients_.begin()->first, false);
  if (listener_ != nullptr) {
    listener_->server = nullptr;
    uv_close(reinterpret_cast<uv_handle_t*>(&listener_->pipe),
             [](uv_handle_t* handle) { delete static_cast<Listener*>(handle->data); });
  }
  if (!path_.empty()) ::unlink(path_.c_str());
}

void ApiServer::accept() {
  auto* const client = new Client;
  uv_pipe_init(loop_.uv(), &client->pipe, 0);
  client->pipe.data = client;
  if (uv_accept(reinterpret_cast<uv_stream_t*>(&listener_->pipe), client->stream()) != 0) {
    return client->close();
  }
  client->id = ++last_id_;
  client->server = this;
  clients_.emplace(client->id, client);
  if (clients_.size() > kMostClients) {
    std::string words = std::string(kTooMany) + "\n";
    uv_buf_t buffer = uv_buf_init(words.data(), static_cast<unsigned>(words.size()));
    uv_try_write(client->stream(), &buffer, 1);
    return end(client->id, false);
  }
  uv_read_start(
      client->stream(),
      [](uv_handle_t* handle, std::size_t, uv_buf_t* out) {
        auto* const self = static_cast<Client*>(handle->data);
        *out = uv_buf_init(self->buffer.data(), static_cast<unsigned>(self->buffer.size()));
      },
      [](uv_stream_t* stream, ssize_t n, const uv_buf_t* buffer) {
        auto* const self = static_cast<Client*>(stream->data);
        if (self->server == nullptr || n == 0) return;
        if (n < 0) return self->server->end(self->id, true);
        self->server->feed(*self, {buffer->base, static_cast<std::size_t>(n)});
      });
}

void ApiServer::feed(Client& client, std::string_view bytes) {
  // The handler may drop the client: it is looked up again after each line.
  const ClientId id = client.id;
  while (!bytes.empty()) {
    const auto found = clients_.find(id);
    if (found == clients_.end()) return;
    std::string& line = found->second->line;
    const std::size_t end_at = bytes.find('\n');
    line.append(bytes.substr(0, end_at));
    if (line.size() > kLongestLine) {
      handler_.on_too_long(id);
      return end(id, true);
    }
    if (end_at == bytes.npos) return;
    bytes.remove_prefix(end_at + 1);
    const std::string whole = std::exchange(line, {});
    if (whole.find_first_not_of(" \t\r") != whole.npos) handler_.on_line(id, whole);
  }
}

void ApiServer::send(ClientId id, std::string line) {
  const auto found = clients_.find(id);
  if (found == clients_.end()) return;
  Client& client = *found->second;
  // One answer may be longer than the limit; a full inbox is. What counts is what was left unread.
  if (uv_stream_get_write_queue_size(client.stream()) > kMostWaiting) {
    return end(id, true);
  }
  auto* const write = new Write;
  write->bytes = std::move(line);
  write->bytes += '\n';
  write->request.data = write;
  const uv_buf_t buffer =
      uv_buf_init(write->bytes.data(), static_cast<unsigned>(write->bytes.size()));
  const int code =
      uv_write(&write->request, client.stream(), &buffer, 1,
               [](uv_write_t* request, int) { delete static_cast<Write*>(request->data); });
  if (code != 0) {
    delete write;
    end(id, true);
  }
}

void ApiServer::drop(ClientId client) { end(client, true); }

void ApiServer::end(ClientId id, bool tell) {
  const auto found = clients_.find(id);
  if (found == clients_.end()) return;
  Client* const client = found->second;
  clients_.erase(found);
  client->close();
  if (tell) handler_.on_gone(id);
}

}  // namespace mehr::daemon
