// What AWS/Kinesis tells of a stream ("Monitor the Amazon Kinesis Data Streams service with Amazon CloudWatch").
#pragma once

#include <cstddef>
#include <set>
#include <string>

#include "cloud/measures.h"

namespace signalbox::kinesis {

/// Of one shard, those that EnableEnhancedMonitoring asked for; the others are null.
struct ShardMeasures {
  using Names = std::set<std::string, std::less<>>;
  ShardMeasures(cloud::Measures& measures, const cloud::Scope& scope, const std::string& stream,
                const std::string& shard, Names wanted);

  void tell_incoming(std::size_t bytes) const;
  void tell_outgoing(std::size_t records, std::size_t bytes, Duration age) const;
  void tell_write_throttled() const;
  void tell_read_throttled() const;

  const Names names;
  cloud::MeasurePtr incoming_bytes;
  cloud::MeasurePtr incoming_records;
  cloud::MeasurePtr outgoing_bytes;
  cloud::MeasurePtr outgoing_records;
  cloud::MeasurePtr write_throttled;
  cloud::MeasurePtr read_throttled;
  cloud::MeasurePtr age;
};

class StreamMeasures {
 public:
  StreamMeasures(cloud::Measures& measures, const cloud::Scope& scope, const std::string& stream);

  /// A record that was put, by whichever way.
  void tell_incoming(std::size_t bytes) const;
  /// A record that was to be put (1) or was (0), and that the shard did not let through.
  void tell_write_throttled(std::size_t records) const { write_throttled_->add(static_cast<double>(records)); }
  void tell_read_throttled(bool throttled) const { read_throttled_->add(throttled ? 1 : 0); }

  void tell_put_record(std::size_t bytes, bool done, Duration took) const;

  struct Put {
    std::size_t records = 0;
    std::size_t put = 0;
    std::size_t throttled = 0;
    std::size_t bytes = 0;  // of those that were put
  };
  void tell_put_records(const Put& put, Duration took) const;

  struct Get {
    std::size_t records = 0;
    std::size_t bytes = 0;
    Duration age{0};  // of the last record; 0 when the reader has caught up
  };
  void tell_get_records(const Get& get, Duration took) const;

 private:
  cloud::MeasurePtr incoming_bytes_;
  cloud::MeasurePtr incoming_records_;
  cloud::MeasurePtr write_throttled_;
  cloud::MeasurePtr read_throttled_;
  cloud::MeasurePtr put_record_bytes_;
  cloud::MeasurePtr put_record_success_;
  cloud::MeasurePtr put_record_latency_;
  cloud::MeasurePtr put_records_bytes_;
  cloud::MeasurePtr put_records_success_;
  cloud::MeasurePtr put_records_latency_;
  cloud::MeasurePtr put_records_total_;
  cloud::MeasurePtr put_records_successful_;
  cloud::MeasurePtr put_records_failed_;
  cloud::MeasurePtr put_records_throttled_;
  cloud::MeasurePtr get_bytes_;
  cloud::MeasurePtr get_records_;
  cloud::MeasurePtr get_success_;
  cloud::MeasurePtr get_latency_;
  cloud::MeasurePtr get_age_;
};

}  // namespace signalbox::kinesis
