#pragma once
#include <cblas.h>

/* What the compiler was told to use and what the processor has. Swift sees neither the target macros nor the builtins,
   so both are told here. Bits: 1 = FMA, 2 = AVX2, 4 = AVX-512 (F, DQ, BW and VL together). */
enum { RHO_CPU_FMA = 1, RHO_CPU_AVX2 = 2, RHO_CPU_AVX512 = 4 };

static inline int rho_cpu_required(void) {
    int bits = 0;
#ifdef __FMA__
    bits |= RHO_CPU_FMA;
#endif
#ifdef __AVX2__
    bits |= RHO_CPU_AVX2;
#endif
#if defined(__AVX512F__) && defined(__AVX512DQ__) && defined(__AVX512BW__) && defined(__AVX512VL__)
    bits |= RHO_CPU_AVX512;
#endif
    return bits;
}

static inline int rho_cpu_present(void) {
    int bits = 0;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("fma")) bits |= RHO_CPU_FMA;
    if (__builtin_cpu_supports("avx2")) bits |= RHO_CPU_AVX2;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512vl")) bits |= RHO_CPU_AVX512;
#endif
    return bits;
}

/* Tells the core that the thread is spinning, so that its twin on the same core gets the execution units. */
static inline void rho_spin_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("yield");
#endif
}

/* Asks for a cache line that will be read soon. An address outside any buffer does no harm. */
static inline void rho_prefetch(const void *address) { __builtin_prefetch(address, 0, 2); }
