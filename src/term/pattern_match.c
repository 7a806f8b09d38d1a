/* SPDX-License-Identifier: Apache-2.0 */
/* pattern_match.c: does a term fit a matching site's pattern?
 *
 * Model    First the key (in pattern.h), which refuses most terms. A flat tuple, which is
 *          what nearly everybody writes, is then decided by one masked comparison per
 *          element; all else, and elements that are no immediates, by a tree of nodes.
 * Law      Nothing is written to a result before everything fits.
 */
#include "pattern_priv.h"

#include "atom.h"
#include "number.h"

#include <float.h>
#include <string.h>

/* -- does a term fit a result's type? -- */

static bool fits_int(kri_word t, int64_t least, int64_t most)
{
        return kri_tag(t) == KRI_INT && kri_int_value(t) >= least &&
               kri_int_value(t) <= most;
}

static kr_bytes get_bytes(kri_word t)
{
        uint64_t bits;
        const uint8_t *data = kri_bits(t, &bits);

        return (kr_bytes){ data, bits / 8 };
}

static bool is_bytes(kri_word t)
{
        return kri_is_bits(t) &&
               kri_ptr(t)[1] % 8 == 0; /* both kinds begin with their size */
}

static bool is_c_string(kri_word t)
{
        kr_bytes bytes;

        if (!is_bytes(t))
                return false;
        bytes = get_bytes(t);
        return !memchr(bytes.data, 0, bytes.len);
}

static bool is_float_range(kri_word t)
{
        return kri_is_box(t, KRI_FLOAT) && kri_float_value(t) >= -FLT_MAX &&
               kri_float_value(t) <= FLT_MAX;
}

static bool fits_type(enum kri_arg_type type, kri_word t)
{
        int64_t i;
        uint64_t u;

        switch (type) {
        case KRI_ARG_OUT_I8:
                return fits_int(t, INT8_MIN, INT8_MAX);
        case KRI_ARG_OUT_U8:
                return fits_int(t, 0, UINT8_MAX);
        case KRI_ARG_OUT_I16:
                return fits_int(t, INT16_MIN, INT16_MAX);
        case KRI_ARG_OUT_U16:
                return fits_int(t, 0, UINT16_MAX);
        case KRI_ARG_OUT_I32:
                return fits_int(t, INT32_MIN, INT32_MAX);
        case KRI_ARG_OUT_U32:
                return fits_int(t, 0, UINT32_MAX);
        case KRI_ARG_OUT_I64:
                return kri_tag(t) == KRI_INT || kri_integer_int64(t, &i);
        case KRI_ARG_OUT_U64:
                return kri_integer_uint64(t, &u);
        case KRI_ARG_OUT_BOOL:
                return t == KRI_A(true) || t == KRI_A(false);
        case KRI_ARG_OUT_FLOAT:
                return is_float_range(t);
        case KRI_ARG_OUT_DOUBLE:
                return kri_is_box(t, KRI_FLOAT);
        case KRI_ARG_OUT_STR:
                return is_c_string(t);
        case KRI_ARG_OUT_ATOM:
                return kri_tag(t) == KRI_ATOM;
        case KRI_ARG_OUT_PID:
                return kri_tag(t) == KRI_PID || kri_is_box(t, KRI_XPID);
        case KRI_ARG_OUT_PORT:
                return kri_is_box(t, KRI_PORT);
        case KRI_ARG_OUT_REF:
                return kri_is_box(t, KRI_REF);
        case KRI_ARG_OUT_TERM:
                return true;
        case KRI_ARG_OUT_BYTES:
                return is_bytes(t);
        default:
                return false;
        }
}

/* -- writing results: the types fit -- */

static kr_pid get_pid(kri_word t)
{
        if (kri_tag(t) == KRI_PID)
                return kri_word_pid(t);
        return (kr_pid){ .num = kri_ptr(t)[1], .node = (uint32_t)kri_ptr(t)[2] };
}

static kr_port get_port(kri_word t)
{
        return (kr_port){ .num = kri_ptr(t)[1], .node = (uint32_t)kri_ptr(t)[2] };
}

static void set_big(enum kri_arg_type type, kri_word t, void *out)
{
        int64_t i = 0;
        uint64_t u = 0;

        if (type == KRI_ARG_OUT_U64 && kri_integer_uint64(t, &u))
                i = (int64_t)u;
        else
                (void)kri_integer_int64(t, &i); /* it fits, or we would not be here */
        kri_set_int64(i, out);
}

