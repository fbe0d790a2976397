/* Runs every case, or the one named by the first argument. */
#include <stdio.h>
#include <string.h>

#include "check.h"

static const struct {
  const char* name;
  void (*run)(void);
} kCases[] = {
    {"core", test_core},
    {"identity", test_identity},
    {"announce", test_announce},
    {"announce-bad-input", test_announce_bad_input},
    {"known-handshake", test_known_handshake},
    {"data", test_data},
    {"padding", test_padding},
    {"forged-frames", test_forged_frames},
    {"close", test_close},
    {"terms", test_terms},
    {"timers", test_timers},
    {"rekey", test_rekey},
    {"random-failure", test_random_failure},
    {"struct-size", test_struct_size},
    {"bad-arguments", test_bad_arguments},
    {"sealed", test_sealed},
    {"key-file", test_key_file},
    {"shares", test_shares},
    {"advisories", test_advisories},
    {"onions", test_onions},
    {"external-identity", test_external_identity},
    {"external-node", test_external_node},
    {"door", test_door},
    {"door-prekeys", test_door_prekeys},
    {"door-bad-input", test_door_bad_input},
    {"node", test_node},
    {"node-views", test_node_views},
    {"node-events", test_node_events},
    {"node-probe", test_node_probe},
    {"node-reserve", test_node_reserve},
    {"node-announcing", test_node_announcing},
    {"node-policies", test_node_policies},
    {"node-malformed", test_node_malformed},
    {"node-media", test_node_media},
    {"node-close", test_node_close},
    {"node-busy", test_node_busy},
    {"node-storage", test_node_storage},
    {"node-callbacks", test_node_callbacks},
    {"node-random-failure", test_node_random_failure},
    {"node-limits", test_node_limits},
    {"node-bad-arguments", test_node_bad_arguments},
    {"node-struct-size", test_node_struct_size},
};

int main(int argc, char** argv) {
  int ran = 0;
  for (size_t i = 0; i < sizeof kCases / sizeof *kCases; ++i) {
    if (argc > 1 && strcmp(argv[1], kCases[i].name) != 0) continue;
    const int before = failures;
    kCases[i].run();
    printf("%s %s\n", failures == before ? "ok    " : "FAILED", kCases[i].name);
    ++ran;
  }
  printf("%d cases, %d checks failed\n", ran, failures);
  return ran == 0 || failures != 0 ? 1 : 0;
}
