// Bytes of a server in, an answer out: every case in one piece, byte by byte, and split in two at every place. What
// comes out must not depend on that.
#include "net/response_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace ragd::net {
namespace {

using testing::HasSubstr;

constexpr ResponseLimits kLimits{.head_bytes = 400, .fields = 5, .body_bytes = 100};

struct Outcome {
  unsigned status = 0;
  HeaderList headers;
  std::string body;
  std::string error;
  std::string unread;  ///< bytes behind the answer
  bool done = false;
  bool keeps_alive = false;
  bool operator==(const Outcome&) const = default;
};

/// Gives the reader the pieces one after another and then, if asked to, the end of the connection.
Outcome read(const std::vector<std::string_view>& pieces, bool closes, bool to_head = false) {
  ResponseReader reader(kLimits, to_head);
  Outcome outcome;
  for (std::string_view piece : pieces) {
    while (!piece.empty() && !reader.is_done()) {
      const auto taken = reader.take(piece);
      if (taken.has_error()) {
        EXPECT_EQ(taken.error().code, Errc::unavailable);
        outcome.error = taken.error().detail;
        return outcome;
      }
      outcome.body.append(*taken);
    }
    outcome.unread.append(piece);
  }
  if (closes) {
    if (const auto error = reader.end()) {
      outcome.error = error->detail;
      return outcome;
    }
  }
  outcome.done = reader.is_done();
  outcome.keeps_alive = reader.keeps_alive();
  if (reader.has_head()) {
    outcome.status = reader.head().status;
    outcome.headers = reader.head().headers;
  }
  return outcome;
}

/// The outcome of one piece, after checking that any other pieces give the same.
Outcome read_all_ways(std::string_view bytes, bool closes = false, bool to_head = false) {
  const Outcome whole = read({bytes}, closes, to_head);
  std::vector<std::string_view> single;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    single.push_back(bytes.substr(at, 1));
    const Outcome halves = read({bytes.substr(0, at), bytes.substr(at)}, closes, to_head);
    EXPECT_EQ(halves, whole) << "split at " << at << " of " << bytes;
  }
  const Outcome bytewise = read(single, closes, to_head);
  EXPECT_EQ(bytewise, whole) << "byte by byte: " << bytes;
  return whole;
}

std::string refusal_of(std::string_view bytes, bool closes = false) {
  const Outcome outcome = read_all_ways(bytes, closes);
  EXPECT_FALSE(outcome.error.empty()) << bytes;
  return outcome.error;
}

TEST(ResponseReader, ReadsABodyOfKnownLength) {
  const Outcome outcome =
      read_all_ways("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A:  b c\t\r\nX-Empty:\r\n\r\nhelloHTTP/1.1");
  EXPECT_EQ(outcome.status, 200U);
  EXPECT_EQ(outcome.body, "hello");
  EXPECT_EQ(find_header(outcome.headers, "x-a"), "b c");
  EXPECT_EQ(find_header(outcome.headers, "X-Empty"), "");
  EXPECT_EQ(find_header(outcome.headers, "X-B"), std::nullopt);
  EXPECT_EQ(outcome.unread, "HTTP/1.1");
  EXPECT_TRUE(outcome.done);
  EXPECT_TRUE(outcome.keeps_alive);
}

TEST(ResponseReader, ReadsChunks) {
  const Outcome outcome = read_all_ways(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n"
      "5\r\nhello\r\n00a;x=\"y\"\r\n, \r\nworld!\r\n0 \r\nX-Trailer: t\r\n\r\n!");
  EXPECT_EQ(outcome.body, "hello, \r\nworld!");
  EXPECT_TRUE(outcome.done);
  EXPECT_TRUE(outcome.keeps_alive);
  EXPECT_EQ(outcome.unread, "!");
  EXPECT_EQ(find_header(outcome.headers, "X-Trailer"), std::nullopt) << "a trailer is no header";
}

TEST(ResponseReader, ReadsUntilTheConnectionEndsWhereNoLengthIsGiven) {
  const Outcome outcome = read_all_ways("HTTP/1.1 200 OK\r\n\r\nall of it", true);
  EXPECT_EQ(outcome.body, "all of it");
  EXPECT_TRUE(outcome.done);
  EXPECT_FALSE(outcome.keeps_alive);
  EXPECT_FALSE(read({"HTTP/1.1 200 OK\r\n\r\nall of it"}, false).done);
}