void kri_set_result(enum kri_arg_type type, kri_word t, void *out)
{
        switch (type) {
        case KRI_ARG_OUT_I64:
        case KRI_ARG_OUT_U64:
                if (__builtin_expect(kri_tag(t) != KRI_INT, 0))
                        set_big(type, t, out);
                else
                        kri_set_int64(kri_int_value(t), out);
                break;
        case KRI_ARG_OUT_PID:
                *(kr_pid *)out = get_pid(t);
                break;
        case KRI_ARG_OUT_TERM:
                *(kr_term *)out = (kr_term){ t };
                break;
        case KRI_ARG_OUT_ATOM:
                *(kr_atom *)out = (kr_atom){ kri_atom_index(t) };
                break;
        case KRI_ARG_OUT_I8:
        case KRI_ARG_OUT_U8:
                *(uint8_t *)out = (uint8_t)kri_int_value(t);
                break;
        case KRI_ARG_OUT_I16:
        case KRI_ARG_OUT_U16:
                *(uint16_t *)out = (uint16_t)kri_int_value(t);
                break;
        case KRI_ARG_OUT_I32:
        case KRI_ARG_OUT_U32:
                *(uint32_t *)out = (uint32_t)kri_int_value(t);
                break;
        case KRI_ARG_OUT_BOOL:
                *(bool *)out = t == KRI_A(true);
                break;
        case KRI_ARG_OUT_FLOAT:
                *(float *)out = (float)kri_float_value(t);
                break;
        case KRI_ARG_OUT_DOUBLE:
                *(double *)out = kri_float_value(t);
                break;
        case KRI_ARG_OUT_STR:
                *(const char **)out = get_bytes(t).data;
                break;
        case KRI_ARG_OUT_PORT:
                *(kr_port *)out = get_port(t);
                break;
        case KRI_ARG_OUT_REF:
                *(kr_ref *)out = kri_word_ref(t);
                break;
        case KRI_ARG_OUT_BYTES:
                *(kr_bytes *)out = get_bytes(t);
                break;
        default:
                break;
        }
}

static bool has_all_outs(const struct kri_match_code *match, const union kri_arg *args)
{
        for (uint32_t i = 0; i < match->out_count; i++) {
                unsigned arg = match->outs[i].arg;

                if (__builtin_expect(!args[arg].out, 0)) {
                        kri_arg_misuse(&match->code, arg, "is NULL");
                        return false;
                }
        }
        return true;
}

/* -- is a term the same as an argument? -- */

static bool same_bytes(kri_word t, const void *data, size_t len)
{
        kr_bytes bytes;

        if (!is_bytes(t))
                return false;
        bytes = get_bytes(t);
        return bytes.len == len && (len == 0 || memcmp(bytes.data, data, len) == 0);
}

static inline bool same_pid(kri_word t, kr_pid pid)
{
        if (kri_pid_is_near(pid))
                return pid.node != 0 && t == kri_pid_word(pid);
        return kri_is_box(t, KRI_XPID) && kri_ptr(t)[1] == pid.num &&
               (uint32_t)kri_ptr(t)[2] == pid.node;
}

static inline bool same_ref(kri_word t, kr_ref ref)
{
        const kri_word *box = kri_ptr(t);

        return kri_tag(t) == KRI_BOX &&
               box[0] == kri_header(KRI_REF, kri_ref_words(ref), 3) &&
               box[1] == ref.id[0] && box[2] == ref.id[1] &&
               box[3] == (ref.id2 | (kri_word)kri_ref_node(ref) << 32);
}

static bool same_int(kri_word t, int64_t value)
{
        int64_t i;

        if (kri_int_fits(value))
                return t == kri_int(value);
        return kri_integer_int64(t, &i) && i == value;
}

static bool same_uint(kri_word t, uint64_t value)
{
        uint64_t u;

        return kri_integer_uint64(t, &u) && u == value;
}

