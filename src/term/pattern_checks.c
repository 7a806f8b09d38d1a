/* SPDX-License-Identifier: Apache-2.0 */
/* pattern_checks.c: the tree of a pattern as the checks of a matching site. */
#include "pattern_priv.h"

#include "atom.h"

/* -- how types look at first sight -- */

_Static_assert((KRI_A_true ^ KRI_A_false) == 1, "one bit tells true from false");

/* Integers of `bits` bits, the lowest of them `least`. */
static struct kri_flat check_int(int64_t least, unsigned bits)
{
        return (struct kri_flat){ .add = 0 - kri_int(least),
                                  .mask = ~((((kri_word)1 << bits) - 1) << 3) };
}

/* How a type looks as an immediate; false if it never is one, or cannot be told so. */
static bool check_of(enum kri_arg_type type, struct kri_flat *ret)
{
        const kri_word bool_mask = ~((kri_word)1 << 3);

        switch (type) {
        case KRI_ARG_OUT_I8:
                *ret = check_int(INT8_MIN, 8);
                break;
        case KRI_ARG_OUT_U8:
                *ret = check_int(0, 8);
                break;
        case KRI_ARG_OUT_I16:
                *ret = check_int(INT16_MIN, 16);
                break;
        case KRI_ARG_OUT_U16:
                *ret = check_int(0, 16);
                break;
        case KRI_ARG_OUT_I32:
                *ret = check_int(INT32_MIN, 32);
                break;
        case KRI_ARG_OUT_U32:
                *ret = check_int(0, 32);
                break;
        case KRI_ARG_OUT_I64:
                *ret = (struct kri_flat){ .mask = 7, .want = KRI_INT };
                break;
        case KRI_ARG_OUT_U64:
                *ret = check_int(0, 60);
                break;
        case KRI_ARG_OUT_BOOL:
                *ret = (struct kri_flat){ .mask = bool_mask,
                                          .want = KRI_A(true) & bool_mask };
                break;
        case KRI_ARG_OUT_ATOM:
                *ret = (struct kri_flat){ .mask = 7, .want = KRI_ATOM };
                break;
        case KRI_ARG_OUT_PID:
                *ret = (struct kri_flat){ .mask = 7, .want = KRI_PID };
                break;
        case KRI_ARG_OUT_TERM:
                *ret = (struct kri_flat){ 0 };
                break;
        default:
                return false;
        }
        return true;
}

/* -- the nodes -- */

struct emit {
        struct kri_layout layout; /* of what the pattern writes out */
        struct kri_node *nodes;
        uint32_t node_count;
        struct kri_hole *outs;
        uint32_t out_count;
        bool is_good; /* until a term could not be laid out */
};

static bool is_const(const struct kri_ast *ast, bool is_key)
{
        return ast->is_fixed && (is_key || !ast->has_map);
}

static enum kri_op op_of(const struct kri_ast *ast, bool is_key)
{
        switch ((enum kri_ast_kind)ast->kind) {
        case KRI_AST_WORD:
                return KRI_OP_WORD;
        case KRI_AST_HOLE:
                return KRI_OP_OUT;
        case KRI_AST_EQUAL:
                return KRI_OP_EQUAL;
        case KRI_AST_ANY:
                return KRI_OP_ANY;
        default:
                break;
        }
        if (is_const(ast, is_key))
                return KRI_OP_CONST;
        return ast->kind == KRI_AST_TUPLE  ? KRI_OP_TUPLE
               : ast->kind == KRI_AST_LIST ? KRI_OP_LIST
                                           : KRI_OP_MAP;
}

static void emit(struct emit *e, const struct kri_ast *ast, uint32_t at, bool is_key);

/* The elements in the order of enum kri_op: what is cheap to refuse first. `_` takes no
 * node: whatever stands there fits. */
static void emit_elements(struct emit *e, struct kri_node *node,
                          const struct kri_ast *ast)
{
        for (enum kri_op op = 0; op < KRI_OP_ANY; op++) {
                const struct kri_ast *child = ast->child;

                for (uint32_t i = 0; child; child = child->next, i++) {
                        if (op_of(child, false) == op) {
                                emit(e, child, i, false);
                                node->count++;
                        }
                }
        }
        node->word = kri_header(KRI_TUPLE, 0, ast->count);
}