TEST(ResponseReader, KnowsWhichAnswersHaveNoBody) {
  EXPECT_TRUE(read_all_ways("HTTP/1.1 204 No Content\r\n\r\n").done);
  EXPECT_TRUE(read_all_ways("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n").done);
  EXPECT_TRUE(read_all_ways("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").done);
  EXPECT_TRUE(read_all_ways("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n", false, true).done);
  EXPECT_TRUE(read_all_ways("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", false, true).done);
}

TEST(ResponseReader, SkipsInterimAnswers) {
  const Outcome outcome = read_all_ways(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
      "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}");
  EXPECT_EQ(outcome.status, 201U);
  EXPECT_EQ(outcome.body, "{}");
  EXPECT_EQ(outcome.headers.size(), 1U);
}

TEST(ResponseReader, HearsWhetherTheConnectionLivesOn) {
  const auto keeps = [](const std::string& version, const std::string& connection) {
    return read({"HTTP/" + version + " 200 OK\r\nContent-Length: 0\r\nConnection: " + connection + "\r\n\r\n"}, false)
        .keeps_alive;
  };
  EXPECT_TRUE(keeps("1.1", ""));
  EXPECT_FALSE(keeps("1.1", "close"));
  EXPECT_FALSE(keeps("1.1", "x, CLOSE"));
  EXPECT_TRUE(keeps("1.1", "closer"));
  EXPECT_FALSE(keeps("1.0", ""));
  EXPECT_TRUE(keeps("1.0", "Keep-Alive"));
}

TEST(ResponseReader, TakesAStatusLineWithoutItsReason) {
  EXPECT_EQ(read_all_ways("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n").status, 200U);
  EXPECT_EQ(read_all_ways("HTTP/1.0 503 \r\nContent-Length: 0\r\n\r\n").status, 503U);
}

