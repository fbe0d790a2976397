// Arbitrary bytes against key files, shares, advisories, commitments and stored reputations.
//
// Byte 0 picks the format. A key file's costs are brought down to the least that is allowed, so
// that an input is not a wait: what is refused before that is refused all the same.
#include <cstddef>
#include <cstdint>

#include "mehr/l2/advisory_store.h"
#include "mehr/l2/key_file.h"
#include "mehr/l2/referrals.h"
#include "mehr/l2/share.h"
#include "support.h"

namespace {

using namespace mehr;
using namespace mehr::l2;
using namespace mehr::l2::fuzz;

void key_file(ByteView data) {
  decodes_to_itself<KeyFile>(data);
  const auto file = decode<KeyFile>(data);
  if (file && (file->head.memory_kib > 2 * kLeastMemoryKib || file->head.passes > 1)) return;
  const auto passphrase = Passphrase::of(as_bytes("x"));
  (void)open_key_file(data, *passphrase);
}

void share_bytes(ByteView data) {
  const auto share = Share::decode(data);
  if (!share) return;
  require(same_bytes(share->expose(), data));
  std::array<char, kShareText> text{};
  share->to_text(text);
  const auto back = Share::parse({text.data(), text.size()});
  require(back.has_value() && same_bytes(back->expose(), data));
}

void share_text(ByteView data) {
  const auto share = Share::parse(as_text(data));
  if (share) require(Share::decode(share->expose()).has_value());
}

void combine(ByteView data) {
  std::vector<Share> shares;
  while (data.size() >= 40 && shares.size() < 4) {
    Bytes bytes(data.begin(), data.begin() + 40);
    data = data.subspan(40);
    const auto check = crypto::b2(as_bytes("mehr-share-v1"), bytes);
    bytes.insert(bytes.end(), check.bytes.begin(), check.bytes.begin() + 4);
    if (auto share = Share::decode(bytes)) shares.push_back(std::move(*share));
  }
  (void)combine_shares(shares);
}

void advisory(ByteView data) {
  if (const auto a = decode_advisory(data)) {
    Bytes out(kAdvisoryBoth);
    const auto again = encode_advisory(*a, out);
    require(again.has_value() && same_bytes(*again, data));
  }
  AdvisoryStore store(4, NodeId{}, nullptr, nullptr);
  for (const std::uint8_t kind : {kAdvisoryKind, kCommitmentKind}) {
    const std::size_t before = store.size();
    const auto verdict = store.merge({kind, data});
    require(store.size() == before + (verdict == MergeVerdict::taken ? 1U : 0U));
  }
  decodes_to_itself<NextKeyCommitment>(data);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView rest(data + 1, size - 1);
  switch (data[0] % 6) {
    case 0:
      key_file(rest);
      break;
    case 1:
      share_bytes(rest);
      break;
    case 2:
      share_text(rest);
      break;
    case 3:
      combine(rest);
      break;
    case 4:
      advisory(rest);
      break;
    default:
      decodes_to_itself<PeerReputation>(rest);
      decodes_to_itself<ReferralRequest>(rest);
      decodes_to_itself<ReferralResponse>(rest);
  }
  return 0;
}
