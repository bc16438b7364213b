#include "cli/arguments.hpp"

#include "fakes/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace ragd::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

const std::vector<SettingFlag>& settings() {
  static const std::vector<SettingFlag> flags{
      {"--listen", "", "Where the server listens.", "host:port", "127.0.0.1:8000", false, false},
      {"--insecure-no-auth", "", "Allows it.", "true, false", "false", true, false},
      {"--cache-ttl", "cache", "How long.", "1ms to 1y", "1h", false, false},
      {"--cors-origins", "cors", "Who.", "list", "[]", false, true}};
  return flags;
}

Command parse(const std::vector<std::string>& arguments, const std::map<std::string, std::string>& environment = {}) {
  return parse_arguments(arguments, environment, settings());
}

template <class T>
T parsed(const std::vector<std::string>& arguments, const std::map<std::string, std::string>& environment = {}) {
  Command command = parse(arguments, environment);
  if (const auto* usage = std::get_if<Usage>(&command)) ADD_FAILURE() << usage->text;
  return std::holds_alternative<T>(command) ? std::get<T>(std::move(command)) : T{};
}

std::string mistake(const std::vector<std::string>& arguments) {
  const Command command = parse(arguments);
  const auto* usage = std::get_if<Usage>(&command);
  if (usage == nullptr) return "it was accepted";
  EXPECT_EQ(usage->exit_code, kExitUsage);
  return usage->text;
}

std::string help(const std::vector<std::string>& arguments) {
  const Command command = parse(arguments);
  const auto* usage = std::get_if<Usage>(&command);
  if (usage == nullptr) return "it was accepted";
  EXPECT_EQ(usage->exit_code, kExitDone);
  return usage->text;
}

TEST(Arguments, HandSettingsFlagsOnAsTheyAreWritten) {
  const auto serve = parsed<ServeCommand>({"serve", "--config", "r.toml", "--cache-ttl", "5m", "--listen=0.0.0.0:80"});
  EXPECT_EQ(serve.settings.config_file, "r.toml");
  EXPECT_THAT(serve.settings.flags, ElementsAre(Pair("--listen", "0.0.0.0:80"), Pair("--cache-ttl", "5m")));
  EXPECT_EQ(parsed<ServeCommand>({"serve"}).settings.config_file, std::nullopt);
}

TEST(Arguments, TakeASwitchWithOrWithoutItsValue) {
  EXPECT_THAT(parsed<ServeCommand>({"serve", "--insecure-no-auth"}).settings.flags,
              ElementsAre(Pair("--insecure-no-auth", "true")));
  EXPECT_THAT(parsed<ServeCommand>({"serve", "--insecure-no-auth=false"}).settings.flags,
              ElementsAre(Pair("--insecure-no-auth", "false")));
}

TEST(Arguments, JoinListsAndLetTheLastScalarWin) {
  EXPECT_THAT(parsed<ServeCommand>(
                  {"serve", "--cors-origins", "a,b", "--cors-origins", "c", "--cache-ttl", "1m", "--cache-ttl", "2m"})
                  .settings.flags,
              ElementsAre(Pair("--cache-ttl", "2m"), Pair("--cors-origins", "a,b,c")));
}

TEST(Arguments, KeepAnEmptyValue) {
  EXPECT_THAT(parsed<ServeCommand>({"serve", "--cors-origins", ""}).settings.flags,
              ElementsAre(Pair("--cors-origins", "")));
  EXPECT_THAT(parsed<ServeCommand>({"serve", "--cors-origins=", "--cache-ttl", "1m"}).settings.flags,
              ElementsAre(Pair("--cache-ttl", "1m"), Pair("--cors-origins", "")));
}

TEST(Arguments, TakeAQuestionWithOrWithoutQuotes) {
  EXPECT_EQ(parsed<AskOptions>({"ask", "what is this?"}).question, "what is this?");
  EXPECT_EQ(parsed<AskOptions>({"ask", "what", "is", "[this]?"}).question, "what is [this]?");
  EXPECT_EQ(parsed<AskOptions>({"ask", "[what]"}).question, "[what]");
  EXPECT_EQ(parsed<AskOptions>({"ask", "--json", "--", "--what?"}).question, "--what?");
  EXPECT_EQ(parsed<SearchOptions>({"search", "a", "b", "--top-k", "7"}).top_k, 7U);
}

