# The headers of tl::expected, GSL and libsodium for a compiler that is not the host's.
#
# All three are headers without a line of machine code or of the host's own, so the packages that the
# host has serve the device too. /usr/include as a whole must not: newlib's headers would meet
# glibc's. So a directory of links shows the compiler these and nothing else.
#
# libsodium itself is the device's to bring. The image that tools/firmware-size measures links
# MEHR_SODIUM, a library made of MEHR_SODIUM_SOURCE, or the stand-in of test/firmware.
set(firmware_include "${PROJECT_BINARY_DIR}/include")
file(MAKE_DIRECTORY "${firmware_include}")
foreach(header tl/expected.hpp gsl/gsl sodium.h sodium/version.h)
  if(NOT EXISTS "/usr/include/${header}")
    message(FATAL_ERROR "/usr/include/${header} was not found. Run tools/setup.")
  endif()
  string(REGEX REPLACE "/.*" "" entry "${header}")
  file(CREATE_LINK "/usr/include/${entry}" "${firmware_include}/${entry}" SYMBOLIC)
endforeach()

foreach(target tl::expected Microsoft.GSL::GSL PkgConfig::SODIUM)
  add_library(${target} INTERFACE IMPORTED GLOBAL)
  target_include_directories(${target} SYSTEM INTERFACE "${firmware_include}")
endforeach()
