// An RNode brought up over its line, and what may go wrong with that. spec: L0/4, L0/7
#include <rapidcheck/catch.h>

#include <catch2/catch.hpp>

#include "mehr/l0/rnode.h"

namespace mehr::l0::rnode {
namespace {

constexpr Settings kGood{867'200'000, 125'000, 8, 5, 7};

Radio::Actions tell(Radio& radio, std::uint8_t type, Bytes body, Millis now = Millis{100}) {
  return radio.on_received({type, body}, now);
}

const char* failure(const Radio::Actions& actions) {
  for (const auto& action : actions) {
    if (const auto* failed = std::get_if<Radio::Failed>(&action)) return failed->why.text;
  }
  return "";
}

/// A radio that was found and sent its settings.
Radio configuring(const Settings& settings = kGood) {
  Radio radio(settings);
  CHECK(radio.start(Millis{0}).size() == 4);
  CHECK(tell(radio, command::kDetect, {0x46}).empty());
  const auto sent = tell(radio, command::kFirmware, {1, 74});
  REQUIRE(sent.size() == 6);
  const auto& frequency = std::get<Radio::Send>(sent[0]);
  CHECK(frequency.type == command::kFrequency);
  CHECK(same_bytes(frequency.body(), Bytes{0x33, 0xB0, 0x6C, 0x00}));
  return radio;
}

Radio up() {
  Radio radio = configuring();
  CHECK(tell(radio, command::kFrequency, {0x33, 0xB0, 0x6C, 0x00}).empty());
  CHECK(tell(radio, command::kBandwidth, {0x00, 0x01, 0xE8, 0x48}).empty());
  CHECK(tell(radio, command::kTxPower, {7}).empty());
  CHECK(tell(radio, command::kSpreadingFactor, {8}).empty());
  CHECK(tell(radio, command::kCodingRate, {5}).empty());
  CHECK_FALSE(radio.is_up());
  const auto last = tell(radio, command::kRadioState, {1});
  REQUIRE(last.size() == 1);
  CHECK(std::holds_alternative<Radio::Up>(last[0]));
  CHECK(radio.is_up());
  CHECK(radio.next_deadline() == Millis::never());
  return radio;
}

TEST_CASE("L0 4: a radio is up once it took every setting", "[l0][rnode]") { up(); }

TEST_CASE("L0 4: a frame comes with what was measured of it, once", "[l0][rnode]") {
  Radio radio = up();
  CHECK(tell(radio, command::kStatRssi, {77}).empty());
  CHECK(tell(radio, command::kStatSnr, {0xEC}).empty());
  auto out = tell(radio, command::kData, {1, 2, 3});
  REQUIRE(out.size() == 1);
  CHECK(std::get<Radio::Frame>(out[0]).rssi_dbm == -80);
  CHECK(std::get<Radio::Frame>(out[0]).snr_db == -5);
  out = tell(radio, command::kData, {4});
  CHECK_FALSE(std::get<Radio::Frame>(out[0]).rssi_dbm.has_value());
  CHECK(tell(radio, command::kData, Bytes(508, 1)).size() == 1);
  CHECK(tell(radio, command::kData, Bytes(509, 1)).empty());
  CHECK(tell(radio, command::kData, {}).empty());
  CHECK(std::holds_alternative<Radio::Ready>(tell(radio, command::kReady, {1})[0]));
  CHECK(radio.facts().dropped == 2);
}

TEST_CASE("L0 4: nobody there, nobody who says more, and a radio that confirms nothing",
          "[l0][rnode]") {
  Radio silent(kGood);
  (void)silent.start(Millis{0});
  CHECK(silent.on_time(Millis{1000}).size() == 4);
  CHECK(silent.on_time(Millis{1500}).empty());
  CHECK(silent.on_time(Millis{2000}).size() == 4);
  CHECK(std::string(failure(silent.on_time(Millis{3000}))) == "no RNode answers on this line");
  CHECK(silent.has_failed());
  CHECK(tell(silent, command::kDetect, {0x46}).empty());

  Radio mute(kGood);
  (void)mute.start(Millis{0});
  (void)tell(mute, command::kDetect, {0x46});
  for (const unsigned ms : {1000U, 2000U}) (void)mute.on_time(Millis{ms});
  CHECK(std::string(failure(mute.on_time(Millis{3000}))) ==
        "the RNode does not say its firmware's version");

  Radio deaf = configuring();
  (void)tell(deaf, command::kFrequency, {0x33, 0xB0, 0x6C, 0x00});
  CHECK(std::string(failure(deaf.on_time(Millis{3100}))) ==
        "the radio did not confirm its bandwidth");
}

TEST_CASE("L0 4: a setting that the radio did not take is named", "[l0][rnode]") {
  struct Wrong {
    std::uint8_t type;
    Bytes body;
    const char* says;
  };
  const std::vector<Wrong> wrong{{command::kFrequency, {0x19, 0xCE, 0xF4, 0x40}, "frequency"},
                                 {command::kBandwidth, {0, 0, 0, 1}, "bandwidth"},
                                 {command::kTxPower, {2}, "power"},
                                 {command::kSpreadingFactor, {12}, "spreading factor"},
                                 {command::kCodingRate, {8}, "coding rate"},
                                 {command::kRadioState, {0}, "switched off"},
                                 {command::kError, {1}, "error"},
                                 {command::kReset, {0xF8}, "reset"}};
  for (const Wrong& w : wrong) {
    Radio radio = configuring();
    INFO(w.says);
    CHECK(std::string(failure(tell(radio, w.type, w.body))).find(w.says) != std::string::npos);
    CHECK(radio.has_failed());
  }
  Radio near = configuring();
  CHECK(tell(near, command::kFrequency, {0x33, 0xB0, 0x6C, 0x32}).empty());  // 50 Hz off
  Radio old(kGood);
  (void)old.start(Millis{0});
  (void)tell(old, command::kDetect, {0x46});
  CHECK(std::string(failure(tell(old, command::kFirmware, {1, 51}))).find("1.52") !=
        std::string::npos);
}

TEST_CASE("L0 4: a full queue costs a frame, a failed radio everything", "[l0][rnode]") {
  Radio radio = up();
  CHECK(tell(radio, command::kError, {0x04}).empty());
  CHECK(radio.is_up());
  CHECK(std::string(failure(tell(radio, command::kRadioState, {0}))) ==
        "the radio is switched off");
}

TEST_CASE("L0 7: settings that no radio has are refused", "[l0][rnode]") {
  CHECK(check(kGood).has_value());
  const auto with = [](auto change) {
    Settings s = kGood;
    change(s);
    return check(s).has_value();
  };
  CHECK_FALSE(with([](Settings& s) { s.frequency = 136'999'999; }));
  CHECK_FALSE(with([](Settings& s) { s.bandwidth = 7'799; }));
  CHECK_FALSE(with([](Settings& s) { s.spreading_factor = 4; }));
  CHECK_FALSE(with([](Settings& s) { s.coding_rate = 9; }));
  CHECK_FALSE(with([](Settings& s) { s.tx_power = 38; }));
}

TEST_CASE("L0 4: frames to the radio come back from its alphabet as they were", "[l0][rnode]") {
  rc::prop("encode, decode", [](std::uint8_t type, const Bytes& body) {
    RC_PRE(body.size() <= kMostBody);
    Bytes line(max_encoded(body.size()));
    line.resize(encode(type, body, line));
    Decoder decoder;
    MutableBytes in(line);
    std::optional<Received> got;
    while (!in.empty() && !got) got = decoder.next(in);
    RC_ASSERT(got.has_value());
    RC_ASSERT(got->type == type);
    RC_ASSERT(same_bytes(got->body, body));
  });
}

}  // namespace
}  // namespace mehr::l0::rnode
