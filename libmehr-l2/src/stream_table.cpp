#include "mehr/l2/stream_table.h"

#include "mehr/core/codec.h"
#include "mehr/core/hazard.h"

namespace mehr::l2 {

namespace {

// The id as a number, only to compare faster; its order means nothing outside this table.
std::uint64_t number_of(ByteView id) {
  std::uint64_t n = 0;
  Reader(id).get(n);
  return n;
}

template <class Streams>
auto place_of(Streams& streams, std::uint64_t id) {
  return std::lower_bound(streams.begin(), streams.end(), id,
                          [](const auto& stream, std::uint64_t n) { return stream.id < n; });
}

}  // namespace

Status StreamTable::accept(const StreamId& id, MessageHandler handler) {
  const std::uint64_t number = number_of(id.view());
  const auto place = place_of(streams_, number);
  auto shared = std::make_shared<const MessageHandler>(std::move(handler));
  if (place != streams_.end() && place->id == number) {
    place->handler = std::move(shared);
    return {};
  }
  if (streams_.size() == capacity_) {
    return fail(Errc::full, "too many registered streams; drop one first");
  }
  streams_.insert(place, {number, std::move(shared)});
  return {};
}

void StreamTable::drop(const StreamId& id) {
  const std::uint64_t number = number_of(id.view());
  const auto place = place_of(streams_, number);
  if (place != streams_.end() && place->id == number) streams_.erase(place);
}

StreamTable::Handler StreamTable::find(ByteView data) const {
  if (data.size() < StreamId::kSize || streams_.empty()) return nullptr;
  if (planted("l2.stream_mixup")) return streams_.front().handler;
  const std::uint64_t number = number_of(data.first(StreamId::kSize));
  const auto place = place_of(streams_, number);
  return place != streams_.end() && place->id == number ? place->handler : nullptr;
}

}  // namespace mehr::l2
