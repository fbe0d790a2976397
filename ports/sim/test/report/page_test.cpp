// What people are shown: the summary to the letter, the page as well-formed text.
#include <catch2/catch.hpp>
#include <cctype>

#include "../../src/report_words.h"
#include "../../src/svg.h"
#include "mehr/sim/report.h"
#include "report_world.h"

namespace {

using namespace mehr;
using namespace mehr::sim;
using namespace std::chrono_literals;

// The first tag that does not fit, or nothing: every element ends, quotes are closed, and text has
// no bare '<' or '&'.
std::string imbalance(const std::string& text) {
  std::vector<std::string> open;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '&') {
      const std::size_t end = text.find(';', i);
      if (end == std::string::npos || end - i > 6) return "a bare & at " + text.substr(i, 20);
    }
    if (text[i] != '<') continue;
    if (text.compare(i, 2, "<!") == 0) continue;
    bool quoted = false;
    std::size_t end = i + 1;
    for (; end < text.size() && (quoted || text[end] != '>'); ++end) {
      if (text[end] == '"') quoted = !quoted;
      if (text[end] == '<') return "a bare < at " + text.substr(i, 20);
    }
    const std::string tag = text.substr(i + 1, end - i - 1);
    const std::string name = tag.substr(0, tag.find_first_of(" /\n", 1));
    i = end;
    if (tag.ends_with('/')) continue;
    if (tag.starts_with('/')) {
      if (open.empty() || "/" + open.back() != tag) return tag;
      open.pop_back();
    } else {
      open.push_back(name);
    }
  }
  return open.empty() ? "" : open.back() + " stays open";
}

std::size_t times(const std::string& text, const std::string& what) {
  std::size_t out = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++out;
  return out;
}

Scenario scenario_of(const ReportWorld& w) {
  Scenario out;
  out.name = "triangle";
  out.about = "Three nodes and a crash.";
  out.topology = w.topology;
  return out;
}

