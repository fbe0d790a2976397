# mehr_layer(N SOURCES ...) makes the static library mehr-lN, alias mehr::lN.
#
# Call it from libmehr-lN/CMakeLists.txt. include/ is public, src/ is private, the layer below is
# linked. Layers below 3 run on firmware and are built without exceptions and RTTI. Two tests come
# with each layer: what it includes, and what its archive asks of the linker.
#
# With MEHR_SIM each layer is made a second time, mehr-lN-sim, with its hazard sites
# (mehr/core/hazard.h): what ports/sim links and nobody else.
function(mehr_layer n)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LINK")
  mehr_layer_library(${n} "")
  add_library(mehr::l${n} ALIAS mehr-l${n})
  if(MEHR_SIM)
    mehr_layer_library(${n} "-sim")
    target_compile_definitions(mehr-l${n}-sim PUBLIC MEHR_HAZARDS=1)
    set_target_properties(mehr-l${n}-sim PROPERTIES EXCLUDE_FROM_ALL TRUE)
  endif()
  if(MEHR_TESTS OR MEHR_FIRMWARE)
    mehr_layer_checks(${n})
  endif()
endfunction()

# The library mehr-lN or, with @p variant "-sim", its double.
function(mehr_layer_library n variant)
  set(lib mehr-l${n}${variant})
  add_library(${lib} STATIC ${arg_SOURCES})
  target_include_directories(${lib} PUBLIC include PRIVATE src)
  target_link_libraries(${lib} PRIVATE mehr_options ${arg_LINK})
  if(n EQUAL 0)
    target_link_libraries(${lib} PUBLIC mehr_core_deps PRIVATE mehr_crypto_deps)
  else()
    math(EXPR below "${n} - 1")
    target_link_libraries(${lib} PUBLIC mehr-l${below}${variant})
  endif()
  if(n LESS 3)
    target_compile_options(${lib}
                           PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions;-fno-rtti>)
  endif()
  target_precompile_headers(
    ${lib} PRIVATE <algorithm> <array> <compare> <concepts> <cstdint> <functional> <memory>
    <optional> <span> <string> <string_view> <tuple> <type_traits> <utility> <variant> <vector>
    <gsl/gsl> <tl/expected.hpp>)
endfunction()

function(mehr_layer_checks n)
  add_test(NAME layer.l${n}.includes
           COMMAND ${CMAKE_COMMAND} -DN=${n} -DDIR=${CMAKE_CURRENT_SOURCE_DIR} -P
                   ${PROJECT_SOURCE_DIR}/cmake/CheckIncludes.cmake)
  add_test(NAME layer.l${n}.symbols
           COMMAND ${CMAKE_COMMAND} -DN=${n} -DLIB=$<TARGET_FILE:mehr-l${n}> -DNM=${CMAKE_NM} -P
                   ${PROJECT_SOURCE_DIR}/cmake/CheckSymbols.cmake)
  set_tests_properties(layer.l${n}.includes layer.l${n}.symbols PROPERTIES LABELS "layer")
endfunction()
