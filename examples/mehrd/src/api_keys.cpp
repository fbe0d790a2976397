// What the API takes about keys: a notice signed elsewhere, to spread.
#include <fmt/format.h>

#include "api.h"
#include "mehr/common/text.h"
#include "params.h"

namespace mehr::daemon {
namespace {

// The kind is told by the length: the three have different ones. spec: L2/6.1
std::optional<std::uint8_t> kind_of(ByteView body) {
  if (body.size() == l2::kAdvisoryBoth || body.size() == l2::kAdvisoryOldOnly) {
    return l2::kAdvisoryKind;
  }
  if (body.size() == wire_size<l2::NextKeyCommitment>) return l2::kCommitmentKind;
  return std::nullopt;
}

}  // namespace

std::optional<Api::Outcome> Api::advise(const Request& request) {
  const std::string* hex = text_of(request.params, "notice");
  const auto body = hex == nullptr ? std::nullopt : common::from_hex(*hex);
  const auto kind = body ? kind_of(*body) : std::nullopt;
  if (!kind) {
    return tl::unexpected(
        Failure{"bad_params",
                "params.notice is the hexadecimal text of an advisory (209 or 145 "
                "bytes) or of a commitment (136 bytes)"});
  }
  const auto taken = parts_.node.advisories().submit({*kind, *body});
  if (!taken && taken.error().code != Errc::replayed) {
    return tl::unexpected(Failure{"refused", taken.error().text});
  }
  return Json{{"known", !taken.has_value()}};
}

void Api::advisory_changed(const NodeId& node) {
  if (follows_.empty()) return;
  tell_watchers({{"kind", "key_advisory"}, {"node", common::to_text(node)}});
}

}  // namespace mehr::daemon
