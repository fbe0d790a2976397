// Real Ed25519 that verifies each signature once in a process.
//
// Place: ports/sim/remember, object files that a simulation links in place of the archive member
// verify.cpp of L0: a thousand nodes check the same announce, and the answer is the same.
// Machine: a table of 65,536 places by the first bits of BLAKE2b over key, signature and message;
// the whole digest is compared, so another question is never taken for this one, and a refusal is
// remembered like a yes. A newer question takes the place of an older one.
// Bounds: 2.3 MB for the process, no heap. Threads: any; a lock around each look.
// Failure: none; answers are those of crypto::verify, with or without the table.
#include <array>
#include <memory>
#include <mutex>

#include "mehr/core/crypto.h"
#include "verify_once.h"

namespace mehr::crypto {

namespace {

constexpr std::size_t kPlaces = 65'536;

struct Remembered {
  Hash256 question;
  bool is_known = false;
  bool answer = false;
};

std::mutex table_lock;
std::array<Remembered, kPlaces> table;

Remembered& place_of(const Hash256& question) {
  const auto& bytes = question.bytes;
  return table[(std::size_t{bytes[1]} << 8 | bytes[0]) % kPlaces];
}

}  // namespace

bool verify(const PublicKey& key, ByteView message, const Signature& signature) {
  const Hash256 question = b2(key.bytes, signature.bytes, message);
  {
    const std::lock_guard locked(table_lock);
    const Remembered& place = place_of(question);
    if (place.is_known && place.question == question) return place.answer;
  }
  const bool answer = detail::verify_once(key, message, signature);
  const std::lock_guard locked(table_lock);
  place_of(question) = {question, true, answer};
  return answer;
}

}  // namespace mehr::crypto
