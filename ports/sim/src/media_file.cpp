#include "media_file.h"

#include <array>
#include <nlohmann/json.hpp>

#include "input_units.h"

namespace mehr::sim {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 6> kBuiltIn{"tcp", "ethernet", "wifi",
                                                   "ble", "serial",   "lora"};
constexpr std::array<std::string_view, 3> kRegions{"unlimited", "eu868", "us915"};
constexpr double kMostEuDutyCycle = 0.01;

std::array<std::string_view, 5> kinds() {
  return {name_of(MediaKind::stream), name_of(MediaKind::datagram), name_of(MediaKind::ble),
          name_of(MediaKind::serial), name_of(MediaKind::lora)};
}

/// One key of a medium: read, and written again.
struct MediaKey {
  std::string_view key;
  enum class Of : std::uint8_t { all, frames, lora } of;  ///< frames: all but streams
  void (*read)(Media& to, const InputValue& value, std::string_view key);
  Json (*write)(const Media& from);
};

template <auto Member>
MediaKey share_key(std::string_view key, MediaKey::Of of) {
  return {key, of,
          [](Media& to, const InputValue& value, std::string_view k) {
            to.*Member = as_number(value, k, 0, 1);
          },
          [](const Media& from) -> Json { return from.*Member; }};
}

template <auto Member>
MediaKey time_key(std::string_view key) {
  return {key, MediaKey::Of::all,
          [](Media& to, const InputValue& value, std::string_view k) {
            to.*Member = as_duration(value, k, Duration{0}, std::chrono::hours(1));
          },
          [](const Media& from) -> Json { return duration_text(from.*Member); }};
}

template <auto Member>
MediaKey flag_key(std::string_view key, MediaKey::Of of) {
  return {key, of,
          [](Media& to, const InputValue& value, std::string_view k) {
            to.*Member = as_bool(value, k);
          },
          [](const Media& from) -> Json { return from.*Member; }};
}

template <auto Member, int Least, int Most>
MediaKey radio_count_key(std::string_view key) {
  return {key, MediaKey::Of::lora,
          [](Media& to, const InputValue& value, std::string_view k) {
            to.lora_radio.*Member = static_cast<unsigned>(as_integer(value, k, Least, Most));
          },
          [](const Media& from) -> Json { return from.lora_radio.*Member; }};
}

template <auto Member, int Least, int Most>
MediaKey radio_number_key(std::string_view key) {
  return {key, MediaKey::Of::lora,
          [](Media& to, const InputValue& value, std::string_view k) {
            to.lora_radio.*Member = as_number(value, k, Least, Most);
          },
          [](const Media& from) -> Json { return from.lora_radio.*Member; }};
}

MediaKey rate_key() {
  return {
      "rate", MediaKey::Of::all,
      [](Media& to, const InputValue& value, std::string_view k) { to.rate = as_rate(value, k); },
      [](const Media& from) -> Json { return from.rate.count; }};
}

MediaKey mtu_key() {
  return {"mtu", MediaKey::Of::all,
          [](Media& to, const InputValue& value, std::string_view k) {
            to.mtu = Mtu{static_cast<std::uint16_t>(as_integer(value, k, 484, 4096))};
          },
          [](const Media& from) -> Json { return from.mtu.bytes; }};
}

MediaKey range_key() {
  return {"range", MediaKey::Of::all,
          [](Media& to, const InputValue& value, std::string_view k) {
            to.range_m = as_number(value, k, 0, 1e6);
          },
          [](const Media& from) -> Json { return from.range_m; }};
}

MediaKey queue_key() {
  return {"queue_bytes", MediaKey::Of::all,
          [](Media& to, const InputValue& value, std::string_view k) {
            to.queue_bytes = as_count(value, k, 1024, std::size_t{1} << 30);
          },
          [](const Media& from) -> Json { return from.queue_bytes; }};
}

MediaKey bandwidth_key() {
  return {"bandwidth", MediaKey::Of::lora,
          [](Media& to, const InputValue& value, std::string_view k) {
            to.lora_radio.bandwidth_hz = as_hertz(value, k);
          },
          [](const Media& from) -> Json { return from.lora_radio.bandwidth_hz; }};
}

MediaKey region_key() {
  return {"region", MediaKey::Of::lora,
          [](Media& to, const InputValue& value, std::string_view k) {
            to.lora_radio.region = static_cast<Region>(as_choice(value, k, kRegions));
          },
          [](const Media& from) -> Json {
            return std::string(kRegions[static_cast<std::size_t>(from.lora_radio.region)]);
          }};
}

MediaKey duty_cycle_key() {
  return {"duty_cycle", MediaKey::Of::lora,
          [](Media& to, const InputValue& value, std::string_view k) {
            to.lora_radio.duty_cycle = as_number(value, k, 1e-6, 1);
          },
          [](const Media& from) -> Json { return from.lora_radio.duty_cycle; }};
}

MediaKey listen_key() {
  return {"listen_before_talk", MediaKey::Of::lora,
          [](Media& to, const InputValue& value, std::string_view k) {
            to.lora_radio.listen_before_talk = as_bool(value, k);
          },
          [](const Media& from) -> Json { return from.lora_radio.listen_before_talk; }};
}

const std::vector<MediaKey>& media_keys() {
  using Of = MediaKey::Of;
  static const std::vector<MediaKey> keys{
      rate_key(),
      time_key<&Media::delay>("delay"),
      time_key<&Media::jitter>("jitter"),
      share_key<&Media::loss_rate>("loss", Of::all),
      share_key<&Media::corruption_rate>("corruption", Of::frames),
      share_key<&Media::duplication_rate>("duplication", Of::frames),
      share_key<&Media::reordering_rate>("reordering", Of::frames),
      mtu_key(),
      flag_key<&Media::half_duplex>("half_duplex", Of::frames),
      flag_key<&Media::shared>("shared", Of::frames),
      range_key(),
      queue_key(),
      radio_count_key<&LoraRadio::spreading_factor, 7, 12>("spreading_factor"),
      bandwidth_key(),
      radio_count_key<&LoraRadio::coding_rate, 5, 8>("coding_rate"),
      radio_count_key<&LoraRadio::preamble_symbols, 6, 65535>("preamble_symbols"),
      radio_number_key<&LoraRadio::tx_power_dbm, -50, 50>("tx_power_dbm"),
      radio_number_key<&LoraRadio::path_loss_exponent, 1, 10>("path_loss_exponent"),
      radio_number_key<&LoraRadio::reference_loss_db, 0, 200>("reference_loss_db"),
      radio_number_key<&LoraRadio::capture_db, 0, 100>("capture_db"),
      region_key(),
      duty_cycle_key(),
      listen_key(),
      flag_key<&Media::scans>("scans", Of::lora),
  };
  return keys;
}

Media base_of(MediaKind kind) {
  switch (kind) {
    case MediaKind::stream:
      return Media::tcp();
    case MediaKind::datagram:
      return Media::ethernet();
    case MediaKind::ble:
      return Media::ble();
    case MediaKind::serial:
      return Media::serial();
    case MediaKind::lora:
      break;
  }
  return Media::lora();
}

// What "like" or "kind" begins with.
Media read_base(const InputValue& value, const InputValue::Table& table) {
  const InputValue* like = find_member(table, "like");
  const InputValue* kind = find_member(table, "kind");
  if (like != nullptr && kind != nullptr) {
    refuse(std::max(like->line, kind->line), R"(a medium has "like" or "kind", not both)");
  }
  if (like != nullptr) {
    return *built_in_media(kBuiltIn[as_choice(*like, "like", kBuiltIn)]);
  }
  if (kind != nullptr) return base_of(static_cast<MediaKind>(as_choice(*kind, "kind", kinds())));
  refuse(value.line, R"(a medium needs "like" (tcp, ethernet, wifi, ble, serial, lora) or "kind" )"
                     "(stream, datagram, ble, serial, lora)");
}

bool applies_to(const MediaKey& key, const Media& media) {
  if (key.of == MediaKey::Of::lora) return media.kind == MediaKind::lora;
  return key.of == MediaKey::Of::all || media.kind != MediaKind::stream;
}

void check_applies(const MediaKey& key, const InputMember& member, const Media& media) {
  if (applies_to(key, media)) return;
  if (key.of == MediaKey::Of::lora) {
    refuse(member.line, in_quotes(key.key) + " is for media of the kind lora; this one is " +
                            name_of(media.kind));
  }
  refuse(member.line, in_quotes(key.key) +
                          " is not for streams: they join two nodes, both ways at"
                          " once, and deliver whole and in order");
}

void check_duty_cycle(const InputValue::Table& table, const Media& media) {
  if (media.kind != MediaKind::lora || media.lora_radio.region != Region::eu868 ||
      media.lora_radio.duty_cycle <= kMostEuDutyCycle) {
    return;
  }
  const InputValue* duty = find_member(table, "duty_cycle");
  const InputValue* region = find_member(table, "region");
  refuse((duty != nullptr ? duty : region)->line,
         "the region eu868 allows a \"duty_cycle\" of at most " + number_text(kMostEuDutyCycle) +
             ", not " + number_text(media.lora_radio.duty_cycle) +
             "; the region \"unlimited\" allows any");
}

}  // namespace

