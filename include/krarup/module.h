/* SPDX-License-Identifier: Apache-2.0 */
/* module.h: modules: functions that are called by name with terms, behaviours, and loops that
 * go on in the newest version. Follows what Erlang does with Module:Function(Args).
 *
 *      KR_FUNCTION(tick, int64_t, n)
 *      {
 *              kr_send("counter", "{tick, ~}", n);
 *              return kr_build("ok");
 *      }
 *
 *      static const kr_export exports[] = { KR_EXPORT(tick), KR_EXPORT(read) };
 *      static const kr_named_loop loops[] = { KR_LOOP(loop) };
 *
 *      KR_MODULE(counter, .version = "1", KR_EXPORTS(exports), KR_LOOPS(loops));
 *
 *      kr_apply("counter", "tick", "{~}", 3);         counter:tick(3)
 *      kr_become_named("counter", "loop", value);      counter:loop(Value)
 *
 * Model    A module is a constant descriptor. It is part of the program and made known to a
 *          node by kr_module_add, or a shared object that kr_code_load brings in (code.h); of
 *          those a node has at most two versions, the current and the old one. A call by
 *          name always enters the current version and stays in it until it returns.
 * Borrowed What a module hands out (its descriptor, a behaviour, a function) lies in the
 *          module: whoever keeps a pointer to it, on a stack or in kr_alloc memory, holds that
 *          version until it is purged, and is then ended.
 * Names    `module` and `function` are a kr_atom or a C string.
 * Threads  processes, unless a function says otherwise. Looking up takes no lock.
 */
#ifndef KRARUP_MODULE_H
#define KRARUP_MODULE_H

#include <krarup/process.h>
#include <krarup/registry.h>

typedef struct kr_behaviour kr_behaviour;           /* see behaviour.h */
typedef struct kr_handler_module kr_handler_module; /* see gen_event.h */

/* Modules built for another number are refused: it changes with what the macros leave in a
 * module (call sites, callback tables, descriptors). */
#define KR_MODULE_ABI 1

/* -- functions that are called by name -- */

/* `args` is a tuple of as many terms as the function has arguments; it, and all that is taken
 * out of it, lives until the function returns. Gives a new term (kr_build, or one that needs
 * no memory); kr_none(): no memory, the caller gets system_limit; kr_no_clause(): these
 * arguments are none that it knows, the caller gets function_clause. */
typedef kr_term (*kr_export_fn)(kr_term args);

typedef struct kr_export {
        const char *name;
        int arity;
        kr_export_fn call;
        const char *help; /* a line for people; NULL: none */
} kr_export;

/* KR_FUNCTION(name, type, argument, ...) { body }: define a function with up to six arguments,
 * of types that kr_match knows, for KR_EXPORT. Arguments of other types are a function_clause.
 * A function with several clauses is a kr_export_fn that asks kr_match one pattern after the
 * other, in a kr_export { "name", arity, function, "help" }. */
#define KR_FUNCTION(...)                                                                 \
        KRI_FUNCTION_PICK(__VA_ARGS__, KRI_FUNCTION_6, , KRI_FUNCTION_5, ,               \
                          KRI_FUNCTION_4, , KRI_FUNCTION_3, , KRI_FUNCTION_2, ,          \
                          KRI_FUNCTION_1, , KRI_FUNCTION_0, )                            \
        (__VA_ARGS__)

/* KR_EXPORT(name): an element of the table of exports, of a KR_FUNCTION; as: under another
 * name, for a name with several arities. */
