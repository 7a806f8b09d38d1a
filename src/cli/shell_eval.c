/* SPDX-License-Identifier: Apache-2.0 */
#include "shell_eval.h"

#include "builtin.h"
#include "shell_ops.h"

#include <krarup/io.h>
#include <krarup/memory.h>
#include <krarup/module.h>

#include <stdarg.h>
#include <string.h>

static kr_term eval(struct kri_shell *s, const struct kri_expr *e);

/* -- the shell's memory -- */

void kri_shell_init(struct kri_shell *s, kr_term bindings, kr_term results,
                    int64_t number)
{
        *s = (struct kri_shell){ .bindings = bindings,
                                 .results = results,
                                 .number = number };
}

static void release_given(struct kri_shell *s)
{
        while (s->given_count > 0)
                kr_release(s->given[--s->given_count]);
}

void kri_shell_fini(struct kri_shell *s)
{
        release_given(s);
        kr_free(s->given);
        kr_release(s->bindings);
        kr_release(s->results);
        *s = (struct kri_shell){ .bindings = kr_none(), .results = kr_none() };
}

/* A term that was given is the shell's now. */
static kr_term keep_given(struct kri_shell *s, kr_term t)
{
        if (kr_is_none(t))
                kr_error("system_limit");
        if (s->given_count == s->given_cap) {
                size_t cap = s->given_cap != 0 ? 2 * s->given_cap : 64;
                kr_term *grown = kr_realloc(s->given, cap * sizeof(*grown));

                if (grown == NULL) {
                        kr_release(t);
                        kr_error("system_limit");
                }
                s->given = grown;
                s->given_cap = cap;
        }
        s->given[s->given_count++] = t;
        return t;
}

/* Put a map that was given in another's place. */
static void put_map(kr_term *place, kr_term map)
{
        if (kr_is_none(map))
                kr_error("system_limit");
        kr_release(*place);
        *place = map;
}

void kri_shell_remember(struct kri_shell *s, int64_t number, kr_bytes text, kr_term value)
{
        kr_term key = kr_int((int32_t)number), entry = kr_build("{~, ~}", text, value),
                old;

        put_map(&s->results, kr_map_put(s->results, key, entry));
        kr_release(entry);
        while (kr_map_size(s->results) > KRI_SHELL_RESULTS &&
               kr_map_at(s->results, 0, &old, &entry))
                put_map(&s->results, kr_map_remove(s->results, old));
}

/* -- what is wrong with an expression -- */

void kri_shell_complain(const struct kri_expr *at, const char *format, ...)
{
        char text[400];
        va_list args;
        kr_term reason;

        va_start(args, format);
        (void)vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        reason = kr_build("{'$shell', ~, ~, ~}", at != NULL ? at->line : 0,
                          at != NULL ? at->column : 0, (const char *)text);
        kr_raise_given(KR_CLASS_THROW, reason);
}

/* -- patterns -- */

static bool is_blank(kr_atom name)
{
        return kr_atom_eq(name, KR_ATOM("_"));
}

static bool match_var(struct kri_shell *s, const struct kri_expr *e, kr_term value)
{
        kr_term bound, key = kr_atom_term(e->name);

        if (is_blank(e->name))
                return true;
        if (kr_map_get(s->bindings, key, &bound))
                return kr_same(bound, value);
        put_map(&s->bindings, kr_map_put(s->bindings, key, value));
        return true;
}

static bool match(struct kri_shell *s, const struct kri_expr *e, kr_term value);

static bool match_tuple(struct kri_shell *s, const struct kri_expr *e, kr_term value)
{
        size_t size = kr_is_tuple(value) ? kr_tuple_size(value) : 0, i = 0;

        if (!kr_is_tuple(value))
                return false;
        for (const struct kri_expr *c = e->first; c != NULL; c = c->next) {
                if (i++ == size || !match(s, c, kr_element(i, value)))
                        return false;
        }
        return i == size;
}

static bool match_list(struct kri_shell *s, const struct kri_expr *e, kr_term value)
{
        for (const struct kri_expr *c = e->first; c != NULL; c = c->next) {
                if (e->improper && c->next == NULL)
                        return match(s, c, value);
                if (!kr_is_cons(value) || !match(s, c, kr_hd(value)))
                        return false;
                value = kr_tl(value);
        }
        return kr_is_nil(value);
}

