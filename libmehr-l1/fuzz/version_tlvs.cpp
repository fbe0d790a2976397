// The decoders of announce fields that L1 reads: versions, suites, votes, presence. The input is a
// version byte and a run of fields, as an announce carries them.
#include <array>
#include <cstddef>
#include <cstdint>

#include "mehr/l1/presence.h"
#include "mehr/l1/tlv_writer.h"
#include "mehr/l1/version.h"
#include "mehr/l1/version_signal.h"

using namespace mehr;
using namespace mehr::l1;

namespace {

// Every vote that was read is written and read again.
void check_votes(ByteView data) {
  const auto signal = decode_version_signal(data);
  if (!signal) return;
  std::array<std::uint8_t, kVersionSignalMax> buffer{};
  const auto bytes = encode_version_signal(*signal, buffer);
  if (!bytes || bytes->size() > data.size()) __builtin_trap();
  const auto again = decode_version_signal(*bytes);
  if (!again || again->size() != signal->size()) __builtin_trap();
  for (std::size_t i = 0; i < signal->size(); ++i) {
    if ((*again)[i] != (*signal)[i]) __builtin_trap();
  }
}

void check_field(const Tlv& field) {
  check_votes(field.data);
  if (const auto presence = decode<Presence>(field.data)) {
    if (!same_bytes(encode_fixed(*presence), field.data)) __builtin_trap();
  }
  if (const auto version = decode<ExtendedVersion>(field.data)) {
    if (!same_bytes(encode_fixed(*version), field.data)) __builtin_trap();
  }
  if (!suites_of(field.data)[suite::kClassic]) __builtin_trap();
}

// What a writer accepts is found again.
void check_writer(ByteView tlvs) {
  TlvWriter writer;
  TlvReader reader(tlvs);
  while (const auto field = reader.next()) {
    if (!writer.add(field->type, field->data)) continue;
    const auto back = writer.find(field->type);
    if (!back || !same_bytes(*back, field->data)) __builtin_trap();
  }
  if (writer.view().size() > kTlvsMax) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  MehrExtension extension;
  extension.version = data[0];
  extension.tlvs = Tail{ByteView(data, size).subspan(1)};
  SpokenVersions own;
  const Judgement judgement = judge_announce(own, extension);
  const Judgement link =
      judge_link(own, extension.version, extension.find(tlv::kSupportedVersions));
  // This node speaks one version: it is that, or nothing.
  const bool understood = judgement.compatibility == Compatibility::full ||
                          judgement.compatibility == Compatibility::common;
  if (understood != (judgement.version == kProtocolVersion)) __builtin_trap();
  if (understood && link != judgement) __builtin_trap();
  if (!understood && link.compatibility != Compatibility::refuse) __builtin_trap();
  VersionHistogram histogram;
  histogram.add(version_of(extension));
  if (histogram.entries().size() + histogram.unknown() != 1) __builtin_trap();
  TlvReader reader(extension.tlvs.bytes);
  while (const auto field = reader.next()) check_field(*field);
  check_writer(extension.tlvs.bytes);
  return 0;
}
