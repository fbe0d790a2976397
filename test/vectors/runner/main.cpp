// mehr-vectors: runs files of known answers against the crypto seam. The usage text says the rest.
#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <vector>

#include "case.h"

namespace {

constexpr const char* kUsage =
    "usage: mehr-vectors [--long] FILE...\n"
    "\n"
    "Runs the known answers of each FILE: this project's own JSON files, the official BLAKE3 "
    "file,\n"
    "and Wycheproof files (EDDSA on edwards25519, XDH on curve25519 with raw keys,\n"
    "CHACHA20-POLY1305, HKDF-SHA-256). What a file is, is seen from its content.\n"
    "Prints one line for each failing case and at last \"N passed, N failed\".\n"
    "  --long   also the 1,000,000 rounds of RFC 7748 5.2 (about a minute)\n"
    "Exit code: 0 all passed; 1 a case failed; 2 a file could not be read or has no known form,\n"
    "or the arguments are wrong.\n";

struct Total {
  std::size_t passed = 0;
  std::size_t failed = 0;
  bool unreadable = false;
};

vectors::Json parsed(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw vectors::FileError("cannot be opened");
  try {
    return vectors::Json::parse(in);
  } catch (const vectors::Json::exception& error) {
    throw vectors::FileError(fmt::format("is no JSON: {}", error.what()));
  } catch (const std::ios_base::failure&) {
    throw vectors::FileError("cannot be read");
  }
}

void run_any(const vectors::Json& file, const vectors::Options& options, vectors::Report& report) {
  if (!file.is_object()) throw vectors::FileError("holds no JSON object");
  if (file.contains("testGroups")) return vectors::run_wycheproof(file, report);
  if (file.contains("context_string")) return vectors::run_blake3(file, report);
  if (file.contains("vectors")) return vectors::run_native(file, options, report);
  throw vectors::FileError("has none of 'vectors', 'testGroups' and 'context_string'");
}

void run_file(const std::string& path, const vectors::Options& options, Total& total) {
  vectors::Report report(path);
  std::string fault;
  try {
    run_any(parsed(path), options, report);
    if (report.passed() + report.failed() == 0) fault = "holds no case";
  } catch (const vectors::FileError& error) {
    fault = error.what();
  } catch (const vectors::CaseError& error) {
    fault = error.what();
  } catch (const vectors::Json::exception& error) {
    fault = error.what();
  }
  total.passed += report.passed();
  total.failed += report.failed();
  if (fault.empty()) return;
  total.unreadable = true;
  std::fputs(fmt::format("mehr-vectors: {}: {}\n", path, fault).c_str(), stderr);
}

}  // namespace

int main(int argc, char** argv) {
  vectors::Options options;
  std::vector<std::string> files;
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  for (const std::string& argument : arguments) {
    if (argument == "--help" || argument == "-h") {
      std::fputs(kUsage, stdout);
      return 0;
    }
    if (argument == "--long") {
      options.long_runs = true;
    } else if (argument.starts_with("--")) {
      std::fputs(fmt::format("mehr-vectors: no such option: {}\n{}", argument, kUsage).c_str(),
                 stderr);
      return 2;
    } else {
      files.push_back(argument);
    }
  }
  if (files.empty()) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  Total total;
  for (const std::string& file : files) run_file(file, options, total);
  std::puts(fmt::format("{} passed, {} failed", total.passed, total.failed).c_str());
  if (total.unreadable) return 2;
  return total.failed == 0 ? 0 : 1;
}
