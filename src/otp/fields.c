/* SPDX-License-Identifier: Apache-2.0 */
#include <krarup/fields.h>
#include <krarup/memory.h>
#include <krarup/pattern.h>

#include <math.h>
#include <string.h>

/* A field's value outside of its struct. Integers of any size are one of two, so that they
 * can move between sizes. */
struct value {
        kr_field_type type;
        union {
                uint64_t raw[3]; /* the bytes as they stand, of those that are copied */
                int64_t i;
                uint64_t u;
                bool b;
                double d;
                kr_atom atom;
                kr_pid pid;
                kr_ref ref;
                kr_port port;
                kr_bytes text; /* borrows; no zero in it */
                kr_term term;
        };
};

static const void *place_in(const struct kr_field *field, const void *state)
{
        return (const char *)state + field->offset;
}

/* -- a struct's bytes to a value -- */

static int64_t read_int(const void *place, uint32_t size)
{
        int8_t i8;
        int16_t i16;
        int32_t i32;
        int64_t i64;

        switch (size) {
        case 1:
                return memcpy(&i8, place, 1), i8;
        case 2:
                return memcpy(&i16, place, 2), i16;
        case 4:
                return memcpy(&i32, place, 4), i32;
        default:
                return memcpy(&i64, place, 8), i64;
        }
}

static uint64_t read_uint(const void *place, uint32_t size)
{
        uint8_t u8;
        uint16_t u16;
        uint32_t u32;
        uint64_t u64;

        switch (size) {
        case 1:
                return memcpy(&u8, place, 1), u8;
        case 2:
                return memcpy(&u16, place, 2), u16;
        case 4:
                return memcpy(&u32, place, 4), u32;
        default:
                return memcpy(&u64, place, 8), u64;
        }
}

static double read_float(const void *place, uint32_t size)
{
        float f;
        double d;

        if (size == sizeof(f))
                return memcpy(&f, place, sizeof(f)), (double)f;
        return memcpy(&d, place, sizeof(d)), d;
}

static kr_bytes read_text(const char *place, uint32_t size)
{
        const char *end = memchr(place, 0, size);
        kr_bytes text = { place, end ? (size_t)(end - place) : size };

        return text;
}

static struct value read_field(const struct kr_field *field, const void *state)
{
        const void *place = place_in(field, state);
        struct value v = { .type = field->type };

        switch (field->type) {
        case KR_FIELD_INT:
                v.i = read_int(place, field->size);
                break;
        case KR_FIELD_UINT:
                v.u = read_uint(place, field->size);
                break;
        case KR_FIELD_BOOL:
                v.b = *(const unsigned char *)place != 0;
                break;
        case KR_FIELD_FLOAT:
                v.d = read_float(place, field->size);
                break;
        case KR_FIELD_TEXT:
                v.text = read_text(place, field->size);
                break;
        default:
                memcpy(v.raw, place, field->size);
                break;
        }
        return v;
}

/* -- a value to a struct's bytes: false if it does not fit -- */

static bool fits_int(int64_t i, uint32_t size)
{
        int64_t max = size >= 8 ? INT64_MAX : ((int64_t)1 << (size * 8 - 1)) - 1;

        return i <= max && i >= -max - 1;
}

static bool fits_uint(uint64_t u, uint32_t size)
{
        return size >= 8 || u >> (size * 8) == 0;
}

static void write_int(void *place, uint32_t size, int64_t i)
{
        int8_t i8 = (int8_t)i;
        int16_t i16 = (int16_t)i;
        int32_t i32 = (int32_t)i;

        switch (size) {
        case 1:
                memcpy(place, &i8, 1);
                break;
        case 2:
                memcpy(place, &i16, 2);
                break;
        case 4:
                memcpy(place, &i32, 4);
                break;
        default:
                memcpy(place, &i, 8);
                break;
        }
}

/* Integers of the other sign come along if the value allows. */
static bool as_signed(const struct value *v, int64_t *ret)
{
        if (v->type == KR_FIELD_UINT && v->u > INT64_MAX)
                return false;
        *ret = v->i;
        return v->type == KR_FIELD_INT || v->type == KR_FIELD_UINT;
}

static bool as_unsigned(const struct value *v, uint64_t *ret)
{
        if (v->type == KR_FIELD_INT && v->i < 0)
                return false;
        *ret = v->u;
        return v->type == KR_FIELD_INT || v->type == KR_FIELD_UINT;
}

static bool fits_float(double d, uint32_t size)
{
        return size == sizeof(double) || !isfinite(d) || isfinite((float)d);
}

