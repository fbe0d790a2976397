# Fails when an archive holds anything of the simulator's hazards and planted defects: a symbol
# mehr::hazard or mehr::planted, asked for or defined, or the name of a site.
#
# Usage: cmake -DROOT=<tree> -DLIBS=<archive;archive> -DNM=nm -P CheckHazards.cmake
#
# The names are read from the calls in the sources, so a new site is looked for without being told.
cmake_minimum_required(VERSION 3.25)

if(NOT IS_DIRECTORY "${ROOT}" OR NOT LIBS OR NOT NM)
  message(FATAL_ERROR "usage: cmake -DROOT=<tree> -DLIBS=<archives> -DNM=<nm> -P CheckHazards.cmake")
endif()

set(sites "")
foreach(dir libmehr-l0 libmehr-l1 libmehr-l2 ports/stack examples/transfer)
  file(GLOB_RECURSE files "${ROOT}/${dir}/src/*.cpp")
  foreach(file IN LISTS files)
    file(STRINGS "${file}" lines REGEX "(hazard|planted)\\(\"")
    foreach(line IN LISTS lines)
      string(REGEX MATCHALL "(hazard|planted)\\(\"[a-z0-9_.]+\"\\)" calls "${line}")
      list(TRANSFORM calls REPLACE "^.*\\(\"([^\"]+)\"\\)$" "\\1")
      list(APPEND sites ${calls})
    endforeach()
  endforeach()
endforeach()
list(REMOVE_DUPLICATES sites)
list(LENGTH sites count)
if(count LESS 20)
  message(FATAL_ERROR "only ${count} hazard sites were found in ${ROOT}: look elsewhere")
endif()
string(REPLACE "." "\\." pattern "${sites}")
string(REPLACE ";" "|" pattern "${pattern}")

set(faults "")
foreach(lib IN LISTS LIBS)
  execute_process(
    COMMAND "${NM}" -C "${lib}"
    OUTPUT_VARIABLE symbols
    RESULT_VARIABLE failed
    ERROR_QUIET)
  if(failed)
    message(FATAL_ERROR "${NM} cannot read ${lib}")
  endif()
  string(REGEX MATCH "mehr::(hazard|planted)\\(" symbol "${symbols}")
  if(symbol)
    string(APPEND faults "\n${lib}: has the symbol ${symbol})")
  endif()
  file(STRINGS "${lib}" texts REGEX "${pattern}")
  if(texts)
    string(REGEX MATCH "${pattern}" text "${texts}")
    string(APPEND faults "\n${lib}: has the name ${text}")
  endif()
endforeach()

if(faults)
  message(FATAL_ERROR "hazard sites are left in what everybody links:${faults}")
endif()
list(LENGTH LIBS libs)
message(STATUS "none of ${count} hazard sites is left in ${libs} archives")
