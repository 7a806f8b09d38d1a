/* SPDX-License-Identifier: Apache-2.0 */
/* inspect.c: the public face of terms: what one is, and what is in it. */
#include "atom.h"
#include "ident.h"
#include "number.h"
#include "term.h"
#include "utf8.h"

#include <math.h>
#include <string.h>

/* -- what it is -- */

static kr_type type_of_box(kri_word t)
{
        static const uint8_t types[KRI_BOX_TYPES] = {
                [KRI_TUPLE] = KR_TYPE_TUPLE,    [KRI_FLOAT] = KR_TYPE_FLOAT,
                [KRI_BIGPOS] = KR_TYPE_INTEGER, [KRI_BIGNEG] = KR_TYPE_INTEGER,
                [KRI_BIN] = KR_TYPE_BINARY,     [KRI_BLOB] = KR_TYPE_BINARY,
                [KRI_MAP] = KR_TYPE_MAP,        [KRI_XPID] = KR_TYPE_PID,
                [KRI_PORT] = KR_TYPE_PORT,      [KRI_REF] = KR_TYPE_REF,
                [KRI_EXPORT] = KR_TYPE_FUN,     [KRI_FUN] = KR_TYPE_FUN,
        };
        kr_type type = (kr_type)types[kri_box_type(*kri_ptr(t))];

        if (type == KR_TYPE_BINARY && kri_ptr(t)[1] % 8 != 0)
                return KR_TYPE_BITSTRING;
        return type;
}

KR_API kr_type kr_type_of(kr_term t)
{
        switch (kri_tag(t.w)) {
        case KRI_INT:
                return KR_TYPE_INTEGER;
        case KRI_ATOM:
                return KR_TYPE_ATOM;
        case KRI_PID:
                return KR_TYPE_PID;
        case KRI_CONS:
                return KR_TYPE_LIST;
        case KRI_BOX:
                return type_of_box(t.w);
        case KRI_SPEC:
                break;
        }
        return t.w == KRI_NIL ? KR_TYPE_NIL : KR_TYPE_NONE;
}

KR_API bool kr_is_integer(kr_term t)
{
        return kri_is_integer(t.w);
}

KR_API bool kr_is_float(kr_term t)
{
        return kri_is_box(t.w, KRI_FLOAT);
}

KR_API bool kr_is_number(kr_term t)
{
        return kr_is_integer(t) || kr_is_float(t);
}

KR_API bool kr_is_pid(kr_term t)
{
        return kri_tag(t.w) == KRI_PID || kri_is_box(t.w, KRI_XPID);
}

KR_API bool kr_is_port(kr_term t)
{
        return kri_is_box(t.w, KRI_PORT);
}

KR_API bool kr_is_reference(kr_term t)
{
        return kri_is_box(t.w, KRI_REF);
}

KR_API bool kr_is_function(kr_term t)
{
        return kri_is_box(t.w, KRI_EXPORT) || kri_is_box(t.w, KRI_FUN);
}

KR_API bool kr_is_tuple(kr_term t)
{
        return kri_is_box(t.w, KRI_TUPLE);
}

KR_API bool kr_is_map(kr_term t)
{
        return kri_is_box(t.w, KRI_MAP);
}

KR_API bool kr_is_binary(kr_term t)
{
        return kri_is_bits(t.w) && kri_ptr(t.w)[1] % 8 == 0;
}

KR_API bool kr_is_bitstring(kr_term t)
{
        return kri_is_bits(t.w);
}

/* -- atoms -- */

KR_API kr_err kr_atom_from(const char *text, size_t len, kr_atom *ret)
{
        return kri_atom_make(text, len, &ret->index);
}

KR_API bool kr_atom_existing(const char *text, size_t len, kr_atom *ret)
{
        return kri_atom_find(text, len, &ret->index);
}

KR_API const char *kr_atom_text(kr_atom atom, size_t *ret_len)
{
        size_t len;
        const char *text = kri_atom_text(atom.index, &len);

        if (ret_len)
                *ret_len = len;
        return text;
}

