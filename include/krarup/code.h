/* SPDX-License-Identifier: Apache-2.0 */
/* code.h: the code server: modules that come and go while the node runs. Follows OTP's code.
 *
 *      kr_code_load("./counter.so", &msg);            code:load_abs("counter")
 *      kr_code_soft_purge("counter", NULL);            code:soft_purge(counter)
 *
 * Model    A process registered as code_server, started by kr_code_start or by the first call
 *          of a function here, loads and purges, one thing after the other; only the caller
 *          waits. The file is copied under a name of its own into a private directory and
 *          loaded from there, so that files may be replaced at any time; the copy goes when
 *          the module does.
 *          A load makes the current version old; a third needs the old one purged first.
 * Checks   A shared object that could not be unloaded, or would break, is refused before any
 *          of its code runs: see the reasons. Its writable data is a version's own, starts
 *          anew with each, and is reported (kr_code_opts.strict: refused).
 * Purge    What Krarup owns is searched for addresses of the old version: the stacks of
 *          processes that wait, their registers, records, kr_alloc memory, clean-ups, and what
 *          hangs off the node. Each process is looked at when it next takes in signals, one
 *          that sleeps at once, without being woken. Memory that a library malloc'ed, globals
 *          and attached threads' memory cannot be searched: so the range stays reserved, without
 *          access, and whoever still uses a pointer to it ends with the error {{purged_code,
 *          {Module, Version, Offset}}, Trace}.
 * Holds    A process that waits within the old version, or has a pointer to it. One whose
 *          behaviour is of the old version and could go on in the new one at its next message
 *          is moved there instead.
 * Limits   32,768 modules' names on a node; a file of 256 MiB; 8,192 reserved ranges and 64 GiB of
 *          them in an OS process, beyond which the oldest go. A process that does not answer
 *          within five seconds (it computes, or is in a system call) counts as one that
 *          holds; if, killed, it does not end either, or the node itself holds a pointer, the
 *          old version stays (kr_code_check_old).
 * Callable by processes, attached threads too. Everything that takes a slot leaves an answer in
 * it, as said; NULL: it is not wanted. What blocks says so; "may not return" holds for it.
 */
#ifndef KRARUP_CODE_H
#define KRARUP_CODE_H

#include <krarup/module.h>

/* All zero is a good default. */
typedef struct kr_code_opts {
        const char *path; /* where modules are looked for: folders with ':' between them;
                                  NULL: "." */
        const char *
                directory; /* for the copies; NULL: a new one in $TMPDIR or /tmp, mode 0700,
                                  which goes with the node */
        bool strict;       /* refuse modules with writable data of their own */
        bool embedded;     /* kr_apply does not load what is not there */
} kr_code_opts;

KR_BEGIN_DECLS

/* Start the code server with options. Any thread that has the node. KR_EALREADY: it runs;
 * KR_EOS: the directory cannot be made; KR_ENOMEM; KR_ESYSTEMLIMIT; KR_EBADARG. */
KR_API KR_MUST_CHECK kr_err kr_code_start(kr_node *node, const kr_code_opts *opts);

/* -- loading: blocks --
 *
 * KR_OK: it is the current version; in the slot {module, Name}. KR_EFAILED: nothing has
 * changed; in the slot {Reason, Text}, Text for people (a binary) and Reason one of
 *      nofile            there is no such file
 *      badfile           not a shared object for this machine, cut off, or damaged in what is
 *                        read to load it (in its code or data nothing would tell)
 *      no_descriptor     it does not export krarup_module
 *      wrong_abi         made for another KR_MODULE_ABI
 *      wrong_name        it is not the module that was asked for
 *      thread_local      it has thread-local storage: a copy in each thread, and no unloading
 *      nodelete          linked with -z nodelete: it would never go
 *      unique_symbols    C++ without -fno-gnu-unique: the same
 *      unresolved        it needs what nobody has, or an object that cannot be found
 *      same_build        this very build is loaded already, as current or old
 *      statics           it has writable data, and the code server is strict
 *      sticky_directory  a module of the program has that name
 *      not_purged        there is an old version already: purge it first
 *      on_load_failure   its on_load did not return ok
 *      system_limit      no memory, no room on the disk for the copy, no thread
 */
