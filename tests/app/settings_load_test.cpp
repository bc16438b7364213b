#include "app/settings_load.hpp"

#include "app/settings_fixture.hpp"
#include "app/settings_print.hpp"
#include "app/settings_table.hpp"
#include "fakes/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <initializer_list>
#include <string>
#include <string_view>

namespace ragd::app {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

TEST_F(LoadSettings, StartsFromTheDefaultsOfTheHeader) {
  const LoadedSettings loaded = load();
  for (const SettingRow& row : settings_table()) EXPECT_EQ(row.print(loaded.values), row.print(Settings{})) << row.key;
  EXPECT_EQ(loaded.origin_of("cache.ttl").describe(), "default");
}

TEST_F(LoadSettings, LetsEachSourceOverruleTheOnesBeforeIt) {
  file("[cache]\nttl = \"2m\"\n");
  EXPECT_EQ(load().values.cache.ttl, minutes(2));
  sources_.environment["RAGD_CACHE_TTL"] = "3m";
  EXPECT_EQ(load().values.cache.ttl, minutes(3));
  EXPECT_EQ(load().origin_of("cache.ttl").describe(), "environment RAGD_CACHE_TTL");
  sources_.flags = {{"--cache-ttl", "4m"}};
  EXPECT_EQ(load().values.cache.ttl, minutes(4));
  EXPECT_EQ(load().origin_of("cache.ttl").describe(), "flag --cache-ttl");
  sources_.environment.clear();
  EXPECT_EQ(load().values.cache.ttl, minutes(4)) << "a flag beats the file directly, too";
}

TEST_F(LoadSettings, LetsEverySettingBeGivenInAllThreeSpellings) {
  for (const SettingRow& row : settings_table()) {
    const std::string literal = row.print(Settings{});
    const std::string text = literal.starts_with('[') ? "cache" : literal.substr(literal.starts_with('"') ? 1 : 0);
    const std::string bare = text.ends_with('"') ? text.substr(0, text.size() - 1) : text;
    const std::string head = row.section().empty() ? "" : "[" + row.section() + "]\n";
    if (bare.empty()) continue;
    if (row.key == "cors.origins" || row.key == "http.trusted_proxies") continue;  // "cache" is neither
    SettingsSources toml{
        folder_.write("one.toml", std::string(head).append(row.name()).append(" = ").append(literal)), {}, {}};
    const auto from_file = load_settings(toml);
    ASSERT_TRUE(from_file) << from_file.error().detail;
    EXPECT_EQ(from_file->origin_of(row.key).kind, SettingOrigin::Kind::file) << row.key;
    const auto from_env = load_settings({std::nullopt, {{row.env(), bare}}, {}});
    ASSERT_TRUE(from_env) << from_env.error().detail;
    EXPECT_EQ(from_env->origin_of(row.key).kind, SettingOrigin::Kind::environment) << row.key;
    const auto from_flag = load_settings({std::nullopt, {}, {{row.flag(), bare}}});
    ASSERT_TRUE(from_flag) << from_flag.error().detail;
    EXPECT_EQ(from_flag->origin_of(row.key).kind, SettingOrigin::Kind::flag) << row.key;
  }
}

TEST_F(LoadSettings, ReadsEveryTypeFromToml) {
  file(R"(
listen = "localhost:9000"
log_level = "WARN"
threads = 3
insecure_no_auth = true
http.max_body_bytes = "16MiB"   # dotted keys are TOML, too
[cors]
origins = ["https://a.example", "https://b.example:8443"]
[cache]
ttl = 90
hot_bytes = 1048576
fold_case = true
[retrieval]
min_score = 0.25
[rate_limit]
algorithm = "gcra"
)");
  const LoadedSettings loaded = load();
  const Settings& values = loaded.values;
  EXPECT_EQ(values.listen, "localhost:9000");
  EXPECT_EQ(values.log_level, LogLevel::warning);
  EXPECT_EQ(values.threads, 3U);
  EXPECT_TRUE(values.insecure_no_auth);
  EXPECT_EQ(values.http.max_body_bytes, 16ULL << 20U);
  EXPECT_THAT(values.cors.origins, ElementsAre("https://a.example", "https://b.example:8443"));
  EXPECT_EQ(values.cache.ttl, seconds(90));
  EXPECT_EQ(values.cache.hot_bytes, 1ULL << 20U);
  EXPECT_EQ(values.cache.fold_case, Toggle::on);
  EXPECT_DOUBLE_EQ(values.retrieval.min_score, 0.25);
  EXPECT_EQ(values.rate_limit.algorithm, LimitAlgorithm::gcra);
}

TEST_F(LoadSettings, SplitsListsAtCommasOutsideToml) {
  sources_.environment["RAGD_READY_REQUIRED"] = "cache, llm";
  sources_.flags = {{"--cors-methods", "GET,PUT,"}};
  EXPECT_THAT(load().values.ready.required, ElementsAre("cache", "llm"));
  EXPECT_THAT(load().values.cors.methods, ElementsAre("GET", "PUT"));
}

TEST_F(LoadSettings, TakesAnEmptyFlagForAnEmptyListButAnEmptyVariableForNone) {
  sources_.flags = {{"--ready-required", ""}};
  EXPECT_THAT(load().values.ready.required, IsEmpty());
  sources_.flags.clear();
  sources_.environment["RAGD_READY_REQUIRED"] = "";
  EXPECT_EQ(load().values.ready.required.size(), 3U);
}

TEST_F(LoadSettings, FindsTheFileThroughTheEnvironmentUnlessTheFlagNamesOne) {
  sources_.environment["RAGD_CONFIG"] = folder_.write("env.toml", "threads = 2\n");
  EXPECT_EQ(load().values.threads, 2U);
  file("threads = 4\n");
  EXPECT_EQ(load().values.threads, 4U);
}

TEST_F(LoadSettings, HonoursLogLevelInAnyCaseBehindItsOwnName) {
  sources_.environment["LOG_LEVEL"] = "DEBUG";
  EXPECT_EQ(load().values.log_level, LogLevel::debug);
  EXPECT_EQ(load().origin_of("log_level").describe(), "environment LOG_LEVEL");
  sources_.environment["RAGD_LOG_LEVEL"] = "error";
  EXPECT_EQ(load().values.log_level, LogLevel::error);
}

TEST_F(LoadSettings, ReadsAValueFromTheFileAVariableNames) {
  sources_.environment["RAGD_CACHE_TTL_FILE"] = folder_.write("ttl", "2h\r\n");
  EXPECT_EQ(load().values.cache.ttl, hours(2));
  EXPECT_EQ(load().origin_of("cache.ttl").describe(), "environment RAGD_CACHE_TTL_FILE");
  sources_.environment["RAGD_CACHE_TTL"] = "1h";
  EXPECT_EQ(refusal(), "environment: RAGD_CACHE_TTL_FILE: is set and so is RAGD_CACHE_TTL: keep one of them");
}

/// A name, the SHA-256 of nothing, a scope.
constexpr std::string_view kKeys = "web e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 query\n";

TEST_F(LoadSettings, KeepsWhatNeedsARestartWhenSettingsAreReloaded) {
  Settings running;
  running.auth.keys_file = "keys";
  running.cache.ttl = std::chrono::hours(2);
  const Settings now = reloaded(running, Settings{});
  EXPECT_EQ(now.auth.keys_file, "keys") << "a reload must not open the door";
  EXPECT_EQ(now.cache.ttl, Settings{}.cache.ttl);
  EXPECT_THAT(changed_but_not_reloadable(running, Settings{}), ElementsAre("auth.keys_file"));
}

TEST_F(LoadSettings, TellsASettingThatEndsInFileFromTheFileOfASetting) {
  const std::string keys = folder_.write("keys", kKeys);
  sources_.environment["RAGD_AUTH_KEYS_FILE"] = keys;
  EXPECT_EQ(load().values.auth.keys_file, keys);
  sources_.environment = {{"RAGD_AUTH_KEYS_FILE_FILE", folder_.write("where", keys + "\n")}};
  EXPECT_EQ(load().values.auth.keys_file, keys);
}

TEST_F(LoadSettings, NamesTheFileOfAVariableThatCannotBeRead) {
  EXPECT_EQ(refusal_of_env("RAGD_LISTEN_FILE", "/nonexistent/listen"),
            "environment: RAGD_LISTEN_FILE: '/nonexistent/listen' cannot be read: No such file or directory");
}

TEST_F(LoadSettings, NamesTheConfigurationThatCannotBeRead) {
  sources_.config_file = "/nonexistent/ragd.toml";
  EXPECT_EQ(refusal(), "/nonexistent/ragd.toml: cannot be read: No such file or directory");
}

TEST_F(LoadSettings, SaysWhereAnUnknownKeyStands) {
  EXPECT_EQ(refusal_of_file("threads = 1\n[cache]\n  tll = \"5m\"\n"),
            "ragd.toml:3:3: unknown key 'cache.tll' (did you mean 'cache.ttl'?)");
  EXPECT_EQ(refusal_of_file("banana = 1\n"), "ragd.toml:1:1: unknown key 'banana'");
  EXPECT_EQ(refusal_of_file("cache.tll = 5\n"), "ragd.toml:1:7: unknown key 'cache.tll' (did you mean 'cache.ttl'?)");
}

TEST_F(LoadSettings, SaysWhereAnUnknownSectionStands) {
  EXPECT_EQ(refusal_of_file("\n[cach]\nttl = 5\n"), "ragd.toml:2:2: unknown key 'cach' (did you mean 'cache'?)");
}

TEST_F(LoadSettings, ReportsTheFirstFaultInTheFileNotTheFirstInTheAlphabet) {
  EXPECT_EQ(refusal_of_file("threads = \"x\"\ncors = 1\n"),
            "ragd.toml:1:11: threads: must be a whole number, not a string");
}

TEST_F(LoadSettings, SaysWhereABadValueStands) {
  EXPECT_EQ(refusal_of_file("[cache]\nttl = \"5x\"\n"),
            "ragd.toml:2:7: cache.ttl: '5x' is not a duration (write 250ms, 60s, 5m or 1h)");
  EXPECT_EQ(refusal_of_env("RAGD_CACHE_MAX_BYTES", "64M"),
            "environment: RAGD_CACHE_MAX_BYTES: '64M' is not a size (write 64MiB, 1GiB, 8MB or bytes)");
  EXPECT_EQ(refusal_of_flag("--retrieval-top-k", "many"),
            "command line: --retrieval-top-k: 'many' is not a whole number");
}

TEST_F(LoadSettings, SaysWhichTypeAValueShouldHave) {
  EXPECT_EQ(refusal_of_file("listen = 8000\n"), "ragd.toml:1:10: listen: must be a string, not a whole number");
  EXPECT_EQ(refusal_of_file("[rate_limit]\nrequests = \"60\"\n"),
            "ragd.toml:2:12: rate_limit.requests: must be a whole number, not a string");
  EXPECT_EQ(refusal_of_file("[cors]\norigins = \"https://a.example\"\n"),
            "ragd.toml:2:11: cors.origins: must be a list of strings, not a string");
  EXPECT_EQ(refusal_of_file("[cors]\norigins = [1]\n"),
            "ragd.toml:2:11: cors.origins: must be a list of strings, not a value of this type");
  EXPECT_EQ(refusal_of_file("insecure_no_auth = \"true\"\n"),
            "ragd.toml:1:20: insecure_no_auth: must be true or false, not a string");
}

TEST_F(LoadSettings, ExplainsASectionWrittenAsAValueAndTheReverse) {
  EXPECT_EQ(refusal_of_file("cache = 5\n"), "ragd.toml:1:1: 'cache' is a section: write [cache] above its settings");
  EXPECT_EQ(refusal_of_file("[listen]\nx = 1\n"), "ragd.toml:1:1: listen: must be a string, not a section");
}

TEST_F(LoadSettings, SaysWhereTheFileIsNotToml) {
  EXPECT_THAT(refusal_of_file("threads = 1\nthreads = 2\n"), testing::StartsWith("ragd.toml:2:"));
  EXPECT_THAT(refusal_of_file("[cache\n"), testing::StartsWith("ragd.toml:1:"));
  EXPECT_THAT(refusal_of_file("listen = \"a\xff\"\n"), testing::StartsWith("ragd.toml:1:"));
}

TEST_F(LoadSettings, NamesTheRangeOfANumber) {
  EXPECT_EQ(refusal_of_env("RAGD_RETRIEVAL_TOP_K", "51"),
            "environment: RAGD_RETRIEVAL_TOP_K: '51' is out of range (1 to 50)");
  EXPECT_EQ(refusal_of_env("RAGD_THREADS", "-1"), "environment: RAGD_THREADS: '-1' is out of range (0 to 1024)");
  EXPECT_EQ(refusal_of_env("RAGD_RATE_LIMIT_REQUESTS", "99999999999999999999"),
            "environment: RAGD_RATE_LIMIT_REQUESTS: '99999999999999999999' is out of range (0 to 4294967295)");
  EXPECT_EQ(refusal_of_env("RAGD_RETRIEVAL_MIN_SCORE", "1.5"),
            "environment: RAGD_RETRIEVAL_MIN_SCORE: '1.5' is out of range (0.0 to 1.0)");
  EXPECT_EQ(refusal_of_env("RAGD_RETRIEVAL_MIN_SCORE", "nan"),
            "environment: RAGD_RETRIEVAL_MIN_SCORE: 'nan' is not a number");
  EXPECT_EQ(refusal_of_env("RAGD_HTTP_IDLE_TIMEOUT", "0"),
            "environment: RAGD_HTTP_IDLE_TIMEOUT: '0' is out of range (1ms to 1h)");
  EXPECT_EQ(refusal_of_env("RAGD_HTTP_MAX_BODY_BYTES", "2GiB"),
            "environment: RAGD_HTTP_MAX_BODY_BYTES: '2GiB' is out of range (1KiB to 1GiB)");
}

TEST_F(LoadSettings, NamesTheChoicesOfAnEnum) {
  EXPECT_EQ(refusal_of_env("RAGD_LOG_LEVEL", "debgu"),
            "environment: RAGD_LOG_LEVEL: 'debgu' is not one of debug, info, warning, error (did you mean 'debug'?)");
  EXPECT_EQ(refusal_of_env("RAGD_CACHE_FOLD_CASE", "maybe"),
            "environment: RAGD_CACHE_FOLD_CASE: 'maybe' is not one of auto, true, false");
  EXPECT_EQ(refusal_of_env("RAGD_RATE_LIMIT_SHADOW", "maybe"),
            "environment: RAGD_RATE_LIMIT_SHADOW: 'maybe' is neither true nor false");
  EXPECT_EQ(refusal_of_env("RAGD_READY_REQUIRED", "cache,lmm"),
            "environment: RAGD_READY_REQUIRED: 'lmm' is not one of cache, vector_db, llm (did you mean 'llm'?)");
}

TEST_F(LoadSettings, RefusesUnknownVariablesAndFlags) {
  EXPECT_EQ(refusal_of_env("RAGD_CACHE_TLL", "5m"),
            "environment: RAGD_CACHE_TLL: unknown setting (did you mean RAGD_CACHE_TTL?)");
  EXPECT_EQ(refusal_of_env("RAGD_CONFIG_FILE", "x"),
            "environment: RAGD_CONFIG_FILE: unknown setting (did you mean RAGD_CONFIG?)");
  EXPECT_EQ(refusal_of_env("RAGD_", "x"), "environment: RAGD_: unknown setting");
  EXPECT_EQ(refusal_of_flag("--cache-tll", "5m"),
            "command line: --cache-tll: unknown flag (did you mean --cache-ttl?)");
}

TEST_F(LoadSettings, LeavesTheVariablesOfOthersAlone) {
  sources_.environment = {{"PATH", "/bin"},
                          {"ragd_cache_ttl", "x"},
                          {"RAGD_URL", "http://h"},
                          {"RAGD_API_KEY_FILE", "/nonexistent"},
                          {"RAGD_SERVICE_HOST", "10.0.0.1"},
                          {"RAGD_SERVICE_PORT_HTTP", "80"},
                          {"RAGD_PORT", "tcp://10.0.0.1:80"},
                          {"RAGD_PORT_8000_TCP_ADDR", "10.0.0.1"}};
  EXPECT_EQ(load().values.listen, "127.0.0.1:8000");
  EXPECT_EQ(refusal_of_env("RAGD_PORTS", "80"), "environment: RAGD_PORTS: unknown setting");
}

TEST_F(LoadSettings, RefusesAnAddressThatIsNone) {
  EXPECT_EQ(refusal_of_env("RAGD_LISTEN", "8000"),
            "environment: RAGD_LISTEN: '8000' is not host:port (write 127.0.0.1:8000 or [::1]:8000)");
  EXPECT_EQ(refusal_of_flag("--data-dir", ""), "command line: --data-dir: must not be empty");
}

TEST_F(LoadSettings, RefusesToServeStrangersWithoutKeys) {
  EXPECT_EQ(
      refusal_of_env("RAGD_LISTEN", "0.0.0.0:8000"),
      "environment: RAGD_LISTEN: listen = '0.0.0.0:8000' would let anyone in who can reach it: set auth.keys_file, "
      "or insecure_no_auth if that is meant");
  sources_.flags = {{"--insecure-no-auth", "true"}};
  EXPECT_EQ(load().values.listen, "0.0.0.0:8000");
  sources_.flags = {{"--auth-keys-file", folder_.write("keys", kKeys)}};
  EXPECT_EQ(load().values.listen, "0.0.0.0:8000");
}

TEST_F(LoadSettings, RefusesEveryOriginTogetherWithCredentials) {
  EXPECT_EQ(refusal_of_file("[cors]\norigins = [\"*\"]\ncredentials = true\n"),
            "ragd.toml:2:11: cors.origins '*' and cors.credentials = true cannot go together: list the origins");
  sources_.flags = {{"--cors-credentials", "false"}};
  EXPECT_THAT(load().values.cors.origins, ElementsAre("*"));
}

TEST_F(LoadSettings, RefusesOriginsNoBrowserSends) {
  for (const std::string_view origin : {"https://a.example/", "a.example", "https://A.example", "https://", "null"}) {
    EXPECT_EQ(refusal_of_env("RAGD_CORS_ORIGINS", std::string(origin)),
              "environment: RAGD_CORS_ORIGINS: cors.origins: '" + std::string(origin) +
                  "' is not an origin (write https://host or https://host:port, in lower case, without a path)");
  }
}

TEST_F(LoadSettings, RefusesExactCountingOfLargeLimits) {
  sources_.environment["RAGD_RATE_LIMIT_ALGORITHM"] = "exact";
  sources_.flags = {{"--rate-limit-requests", "1025"}};
  EXPECT_EQ(refusal(),
            "command line: --rate-limit-requests: rate_limit.algorithm 'exact' counts up to 1024 requests, not 1025: "
            "use 'gcra' or 'auto'");
  sources_.flags = {{"--rate-limit-requests", "1024"}};
  EXPECT_EQ(load().values.rate_limit.requests, 1024U);
}

TEST_F(LoadSettings, RefusesADrainDelayLongerThanTheWholeDrain) {
  EXPECT_EQ(refusal_of_env("RAGD_DRAIN_DELAY", "8s"),
            "environment: RAGD_DRAIN_DELAY: drain.delay (8s) is part of drain.timeout (7s) and must not be longer");
  sources_.environment = {{"RAGD_DRAIN_DELAY", "7s"}};
  EXPECT_EQ(load().values.drain.delay, seconds(7));
}

TEST(ChangedButNotReloadable, NamesWhatNeedsARestart) {
  Settings fresh;
  fresh.cache.ttl = minutes(1);
  fresh.log_level = LogLevel::debug;
  fresh.rate_limit.requests = 5;
  EXPECT_THAT(changed_but_not_reloadable(Settings{}, fresh), IsEmpty());
  fresh.listen = "127.0.0.1:9";
  fresh.http.idle_timeout = minutes(1);
  EXPECT_THAT(changed_but_not_reloadable(Settings{}, fresh), ElementsAre("listen", "http.idle_timeout"));
}

}  // namespace
}  // namespace ragd::app
