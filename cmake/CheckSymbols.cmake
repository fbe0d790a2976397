# Fails when the archive of layer N asks the linker for the world: a clock, a socket, a file, a
# thread, entropy, output, or for a layer above.
#
# Usage: cmake -DN=1 -DLIB=libmehr-l1.a -DNM=nm -P CheckSymbols.cmake
#
# C names are matched whole, so a function of ours that merely contains one is no hit.
cmake_minimum_required(VERSION 3.25)

if(NOT DEFINED N OR NOT EXISTS "${LIB}" OR NOT NM)
  message(FATAL_ERROR "usage: cmake -DN=<layer> -DLIB=<archive> -DNM=<nm> -P CheckSymbols.cmake")
endif()

set(families clock socket file thread sleep entropy output process)
set(forbidden_clock
    clock_gettime clock_getres clock gettimeofday time ftime timespec_get localtime localtime_r
    gmtime gmtime_r mktime timer_create timerfd_create
    "std::chrono::.*clock::now.*")
set(forbidden_socket
    socket socketpair connect bind listen accept accept4 send sendto sendmsg recv recvfrom recvmsg
    setsockopt getsockopt getaddrinfo gethostbyname poll ppoll select epoll_.* "uv_.*")
set(forbidden_file
    open open64 openat creat fopen fopen64 fdopen fread fwrite fclose read write pread pwrite close
    lseek mmap mmap64 munmap unlink rename mkdir stat fstat lstat fsync opendir readdir tmpfile
    "std::(__cxx11::)?basic_[io]?fstream.*" "std::(__cxx11::)?basic_filebuf.*" "std::filesystem::.*"
    "std::basic_[io]?fstream.*" "std::basic_filebuf.*")
set(forbidden_thread
    "pthread_.*" "sem_.*" thrd_create mtx_lock cnd_wait fork vfork
    "std::thread::.*" "std::jthread.*" "std::condition_variable.*" "std::__atomic_futex_unsigned.*"
    "std::future.*" "std::this_thread::.*")
set(forbidden_sleep sleep usleep nanosleep clock_nanosleep alarm setitimer sched_yield)
set(forbidden_entropy
    rand srand rand_r random srandom drand48 lrand48 arc4random arc4random_buf arc4random_uniform
    getrandom getentropy "std::random_device.*" "randombytes.*" "RAND_.*" EVP_PKEY_keygen
    EVP_PKEY_generate EVP_PKEY_Q_keygen "crypto_.*_keygen" "crypto_(box|kx|sign|kem).*_keypair"
    "crypto_core_.*_random")
set(forbidden_output
    printf fprintf vprintf vfprintf dprintf puts putchar fputs fputc perror syslog __printf_chk
    __fprintf_chk __vfprintf_chk stdout stderr stdin
    "std::c(out|err|log|in)" "std::ostream::.*" "std::basic_ostream.*" "std::ios_base::Init.*")
set(forbidden_process system popen execve execvp getenv secure_getenv kill raise signal sigaction)

execute_process(
  COMMAND "${NM}" -u -C "${LIB}"
  OUTPUT_VARIABLE listing
  RESULT_VARIABLE failed
  ERROR_QUIET)
if(failed)
  message(FATAL_ERROR "${NM} cannot read ${LIB}")
endif()
# Semicolons and brackets in demangled names would upset CMake's lists.
string(REGEX REPLACE "[;\\[]|\\]" "_" listing "${listing}")
string(REGEX MATCHALL "[ \t]U [^\n]+" lines "${listing}")
list(TRANSFORM lines REPLACE "^[ \t]U " "")
list(REMOVE_DUPLICATES lines)

set(faults "")
foreach(family IN LISTS families)
  # A seeded key pair draws nothing.
  list(JOIN forbidden_${family} "|" pattern)
  foreach(symbol IN LISTS lines)
    if(symbol MATCHES "^(${pattern})$" AND NOT symbol MATCHES "_seed_keypair$")
      string(APPEND faults "\n${symbol}: ${family}")
    endif()
  endforeach()
endforeach()
foreach(symbol IN LISTS lines)
  if(symbol MATCHES "mehr::l([0-9]+)::" AND CMAKE_MATCH_1 GREATER N)
    string(APPEND faults "\n${symbol}: a layer above")
  endif()
endforeach()

if(faults)
  message(FATAL_ERROR "layer ${N} asks the linker for a forbidden symbol:${faults}")
endif()
list(LENGTH lines count)
message(STATUS "layer ${N}: none of ${count} undefined symbols reaches the world")