std::span<const std::string_view> built_in_media_names() { return kBuiltIn; }

std::optional<Media> built_in_media(std::string_view name) {
  if (name == "tcp") return Media::tcp();
  if (name == "ethernet") return Media::ethernet();
  if (name == "wifi") return Media::wifi();
  if (name == "ble") return Media::ble();
  if (name == "serial") return Media::serial();
  if (name == "lora") return Media::lora();
  return std::nullopt;
}

Media read_media(const InputValue& value, const std::string& key) {
  if (std::holds_alternative<std::string>(value.data)) {
    return built_in_media(kBuiltIn[as_choice(value, key, kBuiltIn)])->named(key);
  }
  const InputValue::Table& table = as_table(value, "a medium");
  std::vector<std::string_view> known{"like", "kind", "name"};
  for (const MediaKey& media_key : media_keys()) known.push_back(media_key.key);
  check_keys(table, "a medium", known);
  Media media = read_base(value, table).named(key);
  // The radio first: its settings decide the rate that a "rate" may then replace.
  for (const bool radio : {true, false}) {
    for (const InputMember& member : table) {
      for (const MediaKey& media_key : media_keys()) {
        if (media_key.key != member.key || (media_key.of == MediaKey::Of::lora) != radio) continue;
        check_applies(media_key, member, media);
        media_key.read(media, member.value, member.key);
      }
    }
    if (radio && media.kind == MediaKind::lora) {
      media = media.spreading(media.lora_radio.spreading_factor);
    }
  }
  if (const InputValue* name = find_member(table, "name")) media.name = as_name(*name, "name");
  check_duty_cycle(table, media);
  return media;
}

Json to_json(const Media& media, const std::string& key) {
  Json out;
  out["kind"] = name_of(media.kind);
  if (media.name != key) out["name"] = media.name;
  for (const MediaKey& media_key : media_keys()) {
    if (!applies_to(media_key, media)) continue;
    out[std::string(media_key.key)] = media_key.write(media);
  }
  return out;
}

}  // namespace mehr::sim