static bool fits(const struct kr_field *field, const struct value *v)
{
        uint64_t u;
        int64_t i;

        switch (field->type) {
        case KR_FIELD_INT:
                return as_signed(v, &i) && fits_int(i, field->size);
        case KR_FIELD_UINT:
                return as_unsigned(v, &u) && fits_uint(u, field->size);
        case KR_FIELD_FLOAT:
                return v->type == KR_FIELD_FLOAT && fits_float(v->d, field->size);
        case KR_FIELD_TEXT:
                return v->type == KR_FIELD_TEXT && v->text.len < field->size;
        default:
                return v->type == field->type;
        }
}

static void write_float(void *place, uint32_t size, double d)
{
        float f = (float)d;

        memcpy(place, size == sizeof(f) ? (void *)&f : (void *)&d, size);
}

/* The rest is zeros: what was there before is gone. */
static void write_text(char *place, uint32_t size, kr_bytes text)
{
        memmove(place, text.data, text.len);
        memset(place + text.len, 0, size - text.len);
}

static void write_field(const struct kr_field *field, void *state, const struct value *v)
{
        void *place = (char *)state + field->offset;

        switch (field->type) {
        case KR_FIELD_INT:
        case KR_FIELD_UINT:
                write_int(place, field->size, v->i);
                break;
        case KR_FIELD_BOOL:
                *(bool *)place = v->b;
                break;
        case KR_FIELD_FLOAT:
                write_float(place, field->size, v->d);
                break;
        case KR_FIELD_TEXT:
                write_text(place, field->size, v->text);
                break;
        default:
                memcpy(place, v->raw, field->size);
                break;
        }
}

/* -- values and terms -- */

static kr_term undefined(void)
{
        return kr_atom_term(KR_ATOM("undefined"));
}

static void add_float(kr_builder *b, double d)
{
        if (isfinite(d))
                kr_add_double(b, d);
        else
                kr_add_atom(b, KR_ATOM("nan"));
}

static void add_port(kr_builder *b, kr_port port)
{
        kr_term t = port.node ? kr_build("~", port) : undefined();

        kr_add_term(b, t);
        kr_release(t);
}

static void add_value(kr_builder *b, const struct value *v)
{
        switch (v->type) {
        case KR_FIELD_INT:
                kr_add_int64(b, v->i);
                break;
        case KR_FIELD_UINT:
                kr_add_uint64(b, v->u);
                break;
        case KR_FIELD_BOOL:
                kr_add_atom(b, v->b ? KR_ATOM("true") : KR_ATOM("false"));
                break;
        case KR_FIELD_FLOAT:
                add_float(b, v->d);
                break;
        case KR_FIELD_ATOM:
                kr_add_term(b, v->atom.index ? kr_atom_term(v->atom) : undefined());
                break;
        case KR_FIELD_PID:
                if (kr_pid_is_none(v->pid))
                        kr_add_term(b, undefined());
                else
                        kr_add_pid(b, v->pid);
                break;
        case KR_FIELD_REF:
                if (kr_ref_is_none(v->ref))
                        kr_add_term(b, undefined());
                else
                        kr_add_ref(b, v->ref);
                break;
        case KR_FIELD_PORT:
                add_port(b, v->port);
                break;
        case KR_FIELD_TEXT:
                kr_add_binary(b, v->text.data, v->text.len);
                break;
        default:
                kr_add_term(b, kr_is_none(v->term) ? undefined() : v->term);
                break;
        }
}

kr_term kr_fields_get(const struct kr_field *fields, const void *state)
{
        kr_builder b = KR_BUILDER_INIT;
        kr_atom name;

        for (; fields->name; fields++) {
                struct value v = read_field(fields, state);

                if (kr_atom_from(fields->name, strlen(fields->name), &name) != KR_OK) {
                        kr_builder_clear(&b);
                        return kr_none();
                }
                kr_add_atom(&b, name);
                add_value(&b, &v);
        }
        return kr_build_map(&b);
}

/* `undefined` is what a pid and the like are shown as when there is none. */
static bool is_undefined(kr_term t)
{
        return kr_is_that_atom(t, KR_ATOM("undefined"));
}

static bool text_of(kr_term t, kr_bytes *ret)
{
        return kr_get_bytes(t, ret) && !memchr(ret->data, 0, ret->len);
}

