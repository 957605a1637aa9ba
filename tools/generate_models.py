#!/usr/bin/env python3
"""Generates C++ structs and descriptor tables from a trimmed service model.

usage: generate_models.py models/SERVICE.json OUT     writes OUT.h and OUT.cpp

The generated code is included as "models/SERVICE.h", in namespace signalbox::models::SERVICE: a struct per structure
(every member a std::optional), a constant per enum value, error name and operation, and kService with the tables of
wire/shape.h. A model that says something the tables cannot carry is refused, naming the shape.
"""

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
TIMESTAMP_FORMATS = {"unixTimestamp": "kUnix", "iso8601": "kIso8601", "rfc822": "kHttpDate"}
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
    "ListObjects": "ListBucketResult", "ListObjectsV2": "ListBucketResult", "ListParts": "ListPartsResult"}}
# The namespace of REST XML answers, which botocore's models name at requests only.
XML_NAMESPACES = {"s3": "http://s3.amazonaws.com/doc/2006-03-01/"}


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
        # Operations without input or output get an empty structure of their own.
        for name, operation in self.operations.items():
            for part, suffix in (("input", "Request"), ("output", "Response")):
                if part not in operation:
                    shape = name + suffix
                    if shape in self.shapes:
                        shape = name + "Empty" + suffix
                    self.shapes[shape] = {"type": "structure", "members": {}}
                    operation[part] = {"shape": shape, "resultWrapper": ""}
        self.ordered = self.order()

    def references(self, name):
        shape = self.shapes[name]
        found = [member["shape"] for member in shape.get("members", {}).values()]
        return found + [shape[part]["shape"] for part in ("member", "key", "value") if part in shape]

    def order(self):
        """The shapes that operations use, each after those that it refers to."""
        ordered, open_shapes = [], set()

        def visit(name):
            if name in ordered:
                return
            if name in open_shapes:
                raise SystemExit(f"{self.name}: shape {name} refers to itself, which is not supported yet")
            payload = self.shapes[name].get("payload")
            if (payload and "rest-xml" not in self.spoken and
                    self.shapes[self.shapes[name]["members"][payload]["shape"]]["type"] != "blob"):
                raise SystemExit(f"{self.name}: shape {name} has a payload that is no blob, which is not supported yet")
            if self.shapes[name]["type"] not in SHAPE_TYPES or self.shapes[name].get("document"):
                raise SystemExit(f"{self.name}: shape {name} has the unsupported type {self.shapes[name]['type']}")
            open_shapes.add(name)
            for other in self.references(name):
                visit(other)
            open_shapes.remove(name)
            ordered.append(name)

        for operation in self.operations.values():
            visit(operation["input"]["shape"])
            visit(operation["output"]["shape"])
        return ordered

    def cpp_type(self, name):
        shape = self.shapes[name]
        if shape["type"] == "list":
            return f"std::vector<{self.cpp_type(shape['member']['shape'])}>"
        if shape["type"] == "map":
            return f"std::map<std::string, {self.cpp_type(shape['value']['shape'])}, std::less<>>"
        if shape["type"] == "structure":
            return name
        return CPP_TYPES[shape["type"]]

    def errors(self):
        names = {error for operation in self.operations.values() for error in operation.get("errors", [])}
        names |= {name for name, shape in self.shapes.items() if shape.get("exception")}
        return sorted(names)


