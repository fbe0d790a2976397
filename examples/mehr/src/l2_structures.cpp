#include "l2_structures.h"

#include "json_describer.h"
#include "mehr/common/text.h"
#include "mehr/core/crypto.h"
#include "mehr/l2/advisory.h"
#include "mehr/l2/key_exchange.h"
#include "mehr/l2/key_file.h"

namespace mehr::cli {
namespace {

std::string node_text(const PublicKey& key) { return common::to_text(crypto::node_id_of(key)); }

}  // namespace

Result<Json> show_key_advisory(ByteView bytes) {
  const auto a = l2::decode_advisory(bytes);
  if (!a) return fail(a);
  const bool both = a->evidence == l2::Evidence::both;
  Json fields{{"compromised_key", common::to_hex(a->compromised.view())},
              {"new_key", common::to_hex(a->successor.view())},
              {"sequence", a->sequence},
              {"evidence", static_cast<unsigned>(a->evidence)},
              {"sig_old", common::to_hex(a->sig_old.view())}};
  if (both) fields["sig_new"] = common::to_hex(a->sig_new.view());
  fields["timestamp"] = a->timestamp;
  Json meaning{{"node", node_text(a->compromised)}};
  if (!a->successor.is_zero()) meaning["new_node"] = node_text(a->successor);
  meaning["signed_by"] = both ? "both keys" : "the old key alone";
  meaning["signatures_hold"] = l2::verify(*a).has_value();
  return Json{{"fields", std::move(fields)}, {"meaning", std::move(meaning)}};
}

Result<Json> show_commitment(ByteView bytes) {
  const auto c = decode<l2::NextKeyCommitment>(bytes);
  if (!c) return fail(c);
  return Json{{"fields", fields_of(*c)},
              {"meaning",
               {{"node", node_text(c->owner)}, {"signature_holds", l2::verify(*c).has_value()}}}};
}

Result<Json> show_key_file(ByteView bytes) {
  const auto file = decode<l2::KeyFile>(bytes);
  if (!file) return fail(file);
  return Json{{"fields", fields_of(*file)},
              {"meaning",
               {{"memory", common::human_bytes(1024.0 * file->head.memory_kib)},
                {"seed", "sealed under a passphrase"}}}};
}

Result<Json> show_key_message(ByteView bytes) {
  if (const auto get = decode<l2::KeyGet>(bytes)) {
    return Json{{"fields", fields_of(*get)},
                {"meaning", {{"asks_for", common::to_text(get->node)}}}};
  }
  const auto key = decode<l2::KeyAnswer>(bytes);
  if (!key) return fail(key);
  return Json{{"fields", fields_of(*key)}, {"meaning", {{"node", node_text(key->key)}}}};
}

}  // namespace mehr::cli
