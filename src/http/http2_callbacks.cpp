#include "http/http2_callbacks.h"

namespace signalbox::http {
namespace {

/// What frames cost (http2_calm.h) that bring no request on.
constexpr std::int64_t kFrameCost = 1;
constexpr std::int64_t kSettingsCost = 4;
constexpr std::int64_t kResetCost = 10;
/// Frames of a body smaller than this cost something, unless they are the last.
constexpr std::size_t kSmallFrame = 256;

std::string_view view(const std::uint8_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

bool ends(std::uint8_t flags) {
  return (flags & NGHTTP2_FLAG_END_STREAM) != 0;
}

std::int64_t cost_of(const nghttp2_frame_hd& frame) {
  switch (frame.type) {
    case NGHTTP2_HEADERS:
      return 0;
    case NGHTTP2_DATA:
      return frame.length < kSmallFrame && !ends(frame.flags) ? kFrameCost : 0;
    case NGHTTP2_RST_STREAM:
      return kResetCost;
    case NGHTTP2_SETTINGS:
      return kSettingsCost;
    default:
      return kFrameCost;
  }
}

}  // namespace

ssize_t Http2::Callbacks::read_body(nghttp2_session*, std::int32_t, std::uint8_t* out, std::size_t room,
                                    std::uint32_t* flags, nghttp2_data_source* source, void* user) {
  return static_cast<ssize_t>(static_cast<Http2*>(user)->give(*static_cast<Stream*>(source->ptr), out, room, *flags));
}

nghttp2_session_callbacks* Http2::Callbacks::make() {
  nghttp2_session_callbacks* all = nullptr;
  nghttp2_session_callbacks_new(&all);
  nghttp2_session_callbacks_set_on_begin_frame_callback(
      all, [](nghttp2_session*, const nghttp2_frame_hd* frame, void* user) {
        return static_cast<Http2*>(user)->spend(cost_of(*frame)) ? 0 : int{NGHTTP2_ERR_CALLBACK_FAILURE};
      });
  nghttp2_session_callbacks_set_on_begin_headers_callback(all,
                                                          [](nghttp2_session*, const nghttp2_frame* frame, void* user) {
                                                            if (frame->headers.cat == NGHTTP2_HCAT_REQUEST)
                                                              static_cast<Http2*>(user)->begin(frame->hd.stream_id);
                                                            return 0;
                                                          });
  nghttp2_session_callbacks_set_on_header_callback(
      all, [](nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
              const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user) {
        // What follows a body adds nothing to a request: nobody signed it.
        if (frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
        const bool added =
            static_cast<Http2*>(user)->add_header(frame->hd.stream_id, view(name, name_size), view(value, value_size));
        return added ? 0 : int{NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE};
      });
  nghttp2_session_callbacks_set_on_frame_recv_callback(
      all, [](nghttp2_session*, const nghttp2_frame* frame, void* user) {
        Http2& self = *static_cast<Http2*>(user);
        const bool last = ends(frame->hd.flags);
        if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
          self.headed(frame->hd.stream_id, last);
        } else if (last && (frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS)) {
          self.received(frame->hd.stream_id);
        }
        return 0;
      });
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
      all,
      [](nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* bytes, std::size_t size, void* user) {
        static_cast<Http2*>(user)->add_body(id, view(bytes, size));
        return 0;
      });
  nghttp2_session_callbacks_set_on_frame_send_callback(
      all, [](nghttp2_session*, const nghttp2_frame* frame, void* user) {
        const bool answers = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
        if (answers && ends(frame->hd.flags)) static_cast<Http2*>(user)->answered(frame->hd.stream_id);
        return 0;
      });
  nghttp2_session_callbacks_set_on_stream_close_callback(
      all, [](nghttp2_session*, std::int32_t id, std::uint32_t, void* user) {
        static_cast<Http2*>(user)->closed(id);
        return 0;
      });
  return all;
}

}  // namespace signalbox::http