static __attribute__((noinline)) bool same_arg(enum kri_arg_type type,
                                               const union kri_arg *arg, kri_word t)
{
        switch (type) {
        case KRI_ARG_INT:
                return same_int(t, arg->i);
        case KRI_ARG_UINT:
                return same_uint(t, arg->u);
        case KRI_ARG_BOOL:
                return t == (arg->u ? KRI_A(true) : KRI_A(false));
        case KRI_ARG_DOUBLE:
                return kri_is_box(t, KRI_FLOAT) && kri_float_value(t) == arg->d;
        case KRI_ARG_STR:
                return arg->str && same_bytes(t, arg->str, strlen(arg->str));
        case KRI_ARG_ATOM:
                return arg->u != 0 && t == kri_atom((uint32_t)arg->u);
        case KRI_ARG_PID:
                return same_pid(t, arg->pid);
        case KRI_ARG_PORT:
                return kri_is_box(t, KRI_PORT) && kri_ptr(t)[1] == arg->port.num &&
                       (uint32_t)kri_ptr(t)[2] == arg->port.node;
        case KRI_ARG_REF:
                return same_ref(t, arg->ref);
        case KRI_ARG_TERM:
                return arg->term.w != KRI_NONE && kri_term_same(t, arg->term.w);
        case KRI_ARG_BYTES:
                return same_bytes(t, arg->bytes.data, arg->bytes.len);
        default:
                return false;
        }
}

/* -- the tree -- */

struct run {
        const union kri_arg *args;
        kri_word found[KRI_ARGS_MAX]; /* in hand, by argument: what its result will be */
};

static bool fits(struct run *run, const struct kri_node *node, kri_word t);

/* The usual types of arguments are looked at here, at no call's cost. */
static inline __attribute__((always_inline)) bool fits_leaf(struct run *run,
                                                            const struct kri_node *node,
                                                            kri_word t)
{
        enum kri_arg_type type = (enum kri_arg_type)node->type;
        const union kri_arg *arg = &run->args[node->arg];

        if (node->op == KRI_OP_WORD)
                return t == node->word;
        if (node->op == KRI_OP_CONST)
                return kri_term_same(t, node->word);
        if (node->op == KRI_OP_OUT) {
                run->found[node->arg] = t;
                return ((t + node->add) & node->mask) == node->word || fits_type(type, t);
        }
        if (type == KRI_ARG_REF)
                return same_ref(t, arg->ref);
        if (type == KRI_ARG_PID)
                return same_pid(t, arg->pid);
        return same_arg(type, arg, t);
}

static __attribute__((noinline)) bool fits_tuple(struct run *run,
                                                 const struct kri_node *node, kri_word t)
{
        const struct kri_node *child = node + 1;
        const kri_word *box = kri_ptr(t);

        if (kri_tag(t) != KRI_BOX || *box != node->word)
                return false;
        for (uint32_t i = 0; i < node->count; i++, child += child->size) {
                kri_word element = kri_load(box + 1 + child->at);

                if (child->op == KRI_OP_TUPLE  ? !fits_tuple(run, child, element)
                    : child->op < KRI_OP_TUPLE ? !fits_leaf(run, child, element)
                                               : !fits(run, child, element))
                        return false;
        }
        return true;
}

static __attribute__((noinline)) bool fits_list(struct run *run,
                                                const struct kri_node *node, kri_word t)
{
        const struct kri_node *child = node + 1;

        for (uint32_t i = 0; i < node->count; i++, child += child->size) {
                if (kri_tag(t) != KRI_CONS || !fits(run, child, kri_head(t)))
                        return false;
                t = kri_tail(t);
        }
        return fits(run, child, t);
}

/* Keys of a map that is longer than this are searched by halves. */
#define FEW_KEYS 16u

static bool search_key(kri_word map, kri_word key, uint64_t *ret_index)
{
        uint64_t low = 0, high = kri_map_len(map);

        while (low < high) {
                uint64_t middle = low + (high - low) / 2;
                int order = kri_term_compare(key, kri_map_key(map, middle), true);

                if (order == 0) {
                        *ret_index = middle;
                        return true;
                }
                if (order < 0)
                        high = middle;
                else
                        low = middle + 1;
        }
        return false;
}

static bool find_key(struct run *run, const struct kri_node *node, kri_word map,
                     uint64_t *ret_index)
{
        uint64_t len = kri_map_len(map);

        if (len > FEW_KEYS && node->op != KRI_OP_EQUAL)
                return search_key(map, node->word, ret_index);
        for (uint64_t i = 0; i < len; i++) {
                if (fits(run, node, kri_map_key(map, i))) {
                        *ret_index = i;
                        return true;
                }
        }
        return false;
}

