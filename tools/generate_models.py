#!/usr/bin/env python3
"""Generates C++ structs and descriptor tables from a trimmed service model.

usage: generate_models.py models/SERVICE.json OUT     writes OUT.h and OUT.cpp

The generated code is included as "models/SERVICE.h", in namespace signalbox::models::SERVICE: a struct per structure
(every member a std::optional), a constant per enum value, error name and operation, and kService with the tables of
wire/shape.h. A model that says something the tables cannot carry is refused, naming the shape.
"""

import hashlib
import json
import os
import re
import sys

CPP_TYPES = {"string": "std::string", "character": "std::string", "integer": "std::int32_t", "long": "std::int64_t",
             "float": "double", "double": "double", "boolean": "bool", "timestamp": "Time", "blob": "std::string"}
SHAPE_TYPES = {"string": "kString", "character": "kString", "integer": "kInteger", "long": "kLong", "float": "kDouble",
               "double": "kDouble", "boolean": "kBoolean", "timestamp": "kTimestamp", "blob": "kBlob", "list": "kList",
               "map": "kMap", "structure": "kStructure"}
LOCATIONS = {"uri": "kUri", "querystring": "kQuery", "header": "kHeader", "headers": "kHeaders",
             "statusCode": "kStatus"}
TIMESTAMP_FORMATS = {"unixTimestamp": "kUnix", "iso8601": "kIso8601", "rfc822": "kHttpDate", "seconds": "kIso8601Seconds",
                     "milliseconds": "kIso8601Millis"}
# What a reference to a shape (a member, an element, a key, a value) may say otherwise than the shape itself.
REFERENCE_TRAITS = ("flattened", "timestampFormat", "xmlNamespace", "min", "max", "pattern", "enum", "jsonvalue")
CPP_WORDS = {"default", "class", "delete", "new", "operator", "private", "public", "protected", "template", "this",
             "export", "register", "namespace", "union", "enum", "signed", "unsigned", "auto", "break", "case", "const",
             "continue", "do", "double", "else", "float", "for", "goto", "if", "int", "long", "return", "short",
             "static", "struct", "switch", "typedef", "void", "volatile", "while", "and", "or", "not", "xor"}

# What AWS's answers show and botocore's models do not say: the prefix of __type in JSON errors.
JSON_ERROR_PREFIXES = {"cloudwatch": "com.amazonaws.cloudwatch", "sqs": "com.amazonaws.sqs"}
# Services that check only that required members are there before their operations begin.
CHECK_PRESENCE_ONLY = {"sqs"}
# ... and the code of errors for inputs that break the model's constraints, where it is neither
# ValidationException nor, of services that speak XML, ValidationError.
CONSTRAINT_ERRORS = {"logs": "InvalidParameterException"}
# The outermost elements of REST XML answers, where they are neither the payload's name nor the shape's.
XML_ROOTS = {"s3": {
    "CompleteMultipartUpload": "CompleteMultipartUploadResult", "CreateMultipartUpload": "InitiateMultipartUploadResult",
    "DeleteObjects": "DeleteResult", "GetBucketAcl": "AccessControlPolicy",
    "GetBucketLifecycleConfiguration": "LifecycleConfiguration", "GetBucketLocation": "LocationConstraint",
    "GetBucketTagging": "Tagging", "GetBucketVersioning": "VersioningConfiguration",
    "GetObjectAcl": "AccessControlPolicy", "GetObjectAttributes": "GetObjectAttributesResponse",
    "GetObjectTagging": "Tagging", "ListBuckets": "ListAllMyBucketsResult",
    "ListMultipartUploads": "ListMultipartUploadsResult", "ListObjectVersions": "ListVersionsResult",
    "ListObjects": "ListBucketResult", "ListObjectsV2": "ListBucketResult", "ListParts": "ListPartsResult",
    "GetBucketAccelerateConfiguration": "AccelerateConfiguration", "GetBucketCors": "CORSConfiguration",
    "GetBucketLogging": "BucketLoggingStatus", "GetBucketRequestPayment": "RequestPaymentConfiguration",
    "GetBucketWebsite": "WebsiteConfiguration",
    "ListBucketAnalyticsConfigurations": "ListBucketAnalyticsConfigurationResult",
    "ListBucketInventoryConfigurations": "ListInventoryConfigurationsResult",
    "ListBucketMetricsConfigurations": "ListMetricsConfigurationsResult"}}
