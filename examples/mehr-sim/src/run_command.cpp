#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "cli.h"
#include "commands.h"
#include "mehr/common/text.h"
#include "mehr/sim/report.h"
#include "mehr/sim/trace.h"
#include "mehr/sim_programs/make_program.h"
#include "picture.h"
#include "progress.h"

namespace mehr::sim_cli {
namespace {

using sim::RunResult;
using sim::Scenario;
using sim::Sim;

/// A file of lines that grows while the world runs.
class LineFile {
 public:
  [[nodiscard]] std::optional<std::string> open(const std::string& path) {
    path_ = path;
    file_.reset(std::fopen(path.c_str(), "wb"));
    return file_ != nullptr ? std::nullopt : std::optional(trouble());
  }
  void write(std::string_view line) {
    failed_ = failed_ || std::fwrite(line.data(), 1, line.size(), file_.get()) != line.size();
  }
  [[nodiscard]] std::optional<std::string> close() {
    if (file_ == nullptr) return std::nullopt;
    const bool good = std::fclose(file_.release()) == 0 && !failed_;
    return good ? std::nullopt : std::optional(trouble());
  }

 private:
  struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  [[nodiscard]] std::string trouble() const {
    return "cannot write " + path_ + ": " + std::strerror(errno);
  }
  std::string path_;
  std::unique_ptr<std::FILE, Closer> file_;
  bool failed_ = false;
};

/// What is written beside the run; the first thing that goes wrong is kept.
class Outputs {
 public:
  Outputs(const RunOptions& options, const Scenario& scenario)
      : options_(options), scenario_(scenario) {}

  [[nodiscard]] std::optional<std::string> prepare() {
    if (!options_.report.empty()) {
      if (auto trouble = make_directory(options_.report)) return trouble;
    }
    return options_.trace.empty() ? std::nullopt : lines_.open(options_.trace);
  }

  void built(Sim& sim) {
    keep(write_pictures(sim.topology(), options_.svg, options_.png));
    report_ = std::make_unique<sim::Report>(sim);
    if (options_.trace.empty()) return;
    trace_ =
        std::make_unique<sim::Trace>(sim, [this](std::string_view line) { lines_.write(line); });
  }

  void finished(const RunResult& result) {
    trace_.reset();
    keep(lines_.close());
    summary_ = report_->summary(result);
    if (!options_.report.empty()) {
      keep(write_file(options_.report + "/index.html", report_->html(scenario_, result)));
    }
    report_.reset();
  }

  [[nodiscard]] const std::string& summary() const { return summary_; }
  [[nodiscard]] const std::optional<std::string>& trouble() const { return trouble_; }

 private:
  void keep(std::optional<std::string> trouble) {
    if (!trouble_) trouble_ = std::move(trouble);
  }
  const RunOptions& options_;
  const Scenario& scenario_;
  LineFile lines_;
  std::unique_ptr<sim::Trace> trace_;
  std::unique_ptr<sim::Report> report_;
  std::string summary_;
  std::optional<std::string> trouble_;
};

void apply(const RunOptions& options, Scenario& scenario) {
  scenario.topology.name = scenario.name;  // what summaries and pictures are headed with
  auto& plants = scenario.options.plants;
  plants.insert(plants.end(), options.plants.begin(), options.plants.end());
  if (options.virtual_limit) scenario.virtual_limit = *options.virtual_limit;
  if (options.real_limit) {
    // Whole seconds, and never less than asked for.
    scenario.real_limit = std::chrono::ceil<std::chrono::seconds>(*options.real_limit);
  }
}

int conclude(const RunResult& result, const Outputs& outputs) {
  std::fputs(outputs.summary().c_str(), stdout);
  std::fflush(stdout);
  if (!result.text.empty()) std::fprintf(stderr, "mehr-sim: %s\n", result.text.c_str());
  if (outputs.trouble()) complain(exit_code::kFailed, *outputs.trouble());
  std::printf("fingerprint %s\n", common::to_hex(result.fingerprint.view()).c_str());
  std::fflush(stdout);
  const int code = exit_code_of(result.end);
  return code == exit_code::kGood && outputs.trouble() ? exit_code::kFailed : code;
}

}  // namespace

int run_command(const RunOptions& options) {
  std::optional<std::uint64_t> seed = options.seed;
  auto scenario = find_scenario(options.scenario, seed);
  if (!scenario) return complain(exit_code::kBadInput, scenario.error().message());
  if (const auto wrong = check_plants(options.plants))
    return complain(exit_code::kBadInput, *wrong);
  apply(options, *scenario);
  catch_interrupts();
  std::printf("seed %s\n", seed_text(*seed).c_str());
  std::fflush(stdout);

  Outputs outputs(options, *scenario);
  if (const auto trouble = outputs.prepare()) return complain(exit_code::kBadInput, *trouble);
  sim::Loaded<RunResult> result = [&] {
    Progress progress(*scenario, wants_progress(options.no_progress));
    sim::RunHooks hooks;
    hooks.built = [&](Sim& sim) { outputs.built(sim); };
    hooks.progress = [&](Sim& sim) { return progress.update(sim); };
    hooks.finished = [&](Sim&, const RunResult& r) { outputs.finished(r); };
    return sim::run_scenario(*scenario, *seed, sim_programs::make_program, hooks);
  }();
  if (!result) return complain(exit_code::kBadInput, result.error().message());
  return conclude(*result, outputs);
}

}  // namespace mehr::sim_cli
