#include "path_question.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>

#include "mehr/common/text.h"

namespace mehr::daemon {
namespace {

constexpr std::string_view kBalanced = "balanced=";

struct Named {
  const char* name;
  PathPolicy policy;
};
constexpr std::array kPolicies{
    Named{"balanced", PathPolicy{}}, Named{"cheapest", PathPolicy::cheapest()},
    Named{"fastest", PathPolicy::fastest()}, Named{"reliable", PathPolicy::most_reliable()},
    Named{"mtu", PathPolicy::largest_mtu()}};

// A number and nothing else.
std::optional<double> weight(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// "1,2,0.5": exactly three numbers.
std::optional<std::array<double, 3>> weights(std::string_view text) {
  std::array<double, 3> out{};
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::size_t comma = text.find(',');
    if ((comma == text.npos) != (i + 1 == out.size())) return std::nullopt;
    const auto value = weight(text.substr(0, comma));
    if (!value) return std::nullopt;
    out[i] = *value;
    text.remove_prefix(comma == text.npos ? text.size() : comma + 1);
  }
  return out;
}

}  // namespace

const char* name_of(PathPolicy::Kind kind) {
  for (const Named& known : kPolicies) {
    if (known.policy.kind() == kind) return known.name;
  }
  return "?";
}

tl::expected<PathPolicy, std::string> parse_policy(std::string_view text) {
  for (const Named& known : kPolicies) {
    if (text == known.name) return known.policy;
  }
  if (!text.starts_with(kBalanced)) {
    return tl::unexpected(fmt::format(
        "there is no policy \"{}\"; there are cheapest, fastest, reliable, mtu, balanced "
        "and balanced=COST,LATENCY,RELIABILITY",
        common::printable(text.substr(0, 64))));
  }
  const auto three = weights(text.substr(kBalanced.size()));
  if (!three) {
    return tl::unexpected(
        std::string("balanced= takes three numbers, the weights of cost, latency and reliability: "
                    "balanced=1,2,0.5"));
  }
  const auto policy = PathPolicy::balanced((*three)[0], (*three)[1], (*three)[2]);
  if (!policy) return tl::unexpected(std::string(policy.error().text));
  return *policy;
}

}  // namespace mehr::daemon
