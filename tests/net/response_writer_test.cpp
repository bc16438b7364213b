#include "net/response_writer.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ragd::net {
namespace {

TEST(DateLine, IsTheFixedFormOfHttp) {
  DateLine line;
  EXPECT_EQ(line.at(784'111'777), "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
  EXPECT_EQ(line.at(951'782'400), "Date: Tue, 29 Feb 2000 00:00:00 GMT\r\n");
}

TEST(Response, IsOnePieceWithItsLength) {
  HttpResponse response;
  response.body = "{}";
  response.add_header("X-A", "b");
  std::string out = "what was there before";
  write_response(response, {.close = true}, "Date: d\r\n", out);
  EXPECT_EQ(out,
            "HTTP/1.1 200 OK\r\nDate: d\r\nContent-Type: application/json\r\nContent-Length: 2\r\nX-A: b\r\n"
            "Connection: close\r\n\r\n{}");
}

TEST(Response, CannotBeSplitByAHeaderValue) {
  HttpResponse response;
  response.add_header("X-A", "b\r\nX-Evil: 1");
  EXPECT_EQ(response.headers, "X-A: b  X-Evil: 1\r\n");
}

TEST(Request, FindsTheFirstHeaderInAnyCase) {
  HttpRequest request;
  request.headers = {{"x-a", "1"}, {"X-A", "2"}};
  EXPECT_EQ(request.header("X-a"), "1");
  EXPECT_FALSE(request.header("x-b").has_value());
}

}  // namespace
}  // namespace ragd::net