def header(model):
    out = [f"// Generated by tools/generate_models.py from models/{model.name}.json: do not edit.", "#pragma once", "",
           "#include <cstdint>", "#include <functional>", "#include <map>", "#include <optional>", "#include <string>",
           "#include <vector>", "", '#include "base/clock.h"', '#include "wire/shape.h"', "",
           f"namespace signalbox::models::{model.name} {{", ""]
    for name in model.ordered:
        shape = model.shapes[name]
        if shape["type"] != "structure":
            continue
        out.append(f"struct {name} {{")
        for member, reference in shape["members"].items():
            out.append(f"  std::optional<{model.cpp_type(reference['shape'])}> {snake(member)};")
        out += ["};", ""]
    for name in model.ordered:
        values = model.shapes[name].get("enum")
        if values:
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
    fields = [f".type = ShapeType::{SHAPE_TYPES[shape['type']]}", f".name = {quoted(name)}"]
    if "timestampFormat" in shape:
        fields.append(f".timestamp = TimestampFormat::{TIMESTAMP_FORMATS[shape['timestampFormat']]}")
    for bound in ("min", "max"):
        if bound in shape:
            fields.append(f".has_{bound} = true")
    fields += [f".{bound} = {shape[bound]}" for bound in ("min", "max") if bound in shape]
    if "pattern" in shape:
        fields.append(f".pattern = {quoted(shape['pattern'])}")
    if shape.get("enum"):
        fields.append(f".enum_values = kEnumOf{name}")
    if shape["type"] == "structure" and shape["members"]:
        fields.append(f".members = kMembersOf{name}")
    if "payload" in shape and "rest-xml" in model.spoken:
        streams = shape["members"][shape["payload"]].get("streaming", False)
        fields += [f".payload = {list(shape['members']).index(shape['payload'])}", f".streams = {str(streams).lower()}"]
    if "xmlNamespace" in shape and "prefix" in shape["xmlNamespace"]:
        fields += [f".xml_prefix = {quoted(shape['xmlNamespace']['prefix'])}",
                   f".xml_uri = {quoted(shape['xmlNamespace']['uri'])}"]
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


def query_name(model, member, reference):
    """Flattened lists and maps go by the name of their element, everything else by its own."""
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
        return ", Location::kBody, {}, true"
    if model.shapes[structure].get("payload") == member and "rest-xml" not in model.spoken:
        return ', Location::kPayload, ""'
    if "location" not in reference:
        return ""
    if reference["location"] not in LOCATIONS:
        raise SystemExit(f"{model.name}: {structure}.{member} is at {reference['location']}, which is not supported yet")
    return f", Location::{LOCATIONS[reference['location']]}, {quoted(reference.get('locationName', member))}"


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
    for name in model.ordered:
        shape = model.shapes[name]
        if shape.get("enum"):
            values = ", ".join(quoted(value) for value in shape["enum"])
            out.append(f"constexpr std::string_view kEnumOf{name}[] = {{{values}}};")
        if shape["type"] == "structure" and shape["members"]:
            out.append(f"constexpr Member kMembersOf{name}[] = {{")
            for member, reference in shape["members"].items():
                required = str(member in shape.get("required", [])).lower()
                field = f"&{name}::{snake(member)}"
                out.append(f"    {{{quoted(member)}, {quoted(query_name(model, member, reference))}, "
                           f"&kShapeOf{reference['shape']}, {required}, emplace_member<{field}>, "
                           f"find_member<{field}>{location(model, name, member, reference)}}},")
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
                   f"{operation['http'].get('responseCode', 200)}, {quoted(xml_root(model, name, result))}}},")
    out += ["};", "", "constexpr ErrorShape kErrors[] = {"]
    for name in model.errors():
        shape = model.shapes[name]
        error = shape.get("error", {})
        fault = shape.get("fault", False)
        status = error.get("httpStatusCode", 500 if fault else 400)
        sender = error.get("senderFault", not fault)
        out.append(f"    {{{quoted(name)}, {quoted(error.get('code', name))}, {status}, {str(sender).lower()}}},")
    out += ["};", ""]
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
            "    .protocols = kProtocols,", "    .operations = kOperations,", "    .errors = kErrors,", "};", ""]
    for index, (name, operation) in enumerate(model.operations.items()):
        types = f"{operation['input']['shape']}, {operation['output']['shape']}"
        out.append(f"const wire::OperationOf<{types}> {constant(name)} = {{&kOperations[{index}]}};")
    out += ["", f"}}  // namespace signalbox::models::{model.name}", ""]
    return "\n".join(out)


def main():
    model = Model(sys.argv[1])
    os.makedirs(os.path.dirname(sys.argv[2]), exist_ok=True)
    for suffix, text in ((".h", header(model)), (".cpp", source(model))):
        with open(sys.argv[2] + suffix, "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    main()
