# Language level, output places, ccache, and the warnings every target of ours is held to.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib")
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib")
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)

if(PROJECT_IS_TOP_LEVEL AND NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Kind of build" FORCE)
endif()

if(NOT MEHR_FIRMWARE)
  # For programs too: then a precompiled header serves programs and libraries alike.
  add_compile_options(-fPIC)
endif()
add_compile_options(-ffunction-sections -fdata-sections)
add_link_options(-Wl,--gc-sections)

if(MEHR_SANITIZE)
  # The vptr check wants type information, which the layers are built without.
  add_compile_options(
    -fsanitize=${MEHR_SANITIZE} -fno-sanitize=vptr -fno-sanitize-recover=all
    -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${MEHR_SANITIZE})
endif()
if(MEHR_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "MEHR_FUZZ needs clang: cmake --preset fuzz")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(MEHR_FIRMWARE_HOST)
  add_compile_definitions(MEHR_FIRMWARE_HOST=1)
endif()

find_program(MEHR_CCACHE ccache)
if(MEHR_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # The sloppiness lets ccache keep objects that were built with a precompiled header.
  set(launcher "${CMAKE_COMMAND}" -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      "${MEHR_CCACHE}")
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fpch-preprocess>)
  endif()
endif()

add_library(mehr_options INTERFACE)
set(common_warnings
    -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wcast-qual -Wformat=2
    -Wimplicit-fallthrough -Wvla -Werror)
set(cxx_warnings -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual -Wextra-semi)
set(c_warnings -Wstrict-prototypes -Wmissing-prototypes)
target_compile_options(
  mehr_options
  INTERFACE "$<$<COMPILE_LANGUAGE:C,CXX>:${common_warnings}>"
            "$<$<COMPILE_LANGUAGE:CXX>:${cxx_warnings}>" "$<$<COMPILE_LANGUAGE:C>:${c_warnings}>")
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 sees overlaps in std::string that are not there (GCC bug 105651).
  target_compile_options(
    mehr_options INTERFACE -Wno-restrict -Wduplicated-cond -Wlogical-op)
  if(MEHR_SANITIZE)
    # The instrumentation hides initialisation from the flow analysis.
    target_compile_options(mehr_options INTERFACE -Wno-maybe-uninitialized)
  endif()
endif()