/* A file; the module is the one that it says it is. code:load_abs/1, with the whole name. */
KR_API kr_err kr_code_load(const char *file, kr_msg *slot);
/* NAME.so, or libNAME.so, in the path. code:load_file/1. */
KR_API kr_err kr_code_load_file(const char *module, kr_msg *slot);
/* From memory; `file` is what kr_code_which says. code:load_binary/3. */
KR_API kr_err kr_code_load_binary(const char *module, const char *file, const void *bytes,
                                  size_t len, kr_msg *slot);
/* Nothing to do if it is loaded. code:ensure_loaded/1. */
KR_API kr_err kr_code_ensure_loaded(const char *module, kr_msg *slot);
/* Look at a file as loading does, without loading it: the same reasons, but for those that
 * only loading finds (unresolved, on_load_failure); KR_OK: kr_module_info's map, as far as the
 * file says it: build_id, statics, static_bytes. Does not block others. */
KR_API kr_err kr_code_check_file(const char *file, kr_msg *slot);

/* -- letting go: blocks -- */

/* The current version becomes the old one. False: there is an old one, or it is not loaded.
 * code:delete/1. */
KR_API bool kr_code_delete(const char *module);

/* The old version goes; processes that hold it are killed (their links see `killed`), but for
 * those that have nothing but a `pointer`, which may be left over from a call long over. True if
 * some were. In the slot: [{Pid, Where}], as below, those that were killed, up to 100 of them, and
 * what else holds it, for which it stays. code:purge/1. */
KR_API bool kr_code_purge(const char *module, kr_msg *slot);

/* The old version goes if nobody holds it. True: there is none any more. False: in the slot
 * [{Pid, Where}], who does (up to 100), with Where a list of up to 8 of
 *      {stack, Frame}       a function of it is under way, or is where the process goes on
 *      {pointer, Frame}     an address of it is in the frame of a function
 *      {function, Name}     the process runs it when it next wakes
 *      {memory, Name}       kr_alloc memory of the process, its state or an argument holds one
 *      {clean_up, Name}     kr_defer
 *      {record, Name}       what Krarup keeps of the process
 *      {busy, Name}         it has not answered
 * and Frame and Name texts such as <<"loop+0x12">>; Pid is `node` for what hangs off the node, and
 * an attached thread's that is within a call of it. Mere pointers on the stack of the caller do not
 * count: it is in this call, and what may be left of earlier ones there is its own affair.
 * code:soft_purge/1. */
KR_API bool kr_code_soft_purge(const char *module, kr_msg *slot);

/* Does that process hold the old version? In the slot: Where. code:check_process_code/2. */
KR_API bool kr_code_check_process(kr_pid pid, const char *module, kr_msg *slot);

/* -- looking: does not block -- */

/* Is there an old version? erlang:check_old_code/1. */
KR_API bool kr_code_check_old(const char *module);
/* In the slot: its file, a binary; `preloaded` for one of the program. code:is_loaded/1. */
KR_API bool kr_code_is_loaded(const char *module, kr_msg *slot);
/* In the slot: [{Name, File | preloaded}]. code:all_loaded/0. */
KR_API void kr_code_all_loaded(kr_msg *slot);

typedef enum kr_code_status {
        KR_CODE_NOT_LOADED,
        KR_CODE_LOADED,   /* the file holds what is loaded */
        KR_CODE_MODIFIED, /* it holds something else */
        KR_CODE_REMOVED,  /* it is gone */
} kr_code_status;
/* Reads the file. code:module_status/1. */
KR_API kr_code_status kr_code_module_status(const char *module);

/* The file that it is loaded from, or would be: a binary; `preloaded`, `non_existing`.
 * code:which/1. */
KR_API void kr_code_which(const char *module, kr_msg *slot);

/* -- the path: blocks -- */

/* In the slot: [Folder], binaries. code:get_path/0. */
KR_API void kr_code_get_path(kr_msg *slot);
/* All of it, with ':' between folders. False, and nothing has changed: one is no folder.
 * code:set_path/1. */
KR_API bool kr_code_set_path(const char *path);
/* At the beginning, or at the end; there already: it moves. code:add_patha/1, add_pathz/1. */
KR_API bool kr_code_add_path(const char *folder, bool first);
/* False: it is not there. code:del_path/1. */
KR_API bool kr_code_del_path(const char *folder);

KR_END_DECLS
#endif
