# What the layers stand on. Each one is named with its reason in docs/dependencies.md.

# A macro: the variables that find_package sets belong to the caller.
macro(mehr_need package)
  find_package(${package} ${ARGN} QUIET)
  if(NOT ${package}_FOUND)
    message(FATAL_ERROR "${package} was not found. Run tools/setup: it installs every package.")
  endif()
endmacro()

set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL ON)
mehr_need(tl-expected CONFIG)
mehr_need(Microsoft.GSL CONFIG)
mehr_need(OpenSSL 3.0 COMPONENTS Crypto)
mehr_need(BLAKE3)
mehr_need(PkgConfig)
pkg_check_modules(SODIUM QUIET IMPORTED_TARGET GLOBAL libsodium>=1.0.18)
if(NOT SODIUM_FOUND)
  message(FATAL_ERROR "libsodium 1.0.18 was not found. Run tools/setup: it installs every package.")
endif()

# The vocabulary of public headers: Result and contracts.
add_library(mehr_core_deps INTERFACE)
target_link_libraries(mehr_core_deps INTERFACE tl::expected Microsoft.GSL::GSL)
# The headers are C++20 for whoever includes them, not for our own targets alone.
target_compile_features(mehr_core_deps INTERFACE cxx_std_20)

# What mehr/core/crypto.h stands on; no public header shows it.
add_library(mehr_crypto_deps INTERFACE)
target_link_libraries(mehr_crypto_deps INTERFACE OpenSSL::Crypto PkgConfig::SODIUM BLAKE3::BLAKE3)
