#include "log.h"

#include <spdlog/async.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <nlohmann/json.hpp>

#include "mehr/common/text.h"

namespace mehr::daemon {
namespace {

constexpr std::size_t kQueuedLines = 8192;

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::trace:
      return spdlog::level::trace;
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warning:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

bool plain(std::string_view text) {
  return !text.empty() && text.find_first_of(" \t\"=\\") == text.npos &&
         common::printable(text) == text;
}

std::string json_text(std::string_view text) {
  return nlohmann::json(std::string(text))
      .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string text_line(std::string_view event, std::initializer_list<Field> fields) {
  std::string line(event);
  for (const Field& f : fields) {
    line.append(" ").append(f.key).append("=");
    if (!f.quoted || plain(f.value)) {
      line += f.value;
    } else {
      line.append("\"").append(common::printable(f.value)).append("\"");
    }
  }
  return line;
}

std::string json_line(std::string_view event, std::initializer_list<Field> fields) {
  std::string line = "\"event\":" + json_text(event);
  for (const Field& f : fields) {
    line += "," + json_text(f.key) + ":" + (f.quoted ? json_text(f.value) : f.value);
  }
  return line;
}

}  // namespace

Field::Field(std::string_view k, const NodeId& v) : key(k), value(common::to_text(v)) {}

struct Log::Impl {
  std::shared_ptr<spdlog::async_logger> logger;
};

Log::Log(Level level, LogFormat format)
    : level_(level), format_(format), impl_(std::make_unique<Impl>()) {
  spdlog::init_thread_pool(kQueuedLines, 1);
  spdlog::sink_ptr sink;
  if (format == LogFormat::json) {
    sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    sink->set_pattern(R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l",%v})");
  } else {
    sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
    sink->set_pattern("%Y-%m-%d %H:%M:%S.%e %^%l%$ %v");
  }
  impl_->logger =
      std::make_shared<spdlog::async_logger>("mehrd", std::move(sink), spdlog::thread_pool(),
                                             spdlog::async_overflow_policy::overrun_oldest);
  impl_->logger->set_level(to_spdlog(level));
}

Log::~Log() {
  spdlog::shutdown();  // its thread writes the rest and ends, and only then the logger goes
  impl_.reset();
}

void Log::write(Level level, std::string_view event, std::initializer_list<Field> fields) {
  if (!wants(level)) return;
  impl_->logger->log(to_spdlog(level), format_ == LogFormat::json ? json_line(event, fields)
                                                                  : text_line(event, fields));
}

std::optional<std::uint64_t> RateGate::pass(std::string_view reason, Millis now) {
  State& state = states_[reason];
  if (now < state.open_at) {
    ++state.held_back;
    return std::nullopt;
  }
  const std::uint64_t held_back = state.held_back;
  state = {now + Millis::seconds(1), 0};
  return held_back;
}

}  // namespace mehr::daemon
