// Where the strings and brackets of a JSON text stand, as bitmaps of 64 bytes a word: what lets a walk jump over
// whole strings and containers. The text is taken to be valid JSON; on others the answers are some or other positions
// within bounds.
#pragma once

#include <bit>
#include <cstdint>
#include <string_view>
#include <vector>

namespace signalbox::pattern {

class Scan {
 public:
  /// Looks at the whole of `text`. Memory is kept between texts.
  void read(std::string_view text);

  /// The first unescaped '"' at or after `from`; the text's size when there is none.
  std::size_t next_quote(std::size_t from) const { return quotes_[quotes_before(from)]; }

  /// Quotes one after another, from a place on. From a list and not from the bitmaps: going from word to word would be
  /// a branch that no processor can foresee.
  class Quotes {
   public:
    Quotes(const Scan& scan, std::size_t from) : scan_(scan), end_(scan.quotes_.data() + scan.quote_count_) {
      seek(from);
    }
    void seek(std::size_t from) { at_ = scan_.quotes_.data() + scan_.quotes_before(from); }
    /// The text's size when there is none.
    std::size_t next() {
      if (at_ == end_) return *at_;
      return *at_++;
    }

   private:
    const Scan& scan_;
    const std::uint32_t* at_ = nullptr;
    const std::uint32_t* const end_;
  };

  /// The bracket that closes the one at `open`; the text's size when there is none.
  std::size_t closing(std::size_t open) const {
    std::size_t block = open / 64;
    std::uint64_t mask = open % 64 == 63 ? 0 : ~0ULL << (open % 64 + 1);
    std::size_t depth = 1;
    for (; block < blocks_; ++block, mask = ~0ULL) {
      const std::uint64_t opens = words_[block].open & mask;
      std::uint64_t closes = words_[block].close & mask;
      const auto closing_here = static_cast<std::size_t>(std::popcount(closes));
      if (closing_here < depth) {
        depth += static_cast<std::size_t>(std::popcount(opens)) - closing_here;
        continue;
      }
      std::uint64_t opens_left = opens;
      for (; closes != 0; closes &= closes - 1) {
        const std::uint64_t before = (closes & -closes) - 1;
        depth += static_cast<std::size_t>(std::popcount(opens_left & before));
        opens_left &= ~before;
        if (--depth == 0) return block * 64 + static_cast<std::size_t>(std::countr_zero(closes));
      }
      depth += static_cast<std::size_t>(std::popcount(opens_left));
    }
    return size_;
  }

  /// Whether a backslash stands in [from, to).
  bool escaped(std::size_t from, std::size_t to) const {
    if (!any_backslash_) return false;
    for (std::size_t block = from / 64; block <= to / 64 && block < blocks_; ++block) {
      std::uint64_t bits = words_[block].backslash;
      if (block == from / 64) bits &= ~0ULL << from % 64;
      if (block == to / 64) bits &= ~(~0ULL << to % 64);
      if (bits != 0) return true;
    }
    return false;
  }

  struct Word {
    std::uint64_t quote;      // not escaped
    std::uint64_t open;       // '{' and '[' outside strings
    std::uint64_t close;      // '}' and ']' outside strings
    std::uint64_t backslash;  // anywhere
    std::uint32_t before;     // quotes in the words before
  };

 private:
  /// How many quotes stand before `at`; of those behind the end, all.
  std::size_t quotes_before(std::size_t at) const {
    const std::size_t block = at / 64;
    if (block >= blocks_) return quote_count_;
    const std::uint64_t below = words_[block].quote & ~(~0ULL << at % 64);
    return words_[block].before + static_cast<std::size_t>(std::popcount(below));
  }

  std::vector<Word> words_;
  std::vector<std::uint32_t> quotes_;  // their positions, and the text's size behind them
  std::size_t quote_count_ = 0;
  std::size_t blocks_ = 0;
  std::size_t size_ = 0;
  bool any_backslash_ = false;
};

}  // namespace signalbox::pattern
