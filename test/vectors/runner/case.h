// One known answer, its verdict, and the fields it is read from.
//
// Place: the vocabulary of mehr-vectors. A field that lacks or has the wrong form throws CaseError,
// which makes its case a failed one; a file of no known form throws FileError, and the next file
// is read.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

#include "mehr/core/bytes.h"
#include "mehr/core/ids.h"
#include "mehr/core/secret.h"

namespace vectors {

using Json = nlohmann::json;
using mehr::Bytes;
using mehr::ByteView;
using mehr::MutableBytes;

struct CaseError : std::runtime_error {
  using std::runtime_error::runtime_error;
};
struct FileError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

[[nodiscard]] std::string hex(ByteView bytes);

// Fields of a case: CaseError when they lack or are of another type.
[[nodiscard]] const Json& member(const Json& from, const char* name);
[[nodiscard]] std::string text(const Json& from, const char* name);
[[nodiscard]] Bytes bytes(const Json& from, const char* name);
[[nodiscard]] bool flag(const Json& from, const char* name);
/// A number of 0 to @p most.
[[nodiscard]] std::size_t number(const Json& from, const char* name, std::size_t most);
[[nodiscard]] Bytes bytes_of_hex(const std::string& digits, const char* name);

/// Exactly N bytes of a field that has a fixed size.
template <class Fixed>
Fixed fixed(const Json& from, const char* name) {
  const Bytes all = bytes(from, name);
  if (all.size() != Fixed::kSize) throw CaseError(std::string("'") + name + "' has another size");
  return Fixed::from(all);
}
mehr::Secret<32> secret32(const Json& from, const char* name);
/// @p from, which must be 32 bytes, as a secret.
mehr::Secret<32> secret_of(ByteView from);

/// Collects what differed in one case.
class Case {
 public:
  void same(std::string_view what, ByteView expected, ByteView came);
  void same(std::string_view what, bool expected, bool came);
  void differs(std::string_view what, std::string_view expected, std::string_view came);
  [[nodiscard]] const std::string& faults() const { return faults_; }

 private:
  std::string faults_;
};

/// Counts the cases of one file and prints those that fail.
class Report {
 public:
  explicit Report(std::string file) : file_(std::move(file)) {}

  /// Runs @p check on a Case; a CaseError that it throws is a fault of the case.
  template <class Check>
  void run(const std::string& name, const std::string& comment, Check&& check) {
    Case one;
    try {
      check(one);
    } catch (const CaseError& error) {
      one.differs("the case", "a well-formed one", error.what());
    } catch (const nlohmann::json::exception& error) {
      one.differs("the case", "a well-formed one", error.what());
    }
    count(name, comment, one);
  }
  /// Says that a case was left out on purpose; it counts neither way.
  void skip(const std::string& name, std::string_view why);

  [[nodiscard]] std::size_t passed() const { return passed_; }
  [[nodiscard]] std::size_t failed() const { return failed_; }

 private:
  void count(const std::string& name, const std::string& comment, const Case& one);

  std::string file_;
  std::size_t passed_ = 0;
  std::size_t failed_ = 0;
};

struct Options {
  bool long_runs = false;  ///< also the million rounds of RFC 7748 5.2
};

// Each reads one whole file. FileError when its algorithm, type or curve is not known.
void run_native(const Json& file, const Options& options, Report& report);
void run_blake3(const Json& file, Report& report);
void run_wycheproof(const Json& file, Report& report);

}  // namespace vectors
