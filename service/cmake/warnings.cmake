# Warnings are errors on our code; a foreign header is a system header and stays silent.
function(mr_warnings target)
  set(common -Wall -Wextra -Wshadow -Wformat=2 -Wundef -Wvla -Wcast-qual -Wpointer-arith -Werror)
  target_compile_options(${target} PRIVATE
    $<$<COMPILE_LANGUAGE:C>:${common};-Wconversion;-Wstrict-prototypes;-Wmissing-prototypes>
    $<$<COMPILE_LANGUAGE:CXX>:${common};-Wconversion;-fno-rtti>)
  mr_dialect(${target})
endfunction()

# Tests: the same, without -Wconversion (cmocka's macros cast by themselves) and with assertions on.
function(mr_test_warnings target)
  target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:C>:-Wall;-Wextra;-Wshadow;-Wformat=2;-Wvla;-Werror>)
  mr_dialect(${target})
endfunction()

function(mr_dialect target)
  # -ffp-contract=off: the same record gives the same bytes on every machine, fused multiply or not.
  target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:C,CXX>:-ffp-contract=off;-fno-strict-aliasing>)
  target_compile_definitions(${target} PRIVATE _POSIX_C_SOURCE=200809L _DEFAULT_SOURCE _FILE_OFFSET_BITS=64)
  if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT MEDREVIEW_SANITIZE)
    target_compile_definitions(${target} PRIVATE _FORTIFY_SOURCE=2)
    target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:C,CXX>:-fstack-protector-strong>)
  endif()
  if(MEDREVIEW_SANITIZE STREQUAL "address")
    target_compile_options(${target} PRIVATE -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(${target} PUBLIC -fsanitize=address,undefined)
  elseif(MEDREVIEW_SANITIZE STREQUAL "thread")
    target_compile_options(${target} PRIVATE -fsanitize=thread -fno-omit-frame-pointer)
    target_link_options(${target} PUBLIC -fsanitize=thread)
  endif()
  if(MEDREVIEW_FUZZ)
    target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
  endif()
endfunction()