/* clang-format off */
#define KR_EXPORT(function_) KR_EXPORT_AS(#function_, function_)
#define KR_EXPORT_AS(name_, function_)                                                   \
        { name_, function_##_arity, function_##_apply, NULL }
#define KR_EXPORT_HELP(function_, help_)                                                 \
        { #function_, function_##_arity, function_##_apply, help_ }
/* clang-format on */

/* -- loops that move to the newest version -- */

/* A function that a process runs, found by its name: of nothing, of an int64_t, of a kr_term,
 * or of a pointer to a state of `size` bytes. */
typedef struct kr_named_loop {
        const char *name;
        void (*fn)(void);
        int kind;    /* enum kri_entry_kind */
        size_t size; /* KRI_ENTRY_PTR */
} kr_named_loop;

/* KR_LOOP(function), KR_LOOP_OF(function, state type): elements of the table of loops. The
 * function's type is checked. */
/* clang-format off */
#define KR_LOOP(function_)                                                               \
        { #function_, (void (*)(void))(function_), KRI_LOOP_KIND(function_), 0 }
#define KR_LOOP_OF(function_, type_)                                                     \
        { #function_, (void (*)(void))KRI_LOOP_CHECK(function_, type_), KRI_ENTRY_PTR,   \
          sizeof(type_) }
/* clang-format on */

/* -- the descriptor -- */

typedef struct kr_module {
        uint32_t abi;  /* KR_MODULE_ABI */
        uint32_t size; /* of this struct */
        const char *name;
        const char *version; /* NULL: "0" */
        const kr_export *exports;
        size_t export_count;
        const kr_behaviour *const *behaviours;
        size_t behaviour_count;
        const kr_named_loop *loops;
        size_t loop_count;
        const kr_handler_module *const *handlers; /* of event managers */
        size_t handler_count;

        /* NULL, or: run in a process of its own before the module can be reached by name;
         * may wait and call. Anything but `ok`, and any end of it, refuses the module. */
        kr_term (*on_load)(void);
        /* NULL, or: run in a process of its own when nobody uses this version any more, before
         * it goes; after five seconds it is killed. */
        void (*on_unload)(void);
} kr_module;

#define KR_EXPORTS(array) .exports = (array), .export_count = KRI_LENGTH(array)
#define KR_BEHAVIOURS(array) .behaviours = (array), .behaviour_count = KRI_LENGTH(array)
#define KR_LOOPS(array) .loops = (array), .loop_count = KRI_LENGTH(array)
#define KR_HANDLERS(array) .handlers = (array), .handler_count = KRI_LENGTH(array)

/* The same for all: a program may define several, one of which is kept. */
#define KRI_MODULE_NAME_SIZE 256

/* KR_MODULE(name, .version = "1", KR_EXPORTS(...), ...): define the descriptor, the const
 * kr_module name_module, and make it the one that a shared object of this file is loaded by
 * (one module for each shared object; in a program there may be many). In C++ the members
 * are named in the order above. */
#define KR_MODULE(name_, ...)                                                            \
        KRI_MODULE_BEGIN                                                                 \
        extern const kr_module name_##_module;                                           \
        KRI_MODULE_FACE const kr_module *const krarup_module;                            \
        KRI_MODULE_FACE const uint32_t krarup_module_abi;                                \
        KRI_MODULE_FACE const char krarup_module_name[KRI_MODULE_NAME_SIZE];             \
        const kr_module name_##_module = { .abi = KR_MODULE_ABI,                         \
                                           .size = sizeof(kr_module),                    \
                                           .name = #name_,                               \
                                           __VA_ARGS__ };                                \
        const kr_module *const krarup_module = &name_##_module;                          \
        const uint32_t krarup_module_abi = KR_MODULE_ABI;                                \
        const char krarup_module_name[KRI_MODULE_NAME_SIZE] = #name_;                    \
        KRI_MODULE_END                                                                   \
        KRI_STATIC_ASSERT(sizeof(#name_) <= KRI_MODULE_NAME_SIZE,                        \
                          "a module's name is an atom")

KR_BEGIN_DECLS

/* -- a node's modules -- */

/* Make a module of the program known to the node; it cannot be replaced or deleted. Any thread
 * that has the node. KR_EALREADY: the node has one of this name; KR_EBADARG: it is not well
 * formed, or was built for another KR_MODULE_ABI; KR_ENOMEM. */
KR_API KR_MUST_CHECK kr_err kr_module_add(kr_node *node, const kr_module *module);

/* The current version; NULL: none is loaded. Does not load. */
#define kr_module_find(module) kri_module_find(KRI_NAME(module))

/* Is that function exported by the current version? As erlang:function_exported/3. */
#define kr_function_exported(module, function, arity)                                    \
        kri_function_exported(KRI_NAME(module), KRI_NAME(function), arity)

/* The names of all that are loaded, a list of atoms in the slot. */
KR_API void kr_modules(kr_msg *slot);

/* What is known of the current (old: the old) version, a map in the slot: module, version,
 * build_id (hexadecimal), file, static (part of the program), exports [{Name, Arity}], help
 * #{{Name, Arity} => Text}, behaviours, loops (names), statics [{Name, Size}] and static_bytes (its
 * writable data). False: there is none; the slot is left empty. The same is
 * Module:module_info/0, which every module has; module_info/1 takes a key. */
#define kr_module_info(module, old, slot) kri_module_info(KRI_NAME(module), old, slot)

/* -- calling -- */

/* kr_term kr_apply(module, function, "{args, pattern}", ...): Module:Function(Args...) in the
 * current version; loads the module if it is not there and the code server is interactive
 * (code.h). The arguments are a tuple or a list. Gives a new term, which kr_release frees.
 * What it raises passes through. Nothing to be called is the error {undef, [{Module, Function,
 * Args, []}]}; on an attached thread: kr_none(). May block, may not return. */
#define kr_apply(module, function, ...)                                                  \
        kri_apply(KRI_NAME(module), KRI_NAME(function), KRI_SITE(__VA_ARGS__),           \
                  KRI_ARGS(__VA_ARGS__))
KR_API kr_term kr_apply_term(kr_atom module, kr_atom function, kr_term args);

/* kr_pid kr_spawn_apply(opts, module, function, "{args}", ...): a process that does just that:
 * spawn_opt(Module, Function, Args, Opts). `opts` may be NULL. */
#define kr_spawn_apply(opts, module, function, ...)                                      \
        kri_spawn_apply(opts, KRI_NAME(module), KRI_NAME(function),                      \
                        KRI_SITE(__VA_ARGS__), KRI_ARGS(__VA_ARGS__))
KR_API kr_pid kr_spawn_apply_term(const kr_spawn_opts *opts, kr_atom module,
                                  kr_atom function, kr_term args);

/* kr_become_named(module, loop), kr_become_named(module, loop, arg): kr_become as the loop of
 * that name in the current version: the place where a plain loop changes its code. The
 * argument is an integer, a kr_term or a pointer to the state, as kr_become has it. No such
 * loop is undef as above; one of another kind of argument, or of a state of another size, is
 * the error {bad_state, {Module, Loop}}: convert the state in the old version first, or keep
 * it as a term. Does not return. */
#define kr_become_named(module, ...)                                                     \
        KRI_NAMED_PICK(__VA_ARGS__, KRI_BECOME_NAMED_2, KRI_BECOME_NAMED_1, )            \
        (module, __VA_ARGS__)

/* kr_pid kr_spawn_named(opts, module, loop), (opts, module, loop, arg): a process that runs it. */
#define kr_spawn_named(opts, module, ...)                                                \
        KRI_NAMED_PICK(__VA_ARGS__, KRI_SPAWN_NAMED_2, KRI_SPAWN_NAMED_1, )              \
        (opts, module, __VA_ARGS__)

/* -- for behaviours -- */

/* Changes whenever a module is loaded, replaced or deleted on any node of this OS process: as
 * long as it is what it was, kr_behaviour_now gives what it gave. Any thread; one load. */
extern KR_API uint32_t kri_module_changes;
static inline uint32_t kr_module_generation(void)
{
        return __atomic_load_n(&kri_module_changes, __ATOMIC_ACQUIRE);
}

/* The behaviour that stands for this one now: of the same name in the current version of the
 * module that it lies in. Itself, if it is of no module or of the current version; NULL: the
 * current version has none of that name, or the module was deleted. A process; also on the
 * thread that acts for one (kr_loop.refresh). */
KR_API const kr_behaviour *kr_behaviour_now(const kr_behaviour *behaviour);

/* The same for a handler of event managers. */
KR_API const kr_handler_module *kr_handler_now(const kr_handler_module *handler);

/* The behaviour (handler) of this name in the current version of some module: of the one that
 * is called so itself, if it has it. NULL: no module that is loaded has one. Processes. */
KR_API const kr_behaviour *kr_behaviour_named(kr_atom name);
KR_API const kr_handler_module *kr_handler_named(kr_atom name);

/* The processes of this node that run a module: its behaviours, event handlers or functions, in
 * the current (old: the old) version; a list of pids in the slot. Asks those that are busy: may
 * block, may not return. */
#define kr_module_processes(module, old, slot)                                           \
        kri_module_processes(KRI_NAME(module), old, slot)

/* The module, and the version of it, that an address of the node of the caller lies in:
 * false: in none that was loaded. Either result may be NULL; the version is valid for ever. */
KR_API bool kr_module_of(const void *address, kr_atom *ret_module, kr_atom *ret_version);

/* A clause for these arguments is missing: see kr_export_fn. */
static inline kr_term kr_no_clause(void)
{
        kr_term t = { 21 };

        return t;
}

/* -- behind the macros -- */

struct kri_named_arg {
        enum kri_entry_kind kind;
        size_t size;
        union {
                int64_t i;
                kr_term term;
                const void *ptr;
        } arg;
};

KR_API const kr_module *kri_module_find(kr_atom module);
KR_API bool kri_function_exported(kr_atom module, kr_atom function, int arity);
KR_API bool kri_module_info(kr_atom module, bool old, kr_msg *slot);
KR_API void kri_module_processes(kr_atom module, bool old, kr_msg *slot);
/* One after the other: *at begins with 0; none: no more. */
KR_API kr_pid kri_module_next_process(kr_atom module, bool old, uint32_t *at);
KR_API kr_term kri_apply(kr_atom module, kr_atom function, struct kri_site *site,
                         const union kri_arg *args);
KR_API kr_pid kri_spawn_apply(const kr_spawn_opts *opts, kr_atom module, kr_atom function,
                              struct kri_site *site, const union kri_arg *args);
KR_API KR_NORETURN void kri_become_named(kr_atom module, kr_atom loop,
                                         struct kri_named_arg arg);
KR_API kr_pid kri_spawn_named(const kr_spawn_opts *opts, kr_atom module, kr_atom loop,
                              struct kri_named_arg arg);

static inline struct kri_named_arg kri_named_none(void)
{
        struct kri_named_arg a = { KRI_ENTRY_NONE, 0, { 0 } };

        return a;
}

static inline struct kri_named_arg kri_named_int(int64_t i, size_t size)
{
        struct kri_named_arg a = { KRI_ENTRY_INT, 0, { 0 } };

        (void)size;
        a.arg.i = i;
        return a;
}

static inline struct kri_named_arg kri_named_term(kr_term term, size_t size)
{
        struct kri_named_arg a = { KRI_ENTRY_TERM, 0, { 0 } };

        (void)size;
        a.arg.term = term;
        return a;
}

static inline struct kri_named_arg kri_named_ptr(const void *ptr, size_t size)
{
        struct kri_named_arg a = { KRI_ENTRY_PTR, 0, { 0 } };

        a.size = size;
        a.arg.ptr = ptr;
        return a;
}

KR_END_DECLS

/* What can be read off the file before anything of it is run. */
#define KRI_MODULE_FACE extern __attribute__((weak, visibility("default")))
#define KRI_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* clang-format off */
#ifdef __cplusplus
#define KRI_MODULE_BEGIN                                                                 \
        _Pragma("GCC diagnostic push")                                                   \
        _Pragma("GCC diagnostic ignored \"-Wmissing-field-initializers\"")               \
        _Pragma("GCC diagnostic ignored \"-Wpedantic\"")                                 \
        extern "C" {
#define KRI_MODULE_END } _Pragma("GCC diagnostic pop")
constexpr int kri_loop_kind(void (*)(void)) { return KRI_ENTRY_NONE; }
constexpr int kri_loop_kind(void (*)(int64_t)) { return KRI_ENTRY_INT; }
constexpr int kri_loop_kind(void (*)(kr_term)) { return KRI_ENTRY_TERM; }
template <typename type>
constexpr void (*kri_loop_check(void (*fn)(type *), type *))(type *) { return fn; }
#define KRI_LOOP_KIND(fn) kri_loop_kind(fn)
#define KRI_LOOP_CHECK(fn, type) kri_loop_check<type>(fn, nullptr)
#else
#define KRI_MODULE_BEGIN
#define KRI_MODULE_END
#define KRI_LOOP_KIND(fn)                                                                \
        _Generic((fn), void (*)(void): KRI_ENTRY_NONE, void (*)(int64_t): KRI_ENTRY_INT, \
                 void (*)(kr_term): KRI_ENTRY_TERM)
#define KRI_LOOP_CHECK(fn, type) _Generic((fn), void (*)(type *): (fn))
#endif

#define KRI_NAMED_PICK(a, b, pick, ...) pick
#define KRI_NAMED_ARG(x)                                                                 \
        _Generic((x), char: kri_named_int, signed char: kri_named_int,                   \
                 short: kri_named_int, int: kri_named_int, long: kri_named_int,          \
                 long long: kri_named_int, unsigned char: kri_named_int,                 \
                 unsigned short: kri_named_int, unsigned: kri_named_int,                 \
                 bool: kri_named_int, kr_term: kri_named_term,                           \
                 default: kri_named_ptr)((x), sizeof(*KRI_POINTER_OR_NULL(x)))
#define KRI_BECOME_NAMED_1(module, loop)                                                 \
        kri_become_named(KRI_NAME(module), KRI_NAME(loop), kri_named_none())
#define KRI_BECOME_NAMED_2(module, loop, argument)                                       \
        kri_become_named(KRI_NAME(module), KRI_NAME(loop), KRI_NAMED_ARG(argument))
#define KRI_SPAWN_NAMED_1(opts, module, loop)                                            \
        kri_spawn_named(opts, KRI_NAME(module), KRI_NAME(loop), kri_named_none())
#define KRI_SPAWN_NAMED_2(opts, module, loop, argument)                                  \
        kri_spawn_named(opts, KRI_NAME(module), KRI_NAME(loop), KRI_NAMED_ARG(argument))

#define KRI_FUNCTION_PICK(n, a, b, c, d, e, f, g, h, i, j, k, l, pick, ...) pick
#define KRI_FUNCTION(name_, arity_, parameters_, variables_, pattern_, results_, arguments_) \
        enum { name_##_arity = arity_ };                                                 \
        static kr_term name_##_export parameters_;                                       \
        static kr_term name_##_apply(kr_term kri_args)                                   \
        {                                                                                \
                variables_                                                               \
                if (!kr_match(kri_args, pattern_ KRI_UNPACK results_))                   \
                        return kr_no_clause();                                           \
                return name_##_export arguments_;                                        \
        }                                                                                \
        static kr_term name_##_export parameters_
#define KRI_UNPACK(...) __VA_ARGS__
#define KRI_FUNCTION_0(name_)                                                            \
        KRI_FUNCTION(name_, 0, (void), , "{}", (), ())
#define KRI_FUNCTION_1(name_, t1, a1)                                                    \
        KRI_FUNCTION(name_, 1, (t1 a1), t1 a1;, "{~}", (, &a1), (a1))
#define KRI_FUNCTION_2(name_, t1, a1, t2, a2)                                            \
        KRI_FUNCTION(name_, 2, (t1 a1, t2 a2), t1 a1; t2 a2;, "{~, ~}", (, &a1, &a2), (a1, a2))
#define KRI_FUNCTION_3(name_, t1, a1, t2, a2, t3, a3)                                    \
        KRI_FUNCTION(name_, 3, (t1 a1, t2 a2, t3 a3), t1 a1; t2 a2; t3 a3;,              \
                     "{~, ~, ~}", (, &a1, &a2, &a3), (a1, a2, a3))
#define KRI_FUNCTION_4(name_, t1, a1, t2, a2, t3, a3, t4, a4)                            \
        KRI_FUNCTION(name_, 4, (t1 a1, t2 a2, t3 a3, t4 a4),                             \
                     t1 a1; t2 a2; t3 a3; t4 a4;, "{~, ~, ~, ~}",                        \
                     (, &a1, &a2, &a3, &a4), (a1, a2, a3, a4))
#define KRI_FUNCTION_5(name_, t1, a1, t2, a2, t3, a3, t4, a4, t5, a5)                    \
        KRI_FUNCTION(name_, 5, (t1 a1, t2 a2, t3 a3, t4 a4, t5 a5),                      \
                     t1 a1; t2 a2; t3 a3; t4 a4; t5 a5;, "{~, ~, ~, ~, ~}",              \
                     (, &a1, &a2, &a3, &a4, &a5), (a1, a2, a3, a4, a5))
#define KRI_FUNCTION_6(name_, t1, a1, t2, a2, t3, a3, t4, a4, t5, a5, t6, a6)            \
        KRI_FUNCTION(name_, 6, (t1 a1, t2 a2, t3 a3, t4 a4, t5 a5, t6 a6),               \
                     t1 a1; t2 a2; t3 a3; t4 a4; t5 a5; t6 a6;, "{~, ~, ~, ~, ~, ~}",    \
                     (, &a1, &a2, &a3, &a4, &a5, &a6), (a1, a2, a3, a4, a5, a6))
/* clang-format on */

#endif
