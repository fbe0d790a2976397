// The report of a run as lines for a terminal.
#include <array>
#include <cstdio>

#include "report_data.h"
#include "report_words.h"
#include "words.h"

namespace mehr::sim {
namespace {

std::string after(const char* what, const std::optional<Duration>& when) {
  return std::string(what) + (when ? " after " + span_text(*when) : " never");
}

std::string line(const char* label, const std::string& text) {
  std::string out = "  " + std::string(label);
  out.resize(12, ' ');
  return out + text + "\n";
}

std::string head(const ReportData& data) {
  std::array<char, 32> seed{};
  std::snprintf(seed.data(), seed.size(), "0x%llx", static_cast<unsigned long long>(data.seed));
  const std::string name = data.topology.name.empty() ? "run" : shortened(data.topology.name, 60);
  return name + ": " + name_of(data.result.end) + ", seed " + seed.data() + "\n";
}

std::string nodes_text(const ReportData& data) {
  std::uint64_t crashes = 0;
  for (std::size_t i = 0; i < data.nodes.size(); ++i) {
    crashes += data.gathered.crashes(static_cast<NodeIndex>(i));
  }
  std::string out =
      count_text(data.nodes.size()) + ", " + count_text(data.gathered.now(Series::up)) + " up";
  if (crashes != 0) out += ", " + count_text(crashes) + (crashes == 1 ? " crash" : " crashes");
  return out;
}

std::string reach_text(const ReportData& data) {
  const std::uint64_t routes = data.gathered.now(Series::routes);
  const std::uint64_t pairs = data.gathered.now(Series::pairs);
  return "links up " + count_text(data.gathered.now(Series::links)) + "; routes known " +
         count_text(routes) + " of " + count_text(pairs) + " (" +
         share_text(static_cast<double>(routes), static_cast<double>(pairs)) + ")";
}

std::string time_text(const ReportData& data) {
  const double real = data.result.real_time.count();
  const double simulated = std::chrono::duration<double>(data.result.virtual_time).count();
  std::string out = span_text(data.result.virtual_time) + " virtual in " +
                    decimal_text(real, real < 10 ? 2 : 1) + " s";
  if (real > 0) {
    out += ", " + times_text(simulated / real) + "x; " + count_text(data.result.events) +
           " events, " + short_text(static_cast<double>(data.result.events) / real) + "/s";
  }
  return out;
}

std::string memory_text(const ReportData& data) {
  if (!data.counts_memory) return "not counted";
  const MemoryFigures m = memory_of(data);
  if (m.largest == kNoNode) return "no nodes";
  std::string out = size_text(m.mean) + " a node at its peak, at most " +
                    size_text(static_cast<double>(m.most)) + " (" +
                    shortened(name_of(data, m.largest), 16) + ")";
  const std::size_t limit = data.nodes[m.largest].limit;
  if (limit != 0) out += ", promised " + size_text(static_cast<double>(limit));
  if (m.over_limit != 0) out += "; " + count_text(m.over_limit) + " over";
  return out;
}

std::vector<std::string> row(const std::string& name, const Tally& tally, double all) {
  return {name, count_text(tally.count), size_text(static_cast<double>(tally.bytes)),
          share_text(static_cast<double>(tally.bytes), all)};
}

std::string frames_table(const ReportData& data) {
  TextTable table({"frames sent", ">count", ">bytes", ">share"});
  double all = 0;
  for (const Tally& t : data.gathered.frames()) all += static_cast<double>(t.bytes);
  for (std::size_t i = 0; i < kFrameKinds; ++i) {
    const Tally& tally = data.gathered.frames()[i];
    if (tally.count != 0) table.add(row(name_of(static_cast<FrameKind>(i)), tally, all));
  }
  return table.empty() ? "" : "\n" + table.text(2);
}

std::string messages_table(const ReportData& data) {
  TextTable table({"inside links", ">count", ">bytes", ">share"});
  double all = 0;
  for (const Tally& t : data.gathered.messages()) all += static_cast<double>(t.bytes);
  for (std::size_t i = 0; i < kMessageKinds; ++i) {
    const Tally& tally = data.gathered.messages()[i];
    if (tally.count != 0) table.add(row(name_of(static_cast<MessageKind>(i)), tally, all));
  }
  return table.empty() ? "" : "\n" + table.text(2);
}

// What went wrong on the way, and what programs said: only what there was.
std::string events_text(const ReportData& data) {
  static constexpr std::array<What, 14> kShown = {
      What::frame_lost,     What::frame_refused,    What::frame_corrupted, What::frame_doubled,
      What::frame_collided, What::stream_closed,    What::link_up,         What::link_down,
      What::route_appeared, What::route_changed,    What::route_lost,      What::fault,
      What::message_sent,   What::message_delivered};
  std::string out;
  std::string text = "  ";
  for (const What what : kShown) {
    const Tally& tally = data.gathered.whats()[static_cast<std::size_t>(what)];
    if (tally.count == 0) continue;
    const std::string word = std::string(name_of(what)) + " " + count_text(tally.count);
    if (text.size() + word.size() > 96) {
      out += text + "\n";
      text = "  ";
    }
    text += (text.size() > 2 ? "   " : "") + word;
  }
  if (text.size() > 2) out += text + "\n";
  return out.empty() ? "" : "\n" + out;
}

std::string channels_table(const ReportData& data) {
  TextTable table({"busiest channels", "medium", ">sent", ">bytes", ">lost", ">refused", ">air"});
  for (const std::size_t i : busiest_channels(data, 5)) {
    const ReportChannel& channel = data.channels[i];
    const ChannelCounters& c = channel.counters;
    if (c.frames_sent == 0) continue;
    const double air = static_cast<double>(c.airtime.count());
    table.add({shortened(ends_of(data, i), 30), shortened(channel.media, 14),
               count_text(c.frames_sent), size_text(static_cast<double>(c.bytes_sent)),
               count_text(c.frames_lost), count_text(c.frames_refused),
               share_text(air, static_cast<double>(data.result.virtual_time.count()))});
  }
  return table.empty() ? "" : "\n" + table.text(2);
}

}  // namespace

std::string summary_text(const ReportData& data) {
  const RunResult& result = data.result;
  return head(data) + "\n" + line("nodes", nodes_text(data)) + line("reach", reach_text(data)) +
         line("when", after("linked", result.linked_at) + ", " +
                          after("converged", result.converged_at) + ", " +
                          after("done", result.done_at)) +
         line("time", time_text(data)) + line("memory", memory_text(data)) + frames_table(data) +
         messages_table(data) + channels_table(data) + events_text(data);
}

}  // namespace mehr::sim
