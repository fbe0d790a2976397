# Tests of the checks themselves: each is shown a planted fault and must fail on it, in its words.
set(planted "${PROJECT_SOURCE_DIR}/cmake/planted")

function(mehr_expect_failure name text)
  add_test(NAME ${name} COMMAND ${CMAKE_COMMAND} "-DEXPECT=${text}" "-DCOMMAND=${ARGN}" -P
                                ${PROJECT_SOURCE_DIR}/cmake/ExpectFailure.cmake)
  set_tests_properties(${name} PROPERTIES LABELS "layer")
endfunction()

# A planted file says in its first lines which layer it pretends to be and what must be said.
function(mehr_planted_word file key out)
  file(STRINGS "${file}" line REGEX "^// ${key}: " LIMIT_COUNT 1)
  string(REGEX REPLACE "^// ${key}: " "" value "${line}")
  set(${out} "${value}" PARENT_SCOPE)
endfunction()

file(GLOB include_faults "${planted}/includes/*")
foreach(dir IN LISTS include_faults)
  cmake_path(GET dir FILENAME name)
  file(GLOB_RECURSE file "${dir}/*")
  mehr_planted_word("${file}" layer layer)
  mehr_planted_word("${file}" expect text)
  mehr_expect_failure(
    layer.planted.include.${name} "${text}" ${CMAKE_COMMAND} -DN=${layer} -DDIR=${dir} -P
    ${PROJECT_SOURCE_DIR}/cmake/CheckIncludes.cmake)
endforeach()

# A sanitizer puts its own names in the place of some calls, so the archives are made without one.
if(NOT MEHR_SANITIZE AND NOT MEHR_FUZZ)
  file(GLOB symbol_faults "${planted}/symbols/*.c" "${planted}/symbols/*.cpp")
  foreach(file IN LISTS symbol_faults)
    cmake_path(GET file STEM name)
    add_library(planted-${name} STATIC "${file}")
    target_link_libraries(planted-${name} PRIVATE mehr_crypto_deps)
    target_compile_options(planted-${name} PRIVATE -w)
    set_target_properties(planted-${name} PROPERTIES C_EXTENSIONS ON ARCHIVE_OUTPUT_DIRECTORY
                                                                     "${PROJECT_BINARY_DIR}/planted")
    set(check ${CMAKE_COMMAND} -DN=1 -DLIB=$<TARGET_FILE:planted-${name}> -DNM=${CMAKE_NM} -P
              ${PROJECT_SOURCE_DIR}/cmake/CheckSymbols.cmake)
    if(name STREQUAL "clean")
      add_test(NAME layer.planted.symbol.clean COMMAND ${check})
      set_tests_properties(layer.planted.symbol.clean PROPERTIES LABELS "layer")
    else()
      mehr_planted_word("${file}" expect text)
      mehr_expect_failure(layer.planted.symbol.${name} "${text}" ${check})
    endif()
  endforeach()
endif()

# What the simulator's build of the layers has beyond theirs, and what only the simulator may link.
if(MEHR_SIM)
  set(check_hazards ${CMAKE_COMMAND} -DROOT=${PROJECT_SOURCE_DIR} -DNM=${CMAKE_NM})
  set(check_script -P ${PROJECT_SOURCE_DIR}/cmake/CheckHazards.cmake)
  set(archives "")
  foreach(lib mehr-l0 mehr-l1 mehr-l2 mehr-stack mehr-transfer)
    if(TARGET ${lib})
      list(APPEND archives $<TARGET_FILE:${lib}>)
    endif()
  endforeach()
  add_test(NAME layer.hazards-are-gone COMMAND ${check_hazards} "-DLIBS=${archives}"
                                               ${check_script})
  set_tests_properties(layer.hazards-are-gone PROPERTIES LABELS "layer")
  # Each double of these has sites, and there the check must see them.
  foreach(lib mehr-l0 mehr-l1 mehr-l2 mehr-transfer)
    if(TARGET ${lib})
      foreach(what symbol name)
        mehr_expect_failure(
          layer.planted.hazards.${lib}.${what} "lib${lib}-sim.a: has the ${what}" ${check_hazards}
          -DLIBS=$<TARGET_FILE:${lib}-sim> ${check_script})
      endforeach()
    endif()
  endforeach()
