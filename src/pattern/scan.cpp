#include "pattern/scan.h"

#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace signalbox::pattern {
namespace {

/// What is carried from one block to the next.
struct Carry {
  std::uint64_t escaped = 0;    // 1 when the next block's first byte is escaped
  std::uint64_t in_string = 0;  // all ones when the next block begins inside a string
  std::uint64_t backslashes = 0;
  std::uint32_t position = 0;  // of the next block
  std::uint32_t count = 0;     // of quotes so far
  std::uint32_t* quotes = nullptr;
};

/// Room that a block's quotes may take behind those there are: each block writes whole groups.
constexpr std::size_t kQuoteRoom = 80;

/// Bits of the bytes that a backslash before them escapes.
inline std::uint64_t escaped_bits(std::uint64_t backslash, Carry& carry) {
  if (backslash == 0) {
    const std::uint64_t escaped = carry.escaped;
    carry.escaped = 0;
    return escaped;
  }
  // A backslash that is escaped escapes nothing: one run of backslashes after another.
  std::uint64_t escaped = 0;
  bool pending = carry.escaped != 0;
  if (pending) escaped = 1;
  std::uint64_t rest = backslash & ~escaped;
  pending = false;
  while (rest != 0) {
    const int at = std::countr_zero(rest);
    if (at == 63) {
      pending = true;
      break;
    }
    escaped |= 1ULL << (at + 1);
    rest &= ~(3ULL << at);
  }
  carry.escaped = pending ? 1 : 0;
  return escaped;
}

/// Adds the block's quotes to the list: eight at a time whether there are so many or not, which costs less than to ask.
inline void list_quotes(std::uint64_t bits, Carry& carry) {
  const auto count = static_cast<std::uint32_t>(std::popcount(bits));
  std::uint32_t* out = carry.quotes + carry.count;
  for (std::uint32_t done = 0; done == 0 || done < count; done += 8) {
    for (std::uint32_t i = 0; i < 8; ++i) {
      out[done + i] = carry.position + static_cast<std::uint32_t>(std::countr_zero(bits));
      bits &= bits - 1;
    }
  }
  carry.count += count;
}

inline void finish(Scan::Word& word, std::uint64_t quotes, std::uint64_t backslash, std::uint64_t opens,
                   std::uint64_t closes, std::uint64_t (*prefix_xor)(std::uint64_t), Carry& carry) {
  const std::uint64_t unescaped = quotes & ~escaped_bits(backslash, carry);
  const std::uint64_t in_string = prefix_xor(unescaped) ^ carry.in_string;
  carry.in_string = static_cast<std::uint64_t>(static_cast<std::int64_t>(in_string) >> 63);
  carry.backslashes |= backslash;
  word = {unescaped, opens & ~in_string, closes & ~in_string, backslash, carry.count};
  list_quotes(unescaped, carry);
  carry.position += 64;
}

inline std::uint64_t prefix_xor_plain(std::uint64_t bits) {
  for (int shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
  return bits;
}

void read_plain(const char* text, std::size_t blocks, Scan::Word* words, Carry& carried) {
  Carry carry = carried;  // in registers: what is written through pointers might be it, for all the compiler knows

  for (std::size_t block = 0; block < blocks; ++block, text += 64) {
    std::uint64_t quotes = 0;
    std::uint64_t backslash = 0;
    std::uint64_t opens = 0;
    std::uint64_t closes = 0;
    for (unsigned i = 0; i < 64; ++i) {
      const char c = text[i];
      quotes |= static_cast<std::uint64_t>(c == '"') << i;
      backslash |= static_cast<std::uint64_t>(c == '\\') << i;
      opens |= static_cast<std::uint64_t>(c == '{' || c == '[') << i;
      closes |= static_cast<std::uint64_t>(c == '}' || c == ']') << i;
    }
    finish(words[block], quotes, backslash, opens, closes, prefix_xor_plain, carry);
  }
  carried = carry;
}

#if defined(__x86_64__)

/// How far ahead memory is asked for.
constexpr std::size_t kAhead = 640;

// '{' and '[' differ in one bit only, as do '}' and ']': with it set each pair is one comparison.
constexpr char kPairBit = 0x20;

__attribute__((target("avx2,pclmul"))) inline std::uint64_t prefix_xor_clmul(std::uint64_t bits) {
  const __m128i all = _mm_set1_epi8('\xFF');
  return static_cast<std::uint64_t>(
      _mm_cvtsi128_si64(_mm_clmulepi64_si128(_mm_set_epi64x(0, static_cast<long long>(bits)), all, 0)));
}

__attribute__((target("avx2,pclmul,bmi,popcnt"))) void read_avx2(const char* text, std::size_t blocks,
                                                                 Scan::Word* words, Carry& carried) {
  Carry carry = carried;  // in registers: what is written through pointers might be it, for all the compiler knows

  const auto bits = [](__m256i low, __m256i high) __attribute__((target("avx2"))) {
    return static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm256_movemask_epi8(low))) |
           static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm256_movemask_epi8(high))) << 32;
  };
  for (std::size_t block = 0; block < blocks; ++block, text += 64) {
    const __m256i low = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text));
    const __m256i high = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text + 32));
    const __m256i quote = _mm256_set1_epi8('"');
    const __m256i slash = _mm256_set1_epi8('\\');
    const __m256i pair = _mm256_set1_epi8(kPairBit);
    const __m256i open = _mm256_set1_epi8('{');
    const __m256i close = _mm256_set1_epi8('}');
    const __m256i low_pair = _mm256_or_si256(low, pair);
    const __m256i high_pair = _mm256_or_si256(high, pair);
    finish(words[block], bits(_mm256_cmpeq_epi8(low, quote), _mm256_cmpeq_epi8(high, quote)),
           bits(_mm256_cmpeq_epi8(low, slash), _mm256_cmpeq_epi8(high, slash)),
           bits(_mm256_cmpeq_epi8(low_pair, open), _mm256_cmpeq_epi8(high_pair, open)),
           bits(_mm256_cmpeq_epi8(low_pair, close), _mm256_cmpeq_epi8(high_pair, close)), prefix_xor_clmul, carry);
  }
  carried = carry;
}

__attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi2,avx2,pclmul,bmi,popcnt"))) void read_avx512(
    const char* text, std::size_t blocks, Scan::Word* words, Carry& carried) {
  Carry carry = carried;  // in registers: what is written through pointers might be it, for all the compiler knows

  const __m512i quote = _mm512_set1_epi8('"');
  const __m512i slash = _mm512_set1_epi8('\\');
  const __m512i pair = _mm512_set1_epi8(kPairBit);
  const __m512i open = _mm512_set1_epi8('{');
  const __m512i close = _mm512_set1_epi8('}');
  const __m128i all = _mm_set1_epi8('\xFF');
  alignas(64) char numbers[64];
  for (int i = 0; i < 64; ++i) numbers[i] = static_cast<char>(i);
  const __m512i places = _mm512_load_si512(numbers);
  for (std::size_t block = 0; block < blocks; ++block, text += 64) {
    // Events come from memory as often as not; asking for what lies behind the text's end does no harm.
    _mm_prefetch(text + kAhead, _MM_HINT_T0);
    const __m512i bytes = _mm512_loadu_si512(text);
    const __m512i paired = _mm512_or_si512(bytes, pair);
    const std::uint64_t quotes = _mm512_cmpeq_epi8_mask(bytes, quote);
    const std::uint64_t backslash = _mm512_cmpeq_epi8_mask(bytes, slash);
    const std::uint64_t opens = _mm512_cmpeq_epi8_mask(paired, open);
    const std::uint64_t closes = _mm512_cmpeq_epi8_mask(paired, close);
    const std::uint64_t unescaped = quotes & ~escaped_bits(backslash, carry);
    const std::uint64_t in_string = static_cast<std::uint64_t>(_mm_cvtsi128_si64(_mm_clmulepi64_si128(
                                        _mm_set_epi64x(0, static_cast<long long>(unescaped)), all, 0))) ^
                                    carry.in_string;
    carry.in_string = static_cast<std::uint64_t>(static_cast<std::int64_t>(in_string) >> 63);
    carry.backslashes |= backslash;
    words[block] = {unescaped, opens & ~in_string, closes & ~in_string, backslash, carry.count};
    // The quotes' places side by side, widened, and written sixteen at a time.
    __m512i listed = _mm512_maskz_compress_epi8(unescaped, places);
    const auto count = static_cast<std::uint32_t>(std::popcount(unescaped));
    std::uint32_t* out = carry.quotes + carry.count;
    const __m512i base = _mm512_set1_epi32(static_cast<int>(carry.position));
    _mm512_storeu_si512(out, _mm512_add_epi32(base, _mm512_cvtepu8_epi32(_mm512_castsi512_si128(listed))));
    for (std::uint32_t done = 16; done < count; done += 16) {
      listed = _mm512_alignr_epi32(_mm512_setzero_si512(), listed, 4);
      _mm512_storeu_si512(out + done, _mm512_add_epi32(base, _mm512_cvtepu8_epi32(_mm512_castsi512_si128(listed))));
    }
    carry.count += count;
    carry.position += 64;
  }
  carried = carry;
}

#endif

using Reader = void (*)(const char*, std::size_t, Scan::Word*, Carry&);

Reader best_reader() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("pclmul")) {
    return read_avx512;
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("pclmul"))
    return read_avx2;
#endif
  return read_plain;
}

}  // namespace

void Scan::read(std::string_view text) {
  static const Reader reader = best_reader();
  size_ = text.size();
  blocks_ = (size_ + 63) / 64;
  if (words_.size() < blocks_) words_.resize(blocks_ * 2);
  if (quotes_.size() < size_ + kQuoteRoom) quotes_.resize(size_ * 2 + kQuoteRoom);
  const std::size_t whole = size_ / 64;
  Carry carry;
  carry.quotes = quotes_.data();
  reader(text.data(), whole, words_.data(), carry);
  if (whole < blocks_) {
    // The last block is read from a copy, so that nothing outside the text is touched.
    char last[64];
    std::memset(last, ' ', sizeof(last));
    std::memcpy(last, text.data() + whole * 64, size_ - whole * 64);
    reader(last, 1, words_.data() + whole, carry);
  }
  any_backslash_ = carry.backslashes != 0;
  quote_count_ = carry.count;
  quotes_[quote_count_] = static_cast<std::uint32_t>(size_);
}

}  // namespace signalbox::pattern
