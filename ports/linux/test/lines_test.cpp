// Serial lines and piped programs as media: frames, vanishing, sentences. spec: L0/4, L0/7
#include <fcntl.h>
#include <pty.h>
#include <termios.h>

#include <array>

#include "../src/airtime_account.h"
#include "mehr/linux/line.h"
#include "support.h"

namespace mehr::linux_port::test {
namespace {

/// One end of a serial line; the other is a device with a name.
struct Pty {
  Pty() {
    std::array<char, 64> name_buffer{};
    REQUIRE(::openpty(&master, &slave, name_buffer.data(), nullptr, nullptr) == 0);
    name = name_buffer.data();
    termios raw{};
    ::cfmakeraw(&raw);
    ::tcsetattr(slave, TCSANOW, &raw);
    ::fcntl(master, F_SETFL, O_NONBLOCK);
  }
  ~Pty() { pull_out(); }
  Pty(const Pty&) = delete;
  Pty& operator=(const Pty&) = delete;
  void pull_out() {
    for (int* const fd : {&master, &slave}) {
      if (*fd >= 0) ::close(std::exchange(*fd, -1));
    }
  }
  void say(const Bytes& bytes) const {
    REQUIRE(::write(master, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  }
  [[nodiscard]] Bytes hear() const {
    Bytes out(4096);
    const ssize_t n = ::read(master, out.data(), out.size());
    out.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return out;
  }
  int master = -1;
  int slave = -1;
  std::string name;
};

LineConfig line(LineFraming framing = LineFraming::hdlc) {
  LineConfig out;
  out.name = "line";
  out.info.stream = false;
  out.info.mtu = Mtu{484};
  out.framing = framing;
  return out;
}

struct World {
  std::unique_ptr<Loop> loop = make_loop();
  FakeHost host;
  std::vector<std::string> said;
  LogSink log = [this](LogLevel, std::string_view event, std::string_view text) {
    said.push_back(std::string(event) + " " + std::string(text));
  };
  bool until(const std::function<bool()>& done) const { return loop->run_until(done, kLong); }
};

TEST_CASE("L0 4: frames go both ways over a serial line, HDLC or KISS, at an odd speed",
          "[linux][line]") {
  World w;
  Pty pty;
  const bool kiss = GENERATE(false, true);
  auto port =
      make_serial(*w.loop, w.host,
                  {line(kiss ? LineFraming::kiss : LineFraming::hdlc), pty.name, 250'000}, w.log);
  CHECK_FALSE(port->status().up);
  port->start();
  REQUIRE(w.host.open.size() == 1);
  CHECK(port->status().up);
  const Bytes frame = kiss ? Bytes{0xC0, 0x00, 0x91, 0xDB, 0xDC, 0x02, 0xC0}
                           : Bytes{0x7E, 0x91, 0x7D, 0x5E, 0x02, 0x7E};
  pty.say(frame);
  REQUIRE(w.until([&] { return w.host.frames == 1; }));
  const Bytes body{0x91, static_cast<std::uint8_t>(kiss ? 0xC0 : 0x7E), 0x02};
  CHECK(w.host.received[0] == body);
  CHECK(w.host.last_source.is_zero());
  REQUIRE(w.host.open[0].medium->send(Remote{}, body));
  Bytes heard;
  REQUIRE(w.until([&] {
    const Bytes more = pty.hear();
    heard.insert(heard.end(), more.begin(), more.end());
    return heard.size() >= frame.size();
  }));
  CHECK(heard == frame);
  CHECK(w.host.open[0].medium->send(Remote{}, Bytes(509)).error().code == Errc::too_big);
  CHECK(port->status().frames_in == 1);
  CHECK(port->status().frames_out == 1);
}

TEST_CASE("L0 7: a serial device that vanishes is an interface down, and comes back",
          "[linux][line]") {
  World w;
  TempDir dir;
  const std::string device = dir.file("tty");
  auto pty = std::make_unique<Pty>();
  std::filesystem::create_symlink(pty->name, device);
  auto port = make_serial(*w.loop, w.host, {line(), device, 115'200}, w.log);
  port->start();
  REQUIRE(w.host.open.size() == 1);
  Medium& medium = *w.host.open[0].medium;
  pty->pull_out();
  REQUIRE(w.until([&] { return w.host.closes == 1; }));
  CHECK_FALSE(port->status().up);
  CHECK(port->status().lost == 1);
  CHECK(medium.send(Remote{}, Bytes{1}).error().code == Errc::io);
  std::filesystem::remove(device);
  pty = std::make_unique<Pty>();
  std::filesystem::create_symlink(pty->name, device);
  REQUIRE(w.until([&] { return w.host.opens == 2; }));
  CHECK(port->status().up);
  port->shut_down();
  REQUIRE(w.until([&] { return port->is_idle(); }));
  CHECK(w.host.closes == 2);
}

TEST_CASE("L0 7: what is wrong with a device is said in a sentence, once", "[linux][line]") {
  World w;
  TempDir dir;
  auto missing = make_serial(*w.loop, w.host, {line(), dir.file("none"), 9600}, w.log);
  missing->start();
  CHECK(missing->status().state.find("No such file") != std::string::npos);
  CHECK(missing->status().state.find("plug the device in") != std::string::npos);
  auto file = make_serial(*w.loop, w.host, {line(), "/dev/null", 9600}, w.log);
  file->start();
  CHECK(file->status().state == "/dev/null is no serial device");
  CHECK(w.said.size() == 2);
  CHECK(w.host.opens == 0);
  (void)w.loop->run_until([] { return false; }, Millis{5'200});
  CHECK(w.said.size() == 2);  // tried again, with nothing new to say
}

TEST_CASE("core medium: a line that takes nothing says full, and writable later", "[linux][line]") {
  World w;
  Pty pty;
  auto port = make_serial(*w.loop, w.host, {line(), pty.name, 115'200}, w.log);
  port->start();
  REQUIRE(w.host.open.size() == 1);
  Medium& medium = *w.host.open[0].medium;
  const Bytes frame(500, 0x42);
  std::size_t taken = 0;
  while (medium.send(Remote{}, frame)) REQUIRE(++taken < 10'000);
  CHECK(medium.send(Remote{}, frame).error().code == Errc::full);
  CHECK(w.host.writable == 0);
  // The system moves bytes between the ends in its own time, and tells nobody.
  for (int turn = 0; turn < 4'000 && w.host.writable == 0; ++turn) {
    (void)pty.hear();
    (void)w.loop->run_until([&] { return w.host.writable == 1; }, Millis{10});
  }
  REQUIRE(w.host.writable == 1);
  CHECK(medium.send(Remote{}, frame).has_value());
  CHECK(port->status().full == 2);
}

TEST_CASE("L0 7: any program carries frames, is heard, and started again", "[linux][line]") {
  World w;
  const std::string script = "echo here I am >&2; exec head -c 6";
  auto port = make_pipe(*w.loop, w.host, {line(), {"sh", "-c", script}}, w.log);
  port->start();
  REQUIRE(w.host.open.size() == 1);
  REQUIRE(w.host.open[0].medium->send(Remote{}, Bytes{0x91, 1, 2, 3}));
  REQUIRE(w.until([&] { return w.host.frames == 1; }));
  CHECK(w.host.received[0] == Bytes{0x91, 1, 2, 3});
  REQUIRE(w.until([&] { return w.host.opens == 2; }));  // it ended, and was started again
  CHECK(w.host.closes == 1);
  const auto says = [&](std::string_view what) {
    return std::any_of(w.said.begin(), w.said.end(),
                       [&](const std::string& s) { return s.find(what) != std::string::npos; });
  };
  CHECK(says("pipe.says line (sh): here I am"));
  port->shut_down();
  REQUIRE(w.until([&] { return port->is_idle(); }));
}

TEST_CASE("L0 7: a program that cannot be run is a sentence", "[linux][line]") {
  World w;
  auto port = make_pipe(*w.loop, w.host, {line(), {"/no/such/program"}}, w.log);
  port->start();
  CHECK(port->status().state.find("cannot run /no/such/program") != std::string::npos);
  CHECK(w.host.opens == 0);
}

TEST_CASE("HW property 7: no hour holds more airtime than its share", "[linux][line]") {
  AirtimeAccount account(0.01);
  constexpr std::uint64_t kFrame = 400'000'000;  // 0.4 s
  std::vector<std::uint64_t> spoken;             // when, in ms
  Millis now{0};
  for (; now < Millis::seconds(4 * 3600); now = now + Millis{137}) {
    if (!account.fits(kFrame, now)) continue;
    account.book(kFrame, now);
    spoken.push_back(now.count);
  }
  CHECK(spoken.size() > 300);
  for (std::size_t i = 0, first = 0; i < spoken.size(); ++i) {
    while (spoken[i] - spoken[first] >= 3'600'000) ++first;
    REQUIRE((i - first + 1) * kFrame <= 36'000'000'000);
  }
  CHECK(account.used_share(now) <= 0.01);
  CHECK(account.used_share(now + Millis::seconds(2 * 3600)) == 0);
  AirtimeAccount free(1.0);
  CHECK(free.fits(AirtimeAccount::kHourNs * 2, now));
}

}  // namespace
}  // namespace mehr::linux_port::test
