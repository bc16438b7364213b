#include "app/settings_fixture.hpp"
#include "app/settings_print.hpp"

#include <gtest/gtest.h>

namespace ragd::app {
namespace {

using EmbeddingsSettingsTest = LoadSettings;

TEST_F(EmbeddingsSettingsTest, RefusesEmbeddingsThatCannotWork) {
  EXPECT_EQ(refusal_of_env("RAGD_EMBEDDINGS_URL", "localhost:11434"),
            "environment: RAGD_EMBEDDINGS_URL: embeddings.url is of no use without embeddings.model");
  EXPECT_EQ(
      refusal_of_env("RAGD_EMBEDDINGS_MODEL", "m"),
      "environment: RAGD_EMBEDDINGS_MODEL: embeddings.model without embeddings.url is one of OpenAI's, which takes "
      "an embeddings.api_key (or OPENAI_API_KEY)");
  sources_.environment = {{"RAGD_EMBEDDINGS_URL", "localhost:11434"}, {"RAGD_EMBEDDINGS_MODEL", "m"}};
  EXPECT_EQ(refusal(), "environment: RAGD_EMBEDDINGS_URL: embeddings.url: does not begin with http:// or https://");
  sources_.environment = {{"RAGD_EMBEDDINGS_URL", "https://h/v1"},
                          {"RAGD_EMBEDDINGS_MODEL", "m"},
                          {"RAGD_EMBEDDINGS_API_KEY", "sk-secret\nX: y"}};
  EXPECT_EQ(refusal(),
            "environment: RAGD_EMBEDDINGS_API_KEY: embeddings.api_key holds a line end or another control character");
  sources_.environment["RAGD_EMBEDDINGS_API_KEY"] = "sk-secret";
  EXPECT_EQ(load().values.embeddings.api_key, "sk-secret");
  EXPECT_EQ(settings_as_toml(load()).find("sk-secret"), std::string::npos);
  sources_.environment["RAGD_EMBEDDINGS_CA_FILE"] = "/nonexistent/ca.pem";
  EXPECT_TRUE(refusal().starts_with("environment: RAGD_EMBEDDINGS_CA_FILE: embeddings.ca_file: ")) << refusal();
}

TEST_F(EmbeddingsSettingsTest, TurnsNoEmbeddingsOnByVariablesOfOtherPrograms) {
  sources_.environment = {{"OPENAI_API_KEY", "sk-secret"}, {"OPENAI_BASE_URL", "http://127.0.0.1:8080/v1"}};
  const LoadedSettings loaded = load();
  EXPECT_EQ(loaded.values.embeddings.model, "");
  EXPECT_EQ(loaded.values.embeddings.api_key, "");
  EXPECT_EQ(loaded.values.embeddings.url, EmbeddingsSettings{}.url);
  EXPECT_EQ(loaded.origin_of("embeddings.api_key").describe(), "default");
}

TEST_F(EmbeddingsSettingsTest, TakesOpenAisVariablesForDefaultsOfEmbeddings) {
  sources_.environment = {{"OPENAI_API_KEY", "sk-secret"}, {"RAGD_EMBEDDINGS_MODEL", "text-embedding-3-small"}};
  EXPECT_EQ(load().values.embeddings.url, "https://api.openai.com/v1");
  EXPECT_EQ(load().values.embeddings.api_key, "sk-secret");
  EXPECT_EQ(load().origin_of("embeddings.api_key").describe(), "environment OPENAI_API_KEY");
  EXPECT_EQ(settings_as_toml(load()).find("sk-secret"), std::string::npos);
  sources_.environment["OPENAI_BASE_URL"] = "http://127.0.0.1:8080/v1";
  EXPECT_EQ(load().values.embeddings.url, "http://127.0.0.1:8080/v1");
  file("[embeddings]\nurl = 'https://h/v1'\napi_key = 'own'\n");
  EXPECT_EQ(load().values.embeddings.url, "https://h/v1") << "a default gives way to whatever was said to ragd";
  EXPECT_EQ(load().values.embeddings.api_key, "own");
}

TEST_F(EmbeddingsSettingsTest, BlamesTheVariableOfAnotherProgramThatIsWrong) {
  sources_.environment = {{"OPENAI_BASE_URL", "127.0.0.1:8080"}, {"RAGD_EMBEDDINGS_MODEL", "m"}};
  EXPECT_EQ(refusal(), "environment: OPENAI_BASE_URL: embeddings.url: does not begin with http:// or https://");
}

}  // namespace
}  // namespace ragd::app