KR_API kr_atom kri_atom_literal(uint32_t *cache, const char *text, size_t len)
{
        kr_atom atom = { 0 };
        kr_err err = kri_atom_make(text, len, &atom.index);

        if (err != KR_OK)
                kri_misuse(err == KR_EBADARG
                                   ? "badarg: KR_ATOM: the text is no atom"
                                   : "system_limit: KR_ATOM: no room for an atom");
        /* release: whoever finds the number here finds the atom in the table */
        __atomic_store_n(cache, atom.index, __ATOMIC_RELEASE);
        return atom;
}

/* -- taking out by value -- */

KR_API bool kr_get_int64(kr_term t, int64_t *ret)
{
        if (kri_tag(t.w) != KRI_INT)
                return kri_integer_int64(t.w, ret);
        *ret = kri_int_value(t.w);
        return true;
}

KR_API bool kr_get_uint64(kr_term t, uint64_t *ret)
{
        return kri_integer_uint64(t.w, ret);
}

KR_API bool kr_get_double(kr_term t, double *ret)
{
        if (!kr_is_float(t))
                return false;
        *ret = kri_float_value(t.w);
        return true;
}

KR_API bool kr_get_number(kr_term t, double *ret)
{
        double d;

        if (kr_get_double(t, ret))
                return true;
        if (!kri_is_integer(t.w))
                return false;
        d = kri_integer_double(t.w);
        if (!isfinite(d))
                return false;
        *ret = d;
        return true;
}

KR_API bool kr_get_atom(kr_term t, kr_atom *ret)
{
        if (!kr_is_atom(t))
                return false;
        ret->index = kri_atom_index(t.w);
        return true;
}

KR_API bool kr_get_bool(kr_term t, bool *ret)
{
        if (t.w != KRI_A(true) && t.w != KRI_A(false))
                return false;
        *ret = t.w == KRI_A(true);
        return true;
}

KR_API bool kr_get_pid(kr_term t, kr_pid *ret)
{
        const kri_word *box = kri_ptr(t.w);

        if (kri_tag(t.w) == KRI_PID)
                *ret = kri_word_pid(t.w);
        else if (kri_is_box(t.w, KRI_XPID))
                *ret = (kr_pid){ .num = box[1], .node = (uint32_t)box[2] };
        else
                return false;
        return true;
}

KR_API bool kr_get_port(kr_term t, kr_port *ret)
{
        const kri_word *box = kri_ptr(t.w);

        if (!kr_is_port(t))
                return false;
        *ret = (kr_port){ .num = box[1], .node = (uint32_t)box[2] };
        return true;
}

KR_API bool kr_get_ref(kr_term t, kr_ref *ret)
{
        if (!kr_is_reference(t))
                return false;
        *ret = kri_word_ref(t.w);
        return true;
}

KR_API bool kr_get_bytes(kr_term t, kr_bytes *ret)
{
        uint64_t bits;

        if (!kr_is_binary(t))
                return false;
        ret->data = kri_bits(t.w, &bits);
        ret->len = bits / 8;
        return true;
}

KR_API bool kr_get_bits(kr_term t, const void **ret_data, uint64_t *ret_bits)
{
        if (!kri_is_bits(t.w))
                return false;
        *ret_data = kri_bits(t.w, ret_bits);
        return true;
}

KR_API bool kr_get_string(kr_term t, char *buf, size_t size, size_t *ret_len)
{
        size_t len = 0;
        uint8_t one[4];

        for (; kr_is_cons(t); t.w = kri_tail(t.w)) {
                kri_word c = kri_head(t.w);
                size_t n;

                if (kri_tag(c) != KRI_INT ||
                    !kri_is_code_point((uint64_t)kri_int_value(c)))
                        return false;
                n = kri_utf8_put(one, (uint32_t)kri_int_value(c));
                if (len + n >= size)
                        return false;
                memcpy(buf + len, one, n);
                len += n;
        }
        if (!kr_is_nil(t) || size == 0)
                return false;
        buf[len] = '\0';
        if (ret_len)
                *ret_len = len;
        return true;
}

static kr_atom node_atom(uint32_t node)
{
        kr_atom name = { KRI_A_nonode_at_nohost };
        uint32_t creation;

        if (!kri_node_name(node, &name.index, &creation))
                name.index = KRI_A_nonode_at_nohost;
        return name;
}

