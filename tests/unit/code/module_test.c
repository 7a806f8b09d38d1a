/* SPDX-License-Identifier: Apache-2.0 */
/* module_test.c: modules of the program: found by name, called with terms. */
#include <krarup.h>

#include "process.h"

KR_FUNCTION(add, int64_t, a, int64_t, b)
{
        return kr_build("~", a + b);
}

KR_FUNCTION(self)
{
        return kr_build("~", kr_self());
}

KR_FUNCTION(fail)
{
        kr_throw("thrown");
}

static kr_term any(kr_term args)
{
        return kr_match(args, "{known}") ? kr_build("[{yes, 1}]") : kr_no_clause();
}

enum { NEXT, WHERE };

static void loop(int64_t n)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid from;

        switch (kr_receive(&msg, KR_INFINITY, kr_on(NEXT, "next"),
                           kr_on(WHERE, "{where, ~}", &from))) {
        case NEXT:
                break;
        default:
                kr_send(from, "{at, ~}", n);
        }
        kr_msg_clear(&msg);
        kr_become_named("mathematics", "loop", n + 1);
}

struct state {
        int64_t count, more;
};

static void state_loop(struct state *s)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid from;

        kr_receive(&msg, KR_INFINITY, kr_on(0, "{where, ~}", &from));
        s->count++;
        kr_send(from, "{at, ~}", s->count);
        kr_msg_clear(&msg);
        kr_become_named("mathematics", "state_loop", s);
}

static void ends(void)
{
}

static void term_loop(kr_term t)
{
        kr_exit("{got, ~}", t);
}

static const kr_export exports[] = { KR_EXPORT_HELP(add, "add(A, B)"),
                                     KR_EXPORT(self),
                                     KR_EXPORT(fail),
                                     { "any", 1, any, NULL },
                                     KR_EXPORT_AS("plus", add) };
static const kr_named_loop loops[] = { KR_LOOP(loop),
                                       KR_LOOP_OF(state_loop, struct state),
                                       KR_LOOP(ends), KR_LOOP(term_loop) };

KR_MODULE(mathematics, .version = "7", KR_EXPORTS(exports), KR_LOOPS(loops));

static void add_module(void)
{
        kit_ok(kr_module_add(kr_here(), &mathematics_module));
}

/* Whatever comes out of a call. */
struct call {
        const char *module, *function, *args;
        kr_class kind;
        kr_msg why;
};

static void make(void *arg)
{
        struct call *call = arg;
        kr_term args = kr_none(), result;

        kit_ok(kr_parse(call->args, strlen(call->args), NULL, &args, NULL));
        result = kr_apply_term(kri_atom_of(call->module), kri_atom_of(call->function),
                               args);
        kr_release(result);
        kr_release(args);
}

static void expect_raise(const char *module, const char *function, const char *args,
                         kr_class kind, const char *reason)
{
        struct call call = { .module = module, .function = function, .args = args };
        kr_buf text = KR_BUF_INIT;

        kit_false(kr_catch(make, &call, &call.kind, &call.why));
        kit_int_eq(call.kind, kind);
        kit_ok(kr_print_to(&text, call.why.term, NULL));
        kit_str_eq(text.data, reason);
        kr_buf_free(&text);
        kr_msg_clear(&call.why);
}

KIT_EVERYWHERE_TEST(test_a_function_is_called_by_its_name)
{
        kr_term sum;
        int64_t n;
        kr_pid self;

        add_module();
        sum = kr_apply("mathematics", "add", "{~, ~}", 3, 4);
        kit_true(kr_match(sum, "~", &n));
        kit_int_eq(n, 7);
        sum = kr_apply("mathematics", "plus", "[1, ~]", 4);
        kit_true(kr_match(sum, "~", &n));
        kit_int_eq(n, 5);
        kit_true(kr_match(kr_apply("mathematics", "self", "{}"), "~", &self));
        kit_true(kr_pid_eq(self, kr_self()));
        sum = kr_apply("mathematics", "any", "{known}");
        kit_true(kr_match(sum, "[{yes, 1}]"));
        kr_release(sum);
        kit_true(kr_function_exported("mathematics", "add", 2));
        kit_false(kr_function_exported("mathematics", "add", 3));
        kit_false(kr_function_exported("nothing", "add", 2));
}

