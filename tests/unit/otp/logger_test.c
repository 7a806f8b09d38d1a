/* SPDX-License-Identifier: Apache-2.0 */
/* logger_test.c: what is logged, in what words, how often, and where it goes. */
#include <krarup.h>

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "expect.h"
#include "process.h"

#define LINES 64
#define LINE_BYTES 400

/* What a handler of ours was given; a line is written by whoever gets its number. */
static char texts[LINES][LINE_BYTES];
static char details[LINES][LINE_BYTES * 4];
static kr_log_level levels[LINES];
static int lines_of_source[LINES];
static _Atomic int count;
static _Atomic int written; /* how many of them are there */

static void note(const kr_log_event *event, void *context)
{
        int n = atomic_fetch_add(&count, 1);

        kit_ptr_eq(context, texts);
        if (n >= LINES)
                return;
        levels[n] = event->level;
        lines_of_source[n] = event->file ? event->line : 0;
        (void)snprintf(texts[n], LINE_BYTES, "%s", event->text);
        (void)snprintf(details[n], sizeof(details[n]), "%s", event->details);
        atomic_fetch_add(&written, 1);
}

static void start_noting(void)
{
        const kr_log_handler handler = { .name = "note", .log = note, .context = texts };

        kit_ok(kr_logger_start(kr_here(), &(kr_logger_opts){ .no_default = true }));
        kit_ok(kr_logger_add_handler(kr_here(), &handler));
        atomic_store(&count, 0);
        atomic_store(&written, 0);
}

static void await_lines(int n)
{
        while (atomic_load(&written) < n)
                kr_sleep(1);
}

static bool has(const char *text, const char *part)
{
        return strstr(text, part) != NULL;
}

/* -- levels -- */

KIT_EVERYWHERE_TEST(test_the_limit_is_notice)
{
        start_noting();
        kr_log(KR_LOG_NOTICE, "{listening, ~}", 80);
        kr_log(KR_LOG_INFO, "{connected, ~}", 1);
        kit_int_eq(atomic_load(&count), 1);
        kit_str_eq(texts[0], "{listening,80}");
        kit_int_eq(levels[0], KR_LOG_NOTICE);
        kit_int_eq(lines_of_source[0], __LINE__ - 5);
}

KIT_PROCESS_TEST(test_arguments_are_not_looked_at_when_off)
{
        int n = 0;

        start_noting();
        kr_log(KR_LOG_DEBUG, "~", ++n);
        kr_log_text(KR_LOG_DEBUG, "%d", ++n);
        kit_int_eq(n, 0);
        kr_log_text(KR_LOG_ERROR, "%d", ++n);
        kit_str_eq(texts[0], "1");
}

KIT_PROCESS_TEST(test_a_module_has_a_limit_of_its_own)
{
        kr_node *node = kr_here();

        start_noting();
        kit_ok(kr_logger_set_module_level(node, "logger_test", KR_LOG_DEBUG));
        kr_log(KR_LOG_DEBUG, "one");
        kit_ok(kr_logger_set_module_level(node, "logger_test", KR_LOG_NONE));
        kr_log(KR_LOG_EMERGENCY, "two");
        kit_ok(kr_logger_set_module_level(node, "logger_test", KR_LOG_UNSET));
        kr_log(KR_LOG_DEBUG, "three");
        kr_log(KR_LOG_NOTICE, "four");
        kit_ok(kr_logger_set_module_level(node, "logger", KR_LOG_NONE)); /* another one */
        kr_log(KR_LOG_NOTICE, "five");
        kit_int_eq(atomic_load(&count), 3);
        kit_str_eq(texts[0], "one");
        kit_str_eq(texts[1], "four");
        kit_str_eq(texts[2], "five");
}

