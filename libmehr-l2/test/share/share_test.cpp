// L2/6 property 25: seeds in shares, as bytes and as what people type.
#include "mehr/l2/share.h"

#include <set>

#include "support.h"

using namespace mehr;
using namespace mehr::l2;
using namespace mehr::l2::test;

namespace {

/// Gives the same byte for every coefficient, as the specification's known answer has it.
class Repeating final : public Random {
 public:
  explicit Repeating(std::uint8_t byte) : byte_(byte) {}
  void fill(MutableBytes out) override { std::fill(out.begin(), out.end(), byte_); }

 private:
  std::uint8_t byte_;
};

crypto::Seed seed_of(std::uint8_t first) {
  crypto::Seed seed;
  for (auto& b : seed.expose_mutable()) b = first++;
  return seed;
}

std::vector<Share> split(const crypto::Seed& seed, std::uint8_t k, std::size_t n,
                         std::uint64_t random_seed = 1) {
  std::vector<Share> out(n);
  SeededRandom random(random_seed);
  REQUIRE(split_seed(seed, k, out, random).has_value());
  return out;
}

std::string text_of(const Share& share) {
  std::array<char, kShareText> text{};
  share.to_text(text);
  return {text.data(), text.size()};
}

Share copy(const Share& share) { return *Share::decode(share.expose()); }

std::vector<Share> some(const std::vector<Share>& all, const std::vector<std::size_t>& which) {
  std::vector<Share> out;
  for (const std::size_t i : which) out.push_back(copy(all[i]));
  return out;
}

Errc refusal(const std::vector<Share>& shares) {
  const auto seed = combine_shares(shares);
  REQUIRE_FALSE(seed.has_value());
  return seed.error().code;
}

// Not inlined: GCC 12 sees overruns in joined strings that are not there.
[[gnu::noinline]] std::string with_more(std::string_view text, char last) {
  std::string out(text);
  out.push_back(last);
  return out;
}

constexpr std::string_view kKnown =
    "04106-0CX4K-HEXAN-BN2MT-XBXCN-PHA78-51MTK-T99DT-QEWBK-FNZQJ-YV5CX-GP6VB-FD5NA-7CCS9-8";

}  // namespace

TEST_CASE("L2/8 share: the known answer, each way", "[l2][share]") {
  std::vector<Share> shares(3);
  Repeating random(0xAA);
  REQUIRE(split_seed(seed_of(0), 2, shares, random).has_value());
  CHECK(text_of(shares[0]) == kKnown);
  const auto parsed = Share::parse(kKnown);
  REQUIRE(parsed.has_value());
  CHECK(parsed->needed() == 2);
  CHECK(parsed->total() == 3);
  CHECK(parsed->x() == 1);
  CHECK(bytes_of(parsed->set()) == hex("9d24e2ee"));
  CHECK(same_bytes(parsed->expose(), shares[0].expose()));
}

TEST_CASE("L2/6 property 25: any k of n restore, in any order", "[l2][share]") {
  const auto seed = seed_of(0);
  for (const auto& [k, n] : {std::pair{2, 2}, {2, 3}, {3, 5}, {5, 5}, {4, 7}}) {
    const auto all = split(seed, static_cast<std::uint8_t>(k), static_cast<std::size_t>(n));
    for (unsigned mask = 0; mask < (1U << n); ++mask) {
      if (__builtin_popcount(mask) < k) continue;
      std::vector<std::size_t> which;
      for (int i = n - 1; i >= 0; --i) {
        if ((mask >> i & 1U) != 0) which.push_back(static_cast<std::size_t>(i));
      }
      const auto back = combine_shares(some(all, which));
      REQUIRE(back.has_value());
      CHECK(back->equals(seed));
    }
  }
}

TEST_CASE("L2/6: 255 of 255, and the numbers that are refused", "[l2][share]") {
  const auto seed = seed_of(9);
  const auto all = split(seed, 255, 255);
  const auto back = combine_shares(all);
  REQUIRE(back.has_value());
  CHECK(back->equals(seed));
  SeededRandom random;
  std::vector<Share> out(3);
  for (const unsigned k : {0U, 1U, 4U, 255U}) {
    CHECK(split_seed(seed, static_cast<std::uint8_t>(k), out, random).error().code ==
          Errc::bad_value);
  }
  std::vector<Share> many(256);
  CHECK(split_seed(seed, 2, many, random).error().code == Errc::bad_value);
}

