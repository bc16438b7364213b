// `ragd export` and `ragd import` against a server that keeps what it is given.
#include "base/json.hpp"
#include "cli/api.hpp"
#include "cli/ndjson.hpp"
#include "cli/verbs.hpp"
#include "fakes/manual_clock.hpp"
#include "fakes/scripted_transport.hpp"
#include "fakes/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace ragd::cli {
namespace {

using fakes::answer_with;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string line_of(const std::string& id, const std::string& text) {
  return R"({"id":")" + id + R"(","title":"","source":"","metadata":{},"text":")" + text + "\"}\n";
}

/// Two documents a page; whatever it is given must fit 4 KiB.
class Transfer : public testing::Test {
 protected:
  Transfer()
      : transport_([this](const ClientRequest& request) { return serve(request); }), console_{out_, err_, false} {}

  int run_export(const std::string& output = "-") {
    const ExportOptions options{{"http://h", ""}, output};
    return export_corpus(options, transport_, console_, clock_, sleep());
  }
  int run_import(const std::string& input) {
    const ImportOptions options{{"http://h", ""}, input};
    return import_corpus(options, in_, transport_, console_, clock_, sleep());
  }
  int run_import_of(const std::string& text) {
    in_.clear();
    in_.str(text);
    return run_import("-");
  }
  Sleeper sleep() {
    return [this](std::chrono::milliseconds wait) { waits_.push_back(wait); };
  }

  Result<ClientResponse> serve(const ClientRequest& request) {
    if (!refusals_.empty()) {
      ClientResponse refusal = refusals_.back();
      refusals_.pop_back();
      return refusal;
    }
    return request.method == "GET" ? list(request.target) : put(request.body);
  }

  ClientResponse list(const std::string& target) const {
    constexpr std::string_view kFirst = "/documents?content=full&limit=1000";
    EXPECT_TRUE(target.starts_with(kFirst)) << target;
    const std::string after = target.size() > kFirst.size() ? target.substr(kFirst.size() + 8) : "";
    std::string body = R"({"documents":[)";
    std::string next = "null";
    std::size_t listed = 0;
    for (auto document = corpus_.upper_bound(after); document != corpus_.end(); ++document) {
      body += (listed > 0 ? "," : "") + document->second;
      if (++listed == 2 && std::next(document) != corpus_.end()) {
        next = "\"" + document->first + "\"";
        break;
      }
    }
    return answer_with(200, body + R"(],"next_cursor":)" + next + "}");
  }

  ClientResponse put(const std::string& body) {
    if (body.size() > 4096) return answer_with(413, R"({"error":"too large"})");
    const auto parsed = base::JsonDocument::parse(body);
    EXPECT_TRUE(parsed) << body;
    std::size_t count = 0;
    for (const auto document : array_field(parsed->root(), "documents")) {
      if (text_field(document, "text") == "poison") return answer_with(422, R"({"detail":"'text' is bad"})");
    }
    for (const auto document : array_field(parsed->root(), "documents")) {
      corpus_[text_field(document, "id")] = base::to_json(document);
      ++count;
    }
    return answer_with(200, R"({"accepted":)" + std::to_string(count) + R"(,"unchanged":0,"chunks":1})");
  }

  static std::string bytes_of(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }

  fakes::TemporaryFolder folder_;
  fakes::ManualClock clock_;
  fakes::ScriptedTransport transport_;
  std::istringstream in_;
  std::ostringstream out_;
  std::ostringstream err_;
  Console console_;
  std::map<std::string, std::string> corpus_;  // documents as JSON, by id
  std::vector<ClientResponse> refusals_;       // taken from the back before anything else
  std::vector<std::chrono::milliseconds> waits_;
};

TEST_F(Transfer, ExportsPageAfterPageInOrderOfId) {
  ASSERT_EQ(run_import_of(line_of("c", "3") + line_of("a", "1") + line_of("b", "2")), kExitDone);
  out_.str("");
  EXPECT_EQ(run_export(), kExitDone);
  EXPECT_EQ(out_.str(), line_of("a", "1") + line_of("b", "2") + line_of("c", "3"));
  EXPECT_THAT(err_.str(), HasSubstr("exported 3 documents in 0.0 s\n"));
}

