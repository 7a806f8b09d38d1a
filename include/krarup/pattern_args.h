/* SPDX-License-Identifier: Apache-2.0 */
/* pattern_args.h: how a C value becomes an argument of a pattern, with its type.
 *
 * The table of pattern.h, for the compiler: every argument of a call site leaves a type
 * (one byte in the static site) and a value (one union kri_arg on the stack, of which only
 * the bytes in use are written). A type that is not in these lists does not compile: C
 * says that the selector of `_Generic` is compatible with no association, C++ that a
 * deleted function is used.
 */
#ifndef KRARUP_PATTERN_ARGS_H
#define KRARUP_PATTERN_ARGS_H

#include <krarup/term.h>

/* clang-format off */

/* X(C type, symbol): what a C value is read as */
#define KRI_INTEGER_MAP(X)                                                               \
        X(char, INT) X(signed char, INT) X(short, INT) X(int, INT) X(long, INT)          \
        X(long long, INT) X(unsigned char, UINT) X(unsigned short, UINT)                 \
        X(unsigned int, UINT) X(unsigned long, UINT) X(unsigned long long, UINT)
#define KRI_VALUE_MAP(X)                                                                 \
        KRI_INTEGER_MAP(X)                                                               \
        X(bool, BOOL) X(float, DOUBLE) X(double, DOUBLE) X(char *, STR)                  \
        X(const char *, STR) X(kr_atom, ATOM) X(kr_pid, PID) X(kr_port, PORT)            \
        X(kr_ref, REF) X(kr_term, TERM) X(kr_bytes, BYTES)

/* X(C type pointed to, symbol): what is written through a pointer. char is missing, as
 * `char *` is a string. */
#define KRI_OUTPUT_MAP(X)                                                                \
        X(signed char, OUT_I8) X(unsigned char, OUT_U8) X(short, OUT_I16)                \
        X(unsigned short, OUT_U16) X(int, OUT_I32) X(unsigned int, OUT_U32)              \
        X(long, OUT_LONG) X(unsigned long, OUT_ULONG) X(long long, OUT_I64)              \
        X(unsigned long long, OUT_U64) X(bool, OUT_BOOL) X(float, OUT_FLOAT)             \
        X(double, OUT_DOUBLE) X(const char *, OUT_STR) X(kr_atom, OUT_ATOM)              \
        X(kr_pid, OUT_PID) X(kr_port, OUT_PORT) X(kr_ref, OUT_REF)                       \
        X(kr_term, OUT_TERM) X(kr_bytes, OUT_BYTES)

/* clang-format on */

enum kri_arg_type {
        KRI_ARG_NONE, /* no argument of a program has this */
        KRI_ARG_INT,
        KRI_ARG_UINT,
        KRI_ARG_BOOL,
        KRI_ARG_DOUBLE,
        KRI_ARG_STR,
        KRI_ARG_ATOM,
        KRI_ARG_PID,
        KRI_ARG_PORT,
        KRI_ARG_REF,
        KRI_ARG_TERM,
        KRI_ARG_BYTES,
        KRI_ARG_OUT, /* from here on: pointers */
        KRI_ARG_OUT_I8 = KRI_ARG_OUT,
        KRI_ARG_OUT_U8,
        KRI_ARG_OUT_I16,
        KRI_ARG_OUT_U16,
        KRI_ARG_OUT_I32,
        KRI_ARG_OUT_U32,
        KRI_ARG_OUT_I64,
        KRI_ARG_OUT_U64,
        KRI_ARG_OUT_BOOL,
        KRI_ARG_OUT_FLOAT,
        KRI_ARG_OUT_DOUBLE,
        KRI_ARG_OUT_STR,
        KRI_ARG_OUT_ATOM,
        KRI_ARG_OUT_PID,
        KRI_ARG_OUT_PORT,
        KRI_ARG_OUT_REF,
        KRI_ARG_OUT_TERM,
        KRI_ARG_OUT_BYTES,
        KRI_ARG_TYPES,
        KRI_ARG_OUT_LONG = sizeof(long) == 8 ? KRI_ARG_OUT_I64 : KRI_ARG_OUT_I32,
        KRI_ARG_OUT_ULONG = sizeof(long) == 8 ? KRI_ARG_OUT_U64 : KRI_ARG_OUT_U32
};

