#include "html_tables.h"

#include <algorithm>
#include <numeric>

#include "report_words.h"
#include "svg.h"
#include "words.h"

namespace mehr::sim {
namespace {

double as_double(std::uint64_t value) { return static_cast<double>(value); }

std::string bytes_of(std::uint64_t bytes) { return size_text(as_double(bytes)); }

template <std::size_t N>
double bytes_in(const std::array<Tally, N>& tallies) {
  double out = 0;
  for (const Tally& tally : tallies) out += as_double(tally.bytes);
  return out;
}

void add_tally(HtmlTable& table, const std::string& name, const Tally& tally, double all) {
  if (tally.count == 0) return;
  table.add_with_bar({name, count_text(tally.count), bytes_of(tally.bytes),
                      share_text(as_double(tally.bytes), all)},
                     all > 0 ? as_double(tally.bytes) / all : 0);
}

std::string frames_html(const ReportData& data) {
  HtmlTable table({"Frames sent", ">count", ">bytes", "share of bytes"});
  const double all = bytes_in(data.gathered.frames());
  for (std::size_t i = 0; i < kFrameKinds; ++i) {
    add_tally(table, name_of(static_cast<FrameKind>(i)), data.gathered.frames()[i], all);
  }
  return table.html();
}

std::string messages_html(const ReportData& data) {
  HtmlTable table({"Inside links, each hop", ">count", ">bytes", "share of bytes"});
  const double all = bytes_in(data.gathered.messages());
  for (std::size_t i = 0; i < kMessageKinds; ++i) {
    add_tally(table, name_of(static_cast<MessageKind>(i)), data.gathered.messages()[i], all);
  }
  return table.size() == 0 ? "" : table.html();
}

std::string whats_html(const ReportData& data) {
  HtmlTable table({"Happening", ">count", ">bytes"});
  for (std::size_t i = 0; i < kWhatCount; ++i) {
    const Tally& tally = data.gathered.whats()[i];
    if (tally.count == 0) continue;
    table.add({std::string(name_of(static_cast<What>(i))), count_text(tally.count),
               tally.bytes == 0 ? "" : bytes_of(tally.bytes)});
  }
  return table.html();
}

std::string kinds_of(const ChannelTally& tally) {
  std::string out;
  for (std::size_t i = 0; i < kFrameKinds; ++i) {
    if (tally.kinds[i].count == 0) continue;
    out += (out.empty() ? "" : ", ") + count_text(tally.kinds[i].count) + " " +
           name_of(static_cast<FrameKind>(i));
  }
  return out;
}

struct Spread {
  std::size_t least = 0, middle = 0, high = 0, most = 0;
};

Spread spread_of(const ReportData& data) {
  std::vector<std::size_t> peaks;
  for (const ReportNode& node : data.nodes) peaks.push_back(node.peak);
  std::sort(peaks.begin(), peaks.end());
  const std::size_t last = peaks.size() - 1;
  return {peaks.front(), peaks[last / 2], peaks[last * 95 / 100], peaks.back()};
}

}  // namespace

HtmlTable::HtmlTable(std::vector<std::string> titles) {
  for (std::string& title : titles) {
    right_.push_back(title.starts_with('>'));
    if (right_.back()) title.erase(0, 1);
    head_ += std::string(right_.back() ? "<th class=\"n\">" : "<th>") + escaped(title) + "</th>";
  }
}

std::string HtmlTable::cell(std::size_t column, const std::string& inner) const {
  return std::string(right_[column] ? "<td class=\"n\">" : "<td>") + inner + "</td>";
}

void HtmlTable::add(const std::vector<std::string>& cells) {
  body_ += "<tr>";
  for (std::size_t i = 0; i < cells.size(); ++i) body_ += cell(i, escaped(cells[i]));
  body_ += "</tr>\n";
  ++rows_;
}

void HtmlTable::add_with_bar(const std::vector<std::string>& cells, double share, bool is_over) {
  body_ += "<tr>";
  for (std::size_t i = 0; i + 1 < cells.size(); ++i) body_ += cell(i, escaped(cells[i]));
  body_ += std::string("<td class=\"share\"><i class=\"") + (is_over ? "over" : "") +
           "\" style=\"width:" + number(std::clamp(share, 0.0, 1.0) * 100) + "px\"></i>" +
           escaped(cells.back()) + "</td></tr>\n";
  ++rows_;
}

std::string HtmlTable::html() const {
  return "<div class=\"scroll\"><table><thead><tr>" + head_ + "</tr></thead>\n<tbody>" + body_ +
         "</tbody></table></div>\n";
}

std::string cut_note(std::size_t shown, std::uint64_t all, const char* what) {
  if (shown >= all) return "";
  return "<p class=\"note\">" + count_text(shown) + " of " + count_text(all) + " " + what +
         " are shown.</p>\n";
}

std::string traffic_html(const ReportData& data) {
  return "<div class=\"side\">" + frames_html(data) + messages_html(data) +
         "</div>\n<details><summary>Everything that was recorded, by kind</summary>\n" +
         whats_html(data) + "</details>\n";
}

std::string channels_html(const ReportData& data) {
  HtmlTable table({"Channel", "medium", ">frames", ">bytes", ">arrived", ">lost", ">refused",
                   ">corrupted", ">doubled", ">collided", ">busy", "frames by kind"});
  const auto shown = busiest_channels(data, kMostRows);
  const double whole = static_cast<double>(data.result.virtual_time.count());
  for (const std::size_t i : shown) {
    const ReportChannel& channel = data.channels[i];
    const ChannelCounters& c = channel.counters;
    const bool is_known = i < data.gathered.channels().size();
    table.add({ends_of(data, i), shortened(channel.media, 24), count_text(c.frames_sent),
               bytes_of(c.bytes_sent), count_text(c.frames_arrived), count_text(c.frames_lost),
               count_text(c.frames_refused), count_text(c.frames_corrupted),
               count_text(c.frames_doubled), count_text(c.collisions),
               share_text(static_cast<double>(c.airtime.count()), whole),
               is_known ? kinds_of(data.gathered.channels()[i]) : ""});
  }
  return table.html() + cut_note(shown.size(), data.channels.size(), "channels, the busiest,");
}

std::string pairs_html(const ReportData& data) {
  HtmlTable table({"Link", ">frames", ">bytes", ">lost", ">announces", ">data", ">other",
                   ">control", ">in links", ">ups", ">downs"});
  const auto& pairs = data.gathered.pairs();
  const auto shown = busiest_pairs(data, kMostRows);
  for (const std::size_t i : shown) {
    const PairTally& p = pairs[i];
    std::vector<std::string> row = {name_of(data, p.a) + " - " + name_of(data, p.b),
                                    count_text(p.frames.count), bytes_of(p.frames.bytes),
                                    count_text(p.lost)};
    double inside = 0;
    for (const Tally& tally : p.messages) {
      row.push_back(count_text(tally.count));
      inside += as_double(tally.bytes);
    }
    row.push_back(size_text(inside));
    row.push_back(count_text(p.ups));
    row.push_back(count_text(p.downs));
    table.add(row);
  }
  return table.html() + cut_note(shown.size(), pairs.size() + data.gathered.pairs_left_out(),
                                 "links, the busiest,");
}

std::string memory_html(const ReportData& data) {
  if (!data.counts_memory || data.nodes.empty()) {
    return "<p class=\"note\">This program did not count the memory of its nodes.</p>\n";
  }
  std::vector<std::size_t> order(data.nodes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return data.nodes[a].peak > data.nodes[b].peak;
  });
  order.resize(std::min(order.size(), kMostRows));
  const std::size_t most = data.nodes[order.front()].peak;
  HtmlTable table({"Node", ">crashes", ">promised", "peak"});
  for (const std::size_t i : order) {
    const ReportNode& node = data.nodes[i];
    const std::size_t whole = node.limit != 0 ? node.limit : std::max<std::size_t>(most, 1);
    table.add_with_bar({name_of(data, static_cast<NodeIndex>(i)),
                        count_text(data.gathered.crashes(static_cast<NodeIndex>(i))),
                        node.limit == 0 ? "" : bytes_of(node.limit), bytes_of(node.peak)},
                       as_double(node.peak) / as_double(whole),
                       node.limit != 0 && node.peak > node.limit);
  }
  const Spread s = spread_of(data);
  return "<p>Peak of each node: least " + bytes_of(s.least) + ", middle " + bytes_of(s.middle) +
         ", 95 of 100 below " + bytes_of(s.high) + ", most " + bytes_of(s.most) +
         ". Bars are shares of what the node's Limits promise, or of the largest where they "
         "promise nothing.</p>\n<details><summary>Node by node, the largest first</summary>\n" +
         table.html() + cut_note(order.size(), data.nodes.size(), "nodes, the largest,") +
         "</details>\n";
}

std::string events_html(const ReportData& data) {
  HtmlTable table({">Time", "what", "node", "text"});
  const auto& events = data.gathered.events();
  const std::size_t shown = std::min(events.size(), kMostRows);
  for (std::size_t i = 0; i < shown; ++i) {
    const TimelineEvent& event = events[i];
    table.add({clock_text(event.at), std::string(name_of(event.what)),
               event.node == kNoNode ? "" : name_of(data, event.node), event.text});
  }
  return table.html() +
         cut_note(shown, events.size() + data.gathered.events_left_out(), "events, the first,");
}

}  // namespace mehr::sim
