#include "mehr/l0/rnode.h"

#include <gsl/assert>

namespace mehr::l0::rnode {

namespace {

constexpr std::uint8_t kDetectRequest = 0x73;
constexpr std::uint8_t kDetectAnswer = 0x46;
constexpr std::uint8_t kOn = 0x01;
constexpr std::uint8_t kQueueFull = 0x04;
constexpr int kRssiOffset = 157;
constexpr int kSnrSteps = 4;
constexpr std::uint32_t kFrequencySlack = 100;  // Hz: the chip rounds to its own steps

// A bit each: what must have come back before the radio counts as up.
enum Setting : std::uint8_t {
  kHasFrequency = 1,
  kHasBandwidth = 2,
  kHasTxPower = 4,
  kHasSpreadingFactor = 8,
  kHasCodingRate = 16,
  kHasState = 32,
  kHasAll = 63,
};

std::uint32_t number(ByteView bytes) {
  std::uint32_t out = 0;
  for (const std::uint8_t byte : bytes) out = (out << 8) | byte;
  return out;
}

Radio::Send byte_of(std::uint8_t type, std::uint8_t value) { return {type, {value, 0, 0, 0}, 1}; }

Radio::Send word_of(std::uint8_t type, std::uint32_t value) {
  return {type,
          {static_cast<std::uint8_t>(value >> 24), static_cast<std::uint8_t>(value >> 16),
           static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)},
          4};
}

std::uint32_t distance(std::uint32_t a, std::uint32_t b) { return a > b ? a - b : b - a; }

}  // namespace

std::size_t encode(std::uint8_t type, ByteView body, MutableBytes out) {
  Expects(out.size() >= max_encoded(body.size()));
  out[0] = kKissAlphabet.flag;
  const std::array<std::uint8_t, 1> first{type};
  std::size_t size = 1 + stuff(kKissAlphabet, first, out.subspan(1));
  size += stuff(kKissAlphabet, body, out.subspan(size));
  out[size] = kKissAlphabet.flag;
  return size + 1;
}

std::optional<Received> Decoder::next(MutableBytes& in) {
  const MutableBytes frame = unstuffer_.next(in);
  if (frame.empty()) return std::nullopt;
  return Received{frame[0], frame.subspan(1)};
}

Status check(const Settings& s) {
  if (s.frequency < 137'000'000 || s.frequency > 2'500'000'000) {
    return mehr::fail(Errc::bad_value, "a radio's frequency is from 137000000 to 2500000000 Hz");
  }
  if (s.bandwidth < 7'800 || s.bandwidth > 1'625'000) {
    return mehr::fail(Errc::bad_value, "a radio's bandwidth is from 7800 to 1625000 Hz");
  }
  if (s.spreading_factor < 5 || s.spreading_factor > 12) {
    return mehr::fail(Errc::bad_value, "a spreading factor is from 5 to 12");
  }
  if (s.coding_rate < 5 || s.coding_rate > 8) {
    return mehr::fail(Errc::bad_value, "a coding rate is from 5 to 8");
  }
  if (s.tx_power > 37) return mehr::fail(Errc::bad_value, "a radio's power is from 0 to 37 dBm");
  return {};
}

Radio::Actions Radio::start(Millis now) {
  Actions out;
  ask(out, now);
  return out;
}

void Radio::ask(Actions& out, Millis now) {
  ++asked_;
  deadline_ = now + kStep;
  out.must_push(byte_of(command::kDetect, kDetectRequest));
  out.must_push(byte_of(command::kFirmware, 0));
  out.must_push(byte_of(command::kPlatform, 0));
  out.must_push(byte_of(command::kMcu, 0));
}

Radio::Actions Radio::on_time(Millis now) {
  Actions out;
  if (deadline_ > now) return out;
  if (state_ == State::detecting && asked_ < kTries) {
    ask(out, now);
  } else if (state_ == State::detecting) {
    fail(detected_ ? "the RNode does not say its firmware's version"
                   : "no RNode answers on this line",
         out);
  } else if (state_ == State::configuring) {
    const auto lacks = [this](Setting s) { return (confirmed_ & s) == 0; };
    fail(lacks(kHasFrequency)         ? "the radio did not confirm its frequency"
         : lacks(kHasBandwidth)       ? "the radio did not confirm its bandwidth"
         : lacks(kHasTxPower)         ? "the radio did not confirm its power"
         : lacks(kHasSpreadingFactor) ? "the radio did not confirm its spreading factor"
         : lacks(kHasCodingRate)      ? "the radio did not confirm its coding rate"
                                      : "the radio did not switch on",
         out);
  }
  return out;
}

