# Puts the built-in scenarios into source files: cmake -DOUT=DIR -DDIR=DIR -P embed.cmake
#
# Each TOML file becomes one {name, about, text} of built_in.cpp, its sentence being the value of
# "about"; each JSON file that they name, one {file name, text}. They stand in the order of their names.
set(scenarios "// Made from ports/sim/scenarios/*.toml.\n")
file(GLOB files "${DIR}/*.toml")
list(SORT files)
foreach(file IN LISTS files)
  get_filename_component(name "${file}" NAME_WE)
  file(READ "${file}" text)
  if(NOT text MATCHES "(^|\n)about = \"([^\"\n]+)\"")
    message(FATAL_ERROR "${file} has no line about = \"...\"")
  endif()
  string(APPEND scenarios "{\"${name}\", \"${CMAKE_MATCH_2}\",\nR\"text(${text})text\"},\n")
endforeach()

set(topologies "// Made from ports/sim/scenarios/*.json.\n")
file(GLOB files "${DIR}/*.json")
list(SORT files)
foreach(file IN LISTS files)
  get_filename_component(name "${file}" NAME)
  file(READ "${file}" text)
  string(APPEND topologies "{\"${name}\",\nR\"text(${text})text\"},\n")
endforeach()

file(WRITE "${OUT}/built_in_scenarios.inc" "${scenarios}")
file(WRITE "${OUT}/built_in_topologies.inc" "${topologies}")
