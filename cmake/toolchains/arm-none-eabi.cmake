# Debian's arm-none-eabi GCC for a Cortex-M4 without operating system. spec: HW/4
#
# For the preset firmware. Another core of the same family is another -mcpu here.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)
set(CMAKE_C_COMPILER arm-none-eabi-gcc)
set(CMAKE_CXX_COMPILER arm-none-eabi-g++)
set(CMAKE_ASM_COMPILER arm-none-eabi-gcc)
# A program needs a memory map, which compiler checks do not bring.
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)

set(machine "-mcpu=cortex-m4 -mthumb -mfloat-abi=soft --specs=nano.specs")
set(CMAKE_C_FLAGS_INIT "${machine}")
set(CMAKE_ASM_FLAGS_INIT "${machine}")
# One thread, so the statics of a function need no lock. And no note at each iterator that GCC before
# 7 passed otherwise.
set(CMAKE_CXX_FLAGS_INIT
    "${machine} -fno-exceptions -fno-rtti -fno-threadsafe-statics -Wno-psabi")
# No nosys.specs: who asks an operating system for something is told so by the linker.

# Nothing of the host is for the device; cmake/FirmwareDeps.cmake names the headers that are.
set(CMAKE_FIND_ROOT_PATH /usr/lib/arm-none-eabi)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