# Statuses of answers that are not what botocore's models say, and headers of answers that they do not name.
STATUSES = {"s3": {"PutBucketPolicy": 204, "PutBucketTagging": 204}}
HEADERS = {"s3": {output: {"BucketRegion": {"shape": "Region", "location": "header", "locationName": "x-amz-bucket-region"}}
                  for output in ("ListObjectsOutput", "ListObjectsV2Output", "ListObjectVersionsOutput",
                                 "ListMultipartUploadsOutput")}}
# Of ISO 8601 timestamps: services that never tell fractions of seconds, and that always do.
TIMESTAMPS = {"iam": "seconds", "sts": "seconds", "s3": "milliseconds"}
# Enums of which the service itself says what is wrong with other values, and those that are taken in any case.
ENUMS_OF_SERVICE = {"s3": {"BucketCannedACL", "BucketLocationConstraint", "ChecksumAlgorithm", "ChecksumType", "EncodingType",
                           "Event", "FilterRuleName", "MetadataDirective", "ObjectAttributes", "ObjectCannedACL",
                           "ObjectOwnership", "ServerSideEncryption", "StorageClass", "TaggingDirective",
                           "TransitionDefaultMinimumObjectSize", "TransitionStorageClass"}}
# The same of members: what else refers to the shape is checked as ever.
MEMBERS_OF_SERVICE = {"lambda": {("CreateFunctionRequest", "Runtime"), ("UpdateFunctionConfigurationRequest", "Runtime")}}
ENUMS_IN_ANY_CASE = {"s3": {"ChecksumMode"}}
# Services whose query protocol has <Detail/> in its errors.
DETAILED_ERRORS = {"sqs"}
# Input members that page through a list: as an empty text they are not there. (S3's tell the caller what it gave.)
PAGE_TOKENS = {"NextToken", "nextToken", "Marker", "marker", "NextMarker", "nextPageToken", "NextPageToken", "PageToken"}
TOKENS_OF_SERVICE = {"s3"}
# The namespace of REST XML answers, which botocore's models name at requests only.
XML_NAMESPACES = {"s3": "http://s3.amazonaws.com/doc/2006-03-01/",
                  "s3control": "http://awss3control.amazonaws.com/doc/2018-08-20/"}


def snake(name):
    """QueueUrl -> queue_url, MD5OfBody -> md5_of_body, KMSKeyId -> kms_key_id."""
    text = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    text = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", text).lower().replace("-", "_")
    return text + "_" if text in CPP_WORDS else text


def constant(text):
    words = re.findall(r"[A-Za-z0-9]+", text)
    return "k" + "".join(word[0].upper() + word[1:] for word in words)


def quoted(text):
    return json.dumps(text, ensure_ascii=True)