TEST_F(Transfer, ExportOfAnImportIsTheSameByteForByte) {
  const std::string text =
      R"({"id":"ü/1","title":"Ünïcode \"q\" \\ 😀","source":"a\tb","metadata":{"n":1.5,"big":18446744073709551615,)"
      R"("list":[true,null,"x"],"deep":{"a":{"b":[{}]}}},"text":"one\nline two\u0001\u007f\u2028 end"})";
  ASSERT_EQ(run_import_of(text + "\n"), kExitDone) << err_.str();
  out_.str("");
  ASSERT_EQ(run_export(), kExitDone);
  const std::string first = out_.str();
  const auto was = base::JsonDocument::parse(text);
  const auto is = base::JsonDocument::parse(first);
  ASSERT_TRUE(was && is);
  EXPECT_EQ(base::to_json(is->root()), base::to_json(was->root()));
  EXPECT_THAT(first, HasSubstr(R"("big":18446744073709551615)"));

  corpus_.clear();
  ASSERT_EQ(run_import_of(first), kExitDone);
  out_.str("");
  ASSERT_EQ(run_export(), kExitDone);
  EXPECT_EQ(out_.str(), first);
}

TEST_F(Transfer, TheFileAppearsWhenItIsWhole) {
  const std::string file = folder_ / "corpus.ndjson";
  corpus_["a"] = R"({"id":"a","title":"","source":"","metadata":{},"text":"1"})";
  EXPECT_EQ(run_export(file), kExitDone);
  EXPECT_EQ(bytes_of(file), line_of("a", "1"));
  EXPECT_THAT(out_.str(), IsEmpty());

  corpus_["b"] = corpus_["c"] = R"({"id":"b"})";  // not whole: the second page breaks the export off
  EXPECT_EQ(run_export(file), kExitFailed);
  EXPECT_EQ(bytes_of(file), line_of("a", "1")) << "the one before it";
  EXPECT_FALSE(std::filesystem::exists(file + ".unfinished"));
}

TEST_F(Transfer, APipeIsWrittenToAndNotReplaced) {
  EXPECT_EQ(run_export("/dev/null"), kExitDone) << err_.str();
  struct stat status {};
  ASSERT_EQ(::stat("/dev/null", &status), 0);
  EXPECT_TRUE(S_ISCHR(status.st_mode));
}

TEST_F(Transfer, SaysWhereItCannotWrite) {
  EXPECT_EQ(run_export(folder_ / "nowhere/x"), kExitFailed);
  EXPECT_EQ(err_.str(), "ragd export: " + (folder_ / "nowhere/x") + " cannot be written: No such file or directory\n");
}

TEST_F(Transfer, ExportWaitsWhereTheServerAsksForPatience) {
  corpus_["a"] = R"({"id":"a","title":"","source":"","metadata":{},"text":"1"})";
  refusals_ = {{429, "{}", std::chrono::seconds(7)}};
  EXPECT_EQ(run_export(), kExitDone);
  EXPECT_THAT(waits_, ElementsAre(std::chrono::seconds(7)));
  EXPECT_EQ(out_.str(), line_of("a", "1"));
}

TEST_F(Transfer, ExportEndsWhenTheCursorDoesNotAdvance) {
  fakes::ScriptedTransport stuck([](const ClientRequest& /*request*/) -> Result<ClientResponse> {
    return answer_with(200, R"({"documents":[],"next_cursor":"a"})");
  });
  EXPECT_EQ(export_corpus({{"http://h", ""}, "-"}, stuck, console_, clock_, sleep()), kExitFailed);
  EXPECT_EQ(stuck.requests.size(), 2U);
  EXPECT_THAT(err_.str(), HasSubstr("http://h does not list whole documents"));
}