KIT_PROCESS_TEST(test_a_handler_has_a_limit_of_its_own)
{
        start_noting();
        kit_ok(kr_logger_set_handler_level(kr_here(), "note", KR_LOG_ERROR));
        kr_log(KR_LOG_WARNING, "one");
        kr_log(KR_LOG_ERROR, "two");
        kit_int_eq(atomic_load(&count), 1);
        kit_str_eq(texts[0], "two");
}

KIT_TEST(test_levels_have_the_names_of_otp)
{
        kr_log_level level;

        kit_str_eq(kr_log_level_name(KR_LOG_EMERGENCY), "emergency");
        kit_str_eq(kr_log_level_name(KR_LOG_DEBUG), "debug");
        kit_null(kr_log_level_name(KR_LOG_ALL));
        kit_true(kr_log_level_from("critical", &level));
        kit_int_eq(level, KR_LOG_CRITICAL);
        kit_true(kr_log_level_from("none", &level));
        kit_int_eq(level, KR_LOG_NONE);
        kit_false(kr_log_level_from("loud", &level));
}

/* -- filters -- */

static kr_log_verdict no_secrets(kr_log_event *event, void *context)
{
        (void)context;
        return has(event->text, "secret") ? KR_LOG_STOP : KR_LOG_IGNORE;
}

static kr_log_verdict louder(kr_log_event *event, void *context)
{
        (void)context;
        event->level = KR_LOG_ALERT;
        return KR_LOG_PASS;
}

KIT_PROCESS_TEST(test_filters_stop_change_and_let_through)
{
        kr_node *node = kr_here();

        start_noting();
        kit_ok(kr_logger_add_filter(node, NULL, "louder", louder, NULL));
        kit_ok(kr_logger_add_filter(node, "note", "secrets", no_secrets, NULL));
        kr_log(KR_LOG_ERROR, "{secret, 7}");
        kr_log(KR_LOG_ERROR, "{known, 7}");
        kit_int_eq(atomic_load(&count), 1);
        kit_int_eq(levels[0], KR_LOG_ALERT);
        kit_ok(kr_logger_remove_filter(node, "note", "secrets"));
        kit_ok(kr_logger_remove_filter(node, NULL, "louder"));
        kr_log(KR_LOG_ERROR, "{secret, 8}");
        kit_int_eq(atomic_load(&count), 2);
        kit_int_eq(levels[1], KR_LOG_ERROR);
}

KIT_PROCESS_TEST(test_what_cannot_be_configured_is_refused)
{
        const kr_log_handler again = { .name = "note", .log = note };
        const kr_log_handler nameless = { .log = note };
        const kr_log_handler nowhere = { .name = "file", .file = "/proc/no/such/place" };
        kr_node *node = kr_here();

        kit_err(kr_logger_set_level(node, KR_LOG_INFO), KR_ESTATE);
        kit_err(kr_logger_add_handler(node, &again), KR_ESTATE);
        start_noting();
        kit_err(kr_logger_start(node, NULL), KR_EALREADY);
        kit_err(kr_logger_add_handler(node, &again), KR_EALREADY);
        kit_err(kr_logger_add_handler(node, &nameless), KR_EBADARG);
        kit_err(kr_logger_add_handler(node, &nowhere), KR_EOS);
        kit_err(kr_logger_remove_handler(node, "other"), KR_ENOPROC);
        kit_err(kr_logger_set_level(node, (kr_log_level)17), KR_EBADARG);
        kit_err(kr_logger_add_filter(node, "other", "f", louder, NULL), KR_ENOPROC);
        kit_ok(kr_logger_add_filter(node, NULL, "f", louder, NULL));
        kit_err(kr_logger_add_filter(node, NULL, "f", louder, NULL), KR_EALREADY);
        kit_ok(kr_logger_remove_handler(node, "note"));
        kit_err(kr_logger_remove_handler(node, "note"), KR_ENOPROC);
        kr_log(KR_LOG_ERROR, "unheard");
        kit_int_eq(atomic_load(&count), 0);
}