TEST(Arguments, FindTheServerByFlagThenEnvironmentThenDefault) {
  EXPECT_EQ(parsed<AskOptions>({"ask", "q"}).server.url, "http://127.0.0.1:8000");
  const std::map<std::string, std::string> environment{{"RAGD_URL", "http://env:1/"}, {"RAGD_API_KEY", "from-env"}};
  const auto by_environment = parsed<IngestOptions>({"ingest", "p"}, environment);
  EXPECT_EQ(by_environment.server.url, "http://env:1");
  EXPECT_EQ(by_environment.server.api_key, "from-env");
  const auto by_flag = parsed<AskOptions>({"ask", "q", "--url", "http://flag:2", "--api-key", "k"}, environment);
  EXPECT_EQ(by_flag.server.url, "http://flag:2");
  EXPECT_EQ(by_flag.server.api_key, "k");
  EXPECT_EQ(parsed<HealthcheckCommand>({"healthcheck"}).options.server.url, "") << "main asks the settings";
}

TEST(Arguments, ReadTheKeyFromAFile) {
  const fakes::TemporaryFolder folder;
  const std::string file = folder.write("key", "secret\n");
  EXPECT_EQ(parsed<AskOptions>({"ask", "q"}, {{"RAGD_API_KEY_FILE", file}}).server.api_key, "secret");
  const Command both = parse({"ask", "q"}, {{"RAGD_API_KEY_FILE", file}, {"RAGD_API_KEY", "x"}});
  ASSERT_TRUE(std::holds_alternative<Usage>(both));
  EXPECT_EQ(std::get<Usage>(both).text,
            "environment: RAGD_API_KEY_FILE: is set and so is RAGD_API_KEY: keep one of them\n");
  const Command missing = parse({"ask", "q"}, {{"RAGD_API_KEY_FILE", "/nonexistent/key"}});
  ASSERT_TRUE(std::holds_alternative<Usage>(missing));
  EXPECT_EQ(std::get<Usage>(missing).text,
            "environment: RAGD_API_KEY_FILE: '/nonexistent/key' cannot be read: No such file or directory\n");
}

TEST(Arguments, CarryTheOptionsOfEachVerb) {
  const auto check = parsed<CheckConfigCommand>({"check-config", "--print", "--cache-ttl", "1m"});
  EXPECT_TRUE(check.print);
  EXPECT_FALSE(check.markdown);
  EXPECT_THAT(check.settings.flags, ElementsAre(Pair("--cache-ttl", "1m")));
  const auto ingest = parsed<IngestOptions>({"ingest", "a", "b", "--dry-run"});
  EXPECT_THAT(ingest.paths, ElementsAre("a", "b"));
  EXPECT_TRUE(ingest.dry_run);
  const auto health = parsed<HealthcheckCommand>({"healthcheck", "--ready", "--config", "r.toml"});
  EXPECT_TRUE(health.options.ready);
  EXPECT_EQ(health.settings.config_file, "r.toml");
  EXPECT_TRUE(std::holds_alternative<VersionCommand>(parse({"version"})));
  EXPECT_TRUE(std::holds_alternative<VersionCommand>(parse({"--version"})));
}

TEST(Arguments, SuggestTheFlagOrVerbThatWasMeant) {
  EXPECT_EQ(mistake({"serve", "--cache-tll", "5m"}),
            "command line: --cache-tll: unknown flag (did you mean --cache-ttl?)\n");
  EXPECT_EQ(mistake({"serve", "--cache-tll=5m"}),
            "command line: --cache-tll: unknown flag (did you mean --cache-ttl?)\n");
  EXPECT_EQ(mistake({"ask", "q", "--josn"}), "command line: --josn: unknown flag (did you mean --json?)\n");
  EXPECT_EQ(mistake({"aks", "q"}), "command line: unknown verb 'aks' (did you mean 'ask'?)\n");
  EXPECT_EQ(mistake({"serve", "extra"}), "command line: unexpected argument 'extra'\n");
  EXPECT_EQ(mistake({"--verison"}), "command line: --verison: unknown flag (did you mean --version?)\n");
}

TEST(Arguments, SayInOneLineWhatIsMissing) {
  EXPECT_EQ(mistake({"ask"}), "command line: question is required\n");
  EXPECT_EQ(mistake({"ask", "q", "--top-k", "51"}), "command line: --top-k: Value 51 not in range 1 to 50\n");
  EXPECT_EQ(mistake({"serve", "--cache-ttl"}), "command line: --cache-ttl: takes exactly one value\n");
  EXPECT_EQ(mistake({"ask", "q", "--url", "a", "--url", "b"}), "command line: --url: takes exactly one value\n");
  EXPECT_THAT(mistake({}), HasSubstr("SUBCOMMAND"));
}

TEST(Arguments, HelpWithEachVerbAndEverySetting) {
  EXPECT_THAT(help({"--help"}), HasSubstr("healthcheck"));
  const std::string serve = help({"serve", "--help"});
  EXPECT_THAT(serve, HasSubstr("--cache-ttl"));
  EXPECT_THAT(serve, HasSubstr("How long. [1h; 1ms to 1y]"));
  EXPECT_THAT(serve, HasSubstr("[cache]"));
  EXPECT_THAT(help({"ask", "-h"}), HasSubstr("Exit codes: 0 done"));
}