class Model:
    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            model = json.load(file)
        self.name = os.path.splitext(os.path.basename(path))[0]
        self.metadata = model["metadata"]
        self.spoken = set(self.metadata.get("protocols", [])) | {self.metadata["protocol"]}
        self.operations = model["operations"]
        self.shapes = model["shapes"]
        for output, members in HEADERS.get(self.name, {}).items():
            if output in self.shapes:
                self.shapes[output]["members"].update(members)
        for shape, member in MEMBERS_OF_SERVICE.get(self.name, ()):
            self.shapes[shape]["members"][member]["enum"] = []
        # Operations without input or output get an empty structure of their own.
        for name, operation in self.operations.items():
            for part, suffix in (("input", "Request"), ("output", "Response")):
                if part not in operation:
                    shape = name + suffix
                    if shape in self.shapes:
                        shape = name + "Empty" + suffix
                    self.shapes[shape] = {"type": "structure", "members": {}, "none": part == "output"}
                    operation[part] = {"shape": shape, "resultWrapper": ""}
        for name in list(self.shapes):
            if self.shapes[name].get("union"):
                self.shapes[name].update(min=1, max=1)
            for reference in self.references(name):
                self.set_timestamp(reference)
                self.bind(reference)
        self.cyclic = set()
        self.ordered = self.order()

    def references(self, name):
        shape = self.shapes[name]
        found = list(shape.get("members", {}).values())
        return found + [shape[part] for part in ("member", "key", "value") if part in shape]

    def set_timestamp(self, reference):
        """How the service tells ISO 8601 timestamps, where it has a way of its own."""
        shape = self.shapes[reference["shape"]]
        told = reference.get("timestampFormat", shape.get("timestampFormat", "iso8601"))
        if self.name in TIMESTAMPS and shape["type"] == "timestamp" and told == "iso8601" and "location" not in reference:
            reference["timestampFormat"] = TIMESTAMPS[self.name]

    def bind(self, reference):
        """The traits of a reference go before the shape's: it then refers to a shape of its own that has them."""
        base = self.shapes[reference["shape"]]
        traits = {trait: reference[trait] for trait in REFERENCE_TRAITS
                  if trait in reference and reference[trait] != base.get(trait)}
        if not traits:
            return
        told = json.dumps(traits, sort_keys=True)
        name = reference["shape"] + "As" + "".join(word[0].upper() + word[1:] for word in re.findall(r"[A-Za-z0-9]+", told))
        name = name[:100] + (hashlib.sha256(told.encode()).hexdigest()[:8] if len(name) > 100 else "")
        self.shapes[name] = {**base, **traits, "of": base.get("of", reference["shape"])}
        reference["shape"] = name

    def given_name(self, name):
        """The shape's name in the model, and its structure's in C++."""
        return self.shapes[name].get("of", name)

    def order(self):
        """The shapes that operations use, each after those that it refers to, but for those that refer to themselves:
        these are in `cyclic`, and declared first."""
        ordered, open_shapes = [], []

        def visit(name):
            if name in ordered:
                return
            if name in open_shapes:
                cycle = open_shapes[open_shapes.index(name):]
                if not any(self.shapes[each]["type"] == "structure" for each in cycle):
                    raise SystemExit(f"{self.name}: shape {name} is made of itself only")
                if any("of" in self.shapes[each] and self.shapes[each]["type"] == "structure" for each in cycle):
                    raise SystemExit(f"{self.name}: shape {name} refers to itself with other traits, which is not supported yet")
                self.cyclic.update(cycle)
                return
            payload = self.shapes[name].get("payload")
            if payload and self.shapes[self.shapes[name]["members"][payload]["shape"]]["type"] in ("list", "map"):
                raise SystemExit(f"{self.name}: shape {name} has a list or map as its payload, which is not supported yet")
            if self.shapes[name]["type"] not in SHAPE_TYPES or self.shapes[name].get("document"):
                raise SystemExit(f"{self.name}: shape {name} has the unsupported type {self.shapes[name]['type']}")
            open_shapes.append(name)
            if "of" in self.shapes[name]:
                visit(self.shapes[name]["of"])
            for reference in self.references(name):
                visit(reference["shape"])
            open_shapes.pop()
            ordered.append(name)

        for operation in self.operations.values():
            visit(operation["input"]["shape"])
            visit(operation["output"]["shape"])
        return ordered

    def cpp_type(self, name):
        shape = self.shapes[name]
        if shape["type"] == "list":
            element = self.cpp_type(shape["member"]["shape"])
            return "std::deque<bool>" if element == "bool" else f"std::vector<{element}>"  # vectors of bool have no addresses
        if shape["type"] == "map":
            return f"std::map<std::string, {self.cpp_type(shape['value']['shape'])}, std::less<>>"
        if shape["type"] == "structure":
            return self.given_name(name)
        return CPP_TYPES[shape["type"]]

    def cpp_member(self, owner, name):
        """The type of a structure's member. What is not complete where the structure stands is kept on the heap."""
        given = self.given_name(name)
        incomplete = self.shapes[name]["type"] == "structure" and self.ordered.index(given) >= self.ordered.index(owner)
        return f"{'wire::Boxed' if incomplete else 'std::optional'}<{self.cpp_type(name)}>"

    def has_lists_of_booleans(self):
        return any(self.shapes[name]["type"] == "list" and self.cpp_type(name) == "std::deque<bool>" for name in self.ordered)

    def errors(self):
        names = {error for operation in self.operations.values() for error in operation.get("errors", [])}
        names |= {name for name, shape in self.shapes.items() if shape.get("exception")}
        return sorted(names)