/* -- ends of processes -- */

static void errs(int64_t n)
{
        kr_error("{wrong, ~}", n);
}

static void throws(void)
{
        kr_throw("ball");
}

static void exits(void)
{
        kr_exit("{because, 5}");
}

static void await_end_of(kr_pid pid)
{
        kit_await_end(pid);
}

/* covers: R252 */
KIT_EVERYWHERE_TEST(test_a_plain_process_that_exits_is_silent_one_that_errs_is_not)
{
        start_noting();
        await_end_of(kr_spawn(exits));
        await_end_of(kr_spawn(errs, 7));
        await_lines(1);
        kit_true(has(texts[0], "ended: {wrong,7} in errs"));
#ifndef __clang__ /* whose lines are not always known */
        kit_int_ne(lines_of_source[0], 0);
#endif
        await_end_of(kr_spawn(throws));
        await_lines(2);
        kit_true(has(texts[1], "ended: nobody caught the throw of ball"));
        kit_int_eq(atomic_load(&count), 2);
}

static void crashes_in_proc_lib(int64_t n)
{
        kr_put(kr_atom_term(KR_ATOM("colour")), kr_atom_term(KR_ATOM("blue")));
        kr_send(kr_self(), "{hello, ~}", n);
        kr_exit("{bad_luck, ~}", n);
}

/* covers: R252 */
KIT_EVERYWHERE_TEST(test_a_process_of_proc_lib_says_how_it_crashed)
{
        start_noting();
        kr_register("main", kr_self());
        await_end_of(kr_proc_lib_spawn(crashes_in_proc_lib, 3));
        kit_int_eq(atomic_load(&count), 1);
        kit_true(has(texts[0], "crashes_in_proc_lib <"));
        kit_true(has(texts[0], "crashed: {bad_luck,3}"));
        kit_true(has(details[0], "started by    main"));
        kit_true(has(details[0], "[{hello,3}]"));
        kit_true(has(details[0], "[{colour,blue}]"));
}

static void ends_with(kr_term reason)
{
        kr_exit("~", reason);
}

/* covers: R253 */
KIT_EVERYWHERE_TEST(test_planned_ends_are_silent)
{
        static const char *const reasons[] = { "normal", "shutdown",
                                               "{shutdown, please}" };

        start_noting();
        for (int i = 0; i < 3; i++) {
                kr_term reason;

                kit_ok(kr_parse(reasons[i], strlen(reasons[i]), NULL, &reason, NULL));
                await_end_of(kr_proc_lib_spawn(ends_with, reason));
                kr_release(reason);
        }
        kr_sleep(20);
        kit_int_eq(atomic_load(&count), 0);
}

static int64_t nowhere; /* an address; the compiler must not know it */

static void faults(void)
{
        *(volatile int *)nowhere = 1;
}

static void check_fault(void)
{
        start_noting();
        await_end_of(kr_spawn(faults));
        await_lines(1);
        kit_true(has(texts[0], "ended: sigsegv at address 0x0 in faults"));
}

KIT_TEST(test_a_fault_is_told_with_its_address_and_its_place)
{
        kit_run_process(&(kr_node_opts){ .faults = KR_FAULTS_EXIT, .schedulers = 1 },
                        check_fault);
}

static void check_crash_by_fault(void)
{
        start_noting();
        await_end_of(kr_proc_lib_spawn(faults));
        await_lines(1);
        kit_true(has(texts[0], "crashed: sigsegv at address 0x0 in faults"));
        kit_int_eq(atomic_load(&count), 1);
}

KIT_TEST(test_a_process_of_proc_lib_that_faults_says_so_too)
{
        kit_run_process(&(kr_node_opts){ .faults = KR_FAULTS_EXIT, .schedulers = 1 },
                        check_crash_by_fault);
}

/* -- counted, not repeated -- */

