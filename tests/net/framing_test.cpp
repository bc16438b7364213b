// What a head says about its message, without any socket.
#include "net/framing.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

namespace ragd::net {
namespace {

Result<Framing> frame(std::string_view target, std::initializer_list<HeaderField> headers, unsigned version = 11,
                      Method method = Method::post) {
  return check_framing({method, "POST", target, version}, std::vector<HeaderField>(headers));
}

Errc code_of(const Result<Framing>& framing) {
  return framing.has_error() ? framing.error().code : Errc::canceled;
}

TEST(Framing, SplitsTheTargetAtTheFirstQuestionMark) {
  const auto framing = frame("/a/b?c=d?e", {{"Host", "h"}});
  ASSERT_TRUE(framing.has_value());
  EXPECT_EQ(framing->path, "/a/b");
  EXPECT_EQ(framing->query, "c=d?e");
  EXPECT_EQ(framing->host, "h");
  EXPECT_EQ(framing->body, BodyFraming::none);
  EXPECT_TRUE(framing->keep_alive);
}

TEST(Framing, TakesHostAndPathFromAnAbsoluteTarget) {
  for (const char* target : {"http://other:81/p?q", "HTTP://other:81/p?q", "https://other:81/p?q"}) {
    const auto framing = frame(target, {{"Host", "h"}});
    ASSERT_TRUE(framing.has_value()) << target;
    EXPECT_EQ(framing->host, "other:81");
    EXPECT_EQ(framing->path, "/p");
    EXPECT_EQ(framing->query, "q");
  }
}

TEST(Framing, ReadsAnAbsoluteTargetWithoutPathAsTheRoot) {
  EXPECT_EQ(frame("http://other", {{"Host", "h"}})->path, "/");
  const auto with_query = frame("http://other?q", {{"Host", "h"}});
  EXPECT_EQ(with_query->path, "/");
  EXPECT_EQ(with_query->query, "q");
}

TEST(Framing, StillWantsOneValidHostBesideAnAbsoluteTarget) {
  EXPECT_EQ(code_of(frame("http://other/", {})), Errc::bad_request);
  EXPECT_EQ(code_of(frame("http://other/", {{"Host", "a b"}})), Errc::bad_request);
}

TEST(Framing, RefusesTargetsThatAreNeitherPathNorUrl) {
  for (const char* target : {"a", "h:80", "ftp://h/", "http:///", "http://u@h/", "/a#b", "/\xc3\xa9", "*"}) {
    EXPECT_EQ(code_of(frame(target, {{"Host", "h"}})), Errc::bad_request) << target;
  }
}

TEST(Framing, KnowsTheAsteriskOfOptions) {
  EXPECT_EQ(frame("*", {{"Host", "h"}}, 11, Method::options)->path, "*");
}

TEST(Framing, AcceptsHostsOfEveryForm) {
  for (const char* host :
       {"h", "h:80", "h:", "a-b.example_c", "127.0.0.1:8000", "[::1]", "[::1]:8000", "[::ffff:1.2.3.4]", "H:65535"}) {
    EXPECT_TRUE(is_valid_authority(host)) << host;
  }
}

TEST(Framing, RefusesHostsThatAreNone) {
  for (const char* host : {"", ":80", "h:65536", "h:8x", "h:123456", "a b", "a,b", "a/b", "u@h", "[::1", "[]", "[x]",
                           "[::1]8", "::1", "a:b:c", "h\\", "h%41", "\xc3\xa9"}) {
    EXPECT_FALSE(is_valid_authority(host)) << host;
  }
}

TEST(Framing, TakesExactlyOneLengthOfDigits) {
  const auto framing = frame("/", {{"Host", "h"}, {"content-LENGTH", "18446744073709551615"}});
  ASSERT_TRUE(framing.has_value());
  EXPECT_EQ(framing->body, BodyFraming::length);
  EXPECT_EQ(framing->content_length, 18446744073709551615ULL);
  EXPECT_EQ(frame("/", {{"Host", "h"}, {"Content-Length", "0"}})->body, BodyFraming::none);
  for (const char* length : {"", "+5", "-5", "5,5", "5, 5", "0x5", "5 5", "five", "5.", "18446744073709551616"}) {
    EXPECT_EQ(code_of(frame("/", {{"Host", "h"}, {"Content-Length", length}})), Errc::bad_request) << length;
  }
  EXPECT_EQ(code_of(frame("/", {{"Host", "h"}, {"Content-Length", "5"}, {"Content-Length", "5"}})), Errc::bad_request);
}

TEST(Framing, TakesNoCodingButChunkedOnceAndAlone) {
  EXPECT_EQ(frame("/", {{"Host", "h"}, {"Transfer-Encoding", "Chunked"}})->body, BodyFraming::chunked);
  for (const char* coding :
       {"", "identity", "gzip, chunked", "chunked, chunked", "xchunked", "chunked;q=1", ",chunked"}) {
    EXPECT_EQ(code_of(frame("/", {{"Host", "h"}, {"Transfer-Encoding", coding}})), Errc::not_implemented) << coding;
  }
  EXPECT_EQ(code_of(frame("/", {{"Host", "h"}, {"Transfer-Encoding", "chunked"}, {"Transfer-Encoding", "chunked"}})),
            Errc::bad_request);
  EXPECT_EQ(code_of(frame("/", {{"Host", "h"}, {"Transfer-Encoding", "chunked"}}, 10)), Errc::bad_request);
}

TEST(Framing, NeverTakesALengthBesideACoding) {
  for (const char* coding : {"chunked", "identity"}) {
    EXPECT_EQ(code_of(frame("/", {{"Host", "h"}, {"Transfer-Encoding", coding}, {"Content-Length", "5"}})),
              Errc::bad_request);
  }
}

TEST(Framing, KeepsTheConnectionAsTheVersionAndTheClientSay) {
  EXPECT_FALSE(frame("/", {{"Host", "h"}, {"Connection", "x, Close"}})->keep_alive);
  EXPECT_FALSE(frame("/", {{"Host", "h"}, {"Connection", "keep-alive"}, {"Connection", "close"}})->keep_alive);
  EXPECT_FALSE(frame("/", {}, 10)->keep_alive);
  EXPECT_TRUE(frame("/", {{"Connection", "Keep-Alive"}}, 10)->keep_alive);
}

TEST(Framing, MeetsOneExpectationOnly) {
  EXPECT_TRUE(frame("/", {{"Host", "h"}, {"Expect", "100-Continue"}, {"Content-Length", "1"}})->expects_continue);
  EXPECT_FALSE(frame("/", {{"Host", "h"}, {"Expect", "100-continue"}})->expects_continue);
  EXPECT_FALSE(frame("/", {{"Expect", "magic"}, {"Content-Length", "1"}}, 10)->expects_continue);
  EXPECT_EQ(code_of(frame("/", {{"Host", "h"}, {"Expect", "magic"}})), Errc::bad_request);
}

}  // namespace
}  // namespace ragd::net