static bool value_of(const struct kr_field *field, kr_term t, struct value *v)
{
        memset(v, 0, sizeof(*v));
        v->type = field->type;
        switch (field->type) {
        case KR_FIELD_INT:
                return kr_get_int64(t, &v->i);
        case KR_FIELD_UINT:
                return kr_get_uint64(t, &v->u);
        case KR_FIELD_BOOL:
                return kr_get_bool(t, &v->b);
        case KR_FIELD_FLOAT:
                if (!kr_is_that_atom(t, KR_ATOM("nan")))
                        return kr_get_double(t, &v->d);
                v->d = (double)NAN;
                return true;
        case KR_FIELD_ATOM:
                return kr_get_atom(t, &v->atom);
        case KR_FIELD_PID:
                return kr_get_pid(t, &v->pid) || is_undefined(t);
        case KR_FIELD_REF:
                return kr_get_ref(t, &v->ref) || is_undefined(t);
        case KR_FIELD_PORT:
                return kr_get_port(t, &v->port) || is_undefined(t);
        case KR_FIELD_TEXT:
                return text_of(t, &v->text);
        default:
                v->term = t;
                return true;
        }
}

/* -- setting -- */

static const struct kr_field *field_of(const struct kr_field *fields, const char *name)
{
        for (; fields->name; fields++)
                if (strcmp(fields->name, name) == 0)
                        return fields;
        return NULL;
}

static bool refuse(const struct kr_field *field, const struct kr_field **ret_field)
{
        if (ret_field)
                *ret_field = field;
        return false;
}

static const struct kr_field *field_of_key(const struct kr_field *fields, kr_term key)
{
        kr_atom name;

        return kr_get_atom(key, &name) ? field_of(fields, kr_atom_text(name, NULL))
                                       : NULL;
}

/* May all that the map names be set? */
static bool map_fits(const struct kr_field *fields, kr_term map,
                     const struct kr_field **ret_field)
{
        kr_term key, t;
        struct value v;

        if (!kr_is_map(map))
                return refuse(NULL, ret_field);
        for (size_t i = 0; kr_map_at(map, i, &key, &t); i++) {
                const struct kr_field *field = field_of_key(fields, key);

                if (!field || !value_of(field, t, &v) || !fits(field, &v))
                        return refuse(field, ret_field);
        }
        return true;
}

/* A kr_term field owns its term, so copies are made before anything is written. Gives as many
 * as the map has entries, none for fields of other types; NULL: no memory. */
static kr_term *keep_terms(const struct kr_field *fields, kr_term map)
{
        size_t size = kr_map_size(map);
        kr_term *kept = kr_calloc(size + 1, sizeof(*kept));
        bool failed = false;
        kr_term key, t;

        if (!kept)
                return NULL;
        for (size_t i = 0; kr_map_at(map, i, &key, &t); i++) {
                kept[i] = kr_none();
                if (field_of_key(fields, key)->type != KR_FIELD_TERM)
                        continue;
                kept[i] = kr_keep(t);
                failed |= kr_is_none(kept[i]) && !kr_is_none(t);
        }
        if (!failed)
                return kept;
        for (size_t i = 0; i < size; i++)
                kr_release(kept[i]);
        kr_free(kept);
        return NULL;
}

kr_err kr_fields_set(const struct kr_field *fields, void *state, kr_term map,
                     const struct kr_field **ret_field)
{
        kr_term *kept;
        struct value v;
        kr_term key, t;

        if (!map_fits(fields, map, ret_field))
                return KR_EBADARG;
        kept = keep_terms(fields, map);
        if (!kept)
                return KR_ENOMEM;
        for (size_t i = 0; kr_map_at(map, i, &key, &t); i++) {
                const struct kr_field *field = field_of_key(fields, key);

                if (field->type == KR_FIELD_TERM) {
                        kr_release(read_field(field, state).term);
                        t = kept[i];
                }
                (void)value_of(field, t, &v); /* it has fitted above */
                write_field(field, state, &v);
        }
        kr_free(kept);
        return KR_OK;
}

/* -- converting -- */

static bool all_fit(const struct kr_field *from_fields, const void *from,
                    const struct kr_field *to_fields, const struct kr_field **ret_field)
{
        for (; to_fields->name; to_fields++) {
                const struct kr_field *field = field_of(from_fields, to_fields->name);
                struct value v;

                if (!field)
                        continue;
                v = read_field(field, from);
                if (!fits(to_fields, &v))
                        return refuse(to_fields, ret_field);
        }
        return true;
}

kr_err kr_fields_convert(const struct kr_field *from_fields, const void *from,
                         const struct kr_field *to_fields, void *to,
                         const struct kr_field **ret_field)
{
        if (!all_fit(from_fields, from, to_fields, ret_field))
                return KR_EBADARG;
        for (; to_fields->name; to_fields++) {
                const struct kr_field *field = field_of(from_fields, to_fields->name);
                struct value v;

                if (!field)
                        continue;
                v = read_field(field, from);
                write_field(to_fields, to, &v);
        }
        return KR_OK;
}