KIT_SIM_TEST(test_those_alike_are_counted)
{
        start_noting();
        for (int i = 0; i < 15; i++)
                await_end_of(kr_proc_lib_spawn(crashes_in_proc_lib, i));
        await_end_of(kr_proc_lib_spawn(errs, 1)); /* another kind */
        kit_int_eq(atomic_load(&count), 2);
        kr_sleep(1100);
        await_lines(3);
        kit_true(has(texts[2], "... 14 more like this: crashes_in_proc_lib"));
        kr_sleep(2000);
        kit_int_eq(atomic_load(&count), 3);
}

/* -- files -- */

static char folder[64];

static const char *in_folder(const char *name)
{
        static char path[4][200];
        static int at;

        at = (at + 1) % 4;
        (void)snprintf(path[at], sizeof(path[at]), "%s/%s", folder, name);
        return path[at];
}

static void new_folder(void)
{
        (void)snprintf(folder, sizeof(folder), "/tmp/kr_logger_XXXXXX");
        kit_not_null(mkdtemp(folder));
}

static size_t read_file(const char *name, char *text, size_t size)
{
        FILE *f = fopen(in_folder(name), "r");
        size_t len = 0;

        if (f) {
                len = fread(text, 1, size - 1, f);
                (void)fclose(f);
        }
        text[len] = 0;
        return len;
}

static void remove_folder(void)
{
        static const char *const names[] = { "log",     "log.0", "log.1",
                                             "log.2",   "moved", "deep/er/log",
                                             "deep/er", "deep",  "" };

        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
                (void)remove(in_folder(names[i]));
}

static void start_file(kr_log_handler handler)
{
        handler.name = "file";
        if (!handler.file)
                handler.file = in_folder("log");
        kit_ok(kr_logger_start(kr_here(), &(kr_logger_opts){ .no_default = true }));
        kit_ok(kr_logger_add_handler(kr_here(), &handler));
}

KIT_PROCESS_TEST(test_a_line_says_who_and_where)
{
        char text[2000], wanted[100];

        new_folder();
        start_file((kr_log_handler){ .no_time = true });
        kr_register("anna", kr_self());
        kr_log_metadata("#{request => 17}");
        kr_log_text(KR_LOG_WARNING, "disk %s is %d %% full\nand slow", "sda", 93);
        (void)snprintf(wanted, sizeof(wanted),
                       "disk sda is 93 %% full (logger_test.c:%d)\n", __LINE__ - 2);
        kit_true(kr_logger_sync(5000));
        kit_int_ne((int64_t)read_file("log", text, sizeof(text)), 0);
        remove_folder();
        kit_mem_eq(text, "warning anna <", 14);
        kit_true(has(text, wanted));
        kit_true(has(text, "\n    and slow\n"));
        kit_true(has(text, "\n    #{request => 17}\n"));
        kit_false(has(text, "\033")); /* no colours in a file */
}

KIT_PROCESS_TEST(test_json_is_one_object_a_line)
{
        char text[2000];

        new_folder();
        start_file((kr_log_handler){ .json = true });
        kr_log_text(KR_LOG_ERROR, "say \"hi\"\\\tto\n\x01");
        kit_true(kr_logger_sync(5000));
        (void)read_file("log", text, sizeof(text));
        remove_folder();
        kit_mem_eq(text, "{\"time\":\"", 9);
        kit_true(has(text, ",\"level\":\"error\",\"text\":"
                           "\"say \\\"hi\\\"\\\\\\u0009to\\n\\u0001\",\"pid\":\"<"));
        kit_true(has(text, ",\"file\":\""));
        kit_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1);
}

KIT_PROCESS_TEST(test_colours_are_for_terminals)
{
        char text[500];

        new_folder();
        start_file((kr_log_handler){ .no_time = true, .colour = KR_COLOUR_ALWAYS });
        kr_log(KR_LOG_ERROR, "red");
        kit_true(kr_logger_sync(5000));
        (void)read_file("log", text, sizeof(text));
        remove_folder();
        kit_mem_eq(text, "\033[1;31merror  \033[0m ", 18);
}

