#include "mehr/l2/share.h"

#include <gsl/assert>

#include "gf256.h"

namespace mehr::l2 {

namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::string_view kCheckTag = "mehr-share-v1";
constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t kGroup = 5;

using SetId = FixedBytes<4, struct ShareSetTag>;
using Check = FixedBytes<4, struct ShareCheckTag>;

/// The layout; what is secret of it stays in the bytes.
struct ShareHead {
  Constant<kVersion> version;
  std::uint8_t needed = 0;
  std::uint8_t total = 0;
  std::uint8_t x = 0;
  SetId set;
  static constexpr auto wire = std::tuple{
      field("version", &ShareHead::version), field("needed", &ShareHead::needed),
      field("total", &ShareHead::total), field("x", &ShareHead::x), field("set", &ShareHead::set)};
  [[nodiscard]] constexpr Status check() const {
    if (needed < 2 || needed > total || x == 0 || x > total) {
      return fail(Errc::bad_value, "this is no share: its numbers do not fit each other");
    }
    return {};
  }
};
constexpr std::size_t kYAt = wire_size<ShareHead>;
constexpr std::size_t kCheckedSize = kYAt + crypto::Seed::kSize;
static_assert(kCheckedSize + Check::kSize == kShareSize);

ShareHead head_of(const Share& share) {
  ShareHead head;
  Reader r(share.expose());
  r.get(head);
  return head;
}

ByteView y_of(const Share& share) {
  return ByteView(share.expose()).subspan(kYAt, crypto::Seed::kSize);
}

Check check_of(ByteView bytes) {
  return Check::from(crypto::b2(as_bytes(kCheckTag), bytes.first(kCheckedSize)).view());
}

// -1: none.
int symbol_of(char c) {
  if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  if (c == 'O') c = '0';
  if (c == 'I' || c == 'L') c = '1';
  const auto at = kAlphabet.find(c);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

bool is_skipped(char c) { return c == '-' || c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

NodeId node_of(const crypto::Seed& seed) {
  return crypto::node_id_of(crypto::SigningKey(seed).public_key());
}

// The value at 0 of the polynomial through the first `needed` shares, byte by byte.
crypto::Seed interpolate(std::span<const Share> shares) {
  crypto::Seed out;
  const auto seed = out.expose_mutable();
  for (const Share& mine : shares) {
    std::uint8_t weight = 1;  // of public numbers only
    for (const Share& other : shares) {
      if (other.x() == mine.x()) continue;
      const auto apart = static_cast<std::uint8_t>(other.x() ^ mine.x());
      weight = gf256::multiply(weight, gf256::multiply(other.x(), gf256::inverse(apart)));
    }
    const ByteView y = y_of(mine);
    for (std::size_t i = 0; i < seed.size(); ++i) {
      seed[i] = static_cast<std::uint8_t>(seed[i] ^ gf256::multiply(y[i], weight));
    }
  }
  return out;
}

Status fit_together(std::span<const Share> shares) {
  if (shares.empty()) return fail(Errc::truncated, "no share was given");
  const ShareHead first = head_of(shares.front());
  for (std::size_t i = 0; i < shares.size(); ++i) {
    const ShareHead head = head_of(shares[i]);
    if (head.set != first.set) return fail(Errc::bad_value, "the shares are of different keys");
    if (head.needed != first.needed || head.total != first.total) {
      return fail(Errc::bad_value, "the shares were not made at one time: their numbers differ");
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (shares[j].x() == head.x) return fail(Errc::bad_value, "one share was given twice");
    }
  }
  if (shares.size() < first.needed) {
    return fail(Errc::truncated, "these are too few shares: more of the same key are needed");
  }
  return {};
}

}  // namespace

Result<Share> Share::decode(ByteView bytes) {
  if (bytes.size() < kShareSize) return fail(Errc::truncated, "the share is too short");
  if (bytes.size() > kShareSize) return fail(Errc::trailing, "the share is too long");
  // A mistyped digit is told as such, whatever it turned the numbers into.
  if (check_of(bytes) != Check::from(bytes.subspan(kCheckedSize))) {
    return fail(Errc::bad_value, "the share has a typing mistake: its check does not match");
  }
  ShareHead head;
  Reader r(bytes);
  r.get(head);
  if (!r.ok()) return fail(Errc::bad_value, "this is no share: its numbers do not fit each other");
  Share out;
  copy_bytes(bytes, out.bytes_.expose_mutable());
  return out;
}

Result<Share> Share::parse(std::string_view text) {
  Secret<kShareSize> bytes;
  const auto out = bytes.expose_mutable();
  std::size_t symbols = 0;
  unsigned held = 0;  // bits that make no byte yet
  unsigned bits = 0;
  std::size_t at = 0;
  for (const char c : text) {
    if (is_skipped(c)) continue;
    const int value = symbol_of(c);
    if (value < 0) return fail(Errc::bad_value, "a share has digits and letters except U only");
    if (++symbols > kShareSymbols) return fail(Errc::trailing, "the share is too long");
    held = (held << 5 | static_cast<unsigned>(value)) & 0xFFFU;
    bits += 5;
    if (bits < 8 || at == out.size()) continue;
    bits -= 8;
    out[at++] = static_cast<std::uint8_t>(held >> bits);
  }
  if (symbols < kShareSymbols) return fail(Errc::truncated, "the share is too short");
  if ((held & ((1U << bits) - 1)) != 0) {
    return fail(Errc::bad_value, "the share has a typing mistake: its last symbol is not possible");
  }
  return decode(out);
}

void Share::to_text(std::span<char, kShareText> out) const {
  const ByteView bytes = bytes_.expose();
  std::size_t at = 0;
  for (std::size_t i = 0; i < kShareSymbols; ++i) {
    if (i != 0 && i % kGroup == 0) out[at++] = '-';
    const std::size_t bit = 5 * i;
    const unsigned first = bytes[bit / 8];
    const unsigned second = bit / 8 + 1 < bytes.size() ? bytes[bit / 8 + 1] : 0U;
    out[at++] = kAlphabet[((first << 8 | second) >> (11 - bit % 8)) & 31U];
  }
  Ensures(at == out.size());
}

std::uint8_t Share::needed() const { return head_of(*this).needed; }
std::uint8_t Share::total() const { return head_of(*this).total; }
std::uint8_t Share::x() const { return head_of(*this).x; }
std::array<std::uint8_t, 4> Share::set() const { return head_of(*this).set.bytes; }

Status split_seed(const crypto::Seed& seed, std::uint8_t needed, std::span<Share> out,
                  Random& random) {
  if (needed < 2 || needed > out.size() || out.size() > 255) {
    return fail(Errc::bad_value, "of 2 to 255 shares, 2 or more and not over all can be needed");
  }
  ShareHead head;
  head.needed = needed;
  head.total = static_cast<std::uint8_t>(out.size());
  head.set = SetId::from(node_of(seed).view());
  // Horner's rule needs the highest coefficient first; each is drawn once and used in every share.
  for (Share& share : out) share.bytes_.clear();
  for (std::size_t degree = needed; degree-- > 0;) {
    crypto::Seed coefficient;
    if (degree == 0) {
      copy_bytes(seed.expose(), coefficient.expose_mutable());
    } else {
      random.fill(coefficient.expose_mutable());
    }
    for (std::size_t i = 0; i < out.size(); ++i) {
      const auto x = static_cast<std::uint8_t>(i + 1);
      const auto y = MutableBytes(out[i].bytes_.expose_mutable()).subspan(kYAt, 32);
      for (std::size_t b = 0; b < y.size(); ++b) {
        y[b] = static_cast<std::uint8_t>(gf256::multiply(y[b], x) ^ coefficient.expose()[b]);
      }
    }
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    head.x = static_cast<std::uint8_t>(i + 1);
    const auto bytes = MutableBytes(out[i].bytes_.expose_mutable());
    copy_bytes(encode_fixed(head), bytes);
    copy_bytes(check_of(bytes).view(), bytes.subspan(kCheckedSize));
  }
  return {};
}

Result<crypto::Seed> combine_shares(std::span<const Share> shares) {
  if (auto good = fit_together(shares); !good) return fail(good);
  const std::size_t needed = shares.front().needed();
  const auto set = shares.front().set();
  auto seed = interpolate(shares.first(needed));
  if (!same_bytes(ByteView(node_of(seed).bytes).first(set.size()), set)) {
    return fail(Errc::bad_seal, "the shares do not give the key they name: one is not of this set");
  }
  // Whoever gives more than needed wants to know that they all fit.
  for (std::size_t i = needed; i < shares.size(); ++i) {
    std::vector<Share> others(needed);
    for (std::size_t j = 0; j < needed; ++j) {
      const Share& from = j == 0 ? shares[i] : shares[j];
      copy_bytes(from.expose(), others[j].bytes_.expose_mutable());
    }
    if (!interpolate(others).equals(seed)) {
      return fail(Errc::bad_seal, "one of the shares does not fit the others");
    }
  }
  return seed;
}

}  // namespace mehr::l2
