#include "mehr/l2/key_exchange.h"

#include <array>

namespace mehr::l2 {

namespace {

constexpr std::array kAskAgainAfter{Millis::seconds(2), Millis::seconds(4), Millis::seconds(8)};

}  // namespace

void KeyExchange::wait(Waiting message, Millis now) {
  expire(now);
  const std::size_t cost = message.message.size() + kMessageCost;
  if (cost > most_bytes_) {
    ++dropped_;
    return;
  }
  while (waiting_.size() >= kMostWaiting || cost_ + cost > most_bytes_) drop_oldest();
  cost_ += cost;
  waiting_.push_back({std::move(message), now + kWaitForKey, now, 0});
}

// Several messages of one signer that came by one link ask once for all of them.
std::optional<KeyExchange::Question> KeyExchange::next_question(Millis now) {
  const auto due = std::find_if(waiting_.begin(), waiting_.end(),
                                [now](const Entry& e) { return e.ask_at <= now; });
  if (due == waiting_.end()) return std::nullopt;
  const Question question{due->what.signer, due->what.link};
  for (Entry& e : waiting_) {
    if (e.ask_at > now || e.what.signer != question.signer || e.what.link != question.link) {
      continue;
    }
    e.ask_at = e.asked < kAskAgainAfter.size() ? now + kAskAgainAfter[e.asked] : Millis::never();
    if (++e.asked == kAskAgainAfter.size()) e.ask_at = Millis::never();
  }
  note_question(question, now);
  return question;
}

void KeyExchange::note_question(const Question& question, Millis now) {
  const auto known = std::find_if(asked_.begin(), asked_.end(), [&](const Open& a) {
    return a.link == question.link && a.signer == question.signer;
  });
  if (known != asked_.end()) asked_.erase(known);
  if (asked_.size() == kMostWaiting) {
    forgot_until_ = asked_.front().until;
    asked_.pop_front();
  }
  asked_.push_back({question.signer, question.link, now + kLateAnswer});
}

std::optional<KeyExchange::Waiting> KeyExchange::take(const NodeId& signer) {
  const auto found = std::find_if(waiting_.begin(), waiting_.end(),
                                  [&](const Entry& e) { return e.what.signer == signer; });
  if (found == waiting_.end()) return std::nullopt;
  Waiting out = std::move(found->what);
  cost_ -= out.message.size() + kMessageCost;
  waiting_.erase(found);
  return out;
}

void KeyExchange::drop_oldest() {
  cost_ -= waiting_.front().what.message.size() + kMessageCost;
  waiting_.pop_front();
  ++dropped_;
}

KeyExchange::Asked KeyExchange::judge(std::uint32_t link, const NodeId& signer, Millis now) {
  expire(now);
  const bool known = std::any_of(asked_.begin(), asked_.end(), [&](const Open& a) {
    return a.link == link && a.signer == signer;
  });
  if (known) return Asked::yes;
  return forgot_until_ > now ? Asked::maybe : Asked::never;
}

bool KeyExchange::may_answer(std::uint32_t link, Millis now) {
  const std::uint64_t second = now.count / 1000;
  auto found = std::find_if(answers_.begin(), answers_.end(),
                            [link](const Answers& a) { return a.link == link; });
  if (found == answers_.end()) {
    std::erase_if(answers_, [second](const Answers& a) { return a.second != second; });
    if (answers_.size() == most_links_) return false;
    answers_.push_back({link, second, 0});
    found = std::prev(answers_.end());
  }
  if (found->second != second) *found = {link, second, 0};
  return ++found->count <= kKeyAnswersPerSecond;
}

void KeyExchange::expire(Millis now) {
  while (!waiting_.empty() && waiting_.front().until <= now) drop_oldest();
  while (!asked_.empty() && asked_.front().until <= now) asked_.pop_front();
}

Millis KeyExchange::next_deadline() const {
  Millis next = waiting_.empty() ? Millis::never() : waiting_.front().until;
  for (const Entry& e : waiting_) next = std::min(next, e.ask_at);
  return next;
}

}  // namespace mehr::l2
