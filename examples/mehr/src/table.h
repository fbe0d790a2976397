// Columns for people. Place: examples/mehr. Cells are made safe for a terminal when added.
#pragma once

#include <string>
#include <vector>

namespace mehr::cli {

class Table {
 public:
  /// A column whose title begins with '>' is aligned to the right.
  explicit Table(std::vector<std::string> titles);
  void add(std::vector<std::string> cells);
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  /// The lines, titles first; columns two blanks apart.
  [[nodiscard]] std::string text() const;

 private:
  std::vector<std::string> titles_;
  std::vector<bool> right_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace mehr::cli
