// A run as JSON lines: exact text.
#include "../../src/trace_lines.h"

#include <catch2/catch.hpp>

#include "mehr/sim/media.h"

namespace {

using namespace mehr;
using namespace mehr::sim;
using namespace std::chrono_literals;

std::string line_of(const Happening& happening) {
  std::string out;
  append_line(out, happening);
  return out;
}

TEST_CASE("sim trace: the first line names format, seed, nodes and channels", "[sim][trace]") {
  NodeId id;
  id.bytes.fill(0xAB);
  id.bytes[0] = 0x01;
  CHECK(trace_head(0x5EED, {{"n0", id}, {"caf\xC3\xA9 \"x\"", {}}}, {{"tcp", "stream"}}) ==
        R"({"format":"mehr-trace","version":1,"seed":24301,"nodes":[)"
        R"({"name":"n0","id":"01ababababababababababababababab"},)"
        "{\"name\":\"caf\xC3\xA9 \\\"x\\\"\",\"id\":\"00000000000000000000000000000000\"}],"
        R"("channels":[{"media":"tcp","kind":"stream"}]})"
        "\n");
  CHECK(trace_head(0, {}, {}) ==
        R"({"format":"mehr-trace","version":1,"seed":0,"nodes":[],"channels":[]})"
        "\n");
}

TEST_CASE("sim trace: what happened is one line, and what is absent is left out", "[sim][trace]") {
  const Bytes frame = {0x90, 0x01, 0xFF};
  CHECK(line_of({Instant{} + 1234567890ns, What::frame_sent, 0, 1, ChannelId{7}, frame, {}}) ==
        R"({"at_ns":1234567890,"what":"frame-sent","node":0,"peer":1,"channel":7,)"
        R"("size":3,"bytes":"9001ff"})"
        "\n");
  CHECK(line_of({Instant{}, What::booted, 12, kNoNode, {}, {}, {}}) ==
        R"({"at_ns":0,"what":"booted","node":12})"
        "\n");
  CHECK(line_of({Instant{} + 2h, What::fault, kNoNode, kNoNode, {}, {}, "cut n0 - n1"}) ==
        R"({"at_ns":7200000000000,"what":"fault","text":"cut n0 - n1"})"
        "\n");
}

TEST_CASE("sim trace: foreign text stays one line of JSON", "[sim][trace]") {
  CHECK(
      line_of({Instant{}, What::note, 0, kNoNode, {}, {}, "a\"b\\c\nd\x01\x1B[31m\xFF\xC0\x80"}) ==
      "{\"at_ns\":0,\"what\":\"note\",\"node\":0,\"text\":\"a\\\"b\\\\c\\nd"
      "\xEF\xBF\xBD\xEF\xBF\xBD[31m\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"}\n");
}

TEST_CASE("sim trace: long bytes are cut and say so", "[sim][trace]") {
  const Bytes whole(kMostTraceBytes, 0x5A);
  const Bytes longer(kMostTraceBytes + 1, 0x5A);
  const std::string exact = line_of({Instant{}, What::packet_in, 0, 1, {}, whole, {}});
  const std::string cut = line_of({Instant{}, What::packet_in, 0, 1, {}, longer, {}});
  CHECK(exact.find("\"size\":4096,") != std::string::npos);
  CHECK(exact.find("cut") == std::string::npos);
  CHECK(cut.find("\"size\":4097,") != std::string::npos);
  CHECK(cut.ends_with("5a5a\",\"cut\":true}\n"));
  CHECK(cut.size() == exact.size() + std::string(",\"cut\":true").size());
}

}  // namespace