/* Of a list or map, in their order. */
static void emit_children(struct emit *e, struct kri_node *node,
                          const struct kri_ast *ast)
{
        uint32_t i = 0;

        for (const struct kri_ast *child = ast->child; child; child = child->next, i++)
                emit(e, child, i, ast->kind == KRI_AST_MAP && i % 2 == 0);
        node->count = ast->count;
}

static void emit_leaf(struct emit *e, struct kri_node *node, const struct kri_ast *ast)
{
        node->arg = ast->arg;
        if (node->op == KRI_OP_OUT || node->op == KRI_OP_EQUAL)
                node->type = e->layout.parse->site->types[ast->arg];
        if (node->op == KRI_OP_OUT) {
                struct kri_flat look = { .want = 1 }; /* under no mask: nothing fits */

                (void)check_of((enum kri_arg_type)node->type, &look); /* else as it is */
                node->add = look.add;
                node->mask = look.mask;
                node->word = look.want;
                e->outs[e->out_count++] =
                        (struct kri_hole){ .arg = node->arg, .type = node->type };
        } else if (node->op == KRI_OP_WORD || node->op == KRI_OP_CONST) {
                node->word = kri_ast_lay(&e->layout, ast);
                e->is_good &= node->word != KRI_NONE;
        }
}

static void emit(struct emit *e, const struct kri_ast *ast, uint32_t at, bool is_key)
{
        struct kri_node *node = &e->nodes[e->node_count++];

        *node = (struct kri_node){ .op = (uint8_t)op_of(ast, is_key), .at = at };
        if (node->op == KRI_OP_TUPLE)
                emit_elements(e, node, ast);
        else if (node->op == KRI_OP_LIST || node->op == KRI_OP_MAP)
                emit_children(e, node, ast);
        else
                emit_leaf(e, node, ast);
        node->size = (uint32_t)(&e->nodes[e->node_count] - node);
}

/* -- the key -- */

static void set_key(struct kri_code *code, kri_word word, kri_word mask)
{
        code->key_word = word;
        code->key_mask = mask;
}

static void make_key(struct kri_code *code, const struct kri_node *root,
                     const struct kri_ast *ast)
{
        switch ((enum kri_op)root->op) {
        case KRI_OP_WORD:
                set_key(code, root->word, ~(kri_word)0);
                break;
        case KRI_OP_CONST:
                set_key(code, kri_tag(root->word), 7);
                break;
        case KRI_OP_LIST:
                set_key(code, KRI_CONS, 7);
                break;
        case KRI_OP_MAP:
                set_key(code, KRI_BOX, 7);
                break;
        case KRI_OP_TUPLE:
                code->boxed = true;
                code->key_word = root->word;
                if (ast->child->kind == KRI_AST_WORD) {
                        code->key_second = ast->child->word;
                        code->key_second_mask = ~(kri_word)0;
                }
                break;
        case KRI_OP_OUT:
        case KRI_OP_EQUAL:
        case KRI_OP_ANY:
                break;
        }
}

/* -- flat tuples -- */

static bool is_flat(const struct kri_node *root)
{
        const struct kri_node *child = root + 1;

        if (root->op != KRI_OP_TUPLE || !kri_box_words(root->word))
                return false;
        for (uint32_t i = 0; i < root->count; i++, child += child->size) {
                if (child->op > KRI_OP_OUT)
                        return false;
        }
        return true;
}

/* The nodes come in the order of enum kri_op. */
static void make_flat(struct kri_match_code *match, struct kri_flat *flat)
{
        const struct kri_node *node = match->nodes + 1;

        match->flat = match->flat_equals = match->flat_outs = flat;
        for (uint32_t i = 0; i < match->nodes->count; i++, node++) {
                if (node->op == KRI_OP_WORD && node->at == 0)
                        continue;
                *flat++ = (struct kri_flat){ .add = node->add,
                                             .mask = node->mask,
                                             .want = node->word,
                                             .at = node->at + 1,
                                             .arg = node->arg,
                                             .type = node->type };
                if (node->op == KRI_OP_WORD)
                        match->flat_equals = flat;
                if (node->op != KRI_OP_OUT)
                        match->flat_outs = flat;
        }
}

