// The report of a run as one page without network access or script.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "html_chart.h"
#include "html_style.h"
#include "html_tables.h"
#include "report_words.h"
#include "svg.h"
#include "words.h"

namespace mehr::sim {
namespace {

std::string seed_text(std::uint64_t seed) {
  std::array<char, 32> out{};
  std::snprintf(out.data(), out.size(), "0x%llx", static_cast<unsigned long long>(seed));
  return out.data();
}

std::string tile(const std::string& label, const std::string& value, const std::string& more = "") {
  return "<div><span>" + escaped(label) + "</span><b>" + escaped(value) + "</b><em>" +
         escaped(more) + "</em></div>\n";
}

std::string when_text(const std::optional<Duration>& when) {
  return when ? span_text(*when) : "never";
}

std::string section(const std::string& title, const std::string& inner) {
  return "<section>\n<h2>" + escaped(title) + "</h2>\n" + inner + "</section>\n";
}

std::string tiles_html(const ReportData& data) {
  const RunResult& r = data.result;
  const Gatherer& g = data.gathered;
  const double real = r.real_time.count();
  const double simulated = std::chrono::duration<double>(r.virtual_time).count();
  const auto routes = static_cast<double>(g.now(Series::routes));
  const auto pairs = static_cast<double>(g.now(Series::pairs));
  std::string out = "<div class=\"tiles\">\n";
  out += tile("Nodes", count_text(data.nodes.size()), count_text(g.now(Series::up)) + " up");
  out +=
      tile("Links up", count_text(g.now(Series::links)), "all linked: " + when_text(r.linked_at));
  out += tile("Routes known", share_text(routes, pairs), "converged: " + when_text(r.converged_at));
  out += tile("Programs done", when_text(r.done_at),
              count_text(g.now(Series::delivered)) + " messages delivered");
  out += tile("Virtual time", span_text(r.virtual_time));
  out += tile("Real time", decimal_text(real, 2) + " s",
              real > 0 ? times_text(simulated / real) + " times faster than life" : "");
  out += tile("Events", count_text(r.events),
              real > 0 ? short_text(static_cast<double>(r.events) / real) + "/s" : "");
  out += tile("Frames sent", count_text(g.now(Series::frames)),
              size_text(static_cast<double>(g.now(Series::bytes))) + ", " +
                  count_text(g.now(Series::lost)) + " lost");
  const MemoryFigures m = memory_of(data);
  out += tile("Memory per node", data.counts_memory ? size_text(m.mean) : "not counted",
              data.counts_memory ? "at most " + size_text(static_cast<double>(m.most)) : "");
  return out + "</div>\n";
}

std::string head_html(const Scenario& scenario, const ReportData& data) {
  const bool is_good = data.result.end == RunResult::End::good;
  std::string out = "<header><h1>" + escaped(scenario.name) + "</h1><span class=\"badge" +
                    (is_good ? " good" : "") + "\">" + escaped(name_of(data.result.end)) +
                    "</span>\n";
  if (!scenario.about.empty()) out += "<p class=\"about\">" + escaped(scenario.about) + "</p>\n";
  return out + "</header>\n";
}

std::string verdict_html(const ReportData& data) {
  if (data.result.end == RunResult::End::good) return "";
  std::string text = data.result.text;
  if (data.result.violation && text.empty()) text = data.result.violation->message();
  return section("Why it is not good", "<pre>" + escaped(text) + "</pre>\n");
}

// ---- Topology

std::string tally_text(const Tally& tally, const char* what) {
  return count_text(tally.count) + " " + what + ", " + size_text(static_cast<double>(tally.bytes));
}

std::string pair_title(const ReportData& data, const PairTally& p) {
  std::string out = name_of(data, p.a) + " - " + name_of(data, p.b) + "\n" +
                    tally_text(p.frames, "frames") + ", " + count_text(p.lost) + " lost";
  for (std::size_t i = 0; i < kMessageKinds; ++i) {
    if (p.messages[i].count == 0) continue;
    out += "\n" + tally_text(p.messages[i], name_of(static_cast<MessageKind>(i)));
  }
  return out;
}

// The medium of two nodes: of their link, or one that both sit on.
class PairInks {
 public:
  explicit PairInks(const Topology& topology) : inks_(inks_of(topology)) {
    for (const LinkSpec& link : topology.links) {
      const auto ink = inks_.find(link.media);
      if (ink == inks_.end()) continue;
      links_.emplace(std::minmax(link.a, link.b), ink->second);
    }
    for (const auto& [key, members] : topology.members) {
      std::vector<NodeIndex> sorted = members;
      std::sort(sorted.begin(), sorted.end());
      members_.emplace_back(key, std::move(sorted));
    }
  }
  [[nodiscard]] Ink of(NodeIndex a, NodeIndex b) const {
    const auto link = links_.find(std::minmax(a, b));
    if (link != links_.end()) return link->second;
    for (const auto& [key, members] : members_) {
      const auto ink = inks_.find(key);
      if (ink != inks_.end() && std::binary_search(members.begin(), members.end(), a) &&
          std::binary_search(members.begin(), members.end(), b)) {
        return ink->second;
      }
    }
    return inks_.size() == 1 ? inks_.begin()->second : Ink::faint;
  }