/* A key may be a variable, which has its value already. */
static bool match_map(struct kri_shell *s, const struct kri_expr *e, kr_term value)
{
        kr_term found;

        if (!kr_is_map(value))
                return false;
        for (const struct kri_expr *c = e->first; c != NULL; c = c->next->next) {
                if (!kr_map_get(value, eval(s, c), &found) || !match(s, c->next, found))
                        return false;
        }
        return true;
}

static void check_stack(struct kri_shell *s, const struct kri_expr *e)
{
        if (kri_form_stack_is_taken(s->frame))
                kri_shell_complain(e, "nested deeper than %u bytes of stack hold",
                                   KRI_FORM_STACK);
}

static bool match(struct kri_shell *s, const struct kri_expr *e, kr_term value)
{
        check_stack(s, e);
        switch (e->kind) {
        case KRI_EXPR_LITERAL:
                return kr_same(e->value, value);
        case KRI_EXPR_VAR:
                return match_var(s, e, value);
        case KRI_EXPR_TUPLE:
                return match_tuple(s, e, value);
        case KRI_EXPR_LIST:
                return match_list(s, e, value);
        case KRI_EXPR_MAP:
                return match_map(s, e, value);
        default: /* P1 = P2; the parser lets nothing else through */
                return match(s, e->first, value) && match(s, e->first->next, value);
        }
}

static kr_term eval_match(struct kri_shell *s, const struct kri_expr *e)
{
        kr_term value = eval(s, e->first->next);
        kr_term before = keep_given(s, kr_keep(s->bindings));

        if (match(s, e->first, value))
                return value;
        put_map(&s->bindings, kr_keep(before)); /* all variables, or none */
        kr_raise_given(KR_CLASS_ERROR, kr_build("{{badmatch, ~}, []}", value));
}

/* -- terms -- */

static kr_term eval_var(struct kri_shell *s, const struct kri_expr *e)
{
        kr_term value;

        if (kr_map_get(s->bindings, kr_atom_term(e->name), &value))
                /* the map may be replaced while the value is in use */
                return keep_given(s, kr_keep(value));
        kri_shell_complain(e, "variable '%s' is unbound", kr_atom_text(e->name, NULL));
}

static kr_term eval_tuple(struct kri_shell *s, const struct kri_expr *first)
{
        kr_builder b = KR_BUILDER_INIT;

        for (const struct kri_expr *c = first; c != NULL; c = c->next)
                kr_add_term(&b, eval(s, c));
        return keep_given(s, kr_build_tuple(&b));
}

static kr_term eval_list(struct kri_shell *s, const struct kri_expr *e)
{
        kr_builder b = KR_BUILDER_INIT;

        for (const struct kri_expr *c = e->first; c != NULL; c = c->next) {
                kr_term value = eval(s, c);

                if (e->improper && c->next == NULL)
                        return keep_given(s, kr_build_improper(&b, value));
                kr_add_term(&b, value);
        }
        return keep_given(s, kr_build_list(&b));
}

/* #{...}, or what is put into `map`. */
static kr_term eval_map(struct kri_shell *s, const struct kri_expr *first, kr_term map)
{
        kr_term ignored;

        for (const struct kri_expr *c = first; c != NULL; c = c->next->next) {
                kr_term key = eval(s, c), value = eval(s, c->next);

                if (c->exact && !kr_map_get(map, key, &ignored))
                        kr_raise_given(KR_CLASS_ERROR,
                                       kr_build("{{badkey, ~}, []}", key));
                map = keep_given(s, kr_map_put(map, key, value));
        }
        return map;
}

static kr_term eval_update(struct kri_shell *s, const struct kri_expr *e)
{
        kr_term map = eval(s, e->first);

        if (!kr_is_map(map))
                kr_raise_given(KR_CLASS_ERROR, kr_build("{{badmap, ~}, []}", map));
        return eval_map(s, e->first->next, map);
}

/* -- commands that need the shell itself -- */

static kr_term result_of(struct kri_shell *s, const struct kri_expr *e, bool text)
{
        kr_term value = eval(s, e), entry;
        int64_t n;

        if (kr_get_int64(value, &n) && n < 0)
                n += s->number;
        else if (!kr_get_int64(value, &n))
                kri_shell_complain(e, "the number of a command is wanted");
        if (n < INT32_MIN || n > INT32_MAX ||
            !kr_map_get(s->results, kr_int((int32_t)n), &entry))
                kri_shell_complain(NULL, "%lld: command not found", (long long)n);
        return keep_given(s, kr_keep(kr_element(text ? 1 : 2, entry)));
}

