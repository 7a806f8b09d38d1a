/* SPDX-License-Identifier: Apache-2.0 */
/* fields.h: a struct's fields, declared, so that what Erlang does with a state works with a
 * struct: show it as a term, set it from one, convert it to another version of itself.
 *
 *      struct counter { int64_t value; char name[32]; };
 *      KR_FIELDS(counter_fields, struct counter, value, name);
 *
 *      kr_fields_get(counter_fields, &c)      #{name => <<"a">>, value => 3}
 *
 * Types    integers of any size, bool, float and double (finite), kr_atom, kr_pid, kr_ref,
 *          kr_port, char[N] (text, a binary of the bytes before the zero), and kr_term, which
 *          must be kept by the process (kr_keep, kr_replace) or need no memory. A field of
 *          any other type does not compile. Fields that are not declared are left alone.
 * Threads  any, but for kr_term fields: their owner.
 */
#ifndef KRARUP_FIELDS_H
#define KRARUP_FIELDS_H

#include <krarup/term.h>

typedef enum kr_field_type {
        KR_FIELD_NONE,
        KR_FIELD_INT,  /* of `size` bytes */
        KR_FIELD_UINT, /* of `size` bytes */
        KR_FIELD_BOOL,
        KR_FIELD_FLOAT, /* of `size` bytes */
        KR_FIELD_ATOM,
        KR_FIELD_PID,
        KR_FIELD_REF,
        KR_FIELD_PORT,
        KR_FIELD_TEXT, /* char[size] */
        KR_FIELD_TERM,
} kr_field_type;

/* One field; a list of them ends with one whose name is NULL. */
struct kr_field {
        const char *name;
        uint32_t offset;
        uint32_t size;
        kr_field_type type;
};

/* KR_FIELDS(name, struct type, field, ...): define `name`, a static list of up to 32 of the
 * fields of that type. */
#define KR_FIELDS(fields, type, ...)                                                     \
        static const struct kr_field fields[] = { KRI_FIELDS_PICK(                       \
                __VA_ARGS__)(type, __VA_ARGS__){ NULL, 0, 0, KR_FIELD_NONE } }

KR_BEGIN_DECLS

/* Gives a new term: a map of field names and values. An atom, pid, ... that is none is the atom
 * `undefined`, a float that is not finite `nan`. none: no memory. */
KR_API kr_term kr_fields_get(const struct kr_field *fields, const void *state);

/* Set the fields that a map names; the others stay. All or nothing:
 * KR_EBADARG  no map, a key that is no field, or a value that does not fit; *ret_field is
 *             that field, or NULL where there is none (ret_field may be NULL)
 * KR_ENOMEM   for a kr_term field */
KR_API KR_MUST_CHECK kr_err kr_fields_set(const struct kr_field *fields, void *state,
                                          kr_term map, const struct kr_field **ret_field);

/* Set the fields of `to` from those of `from` with the same name: the state of an old version
 * becomes one of a new version, whatever its layout. Integers may change their size, texts
 * theirs, if the value fits; other types must be the same. Fields that are new stay as they
 * are in `to`; kr_term fields that are taken over are moved (both then hold the same term:
 * release it once). All or nothing, as kr_fields_set. */
KR_API KR_MUST_CHECK kr_err kr_fields_convert(const struct kr_field *from_fields,
                                              const void *from,
                                              const struct kr_field *to_fields, void *to,
                                              const struct kr_field **ret_field);

KR_END_DECLS

/* -- behind the macro -- */

#define KRI_FIELD(type, field)                                                           \
        { #field, (uint32_t)offsetof(type, field), (uint32_t)sizeof(((type *)0)->field), \
          KRI_FIELD_TYPE(type, field) },

#ifndef __cplusplus
/* clang-format off */
/* An array of char decays to a pointer here; a field that is one is not for declaring, for
 * nobody knows whose memory it is: the array's size then is negative. */
