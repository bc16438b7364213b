#include "api/cors.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ragd::api {
namespace {

using net::HttpRequest;
using net::HttpResponse;

Cors make(std::vector<std::string> origins, bool credentials = false) {
  CorsSettings settings;
  settings.origins = std::move(origins);
  settings.credentials = credentials;
  auto cors = Cors::make(settings);
  EXPECT_TRUE(cors.has_value());
  return std::move(*cors);
}

HttpRequest preflight(std::string_view origin, std::string_view method, std::string_view headers = {}) {
  HttpRequest request;
  request.method = net::Method::options;
  request.headers = {{"Origin", origin}, {"Access-Control-Request-Method", method}};
  if (!headers.empty()) request.headers.push_back({"Access-Control-Request-Headers", headers});
  return request;
}

std::string preflight_headers(const Cors& cors, const HttpRequest& request) {
  HttpResponse response;
  cors.answer_preflight(request, response);
  EXPECT_EQ(response.status, 204U);
  return response.headers;
}

TEST(Cors, RefusesAnyOriginTogetherWithCredentials) {
  CorsSettings settings;
  settings.origins = {"*"};
  settings.credentials = true;
  EXPECT_FALSE(Cors::make(settings).has_value());
}

TEST(Cors, RefusesOriginsThatNoBrowserSends) {
  for (const char* origin : {"app.example", "https://app.example/", "https://app.example/path", "https://*.example",
                             "null", "", "https://"}) {
    CorsSettings settings;
    settings.origins = {origin};
    EXPECT_FALSE(Cors::make(settings).has_value()) << origin;
  }
}

TEST(Cors, AnswersAPreflightForListedOriginMethodAndHeaders) {
  const Cors cors = make({"https://app.example", "http://localhost:3000"}, true);
  const std::string headers =
      preflight_headers(cors, preflight("http://localhost:3000", "POST", "content-type,X-API-Key"));
  EXPECT_NE(headers.find("Access-Control-Allow-Origin: http://localhost:3000\r\n"), std::string::npos);
  EXPECT_NE(headers.find("Access-Control-Allow-Credentials: true\r\n"), std::string::npos);
  EXPECT_NE(headers.find("Access-Control-Allow-Headers: content-type,X-API-Key\r\n"), std::string::npos);
  EXPECT_NE(headers.find("Access-Control-Max-Age: 600\r\n"), std::string::npos);
}

TEST(Cors, GrantsNothingWhenOneAskedThingIsNotListed) {
  const Cors cors = make({"https://app.example"});
  for (const HttpRequest& request :
       {preflight("https://app.example.evil", "POST"), preflight("http://app.example", "POST"),
        preflight("https://app.example", "PATCH"), preflight("https://app.example", "post"),
        preflight("https://app.example", "POST", "content-type, x-evil"),
        preflight("https://app.example", "POST", "x y")}) {
    EXPECT_EQ(preflight_headers(cors, request).find("Access-Control-Allow"), std::string::npos);
  }
}

TEST(Cors, AStarEchoesTheHeadersAskedFor) {
  CorsSettings settings;
  settings.origins = {"https://app.example"};
  settings.headers = {"*"};
  const auto cors = Cors::make(settings);
  ASSERT_TRUE(cors.has_value());
  const std::string headers = preflight_headers(*cors, preflight("https://app.example", "POST", "x-anything"));
  EXPECT_NE(headers.find("Access-Control-Allow-Headers: x-anything\r\n"), std::string::npos);
}

TEST(Cors, VariesByOriginEvenForStrangers) {
  const Cors cors = make({"https://app.example"});
  HttpRequest request;
  request.headers = {{"Origin", "https://evil.example"}};
  HttpResponse response;
  cors.add_headers(request, response);
  EXPECT_EQ(response.headers, "Vary: Origin\r\n");
}

TEST(Cors, AnyOriginNeedsNoVary) {
  const Cors cors = make({"*"});
  HttpRequest request;
  request.headers = {{"Origin", "https://whoever.example"}};
  HttpResponse response;
  cors.add_headers(request, response);
  EXPECT_EQ(response.headers.find("Vary"), std::string::npos);
  EXPECT_NE(response.headers.find("Access-Control-Allow-Origin: *\r\n"), std::string::npos);
}

TEST(Cors, IsOffWithoutOrigins) {
  const Cors cors = make({});
  EXPECT_FALSE(cors.is_preflight(preflight("https://app.example", "POST")));
  HttpRequest request;
  request.headers = {{"Origin", "https://app.example"}};
  HttpResponse response;
  cors.add_headers(request, response);
  EXPECT_TRUE(response.headers.empty());
}

}  // namespace
}  // namespace ragd::api
