/* SPDX-License-Identifier: Apache-2.0 */
/* pattern_build.c: terms from a building site's arguments.
 *
 * Model    The code holds an image of the term in which every argument is a hole of one
 *          word. An argument that is an immediate goes into its hole; others are written
 *          behind the image, and the hole refers to them.
 */
#include "pattern_priv.h"

#include "atom.h"
#include "blob.h"
#include "kept.h"
#include "number.h"

#include <string.h>

#define FAR_WORDS 3u /* a pid or port that is a box */
#define REF_WORDS 4u
#define FLOAT_WORDS 2u
#define BLOB_WORDS 4u
#define BYTES_MAX ((uint64_t)1 << 48) /* of a binary: its bits and words can be counted */
#define BIG_WORDS 2u                  /* an integer of 64 bits that is no immediate */

/* -- how many words -- */

static uint64_t bad(const struct kri_build_code *build, unsigned arg, const char *what)
{
        kri_arg_misuse(&build->code, arg, what);
        return KRI_WORDS_BAD;
}

/* Of the arguments that are not immediates as a rule. */
static uint64_t words_of_box(const struct kri_build_code *build, struct kri_hole hole,
                             const union kri_arg *arg)
{
        switch ((enum kri_arg_type)hole.type) {
        case KRI_ARG_DOUBLE:
                if (!__builtin_isfinite(arg->d))
                        return bad(build, hole.arg, "is no finite number");
                return FLOAT_WORDS;
        case KRI_ARG_STR:
                return arg->str ? kri_bits_words(8 * strlen(arg->str))
                                : bad(build, hole.arg, "is NULL");
        case KRI_ARG_BYTES:
                if (!arg->bytes.data && arg->bytes.len)
                        return bad(build, hole.arg, "has a length, and NULL data");
                if (arg->bytes.len > BYTES_MAX)
                        return bad(build, hole.arg, "is too long");
                return kri_bits_words(8 * (uint64_t)arg->bytes.len);
        case KRI_ARG_PID:
                if (arg->pid.node == 0)
                        return bad(build, hole.arg, "is no pid");
                return FAR_WORDS;
        case KRI_ARG_PORT:
                if (arg->port.node == 0)
                        return bad(build, hole.arg, "is no port");
                return FAR_WORDS;
        case KRI_ARG_REF:
                if (kri_ref_node(arg->ref) == 0)
                        return bad(build, hole.arg, "is no reference");
                return REF_WORDS;
        case KRI_ARG_TERM:
                if (arg->term.w == KRI_NONE)
                        return bad(build, hole.arg, "is no term");
                return kri_term_words(arg->term.w);
        case KRI_ARG_ATOM:
                return bad(build, hole.arg, "is no atom");
        default:
                return BIG_WORDS;
        }
}

/* Is it a near pid, and not none? */
static bool is_near(kr_pid pid)
{
        return pid.node - 1 < KRI_NEAR_SLOTS - 1;
}

static inline uint64_t words_of(const struct kri_build_code *build, struct kri_hole hole,
                                const union kri_arg *arg)
{
        bool is_immediate = false;

        switch ((enum kri_arg_type)hole.type) {
        case KRI_ARG_INT:
                is_immediate = kri_int_fits(arg->i);
                break;
        case KRI_ARG_UINT:
                is_immediate = arg->u <= (uint64_t)KRI_INT_MAX;
                break;
        case KRI_ARG_BOOL:
                is_immediate = true;
                break;
        case KRI_ARG_ATOM:
                is_immediate = arg->u != 0;
                break;
        case KRI_ARG_PID:
                is_immediate = is_near(arg->pid);
                break;
        case KRI_ARG_TERM:
                is_immediate = !kri_is_place(arg->term.w) && arg->term.w != KRI_NONE;
                break;
        default:
                break;
        }
        return is_immediate ? 0 : words_of_box(build, hole, arg);
}

static __attribute__((noinline)) uint64_t words_of_all(const struct kri_build_code *build,
                                                       const union kri_arg *args)
{
        uint64_t total = build->words;

        for (uint32_t i = 0; i < build->hole_count; i++) {
                struct kri_hole hole = build->holes[i];
                uint64_t words = words_of(build, hole, &args[hole.arg]);

                if (words == KRI_WORDS_BAD)
                        return KRI_WORDS_BAD;
                total += words;
        }
        return total;
}

uint64_t kri_code_words(const struct kri_code *code, const union kri_arg *args)
{
        const struct kri_build_code *build = (const struct kri_build_code *)code;

        if (kri_is_quick(build, args))
                return build->words;
        return kri_is_whole(build, args) ? build->whole_words : words_of_all(build, args);
}

/* -- large binaries: all of them are there before anything is written -- */

static struct kri_blob *blob_of(kr_bytes bytes)
{
        struct kri_blob *blob = kri_blob_new(bytes.len);

        if (blob)
                memcpy(blob->bytes, bytes.data, bytes.len);
        return blob;
}