KIT_PROCESS_TEST(test_a_file_is_rotated)
{
        char text[4000];

        new_folder();
        start_file((kr_log_handler){ .file_bytes_max = 300, .files_max = 2 });
        for (int i = 0; i < 30; i++) {
                kr_log(KR_LOG_ERROR, "{event, ~}", i);
                kit_true(kr_logger_sync(5000));
        }
        (void)read_file("log", text, sizeof(text));
        kit_true(has(text, "{event,29}"));
        kit_true(strlen(text) <= 300);
        kit_true(read_file("log.0", text, sizeof(text)) > 0);
        kit_true(read_file("log.1", text, sizeof(text)) > 0);
        kit_false(has(text, "{event,29}"));
        kit_int_eq((int64_t)read_file("log.2", text, sizeof(text)), 0);
        remove_folder();
}

KIT_PROCESS_TEST(test_a_file_that_was_moved_away_is_opened_anew)
{
        char text[1000];

        new_folder();
        start_file((kr_log_handler){ .file = NULL });
        kr_log(KR_LOG_ERROR, "before");
        kit_true(kr_logger_sync(5000));
        kit_int_eq(rename(in_folder("log"), in_folder("moved")), 0);
        kr_log(KR_LOG_ERROR, "after_it");
        kit_true(kr_logger_sync(5000));
        (void)read_file("log", text, sizeof(text));
        kit_true(has(text, "after_it"));
        kit_false(has(text, "before"));
        remove_folder();
}

static bool is_in_log(const char *part)
{
        char text[4000];

        (void)read_file("log", text, sizeof(text));
        return has(text, part);
}

/* Does the line with this in it begin as lines do? */
static bool is_own_line(const char *part)
{
        char text[4000], *at;

        (void)read_file("log", text, sizeof(text));
        at = strstr(text, part);
        while (at != NULL && at > text && at[-1] != '\n')
                at--;
        return at != NULL && strncmp(at, "error   <", 9) == 0;
}

/* A limit stands for a disk that is full: the last line is cut. What is lost is told as soon as
 * there is room, with the reason, and on lines of their own. */
KIT_SIM_TEST(test_a_full_disk_is_told_when_there_is_room_again)
{
        struct rlimit limit, small;
        int lost;

        kit_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
        kit_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
        small = limit;
        small.rlim_cur = 300;
        new_folder();
        start_file((kr_log_handler){ .no_time = true });
        kit_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
        for (lost = 0; lost < 30; lost++)
                kr_log(KR_LOG_ERROR, "{event, ~}", lost);
        kit_true(kr_logger_sync(5000));
        kit_true(is_in_log("{event,2}"));
        kr_sleep(1200); /* it tries to tell, in vain, which must not count as told */
        kit_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
        kr_log(KR_LOG_ERROR, "room_again");
        kr_sleep(1200);
        kit_true(is_in_log("events were not logged: File too large"));
        kit_true(is_own_line("room_again"));
        kit_false(is_in_log("{event,29}"));
        kit_true(is_in_log("\nwarning "));
        remove_folder();
}

KIT_PROCESS_TEST(test_folders_are_made)
{
        char text[1000];

        new_folder();
        start_file((kr_log_handler){ .file = in_folder("deep/er/log") });
        kr_log(KR_LOG_ERROR, "hello");
        kit_true(kr_logger_sync(5000));
        kit_true(read_file("deep/er/log", text, sizeof(text)) > 0);
        remove_folder();
}

/* -- load -- */

static bool is_in_pipe(int fd, const char *part)
{
        static char text[65536]; /* the stack has no room for it */
        ssize_t len = read(fd, text, sizeof(text) - 1);

        text[len > 0 ? len : 0] = 0;
        return has(text, part);
}

