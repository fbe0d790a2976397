// The tables of a report's page. Private to ports/sim.
#pragma once

#include <string>
#include <vector>

#include "report_data.h"

namespace mehr::sim {

/// Rows of text; everything is escaped when added. A title that begins with '>' aligns right.
class HtmlTable {
 public:
  explicit HtmlTable(std::vector<std::string> titles);
  void add(const std::vector<std::string>& cells);
  /// The last column becomes a bar of @p share (0..1) beside its text; @p is_over colours it.
  void add_with_bar(const std::vector<std::string>& cells, double share, bool is_over = false);
  [[nodiscard]] std::size_t size() const { return rows_; }
  [[nodiscard]] std::string html() const;

 private:
  [[nodiscard]] std::string cell(std::size_t column, const std::string& inner) const;
  std::string head_;
  std::string body_;
  std::vector<bool> right_;
  std::size_t rows_ = 0;
};

/// Rows of a table on a page, at most.
inline constexpr std::size_t kMostRows = 500;

[[nodiscard]] std::string traffic_html(const ReportData& data);
[[nodiscard]] std::string channels_html(const ReportData& data);
[[nodiscard]] std::string pairs_html(const ReportData& data);
[[nodiscard]] std::string memory_html(const ReportData& data);
[[nodiscard]] std::string events_html(const ReportData& data);
/// A line like "the busiest 500 of 2,000 are shown", or nothing when all are.
[[nodiscard]] std::string cut_note(std::size_t shown, std::uint64_t all, const char* what);

}  // namespace mehr::sim