KR_API kr_atom kr_pid_node(kr_pid pid)
{
        return node_atom(pid.node);
}

KR_API kr_atom kr_ref_node(kr_ref ref)
{
        return node_atom(kri_ref_node(ref));
}

/* -- looking inside -- */

static kr_term in_hand(kri_word w)
{
        return (kr_term){ w };
}

KR_API size_t kr_tuple_size(kr_term tuple)
{
        if (kr_is_tuple(tuple))
                return kri_tuple_arity(tuple.w);
        kri_misuse("badarg: kr_tuple_size: not a tuple");
        return 0;
}

KR_API kr_term kr_element(size_t n, kr_term tuple)
{
        if (kr_is_tuple(tuple) && n >= 1 && n <= kri_tuple_arity(tuple.w))
                return in_hand(kri_tuple_at(tuple.w, n - 1));
        kri_misuse("badarg: kr_element: not a tuple with that element");
        return kr_none();
}

KR_API kr_term kr_hd(kr_term list)
{
        if (kr_is_cons(list))
                return in_hand(kri_head(list.w));
        kri_misuse("badarg: kr_hd: not a list with an element");
        return kr_none();
}

KR_API kr_term kr_tl(kr_term list)
{
        if (kr_is_cons(list))
                return in_hand(kri_tail(list.w));
        kri_misuse("badarg: kr_tl: not a list with an element");
        return kr_none();
}

KR_API bool kr_length(kr_term list, size_t *ret)
{
        size_t len = 0;

        for (; kr_is_cons(list); list.w = kri_tail(list.w))
                len++;
        if (!kr_is_nil(list))
                return false;
        *ret = len;
        return true;
}

KR_API size_t kr_map_size(kr_term map)
{
        if (kr_is_map(map))
                return kri_map_len(map.w);
        kri_misuse("badmap: kr_map_size: not a map");
        return 0;
}

bool kri_map_find(kri_word map, kri_word key, uint64_t *ret_at)
{
        uint64_t from = 0, to = kri_map_len(map);

        while (from < to) {
                uint64_t at = from + (to - from) / 2;
                int sign = kri_term_compare(key, kri_map_key(map, at), true);

                if (sign == 0) {
                        *ret_at = at;
                        return true;
                }
                if (sign < 0)
                        to = at;
                else
                        from = at + 1;
        }
        *ret_at = from;
        return false;
}

KR_API bool kr_map_get(kr_term map, kr_term key, kr_term *ret)
{
        uint64_t at;

        if (!kr_is_map(map)) {
                kri_misuse("badmap: kr_map_get: not a map");
                return false;
        }
        if (kr_is_none(key) || !kri_map_find(map.w, key.w, &at))
                return false;
        *ret = in_hand(kri_map_value(map.w, at));
        return true;
}

KR_API bool kr_map_at(kr_term map, size_t i, kr_term *ret_key, kr_term *ret_value)
{
        if (!kr_is_map(map)) {
                kri_misuse("badmap: kr_map_at: not a map");
                return false;
        }
        if (i >= kri_map_len(map.w))
                return false;
        *ret_key = in_hand(kri_map_key(map.w, i));
        *ret_value = in_hand(kri_map_value(map.w, i));
        return true;
}

KR_API bool kr_get_fun(kr_term t, kr_atom *ret_module, kr_atom *ret_function,
                       int *ret_arity)
{
        const kri_word *box = kri_ptr(t.w);

        if (!kri_is_box(t.w, KRI_EXPORT))
                return false;
        ret_module->index = kri_atom_index(box[1]);
        ret_function->index = kri_atom_index(box[2]);
        *ret_arity = (int)kri_int_value(box[3]);
        return true;
}

/* -- comparing -- */

KR_API int kr_compare(kr_term a, kr_term b)
{
        return kri_term_compare(a.w, b.w, false);
}

KR_API bool kr_equal(kr_term a, kr_term b)
{
        return kri_term_compare(a.w, b.w, false) == 0;
}

KR_API bool kr_same(kr_term a, kr_term b)
{
        return kri_term_same(a.w, b.w);
}

KR_API uint64_t kr_hash(kr_term t)
{
        return kri_term_hash(t.w);
}
