# mehr_test, mehr_fuzz and mehr_bench: one line per program.

# Catch's main, and Catch and RapidCheck as a precompiled header, are compiled once for all tests.
# Whoever adds a test names what it LINKs; these two come by themselves.
if(MEHR_TESTS)
  mehr_need(Catch2 CONFIG)
  mehr_need(rapidcheck CONFIG)
  include(Catch)
  add_library(mehr_catch_main STATIC EXCLUDE_FROM_ALL
              "${PROJECT_SOURCE_DIR}/cmake/catch_main.cpp")
  target_link_libraries(mehr_catch_main PUBLIC Catch2::Catch2 rapidcheck mehr_core_deps)
  target_compile_options(mehr_catch_main PRIVATE -O0)
  # The main defines what the header only declares, so the precompiled header is not its own.
  add_library(mehr_test_pch OBJECT EXCLUDE_FROM_ALL "${PROJECT_SOURCE_DIR}/cmake/test_pch.cpp")
  target_link_libraries(mehr_test_pch PRIVATE mehr_catch_main mehr_options)
  target_precompile_headers(mehr_test_pch PRIVATE <array> <cstdint> <optional> <span> <string>
                            <variant> <vector> <catch2/catch.hpp> <rapidcheck.h>)
endif()

# A program without sources is a failing test, not a silent nothing and not a broken configure.
macro(mehr_return_without_sources what)
  if(NOT arg_SOURCES)
    if(MEHR_TESTS)
      add_test(NAME "${what}.${arg_NAME}.has-no-sources" COMMAND ${CMAKE_COMMAND} -E false)
    endif()
    return()
  endif()
endmacro()

# mehr_test(NAME name SOURCES ... LINK ... [LABELS ...] [TIMEOUT seconds] [SERIAL])
#
# A Catch2 program bin/name. Each TEST_CASE becomes a ctest test "name:case", labelled unit
# unless LABELS says otherwise.
function(mehr_test)
  cmake_parse_arguments(PARSE_ARGV 0 arg "SERIAL" "NAME;TIMEOUT" "SOURCES;LINK;LABELS")
  if(NOT MEHR_TESTS)
    return()
  endif()
  mehr_return_without_sources(test)
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  if(NOT arg_LABELS)
    set(arg_LABELS unit)
  endif()
  add_executable(${arg_NAME} ${arg_SOURCES})
  target_link_libraries(${arg_NAME} PRIVATE mehr_catch_main ${arg_LINK} mehr_options)
  target_precompile_headers(${arg_NAME} REUSE_FROM mehr_test_pch)
  if(MEHR_FUZZ)
    # That build is for the fuzz programs: a test stays buildable on request.
    set_target_properties(${arg_NAME} PROPERTIES EXCLUDE_FROM_ALL TRUE)
    return()
  endif()
  set(properties LABELS "${arg_LABELS}" TIMEOUT ${arg_TIMEOUT})
  if(arg_SERIAL)
    list(APPEND properties RUN_SERIAL TRUE)
  endif()
  catch_discover_tests(${arg_NAME} TEST_PREFIX "${arg_NAME}:" PROPERTIES ${properties})
endfunction()

# mehr_fuzz(NAME name SOURCES ... LINK ...)
#
# The sources define LLVMFuzzerTestOneInput. With MEHR_FUZZ they become the libFuzzer program
# bin/fuzz-name; otherwise bin/replay-name, which feeds every file of test/corpus/name to it and is
# the test fuzz.replay.name. An empty or missing corpus fails.
function(mehr_fuzz)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "NAME" "SOURCES;LINK")
  if(NOT MEHR_TESTS AND NOT MEHR_FUZZ)
    return()
  endif()
  mehr_return_without_sources(fuzz)
  set(corpus "${PROJECT_SOURCE_DIR}/test/corpus/${arg_NAME}")
  if(MEHR_FUZZ)
    add_executable(fuzz-${arg_NAME} ${arg_SOURCES})
    target_link_libraries(fuzz-${arg_NAME} PRIVATE ${arg_LINK} mehr_options)
    target_link_options(fuzz-${arg_NAME} PRIVATE -fsanitize=fuzzer)
    set(command fuzz-${arg_NAME} -runs=0 "${corpus}")
  else()
    add_executable(replay-${arg_NAME} ${arg_SOURCES}
                                      "${PROJECT_SOURCE_DIR}/cmake/fuzz_replay_main.cpp")
    target_link_libraries(replay-${arg_NAME} PRIVATE ${arg_LINK} mehr_options)
    set(command replay-${arg_NAME} "${corpus}")
  endif()
  if(MEHR_TESTS)
    add_test(NAME fuzz.replay.${arg_NAME} COMMAND ${command})
    set_tests_properties(fuzz.replay.${arg_NAME} PROPERTIES LABELS "fuzz" TIMEOUT 120)
  endif()
endfunction()

# mehr_bench(NAME name SOURCES ... LINK ...)
#
# A Google Benchmark program bin/bench-name; with everything else when MEHR_BENCH is on, on request
# otherwise. Without the library the target does not exist.
function(mehr_bench)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "NAME" "SOURCES;LINK")
  find_package(benchmark CONFIG QUIET)
  if(NOT benchmark_FOUND)
    if(MEHR_BENCH)
      message(FATAL_ERROR "Google Benchmark was not found. Run tools/setup.")
    endif()
    return()
  endif()
  add_executable(bench-${arg_NAME} ${arg_SOURCES})
  target_link_libraries(bench-${arg_NAME} PRIVATE ${arg_LINK} benchmark::benchmark mehr_options)
  if(NOT MEHR_BENCH)
    set_target_properties(bench-${arg_NAME} PROPERTIES EXCLUDE_FROM_ALL TRUE)
  endif()
endfunction()
