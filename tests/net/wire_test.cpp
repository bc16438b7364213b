// Raw bytes in, statuses out: each case says which answers come, in order, and whether the connection lives on. Every
// one is sent in one piece and in many, and must not depend on that. /smuggled must never be answered.
#include "net/raw_client.hpp"
#include "net/test_server.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <string>
#include <vector>

namespace ragd::net {
namespace {

enum class After { kept, closed };

struct WireCase {
  std::string name;
  std::string bytes;
  std::vector<unsigned> statuses;
  After after;
};

void PrintTo(const WireCase& wire_case, std::ostream* out) {
  *out << wire_case.name;
}

std::string get(const std::string& headers, const std::string& target = "/a") {
  return "GET " + target + " HTTP/1.1\r\n" + headers + "\r\n";
}

std::string post(const std::string& headers, const std::string& body) {
  return "POST /a HTTP/1.1\r\nHost: h\r\n" + headers + "\r\n" + body;
}

std::string chunked(const std::string& body) {
  return post("Transfer-Encoding: chunked\r\n", body);
}

std::string many_headers(std::size_t count) {
  std::string headers = "Host: h\r\n";
  for (std::size_t i = 1; i < count; ++i) headers += "X-" + std::to_string(i) + ": v\r\n";
  return headers;
}

std::string repeat(const std::string& text, std::size_t count) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) all += text;
  return all;
}

const std::string kNul(1, '\0');
const std::string kSmuggled = "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n";

std::vector<WireCase> framing_cases() {
  const std::string body_smuggled = "0\r\n\r\n" + kSmuggled;
  return {
      {"PlainGet", get("Host: h\r\n"), {200}, After::kept},
      {"PostWithLength", post("Content-Length: 5\r\n", "hello"), {200}, After::kept},
      {"PostWithoutBody", post("", ""), {200}, After::kept},
      {"LengthZero", post("Content-Length: 0\r\n", ""), {200}, After::kept},
      {"GetWithBody", get("Host: h\r\nContent-Length: 2\r\n") + "ab", {200}, After::kept},
      {"LengthAndChunked",
       post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", body_smuggled),
       {400},
       After::closed},
      {"ChunkedAndLength",
       post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", body_smuggled),
       {400},
       After::closed},
      {"LengthAndOtherCoding",
       post("Transfer-Encoding: identity\r\nContent-Length: 5\r\n", body_smuggled),
       {400},
       After::closed},
      {"TwoEqualLengths",
       post("Content-Length: 5\r\nContent-Length: 5\r\n", "hello" + kSmuggled),
       {400},
       After::closed},
      {"TwoDifferentLengths", post("Content-Length: 5\r\nContent-Length: 0\r\n", kSmuggled), {400}, After::closed},
      {"LengthList", post("Content-Length: 5, 5\r\n", "hello" + kSmuggled), {400}, After::closed},
      {"LengthWithPlus", post("Content-Length: +5\r\n", "hello" + kSmuggled), {400}, After::closed},
      {"LengthNegative", post("Content-Length: -1\r\n", kSmuggled), {400}, After::closed},
      {"LengthInHex", post("Content-Length: 0x5\r\n", "hello" + kSmuggled), {400}, After::closed},
      {"LengthEmpty", post("Content-Length:\r\n", kSmuggled), {400}, After::closed},
      {"LengthBeyond64Bits",
       post("Content-Length: 18446744073709551621\r\n", "hello" + kSmuggled),
       {400},
       After::closed},
      {"LengthInWords", post("Content-Length: five\r\n", "hello" + kSmuggled), {400}, After::closed},
      {"LengthSpaced", post("Content-Length: 1 0\r\n", kSmuggled), {400}, After::closed},
      {"CodingUnknown", post("Transfer-Encoding: gzip\r\n", kSmuggled), {501}, After::closed},
      {"CodingIdentity", post("Transfer-Encoding: identity\r\n", kSmuggled), {501}, After::closed},
      {"CodingListed", post("Transfer-Encoding: gzip, chunked\r\n", body_smuggled), {501}, After::closed},
      {"CodingChunkedFirst", post("Transfer-Encoding: chunked, identity\r\n", body_smuggled), {501}, After::closed},
      {"CodingMisspelt", post("Transfer-Encoding: xchunked\r\n", body_smuggled), {501}, After::closed},
      {"CodingQuoted", post("Transfer-Encoding: \"chunked\"\r\n", body_smuggled), {501}, After::closed},
      {"CodingEmpty", post("Transfer-Encoding:\r\n", kSmuggled), {501}, After::closed},
      {"CodingTwice",
       post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", body_smuggled),
       {400},
       After::closed},
      {"CodingTwiceDifferently",
       post("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n", body_smuggled),
       {400},
       After::closed},
      {"CodingWithVerticalTab",
       post("Transfer-Encoding: \x0b"
            "chunked\r\n",
            body_smuggled),
       {400},
       After::closed},
      {"CodingWithSpaceBeforeColon", post("Transfer-Encoding : chunked\r\n", body_smuggled), {400}, After::closed},
      {"CodingInCapitals", post("TRANSFER-ENCODING: CHUNKED\r\n", "1\r\na\r\n0\r\n\r\n"), {200}, After::kept},
      {"CodingUnderHttp10",
       "POST /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n" + body_smuggled,
       {400},
       After::closed},
  };
}

