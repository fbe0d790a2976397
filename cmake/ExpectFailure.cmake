# Runs a check on a planted fault and passes only if the check fails and says what it found.
#
# Usage: cmake -DEXPECT=<text> -DCOMMAND=<program;arguments> -P ExpectFailure.cmake
cmake_minimum_required(VERSION 3.25)
execute_process(
  COMMAND ${COMMAND}
  RESULT_VARIABLE status
  OUTPUT_VARIABLE said
  ERROR_VARIABLE complained)
# CMake wraps long messages; the expected text may be broken over lines.
string(REGEX REPLACE "[ \t\r\n]+" " " text "${said} ${complained}")
string(FIND "${text}" "${EXPECT}" found)
if(status EQUAL 0)
  message(FATAL_ERROR "the check did not see the planted fault:\n${text}")
elseif(found LESS 0)
  message(FATAL_ERROR "the check failed without saying \"${EXPECT}\":\n${text}")
endif()
message(STATUS "the check saw the planted fault: ${EXPECT}")
