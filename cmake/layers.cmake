# signalbox_layer(FOLDER [HOT|COLD] USES LIB...): the library of src/FOLDER, its unit tests and its example.cpp where it has
# them. In release builds HOT ones are compiled with -O3, and COLD ones, which work seldom or wait for others, with -O1: a
# fifth of the time that compiling takes.
# The library is named signalbox_FOLDER with '/' as '_'; sources are found by glob, tests are *_test.cpp.
function(signalbox_layer folder)
  cmake_parse_arguments(LAYER "HOT;COLD" "" "USES" ${ARGN})
  string(REPLACE "/" "_" name ${folder})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${folder}/*.cpp)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "(_test|/example|/runtime/[^/]*)\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  if(sources)
    add_library(signalbox_${name} STATIC ${sources})
    target_link_libraries(signalbox_${name} PUBLIC ${LAYER_USES})
    if(LAYER_HOT)
      target_compile_options(signalbox_${name} PRIVATE $<$<CONFIG:Release>:-O3>)
    elseif(LAYER_COLD)
      target_compile_options(signalbox_${name} PRIVATE $<$<CONFIG:Release>:-O1>)
    endif()
  else()
    add_library(signalbox_${name} INTERFACE)
    target_link_libraries(signalbox_${name} INTERFACE ${LAYER_USES})
  endif()
  if(EXISTS ${CMAKE_SOURCE_DIR}/src/${folder}/example.cpp AND NOT SIGNALBOX_FUZZ)
    add_executable(${name}_example src/${folder}/example.cpp)
    target_link_libraries(${name}_example PRIVATE signalbox_${name})
  endif()
  if(tests AND NOT SIGNALBOX_FUZZ)
    add_executable(${name}_test ${tests})
    target_compile_options(${name}_test PRIVATE $<$<CONFIG:Release>:-O1>)  # tests are compiled more than they run
    # The models for what is generic below the services: codecs and the door are tested on real ones.
    target_link_libraries(${name}_test PRIVATE signalbox_${name} signalbox_models GTest::gtest GTest::gmock GTest::gtest_main)
    add_test(NAME ${name} COMMAND ${name}_test)
  endif()
endfunction()

# signalbox_models(SERVICE...): C++ structs and descriptor tables generated from models/SERVICE.json,
# included as "models/SERVICE.h".
function(signalbox_models)
  set(generated)
  foreach(service ${ARGN})
    set(out ${CMAKE_BINARY_DIR}/generated/models/${service})
    add_custom_command(
      OUTPUT ${out}.h ${out}.cpp
      COMMAND python3 ${CMAKE_SOURCE_DIR}/tools/generate_models.py ${CMAKE_SOURCE_DIR}/models/${service}.json ${out}
      DEPENDS ${CMAKE_SOURCE_DIR}/tools/generate_models.py ${CMAKE_SOURCE_DIR}/models/${service}.json
      VERBATIM)
    list(APPEND generated ${out}.cpp ${out}.h)
  endforeach()
  add_library(signalbox_models STATIC ${generated})
  target_link_libraries(signalbox_models PUBLIC signalbox_wire)
endfunction()

# signalbox_sandbox_programs(LIBRARY FOLDER): the programs of FOLDER that run in sandboxes, carried within LIBRARY by its
# runtime_files.cpp. init.cpp is linked statically, by itself: it runs where nothing else is.
function(signalbox_sandbox_programs library folder)
  add_executable(${library}_init ${CMAKE_SOURCE_DIR}/${folder}/init.cpp)
  set_target_properties(${library}_init PROPERTIES COMPILE_OPTIONS "-Wall;-Wextra;-Wpedantic;-Wconversion;-Wshadow;-Werror;-O2"
                                                   LINK_OPTIONS "-static;-s")
  add_dependencies(${library} ${library}_init)
  file(GLOB programs CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.py ${CMAKE_SOURCE_DIR}/${folder}/*.mjs)
  set_source_files_properties(${CMAKE_SOURCE_DIR}/${folder}/../runtime_files.cpp PROPERTIES OBJECT_DEPENDS
                              "${programs};${CMAKE_BINARY_DIR}/${library}_init")
  target_compile_definitions(${library} PRIVATE SIGNALBOX_LAMBDA_INIT="${CMAKE_BINARY_DIR}/${library}_init"
                                                SIGNALBOX_LAMBDA_RUNTIME="${CMAKE_SOURCE_DIR}/${folder}")
endfunction()