KIT_PROCESS_TEST(test_what_cannot_be_called_is_undef_with_the_call_as_trace)
{
        add_module();
        expect_raise("mathematics", "nope", "[1, two]", KR_CLASS_ERROR,
                     "{undef,[{mathematics,nope,[1,two],[]}]}");
        expect_raise("mathematics", "add", "{1}", KR_CLASS_ERROR,
                     "{undef,[{mathematics,add,[1],[]}]}");
        expect_raise("nobody", "add", "[]", KR_CLASS_ERROR,
                     "{undef,[{nobody,add,[],[]}]}");
}

KIT_PROCESS_TEST(test_arguments_that_no_clause_fits_are_a_function_clause)
{
        add_module();
        expect_raise("mathematics", "add", "[1, two]", KR_CLASS_ERROR,
                     "{function_clause,[{mathematics,add,[1,two],[]}]}");
        expect_raise("mathematics", "any", "[unknown]", KR_CLASS_ERROR,
                     "{function_clause,[{mathematics,any,[unknown],[]}]}");
}

KIT_PROCESS_TEST(test_what_a_function_raises_passes_through)
{
        add_module();
        expect_raise("mathematics", "fail", "[]", KR_CLASS_THROW, "thrown");
}

KIT_PROCESS_TEST(test_a_process_is_spawned_by_module_and_function)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term reason;
        kr_ref ref;
        kr_pid pid;

        add_module();
        pid = kr_spawn_apply((&(kr_spawn_opts){ .monitor = true, .ret_monitor = &ref }),
                             "mathematics", "add", "{1, 2}");
        kr_receive(&msg, KR_INFINITY,
                   kr_on(0, "{'DOWN', =, process, =, normal}", ref, pid));
        pid = kr_spawn_apply((&(kr_spawn_opts){ .monitor = true, .ret_monitor = &ref }),
                             "mathematics", "nope", "[]");
        kr_receive(&msg, KR_INFINITY,
                   kr_on(0, "{'DOWN', =, process, =, ~}", ref, pid, &reason));
        kit_true(kr_match(reason, "{undef, [{mathematics, nope, [], []} | _]}"));
        kr_msg_clear(&msg);
}

KIT_EVERYWHERE_TEST(test_a_loop_goes_on_under_its_name)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid pid;
        int64_t n;

        add_module();
        pid = kr_spawn_named(NULL, "mathematics", "loop", 10);
        for (int i = 0; i < 5; i++)
                kr_send(pid, "next");
        kr_send(pid, "{where, ~}", kr_self());
        kr_receive(&msg, KR_INFINITY, kr_on(0, "{at, ~}", &n));
        kit_int_eq(n, 15);
        pid = kr_spawn_named(NULL, "mathematics", "state_loop",
                             (&(struct state){ .count = 1 }));
        for (int i = 2; i < 5; i++) {
                kr_send(pid, "{where, ~}", kr_self());
                kr_receive(&msg, KR_INFINITY, kr_on(0, "{at, ~}", &n));
                kit_int_eq(n, i);
        }
        kr_msg_clear(&msg);
}

static void becomes_unknown(void)
{
        kr_become_named("mathematics", "nowhere", 5);
}

static void becomes_with_another_kind(void)
{
        kr_become_named("mathematics", "loop",
                        kr_self().node == 1000 ? kr_nil() : kr_nil());
}

static void becomes_with_another_state(void)
{
        static const struct {
                int64_t count;
        } smaller;

        kr_become_named("mathematics", "state_loop", &smaller);
}

static void becomes_nothing(void)
{
        kr_become_named("mathematics", "ends");
}

static void expect_end(void (*fn)(void), const char *reason)
{
        kr_msg msg = KR_MSG_INIT;
        kr_buf text = KR_BUF_INIT;
        kr_term why;
        kr_ref ref;

        kr_spawn_monitor(&ref, fn);
        kr_receive(&msg, KR_INFINITY, kr_on(0, "{'DOWN', =, process, _, ~}", ref, &why));
        if (kr_is_tuple(why))
                why = kr_element(1, why);
        kit_ok(kr_print_to(&text, why, NULL));
        kit_str_eq(text.data, reason);
        kr_buf_free(&text);
        kr_msg_clear(&msg);
}

KIT_PROCESS_TEST(test_a_loop_that_does_not_fit_is_refused)
{
        kr_term list = kr_build("[1, {two}]");
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;
        kr_pid pid;

        add_module();
        expect_end(becomes_nothing, "normal");
        expect_end(becomes_unknown, "undef");
        expect_end(becomes_with_another_kind, "{bad_state,{mathematics,loop}}");
        expect_end(becomes_with_another_state, "{bad_state,{mathematics,state_loop}}");
        pid = kr_spawn_named((&(kr_spawn_opts){ .monitor = true, .ret_monitor = &ref }),
                             "mathematics", "term_loop", list);
        kr_receive(&msg, KR_INFINITY,
                   kr_on(0, "{'DOWN', =, process, =, {got, [1, {two}]}}", ref, pid));
        kr_msg_clear(&msg);
        kr_release(list);
}

