# Finds BLAKE3 and gives the target BLAKE3::BLAKE3.
#
# A system library is taken where there is one (blake3.h and libblake3). Debian 12 has none, but
# its package librust-blake3-dev installs the official C sources with their assembly; those are
# then compiled here, each instruction set behind the library's own run-time dispatch.
include(FindPackageHandleStandardArgs)

find_path(BLAKE3_INCLUDE_DIR blake3.h)
find_library(BLAKE3_LIBRARY blake3)
mark_as_advanced(BLAKE3_INCLUDE_DIR BLAKE3_LIBRARY)

function(mehr_build_blake3 dir)
  set(sources blake3.c blake3_dispatch.c blake3_portable.c)
  set(definitions "")
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$" AND CMAKE_SIZEOF_VOID_P EQUAL 8)
    foreach(set sse2 sse41 avx2 avx512)
      list(APPEND sources blake3_${set}_x86-64_unix.S)
    endforeach()
  elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
    list(APPEND sources blake3_neon.c)
    list(APPEND definitions BLAKE3_USE_NEON=1)
  else()
    list(APPEND definitions BLAKE3_NO_SSE2 BLAKE3_NO_SSE41 BLAKE3_NO_AVX2 BLAKE3_NO_AVX512)
  endif()
  list(TRANSFORM sources PREPEND "${dir}/")
  add_library(mehr_blake3 STATIC ${sources})
  target_include_directories(mehr_blake3 SYSTEM PUBLIC "${dir}")
  target_compile_definitions(mehr_blake3 PRIVATE ${definitions})
  # Hashing is optimised in every build: the whole of it is somebody else's, tested code. On a
  # device it is size that counts.
  if(MEHR_FIRMWARE)
    # Its own assertions would print.
    target_compile_options(mehr_blake3 PRIVATE -w -DNDEBUG)
  else()
    target_compile_options(mehr_blake3 PRIVATE -w $<$<COMPILE_LANGUAGE:C>:-O3>)
  endif()
  add_library(BLAKE3::BLAKE3 ALIAS mehr_blake3)
endfunction()

if(NOT TARGET BLAKE3::BLAKE3)
  if(BLAKE3_INCLUDE_DIR AND BLAKE3_LIBRARY)
    add_library(BLAKE3::BLAKE3 UNKNOWN IMPORTED GLOBAL)
    set_target_properties(
      BLAKE3::BLAKE3 PROPERTIES IMPORTED_LOCATION "${BLAKE3_LIBRARY}"
                                INTERFACE_INCLUDE_DIRECTORIES "${BLAKE3_INCLUDE_DIR}")
    set(BLAKE3_SOURCE "${BLAKE3_LIBRARY}")
  else()
    file(GLOB headers /usr/share/cargo/registry/blake3-*/c/blake3.h)
    if(NOT headers)
      message(
        FATAL_ERROR
          "BLAKE3 was not found: neither a system libblake3 nor the C sources that Debian's "
          "package librust-blake3-dev installs. Run tools/setup, or: "
          "apt-get install librust-blake3-dev")
    endif()
    list(SORT headers COMPARE NATURAL ORDER DESCENDING)
    list(GET headers 0 header)
    cmake_path(GET header PARENT_PATH BLAKE3_SOURCE)
    mehr_build_blake3("${BLAKE3_SOURCE}")
  endif()
endif()

find_package_handle_standard_args(BLAKE3 REQUIRED_VARS BLAKE3_SOURCE)