def header(model):
    out = [f"// Generated by tools/generate_models.py from models/{model.name}.json: do not edit.", "#pragma once", "",
           "#include <cstdint>"] + (["#include <deque>"] if model.has_lists_of_booleans() else []) + ["#include <functional>", "#include <map>", "#include <optional>", "#include <string>",
           "#include <vector>", "", '#include "base/clock.h"'] + (['#include "wire/boxed.h"'] if model.cyclic else []) + [
           '#include "wire/shape.h"', "", f"namespace signalbox::models::{model.name} {{", ""]
    cyclic = [name for name in model.ordered if name in model.cyclic and model.shapes[name]["type"] == "structure"]
    out += [f"struct {name};" for name in cyclic] + ([""] if cyclic else [])
    for name in model.ordered:
        shape = model.shapes[name]
        if shape["type"] != "structure" or "of" in shape:
            continue
        out.append(f"struct {name} {{")
        for member, reference in shape["members"].items():
            out.append(f"  {model.cpp_member(name, reference['shape'])} {snake(member)};")
        out += ["};", ""]
    for name in model.ordered:
        values = model.shapes[name].get("enum")
        if values and "of" not in model.shapes[name]:
            out.append(f"namespace {snake(name)} {{")
            out += [f"inline constexpr const char* {constant(value)} = {quoted(value)};" for value in values]
            out += [f"}}  // namespace {snake(name)}", ""]
    out.append("namespace errors {")
    out += [f"inline constexpr const char* {constant(name)} = {quoted(name)};" for name in model.errors()]
    out += ["}  // namespace errors", "", "extern const wire::Service kService;", ""]
    for name, operation in model.operations.items():
        types = f"{operation['input']['shape']}, {operation['output']['shape']}"
        out.append(f"extern const wire::OperationOf<{types}> {constant(name)};")
    out += ["", f"}}  // namespace signalbox::models::{model.name}", ""]
    return "\n".join(out)


