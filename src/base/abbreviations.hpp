// English words whose full stop usually does not end a sentence, and words that usually begin one. Constant data,
// lower case, without the final stop.
#pragma once

#include <array>
#include <string_view>

namespace ragd::base {

/// A name or the rest of the phrase always follows these.
inline constexpr auto kOpenAbbreviations = std::to_array<std::string_view>({
    "mr",   "mrs", "ms", "dr",  "prof", "st",  "gen",    "rev", "hon",  "sen",  "rep",    "gov", "pres",
    "capt", "cpt", "lt", "col", "maj",  "sgt", "cmdr",   "adm", "mt",   "ft",   "vs",     "v",   "cf",
    "e.g",  "i.e", "eg", "ie",  "viz",  "ca",  "approx", "esp", "incl", "resp", "messrs", "mme", "mlle",
});

/// Abbreviations before a number only: "no. 5", "Fig. 3"; otherwise they are words ("The answer is no.").
inline constexpr auto kNumberedAbbreviations = std::to_array<std::string_view>({
    "no",  "nos", "nr",   "p",   "pp",   "vol", "vols", "fig",  "figs", "eq", "eqs",
    "eqn", "ch",  "chap", "sec", "sect", "art", "ref",  "refs", "op",   "ed", "para",
});

/// These may also stand last in a sentence; the word after them decides.
inline constexpr auto kClosableAbbreviations = std::to_array<std::string_view>({
    "jr",  "sr",  "inc",  "ltd",  "co",   "corp", "bros", "etc", "al",   "a.m", "p.m", "b.c", "a.d", "u.s", "u.k",
    "u.n", "d.c", "ph.d", "est",  "dept", "univ", "assn", "ave", "blvd", "rd",  "jan", "feb", "mar", "apr", "jun",
    "jul", "aug", "sep",  "sept", "oct",  "nov",  "dec",  "mon", "tue",  "wed", "thu", "fri", "sat",
});

inline constexpr auto kSentenceStarters = std::to_array<std::string_view>({
    "the",  "a",     "an",      "this",  "that",   "these",   "those",    "it",        "its",
    "he",   "his",   "she",     "her",   "they",   "their",   "we",       "our",       "you",
    "i",    "there", "here",    "in",    "on",     "at",      "for",      "from",      "by",
    "with", "after", "before",  "since", "during", "while",   "when",     "where",     "if",
    "as",   "to",    "but",     "and",   "or",     "however", "although", "though",    "some",
    "many", "most",  "all",     "each",  "other",  "another", "such",     "no",        "not",
    "one",  "both",  "because", "then",  "thus",   "also",    "moreover", "therefore", "what",
    "why",  "how",   "who",     "under", "among",  "between", "despite",  "according",
});

}  // namespace ragd::base
