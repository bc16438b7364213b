#include "obs/exposition.hpp"

#include <charconv>
#include <cmath>
#include <numeric>
#include <span>

namespace ragd::obs {

namespace {

template <class... Format>
void append_number(std::string& out, auto value, Format... format) {
  std::array<char, 352> buffer{};  // the longest double in fixed notation has 325 characters
  out.append(buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, format...).ptr);
}

void append_value(std::string& out, double value) {
  constexpr double kExactIntegers = 9007199254740992.0;  // 2^53
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
  } else if (std::trunc(value) == value && std::abs(value) < kExactIntegers) {
    // The shortest form of 100000 would be 1e+05: right, but nothing a person wants to read.
    append_number(out, static_cast<std::int64_t>(value));
  } else {
    append_number(out, value);
  }
}

/// Always with a point, as Prometheus normalises it: "2.0", "0.001".
std::string bound_text(double bound) {
  std::string text;
  append_number(text, bound, std::chars_format::fixed);
  if (text.find('.') == std::string::npos) text += ".0";
  return text;
}

void append_label(std::string& out, const Label& label) {
  out += label.name;
  out += "=\"";
  for (const char c : label.value) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  out += '"';
}

/// name{a="b",le="c"} with the trailing space; an `extra` without a name is left out.
void append_series(std::string& out, std::string_view name, std::string_view suffix, Exposition::Labels labels,
                   const Label& extra = {}) {
  out += name;
  out += suffix;
  char before = '{';
  const auto add = [&](const Label& label) {
    out += before;
    append_label(out, label);
    before = ',';
  };
  for (const Label& label : labels) add(label);
  if (!extra.name.empty()) add(extra);
  out += before == ',' ? "} " : " ";
}

}  // namespace

std::string& Exposition::family(std::string_view name, std::string_view help, std::string_view type) {
  const auto [found, is_new] = index_.try_emplace(std::string(name), families_.size());
  if (is_new) {
    std::string& text = families_.emplace_back();
    text.append("# HELP ").append(name).append(" ").append(help).append("\n");
    text.append("# TYPE ").append(name).append(" ").append(type).append("\n");
  }
  return families_[found->second];
}

void Exposition::counter(std::string_view name, std::string_view help, std::uint64_t value, Labels labels) {
  std::string& out = family(name, help, "counter");
  append_series(out, name, "", labels);
  append_number(out, value);
  out += '\n';
}

void Exposition::real(std::string_view name, std::string_view help, std::string_view type, double value,
                      Labels labels) {
  std::string& out = family(name, help, type);
  append_series(out, name, "", labels);
  append_value(out, value);
  out += '\n';
}

void Exposition::histogram(std::string_view name, std::string_view help, const Histogram& histogram, Labels labels) {
  std::string& out = family(name, help, "histogram");
  const Histogram::Snapshot snapshot = histogram.snapshot();
  const std::span<const double> bounds = histogram.bounds();
  for (std::size_t i = 0; i <= bounds.size(); ++i) {
    const std::string bound = i < bounds.size() ? bound_text(bounds[i]) : "+Inf";
    append_series(out, name, "_bucket", labels, {"le", bound});
    append_number(out, snapshot.cumulative[i]);
    out += '\n';
  }
  append_series(out, name, "_sum", labels);
  append_value(out, snapshot.sum);
  out += '\n';
  append_series(out, name, "_count", labels);
  append_number(out, snapshot.cumulative.back());
  out += '\n';
}

std::string Exposition::text() const {
  return std::accumulate(families_.begin(), families_.end(), std::string());
}

}  // namespace ragd::obs
