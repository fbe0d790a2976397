// Names that only look like forbidden ones, and what a layer may use: the check must pass.
#include <sodium.h>

#include <vector>

namespace mehr::l0 {
void connect(int);
int time(int);
int send_queue();
}  // namespace mehr::l0

int fine(unsigned char* public_key, unsigned char* secret_key, const unsigned char* seed) {
  mehr::l0::connect(mehr::l0::time(1));
  std::vector<int> v(3, mehr::l0::send_queue());
  return crypto_sign_seed_keypair(public_key, secret_key, seed) + v[1];
}