TEST(Arguments, MoveACorpus) {
  EXPECT_EQ(parsed<ExportOptions>({"export"}).output, "-");
  const auto out = parsed<ExportOptions>({"export", "--output", "f", "--url", "http://h:1/", "--api-key", "k"});
  EXPECT_EQ(out.output, "f");
  EXPECT_EQ(out.server.url, "http://h:1");
  EXPECT_EQ(out.server.api_key, "k");
  EXPECT_EQ(parsed<ImportOptions>({"import", "-"}).input, "-");
  EXPECT_EQ(parsed<ImportOptions>({"import", "[f]", "--url", "http://h"}).input, "[f]");
  EXPECT_EQ(mistake({"import"}), "command line: file is required\n");
}

TEST(Arguments, SaveACorpus) {
  const auto taken = parsed<SnapshotOptions>({"snapshot", "--name", "n"}, {{"RAGD_DATA_DIR", "/data"}});
  EXPECT_EQ(taken.name, "n");
  EXPECT_EQ(taken.data_dir, "") << "the server is asked unless the flag says otherwise";
  EXPECT_EQ(parsed<SnapshotOptions>({"snapshot", "--data-dir", "d"}).data_dir, "d");
  const auto back = parsed<RestoreOptions>({"restore", "s", "--data-dir", "d", "--replace"});
  EXPECT_EQ(back.snapshot, "s");
  EXPECT_EQ(back.data_dir, "d");
  EXPECT_TRUE(back.replace);
  EXPECT_EQ(parsed<RestoreOptions>({"restore", "s"}, {{"RAGD_DATA_DIR", "/data"}}).data_dir, "/data");
  EXPECT_EQ(mistake({"restore", "s"}), "command line: --data-dir is required\n");
}

TEST(Arguments, ShowAnExampleOfEveryTransfer) {
  for (const char* verb : {"export", "import", "snapshot", "restore"}) {
    EXPECT_THAT(help({verb, "--help"}), HasSubstr(std::string("\n  ragd ") + verb + " ")) << verb;
  }
}

TEST(Arguments, TakeALoadToPutOnAServer) {
  const auto open = parsed<BenchOptions>({"bench", "--rate", "2000", "--duration", "5s", "--questions", "zipf:9,1.1",
                                          "--warmup=500ms", "--warm", "--json", "-", "--url", "http://h:1/"});
  EXPECT_EQ(open.rate, 2000);
  EXPECT_EQ(open.duration, std::chrono::seconds(5));
  EXPECT_EQ(open.warmup, std::chrono::milliseconds(500));
  EXPECT_EQ(open.questions, "zipf:9,1.1");
  EXPECT_TRUE(open.warm);
  EXPECT_EQ(open.json_file, "-");
  EXPECT_EQ(open.server.url, "http://h:1");
  EXPECT_EQ(parsed<BenchOptions>({"bench", "--once", "1000"}).once, 1000U);
  EXPECT_EQ(parsed<BenchOptions>({"bench"}).connections, 64U);
  EXPECT_FALSE(parsed<BenchOptions>({"bench"}).spin);
  EXPECT_TRUE(parsed<BenchOptions>({"bench", "--spin"}).spin);
}

TEST(Arguments, RefuseALoadThatMakesNoSense) {
  EXPECT_EQ(mistake({"bench", "--rate", "0"}), "command line: --rate: '0' is not a number from 0.001 to 10000000\n");
  EXPECT_EQ(mistake({"bench", "--duration", "soon"}),
            "command line: --duration: 'soon' is not a duration (write 250ms, 60s, 5m or 1h)\n");
  EXPECT_EQ(mistake({"bench", "--timeout", "0"}), "command line: --timeout: '0' is not from 1ms to 24h\n");
  EXPECT_EQ(mistake({"bench", "--path", "query"}),
            "command line: --path: 'query' does not begin with / or has a space in it\n");
  EXPECT_EQ(mistake({"bench", "--cache", "never"}), "command line: --cache: 'never' is none of use, refresh, bypass\n");
  EXPECT_EQ(mistake({"bench", "--once", "5", "--rate", "1"}), "command line: --rate excludes --once\n");
  EXPECT_EQ(mistake({"bench", "--once", "5", "--warmup", "1s"}), "command line: --once excludes --warmup\n");
  EXPECT_EQ(mistake({"bench", "--once", "5", "--duration", "1s"}), "command line: --once excludes --duration\n");
  EXPECT_EQ(mistake({"bench", "--get", "--body", "f"}), "command line: --get excludes --body\n");
  EXPECT_EQ(mistake({"bench", "--connections", "0"}),
            "command line: --connections: '0' is not a number from 1 to 20000\n");
}

}  // namespace
}  // namespace ragd::cli
