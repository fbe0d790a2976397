// What the daemon answers, asked for and read by commands.
//
// Place: examples/mehr, between client.h and the commands. A number or a text that is missing reads
// as 0 or as nothing: an older daemon leaves cells empty, it does not break a table.
#pragma once

#include <cstdio>
#include <string>

#include "client.h"
#include "commands.h"

namespace mehr::cli {

void print(const std::string& text);
void print_json(const Json& json);
/// One line of a list of properties.
void print_property(const char* title, const std::string& value);

/// One request and its result.
OrFailure<Json> ask(const Options& options, const char* method,
                    const Json& params = Json::object());
/// Asks, shows JSON when wanted, else calls @p show with the answer; the exit code.
template <class Show>
int ask_and_show(const Options& options, const char* method, const Show& show) {
  const auto answer = ask(options, method);
  if (!answer) return complain(answer.error().exit, answer.error().message);
  if (options.json) {
    print_json(*answer);
  } else {
    show(*answer);
  }
  return exit_code::kGood;
}

[[nodiscard]] std::string text(const Json& object, const char* key);
[[nodiscard]] std::uint64_t number(const Json& object, const char* key);
/// True when the daemon knows @p key: it is there and not null.
[[nodiscard]] bool known(const Json& object, const char* key);
[[nodiscard]] bool flag(const Json& object, const char* key);
/// "1.5 MB".
[[nodiscard]] std::string bytes(std::uint64_t n);
/// A NodeID's first digits; all of them with --wide.
[[nodiscard]] std::string id(const Options& options, const std::string& hex);

}  // namespace mehr::cli
