// mehr/core.h: version, status texts, sizes, hashes.
#include "mehr/core.h"

#include "guard.h"
#include "mehr/core/crypto.h"

namespace {

using namespace mehr;

// The numbers of Errc are part of the ABI.
static_assert(MEHR_E_TRUNCATED == -static_cast<int>(Errc::truncated));
static_assert(MEHR_E_TRAILING == -static_cast<int>(Errc::trailing));
static_assert(MEHR_E_BAD_VALUE == -static_cast<int>(Errc::bad_value));
static_assert(MEHR_E_TOO_BIG == -static_cast<int>(Errc::too_big));
static_assert(MEHR_E_FULL == -static_cast<int>(Errc::full));
static_assert(MEHR_E_NOT_FOUND == -static_cast<int>(Errc::not_found));
static_assert(MEHR_E_NO_ROUTE == -static_cast<int>(Errc::no_route));
static_assert(MEHR_E_NO_KEY == -static_cast<int>(Errc::no_key));
static_assert(MEHR_E_BAD_SIGNATURE == -static_cast<int>(Errc::bad_signature));
static_assert(MEHR_E_BAD_SEAL == -static_cast<int>(Errc::bad_seal));
static_assert(MEHR_E_REPLAYED == -static_cast<int>(Errc::replayed));
static_assert(MEHR_E_WRONG_STATE == -static_cast<int>(Errc::wrong_state));
static_assert(MEHR_E_WRONG_VERSION == -static_cast<int>(Errc::wrong_version));
static_assert(MEHR_E_WRONG_PEER == -static_cast<int>(Errc::wrong_peer));
static_assert(MEHR_E_DENIED == -static_cast<int>(Errc::denied));
static_assert(MEHR_E_IO == -static_cast<int>(Errc::io));
static_assert(MEHR_E_UNSUPPORTED == -static_cast<int>(Errc::unsupported));
static_assert(MEHR_E_BUSY == -static_cast<int>(Errc::busy));

static_assert(sizeof(mehr_id) == NodeId::kSize && sizeof(mehr_hash) == Hash256::kSize);
static_assert(sizeof(mehr_public_key) == PublicKey::kSize);
static_assert(sizeof(mehr_signature) == Signature::kSize);

struct StatusText {
  mehr_status status;
  const char* text;
};
constexpr StatusText kTexts[] = {
    {MEHR_OK, "success"},
    {MEHR_E_TRUNCATED, "the input ends before the structure does"},
    {MEHR_E_TRAILING, "bytes follow the complete structure"},
    {MEHR_E_BAD_VALUE, "a field of the input is outside its allowed range"},
    {MEHR_E_TOO_BIG, "longer than the layout, the link or the given buffer allows"},
    {MEHR_E_FULL, "a table or queue is full; try again later"},
    {MEHR_E_NOT_FOUND, "nothing is known under that name"},
    {MEHR_E_NO_ROUTE, "no link leads towards the destination"},
    {MEHR_E_NO_KEY, "the public key of that node is not known"},
    {MEHR_E_BAD_SIGNATURE, "a signature or a key does not verify"},
    {MEHR_E_BAD_SEAL, "an authenticated ciphertext does not open"},
    {MEHR_E_REPLAYED, "seen before, or too old to tell"},
    {MEHR_E_WRONG_STATE, "not possible in the present state"},
    {MEHR_E_WRONG_VERSION, "a protocol version this library does not speak"},
    {MEHR_E_WRONG_PEER, "somebody else than the one asked for"},
    {MEHR_E_DENIED, "refused by policy"},
    {MEHR_E_IO, "the random callback or the medium failed"},
    {MEHR_E_UNSUPPORTED, "not offered by this library"},
    {MEHR_E_BUSY, "the channel is busy"},
    {MEHR_E_INVALID, "an argument is NULL, of a bad struct_size or outside its range"},
    {MEHR_E_INTERNAL, "an unexpected failure inside the library or in a callback"},
    {MEHR_E_NO_MEMORY, "an allocation failed"},
};

template <class Hash>
mehr_status hash(const mehr_bytes& message, mehr_hash* out, Hash&& of) noexcept {
  return capi::guard([&]() -> mehr_status {
    if (out == nullptr || !capi::is_valid(message)) return MEHR_E_INVALID;
    const auto digest = of(capi::view_of(message));
    copy_bytes(digest.view(), out->bytes);
    return MEHR_OK;
  });
}

}  // namespace

std::uint32_t mehr_abi_version() noexcept { return MEHR_ABI_VERSION; }

const char* mehr_status_text(mehr_status status) noexcept {
  for (const StatusText& entry : kTexts) {
    if (entry.status == status) return entry.text;
  }
  return "a status that this library does not know";
}

std::size_t mehr_id_bytes() noexcept { return sizeof(mehr_id); }
std::size_t mehr_public_key_bytes() noexcept { return sizeof(mehr_public_key); }
std::size_t mehr_signature_bytes() noexcept { return sizeof(mehr_signature); }
std::size_t mehr_hash_bytes() noexcept { return sizeof(mehr_hash); }
std::size_t mehr_seed_bytes() noexcept { return crypto::Seed::kSize; }

mehr_status mehr_blake3(mehr_bytes message, mehr_hash* out) noexcept {
  return hash(message, out, [](ByteView bytes) { return crypto::Blake3().update(bytes).finish(); });
}

mehr_status mehr_b2(mehr_bytes message, mehr_hash* out) noexcept {
  return hash(message, out, [](ByteView bytes) { return crypto::b2(bytes); });
}