/* One argument: a value, or the address where a result goes. */
union kri_arg {
        int64_t i;
        uint64_t u; /* also a bool and an atom's index: read and written as a word */
        double d;
        const char *str;
        kr_pid pid;
        kr_port port;
        kr_ref ref;
        kr_term term;
        kr_bytes bytes;
        void *out;
};

/* Writing one field leaves the others unwritten on purpose: nobody reads them. */
#define KRI_ARG_FROM(symbol, ctype, field, from)                                         \
        static inline union kri_arg kri_arg_##symbol(ctype value)                        \
        {                                                                                \
                union kri_arg arg;                                                       \
                                                                                         \
                arg.field = from;                                                        \
                return arg;                                                              \
        }
KRI_ARG_FROM(INT, int64_t, i, value)
KRI_ARG_FROM(UINT, uint64_t, u, value)
KRI_ARG_FROM(BOOL, bool, u, value)
KRI_ARG_FROM(DOUBLE, double, d, value)
KRI_ARG_FROM(STR, const char *, str, value)
KRI_ARG_FROM(ATOM, kr_atom, u, value.index)
KRI_ARG_FROM(PID, kr_pid, pid, value)
KRI_ARG_FROM(PORT, kr_port, port, value)
KRI_ARG_FROM(REF, kr_ref, ref, value)
KRI_ARG_FROM(TERM, kr_term, term, value)
KRI_ARG_FROM(BYTES, kr_bytes, bytes, value)
KRI_ARG_FROM(OUT, void *, out, value)
#undef KRI_ARG_FROM

#ifdef __cplusplus
#define KRI_STATIC_ASSERT(x, text) static_assert(x, text)
#else
#define KRI_STATIC_ASSERT(x, text) _Static_assert(x, text)
#endif

/* -- one argument: its type (a constant) and its value -- */

#ifndef __cplusplus

/* clang-format off */
#define KRI_TYPE_VALUE(ctype, symbol) ctype: KRI_ARG_##symbol,
#define KRI_TYPE_OUTPUT(ctype, symbol) ctype *: KRI_ARG_##symbol,
#define KRI_FROM_VALUE(ctype, symbol) ctype: kri_arg_##symbol,
#define KRI_FROM_OUTPUT(ctype, symbol) ctype *: kri_arg_OUT,

struct kri_no_argument; /* ends the lists, which may not end with a comma */
#define KRI_ARG_TYPE(x)                                                                  \
        _Generic((x), KRI_VALUE_MAP(KRI_TYPE_VALUE) KRI_OUTPUT_MAP(KRI_TYPE_OUTPUT)      \
                 struct kri_no_argument *: KRI_ARG_NONE)
#define KRI_ARG(x)                                                                       \
        _Generic((x), KRI_VALUE_MAP(KRI_FROM_VALUE) KRI_OUTPUT_MAP(KRI_FROM_OUTPUT)      \
                 struct kri_no_argument *: kri_arg_OUT)(x)
/* clang-format on */

#else

