#include "mail/sender.h"

#include <curl/curl.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstring>
#include <mutex>
#include <vector>

#include "mail/letter.h"

namespace signalbox::mail {
namespace {

struct FreeEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
using Easy = std::unique_ptr<CURL, FreeEasy>;
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using List = std::unique_ptr<curl_slist, FreeList>;

struct Reading {
  std::string_view rest;
};

std::size_t read_some(char* to, std::size_t size, std::size_t count, void* opaque) {
  auto& reading = *static_cast<Reading*>(opaque);
  const std::size_t taken = std::min(size * count, reading.rest.size());
  std::memcpy(to, reading.rest.data(), taken);
  reading.rest.remove_prefix(taken);
  return taken;
}

}  // namespace

struct Sender::Pool {
  explicit Pool(const SenderOptions& chosen) : options(chosen), threads(kThreads) {}
  ~Pool() {
    threads.stop();
    threads.join();
  }

  /// A handle nobody uses: it keeps its connection from mail to mail.
  Easy take() {
    const std::lock_guard lock(mutex);
    if (idle.empty()) return Easy(curl_easy_init());
    Easy easy = std::move(idle.back());
    idle.pop_back();
    return easy;
  }

  void put_back(Easy easy) {
    curl_easy_reset(easy.get());
    const std::lock_guard lock(mutex);
    idle.push_back(std::move(easy));
  }

  Result<void> send(const std::string& from, const std::string& to, const std::string& text, Duration timeout) {
    Easy easy = take();
    CURL* const curl = easy.get();
    Reading reading{text};
    const List recipients(curl_slist_append(nullptr, ("<" + to + ">").c_str()));
    curl_easy_setopt(curl, CURLOPT_URL, options.url.c_str());
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(curl, CURLOPT_USE_SSL, static_cast<long>(CURLUSESSL_TRY));
    if (!options.ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, options.ca_file.c_str());
    curl_easy_setopt(curl, CURLOPT_MAIL_FROM, ("<" + from + ">").c_str());
    curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients.get());
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_some);
    curl_easy_setopt(curl, CURLOPT_READDATA, &reading);
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout.count()));
    const CURLcode code = curl_easy_perform(curl);
    long answer = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer);
    put_back(std::move(easy));
    if (code == CURLE_OK) return {};
    const std::string what = std::string("The SMTP server did not take the mail: ") + curl_easy_strerror(code) +
                             (answer == 0 ? "" : ", status " + std::to_string(answer)) + ".";
    // A password that is wrong is put right by an operator; an address that is refused stays refused.
    const bool never = answer >= 500 && answer < 600 && code != CURLE_LOGIN_DENIED;
    return fail(never ? "Refused" : "Unavailable", what);
  }

  const SenderOptions options;
  std::mutex mutex;
  std::vector<Easy> idle;
  asio::thread_pool threads;
};

Sender::Sender(const SenderOptions& options) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
  pool_ = std::make_unique<Pool>(options);
}

Sender::~Sender() {
  pool_.reset();
  curl_global_cleanup();
}

asio::awaitable<Result<void>> Sender::send(std::string from, std::string to, std::string text, Duration timeout) {
  // Whatever they came from: neither ends a line of the conversation.
  if (!is_address(from) || !is_address(to)) co_return fail("Refused", "The mail's sender or recipient is no address.");
  auto work = [this, &from, &to, &text, timeout]() -> asio::awaitable<Result<void>> {
    co_return pool_->send(from, to, text, timeout);
  };
  co_return co_await asio::co_spawn(pool_->threads, work(), asio::use_awaitable);
}

}  // namespace signalbox::mail
