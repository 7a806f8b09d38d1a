/* SPDX-License-Identifier: Apache-2.0 */
/* pattern_parse.c: a pattern's text into a tree.
 *
 * All memory is one block, sized by the text: every node takes at least a byte of it (a
 * list's tail its bracket), and what tokens hold is bounded by POOL_PER_BYTE.
 */
#include "pattern_priv.h"

#include "atom.h"
#include "number.h"
#include "token.h"
#include "utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define POOL_PER_BYTE                                                                    \
        16u /* a string's character takes 4, a digit less than 1; all rounded to 8 */

struct parser {
        struct kri_parse *parse;
        struct kri_scan scan;
        struct kri_token token; /* the next one */
        bool matches;
        bool in_key; /* of a map, when matching */
        uint32_t depth;
};

bool kri_parse_error(struct kri_parse *parse, uint32_t line, uint32_t column,
                     const char *format, ...)
{
        size_t len;
        va_list list;

        if (line > 1)
                snprintf(parse->reason, sizeof(parse->reason), "line %u, ", line);
        len = strlen(parse->reason);
        snprintf(parse->reason + len, sizeof(parse->reason) - len, "column %u: ", column);
        len = strlen(parse->reason);
        va_start(list, format);
        vsnprintf(parse->reason + len, sizeof(parse->reason) - len, format, list);
        va_end(list);
        return false;
}

void *kri_parse_pool(struct kri_parse *parse, size_t size)
{
        void *room = parse->pool + parse->pool_used;

        parse->pool_used += (size + 7) & ~(size_t)7;
        return room;
}

static void advance(struct parser *p)
{
        kri_token_next(&p->scan, &p->token);
}

static bool is_next(const struct parser *p, enum kri_token_kind kind)
{
        return p->token.kind == kind;
}

static bool take(struct parser *p, enum kri_token_kind kind)
{
        if (!is_next(p, kind))
                return false;
        advance(p);
        return true;
}

#define error_at(p, node, ...)                                                           \
        kri_parse_error((p)->parse, (node)->line, (node)->column, __VA_ARGS__)
#define error_here(p, ...) error_at((p), &(p)->token, __VA_ARGS__)

static bool expected(struct parser *p, const char *what)
{
        const struct kri_token *token = &p->token;
        int len = (int)(token->text_len < 40 ? token->text_len : 40);

        switch (token->kind) {
        case KRI_TOK_ERROR:
                return error_here(p, "%s", token->error);
        case KRI_TOK_VAR:
                return error_here(
                        p, "%.*s is a variable: write ~ for an argument, _ for anything",
                        len, token->text);
        case KRI_TOK_RESERVED:
                return error_here(p, "%.*s is a reserved word: write '%.*s'", len,
                                  token->text, len, token->text);
        default:
                return error_here(p, "expected %s", what);
        }
}

static struct kri_ast *new_node(struct parser *p, enum kri_ast_kind kind)
{
        struct kri_ast *node = &p->parse->nodes[p->parse->node_count++];

        *node = (struct kri_ast){ .kind = (uint8_t)kind,
                                  .is_fixed = true,
                                  .line = p->token.line,
                                  .column = p->token.column };
        return node;
}

/* -- leaves -- */

static bool parse_atom(struct parser *p, struct kri_ast *node)
{
        char *text = kri_parse_pool(p->parse, p->token.text_len + 1);
        size_t len = kri_token_utf8(&p->token, text);
        uint32_t index;
        kr_err err = kri_atom_make(text, len, &index);

        if (err == KR_EBADARG)
                return error_here(p, "an atom has at most %u characters",
                                  KRI_ATOM_LEN_MAX);
        if (err != KR_OK)
                return error_here(p, "no room for an atom: %s", kr_strerror(err));
        node->word = kri_atom(index);
        advance(p);
        return true;
}

static uint32_t digit_value(char c)
{
        if (c >= '0' && c <= '9')
                return (uint32_t)(c - '0');
        return (uint32_t)((c | 0x20) - 'a') + 10;
}

