// Which log belongs to which client: a set-associative table whose logs go to the next client only when the limit has
// forgotten everything in them. Clients that find no way in their group are charged to their shard's shared log.
//
// Thread-safe; no thread ever waits for another (client_group.hpp, admission_log.hpp). Never allocates after
// construction. It refuses to grow. `Log` is AdmissionLog or PacedLog.
#pragma once

#include "limit/client_group.hpp"
#include "limit/zero_pages.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace ragd::limit {

template <class Log>
class ClientTable {
 public:
  /// `seed` decides who shares a group: unknown to clients, they cannot crowd one on purpose.
  ClientTable(const RateLimitSettings& settings, std::uint64_t seed);

  Decision check(std::uint64_t client, Ticks now);
  [[nodiscard]] RateTableStats stats() const;
  [[nodiscard]] std::size_t memory_bytes() const {
    return group_pages_.bytes() + log_pages_.bytes() + shared_pages_.bytes();
  }

 private:
  using Word = typename Log::Word;
  using Group = ClientGroup<Word>;
  static constexpr std::size_t kMaxShards = 64;

  struct alignas(64) Shard {
    std::atomic<std::uint64_t> inserted{0};
    std::atomic<std::uint64_t> reclaimed{0};
    std::atomic<std::uint64_t> overflowed{0};
  };
  /// Where a client belongs.
  struct Place {
    Group& group;
    Word* logs;  // of the group's ways
    std::uint64_t client;
    std::size_t home;  // the way to look at first
  };
  /// Where a client is.
  struct Entry {
    std::size_t way;
    Log log;
    Epoch epoch;
    Ticks shared_until;
  };
  class SharedCharge;
  enum class Insertion : std::uint8_t { done, known_already, must_share, no_room };

  [[nodiscard]] Place place_of(std::uint64_t client) const;
  [[nodiscard]] std::size_t shard_of(const Place& place) const {
    return static_cast<std::size_t>(&place.group - groups_) % shard_count_;
  }
  /// The ways in turn, beginning at home: most clients live there.
  [[nodiscard]] std::size_t after(std::size_t way) const { return way + 1 < ways_ ? way + 1 : 0; }
  [[nodiscard]] Log log_of(const Place& place, std::size_t way) const {
    return {place.logs + way * Log::words_needed(rule_), rule_};
  }
  [[nodiscard]] Log shared_log(std::size_t shard) const {
    return {shared_logs_ + shard * Log::words_needed(rule_), rule_};
  }

  void decide(const Place& place, Ticks now, Decision& decision);
  [[nodiscard]] std::optional<Entry> find(const Place& place) const;
  bool charge(const Place& place, Entry& entry, Ticks now, Decision& decision);
  bool keep(const Place& place, const Entry& entry);

  Insertion insert(const Place& place, Ticks now, bool shares, Decision& decision);
  Insertion publish(const Place& place, std::size_t way, Ticks now, bool shares, Decision& decision);
  std::optional<std::size_t> reserve(const Place& place, Ticks now);
  static bool take(const Place& place, std::size_t way);
  bool reclaim(const Place& place, std::size_t way, Ticks now);

  LimitRule rule_;
  std::uint64_t seed_;
  std::size_t ways_;
  std::size_t group_count_;
  std::size_t shard_count_;
  ZeroPages group_pages_;
  ZeroPages log_pages_;
  ZeroPages shared_pages_;
  Group* groups_;
  Word* logs_;
  Word* shared_logs_;
  std::unique_ptr<Shard[]> shards_;
};

template <class Log>
ClientTable<Log>::ClientTable(const RateLimitSettings& settings, std::uint64_t seed)
    : rule_(settings),
      seed_(seed),
      ways_(std::clamp<std::size_t>(settings.max_clients, 1, Group::kWays)),
      // Twice the room: clients spread unevenly, and at half load one in thousands finds its group full.
      group_count_(settings.max_clients <= Group::kWays ? 1 : 2 * ((settings.max_clients - 1) / Group::kWays + 1)),
      shard_count_(std::min(kMaxShards, group_count_)),
      group_pages_(group_count_ * sizeof(Group)),
      log_pages_(group_count_ * ways_ * Log::words_needed(rule_) * sizeof(Word)),
      shared_pages_(shard_count_ * Log::words_needed(rule_) * sizeof(Word)),
      // Zeroed memory is an array of zero words: Word is lock-free and has no other state.
      groups_(static_cast<Group*>(group_pages_.data())),
      logs_(static_cast<Word*>(log_pages_.data())),
      shared_logs_(static_cast<Word*>(shared_pages_.data())),
      shards_(std::make_unique<Shard[]>(shard_count_)) {
  static_assert(std::atomic<std::uint64_t>::is_always_lock_free && sizeof(Word) == sizeof(std::uint64_t));
  for (std::size_t shard = 0; shard < shard_count_; ++shard) shared_log(shard).clear();
}