TEST_CASE("sim report: numbers as people read them", "[sim][report]") {
  CHECK(count_text(0) == "0");
  CHECK(count_text(999) == "999");
  CHECK(count_text(1'000) == "1,000");
  CHECK(count_text(12'345'678) == "12,345,678");
  CHECK(size_text(0) == "0 B");
  CHECK(size_text(999) == "999 B");
  CHECK(size_text(1'000) == "1.00 kB");
  CHECK(size_text(999'600) == "1.00 MB");
  CHECK(short_text(2'000) == "2 k");
  CHECK(short_text(0.25) == "0.25");
  CHECK(share_text(1, 3) == "33.3 %");
  CHECK(share_text(1, 0) == "-");
  CHECK(share_text(1, 10'000) == "0.01 %");
  CHECK(share_text(1, 1'000'000) == "< 0.01 %");
  CHECK(share_text(0, 1) == "0 %");
  CHECK(times_text(0.5) == "0.5");
  CHECK(times_text(13'846.2) == "13,846");
  CHECK(shortened("caf\xC3\xA9s", 4) == "caf…");
  CHECK(shortened("caf\xC3\xA9", 4) == "caf\xC3\xA9");
  CHECK(readable("a\x1B\xED\xA0\x80z") == "a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDz");
}

TEST_CASE("sim report: the summary of a fixed run", "[sim][report]") {
  ReportWorld w;
  w.live();
  const std::string text = summary_text(w.data());
  CHECK(text == R"(triangle: good, seed 0x5eed

  nodes     3, 3 up, 1 crash
  reach     links up 1; routes known 2 of 4 (50 %)
  when      linked after 150 ms, converged after 200 ms, done never
  time      10 s virtual in 0.5 s, 20x; 12,345 events, 24.7 k/s
  memory    2.00 kB a node at its peak, at most 3.00 kB (c), promised 2.50 kB; 1 over

  frames sent    count    bytes   share
  init               2    104 B  0.52 %
  data (sealed)     20  20.0 kB  99.5 %

  inside links  count  bytes   share
  announce          1  200 B  39.6 %
  data packet       1  300 B  59.4 %
  control           1    5 B  0.99 %

  busiest channels  medium  sent    bytes  lost  refused  air
  a - b             tcp       21  20.1 kB     1        0  1 %
  b - c             tcp        1     52 B     0        0  0 %

  frame-lost 1   link-up 4   link-down 1   route-appeared 4   fault 1
)");
}

TEST_CASE("sim report: no line of a summary is longer than a terminal", "[sim][report]") {
  ReportWorld w;
  w.topology.name = std::string(300, 'x');
  for (NodeSpec& node : w.topology.nodes) node.name = std::string(300, 'y');
  w.begin();
  w.live();
  for (std::size_t what = 0; what < kWhatCount; ++what) {
    for (int i = 0; i < 1000; ++i) w.say(6s, static_cast<What>(what), kNoNode);
  }
  const std::string text = summary_text(w.data());
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t end = text.find('\n', from);
    CAPTURE(text.substr(from, end - from));
    CHECK(width_of(text.substr(from, end - from)) <= 100);
    from = end + 1;
  }
}

TEST_CASE("sim report: the page is well-formed and asks nothing of the network", "[sim][report]") {
  ReportWorld w;
  w.live();
  const std::string page = page_text(scenario_of(w), w.data());
  CHECK(imbalance(page).empty());
  CHECK(page.starts_with("<!DOCTYPE html>"));
  for (const char* never : {"http:", "https:", "<script", "url(", "@import", "src=", "href="}) {
    CAPTURE(never);
    CHECK(page.find(never) == std::string::npos);
  }
  for (const char* heading : {"Topology and traffic", "Over time", "Faults", "Traffic by kind",
                              "Links", "Channels", "Memory", "The same run again"}) {
    CHECK(times(page, "<h2>" + std::string(heading) + "</h2>") == 1);
  }
  CHECK(page.find("mehr-sim run triangle --seed 0x5eed") != std::string::npos);
  CHECK(page.find("crash c for 3 s") != std::string::npos);
  CHECK(page.find("Why it is not good") == std::string::npos);
}

TEST_CASE("sim report: names and texts are escaped wherever they stand", "[sim][report]") {
  const std::string evil = "<img src=x onerror='1'>&\"\x1B";
  ReportWorld w;
  w.topology.name = evil;
  w.topology.media[evil] = Media{}.named(evil);
  for (LinkSpec& link : w.topology.links) link.media = evil;
  for (NodeSpec& node : w.topology.nodes) node.name = evil;
  w.begin();
  w.live();
  w.say(6s, What::fault, 0, 1, {}, evil);
  w.result.end = RunResult::End::violated;
  w.result.text = evil;
  Scenario scenario = scenario_of(w);
  scenario.name = scenario.about = scenario.file = evil;
  scenario.options.plants = {evil};
  ReportData data = w.data();
  for (ReportChannel& channel : data.channels) channel.media = evil;
  const std::string page = page_text(scenario, data);
  CHECK(imbalance(page).empty());
  CHECK(page.find("<img") == std::string::npos);
  CHECK(page.find('\x1B') == std::string::npos);
  CHECK(times(page, "&lt;img src=x onerror=&#39;1&#39;&gt;&amp;&quot;\xEF\xBF\xBD") > 10);
  CHECK(page.find("Why it is not good") != std::string::npos);
  const std::string picture = svg(w.topology);
  CHECK(imbalance(picture).empty());
  CHECK(picture.find("<img") == std::string::npos);
}

TEST_CASE("sim report: a page of nothing is a page", "[sim][report]") {
  ReportWorld w;
  w.topology = {};
  w.begin();
  w.result = {};
  ReportData data = w.data();
  data.channels.clear();
  CHECK(imbalance(page_text({}, data)).empty());
  CHECK(imbalance(svg({})).empty());
  CHECK(summary_text(data).find("no nodes") != std::string::npos);
}

TEST_CASE("sim report: rows of tables are bounded, and the rest is counted", "[sim][report]") {
  ReportWorld w;
  w.topology.nodes.resize(1000);
  w.topology.links.clear();
  for (NodeIndex i = 0; i + 1 < 1000; ++i) w.topology.links.push_back({i, i + 1, "tcp"});
  w.begin();
  ReportData data = w.data();
  data.channels.resize(999);
  const std::string page = page_text(scenario_of(w), data);
  CHECK(imbalance(page).empty());
  CHECK(page.find("500 of 999 links, the busiest, are shown") != std::string::npos);
  CHECK(page.find("500 of 999 channels, the busiest, are shown") != std::string::npos);
  CHECK(page.find("500 of 1,000 nodes, the largest, are shown") != std::string::npos);
  CHECK(times(page, "<tr>") < 1600);
}

}  // namespace
