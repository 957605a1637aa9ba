#include "services/cloudtrail/render.h"

#include "base/clock.h"
#include "json/json.h"
#include "services/cloudtrail/secrets.h"
#include "services/cloudtrail/time_words.h"

namespace signalbox::cloudtrail {
namespace {

using wire::Shape;
using wire::ShapeType;

std::string small_first(std::string_view name) {
  std::string text(name);
  if (!text.empty() && text.front() >= 'A' && text.front() <= 'Z') text.front() = static_cast<char>(text.front() + 32);
  return text;
}

/// Writes values of one service. Recursion is bounded by the model: shapes do not refer to themselves.
class Renderer {
 public:
  Renderer(std::string_view service, json::Writer& writer, std::vector<std::string>* hidden)
      : service_(service), is_s3_(service == "s3"), writer_(writer), hidden_(hidden) {}

  /// The members of the outermost structure, with where they stand in the request.
  void members(const Shape& shape, const void* structure) {
    for (const wire::Member& member : shape.members) {
      const void* const value = member.find(structure);
      if (value == nullptr) continue;
      const Secrecy secrecy = secrecy_of(service_, member);
      if (secrecy == Secrecy::kOmitted) collect(*member.shape, value);
      if (secrecy == Secrecy::kOmitted || member.location == wire::Location::kStatus) continue;
      if (member.location == wire::Location::kHeaders) {
        headers(member, value);
        continue;
      }
      writer_.key(name_of(member));
      if (secrecy == Secrecy::kHidden) {
        hide(*member.shape, value);
      } else {
        render(*member.shape, value);
      }
    }
  }

 private:
  std::string name_of(const wire::Member& member) const {
    if (!is_s3_) return small_first(member.name);
    if (member.location == wire::Location::kUri)
      return member.name == "Bucket" ? "bucketName" : small_first(member.name);
    const bool named = member.location == wire::Location::kQuery || member.location == wire::Location::kHeader;
    return std::string(named ? member.location_name : member.name);
  }

  /// Of a URL not who calls with which password: "https://HIDDEN_DUE_TO_SECURITY_REASONS@example.com/".
  void text(const std::string& value) {
    constexpr std::string_view kScheme = "://";
    const auto scheme = value.find(kScheme);
    const auto begin = scheme == value.npos ? value.size() : scheme + kScheme.size();
    const auto at = value.substr(0, value.find_first_of("/?#", begin)).rfind('@');
    if (at == value.npos || at < begin) return writer_.string(value);
    if (hidden_ != nullptr) hidden_->push_back(value.substr(begin, at - begin));
    writer_.string(value.substr(0, begin) + std::string(kHiddenText) + value.substr(at));
  }

  void hide(const Shape& shape, const void* value) {
    writer_.string(kHiddenText);
    collect(shape, value);
  }

  /// The texts in what is not recorded; no blobs.
  void collect(const Shape& shape, const void* value) {
    if (hidden_ == nullptr) return;
    switch (shape.type) {
      case ShapeType::kString:
        hidden_->push_back(*static_cast<const std::string*>(value));
        return;
      case ShapeType::kList:
        for (std::size_t i = 0; i < shape.size(value); ++i) collect(*shape.element, shape.at(value, i));
        return;
      case ShapeType::kMap: {
        struct Visit {
          Renderer& renderer;
          const Shape& element;
        };
        Visit visit{*this, *shape.element};
        shape.each(value, &visit, [](void* context, const std::string&, const void* entry) {
          Visit& with = *static_cast<Visit*>(context);
          with.renderer.collect(with.element, entry);
        });
        return;
      }
      case ShapeType::kStructure:
        for (const wire::Member& member : shape.members) {
          const void* const found = member.find(value);
          if (found != nullptr) collect(*member.shape, found);
        }
        return;
      default:
        return;
    }
  }

  /// "x-amz-meta-colour": "red"
  void headers(const wire::Member& member, const void* value) {
    struct Visit {
      json::Writer& writer;
      std::string_view prefix;
    };
    Visit visit{writer_, member.location_name};
    member.shape->each(value, &visit, [](void* context, const std::string& key, const void* text) {
      const Visit& with = *static_cast<Visit*>(context);
      with.writer.member(std::string(with.prefix) + key, *static_cast<const std::string*>(text));
    });
  }

