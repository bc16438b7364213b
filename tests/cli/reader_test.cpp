#include "cli/readers/reader.hpp"

#include "cli/child_process.hpp"
#include "fakes/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace ragd::cli {
namespace {

TEST(FileKindOf, GoesByTheExtensionInAnyCase) {
  EXPECT_EQ(file_kind("a/b.TXT"), FileKind::text);
  EXPECT_EQ(file_kind("b.rst"), FileKind::text);
  EXPECT_EQ(file_kind("b.markdown"), FileKind::markdown);
  EXPECT_EQ(file_kind("b.Htm"), FileKind::html);
  EXPECT_EQ(file_kind("b.pdf"), FileKind::pdf);
  EXPECT_EQ(file_kind("README"), FileKind::text);
  EXPECT_EQ(file_kind("changelog.gz"), std::nullopt);
}

TEST(ReadDocument, KeepsTextAndMarkdownByteForByte) {
  const std::string markdown = "Intro\r\n\r\n#  The Title ##\n\ttext \n";
  const auto reading = read_document(FileKind::markdown, "a.md", markdown);
  ASSERT_TRUE(reading);
  EXPECT_EQ(reading->text, markdown);
  EXPECT_EQ(reading->title, "The Title");
  EXPECT_EQ(read_document(FileKind::text, "a.txt", "\xEF\xBB\xBFx")->text, "x") << "but for a byte order mark";
}

TEST(ReadDocument, RefusesWhatIsNoText) {
  EXPECT_EQ(read_document(FileKind::text, "a", std::string("a\0b", 3)).error().detail, "is a binary file");
  EXPECT_EQ(read_document(FileKind::html, "a", "caf\xE9").error().detail, "is not UTF-8 text");
  EXPECT_EQ(read_document(FileKind::text, "a", " \n\t").error().detail, "has no text");
  EXPECT_EQ(read_document(FileKind::html, "a", "<script>1</script>").error().detail, "has no text");
}

TEST(ReadMarkdown, FindsTitlesWhereverTheyStand) {
  EXPECT_EQ(read_markdown("Title\n=====\ntext").title, "Title");
  EXPECT_EQ(read_markdown("---\nlayout: x\ntitle: \"From: above\"\n---\n# Other\n").title, "From: above");
  EXPECT_EQ(read_markdown("---\nlayout: x\n---\n# Other\n").title, "Other");
  EXPECT_EQ(read_markdown("```\n# comment\n```\n## Real\n").title, "Real");
  EXPECT_EQ(read_markdown("#hashtag\nno heading").title, "");
}

TEST(ReadText, TakesAnUnderlinedLineForTheTitle) {
  EXPECT_EQ(read_text("==========\nOver Under\n==========\n").title, "Over Under");
  EXPECT_EQ(read_text("# not markdown\n\nName\n----\n").title, "Name");
}

TEST(ReadPdf, TakesWhatTheProgramPrints) {
  const fakes::TemporaryFolder folder;
  const std::string tool = folder.write("tool", "#!/bin/sh\nprintf 'text of %s' \"${5##*/}\"\n");
  std::filesystem::permissions(tool, std::filesystem::perms::owner_all);
  const auto reading = read_pdf(folder.write("-a.pdf", "%PDF"), tool);
  ASSERT_TRUE(reading) << reading.error().detail;
  EXPECT_EQ(reading->text, "text of -a.pdf");
}

TEST(ReadPdf, SaysWhatIsMissing) {
  EXPECT_EQ(read_pdf("a.pdf", "no-such-program-here").error().detail,
            "needs pdftotext (package poppler-utils), which is not installed");
}

TEST(ReadPdf, ReportsAFileTheProgramCannotRead) {
  EXPECT_EQ(read_pdf("a.pdf", "false").error().detail, "is not a PDF that pdftotext can read");
}

TEST(RunProgram, TakesOutputAndExitCode) {
  const auto result = run_program({"sh", "-c", "echo hello; exit 3"}, {});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->output, "hello\n");
  EXPECT_EQ(result->exit_code, 3);
}

TEST(RunProgram, StopsAtTheLimitOfItsOutput) {
  ProcessLimits limits;
  limits.output = 1000;
  const auto result = run_program({"sh", "-c", "while :; do echo hello; done"}, limits);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::payload_too_large);
}

TEST(RunProgram, StopsAtTheLimitOfItsTime) {
  ProcessLimits limits;
  limits.time = std::chrono::milliseconds(20);
  const auto silent = run_program({"sleep", "1000"}, limits);
  ASSERT_FALSE(silent);
  EXPECT_EQ(silent.error().code, Errc::deadline_exceeded);
  const auto detached = run_program({"sh", "-c", "exec >&-; exec sleep 1000"}, limits);
  ASSERT_TRUE(detached);
  EXPECT_EQ(detached->exit_code, 128 + 9) << "closing the output does not buy time";
}

TEST(RunProgram, LimitsMemory) {
  ProcessLimits limits;
  limits.memory = 64UL << 20U;
  const auto result = run_program({"sh", "-c", "ulimit -v"}, limits);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->output, "65536\n");
}

TEST(RunProgram, HandsDownNeitherEnvironmentNorFiles) {
  const auto environment = run_program({"env"}, {});
  ASSERT_TRUE(environment);
  EXPECT_EQ(environment->output, "LC_ALL=C.UTF-8\n");
  const auto files = run_program({"sh", "-c", "ls /proc/$$/fd"}, {});
  ASSERT_TRUE(files);
  EXPECT_EQ(files->output, "0\n1\n2\n");
}

}  // namespace
}  // namespace ragd::cli
