#include "mehr/l1/mep.h"

#include <gsl/assert>
#include <limits>
#include <tuple>

#include "mehr/core/crypto.h"
#include "mehr/core/utf8.h"
#include "mehr/l1/u128.h"

namespace mehr::l1 {

namespace {

constexpr std::string_view kLabel = "mehr-mep-v1";

/// Between the title and the optional hash.
struct Middle {
  NodeId author;
  MepStatus status = MepStatus::draft;
  MepCategory category = MepCategory::soft;
  std::uint16_t target_major = 0;
  std::uint16_t target_minor = 0;
  ContentHash spec_hash;
  bool has_reference = false;

  static constexpr auto wire = std::tuple{field("author", &Middle::author),
                                          field("status", &Middle::status),
                                          field("category", &Middle::category),
                                          field("target_major", &Middle::target_major),
                                          field("target_minor", &Middle::target_minor),
                                          field("spec_hash", &Middle::spec_hash),
                                          field("has_reference", &Middle::has_reference)};
};
static_assert(4 + 2 + 1 + wire_size<Middle> + 8 + Signature::kSize == kMepMin);
static_assert(kMepMin - 1 + kMepTitleMax + ContentHash::kSize == kMepMax);

Status check_title(std::string_view title) {
  if (title.empty() || title.size() > kMepTitleMax) {
    return fail(Errc::bad_value, "the title of a proposal has 1 to 256 bytes");
  }
  if (!is_utf8(as_bytes(title))) return fail(Errc::bad_value, "the title is not well-formed UTF-8");
  return {};
}

/// Everything that is signed.
void put_terms(const Mep& mep, Writer& w) {
  w.put(mep.number);
  w.put(static_cast<std::uint16_t>(mep.title.size()));
  w.bytes(as_bytes(mep.title));
  w.put(Middle{mep.author, mep.status, mep.category, mep.target_major, mep.target_minor,
               mep.spec_hash, mep.reference_impl_hash.has_value()});
  if (mep.reference_impl_hash) w.put(*mep.reference_impl_hash);
  w.put(mep.created);
}

Status check(const Mep& mep) {
  if (!is_valid(mep.status)) return fail(Errc::bad_value, "a derived status is never signed");
  if (!is_valid(mep.category)) return fail(Errc::bad_value, "no such category of proposals");
  return check_title(mep.title);
}

std::uint64_t add_up(std::uint64_t a, std::uint64_t b) {
  const std::uint64_t sum = a + b;
  return sum < a ? std::numeric_limits<std::uint64_t>::max() : sum;
}

}  // namespace

// ---- The object
// ----------------------------------------------------------------------------------

Result<Mep> decode_mep(ByteView object) {
  Reader r(object);
  Mep mep;
  std::uint16_t title_size = 0;
  ByteView title;
  r.get(mep.number);
  r.get(title_size);
  r.take(title_size, title);
  Middle middle;
  r.get(middle);
  if (middle.has_reference) r.get(mep.reference_impl_hash.emplace());
  r.get(mep.created);
  r.get(mep.signature);
  if (auto end = r.finish(); !end) return fail(end);
  mep.title = as_text(title);
  if (auto good = check_title(mep.title); !good) return fail(good);
  mep.author = middle.author;
  mep.status = middle.status;
  mep.category = middle.category;
  mep.target_major = middle.target_major;
  mep.target_minor = middle.target_minor;
  mep.spec_hash = middle.spec_hash;
  return mep;
}

Result<MutableBytes> encode_mep(const Mep& mep, MutableBytes out) {
  if (auto good = check(mep); !good) return fail(good);
  Writer w(out);
  put_terms(mep, w);
  w.put(mep.signature);
  if (!w.ok()) return fail(Errc::too_big, "the proposal does not fit the buffer");
  return w.written();
}

Result<Mep> sign_mep(Mep mep, const Signer& author) {
  mep.author = author.node_id();
  if (auto good = check(mep); !good) return fail(good);
  std::array<std::uint8_t, kMepMax> buffer;
  Writer w(buffer);
  put_terms(mep, w);
  Expects(w.ok());
  mep.signature = author.sign(kLabel, w.written());
  return mep;
}

Status verify_mep(const Mep& mep, const PublicKey& key) {
  if (auto good = check(mep); !good) return good;
  std::array<std::uint8_t, kLabel.size() + kMepMax> buffer;
  Writer w(buffer);
  w.bytes(as_bytes(kLabel));
  put_terms(mep, w);
  Expects(w.ok());
  if (crypto::node_id_of(key) != mep.author || !crypto::verify(key, w.written(), mep.signature)) {
    return fail(Errc::bad_signature, "the proposal was not signed by its author");
  }
  return {};
}

bool precedes(const Mep& a, const Mep& b) {
  return std::tie(a.created, a.spec_hash) < std::tie(b.created, b.spec_hash);
}

// ---- Votes
// ---------------------------------------------------------------------------------------

void MepTally::add(const VersionSignal& signal, std::uint32_t number, std::uint32_t weight) {
  for (const MepVote& vote : signal) {
    if (vote.mep_number != number) continue;
    std::uint64_t& sum = vote.support == Support::support  ? support
                         : vote.support == Support::oppose ? oppose
                                                           : neutral;
    sum = add_up(sum, weight);
    return;
  }
}

std::uint64_t MepTally::total() const { return add_up(add_up(support, oppose), neutral); }

bool is_abandoned(std::uint64_t before, std::uint64_t after) {
  constexpr std::uint32_t kAbandonedPercent = 90;
  return after < before && is_above(before - after, kAbandonedPercent, before);
}

// ---- States
// --------------------------------------------------------------------------------------

MepRecord::MepRecord(const Mep& first)
    : number_(first.number),
      author_(first.author),
      status_(first.status),
      terms_(terms_of(first)),
      has_reference_(first.reference_impl_hash.has_value()) {}

MepRecord::Terms MepRecord::terms_of(const Mep& mep) {
  return {mep.category, mep.target_major, mep.target_minor, mep.spec_hash, mep.created};
}

Status MepRecord::republished(const Mep& newer) {
  if (newer.number != number_ || newer.author != author_) {
    return fail(Errc::wrong_peer, "another proposal, or another author's");
  }
  if (newer.status == MepStatus::withdrawn) {
    if (status_ != MepStatus::draft && status_ != MepStatus::proposed) {
      return fail(Errc::wrong_state, "a decided proposal cannot be withdrawn");
    }
    status_ = MepStatus::withdrawn;
    return {};
  }
  if (status_ == MepStatus::draft) {
    status_ = newer.status;
    terms_ = terms_of(newer);
    has_reference_ = newer.reference_impl_hash.has_value();
    return {};
  }
  if (status_ == MepStatus::rejected || status_ == MepStatus::withdrawn) {
    return fail(Errc::wrong_state, "this proposal is over");
  }
  if (newer.status == MepStatus::draft || terms_of(newer) != terms_) {
    return fail(Errc::wrong_state, "what people vote on stays as it was proposed");
  }
  has_reference_ = has_reference_ || newer.reference_impl_hash.has_value();
  return {};
}

MepStatus MepRecord::next(const MepFacts& facts) const {
  const std::uint64_t total = facts.tally.total();
  switch (status_) {
    case MepStatus::proposed: {
      if (is_at_least(facts.tally.support, kMepAcceptPercent, total)) return MepStatus::accepted;
      const bool opposed = is_at_least(facts.tally.oppose, kMepRejectPercent, total);
      const bool over =
          facts.epoch >= add_up(terms_.created, kMepSunset) || facts.elapsed_epochs >= kMepSunset;
      return opposed || over ? MepStatus::rejected : status_;
    }
    case MepStatus::accepted:
      return has_reference_ ? MepStatus::implemented : status_;
    case MepStatus::implemented:
      return is_at_least(facts.nodes_on_target, kMepActivePercent, facts.active_nodes)
                 ? MepStatus::active
                 : status_;
    case MepStatus::draft:
    case MepStatus::active:
    case MepStatus::rejected:
    case MepStatus::withdrawn:
      return status_;
  }
  return status_;
}

MepStatus MepRecord::step(const MepFacts& facts) {
  for (MepStatus then = next(facts); then != status_; then = next(facts)) status_ = then;
  return status_;
}

}  // namespace mehr::l1