template <class Log>
typename ClientTable<Log>::Place ClientTable<Log>::place_of(std::uint64_t client) const {
  // Both halves of a product, folded: as good a mixer as several rounds, in the time of one multiplication.
  __extension__ using Product = unsigned __int128;
  const Product product = Product{client ^ seed_} * 0xFF51AFD7ED558CCDULL;
  const std::uint64_t mixed = static_cast<std::uint64_t>(product >> 64U) ^ static_cast<std::uint64_t>(product);
  const std::size_t group = (mixed >> 32U) * group_count_ >> 32U;
  constexpr std::uint64_t kHomeBits = 16;
  const std::size_t home = (mixed & ((1ULL << kHomeBits) - 1)) * ways_ >> kHomeBits;
  return {groups_[group], logs_ + group * ways_ * Log::words_needed(rule_),
          mixed & ((1ULL << WayWord::kClientBits) - 1), home};
}

/// One request's charge to the shared log: made once, however often the request starts over.
template <class Log>
class ClientTable<Log>::SharedCharge {
 public:
  SharedCharge(const ClientTable& table, const Place& place) : table_(table), place_(place) {}

  bool allowed(Ticks now) {
    if (!made_) {
      Log log = table_.shared_log(table_.shard_of(place_));
      log.charge(log.epoch(), now, decision_);  // its epoch never ends
      decision_.overflow = true;
      made_ = true;
      table_.shards_[table_.shard_of(place_)].overflowed.fetch_add(1, std::memory_order_relaxed);
    }
    return decision_.allowed;
  }
  [[nodiscard]] bool made() const { return made_; }
  /// If made, it has the last word.
  void overrule(Decision& decision) const {
    if (made_) decision = decision_;
  }

 private:
  const ClientTable& table_;
  const Place& place_;
  bool made_ = false;
  Decision decision_;
};

template <class Log>
Decision ClientTable<Log>::check(std::uint64_t client, Ticks now) {
  Decision decision;
  decide(place_of(client), now, decision);
  return decision;
}

template <class Log>
void ClientTable<Log>::decide(const Place& place, Ticks now, Decision& decision) {
  // A client that paid into the shared log within the window and has a way by now goes on paying there, too: else
  // moving would give it a second quota. Allowed there it is allowed here, where it has fewer records.
  SharedCharge shared(*this, place);
  for (;;) {  // again only if another thread inserted this client, emptied its way, or found the group full
    if (auto entry = find(place)) {
      if (entry->shared_until > now && !shared.allowed(now)) return shared.overrule(decision);
      if (!charge(place, *entry, now, decision)) continue;
      if (decision.allowed) shared.overrule(decision);
      return;
    }
    switch (insert(place, now, shared.made(), decision)) {
      case Insertion::done:
        return shared.overrule(decision);
      case Insertion::known_already:
        continue;
      case Insertion::must_share:
        now = std::max(now, place.group.emptied_at());
        if (!shared.allowed(now)) return shared.overrule(decision);
        continue;
      case Insertion::no_room:
        now = std::max(now, place.group.emptied_at());
        place.group.note_overflow(now);
        if (place.group.knows(place.client) || place.group.emptied_at() > now) continue;
        shared.allowed(now);
        return shared.overrule(decision);
    }
  }
}

template <class Log>
std::optional<typename ClientTable<Log>::Entry> ClientTable<Log>::find(const Place& place) const {
  std::size_t way = place.home;
  for (std::size_t seen = 0; seen < ways_;) {
    const WayWord word = place.group.read(way);
    if (!word.holds(place.client)) {
      ++seen;
      way = after(way);
      continue;
    }
    const Log log = log_of(place, way);
    const Entry entry{way, log, log.epoch(), log.shared_until()};
    // Unchanged: what was read is this client's, not the next one's.
    if (place.group.read(way).bits() == word.bits()) return entry;
  }
  return std::nullopt;
}

template <class Log>
bool ClientTable<Log>::charge(const Place& place, Entry& entry, Ticks now, Decision& decision) {
  // A refusal leaves no record that could be lost.
  return entry.log.charge(entry.epoch, now, decision) && (!decision.allowed || keep(place, entry));
}