TEST(ResponseReader, SaysWhenTheAnswerIsNotWhole) {
  for (const char* bytes : {"HTTP/1.1 200 OK\r\nContent-", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
                            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
                            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"}) {
    EXPECT_EQ(refusal_of(bytes, true), "closed the connection without a whole answer") << bytes;
  }
}

TEST(ResponseReader, RefusesHeadsThatAreMalformed) {
  for (const char* head : {"HTTP/2.0 200 OK\r\n\r\n",
                           "HTTP/1.2 200 OK\r\n\r\n",
                           "http/1.1 200 OK\r\n\r\n",
                           "SSH-2.0-OpenSSH_9.2\r\n",
                           "\r\nHTTP/1.1 200 OK\r\n\r\n",
                           "HTTP/1.1 20 OK\r\n\r\n",
                           "HTTP/1.1 2000 OK\r\n\r\n",
                           "HTTP/1.1 099 x\r\n\r\n",
                           "HTTP/1.1 -20 x\r\n\r\n",
                           "HTTP/1.1  200 OK\r\n\r\n",
                           "HTTP/1.1 200 OK\n\r\n",
                           "HTTP/1.1 200 O\rK\r\n\r\n",
                           "HTTP/1.1 101 Switching Protocols\r\n\r\n",
                           "HTTP/1.1 200 OK\r\nNo colon\r\n\r\n",
                           "HTTP/1.1 200 OK\r\n: value\r\n\r\n",
                           "HTTP/1.1 200 OK\r\nA b: c\r\n\r\n",
                           "HTTP/1.1 200 OK\r\nA : c\r\n\r\n",
                           "HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n",
                           "HTTP/1.1 200 OK\r\nA: \x01\r\n\r\n",
                           "HTTP/1.1 200 OK\r\nA: b\r\r\n\r\n"}) {
    EXPECT_THAT(refusal_of(head), HasSubstr("sent a malformed answer: ")) << head;
  }
}

TEST(ResponseReader, RefusesFramingThatIsAmbiguous) {
  for (const char* fields :
       {"Content-Length: 5\r\nContent-Length: 5\r\n", "Content-Length: 5, 5\r\n", "Content-Length: +5\r\n",
        "Content-Length: -5\r\n", "Content-Length: 0x5\r\n", "Content-Length:\r\n",
        "Content-Length: 99999999999999999999\r\n", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: identity\r\n"}) {
    EXPECT_THAT(refusal_of("HTTP/1.1 200 OK\r\n" + std::string(fields) + "\r\nhello"), HasSubstr("malformed"))
        << fields;
  }
  EXPECT_THAT(refusal_of("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), HasSubstr("malformed"));
}

TEST(ResponseReader, RefusesChunksThatAreMalformed) {
  for (const char* body :
       {"\r\nhello\r\n", "g\r\nhello\r\n", "-1\r\nhello\r\n", "0x5\r\nhello\r\n", " 5\r\nhello\r\n", "5\nhello\r\n",
        "5\r\nhello!\r\n", "5\r\nhello\n0\r\n\r\n", "10000000000000005\r\nhello\r\n", "0\r\nX: a\nY: b\r\n\r\n"}) {
    EXPECT_THAT(refusal_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(body)),
                HasSubstr("malformed"))
        << body;
  }
}

TEST(ResponseReader, BoundsTheHead) {
  const std::string line = "HTTP/1.1 200 OK\r\n";
  const std::string end = "\r\n\r\n";
  const auto head_of = [&](std::size_t bytes) {
    return line + "X: " + std::string(bytes - line.size() - 3 - end.size(), 'v') + end;
  };
  EXPECT_TRUE(read_all_ways(head_of(kLimits.head_bytes), true).done);
  EXPECT_EQ(refusal_of(head_of(kLimits.head_bytes + 3)), "sent a larger head than allowed");
  EXPECT_EQ(refusal_of(line + std::string(1000, 'n')), "sent a larger head than allowed") << "also without its end";
  std::string interim;
  for (int i = 0; i < 20; ++i) interim += "HTTP/1.1 100 Continue\r\n\r\n";
  EXPECT_EQ(refusal_of(interim), "sent a larger head than allowed");
}

TEST(ResponseReader, BoundsTheNumberOfFields) {
  std::string head = "HTTP/1.1 200 OK\r\n";
  for (std::size_t i = 0; i < kLimits.fields; ++i) head += "A: b\r\n";
  EXPECT_TRUE(read_all_ways(head + "\r\n", true).done);
  EXPECT_THAT(refusal_of(head + "A: b\r\n\r\n"), HasSubstr("more header fields than allowed"));
}

TEST(ResponseReader, BoundsTheBodyHoweverItIsFramed) {
  const std::string body(kLimits.body_bytes, 'b');
  const std::string known = "HTTP/1.1 200 OK\r\nContent-Length: ";
  EXPECT_EQ(read_all_ways(known + "100\r\n\r\n" + body).body, body);
  EXPECT_EQ(refusal_of(known + "101\r\n\r\n"), "sent a larger answer than allowed") << "before a byte of it";
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(read_all_ways(chunked + "64\r\n" + body + "\r\n0\r\n\r\n").body, body);
  EXPECT_EQ(refusal_of(chunked + "64\r\n" + body + "\r\n1\r\n"), "sent a larger answer than allowed");
  EXPECT_EQ(refusal_of(chunked + "ffffffffffffffff\r\n"), "sent a larger answer than allowed");
  const std::string unknown = "HTTP/1.1 200 OK\r\n\r\n";
  EXPECT_EQ(read_all_ways(unknown + body, true).body, body);
  EXPECT_EQ(read({unknown + body, "b"}, true).error, "sent a larger answer than allowed");
}

TEST(ResponseReader, BoundsWhatStandsBetweenChunks) {
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_THAT(read({chunked + "1;" + std::string(2000, 'x')}, false).error, HasSubstr("size line is too long"));
  EXPECT_THAT(read({chunked + "0\r\nX: " + std::string(5000, 'x')}, false).error, HasSubstr("trailers are too large"));
  std::string many = chunked + "0\r\n";
  for (int i = 0; i < 1000; ++i) many += "X: y\r\n";
  EXPECT_THAT(read({many}, false).error, HasSubstr("trailers are too large"));
}

TEST(ResponseReader, SurvivesAnything) {
  std::mt19937 random(20260101);
  const std::string seed =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 7\r\n\r\n"
      "5;x\r\nhello\r\n0\r\nA: b\r\n\r\n";
  for (int round = 0; round < 3000; ++round) {
    std::string bytes = seed;
    for (int edit = 0; edit < 3; ++edit) {
      const std::size_t at = random() % bytes.size();
      if (random() % 2 == 0) {
        bytes[at] = static_cast<char>(random());
      } else {
        bytes.erase(at, random() % 30);
        if (bytes.empty()) bytes = "x";
      }
    }
    const std::size_t cut = random() % bytes.size();
    const std::string_view view = bytes;
    ASSERT_EQ(read({view}, true), read({view.substr(0, cut), view.substr(cut)}, true)) << bytes;
  }
}

}  // namespace
}  // namespace ragd::net