  void render(const Shape& shape, const void* value) {
    switch (shape.type) {
      case ShapeType::kString:
        return text(*static_cast<const std::string*>(value));
      case ShapeType::kInteger:
        return writer_.number(static_cast<std::int64_t>(*static_cast<const std::int32_t*>(value)));
      case ShapeType::kLong:
        return writer_.number(*static_cast<const std::int64_t*>(value));
      case ShapeType::kFloat:
      case ShapeType::kDouble:
        return writer_.number(*static_cast<const double*>(value));
      case ShapeType::kBoolean:
        return writer_.boolean(*static_cast<const bool*>(value));
      case ShapeType::kTimestamp:
        return writer_.string(in_words(*static_cast<const Time*>(value)));
      case ShapeType::kBlob:
        return writer_.null();  // only reached in a list: secrecy_of leaves blobs out
      case ShapeType::kList:
        return list(shape, value);
      case ShapeType::kMap:
        return map(shape, value);
      case ShapeType::kStructure:
        writer_.begin_object();
        members(shape, value);
        writer_.end_object();
        return;
    }
  }

  void list(const Shape& shape, const void* value) {
    writer_.begin_array();
    const Secrecy secrecy = secrecy_of(service_, *shape.element);
    for (std::size_t i = 0; i < shape.size(value) && secrecy != Secrecy::kOmitted; ++i) {
      if (secrecy == Secrecy::kHidden) {
        hide(*shape.element, shape.at(value, i));
      } else {
        render(*shape.element, shape.at(value, i));
      }
    }
    writer_.end_array();
  }

  void map(const Shape& shape, const void* value) {
    struct Visit {
      Renderer& renderer;
      const Shape& element;
      Secrecy secrecy;
    };
    Visit visit{*this, *shape.element, secrecy_of(service_, *shape.element)};
    writer_.begin_object();
    if (visit.secrecy != Secrecy::kOmitted) {
      shape.each(value, &visit, [](void* context, const std::string& key, const void* entry) {
        Visit& with = *static_cast<Visit*>(context);
        with.renderer.writer_.key(key);
        if (with.secrecy == Secrecy::kHidden || secrecy_of_entry(with.renderer.service_, key) != Secrecy::kOpen) {
          with.renderer.hide(with.element, entry);
        } else {
          with.renderer.render(with.element, entry);
        }
      });
    }
    writer_.end_object();
  }

  std::string_view service_;
  bool is_s3_;
  json::Writer& writer_;
  std::vector<std::string>* hidden_;
};

/// "/{Bucket}/{Key+}?acl&x=1" as "acl": "", "x": "1"; and the host.
void subresources(json::Writer& writer, std::string_view uri, std::string_view host) {
  if (!host.empty()) writer.member("Host", host);
  const auto at = uri.find('?');
  std::string_view rest = at == std::string_view::npos ? std::string_view() : uri.substr(at + 1);
  while (!rest.empty()) {
    const std::string_view one = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), one.size() + 1));
    const auto equals = one.find('=');
    writer.member(one.substr(0, equals), equals == std::string_view::npos ? "" : one.substr(equals + 1));
  }
}

}  // namespace

std::string render(const wire::Operation& operation, const Shape& shape, const void* structure, std::string_view host,
                   std::vector<std::string>* hidden) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object();
  Renderer(operation.service->id, writer, hidden).members(shape, structure);
  if (operation.service->id == "s3" && !host.empty()) subresources(writer, operation.uri, host);
  writer.end_object();
  if (text == "{}" || text.size() > kMaxElements) return "null";
  return text;
}

std::string without(std::string text, const std::vector<std::string>& hidden) {
  constexpr std::size_t kLeastBytes = 4;  // shorter ones stand in any sentence
  const auto replace = [&text](std::string_view secret) {
    for (std::size_t at = text.find(secret); at != text.npos; at = text.find(secret, at + kHiddenText.size())) {
      text.replace(at, secret.size(), kHiddenText);
    }
  };
  for (const std::string& secret : hidden) {
    if (secret.size() < kLeastBytes) continue;
    replace(secret);
    std::string quoted;
    json::Writer(quoted).string(secret);
    replace(std::string_view(quoted).substr(1, quoted.size() - 2));
  }
  return text;
}

}  // namespace signalbox::cloudtrail
