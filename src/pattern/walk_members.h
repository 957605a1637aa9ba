// The members of WalkOn: included by walk.cpp once for each edition, under its instructions.

/// An escape is never shorter than what it stands for, except that a lone surrogate's six bytes become three: the whole
/// event's size is enough memory for all its strings.
std::string_view SIGNALBOX_WALK::unescape(std::string_view text) {
  const std::size_t begin = unescaped_.size();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      unescaped_.push_back(text[i]);
      continue;
    }
    const char c = text[++i];
    if (c != 'u') {
      unescaped_.push_back(c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c == 'b' ? '\b' : c == 'f' ? '\f' : c);
      continue;
    }
    std::uint32_t unit = four_digits(text, i + 1);
    i += 4;
    if (unit >= 0xD800 && unit < 0xDC00 && i + 6 < text.size() && text[i + 1] == '\\' && text[i + 2] == 'u') {
      const std::uint32_t low = four_digits(text, i + 3);
      if (low >= 0xDC00 && low < 0xE000) {
        unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
        i += 6;
      }
    }
    if (unit >= 0xD800 && unit < 0xE000) unit = 0xFFFD;
    append_utf8(unescaped_, unit);
  }
  return std::string_view(unescaped_).substr(begin);
}

bool SIGNALBOX_WALK::run(std::string_view event, const Index& index, EventValues& values,
                         std::vector<PathId>& present) {
  text_ = event;
  index_ = &index;
  values_ = &values;
  present_ = &present;
  arrays_ = 0;
  unescaped_.clear();
  if (unescaped_.capacity() < event.size()) unescaped_.reserve(event.size() * 2);
  present.clear();
  values.values.clear();
  values.places.clear();
  ++values.event;
  if (values.paths.size() <= index.node_count) values.paths.resize(index.node_count + 1);
  scan_.read(event);
  const std::size_t start = skip_space(0);
  if (start >= text_.size() || text_[start] != '{') return false;
  object(start, 1, kNone, 0);
  return true;
}

std::size_t SIGNALBOX_WALK::skip_space(std::size_t at) const {
  while (at < text_.size() && is_space(text_[at])) ++at;
  return at;
}

std::uint32_t SIGNALBOX_WALK::descend(std::uint32_t node, std::string_view name) const {
  if (index_->deep && name.find('.') != std::string_view::npos) {
    for (;;) {
      const auto dot = name.find('.');
      const std::uint32_t* next = index_->edges.find(index_->edge_key(node, name.substr(0, dot)));
      if (next == nullptr) return 0;
      node = *next;
      if (dot == std::string_view::npos) return node;
      name.remove_prefix(dot + 1);
    }
  }
  const std::uint32_t* next = index_->edges.find(index_->edge_key(node, name));
  return next == nullptr ? 0 : *next;
}

std::size_t SIGNALBOX_WALK::object(std::size_t at, std::uint32_t node, std::uint32_t place, int depth) {
  const std::uint64_t names = index_->nodes.find(Index::node_key(node))->names;
  if (names == 0 || depth > kMaxDepth) return scan_.closing(at) + 1;
  const std::size_t size = text_.size();
  const bool deep = index_->deep;
  Scan::Quotes quotes(scan_, at + 1);
  at = skip_space(at + 1);
  while (at < size && text_[at] == '"') {
    quotes.next();  // the one at `at`
    const std::size_t key_end = quotes.next();
    if (key_end + 2 >= size) return size;
    std::string_view name = text_.substr(at + 1, key_end - at - 1);
    std::size_t next = key_end + 2;
    if (text_[key_end + 1] != ':' || is_space(text_[next])) {
      next = skip_space(skip_space(key_end + 1) + 1);
      if (next >= size) return size;
    }
    if (scan_.escaped(at + 1, key_end)) name = unescape(name);
    std::uint32_t below = 0;
    if ((names & name_bit(name)) != 0 || deep) below = descend(node, name);
    const char c = text_[next];
    if (below == 0 && c == '"') {
      quotes.next();
      at = quotes.next() + 1;
    } else {
      at = below == 0 ? skip_value(next) : value(next, below, place, depth);
      if (c == '"' || c == '{' || c == '[') quotes.seek(at);
    }
    if (at < size && text_[at] != ',') at = skip_space(at);
    if (at >= size || text_[at] != ',') break;
    ++at;
    if (at < size && text_[at] != '"') at = skip_space(at);
  }
  return at < size ? at + 1 : size;
}

std::size_t SIGNALBOX_WALK::array(std::size_t at, std::uint32_t node, std::uint32_t place, int depth) {
  const std::size_t size = text_.size();
  if (depth > kMaxDepth) return scan_.closing(at) + 1;
  const std::uint32_t number = arrays_++;
  std::uint32_t element = 0;
  at = skip_space(at + 1);
  if (at < size && text_[at] == ']') return at + 1;
  while (at < size) {
    const char c = text_[at];
    std::uint32_t inside = place;
    if (c == '{' || c == '[') {
      inside = static_cast<std::uint32_t>(values_->places.size());
      values_->places.push_back({place, number, element});
    }
    at = value(at, node, inside, depth + 1);
    ++element;
    at = skip_space(at);
    if (at >= size || text_[at] != ',') break;
    at = skip_space(at + 1);
  }
  return at < size ? at + 1 : size;
}

std::size_t SIGNALBOX_WALK::value(std::size_t at, std::uint32_t node, std::uint32_t place, int depth) {
  switch (text_[at]) {
    case '{':
      return object(at, node, place, depth + 1);
    case '[':
      return array(at, node, place, depth + 1);
    case '"': {
      const std::size_t end = scan_.next_quote(at + 1);
      if (end >= text_.size()) return text_.size();
      std::string_view text = text_.substr(at + 1, end - at - 1);
      if (scan_.escaped(at + 1, end)) text = unescape(text);
      add(json::Type::kString, text, node, place);
      return end + 1;
    }
    default:
      break;
  }
  const std::size_t end = skip_value(at);
  const std::string_view text = text_.substr(at, end - at);
  const char c = text.empty() ? 'n' : text.front();
  const json::Type type = c == 'n'   ? json::Type::kNull
                          : c == 't' ? json::Type::kTrue
                          : c == 'f' ? json::Type::kFalse
                                     : json::Type::kNumber;
  add(type, text, node, place);
  return end;
}

std::size_t SIGNALBOX_WALK::skip_value(std::size_t at) const {
  const std::size_t size = text_.size();
  const char c = text_[at];
  if (c == '"') return std::min(scan_.next_quote(at + 1) + 1, size);
  if (c == '{' || c == '[') return std::min(scan_.closing(at) + 1, size);
  while (at < size && text_[at] != ',' && text_[at] != '}' && text_[at] != ']' && !is_space(text_[at])) ++at;
  return at;
}

void SIGNALBOX_WALK::add(json::Type type, std::string_view text, std::uint32_t node, std::uint32_t place) {
  EventValues::Path& path = values_->paths[node];
  const auto number = static_cast<std::uint32_t>(values_->values.size());
  if (path.event != values_->event) {
    if (!index_->nodes.find(Index::node_key(node))->wanted) return;
    path = {values_->event, number, number, 0};
    present_->push_back(node);
  } else {
    values_->values[path.last].next = number;
    path.last = number;
  }
  ++path.count;
  values_->values.push_back({type, kNone, place, text});
}