/* e(N): what was typed, again. */
static kr_term eval_again(struct kri_shell *s, const struct kri_expr *e)
{
        kr_term text = result_of(s, e, true), value;
        kr_bytes bytes = { NULL, 0 };
        struct kri_expr *form;
        kr_text_error error;

        (void)kr_get_bytes(text, &bytes);
        if (kri_form_parse_within(s->frame, bytes.data, bytes.len, &form, &error) !=
            KR_OK)
                kri_shell_complain(NULL, "%s", error.message);
        value = kr_nil();
        for (const struct kri_expr *c = form->first; c != NULL; c = c->next)
                value = eval(s, c);
        value = keep_given(s, kr_keep(value)); /* it may be part of the form */
        kri_form_free(form);
        return value;
}

static kr_term forget(struct kri_shell *s, const struct kri_expr *var)
{
        if (var != NULL && var->kind != KRI_EXPR_VAR)
                kri_shell_complain(var, "f(X) takes the name of a variable");
        put_map(&s->bindings,
                var != NULL ? kr_map_remove(s->bindings, kr_atom_term(var->name))
                            : kr_build("#{}"));
        return kri_ok();
}

static kr_term show_bindings(struct kri_shell *s)
{
        kr_term key, value;
        kr_buf text = KR_BUF_INIT;
        kr_atom name;

        for (size_t i = 0; kr_map_at(s->bindings, i, &key, &value); i++) {
                text.len = 0;
                if (kr_get_atom(key, &name) &&
                    kr_print_to(&text, value, &(kr_print_opts){ .depth_max = 30 }) ==
                            KR_OK)
                        (void)kr_io_printf("%s = %s\n", kr_atom_text(name, NULL),
                                           text.data);
        }
        kr_buf_free(&text);
        return kri_ok();
}

/* What was typed, with its number. */
static kr_term show_history(struct kri_shell *s)
{
        kr_term key, entry;
        kr_bytes text;

        for (size_t i = 0; kr_map_at(s->results, i, &key, &entry); i++) {
                int64_t n = 0;

                (void)kr_get_int64(key, &n);
                if (kr_match(entry, "{~, _}", &text))
                        (void)kr_io_printf("%lld: %.*s\n", (long long)n, (int)text.len,
                                           (const char *)text.data);
        }
        return kri_ok();
}

/* Commands whose arguments are not values, or that look at the shell. false: it is none. */
static bool eval_command(struct kri_shell *s, const char *name,
                         const struct kri_expr *args, kr_term *ret)
{
        bool none = args == NULL, one = !none && args->next == NULL;

        if (strcmp(name, "f") == 0 && (none || one))
                *ret = forget(s, args);
        else if (strcmp(name, "b") == 0 && none)
                *ret = show_bindings(s);
        else if (strcmp(name, "h") == 0 && none)
                *ret = show_history(s);
        else if (strcmp(name, "v") == 0 && one)
                *ret = result_of(s, args, false);
        else if (strcmp(name, "e") == 0 && one)
                *ret = eval_again(s, args);
        else
                return false;
        return true;
}

/* -- calls -- */

static kr_atom eval_atom(struct kri_shell *s, const struct kri_expr *e)
{
        kr_term value = eval(s, e);
        kr_atom atom;

        if (!kr_get_atom(value, &atom))
                kr_raise_given(KR_CLASS_ERROR, kr_build("{{badfun, ~}, []}", value));
        return atom;
}

/* Functions that one does not give a module: commands, then erlang's. */
static kr_atom module_of(kr_atom function, int arity)
{
        const char *name = kr_atom_text(function, NULL);

        if (kri_builtin_find(&c_module, name, arity) != NULL)
                return KR_ATOM("c");
        if (kri_builtin_find(&erlang_module, name, arity) != NULL)
                return KR_ATOM("erlang");
        kr_raise_given(KR_CLASS_ERROR,
                       kr_build("{shell_undef, [{~, ~}]}", function, arity));
}

/* F(Args), F being fun M:F/A. */
static kr_term apply_fun(struct kri_shell *s, kr_term fun, kr_term args)
{
        kr_atom module, function;
        int arity;

        if (!kr_get_fun(fun, &module, &function, &arity))
                kr_raise_given(KR_CLASS_ERROR, kr_build("{{badfun, ~}, []}", fun));
        if ((size_t)arity != kr_tuple_size(args))
                kr_raise_given(KR_CLASS_ERROR, kr_build("{{badarity, ~}, []}", fun));
        return keep_given(s, kr_apply_term(module, function, args));
}