/* -- what most tuples are: references, floats, and a tuple or a list cell in the tuple -- */

/* False: it takes more. */
static bool add_more(struct kri_match_code *match, struct kri_more *more,
                     const struct kri_node *node, uint32_t at, bool is_inner)
{
        kri_word header = 0, add = 0, mask = ~(kri_word)0, want = node->word;
        enum kri_arg_type type = (enum kri_arg_type)node->type;

        if (node->op > KRI_OP_OUT || at > UINT16_MAX)
                return false;
        if (type == KRI_ARG_REF || type == KRI_ARG_OUT_REF)
                header = kri_header(KRI_REF, KRI_REF_WORDS, 3);
        else if (type == KRI_ARG_OUT_DOUBLE)
                header = kri_header(KRI_FLOAT, 0, 1);
        if (header != 0 || type == KRI_ARG_PID) {
                mask = 7;
                want = header != 0 ? KRI_BOX : KRI_PID;
        } else if (type == KRI_ARG_OUT_I64 || type == KRI_ARG_OUT_PID ||
                   type == KRI_ARG_OUT_TERM) {
                add = node->add;
                mask = node->mask;
        } else if (node->op != KRI_OP_WORD) {
                return false;
        }
        more[match->more_count++] = (struct kri_more){ .add = add,
                                                       .mask = mask,
                                                       .want = want,
                                                       .header = header,
                                                       .at = (uint16_t)at,
                                                       .arg = node->arg,
                                                       .is_inner = is_inner,
                                                       .type = node->type };
        return true;
}

/* A tuple or list that is an element of the tuple, the first such: all of it. */
static bool add_inner(struct kri_match_code *match, struct kri_more *more,
                      const struct kri_node *inner)
{
        const struct kri_node *node = inner + 1;
        bool is_cell = inner->op == KRI_OP_LIST;
        uint32_t count = is_cell ? 2 : inner->count; /* head and tail */

        if (match->inner_at != 0 || inner->at >= UINT16_MAX ||
            (is_cell ? inner->count != 1 : inner->op != KRI_OP_TUPLE))
                return false;
        match->inner_at = (uint16_t)(inner->at + 1);
        match->inner_tag = is_cell ? KRI_CONS : KRI_BOX;
        match->inner_header = inner->word;
        for (uint32_t i = 0; i < count; i++, node += node->size)
                if (!add_more(match, more, node, node->at + !is_cell, true))
                        return false;
        return true;
}

static bool add_all_more(struct kri_match_code *match, struct kri_more *more,
                         const struct kri_node *tuple)
{
        const struct kri_node *node = tuple + 1;

        for (uint32_t i = 0; i < tuple->count; i++, node += node->size) {
                if (node->op == KRI_OP_WORD && node->at == 0)
                        continue; /* the key's */
                if (node->op == KRI_OP_TUPLE || node->op == KRI_OP_LIST
                            ? !add_inner(match, more, node)
                            : !add_more(match, more, node, node->at + 1, false))
                        return false;
        }
        return true;
}

static void make_more(struct kri_match_code *match, struct kri_more *more)
{
        match->more = more;
        match->code.fast_more = match->code.boxed && !match->code.fast_box &&
                                add_all_more(match, more, match->nodes);
}

/* -- all of it -- */

static bool is_ref_arg(const struct kri_ast *ast, const struct kri_site *site)
{
        return ast->kind == KRI_AST_EQUAL && site->types[ast->arg] == KRI_ARG_REF;
}

/* Calls wait for {[alias | Ref], _}: not deeper than that. */
#define REF_DEPTH 2

