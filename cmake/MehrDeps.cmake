# What the layers stand on. Each one is named with its reason in docs/dependencies.md.

# A macro: the variables that find_package sets belong to the caller.
macro(mehr_need package)
  find_package(${package} ${ARGN} QUIET)
  if(NOT ${package}_FOUND)
    message(FATAL_ERROR "${package} was not found. Run tools/setup: it installs every package.")
  endif()
endmacro()

# Which library seals frames; everything else in mehr/core/crypto.h is the same with both.
set(MEHR_CRYPTO openssl CACHE STRING "ChaCha20-Poly1305 and big numbers: openssl or libsodium")
set_property(CACHE MEHR_CRYPTO PROPERTY STRINGS openssl libsodium)
if(NOT MEHR_CRYPTO MATCHES "^(openssl|libsodium)$")
  message(FATAL_ERROR "MEHR_CRYPTO is openssl or libsodium, not ${MEHR_CRYPTO}")
endif()

set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL ON)
if(MEHR_FIRMWARE)
  include(FirmwareDeps)
else()
  mehr_need(tl-expected CONFIG)
  mehr_need(Microsoft.GSL CONFIG)
  mehr_need(PkgConfig)
  pkg_check_modules(SODIUM QUIET IMPORTED_TARGET GLOBAL libsodium>=1.0.18)
  if(NOT SODIUM_FOUND)
    message(
      FATAL_ERROR "libsodium 1.0.18 was not found. Run tools/setup: it installs every package.")
  endif()
endif()
mehr_need(BLAKE3)
if(MEHR_CRYPTO STREQUAL "openssl")
  mehr_need(OpenSSL 3.0 COMPONENTS Crypto)
  if(OPENSSL_VERSION VERSION_LESS 3.5)
    message(STATUS "OpenSSL ${OPENSSL_VERSION} has no ML-KEM (3.5 has): links are not offered the "
                   "post-quantum hybrid")
  endif()
endif()

# The vocabulary of public headers: Result and contracts.
add_library(mehr_core_deps INTERFACE)
target_link_libraries(mehr_core_deps INTERFACE tl::expected Microsoft.GSL::GSL)
# The headers are C++20 for whoever includes them, not for our own targets alone.
target_compile_features(mehr_core_deps INTERFACE cxx_std_20)

# What mehr/core/crypto.h stands on; no public header shows it.
add_library(mehr_crypto_deps INTERFACE)
target_link_libraries(mehr_crypto_deps INTERFACE PkgConfig::SODIUM BLAKE3::BLAKE3)
if(MEHR_CRYPTO STREQUAL "openssl")
  target_link_libraries(mehr_crypto_deps INTERFACE OpenSSL::Crypto)
endif()
