/* SPDX-License-Identifier: Apache-2.0 */
/* pattern_lay.c: the tree of a pattern laid out as words of a term, holes noted. */
#include "pattern_priv.h"

#include "number.h"

#include <string.h>

static uint64_t children_words(const struct kri_ast *ast)
{
        uint64_t words = 0;

        for (const struct kri_ast *child = ast->child; child; child = child->next)
                words += kri_ast_words(child);
        return words;
}

uint64_t kri_ast_words(const struct kri_ast *ast)
{
        switch ((enum kri_ast_kind)ast->kind) {
        case KRI_AST_FLOAT:
                return 2;
        case KRI_AST_BIG:
                return kri_limbs_words(ast->negative, ast->data, ast->count);
        case KRI_AST_BIN:
                return 1 + kri_bin_words((ast->count + 7) / 8);
        case KRI_AST_STRING:
                return 2 * (uint64_t)ast->count;
        case KRI_AST_TUPLE:
                return 1 + ast->count + children_words(ast);
        case KRI_AST_LIST:
                return 2 * (uint64_t)ast->count + children_words(ast);
        case KRI_AST_MAP:
                return 1 + 2 * (uint64_t)ast->count + children_words(ast);
        case KRI_AST_WORD:
        case KRI_AST_HOLE:
        case KRI_AST_EQUAL:
        case KRI_AST_ANY:
                break;
        }
        return 0;
}

static kri_word *take_words(struct kri_layout *layout, uint64_t words)
{
        kri_word *to = &layout->image[layout->next];

        layout->next += words;
        return to;
}

/* `ast` as the word at `to`. */
static bool lay_at(struct kri_layout *layout, kri_word *to, const struct kri_ast *ast)
{
        kri_word t;

        if (ast->kind == KRI_AST_HOLE) {
                layout->holes[layout->hole_count++] = (struct kri_hole){
                        .at = (uint32_t)(to - layout->image),
                        .arg = ast->arg,
                        .type = layout->parse->site->types[ast->arg],
                };
                *to = 0;
                return true;
        }
        t = kri_ast_lay(layout, ast);
        if (t == KRI_NONE)
                return false;
        kri_store(to, t);
        return true;
}

static kri_word lay_big(struct kri_layout *layout, const struct kri_ast *ast)
{
        kri_word *heap = &layout->image[layout->next];
        kri_word t = kri_limbs_term(&heap, ast->negative, ast->data, ast->count);

        layout->next = (uint64_t)(heap - layout->image);
        return t;
}

static kri_word lay_binary(struct kri_layout *layout, const struct kri_ast *ast)
{
        uint64_t bytes = (ast->count + 7) / 8;
        uint64_t words = kri_bin_words(bytes);
        kri_word *box = take_words(layout, 1 + words);

        box[0] = kri_header(KRI_BIN, 0, words);
        box[words] = 0;
        box[1] = ast->count;
        memcpy(box + 2, ast->data, bytes);
        return kri_boxed(box);
}

static kri_word lay_string(struct kri_layout *layout, const struct kri_ast *ast)
{
        const uint32_t *chars = ast->data;
        kri_word *cell = take_words(layout, 2 * (uint64_t)ast->count);
        kri_word t = kri_cons(cell);

        for (uint32_t i = 0; i < ast->count; i++, cell += 2) {
                cell[0] = kri_int(chars[i]);
                kri_store(&cell[1], i + 1 < ast->count ? kri_cons(cell + 2) : KRI_NIL);
        }
        return t;
}

static kri_word lay_tuple(struct kri_layout *layout, const struct kri_ast *ast)
{
        kri_word *box = take_words(layout, 1 + (uint64_t)ast->count);
        kri_word *to = box;

        *to++ = kri_header(KRI_TUPLE, 0, ast->count);
        for (const struct kri_ast *child = ast->child; child; child = child->next) {
                if (!lay_at(layout, to++, child))
                        return KRI_NONE;
        }
        return kri_boxed(box);
}

