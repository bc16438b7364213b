#include "load/response_scanner.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace ragd::load {
namespace {

using Verdict = ResponseScanner::Verdict;

struct Answer {
  Verdict verdict = Verdict::more;
  unsigned status = 0;
  CacheUse cache = CacheUse::unknown;
  bool keeps_alive = false;
};

/// Fed in pieces of `piece` bytes.
Answer scan(std::string_view bytes, std::size_t piece) {
  ResponseScanner scanner;
  scanner.begin();
  Answer answer;
  for (std::size_t at = 0; at < bytes.size() && answer.verdict == Verdict::more; at += piece) {
    answer.verdict = scanner.feed(bytes.substr(at, piece));
    if (answer.verdict == Verdict::whole && at + piece < bytes.size()) answer.verdict = Verdict::bad;
  }
  answer.status = scanner.status();
  answer.cache = scanner.cache();
  answer.keeps_alive = scanner.keeps_alive();
  return answer;
}

/// The same whatever the pieces are, or the test fails.
Answer scan(std::string_view bytes) {
  const Answer at_once = scan(bytes, bytes.size());
  for (std::size_t piece = 1; piece < bytes.size(); ++piece) {
    const Answer pieces = scan(bytes, piece);
    EXPECT_EQ(pieces.verdict, at_once.verdict) << "in pieces of " << piece << ": " << bytes;
    EXPECT_EQ(pieces.status, at_once.status);
    EXPECT_EQ(pieces.cache, at_once.cache);
  }
  return at_once;
}

TEST(ResponseScanner, FindsTheEndByContentLength) {
  const Answer answer = scan("HTTP/1.1 200 OK\r\nServer: x\r\ncontent-LENGTH: 5\r\n\r\nhello");
  EXPECT_EQ(answer.verdict, Verdict::whole);
  EXPECT_EQ(answer.status, 200U);
  EXPECT_TRUE(answer.keeps_alive);
  EXPECT_EQ(scan("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell").verdict, Verdict::more);
  EXPECT_EQ(scan("HTTP/1.1 503 \r\nContent-Length: 0\r\n\r\n").status, 503U);
}

TEST(ResponseScanner, FindsTheEndOfChunks) {
  const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(scan(head + "5\r\nhello\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n").verdict, Verdict::whole);
  EXPECT_EQ(scan(head + "0\r\nTrailer: x\r\n\r\n").verdict, Verdict::whole);
  EXPECT_EQ(scan(head + "5\r\nhello\r\n").verdict, Verdict::more);
}

TEST(ResponseScanner, KnowsAnswersWithoutABody) {
  EXPECT_EQ(scan("HTTP/1.1 204 No Content\r\n\r\n").verdict, Verdict::whole);
  EXPECT_EQ(scan("HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n").verdict, Verdict::whole);
}

TEST(ResponseScanner, PassesOverInterimAnswers) {
  const Answer answer = scan("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 429 No\r\nContent-Length: 1\r\n\r\nx");
  EXPECT_EQ(answer.verdict, Verdict::whole);
  EXPECT_EQ(answer.status, 429U);
  std::string many;
  for (int i = 0; i < 9; ++i) many += "HTTP/1.1 103 Early Hints\r\n\r\n";
  EXPECT_EQ(scan(many).verdict, Verdict::bad);
}

TEST(ResponseScanner, TakesTheCloseForTheEndWhereNothingElseSaysIt) {
  ResponseScanner scanner;
  scanner.begin();
  EXPECT_EQ(scanner.feed("HTTP/1.1 200 OK\r\n\r\nsome text"), Verdict::more);
  EXPECT_EQ(scanner.closed(), Verdict::whole);
  EXPECT_FALSE(scanner.keeps_alive());
  scanner.begin();
  EXPECT_EQ(scanner.feed("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell"), Verdict::more);
  EXPECT_EQ(scanner.closed(), Verdict::bad) << "cut short";
  scanner.begin();
  EXPECT_EQ(scanner.closed(), Verdict::bad) << "no answer at all";
}

TEST(ResponseScanner, SeesWhetherTheConnectionStays) {
  EXPECT_FALSE(scan("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n").keeps_alive);
  EXPECT_FALSE(scan("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n").keeps_alive);
  EXPECT_TRUE(scan("HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 0\r\n\r\n").keeps_alive);
}

TEST(ResponseScanner, RefusesWhatTwoReadersCouldReadDifferently) {
  const std::vector<std::string> faults{
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\n",
      "HTTP/1.1 999 OK\r\n\r\n",
      "HTTP/2 200\r\n\r\n",
      "garbage\r\n\r\n",
      "\r\n\r\n",
  };
  for (const std::string& fault : faults) EXPECT_EQ(scan(fault).verdict, Verdict::bad) << fault;
}

TEST(ResponseScanner, RefusesBytesNobodyAskedFor) {
  EXPECT_EQ(scan("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 200").verdict, Verdict::bad);
  EXPECT_EQ(scan("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nmore").verdict, Verdict::bad);
}

TEST(ResponseScanner, RefusesAHeadOrAChunkLineWithoutEnd) {
  ResponseScanner scanner;
  scanner.begin();
  Verdict verdict = scanner.feed("HTTP/1.1 200 OK\r\n");
  std::size_t bytes = 0;
  while (verdict == Verdict::more && bytes < (1U << 20U)) {
    verdict = scanner.feed("X-Filler: 0123456789\r\n");
    bytes += 22;
  }
  EXPECT_EQ(verdict, Verdict::bad);
  EXPECT_LT(bytes, 34U << 10U);
  EXPECT_EQ(scan(std::string(40'000, 'x'), 40'000).verdict, Verdict::bad);
  EXPECT_EQ(scan("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + std::string(5000, 'x'), 100).verdict,
            Verdict::bad);
}

TEST(ResponseScanner, BeginsAnewForTheNextAnswer) {
  ResponseScanner scanner;
  scanner.begin();
  ASSERT_EQ(scanner.feed("HTTP/1.1 503 No\r\nConnection: close\r\nCache-Status: a; hit\r\nContent-Length: 1\r\n\r\nx"),
            Verdict::whole);
  scanner.begin();
  ASSERT_EQ(scanner.feed("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nxy"), Verdict::whole);
  EXPECT_EQ(scanner.status(), 200U);
  EXPECT_EQ(scanner.cache(), CacheUse::unknown);
  EXPECT_TRUE(scanner.keeps_alive());
}

TEST(CacheStatus, IsReadAsRagdWritesIt) {
  EXPECT_EQ(parse_cache_status("ragd; hit; ttl=3599"), CacheUse::hit);
  EXPECT_EQ(parse_cache_status("ragd; hit; ttl=-5; detail=stale"), CacheUse::stale);
  EXPECT_EQ(parse_cache_status("ragd; hit; ttl=9; detail=revalidated"), CacheUse::revalidated);
  EXPECT_EQ(parse_cache_status("ragd; fwd=uri-miss; collapsed"), CacheUse::coalesced);
  EXPECT_EQ(parse_cache_status("ragd; fwd=uri-miss"), CacheUse::miss);
  EXPECT_EQ(parse_cache_status("ragd; fwd=request"), CacheUse::miss);
  EXPECT_EQ(parse_cache_status("ragd; fwd=bypass"), CacheUse::bypass);
}

TEST(CacheStatus, CountsTheCacheNearestToTheClient) {
  EXPECT_EQ(parse_cache_status("origin;hit, edge ; fwd=miss"), CacheUse::miss);
  EXPECT_EQ(parse_cache_status("origin; fwd=miss, edge;hit"), CacheUse::hit);
  EXPECT_EQ(parse_cache_status("hit"), CacheUse::unknown) << "a cache of that name, which says nothing";
}

}  // namespace
}  // namespace ragd::load