/* A pipe that nobody reads: once it is full those that log wait for the writer, at most so
 * long, then drop; nothing stands still. What was lost is told. */
static void check_overload(void)
{
        kr_log_handler handler = { .name = "pipe",
                                   .sync_mode_qlen = 1000000,
                                   .drop_mode_qlen = 50,
                                   .burst_limit_max_count = 1000000 };
        bool told = false;
        int ends[2];

        kit_int_eq(pipe(ends), 0);
        handler.fd = ends[1];
        kit_ok(kr_logger_start(kr_here(), &(kr_logger_opts){ .no_default = true }));
        kit_ok(kr_logger_add_handler(kr_here(), &handler));
        for (int i = 0; i < 3000; i++) {
                kr_log(KR_LOG_ERROR, "{event_of_some_length, ~, \"abcdefghijklmnop\"}",
                       i);
                kr_yield();
        }
        kit_false(kr_logger_sync(10));
        kit_int_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
        for (int i = 0; i < 200 && !kr_logger_sync(10); i++)
                told |= is_in_pipe(ends[0], "events were not logged");
        kit_eventually(told || is_in_pipe(ends[0], "events were not logged"));
        (void)close(ends[0]);
        (void)close(ends[1]);
}

KIT_TEST(test_a_handler_that_does_not_keep_up_drops)
{
        kit_run_process(NULL, check_overload);
}

KIT_SIM_TEST(test_a_burst_is_cut)
{
        char text[2000];

        new_folder();
        start_file((kr_log_handler){ .burst_limit_max_count = 5,
                                     .no_time = true,
                                     .single_line = true,
                                     .drop_mode_qlen = 1000 });
        for (int i = 0; i < 20; i++)
                kr_log(KR_LOG_ERROR, "{event, ~}", i);
        kr_sleep(1500);
        kit_true(kr_logger_sync(5000));
        (void)read_file("log", text, sizeof(text));
        remove_folder();
        kit_true(has(text, "{event,4}"));
        kit_false(has(text, "{event,5}"));
        kit_true(has(text, "15 events were not logged"));
}

KIT_PROCESS_TEST(test_a_writer_that_dies_is_started_anew)
{
        kr_msg info = KR_MSG_INIT, call = KR_MSG_INIT;
        char text[2000] = "";
        kr_term list;
        kr_pid pid;

        new_folder();
        start_file((kr_log_handler){ .file = NULL });
        kr_log(KR_LOG_ERROR, "before");
        kit_true(kr_logger_sync(5000));
        kr_processes(&info);
        for (list = info.term; kr_is_cons(list); list = kr_tl(list)) {
                kit_true(kr_get_pid(kr_hd(list), &pid));
                if (kr_process_info(pid, KR_ATOM("initial_call"), &call) &&
                    kr_match(call.term, "{initial_call, {<<\"logger_writer\">>, _}}"))
                        kr_exit_signal(pid, "kill");
        }
        kr_msg_clear(&info);
        kr_msg_clear(&call);
        while (!has(text, "after_it")) {
                kr_sleep(5);
                kr_log(KR_LOG_ERROR, "after_it");
                (void)kr_logger_sync(100);
                (void)read_file("log", text, sizeof(text));
        }
        remove_folder();
}

/* -- without a logger, and from elsewhere -- */

static char reported[LINE_BYTES];

static void keep_line(void *context, const char *text)
{
        (void)context;
        (void)snprintf(reported, sizeof(reported), "%s", text);
}

static void log_alone(void)
{
        kr_log(KR_LOG_NOTICE, "unheard");
        kr_log(KR_LOG_ERROR, "{heard, ~}", 1);
}

KIT_TEST(test_without_a_logger_errors_go_to_the_node)
{
        kit_run_process(&(kr_node_opts){ .report = keep_line, .schedulers = 1 },
                        log_alone);
        kit_true(has(reported, "krarup: error: {heard,1} ("));
}