#define KRI_FIELD_TYPE(type, field)                                                      \
        ((kr_field_type)(_Generic(((type *)0)->field,                                    \
                char: (char)-1 < 0 ? KR_FIELD_INT : KR_FIELD_UINT,                       \
                signed char: KR_FIELD_INT, short: KR_FIELD_INT, int: KR_FIELD_INT,       \
                long: KR_FIELD_INT, long long: KR_FIELD_INT,                             \
                unsigned char: KR_FIELD_UINT, unsigned short: KR_FIELD_UINT,             \
                unsigned: KR_FIELD_UINT, unsigned long: KR_FIELD_UINT,                   \
                unsigned long long: KR_FIELD_UINT, bool: KR_FIELD_BOOL,                  \
                float: KR_FIELD_FLOAT, double: KR_FIELD_FLOAT, kr_atom: KR_FIELD_ATOM,   \
                kr_pid: KR_FIELD_PID, kr_ref: KR_FIELD_REF, kr_port: KR_FIELD_PORT,      \
                kr_term: KR_FIELD_TERM, char *: KR_FIELD_TEXT) +                         \
         0 * sizeof(char[__builtin_types_compatible_p(                                   \
                            __typeof__(((type *)0)->field), char *) ? -1 : 1])))
/* clang-format on */
#else
/* The size of what kri_field_of returns is the type; it is never called. */
#define KRI_FIELD_CXX(ctype, symbol)                                                     \
        char(&kri_field_of(const ctype *))[KR_FIELD_##symbol];
char (&kri_field_of(const char *))[(char)-1 < 0 ? KR_FIELD_INT : KR_FIELD_UINT];
KRI_FIELD_CXX(signed char, INT)
KRI_FIELD_CXX(short, INT)
KRI_FIELD_CXX(int, INT)
KRI_FIELD_CXX(long, INT)
KRI_FIELD_CXX(long long, INT)
KRI_FIELD_CXX(unsigned char, UINT)
KRI_FIELD_CXX(unsigned short, UINT)
KRI_FIELD_CXX(unsigned int, UINT)
KRI_FIELD_CXX(unsigned long, UINT)
KRI_FIELD_CXX(unsigned long long, UINT)
KRI_FIELD_CXX(bool, BOOL)
KRI_FIELD_CXX(float, FLOAT)
KRI_FIELD_CXX(double, FLOAT)
KRI_FIELD_CXX(kr_atom, ATOM)
KRI_FIELD_CXX(kr_pid, PID)
KRI_FIELD_CXX(kr_ref, REF)
KRI_FIELD_CXX(kr_port, PORT)
KRI_FIELD_CXX(kr_term, TERM)
template <size_t size> char (&kri_field_of(const char (*)[size]))[KR_FIELD_TEXT];
#undef KRI_FIELD_CXX
#define KRI_FIELD_TYPE(type, field)                                                      \
        ((kr_field_type)sizeof(kri_field_of(&((type *)0)->field)))
#endif

/* clang-format off */
#define KRI_FIELDS_PICK(...)                                                             \
        KRI_FIELDS_PICK_(__VA_ARGS__,                                                    \
                KRI_FIELDS_32, KRI_FIELDS_31, KRI_FIELDS_30, KRI_FIELDS_29,              \
                KRI_FIELDS_28, KRI_FIELDS_27, KRI_FIELDS_26, KRI_FIELDS_25,              \
                KRI_FIELDS_24, KRI_FIELDS_23, KRI_FIELDS_22, KRI_FIELDS_21,              \
                KRI_FIELDS_20, KRI_FIELDS_19, KRI_FIELDS_18, KRI_FIELDS_17,              \
                KRI_FIELDS_16, KRI_FIELDS_15, KRI_FIELDS_14, KRI_FIELDS_13,              \
                KRI_FIELDS_12, KRI_FIELDS_11, KRI_FIELDS_10, KRI_FIELDS_9,               \
                KRI_FIELDS_8, KRI_FIELDS_7, KRI_FIELDS_6, KRI_FIELDS_5,                  \
                KRI_FIELDS_4, KRI_FIELDS_3, KRI_FIELDS_2, KRI_FIELDS_1, )
#define KRI_FIELDS_PICK_(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u,  \
                         v, w, x, y, z, aa, bb, cc, dd, ee, ff, pick, ...) pick