TEST_CASE("L2/6 property 25: k-1 shares leave every secret possible", "[l2][share]") {
  // For one byte of the seed: whatever is at x = 1, each value at 0 has exactly one line through
  // both. So over all coefficients each share byte occurs once for every secret byte.
  for (const std::uint8_t secret : {std::uint8_t{0}, std::uint8_t{1}, std::uint8_t{0xC3}}) {
    crypto::Seed seed;
    std::fill(seed.expose_mutable().begin(), seed.expose_mutable().end(), secret);
    std::set<std::uint8_t> seen;
    for (unsigned coefficient = 0; coefficient < 256; ++coefficient) {
      std::vector<Share> shares(2);
      Repeating random(static_cast<std::uint8_t>(coefficient));
      REQUIRE(split_seed(seed, 2, shares, random).has_value());
      seen.insert(shares[0].expose()[8]);
    }
    CHECK(seen.size() == 256);
  }
}

TEST_CASE("L2/6 property 25: too few, mixed sets, equal x, other numbers", "[l2][share]") {
  const auto all = split(seed_of(0), 3, 5);
  CHECK(refusal(some(all, {0, 1})) == Errc::truncated);
  CHECK(refusal({}) == Errc::truncated);
  CHECK(refusal(some(all, {0, 1, 1})) == Errc::bad_value);
  auto mixed = some(all, {0, 1});
  mixed.push_back(copy(split(seed_of(50), 3, 5)[2]));
  CHECK(refusal(mixed) == Errc::bad_value);
  auto numbers = some(all, {0, 1});
  numbers.push_back(copy(split(seed_of(0), 2, 5)[2]));
  CHECK(refusal(numbers) == Errc::bad_value);
  // The same key and numbers, but drawn another time: only the result tells.
  auto other_draw = some(all, {0, 1});
  other_draw.push_back(copy(split(seed_of(0), 3, 5, 77)[2]));
  CHECK(refusal(other_draw) == Errc::bad_seal);
  auto extra = some(all, {0, 1, 2});
  extra.push_back(copy(split(seed_of(0), 3, 5, 77)[3]));
  CHECK(refusal(extra) == Errc::bad_seal);
}

TEST_CASE("L2/6: what people type is read kindly", "[l2][share]") {
  std::string lower(kKnown);
  for (char& c : lower) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  CHECK(Share::parse(lower).has_value());
  std::string spaced;
  for (const char c : kKnown) {
    if (c == '-') {
      spaced += " \n";
    } else if (c == '0') {
      spaced += 'O';
    } else if (c == '1') {
      spaced += spaced.size() % 2 == 0 ? 'I' : 'l';
    } else {
      spaced += c;
    }
  }
  const auto read = Share::parse(spaced);
  REQUIRE(read.has_value());
  CHECK(text_of(*read) == kKnown);
}

TEST_CASE("L2/6 property 25: every typing mistake is noticed", "[l2][share]") {
  constexpr std::string_view kSymbols = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  for (std::size_t i = 0; i < kKnown.size(); ++i) {
    if (kKnown[i] == '-') continue;
    for (const char c : kSymbols) {
      if (c == kKnown[i]) continue;
      std::string typo(kKnown);
      typo[i] = c;
      CHECK_FALSE(Share::parse(typo).has_value());
    }
    std::string gone(kKnown);
    gone.erase(i, 1);
    CHECK_FALSE(Share::parse(gone).has_value());
  }
  CHECK(Share::parse("").error().code == Errc::truncated);
  CHECK(Share::parse(with_more(kKnown, '0')).error().code == Errc::trailing);
  CHECK(Share::parse(with_more("U", ' ')).error().code == Errc::bad_value);
  CHECK(Share::parse(with_more(kKnown.substr(1), '*')).error().code == Errc::bad_value);
  std::string last(kKnown);
  last.back() = '9';  // bits beyond the 44 bytes
  CHECK(Share::parse(last).error().code == Errc::bad_value);
}

TEST_CASE("L2/6: bytes that are no share, though their check matches", "[l2][share]") {
  const auto all = split(seed_of(0), 2, 3);
  const auto with = [&](std::size_t at, std::uint8_t value) {
    Bytes bytes = bytes_of(all[0].expose());
    bytes[at] = value;
    const auto check = crypto::b2(as_bytes("mehr-share-v1"), ByteView(bytes).first(40));
    copy_bytes(check.view().first(4), MutableBytes(bytes).subspan(40));
    return Share::decode(bytes).has_value();
  };
  CHECK(with(0, 1));
  CHECK_FALSE(with(0, 2));  // version
  CHECK_FALSE(with(1, 1));  // k = 1
  CHECK_FALSE(with(1, 0));
  CHECK_FALSE(with(1, 4));  // k > n
  CHECK_FALSE(with(3, 0));  // x = 0 would be the seed itself
  CHECK_FALSE(with(3, 4));  // x > n
  CHECK(Share::decode(ByteView(all[0].expose()).first(43)).error().code == Errc::truncated);
  CHECK(Share::decode(join(all[0].expose(), hex("00"))).error().code == Errc::trailing);
}
