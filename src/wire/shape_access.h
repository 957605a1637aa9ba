// The functions behind the pointers in the generated tables: access to a member or container of known type through
// void pointers.
#pragma once

#include <string>
#include <utility>

#include "wire/shape.h"

namespace signalbox::wire {

template <class Member>
struct MemberTypes;
template <class Owner, class Field>
struct MemberTypes<Field Owner::*> {
  using Structure = Owner;
};

template <auto kMember>
void* emplace_member(void* structure) {
  using Structure = typename MemberTypes<decltype(kMember)>::Structure;
  return &(static_cast<Structure*>(structure)->*kMember).emplace();
}

template <auto kMember>
const void* find_member(const void* structure) {
  using Structure = typename MemberTypes<decltype(kMember)>::Structure;
  const auto& member = static_cast<const Structure*>(structure)->*kMember;
  return member ? &*member : nullptr;
}

template <class List>
void* list_append(void* list) {
  return &static_cast<List*>(list)->emplace_back();
}

template <class List>
const void* list_at(const void* list, std::size_t index) {
  return &(*static_cast<const List*>(list))[index];
}

template <class Container>
std::size_t container_size(const void* container) {
  return static_cast<const Container*>(container)->size();
}

template <class Map>
void* map_insert(void* map, std::string key) {
  return &(*static_cast<Map*>(map))[std::move(key)];
}

template <class Map>
void map_each(const void* map, void* context, void (*visit)(void*, const std::string&, const void*)) {
  for (const auto& [key, value] : *static_cast<const Map*>(map)) visit(context, key, &value);
}

}  // namespace signalbox::wire
