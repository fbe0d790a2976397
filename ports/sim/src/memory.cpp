#include "mehr/sim/memory.h"

#include <array>
#include <cstdlib>
#include <gsl/assert>
#include <new>

#include "mehr/core/crypto.h"
#include "memory_slots.h"

namespace mehr::sim {

namespace detail {

constinit thread_local AccountSlot* current_slot = nullptr;
constinit bool counting = false;

namespace {

constexpr std::size_t kSlotsAtOnce = 256;

// A free slot has no account to point to, so the list runs through a union of the same word.
struct FreeSlot {
  FreeSlot* next;
};
static_assert(sizeof(FreeSlot) <= sizeof(AccountSlot));

constinit thread_local FreeSlot* free_slots = nullptr;

// Slots come from malloc, so that making one is not itself counted.
AccountSlot* take_slot() {
  if (free_slots == nullptr) {
    auto* const more = static_cast<std::byte*>(std::malloc(kSlotsAtOnce * sizeof(AccountSlot)));
    Ensures(more != nullptr);
    for (std::size_t i = 0; i < kSlotsAtOnce; ++i) {
      free_slots = ::new (more + i * sizeof(AccountSlot)) FreeSlot{free_slots};
    }
  }
  FreeSlot* const slot = free_slots;
  free_slots = slot->next;
  return ::new (slot) AccountSlot;
}

void give_slot(AccountSlot& slot) { free_slots = ::new (&slot) FreeSlot{free_slots}; }

// The crypto library makes tables once per process, and some once per thread, when they are first
// needed: 200 KB that are nobody's in particular.
void warm_up() {
  thread_local bool warm = false;
  if (warm) return;
  warm = true;
  const AccountScope nobody;
  const crypto::SigningKey key{crypto::Seed{}};
  (void)crypto::verify(key.public_key(), {}, key.sign({}));
  (void)crypto::x25519_from_ed25519(key.public_key());
  const crypto::Nonce nonce{};
  std::array<std::uint8_t, crypto::Aead::kTagSize> sealed{};
  crypto::Aead(Secret<32>{}, crypto::Aead::Use::seal).seal(nonce, {}, {}, sealed);
  (void)crypto::Aead(Secret<32>{}, crypto::Aead::Use::open).open(nonce, {}, sealed, {});
}

}  // namespace

void leave_slot(AccountSlot& slot) {
  --slot.blocks;
  if (slot.blocks == 0 && slot.account == nullptr) give_slot(slot);
}

}  // namespace detail

bool is_counting_memory() { return detail::counting; }

MemoryAccount& MemoryAccount::operator=(const MemoryAccount& other) {
  if (this == &other) return *this;
  now = other.now;
  peak = other.peak;
  allocations = other.allocations;
  return *this;
}

MemoryAccount::~MemoryAccount() {
  if (slot_ == nullptr) return;
  // Kept alive over the last step, should there be no block left.
  ++slot_->blocks;
  slot_->account = nullptr;
  if (detail::current_slot == slot_) detail::current_slot = nullptr;
  detail::leave_slot(*slot_);
}

AccountScope::AccountScope(MemoryAccount& account) : outer_(detail::current_slot) {
  if (!detail::counting) return;
  if (account.slot_ == nullptr) {
    detail::warm_up();
    account.slot_ = detail::take_slot();
    account.slot_->account = &account;
  }
  detail::current_slot = account.slot_;
}

AccountScope::AccountScope() : outer_(detail::current_slot) { detail::current_slot = nullptr; }

AccountScope::~AccountScope() { detail::current_slot = outer_; }

}  // namespace mehr::sim