/// After a record: is it in a log that is still this client's? A way about to be emptied is called back.
template <class Log>
bool ClientTable<Log>::keep(const Place& place, const Entry& entry) {
  for (;;) {  // again only if another thread changed the word
    const WayWord word = place.group.read(entry.way);
    if (!word.holds(place.client) || entry.log.epoch() != entry.epoch) return false;
    if (word.state() == WayState::live) return true;
    if (place.group.replace(entry.way, word, word.with(WayState::live))) return true;
  }
}

/// `shares`: the request has been charged to the shared log.
template <class Log>
typename ClientTable<Log>::Insertion ClientTable<Log>::insert(const Place& place, Ticks now, bool shares,
                                                              Decision& decision) {
  const std::optional<std::size_t> way = reserve(place, now);
  if (!way) return Insertion::no_room;
  const Insertion outcome = publish(place, *way, now, shares, decision);
  if (outcome == Insertion::done) {
    shards_[shard_of(place)].inserted.fetch_add(1, std::memory_order_relaxed);
  } else {
    const WayWord reserved = place.group.read(*way);
    place.group.replace(*way, reserved, reserved.with(WayState::empty));
  }
  return outcome;
}

template <class Log>
typename ClientTable<Log>::Insertion ClientTable<Log>::publish(const Place& place, std::size_t way, Ticks now,
                                                               bool shares, Decision& decision) {
  Log log = log_of(place, way);
  for (;;) {  // again only if another thread's insertion or overflow came first
    const std::uint64_t settled = place.group.settle();
    // Everything from here on is true of this version; if it is no longer the version at the end, look again.
    const Ticks overflowed = place.group.overflowed_at();
    const Ticks shared_until = overflowed == 0 ? 0 : overflowed + rule_.window();
    if (shared_until > now && !shares) return Insertion::must_share;
    if (place.group.knows(place.client)) return Insertion::known_already;
    // The first admission goes in before anybody can see the way: nobody finds it idle and takes it away.
    log.restart(std::max(now, place.group.emptied_at()), decision);
    log.share_until(shared_until);
    if (place.group.publish(way, settled)) return Insertion::done;
  }
}

/// Takes an empty way, or empties one whose client the limit has forgotten.
template <class Log>
std::optional<std::size_t> ClientTable<Log>::reserve(const Place& place, Ticks now) {
  for (std::size_t seen = 0, way = place.home; seen < ways_; ++seen, way = after(way)) {
    if (take(place, way)) return way;
  }
  for (std::size_t seen = 0, way = place.home; seen < ways_; ++seen, way = after(way)) {
    if (reclaim(place, way, now) && take(place, way)) return way;
  }
  return std::nullopt;
}

template <class Log>
bool ClientTable<Log>::take(const Place& place, std::size_t way) {
  const WayWord word = place.group.read(way);
  return word.state() == WayState::empty &&
         place.group.replace(way, word, {place.client, WayState::reserved, word.generation() + 1});
}

/// Empties a way if its client is forgotten, in two steps so that a record made meanwhile is never lost: announce,
/// look again, empty. Whoever finds it announced may go on from there.
template <class Log>
bool ClientTable<Log>::reclaim(const Place& place, std::size_t way, Ticks now) {
  const Log log = log_of(place, way);
  WayWord word = place.group.read(way);
  if (word.state() == WayState::live) {
    if (!log.forgotten(now)) return false;
    const WayWord leaving{word.client(), WayState::leaving, word.generation() + 1};
    if (!place.group.replace(way, word, leaving)) return false;
    word = leaving;
  }
  if (word.state() != WayState::leaving) return false;
  if (!log.forgotten(now)) {
    place.group.replace(way, word, word.with(WayState::live));
    return false;
  }
  place.group.note_emptied(now);
  if (!place.group.replace(way, word, word.with(WayState::empty))) return false;
  shards_[shard_of(place)].reclaimed.fetch_add(1, std::memory_order_relaxed);
  return true;
}

template <class Log>
RateTableStats ClientTable<Log>::stats() const {
  RateTableStats stats;
  std::uint64_t inserted = 0;
  for (std::size_t shard = 0; shard < shard_count_; ++shard) {
    const Shard& counts = shards_[shard];
    stats.reclaimed += counts.reclaimed.load(std::memory_order_relaxed);
    stats.overflowed += counts.overflowed.load(std::memory_order_relaxed);
    inserted += counts.inserted.load(std::memory_order_relaxed);
  }
  // Read while others count, the sums may be from different moments.
  stats.clients = inserted - std::min(inserted, stats.reclaimed);
  return stats;
}

}  // namespace ragd::limit
