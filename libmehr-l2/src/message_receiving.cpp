// The facade's half that takes messages of contexts 0xF3 to 0xF9, and keys of others.
// spec: README/3, L2/4.1
#include "mehr/l2/sealed_messenger.h"
#include "messenger_parts.h"

namespace mehr::l2 {

// ---- Packets
// -------------------------------------------------------------------------------------

void SealedMessenger::receive_form(std::uint8_t context, const Message& message) {
  MutableBytes data = message.body;
  if (data.size() > kMaxDatagram) {
    ++counters_.dropped_too_big;
    return;
  }
  if (!data.empty() && data[0] == form::kSegment) {
    const auto segment = decode<Segment>(data.subspan(1));
    if (!segment) {
      ++counters_.dropped_form;
      return;
    }
    const auto joined = segments_.add({message.link, false, context}, *segment, clock_.now());
    set_wake();
    if (!joined) return;
    data = *joined;
  }
  if (data.empty() || (data[0] != form::kSealed && data[0] != form::kProven)) {
    ++counters_.dropped_form;  // a segment within a join, too
    return;
  }
  const std::uint8_t shape = data[0];
  if (const auto opened = open_new(context, data.subspan(1))) {
    deliver_form(context, shape, *opened, message.link);
  }
}

void SealedMessenger::deliver_form(std::uint8_t context, std::uint8_t shape, const Opened& opened,
                                   std::uint32_t link) {
  Message message{{context, 0}, std::nullopt, opened.plain, link};
  // Nobody listens: then no signature is checked, and no stranger's key takes a place.
  const std::size_t front = shape == form::kProven ? kProofSize : 0;
  if (opened.plain.size() <= front || opened.plain[front] == 0) {
    ++counters_.dropped_no_port;
    return;
  }
  message.protocol.port = opened.plain[front];
  if (handlers_.count(message.protocol) == 0) {
    ++counters_.dropped_unhandled;
    return;
  }
  if (shape == form::kProven && !prove(opened, message)) return;
  message.body = message.body.subspan(1);
  if (hand_up(message)) ++counters_.opened;
}

// ---- One hop
// -------------------------------------------------------------------------------------

// An error is the neighbour's fault. spec: README/2.5
Status SealedMessenger::on_control(l1::LinkId from, ByteView message) {
  if (message[0] == kKeyExchangeType) return take_key_message(from, message);
  const auto end = beside_.links->end_of(from);
  if (!end) return {};
  return take_one_hop(from, *end, message);
}

Status SealedMessenger::take_one_hop(l1::LinkId from, const l1::LinkEnd& end, ByteView message) {
  const std::uint8_t context = context_of_link_type(message[0]);
  if (message.size() < 2) return fail(Errc::truncated, "a message without a sub-type");
  MutableBytes body;
  if (message[1] == form::kSegment) {
    const auto segment = decode<Segment>(message.subspan(2));
    if (!segment) return fail(segment);
    const auto joined = segments_.add({from.value, true, context}, *segment, clock_.now());
    set_wake();
    if (!joined) return {};
    body = *joined;
    if (body[0] == 0) return fail(Errc::bad_value, "segments that join to a segment");
  } else {
    hopping_.assign(message.begin() + 1, message.end());
    body = hopping_;
  }
  const auto sender = keys_.key_of(end.peer);
  if (!sender) {
    ++counters_.dropped_unproven;
    return {};
  }
  if (hand_up({{context, body[0]}, sender, body.subspan(1), from.value})) ++counters_.hopped_in;
  return {};
}

// ---- Keys of others
// ------------------------------------------------------------------------------

void SealedMessenger::with_key(const NodeId& signer, std::uint32_t link, ByteView message,
                               KeyExchange::Resume resume) {
  Bytes copy(message.begin(), message.end());
  if (const auto key = keys_.key_of(signer)) return resume(*key, copy);
  key_exchange_.wait({signer, link, std::move(copy), std::move(resume)}, clock_.now());
  ask_for_keys();
  set_wake();
}

// What has become known meanwhile from elsewhere is not asked for.
void SealedMessenger::ask_for_keys() {
  const Millis now = clock_.now();
  while (const auto question = key_exchange_.next_question(now)) {
    if (const auto known = keys_.key_of(question->signer)) {
      resume_for(*known);
      continue;
    }
    if (beside_.links == nullptr) continue;
    if (question->link == 0) {
      beside_.links->seek(question->signer);
      continue;
    }
    constexpr std::uint8_t kPayment = 2;
    (void)beside_.links->send_control({static_cast<std::uint16_t>(question->link)}, kPayment,
                                      encode_fixed(KeyGet{{}, {}, question->signer}));
  }
}

void SealedMessenger::resume_for(const PublicKey& key) {
  const NodeId signer = crypto::node_id_of(key);
  while (auto waiting = key_exchange_.take(signer)) waiting->resume(key, waiting->message);
}

Status SealedMessenger::take_key_message(l1::LinkId from, ByteView message) {
  constexpr std::uint8_t kPayment = 2;
  if (const auto get = decode<KeyGet>(message)) {
    const auto key =
        get->node == me_.node_id() ? std::optional(me_.public_key()) : keys_.key_of(get->node);
    // Unknown, or asked too often: no answer.
    if (!key || !key_exchange_.may_answer(from.value, clock_.now())) return {};
    (void)beside_.links->send_control(from, kPayment, encode_fixed(KeyAnswer{{}, {}, *key}));
    return {};
  }
  const auto answer = decode<KeyAnswer>(message);
  if (!answer) return fail(answer);
  if (!crypto::is_valid_key(answer->key)) return fail(Errc::bad_value, "a key that is none");
  switch (key_exchange_.judge(from.value, crypto::node_id_of(answer->key), clock_.now())) {
    case KeyExchange::Asked::never:
      return fail(Errc::bad_value, "a key that was not asked for");
    case KeyExchange::Asked::maybe:
      return {};
    case KeyExchange::Asked::yes:
      break;
  }
  keys_.learn(answer->key);
  resume_for(answer->key);
  return {};
}

}  // namespace mehr::l2