/* A number beyond int64_t; the token's digits were checked when it was cut. */
static void parse_big(struct parser *p, struct kri_ast *node)
{
        const struct kri_token *token = &p->token;
        uint64_t *limbs = kri_parse_pool(p->parse, token->text_len + sizeof(*limbs));
        uint64_t count = 0;

        for (size_t i = 0; i < token->text_len; i++) {
                if (token->text[i] != '_')
                        kri_limbs_muladd(limbs, &count, token->base,
                                         digit_value(token->text[i]));
        }
        node->kind = KRI_AST_BIG;
        node->data = limbs;
        node->count = (uint32_t)count;
}

static void parse_int(struct parser *p, struct kri_ast *node)
{
        int64_t value = node->negative ? -p->token.i : p->token.i;
        uint64_t *limb;

        if (kri_int_fits(value)) {
                node->word = kri_int(value);
                return;
        }
        limb = kri_parse_pool(p->parse, sizeof(*limb));
        *limb = (uint64_t)p->token.i;
        node->kind = KRI_AST_BIG;
        node->data = limb;
        node->count = 1;
}

static bool parse_number(struct parser *p, struct kri_ast *node)
{
        node->negative = is_next(p, KRI_TOK_MINUS);
        if (is_next(p, KRI_TOK_MINUS) || is_next(p, KRI_TOK_PLUS))
                advance(p);
        if (is_next(p, KRI_TOK_INT)) {
                parse_int(p, node);
        } else if (is_next(p, KRI_TOK_BIGINT)) {
                parse_big(p, node);
        } else if (is_next(p, KRI_TOK_FLOAT)) {
                double value = node->negative ? -p->token.f : p->token.f;

                node->kind = KRI_AST_FLOAT;
                memcpy(&node->word, &value, sizeof(value));
        } else {
                return expected(p, "a number");
        }
        advance(p);
        return true;
}

/* "abc" "def" is one string, as in Erlang. */
static bool parse_string(struct parser *p, struct kri_ast *node)
{
        uint32_t *chars = kri_parse_pool(p->parse, 0);
        uint32_t count = 0;

        while (is_next(p, KRI_TOK_STRING)) {
                const char *at = p->token.text;

                while (kri_token_char(&p->token, &at, &chars[count]))
                        count++;
                advance(p);
        }
        (void)kri_parse_pool(p->parse, count * sizeof(*chars));
        node->kind = count ? KRI_AST_STRING : KRI_AST_WORD;
        if (count) {
                node->data = chars;
                node->count = count;
        } else {
                node->word = KRI_NIL;
        }
        return true;
}

/* -- binaries: <<"text", "text"/utf8, 255, 5:3>> -- */

struct bits {
        uint8_t *bytes; /* in the pool, zeroed as it grows */
        uint32_t len;   /* bits */
};

/* The low `size` bits of value, most significant first. */
static void put_bits(struct bits *bits, uint64_t value, uint32_t size)
{
        while (size-- > 0) {
                uint8_t *byte = &bits->bytes[bits->len / 8];

                if (bits->len % 8 == 0)
                        *byte = 0;
                *byte |= (uint8_t)((value >> size & 1) << (7 - bits->len % 8));
                bits->len++;
        }
}

static bool put_text(struct parser *p, struct bits *bits)
{
        struct kri_token string = p->token;
        const char *at = string.text;
        bool is_utf8 = false;
        uint8_t utf8[4];
        size_t len;
        uint32_t c;

        advance(p);
        if (take(p, KRI_TOK_SLASH)) {
                if (!is_next(p, KRI_TOK_ATOM) || p->token.text_len != 4 ||
                    memcmp(p->token.text, "utf8", 4) != 0)
                        return expected(p, "utf8");
                advance(p);
                is_utf8 = true;
        }
        while (kri_token_char(&string, &at, &c)) {
                if (c > 255 && !is_utf8)
                        return error_at(p, &string,
                                        "a character above 255 in a binary needs /utf8");
                len = is_utf8 ? kri_utf8_put(utf8, c) : 0;
                if (!is_utf8)
                        put_bits(bits, c, 8);
                for (size_t i = 0; i < len; i++)
                        put_bits(bits, utf8[i], 8);
        }
        return true;
}

