#include "services/kinesis/measures.h"

namespace signalbox::kinesis {
namespace {

void tell_latency(const cloud::MeasurePtr& measure, Duration took) {
  measure->add(static_cast<double>(took.count()));
}

void add(const cloud::MeasurePtr& measure, double value) {
  if (measure) measure->add(value);
}

}  // namespace

ShardMeasures::ShardMeasures(cloud::Measures& measures, const cloud::Scope& scope, const std::string& stream,
                             const std::string& shard, Names wanted)
    : names(std::move(wanted)) {
  const auto make = [&](const char* name, const char* unit) {
    if (!names.contains(name)) return cloud::MeasurePtr();
    return measures.make({scope, "AWS/Kinesis", name, {{"StreamName", stream}, {"ShardId", shard}}}, unit);
  };
  incoming_bytes = make("IncomingBytes", "Bytes");
  incoming_records = make("IncomingRecords", "Count");
  outgoing_bytes = make("OutgoingBytes", "Bytes");
  outgoing_records = make("OutgoingRecords", "Count");
  write_throttled = make("WriteProvisionedThroughputExceeded", "Count");
  read_throttled = make("ReadProvisionedThroughputExceeded", "Count");
  age = make("IteratorAgeMilliseconds", "Milliseconds");
}

void ShardMeasures::tell_incoming(std::size_t bytes) const {
  add(incoming_bytes, static_cast<double>(bytes));
  add(incoming_records, 1);
  add(write_throttled, 0);
}

void ShardMeasures::tell_outgoing(std::size_t records, std::size_t bytes, Duration old) const {
  add(outgoing_bytes, static_cast<double>(bytes));
  add(outgoing_records, static_cast<double>(records));
  add(age, static_cast<double>(old.count()));
  add(read_throttled, 0);
}

void ShardMeasures::tell_write_throttled() const {
  add(write_throttled, 1);
}

void ShardMeasures::tell_read_throttled() const {
  add(read_throttled, 1);
}

StreamMeasures::StreamMeasures(cloud::Measures& measures, const cloud::Scope& scope, const std::string& stream) {
  const auto make = [&](const char* name, const char* unit) {
    return measures.make({scope, "AWS/Kinesis", name, {{"StreamName", stream}}}, unit);
  };
  incoming_bytes_ = make("IncomingBytes", "Bytes");
  incoming_records_ = make("IncomingRecords", "Count");
  write_throttled_ = make("WriteProvisionedThroughputExceeded", "Count");
  read_throttled_ = make("ReadProvisionedThroughputExceeded", "Count");
  put_record_bytes_ = make("PutRecord.Bytes", "Bytes");
  put_record_success_ = make("PutRecord.Success", "Count");
  put_record_latency_ = make("PutRecord.Latency", "Milliseconds");
  put_records_bytes_ = make("PutRecords.Bytes", "Bytes");
  put_records_success_ = make("PutRecords.Success", "Count");
  put_records_latency_ = make("PutRecords.Latency", "Milliseconds");
  put_records_total_ = make("PutRecords.TotalRecords", "Count");
  put_records_successful_ = make("PutRecords.SuccessfulRecords", "Count");
  put_records_failed_ = make("PutRecords.FailedRecords", "Count");
  put_records_throttled_ = make("PutRecords.ThrottledRecords", "Count");
  get_bytes_ = make("GetRecords.Bytes", "Bytes");
  get_records_ = make("GetRecords.Records", "Count");
  get_success_ = make("GetRecords.Success", "Count");
  get_latency_ = make("GetRecords.Latency", "Milliseconds");
  get_age_ = make("GetRecords.IteratorAgeMilliseconds", "Milliseconds");
}

void StreamMeasures::tell_incoming(std::size_t bytes) const {
  incoming_bytes_->add(static_cast<double>(bytes));
  incoming_records_->add(1);
}

void StreamMeasures::tell_put_record(std::size_t bytes, bool done, Duration took) const {
  put_record_success_->add(done ? 1 : 0);
  tell_latency(put_record_latency_, took);
  tell_write_throttled(done ? 0 : 1);
  if (!done) return;
  put_record_bytes_->add(static_cast<double>(bytes));
  tell_incoming(bytes);
}

void StreamMeasures::tell_put_records(const Put& put, Duration took) const {
  put_records_total_->add(static_cast<double>(put.records));
  put_records_successful_->add(static_cast<double>(put.put));
  put_records_throttled_->add(static_cast<double>(put.throttled));
  put_records_failed_->add(static_cast<double>(put.records - put.put - put.throttled));
  put_records_success_->add(put.put > 0 ? 1 : 0);
  put_records_bytes_->add(static_cast<double>(put.bytes));
  tell_latency(put_records_latency_, took);
  tell_write_throttled(put.throttled);
  if (put.put == 0) return;
  const auto count = static_cast<double>(put.put);
  incoming_records_->add(count);
  incoming_bytes_->add(static_cast<double>(put.bytes));
}

void StreamMeasures::tell_get_records(const Get& get, Duration took) const {
  get_records_->add(static_cast<double>(get.records));
  get_bytes_->add(static_cast<double>(get.bytes));
  get_success_->add(1);
  tell_latency(get_latency_, took);
  get_age_->add(static_cast<double>(get.age.count()));
  tell_read_throttled(false);
}

}  // namespace signalbox::kinesis