endif()

# The stand-in cipher and a program with sockets: the linker refuses, and names the reason. Without
# the stand-in the same command links. That the stand-in links where there are no sockets is shown
# by sim-fast-crypto.
if(TARGET mehrd AND TARGET mehr-sim-fast-crypto)
  file(MAKE_DIRECTORY "${PROJECT_BINARY_DIR}/planted")
  # What the system's libraries would give may stay open: it is our own names that must not meet.
  set(our_archives -Wl,--unresolved-symbols=ignore-all -Wl,--start-group)
  foreach(lib mehr-l0 mehr-l1 mehr-l2 mehr-stack mehr-transfer mehr-linux mehr-common)
    list(APPEND our_archives $<TARGET_FILE:${lib}>)
  endforeach()
  list(APPEND our_archives -Wl,--end-group)
  foreach(program mehrd mehr)
    set(link ${CMAKE_CXX_COMPILER} -o "${PROJECT_BINARY_DIR}/planted/${program}-linked"
             $<TARGET_OBJECTS:${program}>)
    add_test(NAME layer.planted.stand-in.${program}.without COMMAND ${link} ${our_archives}
             COMMAND_EXPAND_LISTS)
    set_tests_properties(layer.planted.stand-in.${program}.without PROPERTIES LABELS "layer")
    mehr_expect_failure(
      layer.planted.stand-in.${program}.with "mehr_real_crypto_only_programs_open_sockets" ${link}
      $<TARGET_OBJECTS:mehr-sim-fast-crypto> ${our_archives})
  endforeach()
endif()

find_program(MEHR_PYTHON python3)
if(MEHR_PYTHON)
  foreach(tool check-size check-banned firmware-size)
    add_test(NAME tools.${tool} COMMAND ${MEHR_PYTHON} ${PROJECT_SOURCE_DIR}/tools/${tool}
                                        --self-test)
    set_tests_properties(tools.${tool} PROPERTIES LABELS "tools")
  endforeach()
  # The device's build beside this one. Without its compiler it says so, and counts as skipped.
  if(MEHR_FIRMWARE_SIZE)
    add_test(NAME firmware.size COMMAND ${MEHR_PYTHON} ${PROJECT_SOURCE_DIR}/tools/firmware-size)
    set_tests_properties(firmware.size PROPERTIES LABELS "firmware" SKIP_RETURN_CODE 77 TIMEOUT 900)
  endif()
endif()

# The device's stand-in for libsodium does not even compile where there could be sockets.
mehr_expect_failure(
  layer.planted.stand-in.firmware "the stand-in is for a machine without operating system"
  ${CMAKE_CXX_COMPILER} -std=c++20 -fsyntax-only
  ${PROJECT_SOURCE_DIR}/test/firmware/image/stand_in_sodium.cpp)

# The tree inside somebody else's project.
if(MEHR_LINUX)
  add_test(NAME build.as-subproject
           COMMAND ${CMAKE_CTEST_COMMAND} --build-and-test "${PROJECT_SOURCE_DIR}/cmake/consumer"
                   "${PROJECT_BINARY_DIR}/a consumer" --build-generator ${CMAKE_GENERATOR}
                   --build-target consumer --build-options "-DMEHR_ROOT=${PROJECT_SOURCE_DIR}"
                   "-DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER}"
                   "-DCMAKE_C_COMPILER=${CMAKE_C_COMPILER}")
  set_tests_properties(build.as-subproject PROPERTIES LABELS "layer" TIMEOUT 120)
endif()