/* The size of what kri_type_of returns is the type; it is never called. */
#define KRI_CXX_VALUE(ctype, symbol)                                                     \
        char(&kri_type_of(ctype))[KRI_ARG_##symbol];                                     \
        static inline union kri_arg kri_arg_of(ctype value)                              \
        {                                                                                \
                return kri_arg_##symbol(value);                                          \
        }
#define KRI_CXX_OUTPUT(ctype, symbol)                                                    \
        char(&kri_type_of(ctype *))[KRI_ARG_##symbol];                                   \
        static inline union kri_arg kri_arg_of(ctype *out)                               \
        {                                                                                \
                return kri_arg_OUT(out);                                                 \
        }
extern "C++" {
KRI_VALUE_MAP(KRI_CXX_VALUE)
KRI_OUTPUT_MAP(KRI_CXX_OUTPUT)
/* else any pointer would pass as a bool */
template <typename T> char (&kri_type_of(T *))[KRI_ARG_TYPES] = delete;
template <typename T> union kri_arg kri_arg_of(T *) = delete;

/* An array that may be a temporary: valid to the end of the full expression. */
template <typename T, unsigned N> struct kri_list {
        T items[N];
        const T *get() const
        {
                return items;
        }
};
template <typename T> struct kri_list<T, 0> {
        const T *get() const
        {
                return nullptr;
        }
};
}
#undef KRI_CXX_VALUE
#undef KRI_CXX_OUTPUT

#define KRI_ARG_TYPE(x) sizeof(kri_type_of(x))
#define KRI_ARG(x) kri_arg_of(x)

#endif

/* -- lists of arguments -- */

#define KRI_ARGS_MAX 16

/* How many macro arguments: 1 to 40. */
#define KRI_COUNT(...)                                                                   \
        KRI_COUNT_(__VA_ARGS__, 40, 39, 38, 37, 36, 35, 34, 33, 32, 31, 30, 29, 28, 27,  \
                   26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10,   \
                   9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#define KRI_COUNT_(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w,  \
                   x, y, z, A, B, C, D, E, F, G, H, I, J, K, L, M, N, count, ...)        \
        count

#define KRI_PASTE(a, b) KRI_PASTE_(a, b)
#define KRI_PASTE_(a, b) a##b
#define KRI_FIRST(...) KRI_FIRST_(__VA_ARGS__, 0)
#define KRI_FIRST_(first, ...) first

/* m(x) and a comma, for each argument but the first, which is the pattern. More than 16
 * give nothing: the call site says what is wrong. */
#define KRI_EACH(m, ...)                                                                 \
        KRI_PASTE(KRI_EACH_, KRI_COUNT_(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, \
                                        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 17, 16, 15, 14, \
                                        13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0))   \
        (m, __VA_ARGS__)
#define KRI_EACH_0(m, ...)
#define KRI_EACH_1(m, p)
#define KRI_EACH_2(m, p, x) m(x),
#define KRI_EACH_3(m, p, x, ...) m(x), KRI_EACH_2(m, p, __VA_ARGS__)
#define KRI_EACH_4(m, p, x, ...) m(x), KRI_EACH_3(m, p, __VA_ARGS__)
#define KRI_EACH_5(m, p, x, ...) m(x), KRI_EACH_4(m, p, __VA_ARGS__)
#define KRI_EACH_6(m, p, x, ...) m(x), KRI_EACH_5(m, p, __VA_ARGS__)
#define KRI_EACH_7(m, p, x, ...) m(x), KRI_EACH_6(m, p, __VA_ARGS__)
#define KRI_EACH_8(m, p, x, ...) m(x), KRI_EACH_7(m, p, __VA_ARGS__)
#define KRI_EACH_9(m, p, x, ...) m(x), KRI_EACH_8(m, p, __VA_ARGS__)
#define KRI_EACH_10(m, p, x, ...) m(x), KRI_EACH_9(m, p, __VA_ARGS__)
#define KRI_EACH_11(m, p, x, ...) m(x), KRI_EACH_10(m, p, __VA_ARGS__)
#define KRI_EACH_12(m, p, x, ...) m(x), KRI_EACH_11(m, p, __VA_ARGS__)
#define KRI_EACH_13(m, p, x, ...) m(x), KRI_EACH_12(m, p, __VA_ARGS__)
#define KRI_EACH_14(m, p, x, ...) m(x), KRI_EACH_13(m, p, __VA_ARGS__)
#define KRI_EACH_15(m, p, x, ...) m(x), KRI_EACH_14(m, p, __VA_ARGS__)
#define KRI_EACH_16(m, p, x, ...) m(x), KRI_EACH_15(m, p, __VA_ARGS__)
#define KRI_EACH_17(m, p, x, ...) m(x), KRI_EACH_16(m, p, __VA_ARGS__)

#endif