KIT_TEST(test_a_thread_that_is_no_process_logs_nothing)
{
        kr_log(KR_LOG_EMERGENCY, "unheard");
        kr_log_text(KR_LOG_EMERGENCY, "unheard");
        kit_false(kr_log_is_on(KR_LOG_EMERGENCY, __FILE__));
}

/* -- callbacks that crash -- */

static void crashing_log(const kr_log_event *event, void *context)
{
        (void)event;
        (void)context;
        kr_error("in_log");
}

static kr_log_verdict crashing_filter(kr_log_event *event, void *context)
{
        (void)event;
        (void)context;
        kr_exit("in_filter");
}

/* As in OTP: it is removed and told, the event reaches the others, and whoever logs lives. */
KIT_PROCESS_TEST(test_a_handler_or_a_filter_that_crashes_is_removed)
{
        const kr_log_handler bad = { .name = "bad", .log = crashing_log };

        start_noting();
        kit_ok(kr_logger_add_handler(kr_here(), &bad));
        kr_log_text(KR_LOG_ERROR, "one");
        kit_int_eq(atomic_load(&count), 2);
        kit_true(has(texts[0], "log handler bad crashed, and is removed: in_log") ||
                 has(texts[1], "log handler bad crashed, and is removed: in_log"));
        kit_true(has(texts[0], "one") || has(texts[1], "one"));
        kit_err(kr_logger_remove_handler(kr_here(), "bad"), KR_ENOPROC);
        kit_ok(kr_logger_add_filter(kr_here(), NULL, "bad", crashing_filter, NULL));
        kr_log_text(KR_LOG_ERROR, "two");
        kit_true(has(texts[2], "log filter bad crashed, and is removed: in_filter"));
        kit_true(has(texts[3], "two"));
        kit_err(kr_logger_remove_filter(kr_here(), NULL, "bad"), KR_ENOPROC);
        kr_log_text(KR_LOG_ERROR, "three");
        kit_int_eq(atomic_load(&count), 5);
}

static void faulting_log(const kr_log_event *event, void *context)
{
        (void)event;
        (void)context;
        faults();
}

static bool is_noted(const char *part)
{
        for (int i = 0; i < atomic_load(&written); i++) {
                if (has(texts[i], part))
                        return true;
        }
        return false;
}

static void start_noting_beside_a_bad_one(void)
{
        start_noting();
        kit_ok(kr_logger_add_handler(kr_here(),
                                     &(kr_log_handler){ .name = "bad",
                                                        .log = faulting_log }));
}

static void crash_before_faulting_log(void)
{
        start_noting_beside_a_bad_one();
        await_end_of(kr_proc_lib_spawn(faults));
        kit_eventually(is_noted("log handler bad crashed, and is removed: sigsegv"));
        kit_eventually(is_noted("ended: sigsegv at address 0x0 in faults"));
        kit_err(kr_logger_remove_handler(kr_here(), "bad"), KR_ENOPROC);
}

/* The report of a fault, which is made where nothing can be caught any more, does not come to its
 * end: the others hear of the fault all the same. */
KIT_TEST(test_a_handler_that_faults_while_a_fault_is_reported_is_removed)
{
        kit_run_process(&(kr_node_opts){ .faults = KR_FAULTS_EXIT, .schedulers = 2 },
                        crash_before_faulting_log);
}

struct server {
        kr_term note;
};

static kr_next init(struct server *s, kr_term args)
{
        s->note = kr_nil();
        if (kr_match(args, "fault"))
                faults();
        return kr_ok();
}

/* A term that is none: whoever prints the state faults once more. */
static kr_next handle_cast(struct server *s, kr_term message)
{
        (void)message;
        s->note.w = UINT64_C(0x00007f0000001002);
        faults();
        return kr_ok();
}