TEST_F(Transfer, ImportNamesBadLinesAndGoesOn) {
  const std::string file = folder_.write(
      "bad.ndjson",
      "\xEF\xBB\xBF" + line_of("a", "1") + "\n  \r\n{\"id\":\n[]\n{\"id\":7,\"text\":\"x\"}\n{\"id\":\"x\"}\n" +
          R"({"id":"k","id":"k","text":"x"})" + "\n" + line_of("p", "poison") + "{\"id\":\"z\",\"text\":\"9\"}");
  EXPECT_EQ(run_import(file), kExitFailed);
  EXPECT_EQ(err_.str(), file + ":4: is not valid JSON\n" + file + ":5: is not a JSON object\n" + file +
                            ":6: has no string 'id'\n" + file + ":7: has no string 'text'\n" + file +
                            ":8: has an object with the same key twice\n" + file +
                            ":9: was refused by the server: 'text' is bad\n");
  EXPECT_EQ(corpus_.size(), 2U);
  EXPECT_TRUE(corpus_.contains("z")) << "the last line needs no line end";
  EXPECT_THAT(out_.str(), HasSubstr("imported 2 (0 unchanged, 6 failed), 2 chunks"));
}

TEST_F(Transfer, ImportHalvesWhatIsTooLargeForTheServer) {
  std::string text;
  for (int i = 10; i < 30; ++i) text += line_of(std::to_string(i), std::string(800, 'x'));
  text += line_of("huge", std::string(5000, 'x'));
  EXPECT_EQ(run_import_of(text), kExitFailed);
  EXPECT_EQ(corpus_.size(), 20U);
  EXPECT_EQ(err_.str(), "standard input:21: is larger than the server takes (its http.max_body_bytes)\n");
}

TEST_F(Transfer, ImportEndsWhenTheServerFails) {
  refusals_ = {answer_with(507, "{}")};
  EXPECT_EQ(run_import_of(line_of("a", "1")), kExitFailed);
  EXPECT_THAT(err_.str(), HasSubstr("ragd import: http://h has no disk space left"));
}

TEST_F(Transfer, ImportOfNothingIsNoFailure) {
  EXPECT_EQ(run_import_of(""), kExitDone);
  EXPECT_THAT(transport_.requests, IsEmpty());
}

TEST_F(Transfer, ImportSaysWhatItCannotRead) {
  EXPECT_EQ(run_import(folder_ / "missing"), kExitFailed);
  EXPECT_EQ(err_.str(), "ragd import: " + (folder_ / "missing") + " cannot be read: No such file or directory\n");
  err_.str("");
  EXPECT_EQ(run_import(folder_.path().string()), kExitFailed);
  EXPECT_EQ(err_.str(), "ragd import: " + folder_.path().string() + " cannot be read\n");
}

TEST(LineReader, BoundsALineAndGoesOnBehindIt) {
  std::istringstream in("12345678\n1234567890\n\nabc");
  LineReader lines(in, 8);
  ASSERT_TRUE(lines.next());
  EXPECT_EQ(lines.line(), "12345678");
  EXPECT_FALSE(lines.too_long());
  ASSERT_TRUE(lines.next());
  EXPECT_EQ(lines.line(), "12345678");
  EXPECT_TRUE(lines.too_long());
  ASSERT_TRUE(lines.next());
  EXPECT_EQ(lines.line(), "abc");
  EXPECT_FALSE(lines.too_long());
  EXPECT_EQ(lines.number(), 4U);
  EXPECT_FALSE(lines.next());
}

TEST(LineReader, JoinsALineFromManyReads) {
  const std::string longer(1'000'000, 'x');
  std::istringstream in(longer + "\nend\n");
  LineReader lines(in);
  ASSERT_TRUE(lines.next());
  EXPECT_EQ(lines.line(), longer);
  ASSERT_TRUE(lines.next());
  EXPECT_EQ(lines.line(), "end");
  EXPECT_FALSE(lines.next());
}

}  // namespace
}  // namespace ragd::cli