def shape_fields(model, name):
    shape = model.shapes[name]
    given = model.given_name(name)
    # Outputs that the model does not have are without a name.
    told = "" if shape.get("none") else given
    fields = [f".type = ShapeType::{SHAPE_TYPES[shape['type']]}", f".name = {quoted(told)}"]
    timestamp = shape.get("timestampFormat")
    if timestamp:
        fields.append(f".timestamp = TimestampFormat::{TIMESTAMP_FORMATS[timestamp]}")
    if given in ENUMS_OF_SERVICE.get(model.name, ()):
        fields.append(".enum_check = EnumCheck::kByService")
    if given in ENUMS_IN_ANY_CASE.get(model.name, ()):
        fields.append(".enum_check = EnumCheck::kAnyCase")
    if shape.get("jsonvalue"):
        fields.append(".json_value = true")
    for bound in ("min", "max"):
        if bound in shape:
            fields.append(f".has_{bound} = true")
    fields += [f".{bound} = {shape[bound]}" for bound in ("min", "max") if bound in shape]
    if "pattern" in shape:
        fields.append(f".pattern = {quoted(shape['pattern'])}")
    if shape.get("enum"):
        fields.append(f".enum_values = kEnumOf{name}")
    if shape["type"] == "structure" and shape["members"]:
        fields.append(f".members = kMembersOf{given}")
    if "payload" in shape and "rest-xml" in model.spoken:
        streams = shape["members"][shape["payload"]].get("streaming", False)
        place = [member for member, _ in ordered_members(model, given)].index(shape["payload"])
        fields += [f".payload = {place}", f".streams = {str(streams).lower()}"]
    if "xmlNamespace" in shape:
        namespace = shape["xmlNamespace"]
        namespace = {"uri": namespace} if isinstance(namespace, str) else namespace
        fields += [f".xml_prefix = {quoted(namespace.get('prefix', ''))}", f".xml_uri = {quoted(namespace['uri'])}"]
    if shape["type"] == "list":
        element = shape["member"]
        cpp = model.cpp_type(name)
        fields += [f".element = &kShapeOf{element['shape']}", f".flattened = {str(shape.get('flattened', False)).lower()}",
                   f".element_name = {quoted(element.get('locationName', 'member'))}", f".append = list_append<{cpp}>",
                   f".size = container_size<{cpp}>", f".at = list_at<{cpp}>"]
    if shape["type"] == "map":
        cpp = model.cpp_type(name)
        fields += [f".element = &kShapeOf{shape['value']['shape']}", f".key = &kShapeOf{shape['key']['shape']}",
                   f".flattened = {str(shape.get('flattened', False)).lower()}",
                   f".element_name = {quoted(shape['value'].get('locationName', 'value'))}",
                   f".key_name = {quoted(shape['key'].get('locationName', 'key'))}", f".size = container_size<{cpp}>",
                   f".insert = map_insert<{cpp}>", f".each = map_each<{cpp}>"]
    return ",\n    ".join(fields)


def ordered_members(model, name):
    """The members in the order in which they are written: of answers in REST XML what repeats comes last, as S3 has it."""
    members = model.shapes[name]["members"].items()
    if "rest-xml" not in model.spoken or all(name != op["output"]["shape"] for op in model.operations.values()):
        return list(members)
    return sorted(members, key=lambda member: model.shapes[member[1]["shape"]]["type"] == "list")


def query_name(model, member, reference):
    """In forms. Flattened lists and maps go by the name of their element, everything else by its own."""
    if "queryName" in reference:
        return reference["queryName"]
    if model.metadata["protocol"] == "ec2":
        name = reference.get("locationName", member)
        return name[:1].upper() + name[1:]
    return xml_name(model, member, reference)


def xml_name(model, member, reference):
    for name in ("queryName", "locationName"):
        if name in reference and model.metadata["protocol"] != "ec2":
            return reference[name]
    if "locationName" in reference:
        return reference["locationName"]
    shape = model.shapes[reference["shape"]]
    if shape.get("flattened"):
        if shape["type"] == "list":
            return shape["member"].get("locationName", member)
        return shape.get("locationName", member)
    return member


def location(model, structure, member, reference):
    """What the REST protocols add to a member that is not in the body, or is all of it."""
    if reference.get("xmlAttribute"):
        return [".xml_attribute = true"]
    if model.shapes[structure].get("payload") == member and "rest-xml" not in model.spoken:
        return [".location = Location::kPayload"]
    if "location" not in reference:
        return []
    if reference["location"] not in LOCATIONS:
        raise SystemExit(f"{model.name}: {structure}.{member} is at {reference['location']}, which is not supported yet")
    return [f".location = Location::{LOCATIONS[reference['location']]}",
            f".location_name = {quoted(reference.get('locationName', member))}"]


