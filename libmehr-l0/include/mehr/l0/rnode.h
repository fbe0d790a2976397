// An RNode over its serial line: the commands that bring its radio up, and its frames. spec: L0/4
//
// Place: L0, used by the ports that reach such a radio; pure, no line and no clock.
// Shapes: KISS frames whose first byte says what they are; numbers are big-endian. 0x00 carries
// frames, everything else is between this host and the hardware.
// Machine: detecting (who is there, which firmware) -> configuring (each setting is sent and comes
// back as the radio took it) -> up -> failed; from any state an error of the radio fails it.
// Deadlines: the request for detection is repeated each second, three times; the settings must have
// come back within 3 s. Whoever owns the line starts a new machine after a failure.
// Bounds: bodies of 600 bytes; nothing allocates after construction.
// Failure: a sentence that names the setting that was not taken. Frames that make no sense are
// dropped and counted. Threads: one at a time per object.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <variant>

#include "mehr/core/bounded.h"
#include "mehr/core/result.h"
#include "mehr/core/units.h"
#include "mehr/l0/kiss.h"

namespace mehr::l0::rnode {

/// First byte of a frame to or from the hardware.
namespace command {
inline constexpr std::uint8_t kData = kKissData;
// Settings: sent by the host, and sent back as the radio took them.
inline constexpr std::uint8_t kFrequency = 0x01;        ///< u32, Hz
inline constexpr std::uint8_t kBandwidth = 0x02;        ///< u32, Hz
inline constexpr std::uint8_t kTxPower = 0x03;          ///< u8, dBm
inline constexpr std::uint8_t kSpreadingFactor = 0x04;  ///< u8
inline constexpr std::uint8_t kCodingRate = 0x05;       ///< u8, the denominator
inline constexpr std::uint8_t kRadioState = 0x06;       ///< u8, 1 is on
// Who is there.
inline constexpr std::uint8_t kDetect = 0x08;
inline constexpr std::uint8_t kLeave = 0x0A;
inline constexpr std::uint8_t kPlatform = 0x48;
inline constexpr std::uint8_t kMcu = 0x49;
inline constexpr std::uint8_t kFirmware = 0x50;  ///< u8 major, u8 minor
// What the hardware tells by itself.
inline constexpr std::uint8_t kReady = 0x0F;     ///< room for another frame
inline constexpr std::uint8_t kStatRx = 0x21;    ///< u32, frames received
inline constexpr std::uint8_t kStatTx = 0x22;    ///< u32, frames sent
inline constexpr std::uint8_t kStatRssi = 0x23;  ///< u8, dBm + 157, of the frame that follows
inline constexpr std::uint8_t kStatSnr = 0x24;   ///< i8, quarters of a dB, likewise
inline constexpr std::uint8_t kReset = 0x55;
inline constexpr std::uint8_t kError = 0x90;  ///< u8, what went wrong
}  // namespace command

/// Longest body of a frame from the hardware, its own displays' contents included.
inline constexpr std::size_t kMostBody = 600;
/// Longest frame that goes over the air. spec: L0/2
inline constexpr std::size_t kMostFrame = 508;
/// The oldest firmware that has all of this.
inline constexpr std::uint8_t kLeastMajor = 1;
inline constexpr std::uint8_t kLeastMinor = 52;

/// Most bytes that a command with @p body_size bytes takes on the line.
constexpr std::size_t max_encoded(std::size_t body_size) { return 2 * (body_size + 1) + 2; }
/// Writes a frame to the front of @p out, which holds max_encoded(body.size()) bytes; its length.
std::size_t encode(std::uint8_t type, ByteView body, MutableBytes out);

/// One frame from the hardware, borrowed until the next call.
struct Received {
  std::uint8_t type = 0;
  MutableBytes body;
};

/// Bytes of the line to frames.
class Decoder {
 public:
  Decoder() : unstuffer_(kKissAlphabet, kMostBody + 1) {}
  /// Takes bytes off the front of @p in, which are overwritten; nothing when no frame is complete.
  [[nodiscard]] std::optional<Received> next(MutableBytes& in);
  [[nodiscard]] const StuffingCounters& counters() const { return unstuffer_.counters(); }

 private:
  Unstuffer unstuffer_;
};

struct Settings {
  std::uint32_t frequency = 0;  ///< Hz
  std::uint32_t bandwidth = 0;  ///< Hz
  std::uint8_t spreading_factor = 0;
  std::uint8_t coding_rate = 0;  ///< 5 to 8
  std::uint8_t tx_power = 0;     ///< dBm
};

class Radio {
 public:
  static constexpr Millis kStep = Millis::seconds(1);
  static constexpr Millis kConfigure = Millis::seconds(3);
  static constexpr std::uint8_t kTries = 3;

  // Actions
  struct Send {
    std::uint8_t type = 0;
    std::array<std::uint8_t, 4> bytes{};
    std::uint8_t size = 0;
    [[nodiscard]] ByteView body() const { return ByteView(bytes).first(size); }
  };
  struct Up {};  ///< the radio is on, as configured
  struct Failed {
    Error why;
  };
  /// A frame from the air, and what was measured of it.
  struct Frame {
    MutableBytes bytes;
    std::optional<int> rssi_dbm;
    std::optional<int> snr_db;
  };
  struct Ready {};  ///< room for another frame, where flow control is on
  using Action = std::variant<Send, Up, Failed, Frame, Ready>;
  using Actions = Bounded<Action, 8>;

  /// What the firmware said of itself and its traffic.
  struct Facts {
    std::uint8_t major = 0;
    std::uint8_t minor = 0;
    std::uint32_t frames_received = 0;
    std::uint32_t frames_sent = 0;
    std::uint64_t dropped = 0;  ///< frames that make no sense here
  };

  explicit Radio(const Settings& settings) : settings_(settings) {}

  /// Asks who is there. Call once.
  [[nodiscard]] Actions start(Millis now);
  [[nodiscard]] Actions on_received(const Received& frame, Millis now);
  [[nodiscard]] Actions on_time(Millis now);
  [[nodiscard]] Millis next_deadline() const { return deadline_; }
  [[nodiscard]] bool is_up() const { return state_ == State::up; }
  [[nodiscard]] bool has_failed() const { return state_ == State::failed; }
  [[nodiscard]] const Facts& facts() const { return facts_; }

 private:
  enum class State : std::uint8_t { detecting, configuring, up, failed };

  void ask(Actions& out, Millis now);
  void configure(Actions& out, Millis now);
  void confirm(std::uint8_t setting, bool same, const char* otherwise, Actions& out);
  void take_setting(const Received& frame, Actions& out);
  void take_measure(const Received& frame);
  void fail(const char* why, Actions& out);

  Settings settings_;
  State state_ = State::detecting;
  std::uint8_t asked_ = 0;
  bool detected_ = false;
  std::uint8_t confirmed_ = 0;  // a bit per setting
  Millis deadline_ = Millis::never();
  std::optional<int> rssi_;
  std::optional<int> snr_;
  Facts facts_;
};

/// Whether a radio can be set so; the error says what would be right.
[[nodiscard]] Status check(const Settings& settings);

}  // namespace mehr::l0::rnode