static kr_bytes arg_bytes(struct kri_hole hole, const union kri_arg *arg)
{
        if (hole.type == KRI_ARG_STR)
                return (kr_bytes){ arg->str, strlen(arg->str) };
        return arg->bytes;
}

/* By argument; NULL for those that need none. */
struct blobs {
        struct kri_blob *of[KRI_ARGS_MAX];
};

static bool make_blobs(const struct kri_build_code *build, const union kri_arg *args,
                       struct blobs *made)
{
        *made = (struct blobs){ 0 };
        for (uint32_t i = 0; i < build->hole_count; i++) {
                struct kri_hole hole = build->holes[i];
                kr_bytes bytes;

                if (hole.type != KRI_ARG_STR && hole.type != KRI_ARG_BYTES)
                        continue;
                bytes = arg_bytes(hole, &args[hole.arg]);
                if (bytes.len < KRI_BLOB_MIN)
                        continue;
                made->of[hole.arg] = blob_of(bytes);
                if (!made->of[hole.arg])
                        goto free_made;
        }
        return true;
free_made:
        for (unsigned arg = 0; arg < KRI_ARGS_MAX; arg++) {
                if (made->of[arg])
                        kri_blob_unref(made->of[arg]);
        }
        return false;
}

/* -- writing -- */

struct target {
        kri_word *next; /* free words */
        kri_word *block;
        uint32_t *blobs;
        struct blobs made;
};

static kri_word *take_words(struct target *to, uint64_t words)
{
        kri_word *box = to->next;

        to->next += words;
        return box;
}

static kri_word put_blob(struct target *to, struct kri_blob *blob)
{
        kri_word *box = take_words(to, BLOB_WORDS);

        box[0] = kri_header(KRI_BLOB, 0, BLOB_WORDS - 1);
        box[1] = blob->len * 8;
        box[2] = (kri_word)(uintptr_t)blob;
        box[3] = *to->blobs;
        *to->blobs = (uint32_t)(box - to->block);
        return kri_boxed(box);
}

static kri_word put_binary(struct target *to, struct kri_hole hole,
                           const union kri_arg *arg)
{
        kr_bytes bytes = arg_bytes(hole, arg);
        uint64_t words = kri_bin_words(bytes.len);
        kri_word *box;

        if (to->made.of[hole.arg])
                return put_blob(to, to->made.of[hole.arg]);
        box = take_words(to, 1 + words);
        box[0] = kri_header(KRI_BIN, 0, words);
        box[words] = 0;
        box[1] = (uint64_t)bytes.len * 8;
        if (bytes.len)
                memcpy(box + 2, bytes.data, bytes.len);
        return kri_boxed(box);
}

static kri_word put_far(struct target *to, enum kri_box type, uint64_t num, uint32_t node)
{
        kri_word *box = take_words(to, FAR_WORDS);

        box[0] = kri_header(type, 0, FAR_WORDS - 1);
        box[1] = num;
        box[2] = node;
        return kri_boxed(box);
}

static kri_word put_ref(struct target *to, kr_ref ref)
{
        kri_word *box = take_words(to, REF_WORDS);

        box[0] = kri_header(KRI_REF, kri_ref_words(ref), REF_WORDS - 1);
        box[1] = ref.id[0];
        box[2] = ref.id[1];
        box[3] = ref.id2 | (kri_word)kri_ref_node(ref) << 32;
        return kri_boxed(box);
}

static kri_word put_float(struct target *to, double value)
{
        kri_word *box = take_words(to, FLOAT_WORDS);

        box[0] = kri_header(KRI_FLOAT, 0, FLOAT_WORDS - 1);
        memcpy(&box[1], &value, sizeof(value));
        return kri_boxed(box);
}

/* What is no immediate. */
static kri_word put_box(struct target *to, struct kri_hole hole, const union kri_arg *arg)
{
        switch ((enum kri_arg_type)hole.type) {
        case KRI_ARG_DOUBLE:
                return put_float(to, arg->d);
        case KRI_ARG_STR:
        case KRI_ARG_BYTES:
                return put_binary(to, hole, arg);
        case KRI_ARG_PID:
                return put_far(to, KRI_XPID, arg->pid.num, arg->pid.node);
        case KRI_ARG_PORT:
                return put_far(to, KRI_PORT, arg->port.num, arg->port.node);
        case KRI_ARG_REF:
                return put_ref(to, arg->ref);
        case KRI_ARG_TERM:
                return kri_term_copy(&to->next, arg->term.w, to->block, to->blobs);
        case KRI_ARG_INT:
                return kri_uint64_term(&to->next, arg->i < 0,
                                       arg->i < 0 ? 0 - arg->u : arg->u);
        default:
                return kri_uint64_term(&to->next, false, arg->u);
        }
}