KIT_PROCESS_TEST(test_what_is_known_of_a_module)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term info;
        kr_atom module;

        add_module();
        kit_true(kr_module_info("mathematics", false, &msg));
        kit_true(kr_match(
                msg.term,
                "#{module => mathematics, version => <<\"7\">>, static => true, "
                "file => preloaded, exports => [{add, 2}, {self, 0}, {fail, 0}, "
                "{any, 1}, {plus, 2}], help => #{{add, 2} => <<\"add(A, B)\">>}, "
                "loops => [loop, state_loop, ends, term_loop], behaviours => []}"));
        kit_false(kr_module_info("mathematics", true, &msg));
        kit_false(kr_module_info("nobody", false, &msg));
        info = kr_apply("mathematics", "module_info", "[]");
        kit_true(kr_match(info, "#{version => <<\"7\">>}"));
        kr_release(info);
        kit_true(kr_match(kr_apply("mathematics", "module_info", "[module]"), "~",
                          &module));
        kit_str_eq(kr_atom_text(module, NULL), "mathematics");
        kr_modules(&msg);
        kit_true(kr_match(msg.term, "[mathematics]"));
        kit_true(kr_module_find("mathematics") == &mathematics_module);
        kit_null(kr_module_find("nobody"));
        kr_msg_clear(&msg);
}

KIT_PROCESS_TEST(test_a_module_is_added_once_and_if_it_is_sound)
{
        static const kr_module others[] = {
                { .abi = 0, .size = sizeof(kr_module), .name = "a" },
                { .abi = KR_MODULE_ABI, .size = 8, .name = "a" },
                { .abi = KR_MODULE_ABI, .size = sizeof(kr_module) },
                { .abi = KR_MODULE_ABI, .size = sizeof(kr_module), .name = "" },
                { .abi = KR_MODULE_ABI,
                  .size = sizeof(kr_module),
                  .name = "a",
                  .export_count = 1 },
        };

        add_module();
        kit_err(kr_module_add(kr_here(), &mathematics_module), KR_EALREADY);
        for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
                kit_err(kr_module_add(kr_here(), &others[i]), KR_EBADARG);
        kit_err(kr_module_add(kr_here(), NULL), KR_EBADARG);
        kit_err(kr_module_add(NULL, &mathematics_module), KR_EBADARG);
}

#define MANY 300

KIT_PROCESS_TEST(test_many_modules_are_found)
{
        static kr_module modules[MANY];
        static char names[MANY][16];

        for (int i = 0; i < MANY; i++) {
                snprintf(names[i], sizeof(names[i]), "module_%d", i);
                modules[i] = mathematics_module;
                modules[i].name = names[i];
                kit_ok(kr_module_add(kr_here(), &modules[i]));
        }
        for (int i = 0; i < MANY; i++)
                kit_true(kr_module_find((const char *)names[i]) == &modules[i]);
}

KIT_TEST(test_an_attached_thread_calls_too)
{
        kr_node *node = kit_node_start(NULL);
        kr_pid self;
        int64_t n;

        kit_ok(kr_module_add(node, &mathematics_module));
        kit_ok(kr_thread_attach(node, &self));
        kit_true(kr_match(kr_apply("mathematics", "add", "{1, 1}"), "~", &n));
        kit_int_eq(n, 2);
        kit_true(kr_is_none(kr_apply("mathematics", "nope", "{}")));
        kit_true(kr_is_none(kr_apply("mathematics", "add", "{a, b}")));
        kr_thread_detach();
        kit_node_stop(node);
}

KIT_MAIN(KIT_CASE(test_a_function_is_called_by_its_name),
         KIT_CASE(test_what_cannot_be_called_is_undef_with_the_call_as_trace),
         KIT_CASE(test_arguments_that_no_clause_fits_are_a_function_clause),
         KIT_CASE(test_what_a_function_raises_passes_through),
         KIT_CASE(test_a_process_is_spawned_by_module_and_function),
         KIT_CASE(test_a_loop_goes_on_under_its_name),
         KIT_CASE(test_a_loop_that_does_not_fit_is_refused),
         KIT_CASE(test_what_is_known_of_a_module),
         KIT_CASE(test_a_module_is_added_once_and_if_it_is_sound),
         KIT_CASE(test_many_modules_are_found),
         KIT_CASE(test_an_attached_thread_calls_too))
