// nghttp2's callbacks, each to its method of Http2.
#pragma once

#include <nghttp2/nghttp2.h>

#include "http/http2_stream.h"

namespace signalbox::http {

struct Http2::Callbacks {
  /// For the caller to free.
  static nghttp2_session_callbacks* make();

  static ssize_t read_body(nghttp2_session*, std::int32_t, std::uint8_t* out, std::size_t room, std::uint32_t* flags,
                           nghttp2_data_source* source, void* user);
};

}  // namespace signalbox::http
