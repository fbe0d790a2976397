// "file": a node that gives another one a file.
//
// Place: examples/mehr-sim; stands on the FilePost of its node.
// Machine: waiting -> (start) -> sending -> (the receiver said so) -> finished. At each boot before
// that, and 10 s after a failure, it writes the file to its disk and sends it from the beginning,
// as a person would. Done when the receiver has the whole file with the right BLAKE3. Bounds: one
// transfer at a time. Chance: the content is a stream of its own.
#pragma once

#include <string>

#include "file_post.h"
#include "mehr/core/timers.h"

namespace mehr::sim_programs {

struct FilePlan {
  sim::NodeIndex to = sim::kNoNode;
  std::uint64_t size = 100'000;
  std::string name = "file.bin";
  Millis first{0};  ///< after the node's first boot
  bool slow = false;
};

class FileProgram final : public sim::Program, private Wakeable, private TransferSink {
 public:
  FileProgram(sim::Node& node, FilePlan plan);

  void start(sim::Node& node) override;
  void stop(sim::Node& node) override;
  [[nodiscard]] bool is_done() const override;
  [[nodiscard]] std::string state() const override;

 private:
  void on_wake(Millis now) override;
  void changed(const transfer::TransferStatus& status) override;
  Status write_source();

  sim::Node& node_;
  FilePlan plan_;
  FilePost& post_;
  FilePost& receiver_;
  std::uint64_t number_;  // of this program on its node: names its content and its file
  std::string token_;
  ContentHash content_;
  bool was_started_ = false;
  bool was_sent_ = false;
  bool is_finished_ = false;
  std::string last_;
};

}  // namespace mehr::sim_programs