static inline kri_word put(struct target *to, struct kri_hole hole,
                           const union kri_arg *arg)
{
        switch ((enum kri_arg_type)hole.type) {
        case KRI_ARG_INT:
                if (kri_int_fits(arg->i))
                        return kri_int(arg->i);
                break;
        case KRI_ARG_UINT:
                if (arg->u <= (uint64_t)KRI_INT_MAX)
                        return kri_int((int64_t)arg->u);
                break;
        case KRI_ARG_BOOL:
                return arg->u ? KRI_A(true) : KRI_A(false);
        case KRI_ARG_ATOM:
                return kri_atom((uint32_t)arg->u);
        case KRI_ARG_PID:
                if (is_near(arg->pid))
                        return kri_pid_word(arg->pid);
                break;
        case KRI_ARG_TERM:
                if (!kri_is_place(arg->term.w))
                        return arg->term.w;
                break;
        default:
                break;
        }
        return put_box(to, hole, arg);
}

/* -- maps with keys from arguments: in order, and each key once -- */

struct map {
        kri_word *keys;
        kri_word *values;
        uint64_t len;
};

static void set_pair(struct map *map, uint64_t i, kri_word key, kri_word value)
{
        kri_store(&map->keys[i], key);
        kri_store(&map->values[i], value);
}

/* Add a pair to the sorted ones; of two with one key the later one stays. */
static void add_pair(struct map *map, kri_word key, kri_word value)
{
        uint64_t i = map->len;
        int order = 1;

        while (i > 0 &&
               (order = kri_term_compare(key, kri_load(&map->keys[i - 1]), true)) < 0)
                i--;
        if (i > 0 && order == 0) {
                kri_store(&map->values[i - 1], value);
                return;
        }
        for (uint64_t k = map->len++; k > i; k--)
                set_pair(map, k, kri_load(&map->keys[k - 1]),
                         kri_load(&map->values[k - 1]));
        set_pair(map, i, key, value);
}

/* Pairs that go leave words that nothing refers to at the end of the map. */
static void sort_map(kri_word *box)
{
        uint64_t len = kri_box_words(*box) / 2;
        struct map map = { .keys = box + 1, .values = box + 1 + len };

        for (uint64_t i = 0; i < len; i++)
                add_pair(&map, kri_load(&box[1 + i]), kri_load(&box[1 + len + i]));
        for (uint64_t i = 0; i < map.len && map.len < len; i++)
                kri_store(&box[1 + map.len + i], kri_load(&map.values[i]));
        box[0] = kri_header(KRI_MAP, 0, 2 * map.len);
}

static kri_word put_image(const struct kri_build_code *build, const union kri_arg *args,
                          struct target *to)
{
        kri_word *image = take_words(to, build->words);

        kri_copy_image(build, image);
        for (uint32_t i = 0; i < build->hole_count; i++) {
                struct kri_hole hole = build->holes[i];

                kri_store(&image[hole.at], put(to, hole, &args[hole.arg]));
        }
        for (uint32_t i = 0; i < build->map_count; i++)
                sort_map(image + build->maps[i]);
        return (kri_word)(uintptr_t)image | build->word;
}

static __attribute__((noinline)) kri_word put_all(const struct kri_build_code *build,
                                                  const union kri_arg *args,
                                                  kri_word *heap, kri_word *block,
                                                  uint32_t *blobs)
{
        struct target to;

        to.next = heap;
        to.block = block;
        to.blobs = blobs;
        if (build->has_binaries && !make_blobs(build, args, &to.made))
                return KRI_NONE;
        if (build->code.shape == KRI_SHAPE_HOLE)
                return put(&to, build->holes[0], &args[0]);
        return put_image(build, args, &to);
}

kri_word kri_code_build(const struct kri_code *code, const union kri_arg *args,
                        kri_word *heap, kri_word *block, uint32_t *blobs)
{
        const struct kri_build_code *build = (const struct kri_build_code *)code;

        if (code->shape == KRI_SHAPE_WORD)
                return build->word;
        if (kri_is_quick(build, args))
                return kri_put_quick(build, args, heap);
        return kri_is_whole(build, args) ? kri_put_whole(build, args, heap)
                                         : put_all(build, args, heap, block, blobs);
}

/* -- the public build -- */

static kri_word build_kept(const struct kri_code *code, const union kri_arg *args,
                           uint64_t words)
{
        kri_word *block = kri_kept_alloc(words);
        uint32_t blobs = 0;
        kri_word t;

        if (!block)
                return KRI_NONE;
        t = kri_code_build(code, args, block + KRI_KEPT_HEADER, block, &blobs);
        block[0] = blobs;
        if (t == KRI_NONE)
                kri_kept_free(block);
        return t;
}

kr_term kri_build(struct kri_site *site, const union kri_arg *args)
{
        const struct kri_code *code = kri_site_code(site);
        uint64_t words;

        if (code && code->shape == KRI_SHAPE_WORD)
                return (kr_term){ ((const struct kri_build_code *)code)->word };
        words = code ? kri_code_words(code, args) : KRI_WORDS_BAD;
        if (words == KRI_WORDS_BAD)
                return (kr_term){ KRI_NONE };
        if (words == 0)
                return (kr_term){ kri_code_build(code, args, NULL, NULL, NULL) };
        return (kr_term){ build_kept(code, args, words) };
}
