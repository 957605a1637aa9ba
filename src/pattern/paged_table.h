// A hash table whose copies share what they have in common: pages are copied when they are changed, and only then.
// One thread changes its copy; other threads read theirs.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

namespace signalbox::pattern {

/// Keys are 64-bit hashes that are well mixed; 0 stands for an empty slot and is not a key. `Value` is cheap to copy.
template <class Value>
class PagedTable {
 public:
  static constexpr std::size_t kSlots = 128;  // a page
  /// Slots in use, on average, before there are more pages: pages fill unevenly and must not overflow.
  static constexpr std::size_t kMaxLoad = kSlots * 6 / 10;

  PagedTable() : pages_(1, std::make_shared<Page>()) {}

  /// Null when the key is not there.
  const Value* find(std::uint64_t key) const {
    const Page& page = *pages_[page_of(key)];
    for (std::size_t i = key % kSlots;; i = (i + 1) % kSlots) {
      if (page.slots[i].key == key) return &page.slots[i].value;
      if (page.slots[i].key == 0) return nullptr;
    }
  }

  /// Asks the processor to have the key's slot at hand soon.
  void prefetch(std::uint64_t key) const {
    const Page& page = *pages_[page_of(key)];
    __builtin_prefetch(&page.slots[key % kSlots].key);
  }

  /// The value of a key, made when it is not there. Valid until the next change.
  Value& change(std::uint64_t key) {
    for (;;) {
      Page& page = own(page_of(key));
      std::size_t i = key % kSlots;
      while (page.slots[i].key != key && page.slots[i].key != 0) i = (i + 1) % kSlots;
      if (page.slots[i].key == key) return page.slots[i].value;
      if (size_ < pages_.size() * kMaxLoad && page.used < kSlots - kSlots / 8) {
        page.slots[i].key = key;
        ++page.used;
        ++size_;
        return page.slots[i].value;
      }
      grow();
    }
  }

  void erase(std::uint64_t key) {
    Page& page = own(page_of(key));
    std::size_t hole = key % kSlots;
    while (page.slots[hole].key != key) {
      if (page.slots[hole].key == 0) return;
      hole = (hole + 1) % kSlots;
    }
    --page.used;
    --size_;
    // Moves up what would not be found behind an empty slot.
    for (std::size_t i = (hole + 1) % kSlots; page.slots[i].key != 0; i = (i + 1) % kSlots) {
      const std::size_t home = page.slots[i].key % kSlots;
      const bool stays = hole < i ? home > hole && home <= i : home > hole || home <= i;
      if (stays) continue;
      page.slots[hole].key = page.slots[i].key;
      page.slots[hole].value = std::move(page.slots[i].value);
      hole = i;
    }
    page.slots[hole].key = 0;
    page.slots[hole].value = Value();
  }

  /// To be called when a copy of the table was given to others: from then on, pages are copied before they change.
  void share() { ++generation_; }

  std::size_t size() const { return size_; }
  std::size_t bytes() const { return pages_.size() * (sizeof(Page) + sizeof(std::shared_ptr<Page>)); }

  template <class Visit>
  void each(const Visit& visit) const {
    for (const auto& page : pages_) {
      for (std::size_t i = 0; i < kSlots; ++i) {
        if (page->slots[i].key != 0) visit(page->slots[i].key, page->slots[i].value);
      }
    }
  }

 private:
  struct Slot {
    std::uint64_t key = 0;
    Value value{};
  };
  struct Page {
    std::array<Slot, kSlots> slots{};
    std::size_t used = 0;
    std::uint64_t generation = 0;  // of the table when the page was made: those of the present one are nobody else's
  };

  std::size_t page_of(std::uint64_t key) const { return (key >> 32) & (pages_.size() - 1); }

  /// The page, copied first when other copies of the table may have it too.
  Page& own(std::size_t index) {
    auto& page = pages_[index];
    if (page->generation != generation_) {
      page = std::make_shared<Page>(*page);
      page->generation = generation_;
    }
    return *page;
  }

  void grow() {
    std::vector<std::shared_ptr<Page>> old(pages_.size() * 2);
    old.swap(pages_);
    for (auto& page : pages_) {
      page = std::make_shared<Page>();
      page->generation = generation_;
    }
    for (const auto& page : old) {
      for (std::size_t i = 0; i < kSlots; ++i) {
        if (page->slots[i].key == 0) continue;
        Page& to = *pages_[page_of(page->slots[i].key)];
        std::size_t at = page->slots[i].key % kSlots;
        while (to.slots[at].key != 0) at = (at + 1) % kSlots;
        to.slots[at].key = page->slots[i].key;
        to.slots[at].value = page->slots[i].value;
        ++to.used;
      }
    }
  }

  std::vector<std::shared_ptr<Page>> pages_;
  std::size_t size_ = 0;
  std::uint64_t generation_ = 0;
};

}  // namespace signalbox::pattern