def member_fields(model, structure, member, reference, inputs):
    """One row of a structure's table."""
    field = f"&{structure}::{snake(member)}"
    query, xml = query_name(model, member, reference), xml_name(model, member, reference)
    fields = [f".name = {quoted(member)}", f".query_name = {quoted(query)}", f".shape = &kShapeOf{reference['shape']}",
              f".required = {str(member in model.shapes[structure].get('required', [])).lower()}",
              f".emplace = emplace_member<{field}>", f".find = find_member<{field}>"]
    fields += location(model, structure, member, reference)
    if xml != query:
        fields.append(f".other_xml_name = {quoted(xml)}")
    # What speaks XML has no JSON of AWS's: there members go by their names, in records of ours.
    if "rest-xml" not in model.spoken and "location" not in reference and reference.get("locationName", member) != member:
        fields.append(f".other_json_name = {quoted(reference['locationName'])}")
    if (structure in inputs and member in PAGE_TOKENS and model.name not in TOKENS_OF_SERVICE and
            model.shapes[reference["shape"]]["type"] == "string"):
        fields.append(".empty_is_none = true")
    return ", ".join(fields)


def error_members(model, name):
    """What an error's shape has beside its message."""
    shape = model.shapes[name]
    for member, reference in shape.get("members", {}).items():
        if member.lower() == "message":
            continue
        wire_name = reference.get("locationName", member)
        header = quoted(wire_name) if reference.get("location") == "header" else "{}"
        yield f"{{{quoted(wire_name)}, ShapeType::{SHAPE_TYPES[model.shapes[reference['shape']]['type']]}, {header}}}"


def message_member(model, name):
    """How the error's shape spells its message; "" where it has none."""
    for member, reference in model.shapes[name].get("members", {}).items():
        if member.lower() == "message":
            return reference.get("locationName", member)
    return ""


def xml_root(model, operation, result):
    """The outermost element of the operation's answer in REST XML; "" where there is none."""
    if "rest-xml" not in model.spoken:
        return ""
    shape = model.shapes[result]
    if "payload" in shape:
        payload = shape["members"][shape["payload"]]
        return payload.get("locationName", payload["shape"])
    inside = any("location" not in member for member in shape["members"].values())
    return XML_ROOTS.get(model.name, {}).get(operation, result) if inside else ""


