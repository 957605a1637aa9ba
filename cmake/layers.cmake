# signalbox_precompile(TARGET HEADER...): most of the time that compiling takes goes into what a layer's files all include.
# CMake's precompiled headers, and what ccache needs to keep them (its manual, "Precompiled headers").
function(signalbox_precompile target)
  set(headers ${ARGN})
  # Found by the include path: with the checkout's own path ccache would share nothing between checkouts.
  list(TRANSFORM headers PREPEND "<")
  list(TRANSFORM headers APPEND ">")
  target_precompile_headers(${target} PRIVATE ${headers})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE -fpch-preprocess -Winvalid-pch)
  else()
    target_compile_options(${target} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
  endif()
endfunction()

# signalbox_unity(TARGET): its files are compiled a batch at a time, where SIGNALBOX_UNITY says so: what they all include, which is most
# of the work, is then read once for the batch. Names in anonymous namespaces must differ within a layer.
function(signalbox_unity target)
  if(SIGNALBOX_UNITY)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 12)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      # It takes each batch for a header.
      target_compile_options(${target} PRIVATE -Wno-subobject-linkage)
    endif()
  endif()
endfunction()

# signalbox_layer(FOLDER [HOT|COLD] [APART] [PRECOMPILE HEADER...] USES LIB...): the library of src/FOLDER, its unit tests and its example.cpp where it has
# them. In release builds HOT ones are compiled with -O3, and COLD ones, which work seldom or wait for others, with -O1: a
# fifth of the time that compiling takes.
# The library is named signalbox_FOLDER with '/' as '_'; sources are found by glob, tests are *_test.cpp.
function(signalbox_layer folder)
  cmake_parse_arguments(LAYER "HOT;COLD;APART" "" "USES;PRECOMPILE" ${ARGN})
  string(REPLACE "/" "_" name ${folder})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${folder}/*.cpp)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "(_test|/example|/runtime/[^/]*)\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  if(sources)
    add_library(signalbox_${name} STATIC ${sources})
    target_link_libraries(signalbox_${name} PUBLIC ${LAYER_USES})
    if(LAYER_PRECOMPILE)
      signalbox_precompile(signalbox_${name} ${LAYER_PRECOMPILE})
    endif()
    if(NOT LAYER_APART)
      signalbox_unity(signalbox_${name})
    endif()
    if(LAYER_HOT)
      target_compile_options(signalbox_${name} PRIVATE $<$<CONFIG:Release>:-O3>)
    elseif(LAYER_COLD)
      target_compile_options(signalbox_${name} PRIVATE $<$<CONFIG:Release>:-O1>)
    endif()
  else()
    add_library(signalbox_${name} INTERFACE)
    target_link_libraries(signalbox_${name} INTERFACE ${LAYER_USES})
  endif()
  if(EXISTS ${CMAKE_SOURCE_DIR}/src/${folder}/example.cpp)
    add_executable(${name}_example src/${folder}/example.cpp)
    target_link_libraries(${name}_example PRIVATE signalbox_${name})
  endif()
  if(tests)
    add_executable(${name}_test ${tests})
    target_compile_options(${name}_test PRIVATE $<$<CONFIG:Release>:-O1>)  # tests are compiled more than they run
    # The models for what is generic below the services: codecs and the door are tested on real ones.
    target_link_libraries(${name}_test PRIVATE signalbox_${name} signalbox_models GTest::gtest GTest::gmock GTest::gtest_main)
    list(LENGTH tests count)
    if(LAYER_PRECOMPILE AND count GREATER 3)
      signalbox_precompile(${name}_test ${LAYER_PRECOMPILE})
    endif()
    add_test(NAME ${name} COMMAND ${name}_test)
  endif()
endfunction()

# signalbox_models(TARGET FOLDER SERVICE...): a library of the C++ structs and descriptor tables generated from
# FOLDER/SERVICE.json, included as "models/SERVICE.h".
function(signalbox_models target folder)
  set(generated)
  foreach(service ${ARGN})
    set(model ${CMAKE_SOURCE_DIR}/${folder}/${service}.json)
    set(out ${CMAKE_BINARY_DIR}/generated/models/${service})
    add_custom_command(
      OUTPUT ${out}.h ${out}.cpp
      COMMAND python3 ${CMAKE_SOURCE_DIR}/tools/generate_models.py ${model} ${out}
      DEPENDS ${CMAKE_SOURCE_DIR}/tools/generate_models.py ${model}
      VERBATIM)
    list(APPEND generated ${out}.cpp ${out}.h)
  endforeach()
  add_library(${target} STATIC ${generated})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    # Every shape of a model stands there, also those that only variants of it use.
    target_compile_options(${target} PRIVATE -Wno-unused-const-variable)
  endif()
  target_link_libraries(${target} PUBLIC signalbox_wire)
endfunction()

# signalbox_sandbox_programs(LIBRARY FOLDER): the programs of FOLDER that run in sandboxes, carried within LIBRARY by its
# runtime_files.cpp. init.cpp is linked statically, by itself: it runs where nothing else is.
function(signalbox_sandbox_programs library folder)
  add_executable(${library}_init ${CMAKE_SOURCE_DIR}/${folder}/init.cpp)
  set_target_properties(${library}_init PROPERTIES COMPILE_OPTIONS "-Wall;-Wextra;-Wpedantic;-Wconversion;-Wshadow;-Werror;-O2"
                                                   LINK_OPTIONS "-static;-s")
  add_dependencies(${library} ${library}_init)
  file(GLOB programs CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.py ${CMAKE_SOURCE_DIR}/${folder}/*.mjs)
  # By itself, as what a file depends on is forgotten of those that are compiled in batches.
  set_source_files_properties(${CMAKE_SOURCE_DIR}/${folder}/../runtime_files.cpp PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON
                              OBJECT_DEPENDS "${programs};${CMAKE_BINARY_DIR}/${library}_init")
  target_compile_definitions(${library} PRIVATE SIGNALBOX_LAMBDA_INIT="${CMAKE_BINARY_DIR}/${library}_init"
                                                SIGNALBOX_LAMBDA_RUNTIME="${CMAKE_SOURCE_DIR}/${folder}")
endfunction()
