#pragma once
#include <cblas.h>

/* What the compiler was told to use and what the processor has. Swift sees neither the target macros nor the builtins,
   so both are told here. Bits: 1 = FMA, 2 = AVX2, 4 = AVX-512 (F, DQ, BW and VL together). */
enum { RHO_CPU_FMA = 1, RHO_CPU_AVX2 = 2, RHO_CPU_AVX512 = 4 };

/* 1 where the compiler may use 32 vector registers of 16 floats. */
#if defined(__AVX512F__)
enum { RHO_WIDE_REGISTERS = 1 };
#else
enum { RHO_WIDE_REGISTERS = 0 };
#endif

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

/* Ends the stores that went past the caches, before another thread is told that they are done. */
static inline void rho_store_fence(void) {
#if defined(__x86_64__)
    __builtin_ia32_sfence();
#else
    __atomic_thread_fence(__ATOMIC_RELEASE);
#endif
}

/* What Swift's vectors take apart into lanes: squareRoot() becomes 16 calls of the C library, comparisons of half vectors
   loops over their lanes. */
typedef float rho_vector __attribute__((ext_vector_type(16)));
typedef float rho_half_vector __attribute__((ext_vector_type(8)));
typedef float rho_quarter_vector __attribute__((ext_vector_type(4)));

static inline __attribute__((always_inline)) rho_vector rho_square_root(rho_vector v) {
    return __builtin_elementwise_sqrt(v);
}

/* Stores a whole cache line past the caches: it is not read first, and pushes nothing out. The address must be a multiple
   of 64. */
static inline __attribute__((always_inline)) void rho_stream(float *address, rho_vector v) {
    __builtin_nontemporal_store(v, (rho_vector *)address);
}

/* Sixteen numbers of 16 bits, widened. Swift turns the words of half a vector into those of a whole one by a call. */
typedef unsigned short rho_half_bits __attribute__((ext_vector_type(16)));
typedef unsigned rho_bits __attribute__((ext_vector_type(16)));

static inline __attribute__((always_inline)) rho_bits rho_load_half_bits(const unsigned short *p) {
    rho_half_bits bits;
    __builtin_memcpy(&bits, p, sizeof bits);
    return __builtin_convertvector(bits, rho_bits);
}

/* bf16 is the upper half of an f32. */
static inline __attribute__((always_inline)) rho_vector rho_load_bf16(const unsigned short *p) {
    return (rho_vector)(rho_load_half_bits(p) << 16);
}

/* IEEE half precision without infinities and NaN, which weights do not hold: exponent and fraction go to f32's places, the
   factor makes up for the difference of the biases, subnormals included. */
static inline __attribute__((always_inline)) rho_vector rho_load_f16(const unsigned short *p) {
    rho_bits bits = rho_load_half_bits(p);
    rho_vector magnitude = (rho_vector)((bits & 0x7FFF) << 13) * 0x1p112f;
    return (rho_vector)((rho_bits)magnitude | (bits & 0x8000) << 16);
}

#if defined(__AVX512F__)
typedef float rho_builtin_vector __attribute__((vector_size(64)));

static inline __attribute__((always_inline)) unsigned short rho_lane_mask(long lanes) {
    return (unsigned short)((1u << (lanes < 0 ? 0 : lanes > 16 ? 16 : lanes)) - 1);
}
#endif

/* The first `lanes` numbers at p, `v` in the other lanes. */
static inline __attribute__((always_inline)) rho_vector rho_load_lanes(const float *p, long lanes, rho_vector v) {
#if defined(__AVX512F__)
    return (rho_vector)__builtin_ia32_loadups512_mask(p, (rho_builtin_vector)v, rho_lane_mask(lanes));
#else
    for (long lane = 0; lane < lanes && lane < 16; lane++) v[lane] = p[lane];
    return v;
#endif
}

/* Stores the first `lanes` numbers. */
static inline __attribute__((always_inline)) void rho_store_lanes(float *p, rho_vector v, long lanes) {
#if defined(__AVX512F__)
    __builtin_ia32_storeups512_mask(p, (rho_builtin_vector)v, rho_lane_mask(lanes));
#else
    for (long lane = 0; lane < lanes && lane < 16; lane++) p[lane] = v[lane];
#endif
}

/* 1/v within 2e-7: where the processor estimates it to 14 bits, that and a step of Newton's, for a division holds its unit
   for 16 cycles. */
static inline __attribute__((always_inline)) rho_vector rho_reciprocal(rho_vector v) {
#if defined(__AVX512F__)
    rho_builtin_vector x = (rho_builtin_vector)v;
    rho_vector r = (rho_vector)__builtin_ia32_rcp14ps512_mask(x, x, (unsigned short)-1);
    return __builtin_elementwise_fma(r, __builtin_elementwise_fma(-v, r, (rho_vector)1), r);
#else
    return 1 / v;
#endif
}

/* Largest lane; NaN if a lane is NaN. */
static inline __attribute__((always_inline)) float rho_lane_max(rho_vector v) {
    rho_half_vector a = ((v.lo > v.hi) | (v.lo != v.lo)) ? v.lo : v.hi;
    rho_quarter_vector b = ((a.lo > a.hi) | (a.lo != a.lo)) ? a.lo : a.hi;
    float c = b[0] > b[1] || b[0] != b[0] ? b[0] : b[1];
    float d = b[2] > b[3] || b[2] != b[2] ? b[2] : b[3];
    return c > d || c != c ? c : d;
}