std::vector<WireCase> chunk_cases() {
  return {
      {"Chunks", chunked("5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n"), {200}, After::kept},
      {"ChunkSizeInEitherCase", chunked("a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n"), {200}, After::kept},
      {"ChunksNone", chunked("0\r\n\r\n"), {200}, After::kept},
      {"ChunkSizeWithZeros", chunked("0005\r\nhello\r\n000\r\n\r\n"), {200}, After::kept},
      {"ChunkExtension", chunked("5;a=b;c=\"d e\"\r\nhello\r\n0;x\r\n\r\n"), {200}, After::kept},
      {"Trailers", chunked("1\r\na\r\n0\r\nX-One: 1\r\nX-Two: 2\r\n\r\n"), {200}, After::kept},
      {"ChunkSizeMissing", chunked("\r\nhello\r\n0\r\n\r\n" + kSmuggled), {400}, After::closed},
      {"ChunkSizeNotHex", chunked("g\r\nhello\r\n0\r\n\r\n" + kSmuggled), {400}, After::closed},
      {"ChunkSizeNegative", chunked("-1\r\nhello\r\n0\r\n\r\n" + kSmuggled), {400}, After::closed},
      {"ChunkSizePrefixed", chunked("0x5\r\nhello\r\n0\r\n\r\n" + kSmuggled), {400}, After::closed},
      {"ChunkSizeBeyond64Bits", chunked("10000000000000005\r\nhello\r\n0\r\n\r\n" + kSmuggled), {400}, After::closed},
      {"ChunkSizeHuge", chunked("fffffffffffffff\r\nhello\r\n0\r\n\r\n" + kSmuggled), {413}, After::closed},
      {"ChunkSizeAfterSpace", chunked(" 5\r\nhello\r\n0\r\n\r\n" + kSmuggled), {400}, After::closed},
      {"ChunkSizeBeforeSpace", chunked("5 \r\nhello\r\n0\r\n\r\n" + kSmuggled), {400}, After::closed},
      {"ChunkSizeBeforeSpacedExtension", chunked("5 ;a\r\nhello\r\n0\r\n\r\n" + kSmuggled), {400}, After::closed},
      {"ChunkTooShort", chunked("6\r\nhello\r\n0\r\n\r\n" + kSmuggled), {400}, After::closed},
      {"ChunkTooLong", chunked("4\r\nhello\r\n0\r\n\r\n" + kSmuggled), {400}, After::closed},
      {"ChunkLineWithLfAlone", chunked("5\nhello\r\n0\r\n\r\n" + kSmuggled), {400}, After::closed},
      {"ChunkDataWithLfAlone", chunked("5\r\nhello\n0\r\n\r\n" + kSmuggled), {400}, After::closed},
      {"ChunkExtensionWithLf", chunked("5;a=\"\n\"\r\nhello\r\n0\r\n\r\n" + kSmuggled), {400}, After::closed},
      {"ChunkExtensionOverLines", chunked("5;a=\"\r\nhello\r\n0\r\n\r\n\"\r\n" + kSmuggled), {400}, After::closed},
      {"ChunkExtensionWithNul",
       chunked("5;a=\"" + kNul + "\"\r\nhello\r\n0\r\n\r\n" + kSmuggled),
       {400},
       After::closed},
      {"ChunkExtensionWithoutName", chunked("5;\r\nhello\r\n0\r\n\r\n" + kSmuggled), {400}, After::closed},
      {"ChunkExtensionLong",
       chunked("5;" + std::string(1100, 'a') + "\r\nhello\r\n0\r\n\r\n" + kSmuggled),
       {400},
       After::closed},
      {"ChunkExtensionEndless", chunked("5;" + std::string(20'000, 'a')), {400}, After::closed},
      {"ChunkExtensionsLongInSum",
       chunked(repeat("1;" + std::string(900, 'a') + "\r\na\r\n", 6) + "0\r\n\r\n" + kSmuggled),
       {400},
       After::closed},
      {"TrailersLarge",
       chunked("0\r\n" + repeat("X-T: " + std::string(500, 'v') + "\r\n", 9) + "\r\n" + kSmuggled),
       {431},
       After::closed},
      {"TrailersEndless", chunked("0\r\nX-T: " + std::string(20'000, 'v')), {431}, After::closed},
      {"TrailersMany", chunked("0\r\n" + repeat("X: v\r\n", 101) + "\r\n" + kSmuggled), {431}, After::closed},
      {"TrailerFolded", chunked("0\r\nX: a\r\n b\r\n\r\n" + kSmuggled), {400}, After::closed},
      {"TrailerWithSpaceBeforeColon", chunked("0\r\nX : a\r\n\r\n" + kSmuggled), {400}, After::closed},
      {"TrailerWithLfAlone", chunked("0\r\nX: a\nY: b\r\n\r\n" + kSmuggled), {400}, After::closed},
      {"TrailerFramesAnew", chunked("0\r\nContent-Length: 5\r\n\r\nhello" + kSmuggled), {400}, After::closed},
      {"TrailerCodesAnew", chunked("0\r\nTransfer-Encoding: chunked\r\n\r\n" + kSmuggled), {400}, After::closed},
      {"TrailerSaysClose", chunked("0\r\nConnection: close\r\n\r\n"), {200}, After::kept},
      {"ChunksBeyondTheLimit",
       chunked(repeat("4000\r\n" + std::string(0x4000, 'x') + "\r\n", 7)),
       {413},
       After::closed},
      {"ManySmallChunks", chunked(repeat("1\r\na\r\n", 2000) + "0\r\n\r\n"), {200}, After::kept},
  };
}

std::vector<WireCase> head_cases() {
  return {
      {"HeaderFolded", get("Host: h\r\nX: a\r\n b\r\n") + kSmuggled, {400}, After::closed},
      {"HeaderFoldedAtOnce", get(" X: a\r\nHost: h\r\n") + kSmuggled, {400}, After::closed},
      {"HeaderFoldedEmpty", get("Host: h\r\nX:\r\n\tb\r\n") + kSmuggled, {400}, After::closed},
      {"HeaderLfAlone", "GET /a HTTP/1.1\r\nHost: h\nX: a\r\n\r\n" + kSmuggled, {400}, After::closed},
      {"HeadEndsByLfs", "GET /a HTTP/1.1\r\nHost: h\n\n" + kSmuggled, {400}, After::closed},
      {"RequestLineLfAlone", "GET /a HTTP/1.1\nHost: h\r\n\r\n" + kSmuggled, {400}, After::closed},
      {"HeaderCrAlone", get("Host: h\r\nX: a\rb\r\n") + kSmuggled, {400}, After::closed},
      {"HeaderCrCrLf", "GET /a HTTP/1.1\r\nHost: h\r\r\n\r\n" + kSmuggled, {400}, After::closed},
      {"HeaderNul", get("Host: h\r\nX: a" + kNul + "b\r\n") + kSmuggled, {400}, After::closed},
      {"HeaderDel", get("Host: h\r\nX: a\x7f\r\n") + kSmuggled, {400}, After::closed},
      {"HeaderNameNul", get("Host: h\r\nX" + kNul + ": a\r\n") + kSmuggled, {400}, After::closed},
      {"HeaderNameEmpty", get("Host: h\r\n: a\r\n") + kSmuggled, {400}, After::closed},
      {"HeaderNameSpaced", get("Host: h\r\nX Y: a\r\n") + kSmuggled, {400}, After::closed},
      {"HeaderNameBeforeSpace", get("Host: h\r\nX : a\r\n") + kSmuggled, {400}, After::closed},
      {"HeaderNameBeforeTab", get("Host: h\r\nX\t: a\r\n") + kSmuggled, {400}, After::closed},
      {"HeaderNameBracketed", get("Host: h\r\nX(Y): a\r\n") + kSmuggled, {400}, After::closed},
      {"HeaderNameNotAscii", get("Host: h\r\nX\xc3\xa9: a\r\n") + kSmuggled, {400}, After::closed},
      {"HeaderWithoutColon", get("Host: h\r\nX\r\n") + kSmuggled, {400}, After::closed},
      {"HeaderValueEmpty", get("Host: h\r\nX:\r\n"), {200}, After::kept},
      {"HeaderValueSpacedAndUtf8", get("Host:\t h \r\nX:  \xc3\xa9\t\xc3\xa9 \r\n"), {200}, After::kept},
      {"HeadersAsManyAsAllowed", get(many_headers(100)), {200}, After::kept},
      {"HeadersOneTooMany", get(many_headers(101)) + kSmuggled, {431}, After::closed},
      {"HeadersNearlyTooLarge", get("Host: h\r\nX: " + std::string(16'000, 'v') + "\r\n"), {200}, After::kept},
      {"HeadersTooLarge", get("Host: h\r\nX: " + std::string(17'000, 'v') + "\r\n") + kSmuggled, {431}, After::closed},
      {"HeadersEndless", "GET /a HTTP/1.1\r\nX: " + std::string(100'000, 'v'), {431}, After::closed},
      {"TargetNearlyTooLong", get("Host: h\r\n", "/" + std::string(8'000, 'a')), {200}, After::kept},
      {"TargetTooLong", get("Host: h\r\n", "/" + std::string(8'200, 'a')) + kSmuggled, {414}, After::closed},
      {"TargetEndless", "GET /" + std::string(100'000, 'a'), {414}, After::closed},
      {"HeadAtBothLimitsWithBody",
       "POST /" + std::string(8'000, 'a') + " HTTP/1.1\r\nHost: h\r\nContent-Length: 20000\r\nX: " +
           std::string(16'000, 'v') + "\r\n\r\n" + std::string(20'000, 'b'),
       {200},
       After::kept},
      {"HostMissing", get("X: a\r\n") + kSmuggled, {400}, After::closed},
      {"HostTwice", get("Host: h\r\nHost: h\r\n") + kSmuggled, {400}, After::closed},
      {"HostEmpty", get("Host:\r\n") + kSmuggled, {400}, After::closed},
      {"HostSpaced", get("Host: a b\r\n") + kSmuggled, {400}, After::closed},
      {"HostListed", get("Host: a, b\r\n") + kSmuggled, {400}, After::closed},
      {"HostWithPath", get("Host: a/b\r\n") + kSmuggled, {400}, After::closed},
      {"HostWithUser", get("Host: u@a\r\n") + kSmuggled, {400}, After::closed},
      {"HostWithBadPort", get("Host: a:http\r\n") + kSmuggled, {400}, After::closed},
      {"HostIpv6", get("Host: [::1]:8000\r\n"), {200}, After::kept},
      {"HostMissingUnderHttp10", "GET /a HTTP/1.0\r\n\r\n", {200}, After::closed},
      {"HostTwiceUnderHttp10", "GET /a HTTP/1.0\r\nHost: h\r\nHost: h\r\n\r\n", {400}, After::closed},
      {"AbsoluteTarget", get("Host: h\r\n", "http://h/a"), {200}, After::kept},
      {"AbsoluteTargetWithoutHostField", get("", "http://h/a") + kSmuggled, {400}, After::closed},
      {"AbsoluteTargetWithUser", get("Host: h\r\n", "http://u@h/a") + kSmuggled, {400}, After::closed},
      {"TargetRelative", get("Host: h\r\n", "a") + kSmuggled, {400}, After::closed},
      {"TargetFragment", get("Host: h\r\n", "/a#b") + kSmuggled, {400}, After::closed},
      {"TargetNotAscii", get("Host: h\r\n", "/\xc3\xa9") + kSmuggled, {400}, After::closed},
      {"TargetSpaced", get("Host: h\r\n", "/a b") + kSmuggled, {400}, After::closed},
      {"TargetTabbed", "GET\t/a\tHTTP/1.1\r\nHost: h\r\n\r\n" + kSmuggled, {400}, After::closed},
      {"TargetMissing", "GET HTTP/1.1\r\nHost: h\r\n\r\n" + kSmuggled, {400}, After::closed},
      {"Connect", "CONNECT h:80 HTTP/1.1\r\nHost: h:80\r\n\r\n" + kSmuggled, {400}, After::closed},
      {"OptionsAsterisk", "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", {200}, After::kept},
      {"MethodUnknown", "BREW /a HTTP/1.1\r\nHost: h\r\n\r\n", {200}, After::kept},
      {"MethodInvalid", "G@T /a HTTP/1.1\r\nHost: h\r\n\r\n" + kSmuggled, {400}, After::closed},
      {"Version20", "GET /a HTTP/2.0\r\nHost: h\r\n\r\n" + kSmuggled, {505}, After::closed},
      {"Version12", "GET /a HTTP/1.2\r\nHost: h\r\n\r\n" + kSmuggled, {505}, After::closed},
      {"Version09", "GET /a HTTP/0.9\r\nHost: h\r\n\r\n" + kSmuggled, {505}, After::closed},
      {"VersionHttp2Preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {505}, After::closed},
      {"VersionMissing", "GET /a\r\n\r\n" + kSmuggled, {400}, After::closed},
      {"VersionInLowerCase", "GET /a http/1.1\r\nHost: h\r\n\r\n" + kSmuggled, {400}, After::closed},
      {"VersionOfOtherProtocol", "GET /a RTSP/1.0\r\nHost: h\r\n\r\n" + kSmuggled, {400}, After::closed},
      {"VersionLong", "GET /a HTTP/1.10\r\nHost: h\r\n\r\n" + kSmuggled, {400}, After::closed},
      {"TlsHello", std::string("\x16\x03\x01\x02", 4) + kNul, {400}, After::closed},
      {"OneEmptyLineBefore", "\r\n" + get("Host: h\r\n"), {200}, After::kept},
      {"TwoEmptyLinesBefore", "\r\n\r\n" + kSmuggled, {400}, After::closed},
      {"EmptyLineByLfBefore", "\n" + kSmuggled, {400}, After::closed},
      {"EmptyLineAfterABody", post("Content-Length: 1\r\n", "a\r\n") + get("Host: h\r\n"), {200, 200}, After::kept},
      {"ExpectUnknown", post("Content-Length: 5\r\nExpect: magic\r\n", "hello" + kSmuggled), {400}, After::closed},
      {"ExpectTwice",
       post("Content-Length: 1\r\nExpect: 100-continue\r\nExpect: 100-continue\r\n", "a" + kSmuggled),
       {400},
       After::closed},
      {"ConnectionInvalid", get("Host: h\r\nConnection: clo se\r\n") + kSmuggled, {400}, After::closed},
  };
}

std::vector<WireCase> connection_cases() {
  const std::string one = get("Host: h\r\n");
  return {
      {"CloseAsked", get("Host: h\r\nConnection: close\r\n") + kSmuggled, {200}, After::closed},
      {"CloseListed", get("Host: h\r\nConnection: x, CLOSE\r\n") + kSmuggled, {200}, After::closed},
      {"CloseByHandler", get("Host: h\r\n", "/close") + kSmuggled, {200}, After::closed},
      {"Http10Closes", "GET /a HTTP/1.0\r\nHost: h\r\n\r\n" + kSmuggled, {200}, After::closed},
      {"Http10KeepsIfAsked", "GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", {200}, After::kept},
      {"PipelineOfThree",
       one + post("Content-Length: 5\r\n", "hello") + chunked("1\r\na\r\n0\r\n\r\n"),
       {200, 200, 200},
       After::kept},
      {"PipelineOfHundred", repeat(one, 100), std::vector<unsigned>(100, 200), After::kept},
      {"PipelineBeyondTheBuffer", repeat(post("Content-Length: 3000\r\n", std::string(3000, 'b')), 20),
       std::vector<unsigned>(20, 200), After::kept},
      {"PipelineOfChunkedBeyondTheBuffer", repeat(chunked("bb8\r\n" + std::string(3000, 'b') + "\r\n0\r\n\r\n"), 20),
       std::vector<unsigned>(20, 200), After::kept},
      {"PipelineEndsAtAViolation", one + get("X: a\r\n") + kSmuggled, {200, 400}, After::closed},
      {"NoContent", get("Host: h\r\n", "/empty"), {204}, After::kept},
      {"BodyLarge", post("Content-Length: 100000\r\n", std::string(100'000, 'b')), {200}, After::kept},
      {"BodyTooLarge", post("Content-Length: 100001\r\n", std::string(100'001, 'b') + kSmuggled), {413}, After::closed},
      {"RefusedWithSmallBody",
       "POST /refuse HTTP/1.1\r\nHost: h\r\nContent-Length: 50000\r\n\r\n" + std::string(50'000, 'b'),
       {429},
       After::kept},
      {"RefusedWithLargeBody",
       "POST /refuse HTTP/1.1\r\nHost: h\r\nContent-Length: 500000\r\n\r\n" + std::string(500'000, 'b') + kSmuggled,
       {429},
       After::closed},
      {"RefusedWithChunkedBody",
       "POST /refuse HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + kSmuggled,
       {429},
       After::closed},
      {"HandlerThrows", get("Host: h\r\n", "/throw") + kSmuggled, {500}, After::closed},
      {"HandlerThrowsAtOnce", get("Host: h\r\n", "/throw-now") + kSmuggled, {500}, After::closed},
      {"AdmissionThrows", get("Host: h\r\n", "/throw-admit") + kSmuggled, {500}, After::closed},
  };
}

std::vector<WireCase> all_cases() {
  std::vector<WireCase> all = framing_cases();
  for (const auto& more : {chunk_cases(), head_cases(), connection_cases()})
    all.insert(all.end(), more.begin(), more.end());
  return all;
}

class Wire : public testing::TestWithParam<WireCase> {
 protected:
  /// One server for all cases: none may leave anything behind.
  static void SetUpTestSuite() { server_ = std::make_unique<TestServer>(); }
  static void TearDownTestSuite() { server_.reset(); }

  static void expect_answers(RawClient& client) {
    const WireCase& expected = GetParam();
    std::vector<unsigned> statuses;
    if (expected.after == After::closed) {
      statuses = client.read_statuses();
      EXPECT_TRUE(client.ended());
    } else {
      client.send(get("Host: h\r\n", "/close"));
      statuses = client.read_statuses();
      ASSERT_FALSE(statuses.empty());
      EXPECT_EQ(statuses.back(), 200U) << "the connection should have lived on";
      statuses.pop_back();
    }
    EXPECT_EQ(statuses, expected.statuses);
  }

  static std::unique_ptr<TestServer> server_;
};

std::unique_ptr<TestServer> Wire::server_;

TEST_P(Wire, SentInOnePiece) {
  RawClient client(server_->port());
  client.send(GetParam().bytes);
  expect_answers(client);
}

TEST_P(Wire, SentInSmallPieces) {
  RawClient client(server_->port());
  const std::string& bytes = GetParam().bytes;
  const std::size_t piece = std::max<std::size_t>(1, bytes.size() / 700);
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    if (!client.send(std::string_view(bytes).substr(at, piece))) break;
  }
  expect_answers(client);
}

INSTANTIATE_TEST_SUITE_P(Cases, Wire, testing::ValuesIn(all_cases()),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace ragd::net