 private:
  std::map<std::string, Ink> inks_;
  std::map<std::pair<NodeIndex, NodeIndex>, Ink> links_;
  std::vector<std::pair<std::string, std::vector<NodeIndex>>> members_;
};

std::vector<NodeLook> looks_of(const ReportData& data) {
  std::vector<NodeLook> out(data.topology.nodes.size());
  for (std::size_t i = 0; i < out.size() && i < data.nodes.size(); ++i) {
    const ReportNode& node = data.nodes[i];
    const std::uint32_t crashes = data.gathered.crashes(static_cast<NodeIndex>(i));
    out[i].is_up = node.is_up;
    out[i].title = name_of(data, static_cast<NodeIndex>(i)) + (node.is_up ? "" : ", down");
    if (crashes != 0) out[i].title += ", crashes: " + count_text(crashes);
    if (data.counts_memory) {
      out[i].title += ", peak " + size_text(static_cast<double>(node.peak));
    }
  }
  return out;
}

std::string topology_html(const ReportData& data) {
  const PairInks inks(data.topology);
  std::uint64_t most = 1;
  for (const PairTally& p : data.gathered.pairs()) most = std::max(most, p.weight());
  std::vector<Edge> edges;
  for (const PairTally& p : data.gathered.pairs()) {
    const double share = static_cast<double>(p.weight()) / static_cast<double>(most);
    edges.push_back({p.a, p.b, inks.of(p.a, p.b), std::sqrt(share), pair_title(data, p)});
  }
  std::vector<std::pair<std::string, Ink>> legend;
  for (const auto& [key, ink] : inks_of(data.topology)) {
    const Media& media = data.topology.media.at(key);
    legend.emplace_back(
        shortened(key, 30) + " (" + name_of(media.kind) +
            (media.rate.count == 0 ? ")"
                                   : ", " + short_text(static_cast<double>(media.rate.count)) +
                                         (media.rate.count < 1000 ? " bit/s)" : "bit/s)")),
        ink);
  }
  legend.emplace_back("node that is down at the end", Ink::down);
  return section(
      "Topology and traffic",
      "<p class=\"note\">A line is a link, as wide as the square root of its traffic; "
      "the widest carried " +
          size_text(static_cast<double>(most)) +
          (edges.size() > kMostTitled ? ". Point at a node for its numbers.</p>\n"
                                      : ". Point at a line or node for its numbers.</p>\n") +
          to_svg(draw(data.topology, edges, looks_of(data)), "Topology", false) +
          legend_html(legend));
}

// ---- Curves

std::vector<ChartBand> bands_of(const ReportData& data) {
  const Instant end = Instant{} + data.result.virtual_time;
  std::vector<ChartBand> out;
  for (const TimelineSpan& span : data.gathered.spans()) {
    const Instant to = std::min(span.to, end);
    if (!out.empty() && span.from <= out.back().to) {
      out.back().to = std::max(out.back().to, to);
    } else {
      out.push_back({span.from, to});
    }
  }
  return out;
}

std::vector<Instant> times_of(const Curves& curves) {
  std::vector<Instant> out;
  for (std::size_t i = 0; i < curves.size(); ++i) out.push_back(curves.at(i));
  return out;
}

// A level in percent of @p whole, a series or a fixed number.
ChartCurve share_curve(const Curves& curves, const char* name, Ink ink, Series part,
                       const std::function<double(std::size_t)>& whole) {
  ChartCurve out{name, ink, {}, true};
  for (std::size_t i = 0; i < curves.size(); ++i) {
    const double all = whole(i);
    const auto value = static_cast<double>(curves.value(i, static_cast<std::size_t>(part)));
    out.values.push_back(all > 0 ? std::min(value / all, 1.0) * 100 : 0);
  }
  return out;
}

std::string reach_chart(const ReportData& data, const Curves& curves) {
  constexpr auto kPairs = static_cast<std::size_t>(Series::pairs);
  constexpr auto kLinks = static_cast<std::size_t>(Series::links);
  double links = 0;
  for (const PairTally& p : data.gathered.pairs()) links += p.was_asked ? 1 : 0;
  for (std::size_t i = 0; i < curves.size(); ++i) {
    links = std::max(links, static_cast<double>(curves.value(i, kLinks)));
  }
  const auto nodes = static_cast<double>(data.nodes.size());
  Chart chart{"Convergence", "%", times_of(curves), {}, bands_of(data), {}, 100};
  chart.end = Instant{} + data.result.virtual_time;
  chart.curves = {
      share_curve(curves, "nodes up", Ink::faint, Series::up, [&](std::size_t) { return nodes; }),
      share_curve(curves, "links up", medium_ink(4), Series::links,
                  [&](std::size_t) { return links; }),
      share_curve(curves, "routes known", medium_ink(0), Series::routes,
                  [&](std::size_t i) { return static_cast<double>(curves.value(i, kPairs)); })};
  return "<h3>Convergence</h3>\n"
         "<p class=\"note\">Routes: pairs of a node and an announcer it knows a way to. Shaded: a "
         "fault lasts.</p>\n" +
         chart_svg(chart) +
         legend_html({{"routes known", medium_ink(0)},
                      {"links up", medium_ink(4)},
                      {"nodes up", Ink::faint}});
}

struct RateCurve {
  const char* name;
  Ink ink;
  Series series;
};

// How fast counters grow, over at most 160 equal spans: bursts stay visible, noise does not.
std::string rate_chart(const ReportData& data, const Curves& curves, const char* title,
                       const char* unit, const std::vector<RateCurve>& rates) {
  Chart chart{title, unit, {}, {}, bands_of(data), Instant{} + data.result.virtual_time, 0};
  const std::size_t step = (curves.size() + 159) / 160;
  std::vector<std::pair<std::string, Ink>> legend;
  for (const RateCurve& rate : rates) {
    ChartCurve curve{rate.name, rate.ink, {}, true};
    chart.at.clear();
    for (std::size_t i = 0; i + 1 < curves.size(); i += step) {
      const std::size_t next = std::min(i + step, curves.size() - 1);
      const auto series = static_cast<std::size_t>(rate.series);
      const double grown =
          static_cast<double>(curves.value(next, series) - curves.value(i, series));
      const double seconds = std::chrono::duration<double>(curves.at(next) - curves.at(i)).count();
      chart.at.push_back(curves.at(i));
      curve.values.push_back(seconds > 0 ? grown / seconds : 0);
    }
    if (!curve.values.empty()) {
      chart.at.push_back(chart.end);
      curve.values.push_back(curve.values.back());
    }
    chart.curves.push_back(std::move(curve));
    legend.emplace_back(rate.name, rate.ink);
  }
  return "<h3>" + escaped(title) + "</h3>\n" + chart_svg(chart) + legend_html(legend);
}

std::string curves_html(const ReportData& data) {
  const Curves curves = data.gathered.curves(Instant{} + data.result.virtual_time);
  std::string out = reach_chart(data, curves);
  out += rate_chart(data, curves, "Frames", "frames/s",
                    {{"sent", medium_ink(0), Series::frames}, {"lost", Ink::down, Series::lost}});
  out += rate_chart(data, curves, "Bytes", "bytes/s", {{"sent", medium_ink(2), Series::bytes}});
  if (data.gathered.now(Series::delivered) != 0) {
    out += rate_chart(data, curves, "Messages of programs", "messages/s",
                      {{"delivered", medium_ink(6), Series::delivered}});
  }
  return section("Over time", out);
}

// ---- Faults

Ink ink_of(What what) {
  if (what == What::crashed) return Ink::down;
  return what == What::paused ? medium_ink(6) : medium_ink(1);
}

std::string faults_html(const ReportData& data) {
  if (data.gathered.events().empty()) {
    return section("Faults", "<p class=\"note\">Nothing was done to this world.</p>\n");
  }
  const Instant end = Instant{} + data.result.virtual_time;
  std::vector<LaneBar> bars;
  for (const TimelineSpan& span : data.gathered.spans()) {
    const Instant to = std::min(span.to, end);
    std::string label = span.text;
    if (label.empty()) label = std::string(name_of(span.what)) + " " + name_of(data, span.node);
    bars.push_back({span.from, to, ink_of(span.what),
                    label + "\nfrom " + span_text(span.from.time_since_epoch()) + " for " +
                        span_text(to - span.from),
                    label});
  }
  const std::string summary =
      "Every fault and its end: " +
      count_text(data.gathered.events().size() + data.gathered.events_left_out());
  return section("Faults", lanes_svg("Faults over time", bars, end) +
                               legend_html({{"fault", ink_of(What::fault)},
                                            {"node down", ink_of(What::crashed)},
                                            {"node paused", ink_of(What::paused)}}) +
                               "<details><summary>" + escaped(summary) + "</summary>\n" +
                               events_html(data) + "</details>\n");
}

std::string repeat_html(const Scenario& scenario, const ReportData& data) {
  const std::string what = scenario.file.empty() ? scenario.name : scenario.file;
  std::string options = scenario.options.hazards ? "Hazard sites are armed by seed." : "";
  for (const std::string& plant : scenario.options.plants) options += " Planted: " + plant + ".";
  return section("The same run again",
                 "<pre>mehr-sim run " + escaped(what) + " --seed " + seed_text(data.seed) +
                     "\nfingerprint " + hex_text(data.result.fingerprint.view()) + "</pre>\n" +
                     (options.empty() ? "" : "<p class=\"note\">" + escaped(options) + "</p>\n"));
}

}  // namespace

std::string page_text(const Scenario& scenario, const ReportData& data) {
  std::string out =
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<title>" +
      escaped(scenario.name) + ": " + escaped(name_of(data.result.end)) + "</title>\n<style>" +
      ink_styles() + kPageStyle + "</style></head>\n<body><main>\n";
  out += head_html(scenario, data) + tiles_html(data) + verdict_html(data);
  out += topology_html(data) + curves_html(data) + faults_html(data);
  out += section("Traffic by kind", traffic_html(data));
  out += section("Links", "<p class=\"note\">Pairs of nodes, both directions together.</p>\n" +
                              pairs_html(data));
  out += section("Channels", channels_html(data));
  out += section("Memory", memory_html(data));
  return out + repeat_html(scenario, data) + "</main></body></html>\n";
}

}  // namespace mehr::sim