static __attribute__((noinline)) bool fits_map(struct run *run,
                                               const struct kri_node *node, kri_word t)
{
        const struct kri_node *key = node + 1;
        uint64_t index;

        if (!kri_is_box(t, KRI_MAP))
                return false;
        for (uint32_t i = 0; i < node->count; i++) {
                const struct kri_node *value = key + 1; /* a key is one node */

                if (!find_key(run, key, t, &index) ||
                    !fits(run, value, kri_map_value(t, index)))
                        return false;
                key = value + value->size;
        }
        return true;
}

static bool fits(struct run *run, const struct kri_node *node, kri_word t)
{
        switch ((enum kri_op)node->op) {
        case KRI_OP_WORD:
        case KRI_OP_OUT:
        case KRI_OP_EQUAL:
        case KRI_OP_CONST:
                return fits_leaf(run, node, t);
        case KRI_OP_TUPLE:
                return fits_tuple(run, node, t);
        case KRI_OP_LIST:
                return fits_list(run, node, t);
        case KRI_OP_MAP:
                return fits_map(run, node, t);
        case KRI_OP_ANY:
                break;
        }
        return true;
}

bool kri_match_tree(const struct kri_match_code *match, kri_word t,
                    const union kri_arg *args)
{
        const struct kri_node *root = match->nodes;
        struct run run;

        run.args = args;
        if (root->op == KRI_OP_TUPLE ? !fits_tuple(&run, root, t) : !fits(&run, root, t))
                return false;
        if (!has_all_outs(match, args))
                return false;
        for (uint32_t i = 0; i < match->out_count; i++) {
                struct kri_hole out = match->outs[i];

                kri_set_found((enum kri_arg_type)out.type, run.found[out.arg],
                              args[out.arg].out);
        }
        return true;
}

/* -- flat tuples: what pattern_quick.h leaves to us -- */

bool kri_match_equal(const struct kri_flat *flat, const kri_word *box,
                     const union kri_arg *args)
{
        enum kri_arg_type type = (enum kri_arg_type)flat->type;
        kri_word t = kri_load(&box[flat->at]);

        return type == KRI_ARG_REF ? same_ref(t, args[flat->arg].ref)
                                   : same_arg(type, &args[flat->arg], t);
}

bool kri_match_closely(const struct kri_match_code *match, const kri_word *box,
                       const union kri_arg *args)
{
        const struct kri_flat *end = match->flat_outs + match->out_count;
        const struct kri_flat *flat;

        for (flat = match->flat_outs; flat < end; flat++) {
                if (((box[flat->at] + flat->add) & flat->mask) != flat->want &&
                    !fits_type((enum kri_arg_type)flat->type, kri_load(&box[flat->at])))
                        return false;
        }
        if (!has_all_outs(match, args))
                return false;
        for (flat = match->flat_outs; flat < end; flat++)
                kri_set_found((enum kri_arg_type)flat->type, kri_load(&box[flat->at]),
                              args[flat->arg].out);
        return true;
}

bool kri_code_match(const struct kri_code *code, kri_word t, const union kri_arg *args)
{
        return kri_code_match_inline(code, t, args);
}

/* What kri_match leaves: a site that is used first, and what takes more than a look. */
static __attribute__((noinline)) bool match_closely(kri_word t, struct kri_site *site,
                                                    const union kri_arg *args)
{
        const struct kri_code *code = kri_site_code(site);

        return code && t != KRI_NONE && kri_code_match_inline(code, t, args);
}

/* Calls nothing, as kri_receive: the usual term fits, or not, at first sight. */
bool kri_match(kr_term term, struct kri_site *site, const union kri_arg *args)
{
        /* acquire: as in kri_site_code */
        const struct kri_code *code = __atomic_load_n(&site->code, __ATOMIC_ACQUIRE);
        const struct kri_match_code *match = (const struct kri_match_code *)code;
        const kri_word *box = kri_ptr(term.w);

        if (__builtin_expect(!code || term.w == KRI_NONE, 0))
                return match_closely(term.w, site, args);
        if (!kri_code_may_match(code, term.w))
                return false;
        if ((code->fast_box != 0 && kri_match_fast(match, box, args)) ||
            kri_match_word_fast(code, term.w, &args) ||
            kri_match_float(code, term.w, args) ||
            (code->fast_more && kri_match_more(match, box, args)))
                return true;
        return match_closely(term.w, site, args);
}