static kr_term eval_call(struct kri_shell *s, const struct kri_expr *e)
{
        const struct kri_expr *function = e->first;
        kr_term f, value, args;
        kr_atom name;

        if (function->kind == KRI_EXPR_LITERAL && kr_get_atom(function->value, &name) &&
            eval_command(s, kr_atom_text(name, NULL), function->next, &value))
                return value;
        f = eval(s, function);
        args = eval_tuple(s, function->next);
        if (!kr_get_atom(f, &name))
                return apply_fun(s, f, args);
        return keep_given(s, kr_apply_term(module_of(name, (int)kr_tuple_size(args)),
                                           name, args));
}

static kr_term eval_remote(struct kri_shell *s, const struct kri_expr *e)
{
        kr_atom module = eval_atom(s, e->first);
        kr_atom function = eval_atom(s, e->first->next);
        kr_term args = eval_tuple(s, e->first->next->next);

        return keep_given(s, kr_apply_term(module, function, args));
}

/* -- the rest -- */

struct caught {
        struct kri_shell *shell;
        const struct kri_expr *e;
        kr_term value;
};

static void eval_caught(void *arg)
{
        struct caught *c = arg;

        c->value = eval(c->shell, c->e);
}

/* Erlang reference manual, "Catch and Throw". */
static kr_term eval_catch(struct kri_shell *s, const struct kri_expr *e)
{
        struct caught c = { s, e->first, kr_none() };
        kr_msg reason = KR_MSG_INIT;
        kr_class kind;

        if (kr_catch(eval_caught, &c, &kind, &reason))
                return c.value;
        if (kind == KR_CLASS_THROW && kr_match(reason.term, "{'$shell', _, _, _}"))
                kr_raise(kind, reason.term);
        c.value = keep_given(s, kind == KR_CLASS_THROW
                                        ? kr_keep(reason.term)
                                        : kr_build("{'EXIT', ~}", reason.term));
        kr_msg_clear(&reason);
        return c.value;
}

/* andalso, orelse: the right side only if the left one leaves it open. none: another one. */
static kr_term eval_short(struct kri_shell *s, const struct kri_expr *e)
{
        bool is_and = kr_atom_eq(e->name, KR_ATOM("andalso")), b;
        kr_term left;

        if (!is_and && !kr_atom_eq(e->name, KR_ATOM("orelse")))
                return kr_none();
        left = eval(s, e->first);
        if (!kr_get_bool(left, &b))
                kr_raise_given(KR_CLASS_ERROR, kr_build("{{badarg, ~}, []}", left));
        return b == is_and ? eval(s, e->first->next) : left;
}

static kr_term eval_binary(struct kri_shell *s, const struct kri_expr *e)
{
        kr_term value = eval_short(s, e), left;

        if (!kr_is_none(value))
                return value;
        left = eval(s, e->first);
        return keep_given(s, kri_op_binary(e->name, left, eval(s, e->first->next)));
}

static kr_term eval_block(struct kri_shell *s, const struct kri_expr *e)
{
        kr_term value = kr_nil();

        for (const struct kri_expr *c = e->first; c != NULL; c = c->next)
                value = eval(s, c);
        return value;
}

static kr_term eval(struct kri_shell *s, const struct kri_expr *e)
{
        check_stack(s, e);
        switch (e->kind) {
        case KRI_EXPR_LITERAL:
                return e->value;
        case KRI_EXPR_VAR:
                return eval_var(s, e);
        case KRI_EXPR_TUPLE:
                return eval_tuple(s, e->first);
        case KRI_EXPR_LIST:
                return eval_list(s, e);
        case KRI_EXPR_MAP:
                return eval_map(s, e->first, keep_given(s, kr_build("#{}")));
        case KRI_EXPR_UPDATE:
                return eval_update(s, e);
        case KRI_EXPR_CALL:
                return eval_call(s, e);
        case KRI_EXPR_REMOTE:
                return eval_remote(s, e);
        case KRI_EXPR_UNARY:
                return keep_given(s, kri_op_unary(e->name, eval(s, e->first)));
        case KRI_EXPR_BINARY:
                return eval_binary(s, e);
        case KRI_EXPR_MATCH:
                return eval_match(s, e);
        case KRI_EXPR_CATCH:
                return eval_catch(s, e);
        default:
                return eval_block(s, e);
        }
}

kr_term kri_shell_eval(struct kri_shell *s, const struct kri_expr *form)
{
        s->frame = __builtin_frame_address(0);
        release_given(s);
        /* its literals go with the form */
        return keep_given(s, kr_keep(eval_block(s, form)));
}
