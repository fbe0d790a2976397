#include "mehr/l1/tlv_writer.h"

#include <limits>

namespace mehr::l1 {

Status TlvWriter::add(std::uint8_t type, ByteView data) {
  if (find(type)) return fail(Errc::bad_value, "an announce holds each field once");
  if (data.size() > std::numeric_limits<std::uint8_t>::max()) {
    return fail(Errc::too_big, "an announce field is limited to 255 bytes");
  }
  Writer w(MutableBytes(bytes_).subspan(size_));
  w.put(type);
  w.put(static_cast<std::uint8_t>(data.size()));
  w.bytes(data);
  if (!w.ok()) return fail(Errc::too_big, "the announce has no room for this field");
  size_ += w.written().size();
  return {};
}

std::optional<ByteView> TlvWriter::find(std::uint8_t type) const {
  TlvReader reader(view());
  while (const auto field = reader.next()) {
    if (field->type == type) return field->data;
  }
  return std::nullopt;
}

}  // namespace mehr::l1