static bool put_integer(struct parser *p, struct bits *bits)
{
        bool is_negative = take(p, KRI_TOK_MINUS);
        int64_t value, size = 8;

        if (!is_next(p, KRI_TOK_INT))
                return expected(p, "a number that fits 64 bits");
        value = p->token.i;
        advance(p);
        if (take(p, KRI_TOK_COLON)) {
                if (!is_next(p, KRI_TOK_INT) || p->token.i > 64)
                        return expected(p, "a size of 0 to 64 bits");
                size = p->token.i;
                advance(p);
        }
        put_bits(bits, is_negative ? 0 - (uint64_t)value : (uint64_t)value,
                 (uint32_t)size);
        return true;
}

static bool put_segment(struct parser *p, struct bits *bits)
{
        if (is_next(p, KRI_TOK_STRING))
                return put_text(p, bits);
        if (is_next(p, KRI_TOK_INT) || is_next(p, KRI_TOK_MINUS))
                return put_integer(p, bits);
        return expected(p, "a string or a number in a binary");
}

static bool parse_binary(struct parser *p, struct kri_ast *node)
{
        struct bits bits = { .bytes = kri_parse_pool(p->parse, 0) };

        advance(p);
        if (!is_next(p, KRI_TOK_RBIN)) {
                do {
                        if (!put_segment(p, &bits))
                                return false;
                } while (take(p, KRI_TOK_COMMA));
        }
        if (!take(p, KRI_TOK_RBIN))
                return expected(p, ", or >>");
        (void)kri_parse_pool(p->parse, bits.len / 8 + 1);
        node->kind = KRI_AST_BIN;
        node->data = bits.bytes;
        node->count = bits.len;
        return true;
}

/* -- arguments -- */

static bool parse_arg(struct parser *p, struct kri_ast *node)
{
        struct kri_parse *parse = p->parse;

        node->is_fixed = false;
        if (!p->matches && !is_next(p, KRI_TOK_TILDE))
                return error_here(p, "%s is for matching only",
                                  is_next(p, KRI_TOK_EQUAL) ? "=" : "_");
        if (p->in_key && !is_next(p, KRI_TOK_EQUAL))
                return error_here(p, "the key of a map must be known: write it, or =");
        if (is_next(p, KRI_TOK_UNDERSCORE)) {
                node->kind = KRI_AST_ANY;
        } else {
                node->kind = is_next(p, KRI_TOK_EQUAL) ? KRI_AST_EQUAL : KRI_AST_HOLE;
                if (parse->arg_count < KRI_ARGS_MAX) {
                        node->arg = (uint8_t)parse->arg_count;
                        parse->roles[parse->arg_count] = node->kind;
                }
                parse->arg_count++;
        }
        advance(p);
        return true;
}

/* -- what nests -- */

static struct kri_ast *parse_term(struct parser *p);

/* One more child of `node`; `link` is where it is hung in. */
static bool add_child(struct parser *p, struct kri_ast *node, struct kri_ast ***link)
{
        struct kri_ast *child = parse_term(p);

        if (!child)
                return false;
        **link = child;
        *link = &child->next;
        node->is_fixed &= child->is_fixed;
        node->has_map |= child->has_map;
        return true;
}

static bool parse_tuple(struct parser *p, struct kri_ast *node)
{
        struct kri_ast **link = &node->child;

        node->kind = KRI_AST_TUPLE;
        advance(p);
        if (take(p, KRI_TOK_RBRACE))
                return true;
        do {
                if (!add_child(p, node, &link))
                        return false;
                node->count++;
        } while (take(p, KRI_TOK_COMMA));
        return take(p, KRI_TOK_RBRACE) || expected(p, ", or }");
}

static bool parse_list(struct parser *p, struct kri_ast *node)
{
        struct kri_ast **link = &node->child;

        advance(p);
        if (take(p, KRI_TOK_RBRACKET)) {
                node->word = KRI_NIL;
                return true;
        }
        node->kind = KRI_AST_LIST;
        do {
                if (!add_child(p, node, &link))
                        return false;
                node->count++;
        } while (take(p, KRI_TOK_COMMA));
        if (take(p, KRI_TOK_BAR)) {
                if (!add_child(p, node, &link))
                        return false;
                return take(p, KRI_TOK_RBRACKET) || expected(p, "]");
        }
        if (!is_next(p, KRI_TOK_RBRACKET))
                return expected(p, ", | or ]");
        *link = new_node(p, KRI_AST_WORD);
        (*link)->word = KRI_NIL;
        advance(p);
        return true;
}