static kri_word lay_list(struct kri_layout *layout, const struct kri_ast *ast)
{
        kri_word *first = take_words(layout, 2 * (uint64_t)ast->count);
        kri_word *cell = first;
        const struct kri_ast *child = ast->child;

        for (uint32_t i = 0; i < ast->count; i++, cell += 2, child = child->next) {
                if (!lay_at(layout, &cell[0], child))
                        return KRI_NONE;
                if (i + 1 < ast->count)
                        kri_store(&cell[1], kri_cons(cell + 2));
        }
        return lay_at(layout, &cell[-1], child) ? kri_cons(first) : KRI_NONE;
}

/* -- maps -- */

struct pair {
        kri_word key; /* in hand */
        const struct kri_ast *ast;
        const struct kri_ast *value;
};

static bool has_fixed_keys(const struct kri_ast *ast)
{
        for (const struct kri_ast *key = ast->child; key; key = key->next->next) {
                if (!key->is_fixed)
                        return false;
        }
        return true;
}

/* Insert pairs[i] where it belongs among the sorted ones before it. */
static bool insert_pair(struct kri_layout *layout, struct pair *pairs, uint32_t i)
{
        struct pair pair = pairs[i];
        int order = -1;

        while (i > 0 &&
               (order = kri_term_compare(pair.key, pairs[i - 1].key, true)) < 0) {
                pairs[i] = pairs[i - 1];
                i--;
        }
        pairs[i] = pair;
        if (order == 0)
                return kri_parse_error(layout->parse, pair.ast->line, pair.ast->column,
                                       "this key is there twice");
        return true;
}

static bool lay_sorted(struct kri_layout *layout, const struct kri_ast *ast,
                       kri_word *box)
{
        struct pair *pairs = kri_parse_pool(layout->parse, ast->count * sizeof(*pairs));
        const struct kri_ast *key = ast->child;

        for (uint32_t i = 0; i < ast->count; i++, key = key->next->next) {
                pairs[i] = (struct pair){ kri_ast_lay(layout, key), key, key->next };
                if (pairs[i].key == KRI_NONE || !insert_pair(layout, pairs, i))
                        return false;
        }
        for (uint32_t i = 0; i < ast->count; i++) {
                kri_store(&box[1 + i], pairs[i].key);
                if (!lay_at(layout, &box[1 + ast->count + i], pairs[i].value))
                        return false;
        }
        return true;
}

/* The keys are known when it is built: they are sorted then. */
static bool lay_unsorted(struct kri_layout *layout, const struct kri_ast *ast,
                         kri_word *box)
{
        const struct kri_ast *key = ast->child;

        for (uint32_t i = 0; i < ast->count; i++, key = key->next->next) {
                if (!lay_at(layout, &box[1 + i], key) ||
                    !lay_at(layout, &box[1 + ast->count + i], key->next))
                        return false;
        }
        layout->maps[layout->map_count++] = (uint32_t)(box - layout->image);
        return true;
}

static kri_word lay_map(struct kri_layout *layout, const struct kri_ast *ast)
{
        kri_word *box = take_words(layout, 1 + 2 * (uint64_t)ast->count);
        bool is_good;

        box[0] = kri_header(KRI_MAP, 0, 2 * (uint64_t)ast->count);
        is_good = has_fixed_keys(ast) ? lay_sorted(layout, ast, box)
                                      : lay_unsorted(layout, ast, box);
        return is_good ? kri_boxed(box) : KRI_NONE;
}

kri_word kri_ast_lay(struct kri_layout *layout, const struct kri_ast *ast)
{
        kri_word *box;

        switch ((enum kri_ast_kind)ast->kind) {
        case KRI_AST_WORD:
                return ast->word;
        case KRI_AST_FLOAT:
                box = take_words(layout, 2);
                box[0] = kri_header(KRI_FLOAT, 0, 1);
                box[1] = ast->word;
                return kri_boxed(box);
        case KRI_AST_BIG:
                return lay_big(layout, ast);
        case KRI_AST_BIN:
                return lay_binary(layout, ast);
        case KRI_AST_STRING:
                return lay_string(layout, ast);
        case KRI_AST_TUPLE:
                return lay_tuple(layout, ast);
        case KRI_AST_LIST:
                return lay_list(layout, ast);
        case KRI_AST_MAP:
                return lay_map(layout, ast);
        case KRI_AST_HOLE:
        case KRI_AST_EQUAL:
        case KRI_AST_ANY:
                break;
        }
        return KRI_NONE;
}
