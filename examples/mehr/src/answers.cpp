#include "answers.h"

#include "mehr/common/text.h"

namespace mehr::cli {

void print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

void print_json(const Json& json) {
  print(json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

void print_property(const char* title, const std::string& value) {
  std::printf("%-12s %s\n", title, common::printable(value).c_str());
}

OrFailure<Json> ask(const Options& options, const char* method, const Json& params) {
  auto client = Client::connect(options.socket);
  if (!client) return tl::unexpected(client.error());
  return client->call(method, params);
}

std::string text(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::uint64_t number(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? found->get<std::uint64_t>() : 0;
}

bool known(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && !found->is_null();
}

bool flag(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

std::string bytes(std::uint64_t n) { return common::human_bytes(static_cast<double>(n)); }

std::string id(const Options& options, const std::string& hex) {
  constexpr std::size_t kShortId = 12;
  return options.wide ? hex : hex.substr(0, kShortId);
}

}  // namespace mehr::cli
