// `mehr send`: asks the daemon to send a file and shows how far it is.
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>

#include "client.h"
#include "commands.h"
#include "mehr/common/text.h"

namespace mehr::cli {
namespace {

std::string bytes(double n) { return common::human_bytes(n); }
double number(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? found->get<double>() : 0;
}

/// One line that is drawn over and over on a terminal; plain lines at each tenth elsewhere.
class Progress {
 public:
  Progress(bool wanted, bool terminal) : wanted_(wanted), terminal_(terminal) {}
  void show(const Json& transfer);
  void end();

 private:
  using Clock = std::chrono::steady_clock;
  [[nodiscard]] std::string line(const Json& transfer, bool with_bar) const;
  void measure(const Json& transfer);

  bool wanted_;
  bool terminal_;
  bool drawn_ = false;
  std::string told_;
  Clock::time_point measured_at_ = Clock::now();
  double measured_bytes_ = 0;
  double rate_ = 0;  // bytes per second, of the last moments
};

// The rate of late, so that an outage does not spoil the guess of what is left.
void Progress::measure(const Json& t) {
  const double done = number(t, "bytes_done");
  const double seconds = std::chrono::duration<double>(Clock::now() - measured_at_).count();
  if (done <= measured_bytes_ || seconds <= 0) {
    measured_at_ = Clock::now();  // nothing came: the time does not count
    return;
  }
  const double now = (done - measured_bytes_) / seconds;
  rate_ = rate_ > 0 ? 0.7 * rate_ + 0.3 * now : now;
  measured_bytes_ = done;
  measured_at_ = Clock::now();
}

std::string Progress::line(const Json& t, bool with_bar) const {
  constexpr std::size_t kBar = 30;
  const double size = number(t, "size");
  const double done = number(t, "bytes_done");
  const double part = size > 0 ? done / size : 0;
  std::string out;
  if (with_bar) {
    const auto full = static_cast<std::size_t>(part * static_cast<double>(kBar));
    out += "[" + std::string(full, '#') + std::string(kBar - full, '.') + "] ";
  }
  std::array<char, 16> digits{};
  std::snprintf(digits.data(), digits.size(), "%3d %%  ", static_cast<int>(part * 100));
  out += digits.data() + bytes(done) + " of " + bytes(size);
  const std::string state = t.value("state", std::string());
  if (state == "sending" && rate_ > 1) {
    const double left = (size - done) / rate_ * 1000;
    out += "  " + bytes(rate_) + "/s  " + common::human_time(static_cast<std::uint64_t>(left)) +
           " left";
  } else {
    out += "  " + state;
  }
  const std::string why = t.value("error", std::string());
  return why.empty() ? out : out + " (" + why + ")";
}

void Progress::show(const Json& t) {
  if (!wanted_) return;
  measure(t);
  if (terminal_) {
    std::string text = common::printable(line(t, true));
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1) {
      // A line that wraps cannot be drawn over.
      text.resize(std::min<std::size_t>(text.size(), size.ws_col - 1U));
    }
    std::printf("\r\033[K%s", text.c_str());
    drawn_ = true;
  } else {
    const int tenth = number(t, "size") > 0
                          ? static_cast<int>(number(t, "bytes_done") * 10 / number(t, "size"))
                          : 0;
    std::string now = t.value("state", std::string()) + std::to_string(tenth);
    if (now == told_) return;
    told_ = std::move(now);
    std::printf("%s\n", common::printable(line(t, false)).c_str());
  }
  std::fflush(stdout);
}

void Progress::end() {
  if (drawn_) std::printf("\r\033[K");
  drawn_ = false;
}

void tell_done(const Json& t) {
  const double ms = std::max(number(t, "elapsed_ms"), 1.0);
  std::printf("sent %s (%s) to %s in %s, %s/s\nblake3 %s\n",
              common::printable(t.value("name", std::string())).c_str(),
              bytes(number(t, "size")).c_str(), t.value("peer", std::string()).c_str(),
              common::human_time(static_cast<std::uint64_t>(ms)).c_str(),
              bytes(number(t, "size") * 1000 / ms).c_str(),
              t.value("blake3", std::string()).c_str());
}

}  // namespace

int send_file(const Options& options, const SendOptions& what) {
  std::error_code failed;
  const std::filesystem::path path = std::filesystem::absolute(what.path, failed);
  if (failed) return complain(exit_code::kUsage, what.path + ": " + failed.message());
  auto client = Client::connect(options.socket);
  if (!client) return complain(client.error().exit, client.error().message);

  Json params{{"node", what.node}, {"path", path.string()}};
  if (!what.name.empty()) params["name"] = what.name;
  if (what.no_wait) params["wait"] = false;
  const bool terminal = ::isatty(STDOUT_FILENO) == 1;
  Progress progress(!options.json && (terminal || what.progress), terminal);
  const auto answer = client->call("send", params, [&progress](const Json& event) {
    if (event.contains("transfer")) progress.show(event["transfer"]);
  });
  progress.end();
  if (!answer) return complain(answer.error().exit, answer.error().message);
  if (options.json) {
    std::printf("%s\n", answer->dump(2, ' ', false, Json::error_handler_t::replace).c_str());
  } else if (what.no_wait) {
    std::printf("transfer %d; mehr transfers shows it\n",
                static_cast<int>(number(*answer, "transfer")));
  } else {
    tell_done(*answer);
  }
  return exit_code::kGood;
}

}  // namespace mehr::cli