static int8_t find_ref_arg(const struct kri_ast *ast, const struct kri_site *site,
                           int depth)
{
        int8_t arg = -1;

        if (is_ref_arg(ast, site))
                return (int8_t)ast->arg;
        if (depth == 0 || (ast->kind != KRI_AST_TUPLE && ast->kind != KRI_AST_LIST))
                return -1;
        for (const struct kri_ast *child = ast->child; child && arg < 0;
             child = child->next)
                arg = find_ref_arg(child, site, depth - 1);
        return arg;
}

static size_t match_size(const struct kri_parse *parse, uint64_t words)
{
        return sizeof(struct kri_match_code) +
               parse->node_count * (sizeof(struct kri_node) + sizeof(struct kri_flat) +
                                    sizeof(struct kri_more)) +
               parse->arg_count * sizeof(struct kri_hole) + words * sizeof(kri_word);
}

static bool can_be_fast(const struct kri_match_code *match)
{
        if (match->flat != match->flat_outs || match->out_count > KRI_FAST_OUTS ||
            !match->code.boxed)
                return false;
        for (uint32_t i = 0; i < match->out_count; i++) {
                const struct kri_flat *flat = &match->flat_outs[i];

                if ((flat->type != KRI_ARG_OUT_I64 && flat->type != KRI_ARG_OUT_PID &&
                     flat->type != KRI_ARG_OUT_TERM) ||
                    flat->at * sizeof(kri_word) > UINT16_MAX)
                        return false;
        }
        return true;
}

static void make_fast(struct kri_match_code *match)
{
        if (!can_be_fast(match))
                return;
        match->code.fast_box = (uint8_t)(1 + match->out_count);
        match->fast_outs = match->out_count;
        for (uint32_t i = 0; i < match->out_count; i++) {
                const struct kri_flat *flat = &match->flat_outs[i];

                match->fast_out[i] = (struct kri_fast_out){
                        .add = flat->add,
                        .mask = flat->mask,
                        .want = flat->want,
                        .from = (uint16_t)(flat->at * sizeof(kri_word)),
                        .arg = (uint16_t)(flat->arg * sizeof(union kri_arg)),
                        .type = flat->type,
                };
        }
}

struct kri_code *kri_compile_match(struct kri_parse *parse)
{
        const struct kri_ast *root = parse->root;
        uint64_t words = kri_ast_words(root);
        struct kri_match_code *match = kri_shared_alloc(match_size(parse, words));
        struct emit e = { .layout.parse = parse, .is_good = true };
        struct kri_flat *flat;
        struct kri_more *more;

        if (!match) {
                kri_parse_error(parse, 1, 1, "no memory to compile it");
                return NULL;
        }
        flat = (struct kri_flat *)(match + 1);
        more = (struct kri_more *)(flat + parse->node_count);
        e.nodes = (struct kri_node *)(more + parse->node_count);
        e.outs = (struct kri_hole *)(e.nodes + parse->node_count);
        e.layout.image = (kri_word *)(e.outs + parse->arg_count);
        emit(&e, root, 0, false);
        if (!e.is_good) {
                kri_shared_free(match);
                return NULL;
        }
        *match = (struct kri_match_code){
                .code = { .ref_arg = -1, .shape = KRI_SHAPE_TREE },
                .out_count = e.out_count,
                .outs = e.outs,
                .nodes = e.nodes,
        };
        make_key(&match->code, e.nodes, root);
        if (is_flat(e.nodes)) {
                match->code.shape = KRI_SHAPE_FLAT;
                make_flat(match, flat);
                make_fast(match);
        }
        make_more(match, more);
        if (e.nodes->op == KRI_OP_WORD || e.nodes->op == KRI_OP_ANY)
                match->code.fast_word = 1;
        else if (e.nodes->op == KRI_OP_OUT && e.nodes->type == KRI_ARG_OUT_I64)
                match->code.fast_word = 2;
        else if (e.nodes->op == KRI_OP_OUT && e.nodes->type == KRI_ARG_OUT_DOUBLE)
                match->code.fast_word = 3;
        match->code.is_any = e.nodes->op == KRI_OP_ANY;
        match->code.may_be_box = !match->code.boxed && e.nodes->op != KRI_OP_WORD;
        match->code.ref_arg = find_ref_arg(root, parse->site, REF_DEPTH);
        return &match->code;
}