def source(model):
    out = [f"// Generated by tools/generate_models.py from models/{model.name}.json: do not edit.",
           f'#include "models/{model.name}.h"', "", '#include "wire/shape_access.h"', "",
           f"namespace signalbox::models::{model.name} {{", "namespace {", "", "using namespace wire;", ""]
    inputs = {operation["input"]["shape"] for operation in model.operations.values()}
    out += [f"extern const Shape kShapeOf{name};" for name in model.ordered if name in model.cyclic]
    for name in model.ordered:
        shape = model.shapes[name]
        if shape.get("enum"):
            values = ", ".join(quoted(value) for value in shape["enum"])
            out.append(f"constexpr std::string_view kEnumOf{name}[] = {{{values}}};")
        if shape["type"] == "structure" and shape["members"] and "of" not in shape:
            out.append(f"constexpr Member kMembersOf{name}[] = {{")
            for member, reference in ordered_members(model, name):
                out.append(f"    {{{member_fields(model, name, member, reference, inputs)}}},")
            out.append("};")
        out.append(f"constexpr Shape kShapeOf{name} = {{\n    {shape_fields(model, name)}}};")
    out.append("")
    out.append("constexpr Operation kOperations[] = {")
    for index, (name, operation) in enumerate(model.operations.items()):
        given, result = operation["input"]["shape"], operation["output"]["shape"]
        # An answer without members has a wrapper only where the model says so.
        standard = name + "Result" if model.shapes[result].get("members") else ""
        wrapper = operation["output"].get("resultWrapper", standard)
        out.append(f"    {{{quoted(name)}, &kService, {index}, &kShapeOf{given}, &kShapeOf{result}, {quoted(wrapper)}, "
                   f"[] {{ return AnyStructure(kShapeOf{given}, {given}{{}}); }}, "
                   f"{quoted(operation['http']['method'])}, {quoted(operation['http']['requestUri'])}, "
                   f"{STATUSES.get(model.name, {}).get(name, operation['http'].get('responseCode', 200))}, {quoted(xml_root(model, name, result))}, "
                   f"[] {{ return AnyStructure(kShapeOf{result}, {result}{{}}); }}}},")
    out += ["};", ""]
    for name in model.errors():
        members = list(error_members(model, name))
        if members:
            out.append(f"constexpr ErrorMember kMembersOfError{name}[] = {{{', '.join(members)}}};")
    named = bool(model.errors())
    out += ["", "constexpr ErrorShape kErrors[] = {"] if named else [""]
    for name in model.errors():
        shape = model.shapes[name]
        error = shape.get("error", {})
        fault = shape.get("fault", False)
        status = error.get("httpStatusCode", 500 if fault else 400)
        sender = error.get("senderFault", not fault)
        members = f"kMembersOfError{name}" if any(error_members(model, name)) else "{}"
        out.append(f"    {{{quoted(name)}, {quoted(error.get('code', name))}, {status}, {str(sender).lower()}, "
                   f"{quoted(message_member(model, name))}, {members}}},")
    out += ["};", ""] if named else []
    spoken = model.spoken
    protocols = []
    if "json" in spoken:
        protocols.append("ProtocolKind::kJson10" if model.metadata["jsonVersion"] == "1.0" else "ProtocolKind::kJson11")
    if "rest-json" in spoken:
        protocols.append("ProtocolKind::kRestJson")
    if "smithy-rpc-v2-cbor" in spoken:
        protocols.append("ProtocolKind::kRpcV2Cbor")
    if "rest-xml" in spoken:
        protocols.append("ProtocolKind::kRestXml")
    elif "ec2" in spoken:
        protocols.append("ProtocolKind::kEc2Query")
    elif "xmlNamespace" in model.metadata:
        protocols.append("ProtocolKind::kQuery")
    compressed = any("gzip" in operation.get("requestcompression", {}).get("encodings", [])
                     for operation in model.operations.values())
    constraint_error = "ValidationError" if "xmlNamespace" in model.metadata else "ValidationException"
    out += [f"constexpr ProtocolKind kProtocols[] = {{{', '.join(protocols)}}};", "", "}  // namespace", "",
            "const Service kService = {",
            f"    .id = {quoted(model.name)},",
            f"    .signing_name = {quoted(model.metadata.get('signingName', model.metadata['endpointPrefix']))},",
            f"    .target_prefix = {quoted(model.metadata.get('targetPrefix', ''))},",
            f"    .api_version = {quoted(model.metadata['apiVersion'])},",
            f"    .xml_namespace = {quoted(model.metadata.get('xmlNamespace', XML_NAMESPACES.get(model.name, '')))},",
            f"    .json_error_prefix = {quoted(JSON_ERROR_PREFIXES.get(model.name, ''))},",
            f"    .constraint_error = {quoted(CONSTRAINT_ERRORS.get(model.name, constraint_error))},",
            f"    .query_compatible = {str('awsQueryCompatible' in model.metadata).lower()},",
            f"    .checks_presence_only = {str(model.name in CHECK_PRESENCE_ONLY).lower()},",
            f"    .takes_gzip = {str(compressed).lower()},",
            f"    .detailed_errors = {str(model.name in DETAILED_ERRORS).lower()},",
            "    .protocols = kProtocols,", "    .operations = kOperations,", f"    .errors = {'kErrors' if named else '{}'},", "};", ""]
    for index, (name, operation) in enumerate(model.operations.items()):
        types = f"{operation['input']['shape']}, {operation['output']['shape']}"
        out.append(f"const wire::OperationOf<{types}> {constant(name)} = {{&kOperations[{index}]}};")
    out += ["", f"}}  // namespace signalbox::models::{model.name}", ""]
    return "\n".join(out)


def main():
    model = Model(sys.argv[1])
    os.makedirs(os.path.dirname(sys.argv[2]), exist_ok=True)
    for suffix, text in ((".h", header(model)), (".cpp", source(model))):
        # What has not changed is not written: nothing is built anew for it.
        path = sys.argv[2] + suffix
        if os.path.exists(path) and open(path, encoding="utf-8").read() == text:
            continue
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    main()
