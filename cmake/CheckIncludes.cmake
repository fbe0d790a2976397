# Fails when a file of libmehr-lN includes what that layer may not know.
#
# Usage: cmake -DN=1 -DDIR=libmehr-l1 -P CheckIncludes.cmake
#
# Allowed: mehr/core/..., mehr/lN/..., mehr/l(N-1)/..., the layer's own private headers in quotes,
# the standard headers listed here, and the two vocabulary libraries. Crypto libraries are for
# libmehr-l0/src alone, and mehr/core knows no layer. A header that is not listed is refused: clocks,
# sockets, files, threads, entropy and output come in through the seams of mehr/core.
cmake_minimum_required(VERSION 3.25)

set(allowed_standard
    algorithm array bit bitset charconv climits compare concepts cstddef cstdint cstdlib cstring
    deque functional initializer_list iterator limits list map memory memory_resource new numeric
    optional queue ranges set source_location span string string_view tuple type_traits utility
    variant vector version)
set(allowed_vocabulary "^(tl/expected\\.hpp|gsl/[a-z_]+)$")
set(allowed_crypto "^(openssl/[a-z0-9_]+\\.h|sodium\\.h|sodium/[a-z0-9_]+\\.h|blake3\\.h)$")

if(NOT DEFINED N OR NOT IS_DIRECTORY "${DIR}")
  message(FATAL_ERROR "usage: cmake -DN=<layer> -DDIR=<directory> -P CheckIncludes.cmake")
endif()
file(REAL_PATH "${DIR}" DIR)
math(EXPR below "${N} - 1")
set(faults "")

function(check_ours file where header)
  if(header MATCHES "^mehr/core/")
    return()
  endif()
  if(where MATCHES "^(include/mehr/core|src/core)/")
    set(why "mehr/core knows no layer")
  elseif(header MATCHES "^mehr/l(${N}|${below})/")
    return()
  else()
    set(why "layer ${N} may see mehr/core, mehr/l${N} and the layer below")
  endif()
  set(faults "${faults}\n${file}: forbidden include \"${header}\": ${why}" PARENT_SCOPE)
endfunction()

function(check_private file where header)
  cmake_path(GET file PARENT_PATH here)
  foreach(base IN ITEMS "${here}" "${DIR}/src")
    cmake_path(ABSOLUTE_PATH header BASE_DIRECTORY "${base}" NORMALIZE OUTPUT_VARIABLE target)
    cmake_path(IS_PREFIX DIR "${target}" NORMALIZE inside)
    if(inside AND EXISTS "${target}")
      return()
    endif()
  endforeach()
  set(faults "${faults}\n${file}: forbidden include \"${header}\": not a header of this layer"
      PARENT_SCOPE)
endfunction()

function(check_library file where header)
  if(header IN_LIST allowed_standard OR header MATCHES "${allowed_vocabulary}")
    return()
  endif()
  if(N EQUAL 0 AND where MATCHES "^src/" AND header MATCHES "${allowed_crypto}")
    return()
  endif()
  set(faults "${faults}\n${file}: forbidden include <${header}>: not on the list of CheckIncludes"
      PARENT_SCOPE)
endfunction()

file(GLOB_RECURSE files "${DIR}/include/*" "${DIR}/src/*")
if(NOT files)
  message(FATAL_ERROR "${DIR}: no files to check")
endif()
foreach(file IN LISTS files)
  cmake_path(RELATIVE_PATH file BASE_DIRECTORY "${DIR}" OUTPUT_VARIABLE where)
  file(STRINGS "${file}" lines REGEX "^[ \t]*#[ \t]*include")
  foreach(line IN LISTS lines)
    if(line MATCHES "include[ \t]*[<\"](mehr/[^>\"]+)[>\"]")
      check_ours("${file}" "${where}" "${CMAKE_MATCH_1}")
    elseif(line MATCHES "include[ \t]*\"([^\"]+)\"")
      check_private("${file}" "${where}" "${CMAKE_MATCH_1}")
    elseif(line MATCHES "include[ \t]*<([^>]+)>")
      check_library("${file}" "${where}" "${CMAKE_MATCH_1}")
    else()
      string(APPEND faults "\n${file}: forbidden include: '${line}' names no header")
    endif()
  endforeach()
endforeach()

if(faults)
  message(FATAL_ERROR "layer ${N} includes what it may not know:${faults}")
endif()
list(LENGTH files count)
message(STATUS "layer ${N}: ${count} files include only what they may")