KR_FIELDS(server_fields, struct server, note);
KR_GEN_SERVER(server, struct server, .init = init, .handle_cast = handle_cast,
              .fields = server_fields);

static void fault_in_init_before_faulting_log(void)
{
        start_noting_beside_a_bad_one();
        kit_err(kr_start(&server, NULL, "fault").err, KR_EFAILED);
        kit_eventually(is_noted("log handler bad crashed, and is removed: sigsegv"));
        kit_eventually(is_noted("ended: sigsegv at address 0x0"));
        kit_err(kr_logger_remove_handler(kr_here(), "bad"), KR_ENOPROC);
}

KIT_TEST(test_so_it_is_if_the_report_is_a_clean_up)
{
        kit_run_process(&(kr_node_opts){ .faults = KR_FAULTS_EXIT, .schedulers = 2 },
                        fault_in_init_before_faulting_log);
}

static int noted(const char *part)
{
        int n = 0;

        for (int i = 0; i < atomic_load(&written); i++)
                n += has(texts[i], part);
        return n;
}

static void fault_with_a_damaged_state(void)
{
        kr_started started;

        start_noting();
        started = kr_start(&server, NULL, "[]");
        kr_cast(started.pid, "go");
        await_end_of(started.pid);
        kit_eventually(is_noted("crashed: sigsegv"));
        kr_log_text(KR_LOG_ERROR, "last");
        kit_eventually(is_noted("last"));
        kit_int_eq(noted("ended: sigsegv"), 0);
}

/* The report of the state does not come to its end, that of the process does. */
KIT_TEST(test_a_fault_with_a_damaged_state_is_told_once)
{
        kit_run_process(&(kr_node_opts){ .faults = KR_FAULTS_EXIT, .schedulers = 2 },
                        fault_with_a_damaged_state);
}

KIT_MAIN(KIT_CASE(test_the_limit_is_notice),
         KIT_CASE(test_arguments_are_not_looked_at_when_off),
         KIT_CASE(test_a_module_has_a_limit_of_its_own),
         KIT_CASE(test_a_handler_has_a_limit_of_its_own),
         KIT_CASE(test_levels_have_the_names_of_otp),
         KIT_CASE(test_filters_stop_change_and_let_through),
         KIT_CASE(test_what_cannot_be_configured_is_refused),
         KIT_CASE(test_a_plain_process_that_exits_is_silent_one_that_errs_is_not),
         KIT_CASE(test_a_process_of_proc_lib_says_how_it_crashed),
         KIT_CASE(test_planned_ends_are_silent),
         KIT_CASE(test_a_fault_is_told_with_its_address_and_its_place),
         KIT_CASE(test_a_process_of_proc_lib_that_faults_says_so_too),
         KIT_SLOW(test_those_alike_are_counted, 30),
         KIT_CASE(test_a_line_says_who_and_where),
         KIT_CASE(test_json_is_one_object_a_line),
         KIT_CASE(test_colours_are_for_terminals), KIT_CASE(test_a_file_is_rotated),
         KIT_CASE(test_a_file_that_was_moved_away_is_opened_anew),
         KIT_CASE(test_a_full_disk_is_told_when_there_is_room_again),
         KIT_CASE(test_folders_are_made),
         KIT_SLOW(test_a_handler_that_does_not_keep_up_drops, 30),
         KIT_CASE(test_a_burst_is_cut), KIT_CASE(test_a_writer_that_dies_is_started_anew),
         KIT_CASE(test_without_a_logger_errors_go_to_the_node),
         KIT_CASE(test_a_thread_that_is_no_process_logs_nothing),
         KIT_CASE(test_a_handler_or_a_filter_that_crashes_is_removed),
         KIT_CASE(test_a_handler_that_faults_while_a_fault_is_reported_is_removed),
         KIT_CASE(test_so_it_is_if_the_report_is_a_clean_up),
         KIT_CASE(test_a_fault_with_a_damaged_state_is_told_once))