#define KRI_FIELDS_1(t, f) KRI_FIELD(t, f)
#define KRI_FIELDS_2(t, f, ...) KRI_FIELD(t, f) KRI_FIELDS_1(t, __VA_ARGS__)
#define KRI_FIELDS_3(t, f, ...) KRI_FIELD(t, f) KRI_FIELDS_2(t, __VA_ARGS__)
#define KRI_FIELDS_4(t, f, ...) KRI_FIELD(t, f) KRI_FIELDS_3(t, __VA_ARGS__)
#define KRI_FIELDS_5(t, f, ...) KRI_FIELD(t, f) KRI_FIELDS_4(t, __VA_ARGS__)
#define KRI_FIELDS_6(t, f, ...) KRI_FIELD(t, f) KRI_FIELDS_5(t, __VA_ARGS__)
#define KRI_FIELDS_7(t, f, ...) KRI_FIELD(t, f) KRI_FIELDS_6(t, __VA_ARGS__)
#define KRI_FIELDS_8(t, f, ...) KRI_FIELD(t, f) KRI_FIELDS_7(t, __VA_ARGS__)
#define KRI_FIELDS_9(t, f, ...) KRI_FIELD(t, f) KRI_FIELDS_8(t, __VA_ARGS__)
#define KRI_FIELDS_10(t, f, ...) KRI_FIELD(t, f) KRI_FIELDS_9(t, __VA_ARGS__)
#define KRI_FIELDS_11(t, f, ...) KRI_FIELD(t, f) KRI_FIELDS_10(t, __VA_ARGS__)
#define KRI_FIELDS_12(t, f, ...) KRI_FIELD(t, f) KRI_FIELDS_11(t, __VA_ARGS__)
#define KRI_FIELDS_13(t, f, ...) KRI_FIELD(t, f) KRI_FIELDS_12(t, __VA_ARGS__)
#define KRI_FIELDS_14(t, f, ...) KRI_FIELD(t, f) KRI_FIELDS_13(t, __VA_ARGS__)
#define KRI_FIELDS_15(t, f, ...) KRI_FIELD(t, f) KRI_FIELDS_14(t, __VA_ARGS__)
#define KRI_FIELDS_16(t, f, ...) KRI_FIELD(t, f) KRI_FIELDS_15(t, __VA_ARGS__)
#define KRI_FIELDS_17(t, f, ...) KRI_FIELD(t, f) KRI_FIELDS_16(t, __VA_ARGS__)
#define KRI_FIELDS_18(t, f, ...) KRI_FIELD(t, f) KRI_FIELDS_17(t, __VA_ARGS__)
#define KRI_FIELDS_19(t, f, ...) KRI_FIELD(t, f) KRI_FIELDS_18(t, __VA_ARGS__)
#define KRI_FIELDS_20(t, f, ...) KRI_FIELD(t, f) KRI_FIELDS_19(t, __VA_ARGS__)
#define KRI_FIELDS_21(t, f, ...) KRI_FIELD(t, f) KRI_FIELDS_20(t, __VA_ARGS__)
#define KRI_FIELDS_22(t, f, ...) KRI_FIELD(t, f) KRI_FIELDS_21(t, __VA_ARGS__)
#define KRI_FIELDS_23(t, f, ...) KRI_FIELD(t, f) KRI_FIELDS_22(t, __VA_ARGS__)
#define KRI_FIELDS_24(t, f, ...) KRI_FIELD(t, f) KRI_FIELDS_23(t, __VA_ARGS__)
#define KRI_FIELDS_25(t, f, ...) KRI_FIELD(t, f) KRI_FIELDS_24(t, __VA_ARGS__)
#define KRI_FIELDS_26(t, f, ...) KRI_FIELD(t, f) KRI_FIELDS_25(t, __VA_ARGS__)
#define KRI_FIELDS_27(t, f, ...) KRI_FIELD(t, f) KRI_FIELDS_26(t, __VA_ARGS__)
#define KRI_FIELDS_28(t, f, ...) KRI_FIELD(t, f) KRI_FIELDS_27(t, __VA_ARGS__)
#define KRI_FIELDS_29(t, f, ...) KRI_FIELD(t, f) KRI_FIELDS_28(t, __VA_ARGS__)
#define KRI_FIELDS_30(t, f, ...) KRI_FIELD(t, f) KRI_FIELDS_29(t, __VA_ARGS__)
#define KRI_FIELDS_31(t, f, ...) KRI_FIELD(t, f) KRI_FIELDS_30(t, __VA_ARGS__)
#define KRI_FIELDS_32(t, f, ...) KRI_FIELD(t, f) KRI_FIELDS_31(t, __VA_ARGS__)
/* clang-format on */

#endif