/* A key of a pattern that matches is either a term or `=`: what is looked for is known. */
static bool add_key(struct parser *p, struct kri_ast *node, struct kri_ast ***link)
{
        bool was_in_key = p->in_key;
        bool is_good;

        p->in_key = p->matches;
        if (was_in_key || !is_next(p, KRI_TOK_EQUAL)) {
                struct kri_token key = p->token;
                struct kri_ast **at = *link;

                is_good = add_child(p, node, link);
                if (is_good && p->matches && !(*at)->is_fixed)
                        is_good = error_at(p, &key,
                                           "= is the whole key of a map, or not in it");
        } else {
                is_good = add_child(p, node, link);
        }
        p->in_key = was_in_key;
        return is_good;
}

static bool parse_map(struct parser *p, struct kri_ast *node)
{
        struct kri_ast **link = &node->child;

        node->kind = KRI_AST_MAP;
        node->has_map = true;
        advance(p);
        if (!take(p, KRI_TOK_LBRACE))
                return expected(p, "{");
        if (take(p, KRI_TOK_RBRACE))
                return true;
        do {
                if (!add_key(p, node, &link))
                        return false;
                if (!take(p, KRI_TOK_ARROW) && !(p->matches && take(p, KRI_TOK_ASSIGN)))
                        return expected(p, "=>");
                if (!add_child(p, node, &link))
                        return false;
                node->count++;
        } while (take(p, KRI_TOK_COMMA));
        return take(p, KRI_TOK_RBRACE) || expected(p, ", or }");
}

static bool parse_kind(struct parser *p, struct kri_ast *node)
{
        switch (p->token.kind) {
        case KRI_TOK_ATOM:
                return parse_atom(p, node);
        case KRI_TOK_INT:
        case KRI_TOK_BIGINT:
        case KRI_TOK_FLOAT:
        case KRI_TOK_MINUS:
        case KRI_TOK_PLUS:
                return parse_number(p, node);
        case KRI_TOK_STRING:
                return parse_string(p, node);
        case KRI_TOK_LBIN:
                return parse_binary(p, node);
        case KRI_TOK_LBRACE:
                return parse_tuple(p, node);
        case KRI_TOK_LBRACKET:
                return parse_list(p, node);
        case KRI_TOK_HASH:
                return parse_map(p, node);
        case KRI_TOK_TILDE:
        case KRI_TOK_EQUAL:
        case KRI_TOK_UNDERSCORE:
                return parse_arg(p, node);
        default:
                return expected(p, "a term");
        }
}

/* NULL: wrong, and said so. */
static struct kri_ast *parse_term(struct parser *p)
{
        struct kri_ast *node = new_node(p, KRI_AST_WORD);

        if (p->depth == KRI_PATTERN_DEPTH_MAX) {
                error_here(p, "nested more than %u deep", KRI_PATTERN_DEPTH_MAX);
                return NULL;
        }
        p->depth++;
        if (!parse_kind(p, node))
                return NULL;
        p->depth--;
        return node;
}

bool kri_parse_pattern(struct kri_parse *parse, struct kri_site *site)
{
        size_t len = strlen(site->pattern);
        size_t nodes_size = (len + 2) * sizeof(struct kri_ast);
        struct parser p = { .parse = parse, .matches = site->matches };

        *parse = (struct kri_parse){ .site = site };
        if (len > KRI_PATTERN_LEN_MAX)
                return kri_parse_error(parse, 1, 1, "longer than %u bytes",
                                       KRI_PATTERN_LEN_MAX);
        parse->nodes = kri_shared_alloc(nodes_size + (len + 2) * POOL_PER_BYTE);
        if (!parse->nodes)
                return kri_parse_error(parse, 1, 1, "no memory to compile it");
        parse->pool = (uint8_t *)parse->nodes + nodes_size;
        kri_scan_init(&p.scan, site->pattern, len);
        advance(&p);
        parse->root = parse_term(&p);
        if (!parse->root)
                return false;
        return is_next(&p, KRI_TOK_END) || expected(&p, "the end of the pattern");
}

void kri_parse_fini(struct kri_parse *parse)
{
        kri_shared_free(parse->nodes);
        parse->nodes = NULL;
}
