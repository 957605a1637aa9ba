// What a CompleteMultipartUpload request says, held against what was uploaded.
#pragma once

#include <vector>

#include "services/s3/core.h"

namespace signalbox::s3 {

/// The parts that the request lists; none where it has no list.
const std::vector<model::CompletedPart>& parts_asked(const model::CompleteMultipartUploadRequest& input);

/// The uploaded parts that are asked for, in order. Errors: InvalidRequest, InvalidPartOrder, InvalidPart, BadDigest,
/// EntityTooSmall, with the members that say which part it is.
Result<std::vector<UploadedPart>> chosen_parts(const Upload& upload, const std::vector<UploadedPart>& parts,
                                               const std::vector<model::CompletedPart>& asked);

/// What the request says of the whole. Errors: BadDigest, InvalidRequest, NotImplemented.
Result<void> check_whole(const model::CompleteMultipartUploadRequest& input, const Upload& upload,
                         const ObjectVersion& version);

/// A client whose answer got lost asks again: the version that the same request has made, where it is still there.
/// Errors: `otherwise`, those of the store.
Result<ObjectVersion> completed_already(const Core& core, const model::CompleteMultipartUploadRequest& input,
                                        const Error& otherwise);

}  // namespace signalbox::s3