void Radio::configure(Actions& out, Millis now) {
  state_ = State::configuring;
  deadline_ = now + kConfigure;
  out.must_push(word_of(command::kFrequency, settings_.frequency));
  out.must_push(word_of(command::kBandwidth, settings_.bandwidth));
  out.must_push(byte_of(command::kTxPower, settings_.tx_power));
  out.must_push(byte_of(command::kSpreadingFactor, settings_.spreading_factor));
  out.must_push(byte_of(command::kCodingRate, settings_.coding_rate));
  out.must_push(byte_of(command::kRadioState, kOn));
}

void Radio::fail(const char* why, Actions& out) {
  state_ = State::failed;
  deadline_ = Millis::never();
  out.must_push(Failed{Error{Errc::io, why}});
}

Radio::Actions Radio::on_received(const Received& frame, Millis now) {
  Actions out;
  if (state_ == State::failed) return out;
  switch (frame.type) {
    case command::kData:
      if (state_ != State::up || frame.body.empty() || frame.body.size() > kMostFrame) {
        ++facts_.dropped;
        break;
      }
      out.must_push(Frame{frame.body, rssi_, snr_});
      rssi_.reset();
      snr_.reset();
      break;
    case command::kReady:
      if (state_ == State::up) out.must_push(Ready{});
      break;
    case command::kError:
      if (!frame.body.empty() && frame.body[0] == kQueueFull) {
        ++facts_.dropped;  // one frame less on the air; the radio goes on
        break;
      }
      fail("the RNode reports an error of its radio", out);
      break;
    case command::kReset:
      if (state_ != State::detecting) fail("the RNode was reset", out);
      break;
    case command::kDetect:
      detected_ = detected_ || (frame.body.size() == 1 && frame.body[0] == kDetectAnswer);
      break;
    case command::kFirmware:
      if (frame.body.size() != 2 || !detected_) {
        ++facts_.dropped;
        break;
      }
      facts_.major = frame.body[0];
      facts_.minor = frame.body[1];
      if (std::pair(facts_.major, facts_.minor) < std::pair(kLeastMajor, kLeastMinor)) {
        fail("the RNode's firmware is older than 1.52; update it with rnodeconf", out);
      } else if (state_ == State::detecting) {
        configure(out, now);
      }
      break;
    default:
      take_setting(frame, out);
  }
  return out;
}

void Radio::take_setting(const Received& frame, Actions& out) {
  const std::uint32_t value = frame.body.size() <= 4 ? number(frame.body) : 0;
  switch (frame.type) {
    case command::kFrequency:
      return confirm(kHasFrequency, distance(value, settings_.frequency) <= kFrequencySlack,
                     "the radio did not take that frequency; its hardware may not reach it", out);
    case command::kBandwidth:
      return confirm(kHasBandwidth, value == settings_.bandwidth,
                     "the radio did not take that bandwidth", out);
    case command::kTxPower:
      return confirm(kHasTxPower, value == settings_.tx_power,
                     "the radio did not take that power; its hardware may not have it", out);
    case command::kSpreadingFactor:
      return confirm(kHasSpreadingFactor, value == settings_.spreading_factor,
                     "the radio did not take that spreading factor", out);
    case command::kCodingRate:
      return confirm(kHasCodingRate, value == settings_.coding_rate,
                     "the radio did not take that coding rate", out);
    case command::kRadioState:
      return confirm(kHasState, value == kOn, "the radio is switched off", out);
    default:
      take_measure(frame);
  }
}

void Radio::confirm(std::uint8_t setting, bool same, const char* otherwise, Actions& out) {
  if (state_ == State::detecting) return;  // of an earlier start
  if (!same) return fail(otherwise, out);
  confirmed_ = static_cast<std::uint8_t>(confirmed_ | setting);
  if (state_ != State::configuring || confirmed_ != kHasAll) return;
  state_ = State::up;
  deadline_ = Millis::never();
  out.must_push(Up{});
}

void Radio::take_measure(const Received& frame) {
  const bool one = frame.body.size() == 1;
  if (frame.type == command::kStatRssi && one) {
    rssi_ = int{frame.body[0]} - kRssiOffset;
  } else if (frame.type == command::kStatSnr && one) {
    snr_ = static_cast<std::int8_t>(frame.body[0]) / kSnrSteps;
  } else if (frame.type == command::kStatRx && frame.body.size() == 4) {
    facts_.frames_received = number(frame.body);
  } else if (frame.type == command::kStatTx && frame.body.size() == 4) {
    facts_.frames_sent = number(frame.body);
  } else {
    ++facts_.dropped;
  }
}

}  // namespace mehr::l0::rnode
